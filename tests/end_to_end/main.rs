//! End-to-end tests: a real server, the installed extension, the built loader.
