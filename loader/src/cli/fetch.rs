//! What can be typed after `loader fetch`.
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{HttpArgs, RowFormat, values};
use crate::fetch::API;

/// Arguments of `loader fetch`.
#[derive(Debug, Args)]
pub struct FetchArgs {
    /// Dataset whose API is asked: mobilize, with the key in MOBILIZE_API_KEY
    pub dataset: String,
    /// Whose records: number of the organization
    #[arg(long, value_name = "ID", env = "MOBILIZE_ORGANIZATION")]
    pub organization: u64,
    /// Fetch these lists alone: attendances, events, people [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Fetch everything, not only what changed since the last snapshot
    #[arg(long)]
    pub full: bool,
    /// Throw away what an interrupted fetch has left, and begin anew
    #[arg(long)]
    pub restart: bool,
    /// Ask again for this long before the newest change of the last snapshot
    #[arg(long, value_name = "TIME", default_value = "10min", value_parser = values::duration)]
    pub overlap: Duration,
    /// Records a page
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub per_page: u32,
    /// Folder of snapshots [default: loader.toml's, else ./snapshots]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Base of the API
    #[arg(long, value_name = "URL", default_value = API)]
    pub api_url: String,
    /// How to print what was fetched
    #[arg(long, value_enum, default_value_t)]
    pub format: RowFormat,
    /// How servers are asked.
    #[command(flatten)]
    pub http: HttpArgs,
}
