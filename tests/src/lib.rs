//! Outside looking in: the harness that runs a server and the loader, the generator of synthetic records, and the benchmark.
//!
//! Nothing here knows the insides of the extension or of the loader: both are met as a user meets them.
// A harness that cannot do its work has failed the test: it panics and says why.
#![allow(clippy::panic)]

pub mod accounting;
pub mod cluster;
pub mod database;
pub mod generate;
pub mod inputs;
pub mod loader;
pub mod measure;
pub mod network;
pub mod proxy;
pub mod step;
pub mod web;
