//! Compared: rows that are set against the target's while they are read.
//!
//! What [`changed`](super::changed) does with rows that are staged already, by the same rule and under the same conditions, without
//! staging them first: reading and comparing is one statement over tables that others can see, so PostgreSQL shares it among
//! workers, and of a row that is there already nothing is kept but its key and where it came. However few equal the target's,
//! they are left out: they have been compared. Only `etl_load` can do so, for between `etl_read` and `etl_merge` a load file may
//! change the rows.
use super::super::name::Ident;
use super::super::table::Column;
use super::Plan;
use super::changed::LEFT_OUT;

/// The temporary table of all rows: what differs from the target's in full, of the rest the key.
const TABLE: &str = "pg_temp.etl_compared";

/// What is staged of each row beside its columns.
const META: [&str; 6] = ["source", "line", "byte", "problem", "sqlstate", "field"];

impl Plan<'_> {
    /// Reads all rows, which a query makes, and compares them.
    pub fn compared(&self, rows: &str) -> String {
        let columns = self.columns.iter().map(|column| {
            let value = format!("s.{}", column.name);
            format!("{} as {}", column.equality.collated(&value), column.name)
        });
        let kept = self.columns.iter().map(|column| {
            let name = &column.name;
            match self.key.columns.contains(name) {
                true => format!("e.{name}"),
                false => format!("case when not e.\"etl$is_equal\" then e.{name} end as {name}"),
            }
        });
        // The offset keeps the comparison from being made anew for each column; of type bigint, or no worker takes part.
        format!(
            "create temporary table etl_compared on commit drop as\nselect\n    {meta_e},\n    {kept},\n    e.\"etl$is_equal\"\n\
             from (\n    select c.*, c.problem is null and t.ctid is not null and {same} as \"etl$is_equal\"\n    \
             from (\n        select {meta_s}, {columns}\n        from (\n{rows}\n        ) as s\n    ) as c\n    \
             left join {target} as t on {t_c}\n    offset '0'::bigint\n) as e",
            meta_e = META.map(|name| format!("e.{name}")).join(", "),
            meta_s = META.map(|name| format!("s.{name}")).join(", "),
            kept = kept.collect::<Vec<_>>().join(",\n    "),
            columns = columns.collect::<Vec<_>>().join(", "),
            same = super::same_in(self.columns.iter().copied(), "c", "t"),
            target = self.target.name,
            t_c = self.same_key("t", "c"),
        )
    }

    /// Counts what may be left out, by source, and what differs.
    pub fn tally_compared(&self) -> String {
        format!(
            "create temporary table etl_unchanged on commit drop as\nselect\n    e.source,\n    \
             count(*) filter (where e.\"etl$is_equal\") as copies,\n    count(*) filter (where not e.\"etl$is_equal\") as differing\n\
             from {TABLE} as e\ngroup by e.source"
        )
    }

    /// How many rows differ.
    pub fn differing(&self) -> String {
        format!("select coalesce(sum(differing), 0)::bigint from {LEFT_OUT}")
    }

    /// Stages no row, where none differs.
    pub fn stage_none(&self, staged: &Ident) -> String {
        format!("{}\nlimit 0", self.stage(staged, "where not e.\"etl$is_equal\""))
    }

    /// Stages those that differ, and those that have the key of one that does: in full again, for they are what the target has.
    pub fn stage_differing(&self, staged: &Ident) -> [String; 3] {
        let columns = self.columns.iter().map(|column| {
            let alias = if self.key.columns.contains(&column.name) { "e" } else { "t" };
            typed(column, alias)
        });
        let contended = format!(
            "where not e.\"etl$is_equal\"\nunion all\nselect {meta}, {columns}\nfrom (\n    select distinct {key_k}\n    \
             from {TABLE} as k\n    where not k.\"etl$is_equal\"\n) as k\n\
             join {TABLE} as e on {e_k} and e.\"etl$is_equal\"\njoin {target} as t on {t_e}",
            meta = META.map(|name| format!("e.{name}")).join(", "),
            columns = columns.collect::<Vec<_>>().join(", "),
            key_k = self.key_of("k"),
            e_k = self.same_key("e", "k"),
            target = self.target.name,
            t_e = self.same_key("t", "e"),
        );
        [
            format!("analyze {TABLE} ({}, \"etl$is_equal\")", self.key_of_bare()),
            self.stage(staged, &contended),
            format!(
                "update {LEFT_OUT} as u\nset copies = u.copies - (s.staged - u.differing)\nfrom (\n    select source, count(*) as staged\n    \
                 from pg_temp.{staged}\n    group by source\n) as s\nwhere s.source = u.source"
            ),
        ]
    }

    fn stage(&self, staged: &Ident, which: &str) -> String {
        let columns = self.columns.iter().map(|column| typed(column, "e"));
        format!(
            "create temporary table {staged} on commit drop as\nselect {}, {}\nfrom {TABLE} as e\n{which}",
            META.map(|name| format!("e.{name}")).join(", "),
            columns.collect::<Vec<_>>().join(", "),
        )
    }
}

/// A column with its type said again: a `case` forgets the precision of a numeric.
fn typed(column: &Column, alias: &str) -> String {
    format!("{alias}.{name}::{} as {name}", column.type_name, name = column.name)
}
