//! What can be typed: the commands, their arguments, and which module does the work.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{Config, Embedded};
use crate::error::{Error, Exit};
use crate::source::Encoding;
use crate::{doctor, export, init, migrate, psql, query, run, status, stop};

mod fetch;
mod http;
mod quarantine;
mod values;
pub use fetch::FetchArgs;
pub use http::HttpArgs;
pub use quarantine::*;
pub use values::MaxRejects;

/// Land files in constrained PostgreSQL tables, with every record accounted for.
///
/// The database is --database-url, else DATABASE_URL, else PGSERVICE, PGHOST, PGPORT, PGUSER and PGDATABASE, else a
/// private cluster that the loader makes and starts itself, in $PG_ETL_DATA_DIR, else the user's data directory
/// (/var/lib/pg_etl for root). Over a network TLS is preferred; sslmode=verify-full or PGSSLMODE insists on it and on the
/// server's certificate. Passwords are best kept in ~/.pgpass or PGPASSWORD.
///
/// Exit status: 0 done; 1 failed and rolled back; 2 usage or configuration; 3 done, with newly rejected records;
/// 4 no connection; 5 lock timeout; 6 migrations or extension do not match; 130 and 143 interrupted.
#[derive(Debug, Parser)]
#[command(name = "loader", version, max_term_width = 120)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes, before or after its name.
#[derive(Debug, Args)]
pub struct Globals {
    /// Read this configuration [default: ./loader.toml, $XDG_CONFIG_HOME/pg_etl/loader.toml, /etc/pg_etl/loader.toml, built in]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use this database: postgres://user@host:port/dbname or "host=... dbname=..." [default: $DATABASE_URL, PG*, embedded]
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Print results and errors only: no progress, no notes
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Load a dataset's sources in one transaction, and print what became of every record
    Run(RunArgs),
    /// Fetch what an API has into a local snapshot, which run loads
    Fetch(FetchArgs),
    /// Create or update the extension and the tables
    Migrate(MigrateArgs),
    /// Draft a dataset of your own from sample files: tables, load file, a question, loader.toml
    Init(InitArgs),
    /// Answer a question; without a name: list the questions
    Query(QueryArgs),
    /// Write a dataset's tables, or a question's rows, to files
    Export(ExportArgs),
    /// Show the database in use, its migrations, the last runs and what waits in quarantine
    Status(StatusArgs),
    /// Look at records that did not get in, and try again or close them
    Quarantine(QuarantineArgs),
    /// Say what stands in the way of the next load, and what to type about it; change nothing
    Doctor(DoctorArgs),
    /// Open psql on the database in use
    Psql(PsqlArgs),
    /// Stop the embedded cluster
    Stop,
}

/// Arguments of `loader run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Dataset to load [default: every dataset of loader.toml whose sources have a path]
    pub dataset: Option<String>,
    /// Files or URLs: PATH in the order of the dataset's sources, SOURCE=PATH, or - for standard input [default: loader.toml's]
    pub files: Vec<String>,
    /// Do it all, print the counts, and roll back
    #[arg(long)]
    pub dry_run: bool,
    /// Fail and roll back above this many newly rejected records: a number, or a percentage such as 2%
    #[arg(long, value_name = "N|P%")]
    pub max_rejects: Option<MaxRejects>,
    /// Roll back and exit 1 if anything would change
    #[arg(long)]
    pub assert_noop: bool,
    /// Wait this long for another run of the dataset, such as 90s, 10min, 1h
    #[arg(long, value_name = "TIME", default_value = "10min", value_parser = values::duration)]
    pub lock_timeout: Duration,
    /// Encoding of the CSV files [default: loader.toml's, else utf-8]
    #[arg(long, value_enum, requires = "dataset")]
    pub encoding: Option<Encoding>,
    /// Reject records longer than this, such as 500kB, 16MiB
    #[arg(long, value_name = "BYTES", default_value = "16MiB", value_parser = values::bytes)]
    pub record_limit: u64,
    /// How to print the counts
    #[arg(long, value_enum, default_value_t)]
    pub format: RowFormat,
    /// How servers are asked.
    #[command(flatten)]
    pub http: HttpArgs,
    /// Folder of snapshots, where no files are named [default: loader.toml's, else ./snapshots]
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
    /// Follow redirects to this host though its address is not public; may be repeated
    #[arg(long, value_name = "HOST", help_heading = "Sources over HTTP")]
    pub allow_host: Vec<String>,
    /// Transfer URLs also if their servers would say that nothing has changed
    #[arg(long, help_heading = "Sources over HTTP")]
    pub refetch: bool,
}

/// Arguments of `loader migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Datasets to migrate [default: all of loader.toml]
    pub datasets: Vec<String>,
    /// Show which migrations are applied and which are pending; change nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub status: bool,
    /// Print the SQL that would run; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How to print --status
    #[arg(long, value_enum, default_value_t, requires = "status")]
    pub format: RowFormat,
}

/// Arguments of `loader init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Name of the dataset, which will be its schema, too
    #[arg(value_name = "NAME")]
    pub dataset: String,
    /// Sample files, CSV or JSON: each becomes a source and a table
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<String>,
    /// Folder to write into
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
}

/// Arguments of `loader query`.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// Name of a question (NAME or DATASET/NAME), or a file ending in .sql
    #[arg(value_name = "NAME|FILE.sql")]
    pub question: Option<String>,
    /// Its parameters, such as event_id=265841
    #[arg(value_name = "KEY=VALUE", value_parser = values::pair)]
    pub parameters: Vec<(String, String)>,
    /// How to print the rows
    #[arg(long, value_enum, default_value_t)]
    pub format: RowFormat,
}

/// Arguments of `loader export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A dataset (all its tables), the name of a question, or a file ending in .sql
    #[arg(value_name = "DATASET|NAME|FILE.sql")]
    pub what: String,
    /// The question's parameters, such as event_id=265841
    #[arg(value_name = "KEY=VALUE", value_parser = values::pair)]
    pub parameters: Vec<(String, String)>,
    /// Folder to write into; made where it is missing
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Format of the files; several: csv,json [default: csv; json for a question whose answer is one JSON value]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FORMAT")]
    pub format: Vec<FileFormat>,
    /// In CSV, put an apostrophe before text that a spreadsheet would run as a formula
    #[arg(long)]
    pub escape_formulas: bool,
}

/// Arguments of `loader status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: RowFormat,
}

/// Arguments of `loader doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// How to print the findings
    #[arg(long, value_enum, default_value_t)]
    pub format: RowFormat,
}

/// Arguments of `loader psql`.
#[derive(Debug, Args)]
pub struct PsqlArgs {
    /// Arguments for psql, such as -c 'select 1'
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<std::ffi::OsString>,
}

/// How rows are printed on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum RowFormat {
    /// Aligned columns, for people.
    #[default]
    Table,
    /// One JSON value.
    Json,
    /// Comma-separated values with a header.
    Csv,
}

/// Format of exported files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON array of objects; of a single JSON value, that value.
    Json,
}

/// Which database was asked for, before anything is known about it.
#[derive(Clone)]
pub struct Settings {
    /// `--database-url`, as typed. May hold a password: never printed.
    pub database_url: Option<String>,
    /// `embedded` of `loader.toml`.
    pub embedded: Embedded,
    /// `database` of `loader.toml`: its name inside the embedded cluster.
    pub database: Option<String>,
    /// No progress and no notes on stderr.
    pub quiet: bool,
}

/// What every command gets.
pub struct Context {
    /// `loader.toml`, or the default.
    pub config: Config,
    /// The global options.
    pub settings: Settings,
}

impl Context {
    /// Reads the configuration that the options name.
    ///
    /// # Errors
    /// Those of [`Config::load`].
    pub fn new(globals: Globals) -> Result<Self, Error> {
        let config = Config::load(globals.config.as_deref())?;
        let settings = Settings {
            database_url: globals.database_url,
            embedded: config.embedded,
            database: config.database.clone(),
            quiet: globals.quiet,
        };
        Ok(Context { config, settings })
    }

    /// Prints a note on stderr, unless `--quiet`.
    pub fn note(&self, text: impl std::fmt::Display) {
        if !self.settings.quiet {
            eprintln!("{text}");
        }
    }
}

/// Reads the command line. Help, version and usage errors are printed and end the process here (0 and 2).
pub fn parse() -> Result<Cli, Error> {
    Ok(Cli::parse())
}

/// Hands the command to its module.
pub fn dispatch(command: Command, context: &Context) -> Result<Exit, Error> {
    match command {
        Command::Run(args) => run::run(args, context),
        Command::Fetch(args) => crate::fetch::run(&args, context),
        Command::Migrate(args) => migrate::run(args, context),
        Command::Init(args) => init::run(&args, context),
        Command::Query(args) => query::run(args, context),
        Command::Export(args) => export::run(args, context),
        Command::Status(args) => status::run(args, context),
        Command::Quarantine(args) => crate::quarantine::run(args, context),
        Command::Doctor(args) => doctor::run(&args, context),
        Command::Psql(args) => psql::run(args, context),
        Command::Stop => stop::run(context),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        for line in [["loader", "--config", "a", "run"], ["loader", "run", "--config", "a"]] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.globals.config, Some(PathBuf::from("a")));
        }
    }

    #[test]
    fn lists_standard_input_and_psql_arguments_are_taken_as_typed() {
        let cli = Cli::try_parse_from(["loader", "run", "mobilize", "-"]).unwrap();
        assert!(matches!(cli.command, Command::Run(RunArgs { files, .. }) if files == ["-"]));
        for formats in [&["--format", "csv,json"][..], &["--format", "csv", "--format", "json"]] {
            let line = ["loader", "export", "posts", "--dir", "d"];
            let cli = Cli::try_parse_from(line.iter().chain(formats)).unwrap();
            let both = [FileFormat::Csv, FileFormat::Json];
            assert!(matches!(cli.command, Command::Export(ExportArgs { format, .. }) if format == both));
        }
        let cli = Cli::try_parse_from(["loader", "psql", "-c", "select 1"]).unwrap();
        assert!(
            matches!(cli.command, Command::Psql(PsqlArgs { arguments }) if arguments == ["-c", "select 1"])
        );
    }
}
