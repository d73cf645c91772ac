//! Changed: which staged rows need a judgement at all, where at least half of a delivery is there already.
//!
//! A row that equals the target's is unchanged, whatever else comes, as long as nothing of its key comes that differs: so only
//! the others are judged. Of a repeated load nothing is left. The rows are compared once; judging them would take three passes
//! more. It is no other way to decide, only less to decide on (`tests/end_to_end/left_out.rs`). Where `etl_load` has left out
//! such rows while it read them ([`compared`](super::compared)) this is not done again.
use super::super::name::Literal;
use super::reading::Reading;
use super::{Plan, lacks, same, same_in};

/// The temporary table of rows to judge: (place, key).
pub(super) const TABLE: &str = "pg_temp.etl_changed";

/// The temporary table of what is left out: (source, copies).
pub(super) const LEFT_OUT: &str = "pg_temp.etl_unchanged";

impl Plan<'_> {
    /// Asks whether rows can be left out: all columns have their types, no row is tried again, the target has rows to compare with,
    /// and all its constraints hold for them.
    pub fn may_leave_out(&self) -> Option<String> {
        let is_typed = self.columns.iter().all(|column| self.reading(column) == Reading::AsIs);
        let is_first = self.options.replay.is_none() && !self.options.retries;
        // A row that is there may break a constraint that was never validated; one that comes may not.
        (is_typed && is_first).then(|| {
            format!(
                "select exists (select from {target})\n    and not exists (\n        select\n        from pg_constraint\n        \
                 where conrelid = {name}::regclass\n            and not convalidated\n    )",
                target = self.target.name,
                name = Literal::new(self.target.name.to_string()),
            )
        })
    }

    /// Finds the rows that differ from the target's, or are not there. What a record lacks keeps what is there, and does not differ.
    pub fn changed(&self) -> String {
        let (partial, whole): (Vec<_>, Vec<_>) =
            self.columns.iter().copied().partition(|column| self.is_partial(column));
        let absent = self.meta_of("absent", "null::text[]", "s");
        let mut agree = vec![same_in(whole.into_iter(), "c", "t")];
        agree.extend(
            partial.into_iter().map(|column| {
                format!("({} or {})", lacks(column, "c.\"etl$absent\""), same(column, "c", "t"))
            }),
        );
        let problem = self.staged_meta("problem", "s");
        let is_readable = problem.map_or("true".into(), |problem| format!("{problem} is null"));
        format!(
            "create temporary table etl_changed on commit drop as\nselect c.place, {key_c}\nfrom (\n    \
             select s.ctid as place, {is_readable} as is_readable, {absent} as \"etl$absent\", {columns}\n    from {staged} as s\n) as c\n\
             left join {target} as t on {t_c}\nwhere not (c.is_readable and t.ctid is not null and {same})",
            key_c = self.key_of("c"),
            columns = self.collated_columns("s"),
            staged = self.staged.name,
            target = self.target.name,
            t_c = self.same_key("t", "c"),
            same = agree.join(" and "),
        )
    }

    /// Adds the rows that differ from none, but have the key of one that does.
    pub fn contended(&self) -> String {
        format!(
            "insert into {TABLE}\nselect s.ctid, {key_s}\nfrom {staged} as s\n\
             where exists (select from {TABLE} as k where {k_s})\n    \
             and not exists (select from {TABLE} as x where x.place = s.ctid)",
            key_s = self.key_of("s"),
            staged = self.staged.name,
            k_s = self.same_key("k", "s"),
        )
    }

    /// How many rows are staged.
    pub fn staged_rows(&self) -> String {
        format!("select count(*) from {}", self.staged.name)
    }

    /// Counts what is left out, by source.
    pub fn left_out(&self) -> String {
        let (source, copies) = (self.meta_of("source", "1", "s"), self.meta_of("copies", "1", "s"));
        format!(
            "create temporary table etl_unchanged on commit drop as\n\
             select {source}::smallint as source, sum({copies})::bigint as copies\nfrom {} as s\n\
             where not exists (select from {TABLE} as x where x.place = s.ctid)\ngroup by 1",
            self.staged.name,
        )
    }
}
