//! Which records are meant: the filters as one condition in SQL, and the names in them checked first, because a name
//! that is misspelt matches as little as a quarantine that is empty.
use postgres::types::ToSql;

use crate::cli::{Context, Filters};
use crate::database::Database;
use crate::error::Error;

/// True for the rows of etl.quarantine that a [`Selection`] means; its values are the parameters $1 to $9. A parameter
/// that is null excludes nothing: the planner sees the values and drops those arms, so the indexes are used.
pub const IS_MEANT: &str = "(
        ($1::text is null or quarantine.dataset = $1)
        and ($2::bigint[] is null or quarantine.quarantine_id = any ($2))
        and ($3::text is null or quarantine.target = $3)
        and ($4::text is null or quarantine.sqlstate = $4)
        and ($5::text is null or quarantine.constraint_name = $5)
        and ($6::bigint is null or $6 in (quarantine.first_run, quarantine.last_run, quarantine.closed_run))
        and ($7::text is null or quarantine.outcome = $7)
        and ($8::text[] is null or (quarantine.parents @> $8 and quarantine.outcome = 'parked'))
        and ($9::boolean or quarantine.closed_run is null)
    )";

/// The filters, understood and checked.
#[derive(Debug, Clone)]
pub struct Selection {
    dataset: Option<String>,
    ids: Option<Vec<i64>>,
    target: Option<String>,
    sqlstate: Option<String>,
    constraint: Option<String>,
    run: Option<i64>,
    outcome: Option<&'static str>,
    parents: Option<Vec<String>>,
    has_closed: bool,
}

impl Selection {
    /// The open records that the filters mean; with `is_history` the closed ones too.
    ///
    /// # Errors
    /// Usage (exit 2) for two datasets, and for a dataset, target, run or number that the database does not know.
    pub fn new(
        filters: &Filters,
        is_history: bool,
        database: &mut Database,
        context: &Context,
    ) -> Result<Self, Error> {
        let ids = filters.ids();
        let selection = Selection {
            dataset: only_dataset(filters)?,
            ids: (!ids.is_empty()).then_some(ids),
            target: filters.target.clone(),
            sqlstate: filters.sqlstate.clone(),
            constraint: filters.constraint.clone(),
            run: filters.run,
            outcome: filters.outcome.map(|outcome| outcome.name()),
            parents: filters.waits_for.clone().map(|parent| vec![parent]),
            has_closed: is_history,
        };
        selection.check(database, context)?;
        Ok(selection)
    }

    /// The parameters of [`IS_MEANT`].
    pub fn values(&self) -> [&(dyn ToSql + Sync); 9] {
        [
            &self.dataset,
            &self.ids,
            &self.target,
            &self.sqlstate,
            &self.constraint,
            &self.run,
            &self.outcome,
            &self.parents,
            &self.has_closed,
        ]
    }

    fn check(&self, database: &mut Database, context: &Context) -> Result<(), Error> {
        if let Some(dataset) = &self.dataset
            && context.config.datasets.iter().all(|known| known.name != *dataset)
            && !holds(database, "select exists (select from etl.runs where dataset = $1)", dataset)?
        {
            let known: Vec<&str> = context.config.datasets.iter().map(|known| known.name.as_str()).collect();
            return Err(Error::usage(format!(
                "dataset \"{dataset}\" is not in {} (it has: {}), and {} never loaded it",
                context.config.origin,
                known.join(", "),
                database.label
            ))
            .hint("loader quarantine list"));
        }
        if let Some(target) = &self.target
            && !holds(database, IS_TARGET, target)?
        {
            return Err(Error::usage(format!(
                "table \"{target}\" is not in {}, and no run ever loaded it; a table is named with its schema",
                database.label
            ))
            .hint("loader quarantine list"));
        }
        if let Some(run) = &self.run
            && !holds(database, "select exists (select from etl.runs where run_id = $1)", run)?
        {
            return Err(Error::usage(format!(
                "run {run} is not in etl.runs of {}: it was rolled back, or never was",
                database.label
            ))
            .hint("loader status"));
        }
        if let Some(ids) = &self.ids {
            let unknown = database
                .client
                .query_opt(UNKNOWN_ID, &[ids])
                .map_err(|error| Error::database("look for the records in etl.quarantine", error))?;
            if let Some(row) = unknown {
                let id: i64 = row.get(0);
                return Err(Error::usage(format!("no record in quarantine has the number {id}"))
                    .hint("loader quarantine list --all"));
            }
        }
        Ok(())
    }
}

/// Tables that were loaded once, and tables that could be.
const IS_TARGET: &str = "
    select exists (select from etl.run_tables where target = $1)
        or exists (select from etl.quarantine where target = $1)
        or exists (
            select
            from pg_catalog.pg_class as relation
            join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
            where $1 in (
                namespace.nspname || '.' || relation.relname,
                pg_catalog.format('%I.%I', namespace.nspname, relation.relname)
            )
        )";

const UNKNOWN_ID: &str = "
    select id
    from unnest($1::bigint[]) as id
    where not exists (select from etl.quarantine where quarantine_id = id)
    order by id
    limit 1";

fn only_dataset(filters: &Filters) -> Result<Option<String>, Error> {
    let mut datasets = filters.datasets();
    let first = datasets.next();
    match (first, datasets.next()) {
        (Some(one), Some(other)) if one != other => Err(Error::usage(format!(
            "\"{one}\" and \"{other}\": one dataset at a time; records are named by their numbers"
        ))
        .hint(format!("loader quarantine list {one}"))),
        _ => Ok(first.map(str::to_owned)),
    }
}

fn holds(database: &mut Database, question: &str, value: &(dyn ToSql + Sync)) -> Result<bool, Error> {
    database
        .client
        .query_one(question, &[value])
        .and_then(|row| row.try_get(0))
        .map_err(|error| Error::database("look into the ledger", error))
}
