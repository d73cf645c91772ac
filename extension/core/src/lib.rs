//! What pg_etl does without PostgreSQL: framing records, parsing them, planning a merge.
//!
//! Pure functions over bytes and descriptions; no clock, no locale, no I/O. The extension wraps them as SQL
//! functions, the loader uses the framing, and tests run them by the million.
#![forbid(unsafe_code)]

pub mod frame;
pub mod merge;
pub mod mobilize;
pub mod read;
pub mod value;
