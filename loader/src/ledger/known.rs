//! What committed runs know of sources that may come again.
use std::collections::HashSet;

use postgres::GenericClient;

use crate::error::Error;
use crate::http::Validators;

/// What asks for a transferred source again.
#[derive(Debug, Clone)]
pub struct KnownBy {
    /// SHA-256 of its URL, without user and password.
    pub url_sha256: [u8; 32],
    /// What its server gave to ask by.
    pub validators: Validators,
}

/// The last transfer of a URL as a source of the dataset that a run has committed.
#[derive(Debug, Clone)]
pub struct LastTransfer {
    /// The run.
    pub run_id: i64,
    /// SHA-256 of the bytes that came.
    pub sha256: Vec<u8>,
    /// What its server gave to ask by.
    pub validators: Validators,
}

/// Finds the last transfer of a URL.
///
/// # Errors
/// What the server reports.
pub fn last_transfer(
    client: &mut impl GenericClient,
    dataset: &str,
    source: &str,
    url_sha256: &[u8; 32],
) -> Result<Option<LastTransfer>, Error> {
    let statement = "
        select source.run_id, source.sha256, source.etag, source.last_modified
        from etl.run_sources as source
        join etl.runs as run on run.run_id = source.run_id
        where run.dataset = $1
            and run.status = 'done'
            and source.name = $2
            and source.url_sha256 = $3
        order by source.run_id desc
        limit 1";
    let row = client
        .query_opt(statement, &[&dataset, &source, &url_sha256.as_slice()])
        .map_err(|error| Error::database("read etl.run_sources", error))?;
    Ok(row.map(|row| LastTransfer {
        run_id: row.get(0),
        sha256: row.get(1),
        validators: Validators { etag: row.get(2), last_modified: row.get(3) },
    }))
}

/// SHA-256 of all files that committed runs of the dataset have read, hexadecimal.
///
/// # Errors
/// What the server reports.
pub fn loaded(client: &mut impl GenericClient, dataset: &str) -> Result<HashSet<String>, Error> {
    let statement = "
        select distinct pg_catalog.encode(source.sha256, 'hex')
        from etl.run_sources as source
        join etl.runs as run on run.run_id = source.run_id
        where run.dataset = $1
            and run.status = 'done'";
    let rows = client
        .query(statement, &[&dataset])
        .map_err(|error| Error::database("read etl.run_sources", error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
