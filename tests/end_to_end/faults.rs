//! What goes wrong around a load, one kind a file.

/// A disk without space.
mod disk;
/// Calls that fail, thousands in one session.
mod failing;
/// Ctrl-C.
mod interrupted;
/// Many records that wait for their parents.
mod parked;
/// Settings of the server that end a session or a statement.
mod timeouts;
/// Several loaders at once, and readers beside them.
mod together;
/// What a repeated load leaves in the write-ahead log.
mod untouched;
/// Other sessions that write the same tables.
mod writers;
