//! What every measurement has: its size, its rounds, its server.

use crate::{Outcome, machine};
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::Loader;

/// What every measurement can be told.
#[derive(clap::Args)]
pub struct Settings {
    /// How much: 1 is what docs/benchmarks.md shows.
    #[arg(long, global = true, default_value_t = 1.0)]
    pub scale: f64,
    /// How often to measure; medians are printed.
    #[arg(long, global = true, default_value_t = 3)]
    pub rounds: u32,
    /// Seed of the generator.
    #[arg(long, global = true, default_value_t = 7)]
    pub seed: u64,
    /// Leave out what is not ours: scripts written by hand and other tools.
    #[arg(long, global = true)]
    pub ours: bool,
    /// Write the table into docs/benchmarks.md as well.
    #[arg(long, global = true)]
    pub record: bool,
}

/// A server made for one measurement.
pub struct Bench {
    /// As it was told.
    pub settings: Settings,
    cluster: Cluster,
}

impl Bench {
    /// Starts the server: durable, with the settings that PostgreSQL comes with.
    pub fn begin(settings: Settings) -> Outcome<Self> {
        if !settings.scale.is_finite() || settings.scale <= 0.0 || settings.rounds == 0 {
            return Err("nothing to measure: --scale and --rounds are greater than 0".into());
        }
        Ok(Self { settings, cluster: Cluster::plain()? })
    }

    /// A database with all tables and no rows.
    pub fn migrated(&self) -> Database<'_> {
        let database = self.cluster.database();
        Loader::at(&database).run(["migrate"]).expect(0);
        database
    }

    /// `full` at this measurement's scale, at least one.
    pub fn scaled(&self, full: u64) -> u64 {
        ((full as f64 * self.settings.scale).round() as u64).max(1)
    }

    /// The rounds, from 1.
    pub fn rounds(&self) -> impl Iterator<Item = u32> + use<> {
        1..=self.settings.rounds
    }

    /// Machine, versions and rounds in one line.
    pub fn describe(&self) -> Outcome<String> {
        let server = self.cluster.database().value("show server_version");
        // Without what a distribution calls its package.
        let version = server.split(' ').next().unwrap_or(&server);
        let rounds = match self.settings.rounds {
            1 => "one round".to_owned(),
            rounds => format!("medians of {rounds} rounds"),
        };
        Ok(format!(
            "scale {}, seed {}, {rounds}; pg_etl {}, PostgreSQL {version} with its default settings, {}",
            self.settings.scale,
            self.settings.seed,
            env!("CARGO_PKG_VERSION"),
            machine::describe()?
        ))
    }
}
