//! The extension pg_etl: what PostgreSQL sees.
//!
//! Thin functions `etl_*` over the pure crate `etl_core`; nothing else lives here, because an extension's tables
//! vanish from `pg_dump`. Tables belong to the migrations, files to the loader.
#![deny(unsafe_code)]
#![allow(clippy::result_large_err, reason = "pgrx reads the SQLSTATE from an unboxed ErrorReport")]

mod datasets;
mod error;
mod frame;
mod merge;
mod mobilize;
mod read;
mod surface;
mod value;

pgrx::pg_module_magic!(name, version);

// Last, because it speaks of all functions.
pgrx::extension_sql_file!("grants.sql", name = "grants", finalize);

/// The hook that `cargo pgrx test` calls; the framework looks it up by this name.
#[cfg(test)]
pub mod pg_test {
    /// Nothing is set up before the server starts.
    pub fn setup(_options: Vec<&str>) {}

    /// The test server runs with PostgreSQL's defaults.
    pub fn postgresql_conf_options() -> Vec<&'static str> {
        Vec::new()
    }
}
