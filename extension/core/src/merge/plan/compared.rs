//! Compared: rows that are set against the target's while they are read.
//!
//! What [`changed`](super::changed) does with rows that are staged already, by the same rule and under the same conditions, without
//! staging them first: reading and comparing is one statement over tables that others can see, so PostgreSQL shares it among
//! workers, and of a row that is there already nothing is kept but its key and where it came. However few equal the target's,
//! they are left out: they have been compared. Only `etl_load` can do so, for between `etl_read` and `etl_merge` a load file may
//! change the rows.
use super::super::name::Ident;
use super::super::table::READ_META;
use super::Plan;
use super::changed::LEFT_OUT;

/// The temporary table of all rows: what differs from the target's in full, of the rest the key.
const TABLE: &str = "pg_temp.etl_compared";

/// The temporary table of those rows that equal the target's, and have the key of one that differs.
const CONTENDING: &str = "pg_temp.etl_contending";

impl Plan<'_> {
    /// Reads all rows, which a query makes, and compares them.
    pub fn compared(&self, rows: &str) -> String {
        let kept = self.columns.iter().map(|column| {
            let name = &column.name;
            match self.key.columns.contains(name) {
                true => format!("e.{name}"),
                // A case forgets the precision of a numeric.
                false => {
                    let type_name = &column.type_name;
                    format!("case when not e.\"etl$is_equal\" then e.{name} end::{type_name} as {name}")
                }
            }
        });
        // The offset keeps the comparison from being made anew for each column; of type bigint, or no worker takes part.
        format!(
            "create temporary table etl_compared on commit drop as\nselect\n    {meta_e},\n    {kept},\n    e.\"etl$there\",\n    e.\"etl$is_equal\"\n\
             from (\n    select c.*, t.ctid as \"etl$there\", c.problem is null and t.ctid is not null and {same} as \"etl$is_equal\"\n    \
             from (\n        select {meta_s}, {columns}\n        from (\n{rows}\n        ) as s\n    ) as c\n    \
             left join {target} as t on {t_c}\n    offset '0'::bigint\n) as e",
            meta_e = READ_META.map(|(name, _)| format!("e.{name}")).join(", "),
            meta_s = READ_META.map(|(name, _)| format!("s.{name}")).join(", "),
            kept = kept.collect::<Vec<_>>().join(",\n    "),
            columns = self.collated_columns("s"),
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

    /// How many rows differ, and how many do not.
    pub fn differing(&self) -> [String; 2] {
        ["differing", "copies"].map(|name| format!("select coalesce(sum({name}), 0)::bigint from {LEFT_OUT}"))
    }

    /// Stages no row, where none differs.
    pub fn stage_none(&self, staged: &Ident) -> String {
        format!("{}\nlimit 0", self.stage(staged))
    }

    /// Stages all as they are, where all differ.
    pub fn stage_all(&self, staged: &Ident) -> String {
        format!("alter table {TABLE} rename to {staged}")
    }

    /// Finds the rows that do not differ, but have the key of one that does.
    pub fn contending(&self) -> String {
        format!(
            "create temporary table etl_contending on commit drop as\nselect e.*\nfrom (\n    select distinct {key_k}\n    from {TABLE} as k\n    \
             where not k.\"etl$is_equal\"\n) as k\njoin {TABLE} as e on {e_k} and e.\"etl$is_equal\"",
            key_k = self.key_of("k"),
            e_k = self.same_key("e", "k"),
        )
    }

    /// Stages those that differ, and those that have the key of one that does: in full again, for they are what the target has.
    /// What another session has changed meanwhile is not there any more: then fewer are staged than [`Plan::contending`] found.
    pub fn stage_differing(&self, staged: &Ident) -> String {
        let columns = self.columns.iter().map(|column| {
            let alias = if self.key.columns.contains(&column.name) { "e" } else { "t" };
            format!("{alias}.{}", column.name)
        });
        format!(
            "{own}\nunion all\nselect {meta}, {columns}\nfrom {CONTENDING} as e\n\
             join {target} as t on t.ctid = e.\"etl$there\" and {t_e}",
            own = self.stage(staged),
            meta = READ_META.map(|(name, _)| format!("e.{name}")).join(", "),
            columns = columns.collect::<Vec<_>>().join(", "),
            target = self.target.name,
            t_e = self.same_key("t", "e"),
        )
    }

    /// Counts as left out what is not staged.
    pub fn correct_tally(&self, staged: &Ident) -> String {
        format!(
            "update {LEFT_OUT} as u\nset copies = u.copies - (s.staged - u.differing)\nfrom (\n    select source, count(*) as staged\n    \
             from pg_temp.{staged}\n    group by source\n) as s\nwhere s.source = u.source"
        )
    }

    /// Tells the optimiser how few differ.
    pub fn analyze_compared(&self) -> String {
        format!("analyze {TABLE} ({}, \"etl$is_equal\")", self.key_of_bare())
    }

    fn stage(&self, staged: &Ident) -> String {
        let columns = self.columns.iter().map(|column| format!("e.{}", column.name));
        format!(
            "create temporary table {staged} on commit drop as\nselect {}, {}\nfrom {TABLE} as e\nwhere not e.\"etl$is_equal\"",
            READ_META.map(|(name, _)| format!("e.{name}")).join(", "),
            columns.collect::<Vec<_>>().join(", "),
        )
    }
}
