//! What the binary carries: roles, migration sets and questions, gathered by `build.rs` from `migrations/` and `sql/`.

// SETS:      (set, [(file name, SQL)]), by name
// QUESTIONS: (dataset, question, SQL), by name
// ROLES:     the SQL that creates missing roles and grants
// SESSION:   the SQL that every session begins with
include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The embedded migrations of a set: (file name, SQL), or nothing if the set is not embedded.
pub fn set(name: &str) -> Option<&'static [(&'static str, &'static str)]> {
    SETS.iter().find(|(set, _)| *set == name).map(|(_, files)| *files)
}
