//! Tried again: parked rows whose parents have come, and what a replay brings back.
use super::super::name::Literal;
use super::super::table::Parent;
use super::{Plan, Raised, Rows, candidates};

/// The temporary table of parked rows to try again: (quarantine_id).
pub(super) const READY: &str = "pg_temp.etl_ready";

/// How a replay says which quarantined row a staged row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The staged relation has a column `quarantine_id`.
    ByColumn,
    /// `staging.run_<id>` has it, for each source.
    BySource,
}

impl Plan<'_> {
    /// Finds the parked rows that are ready: every parent in another table is there. References within the table are not
    /// probed, because what they wait for may be arriving. Where `probing` raised, as after a column changed its type, all are.
    ///
    /// A row that has columns which are not staged now waits for a run that stages them.
    pub fn ready(&self, is_probing: bool) -> String {
        let names = self.names();
        let columns =
            self.columns.iter().filter(|it| self.probes().any(|parent| parent.columns.contains(&it.name)));
        let columns: Vec<String> = columns.map(|it| format!("{} {}", it.name, it.type_name)).collect();
        let probing = is_probing && !columns.is_empty();
        let probes = self.probes().map(|parent| {
            let absent = parent.columns.iter().map(|column| format!("p.{column} is null"));
            let absent = absent.collect::<Vec<_>>().join(" or ");
            let refers = super::judgements::refers(parent, "p", "r");
            format!("\n    and ({absent} or exists (select from {} as r where {refers}))", parent.relation())
        });
        format!(
            "create temporary table etl_ready on commit drop as\nselect q.quarantine_id\nfrom etl.quarantine as q{}\nwhere {}\n    \
             and q.parsed - {names} = '{{}}'::jsonb{}",
            if probing {
                format!(",\n    jsonb_to_record(q.parsed) as p ({})", columns.join(", "))
            } else {
                String::new()
            },
            self.is_waiting("q"),
            if probing { probes.collect::<String>() } else { String::new() },
        )
    }

    /// Whether parked rows are tried again.
    pub fn retries(&self) -> bool {
        self.options.retries
    }

    /// The relation whose rows are read.
    pub fn staged_relation(&self) -> String {
        self.staged.name.to_string()
    }

    /// Foreign keys to other tables whose columns are all staged.
    fn probes(&self) -> impl Iterator<Item = &Parent> {
        let is_staged =
            |parent: &&Parent| !parent.itself && parent.columns.iter().all(|name| self.is_staged(name));
        self.target.parents.iter().filter(is_staged)
    }

    /// Adds the ready rows to the candidates, from the row they would have become; of rows that raised nothing but that.
    pub fn read_ready(&self, rows: Rows, raised: Option<&Raised>) -> String {
        let is_json = |column: &super::Column| matches!(column.carrier(), "json" | "jsonb");
        // As a field of a record the text of a JSON value would become a JSON string.
        let fields = self.columns.iter().map(|column| {
            let type_name = if is_json(column) { "text" } else { &column.type_name };
            format!("{} {type_name}", column.name)
        });
        let values = self.columns.iter().map(|column| {
            let value = match (raised, is_json(column)) {
                (Some(_), _) => format!("null::{}", column.carrier()),
                (None, true) => format!("p.{}::{}::{}", column.name, column.carrier(), column.type_name),
                (None, false) => format!("p.{}", column.name),
            };
            column.equality.collated(&value)
        });
        let text = |part: fn(&Raised) -> Option<&str>| {
            raised.and_then(part).map_or("null".into(), |text| Literal::new(text).to_string())
        };
        format!(
            "insert into {}\nselect\n    {},\n    q.first_run,\n    coalesce(q.source, 0::smallint),\n    q.line,\n    q.byte,\n    \
             q.copies,\n    {},\n    {},\n    {},\n    \
             array(select n from unnest({}) as n where not q.parsed ? n),\n    {},\n    \
             q.quarantine_id,\n    null,\n    null\nfrom (\n    select s.quarantine_id\n    from {READY} as s{}\n) as r\n\
             join etl.quarantine as q on q.quarantine_id = r.quarantine_id{}",
            candidates::TABLE,
            values.collect::<Vec<_>>().join(",\n    "),
            text(|raised| Some(&raised.message)),
            text(|raised| Some(&raised.sqlstate)),
            text(|raised| raised.field.as_deref()),
            self.names(),
            if raised.is_some() { self.names() } else { "'{}'".into() },
            rows.condition("s").replace('\n', "\n    "),
            match raised {
                Some(_) => String::new(),
                None => format!(
                    ",\n    jsonb_to_record(q.parsed) as p ({})",
                    fields.collect::<Vec<_>>().join(", ")
                ),
            },
        )
    }

    /// The staged columns' names as an array.
    fn names(&self) -> String {
        let names = self.columns.iter().map(|column| Literal::new(column.name.as_str()).to_string());
        format!("array[{}]::text[]", names.collect::<Vec<_>>().join(", "))
    }

    /// Which quarantined rows are parked for this target.
    fn is_waiting(&self, alias: &str) -> String {
        format!("{} and {alias}.outcome = 'parked'", self.is_open(alias))
    }

    /// Which quarantined rows of this target are open.
    pub(super) fn is_open(&self, alias: &str) -> String {
        format!(
            "{alias}.dataset = {} and {alias}.target = {} and {alias}.closed_run is null",
            Literal::new(&self.options.dataset),
            Literal::new(self.target.label()),
        )
    }

    /// The staged relation, in a replay with the quarantined rows it brings back: no record of another target, no row
    /// that was not quarantined.
    pub(super) fn staged_and_replayed(&self) -> String {
        let staged = format!("{} as s", self.staged.name);
        let Some(replay) = self.options.replay else { return staged };
        let (join, id) = match replay {
            Replay::ByColumn => (
                String::new(),
                self.staged_meta("quarantine_id", "s").unwrap_or_else(|| "s.quarantine_id".into()),
            ),
            Replay::BySource => (
                format!(
                    "\n    join (\n        select distinct source, quarantine_id\n        from staging.run_{}\n    ) as brought \
                     on brought.source = {}",
                    self.options.run_id,
                    self.staged_meta("source", "s").unwrap_or_else(|| "s.source".into()),
                ),
                "brought.quarantine_id".into(),
            ),
        };
        format!(
            "{staged}{join}\n    join etl.quarantine as q on q.quarantine_id = {id} and {}",
            self.is_open("q")
        )
    }

    /// What a replay reads beside the staged row: where the record first came.
    pub(super) fn replayed_columns(&self, mut reads: Vec<String>) -> Vec<String> {
        if self.options.replay.is_some() {
            reads.extend(
                ["first_run as \"etl$q_run\"", "line as \"etl$q_line\"", "byte as \"etl$q_byte\""]
                    .map(|it| format!("q.{it}")),
            );
            reads.push("coalesce(q.source, 0::smallint) as \"etl$q_source\"".into());
            reads.push("q.copies as \"etl$q_copies\"".into());
            reads.push("q.quarantine_id as \"etl$q_id\"".into());
        }
        reads
    }

    /// How many staged rows of a replay name no open quarantined row of the target; none where nothing is named so.
    pub fn unknown_replays(&self) -> Option<String> {
        if self.options.replay != Some(Replay::ByColumn) {
            return None;
        }
        Some(format!(
            "select count(*)\nfrom {} as s\nwhere not exists (\n    select\n    from etl.quarantine as q\n    \
             where q.quarantine_id = {}\n        and {}\n)",
            self.staged.name,
            self.staged_meta("quarantine_id", "s").unwrap_or_else(|| "s.quarantine_id".into()),
            self.is_open("q")
        ))
    }

    /// In a replay, removes the rows that a record brought along beside the quarantined one; none else.
    pub fn drop_siblings(&self) -> Option<String> {
        // Whoever names the row itself may have corrected its key.
        if self.options.replay != Some(Replay::BySource) {
            return None;
        }
        Some(format!(
            "delete from {} as c\nusing etl.quarantine as q\nwhere q.quarantine_id = c.\"etl$quarantine_id\"\n    \
             and q.row_key <> ''\n    and {row_key} not in ('', q.row_key)",
            candidates::TABLE,
            row_key = self.row_key("c"),
        ))
    }

    /// The key as the quarantine keeps it: a JSON array of texts; empty where a part of it is null.
    pub(super) fn row_key(&self, alias: &str) -> String {
        let whole = self.key.columns.iter().map(|name| format!("{alias}.{name} is not null"));
        let texts = self.key.columns.iter().map(|name| format!("{alias}.{name}::text"));
        format!(
            "case when {} then jsonb_build_array({})::text else '' end",
            whole.collect::<Vec<_>>().join(" and "),
            texts.collect::<Vec<_>>().join(", ")
        )
    }
}
