//! Outside looking in: the harness that runs a server and the loader, the generator of synthetic records, and the benchmark.
//!
//! Nothing here knows the insides of the extension or of the loader: both are met as a user meets them.

pub mod generate;
