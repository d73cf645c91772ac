//! End-to-end tests: a real server, the installed extension, the built loader. One binary, a module a theme.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod compared;
/// CSV files: what is staged of them, what is said, what is refused.
mod csv_sources;
/// Records that must not get in, and files that are refused.
mod damage;
/// What README and docs/ show, run.
mod docs;
/// What stands in the way of the next load.
mod doctor;
/// The private cluster that the loader makes when no database is named.
mod embedded;
/// Every exit code.
mod exits;
/// Files written by `export`, and answers printed by `query`.
mod exports;
/// What goes wrong around a load: other sessions, disks, networks, signals.
mod faults;
/// Files that are no plain files, and names that are no plain names.
mod files;
/// Input folders and what must come of them (`tests/cases`).
mod golden;
mod harness;
/// What load functions compute from records, after a replay.
mod healed;
/// `loader init`, and the first load of what it drafts.
mod init;
/// The loader killed in the middle.
mod killed;
/// What equals the target's rows is left out of a merge, and nothing shows it.
mod left_out;
/// Mobilize's lists of events and people.
mod lists;
/// Random histories against the model of a merge.
mod merge;
/// Several migrators at once, and migrators killed in the middle.
mod migrators;
/// The same input again writes nothing.
mod noop;
/// Any order, split and repetition gives the same tables.
mod order;
/// What becomes of a record, each outcome by name, and each kind of constraint.
mod outcomes;
/// A dataset from outside the repository, in SQL alone.
mod own_dataset;
/// Posts and votes in large numbers: answers compared with the generator's own, votes first, edited posts.
mod posts;
/// Records that did not get in: listed, exported, discarded, replayed.
mod quarantine;
/// Questions of the user's own: a folder of them, and files.
mod questions;
/// The real files' known figures.
mod real;
/// Rides in large numbers: answers compared with the generator's own, deliveries that differ, bad lines.
mod rides;
/// What roles may do, and what hostile objects, names and values cannot.
mod security;
/// Ways to lay out JSON.
mod shapes;
/// The functions without the loader.
mod sql;
/// TLS to the server, and passwords.
mod tls;
/// Values from a file to a typed column, under every setting.
mod values;
/// What has to be written twice is written alike.
mod versions;
/// What a load function warns of.
mod warnings;
/// Sources that are URLs, and the web at its worst.
mod web;
