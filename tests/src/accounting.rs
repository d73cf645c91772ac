//! The law every load answers to: each record is accounted for once, whatever became of it.

use crate::database::Database;

/// Checks the whole ledger of a dataset against itself, the quarantine and the tables.
///
/// # Panics
/// When a record is missing or counted twice.
pub fn check(database: &Database<'_>, dataset: &str) {
    check_beside_others(database, dataset);
    tables(database, dataset);
}

/// The same, where others than the loads insert and delete rows, too: the tables have more or fewer than the ledger says.
///
/// # Panics
/// When a record is missing or counted twice.
pub fn check_beside_others(database: &Database<'_>, dataset: &str) {
    sums(database, dataset);
    records(database, dataset);
    quarantine(database, dataset);
    leftovers(database);
    database.cluster().check_soundness();
}

#[track_caller]
fn none(database: &Database<'_>, law: &str, violations: &str) {
    let found = database.rows(violations);
    assert!(found.is_empty(), "{law}:\n{}", found.join("\n"));
}

/// read = inserted + updated + unchanged + superseded + parked + rejected, and nothing is negative.
fn sums(database: &Database<'_>, dataset: &str) {
    none(
        database,
        "read is the sum of the six outcomes",
        &format!(
            "select t.* from etl.run_tables as t join etl.runs as r using (run_id)
             where r.dataset = '{dataset}'
               and (t.read <> t.inserted + t.updated + t.unchanged + t.superseded + t.parked + t.rejected
                    or least(t.inserted, t.updated, t.unchanged, t.superseded, t.parked, t.rejected, t.promoted) < 0)"
        ),
    );
}

/// Where each record of a source is counted, whatever becomes of it: once among these targets. It may bring rows for others besides.
const COUNTED: [(&str, &[&str], &[&str]); 10] = [
    ("mobilize", &["attendances"], &["attendances", "masked_attendances"]),
    ("people", &["places"], &["cities"]),
    ("people", &["people"], &["people"]),
    ("posts", &["posts"], &["posts"]),
    ("posts", &["votes"], &["votes"]),
    ("vaccines", &["moderna", "pfizer"], &["allocations"]),
    ("vaccines", &["population"], &["populations"]),
    ("rides", &["drivers"], &["drivers"]),
    ("rides", &["trips"], &["trips"]),
    ("rides", &["charges"], &["charges"]),
];

/// Every record of a source of a finished run is counted.
fn records(database: &Database<'_>, dataset: &str) {
    for (_, sources, targets) in COUNTED.iter().filter(|(known, ..)| *known == dataset) {
        let targets: Vec<String> = targets.iter().map(|target| format!("'{dataset}.{target}'")).collect();
        none(
            database,
            &format!("each record of {} is one of {}", sources.join(", "), targets.join(", ")),
            &format!(
                "select s.run_id, s.source, s.location, s.records, coalesce(sum(t.read), 0)
                 from etl.run_sources as s
                 join etl.runs as r using (run_id)
                 left join etl.run_tables as t
                   on t.run_id = s.run_id and t.source = s.source and t.target in ({})
                 where r.dataset = '{dataset}' and r.status = 'done' and s.name in ('{}')
                 group by s.run_id, s.source, s.location, s.records
                 having s.records <> coalesce(sum(t.read), 0)",
                targets.join(", "),
                sources.join("', '")
            ),
        );
    }
}

/// What a run counts as parked and rejected is what the quarantine keeps of it; less only where an earlier run kept the same record.
fn quarantine(database: &Database<'_>, dataset: &str) {
    none(
        database,
        "parked and rejected records are in the quarantine",
        &format!(
            "with kept as (
                select first_run as run_id, source, target, sum(copies) as copies
                from etl.quarantine
                where dataset = '{dataset}'
                group by first_run, source, target
            ), counted as (
                select t.run_id, t.source, t.target, t.parked + t.rejected as copies, t.run_id = min(t.run_id) over () as is_first
                from etl.run_tables as t join etl.runs as r using (run_id)
                where r.dataset = '{dataset}' and r.status = 'done' and t.source > 0
            )
            select run_id, source, target, counted.copies as counted, kept.copies as kept
            from counted full join kept using (run_id, source, target)
            where coalesce(kept.copies, 0) > coalesce(counted.copies, 0)
               or (is_first and coalesce(kept.copies, 0) <> counted.copies)"
        ),
    );
}

/// Nothing is deleted, so a table has the rows that runs inserted, promotions among them.
fn tables(database: &Database<'_>, dataset: &str) {
    for table in database.tables(dataset) {
        let rows = database.count(&table);
        let sums = database.rows(&format!(
            "select coalesce(sum(t.inserted), 0), coalesce(sum(t.inserted + t.promoted), 0)
             from etl.run_tables as t join etl.runs as r using (run_id)
             where r.status = 'done' and t.target = '{table}'"
        ));
        let bounds: Vec<i64> = sums[0].split('|').filter_map(|sum| sum.parse().ok()).collect();
        if bounds == [0, 0] {
            // Filled by a migration, not by loads; or nothing came.
            continue;
        }
        assert!(
            (bounds[0]..=bounds[1]).contains(&rows),
            "{table} has {rows} rows, the ledger says {} to {}",
            bounds[0],
            bounds[1]
        );
    }
}

/// No run is left running and no staging table is left behind.
fn leftovers(database: &Database<'_>) {
    none(database, "no run is left running", "select run_id, status from etl.runs where status = 'running'");
    assert_eq!(database.tables("staging"), Vec::<String>::new(), "staging is empty between runs");
}
