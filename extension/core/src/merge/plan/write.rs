//! Writing: the winners that change the target.
use super::super::name::Literal;
use super::super::table::Column;
use super::standing::is_plain_default;
use super::{Plan, contests, judgements, lacks, unique};

/// What is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Writes {
    /// How many candidates there are.
    pub candidates: usize,
    /// How many of them become new rows.
    pub inserts: usize,
    /// How many of them change a row.
    pub updates: usize,
    /// Whether some winners wait for others to give a unique value up.
    pub has_waits: bool,
    /// Whether the candidates stand about in the order of the key already.
    pub in_order: bool,
}

impl Plan<'_> {
    /// Writes the winners that change the target and says how many rows were (inserted, updated), in one statement, so
    /// that foreign keys are checked when all rows are there. Rows that take a value which another row gives up come after it.
    pub fn write(&self, writes: Writes) -> String {
        let Writes { has_waits, .. } = writes;
        let has_updates = writes.updates > 0;
        let mut steps = Vec::new();
        let mut count = |name: &'static str, statement: Option<String>| {
            let Some(statement) = statement else { return "0".to_string() };
            steps.push(format!("{name} as (\n{statement}\nreturning 1\n)"));
            format!("(select count(*) from {name})")
        };
        let waits = format!("select from {} as w where w.place = f.\"etl$row\"", unique::WAITS);
        let (first, then) = match has_waits {
            true => (format!("\n    and not exists ({waits})"), format!("\n    and exists ({waits})")),
            false => (String::new(), String::new()),
        };
        let updated = count("updated", if has_updates { self.update(&first) } else { None });
        let after = |count: &str| format!("\n    and {count} >= 0");
        let taken = match has_updates && has_waits {
            true => count("taken", self.update(&format!("{then}{}", after(&updated)))),
            false => "0".into(),
        };
        let before = match (has_updates, has_waits) {
            (true, true) => after(&taken),
            (true, false) => after(&updated),
            (false, _) => String::new(),
        };
        let inserted = count("inserted", (writes.inserts > 0).then(|| self.insert(&writes, &before)));
        format!("with {}\nselect {inserted}, {updated} + {taken}", steps.join(",\n"))
    }

    /// Whether the candidates stand about in the order of the key: then sorting them would cost more than it saves the index. None
    /// where a sample of the key's values does not tell, or where rows are numbered as they are inserted.
    pub fn in_order(&self) -> Option<String> {
        let [only] = self.key.columns.as_slice() else { return None };
        let is_plain = |column: &&Column| column.default.as_deref().is_none_or(is_plain_default);
        if !self.lacking.iter().all(is_plain) || !self.options.partial.is_empty() {
            return None;
        }
        Some(format!(
            "select coalesce(max(s.correlation) > 0.99, false)\nfrom pg_stats as s\nwhere s.schemaname = (\n    \
             select relnamespace::regnamespace::text\n    from pg_class\n    where oid = '{}'::regclass\n)\n    \
             and s.tablename = 'etl_judgements'\n    and s.attname = {}",
            judgements::TABLE,
            Literal::new(only.as_str()),
        ))
    }

    /// Changes the rows whose winner differs, where they still are as they were judged: a row that another session changed
    /// meanwhile has moved, is not written, and is missed in the count. A lacking column keeps what is there. None where all columns are the key's.
    fn update(&self, condition: &str) -> Option<String> {
        let columns = self.columns.iter().filter(|column| !self.key.columns.contains(&column.name));
        let sets: Vec<String> = columns
            .map(|column| {
                let value = self.or_if_lacking(column, &format!("t.{}", column.name));
                format!("{} = {value}", column.name)
            })
            .collect();
        if sets.is_empty() {
            return None;
        }
        Some(format!(
            "update {} as t\nset\n    {}\nfrom {} as f\njoin {} as c on c.ctid = f.\"etl$row\"\n\
             where f.action = 'update'\n    and t.ctid = f.there\n    and {}{condition}",
            self.target.name,
            sets.join(",\n    "),
            self.fates_relation(),
            self.candidate().relation,
            self.same_key("t", "c"),
        ))
    }

    /// Adds the rows that are new, in the order of the key. A lacking column takes its default. Where most candidates are new, those
    /// that are not are left out of them: they stay where they stand, and in their order.
    fn insert(&self, writes: &Writes, condition: &str) -> String {
        let names = self.columns.iter().map(|column| column.name.to_string());
        let values = self
            .columns
            .iter()
            .map(|column| self.or_if_lacking(column, column.default.as_deref().unwrap_or("null")));
        let candidates = self.candidate().relation;
        // Nobody else can change a temporary table between the judgement and here.
        let is_ours = self.is_materialised() || self.staged.name.schema.as_str().starts_with("pg_temp");
        let stays_in_order = is_ours && !writes.has_waits && writes.inserts * 2 > writes.candidates;
        let from = match stays_in_order {
            true => format!("{candidates} as c{}", self.others_left_out(writes, condition)),
            false => format!(
                "{} as f\njoin {candidates} as c on c.ctid = f.\"etl$row\"\nwhere f.action = 'insert'{condition}",
                self.fates_relation()
            ),
        };
        let order = match stays_in_order && writes.in_order {
            true => String::new(),
            false => format!("\norder by {}", self.key_of("c")),
        };
        format!(
            "insert into {} ({})\noverriding system value\nselect\n    {}\nfrom {from}{order}",
            self.target.name,
            names.collect::<Vec<_>>().join(", "),
            values.collect::<Vec<_>>().join(",\n    "),
        )
    }

    /// `where ...` for the candidates that become new rows; nothing where all do.
    fn others_left_out(&self, writes: &Writes, condition: &str) -> String {
        if writes.inserts == writes.candidates {
            return String::new();
        }
        let losers = match self.has_contests {
            true => format!(
                "\n    and not exists (select from {} as l where l.\"etl$row\" = c.ctid)",
                contests::LOSERS
            ),
            false => String::new(),
        };
        format!(
            "\nwhere not exists (\n    select\n    from {} as j\n    where j.\"etl$row\" = c.ctid\n        \
             and (j.\"etl$rule\" is not null or j.\"etl$action\" <> 'insert')\n){losers}{condition}",
            judgements::TABLE
        )
    }

    fn or_if_lacking(&self, column: &Column, otherwise: &str) -> String {
        let name = &column.name;
        match self.candidate().absent {
            Some(absent) if self.is_partial(column) => {
                format!("case when {} then {otherwise} else c.{name} end", lacks(column, &absent))
            }
            _ => format!("c.{name}"),
        }
    }
}
