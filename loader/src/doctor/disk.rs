//! How much room the database takes, and what is left where that can be seen: not over SQL, but on our own machine.
use std::path::PathBuf;

use indicatif::HumanBytes;
use postgres::Client;

use super::Finding;
use crate::database::Database;
use crate::error::Error;

/// Below this a load may fail any moment, and the server with it.
const SCARCE: u64 = 256 << 20;

/// pg_tablespace_size needs a privilege on the tablespace, or on statistics.
const TABLESPACES: &str = "
    select spcname::text as name, pg_catalog.pg_tablespace_size(oid) as bytes
    from pg_catalog.pg_tablespace
    where spcname <> 'pg_global'
        and (
            pg_catalog.has_tablespace_privilege(oid, 'create')
            or pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
            or oid = (select dattablespace from pg_catalog.pg_database where datname = pg_catalog.current_database())
        )
    order by spcname";

/// The database's size; of the embedded cluster, what is free beside it.
///
/// # Errors
/// What the server reports.
pub fn examine(database: &mut Database) -> Result<Vec<Finding>, Error> {
    let size: i64 = database
        .client
        .query_one("select pg_catalog.pg_database_size(pg_catalog.current_database())", &[])
        .and_then(|row| row.try_get(0))
        .map_err(|error| Error::database("measure the database", error))?;
    let size = size.unsigned_abs();
    let mut found = format!("the database takes {}", HumanBytes(size));
    // Whoever may not measure a tablespace still learns the rest.
    if let Ok(rows) = database.client.query(TABLESPACES, &[]) {
        for row in &rows {
            let (name, bytes): (String, i64) = (row.get("name"), row.get("bytes"));
            found.push_str(&format!(", tablespace {name} {}", HumanBytes(bytes.unsigned_abs())));
        }
    }
    let free = match database.is_embedded {
        true => free_beside(&mut database.client),
        false => None,
    };
    Ok(vec![finding(found, size, free)])
}

fn finding(found: String, size: u64, free: Option<u64>) -> Finding {
    let Some(free) = free else { return Finding::ok("disk", found) };
    let found = format!("{found}; {} are free", HumanBytes(free));
    match free {
        free if free < SCARCE => Finding::problem("disk", found).next("make room before the next load"),
        free if free < size => Finding::note("disk", format!("{found}, less than the database takes")),
        _ => Finding::ok("disk", found),
    }
}

/// Free bytes of the file system that holds the data directory.
fn free_beside(client: &mut Client) -> Option<u64> {
    let folder: String =
        client.query_one("select pg_catalog.current_setting('data_directory')", &[]).ok()?.try_get(0).ok()?;
    let system = rustix::fs::statvfs(PathBuf::from(folder)).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn little_room_is_a_note_and_hardly_any_a_problem() {
        let state = |size, free| finding(String::new(), size, free).state;
        assert_eq!(state(10 << 30, None), State::Ok);
        assert_eq!(state(1 << 30, Some(2 << 30)), State::Ok);
        assert_eq!(state(3 << 30, Some(2 << 30)), State::Note);
        assert_eq!(state(1 << 20, Some(100 << 20)), State::Problem);
    }
}
