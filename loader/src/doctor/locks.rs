//! Who holds a dataset's lock, and who waits for it.
use crate::config::Config;
use crate::database::Database;
use crate::error::Error;
use crate::run::lock::{self, Session};

use super::Finding;

/// Datasets that were loaded once, merges without a run among them.
const LOADED: &str = "select distinct dataset from etl.runs order by dataset";

/// A line for each session that holds a lock or waits for one.
///
/// # Errors
/// What the server reports.
pub fn examine(database: &mut Database, config: &Config) -> Result<Vec<Finding>, Error> {
    let rows = database
        .client
        .query(LOADED, &[])
        .map_err(|error| Error::database("read the datasets from etl.runs", error))?;
    let mut datasets: Vec<String> = config.datasets.iter().map(|dataset| dataset.name.clone()).collect();
    datasets.extend(rows.iter().map(|row| row.get(0)));
    datasets.sort();
    datasets.dedup();
    let mut findings = Vec::new();
    for dataset in &datasets {
        let sessions = lock::sessions(&mut database.client, dataset)?;
        let has_waiting = sessions.iter().any(|session| !session.holds);
        findings.extend(sessions.iter().map(|session| finding(dataset, session, has_waiting)));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("locks", "no dataset is being loaded"));
    }
    Ok(findings)
}

fn finding(dataset: &str, session: &Session, has_waiting: bool) -> Finding {
    let Session { pid, holds, words } = session;
    match (holds, has_waiting) {
        (false, _) => Finding::note("locks", format!("{words} waits to load {dataset}")),
        (true, false) => Finding::note("locks", format!("{words} loads {dataset}")),
        (true, true) => {
            Finding::note("locks", format!("{words} loads {dataset}, and others wait for it; to end it"))
                .next(format!("loader psql -c 'select pg_terminate_backend({pid})'"))
        }
    }
}
