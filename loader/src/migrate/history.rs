//! What a database says was applied, compared with what the loader has.

use postgres::error::SqlState;
use refinery::Migration;

use super::set::Set;
use crate::database::Database;
use crate::error::Error;

/// One row of a history table.
#[derive(Debug, Clone)]
pub(super) struct Applied {
    /// Version, from 1.
    pub version: i32,
    /// Name, as in the file's.
    pub name: String,
    /// When, UTC, RFC 3339.
    pub applied_on: String,
    checksum: String,
}

/// How a database stands to a set.
pub(super) struct Comparison {
    /// What was applied, by version.
    pub applied: Vec<Applied>,
    /// What is to be applied, by version.
    pub pending: Vec<Migration>,
    /// Why nothing may be applied: drift, gaps, a newer database. Each a sentence.
    pub problems: Vec<String>,
}

/// Reads the history of a set and compares it.
///
/// # Errors
/// The history may not be read (exit 1), or does not fit the loader's files (exit 6).
pub(super) fn compare(db: &mut Database, set: &Set) -> Result<Comparison, Error> {
    let comparison = look(db, set)?;
    if comparison.problems.is_empty() {
        return Ok(comparison);
    }
    Err(Error::mismatch(format!(
        "the migrations of {} do not match {}, and nothing was run:\n  {}",
        set.name,
        db.label,
        comparison.problems.join("\n  ")
    ))
    .hint("loader migrate --status; an applied migration is never edited: restore it, and write a new one"))
}

/// As [`compare`], with the problems as part of the answer.
pub(super) fn look(db: &mut Database, set: &Set) -> Result<Comparison, Error> {
    let applied = read(db, set)?;
    let (pending, problems) = against(&set.migrations, &applied);
    Ok(Comparison { applied, pending, problems })
}

fn read(db: &mut Database, set: &Set) -> Result<Vec<Applied>, Error> {
    let table = set.history();
    let refused = |e: postgres::Error| {
        let denied = e.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE);
        let error = Error::database(format!("read {table}"), e);
        if denied {
            error.hint("an administrator of the database types: grant etl_loader to ROLE; or etl_reader, or etl_owner")
        } else {
            error
        }
    };
    // The schema's own entry is read instead of to_regclass, which needs usage on the schema.
    let known = db
        .client
        .query_opt(
            "select from pg_catalog.pg_class c
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where n.nspname = 'etl' and c.relname = $1",
            &[&format!("{}_history", set.name)],
        )
        .map_err(refused)?;
    if known.is_none() {
        return Ok(Vec::new());
    }
    let query = format!("select version, name, applied_on, checksum from {table} order by version");
    db.client
        .query(&query, &[])
        .map_err(refused)?
        .iter()
        .map(|row| {
            Ok(Applied {
                version: row.try_get(0)?,
                name: row.try_get(1)?,
                applied_on: row.try_get(2)?,
                checksum: row.try_get(3)?,
            })
        })
        .collect::<Result<Vec<_>, postgres::Error>>()
        .map_err(|e| Error::mismatch(format!("{table} is not a history of migrations")).caused_by(e))
}

/// What is pending, and what is wrong; `ours` runs from 1 without gap.
fn against(ours: &[Migration], applied: &[Applied]) -> (Vec<Migration>, Vec<String>) {
    let mut problems = Vec::new();
    let newest = ours.last().map_or(0, Migration::version);
    for row in applied {
        let theirs = format!("V{}__{}", row.version, row.name);
        match ours.iter().find(|migration| migration.version() == row.version) {
            None if row.version > newest => problems.push(format!(
                "{theirs} was applied by a newer loader: this one knows versions up to V{newest}"
            )),
            None => problems.push(format!("{theirs} was applied, and its file was removed")),
            Some(migration) if migration.name() != row.name => {
                problems.push(format!("{theirs} was applied, and is now called {migration}"));
            }
            Some(migration) if migration.checksum().to_string() != row.checksum => {
                problems.push(format!("{theirs} was edited after it was applied (on {})", row.applied_on));
            }
            Some(_) => {}
        }
    }
    let last = applied.last().map_or(0, |row| row.version);
    let mut pending = Vec::new();
    for migration in ours {
        if applied.iter().all(|row| row.version != migration.version()) {
            if migration.version() < last {
                problems.push(format!("{migration} was not applied, and V{last} after it was"));
            }
            pending.push(migration.clone());
        }
    }
    (pending, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(files: &[(&str, &str)]) -> Vec<Migration> {
        files.iter().map(|(file, sql)| Migration::unapplied(file, sql).unwrap()).collect()
    }

    fn applied(migrations: &[Migration]) -> Vec<Applied> {
        migrations
            .iter()
            .map(|m| Applied {
                version: m.version(),
                name: m.name().to_owned(),
                applied_on: "2026-01-01T00:00:00Z".to_owned(),
                checksum: m.checksum().to_string(),
            })
            .collect()
    }

    fn problem(ours: &[Migration], applied: &[Applied]) -> String {
        against(ours, applied).1.join("; ")
    }

    #[test]
    fn what_is_pending_follows_what_is_applied() {
        let files = ours(&[("V1__a.sql", "1"), ("V2__b.sql", "2")]);
        let (pending, problems) = against(&files, &applied(&files[..1]));
        assert_eq!(pending.iter().map(ToString::to_string).collect::<Vec<_>>(), ["V2__b"]);
        assert!(problems.is_empty());
        assert_eq!(against(&files, &[]).0.len(), 2);
        assert!(against(&files, &applied(&files)).0.is_empty());
    }

    #[test]
    fn drift_is_named() {
        let files = ours(&[("V1__a.sql", "1"), ("V2__b.sql", "2"), ("V3__c.sql", "3")]);
        let all = applied(&files);
        let edited = ours(&[("V1__a.sql", "1"), ("V2__b.sql", "2 "), ("V3__c.sql", "3")]);
        assert!(problem(&edited, &all).contains("V2__b was edited"));
        let renamed = ours(&[("V1__a.sql", "1"), ("V2__bee.sql", "2"), ("V3__c.sql", "3")]);
        assert!(problem(&renamed, &all).contains("V2__b was applied, and is now called V2__bee"));
        assert!(problem(&files[..2], &all).contains("V3__c was applied by a newer loader"));
        let gap = [all[0].clone(), all[2].clone()];
        assert!(problem(&files, &gap).contains("V2__b was not applied, and V3 after it was"));
        let mut strange = all.clone();
        strange[0].version = 0;
        assert!(problem(&files, &strange).contains("V0__a was applied, and its file was removed"));
    }
}
