//! The embedded cluster's settings: few, each with its reason. Everything else is PostgreSQL's default, fsync included.

use std::path::Path;

/// Name of our part of the configuration, in the data directory; written anew at every start, since folders move.
pub(super) const FILE: &str = "pg_etl.conf";

/// The line that makes PostgreSQL read it. Whoever wants other values writes them below that line in postgresql.conf.
pub(super) const INCLUDE: &str = "include_if_exists = 'pg_etl.conf'";

/// The text of our part for a server of version `major`. `socket` is without double quotes and control characters.
pub(super) fn text(socket: &Path, major: u32) -> String {
    let socket = socket.display().to_string().replace('\'', "''");
    // Staging needs a server with lz4 anyway; for WAL version 15 learnt it.
    let compression = if major >= 15 { "lz4" } else { "on" };
    format!(
        "# Written by the loader at every start; your own values belong below the include in postgresql.conf.\n\
         \n\
         # Reached through the socket only, by whoever may enter its folder.\n\
         listen_addresses = ''\n\
         unix_socket_directories = '\"{socket}\"'\n\
         unix_socket_permissions = 0700\n\
         port = 5432\n\
         \n\
         # The indexes that a load probes stay in memory; small enough for a laptop.\n\
         shared_buffers = 256MB\n\
         # Sorts and hashes of a merge; with it a backend stays below 256 MiB.\n\
         work_mem = 32MB\n\
         maintenance_work_mem = 128MB\n\
         \n\
         # A load of some hundred MB is not interrupted by checkpoints, and writes half the bytes.\n\
         max_wal_size = 4GB\n\
         wal_compression = {compression}\n\
         \n\
         # Statements of a load are planned once and run once: compiling them costs more than it brings.\n\
         jit = off\n\
         # The log is one file that nobody rotates.\n\
         log_checkpoints = off\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_the_folder_stays_within_the_value() {
        let text = text(Path::new("/home/o'neil, ana/x"), 15);
        assert!(text.contains("unix_socket_directories = '\"/home/o''neil, ana/x\"'\n"), "{text}");
        assert!(!text.contains("fsync"), "{text}");
    }
}
