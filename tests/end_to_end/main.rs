//! End-to-end tests: a real server, the installed extension, the built loader.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod harness;
