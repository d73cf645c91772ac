//! What goes wrong around a load, one kind a file.

/// Calls that fail, thousands in one session.
mod failing;
/// Several loaders at once, and readers beside them.
mod together;
/// Other sessions that write the same tables.
mod writers;
