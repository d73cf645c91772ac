//! The loader: lands files in constrained PostgreSQL tables.
#![forbid(unsafe_code)]

fn main() {}
