//! Merging: the fate of every staged record of one target.
//!
//! [`model`] says what is right: a pure function over a small in-memory world. [`plan`] says it in SQL, generated from
//! a typed description of the target ([`table`]) with an identifier type that quotes ([`name`]). Random histories
//! run through both and must agree on every row and every count (`tests/end_to_end/merge.rs`).
//!
//! The order of judgement, the same in both:
//! 1. **Alone**: a record that could not be parsed or converted, then NOT NULL, then CHECK: rejected.
//! 2. **Parents**: a reference to a row that is neither there nor arriving: parked. References within the table settle to
//!    the greatest fixpoint, so cycles load.
//! 3. **Winner**: of the acceptable records of a key the greatest by (version, content), or without a version the last.
//! 4. **Against the row that is there**: inserted, updated, unchanged or superseded.
pub mod equality;
pub mod model;
pub mod name;
pub mod plan;
pub mod table;
