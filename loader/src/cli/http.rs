//! Options of the commands that ask other people's servers.
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values;
use crate::error::Error;
use crate::http::Settings;

/// Deadlines, limits and trust.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sources over HTTP")]
pub struct HttpArgs {
    /// Longest wait for a connection
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = values::duration)]
    pub connect_timeout: Duration,
    /// Longest wait for the next byte
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::duration)]
    pub read_timeout: Duration,
    /// Longest time for one source (of fetch: for one page), tries and pauses included
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = values::duration)]
    pub download_timeout: Duration,
    /// Most bytes of one source, decompressed
    #[arg(long, value_name = "BYTES", default_value = "16GiB", value_parser = values::large)]
    pub max_download: u64,
    /// Trust the certificates of this PEM file, beside the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

impl HttpArgs {
    /// What the options mean to the client; hosts at private addresses that redirects may lead to.
    ///
    /// # Errors
    /// Usage (exit 2) when the file of certificates cannot be read.
    pub fn settings(&self, allowed_hosts: &[String]) -> Result<Settings, Error> {
        Settings::new(
            self.connect_timeout,
            self.read_timeout,
            self.download_timeout,
            self.max_download,
            allowed_hosts.to_vec(),
            self.ca_file.as_deref(),
        )
    }
}
