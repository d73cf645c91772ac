//! Counting: the ledger's rows, and the totals that the caller sees.
use super::super::name::Literal;
use super::{LeftOut, Plan, changed};

/// The temporary table of how many candidates of each source met which fate.
const TABLE: &str = "pg_temp.etl_tally";

impl Plan<'_> {
    /// Tallies the fates, in one pass over them. Texts of a known width need no table beside it for wide values.
    pub fn tally(&self) -> String {
        format!(
            "create temporary table etl_tally on commit drop as\nselect\n    f.\"etl$source\" as source,\n    f.action::varchar(6) as action,\n    f.outcome::varchar(10) as outcome,\n    \
             f.\"etl$quarantine_id\" is not null as is_retried,\n    count(*) as candidates,\n    sum(f.\"etl$copies\")::bigint as copies\n\
             from {} as f\ngroup by 1, 2, 3, 4",
            self.fates_relation()
        )
    }

    /// How many candidates there are, how many rows are to be inserted and updated, how many candidates did not get in, and how
    /// many records of earlier runs are settled.
    pub fn to_write(&self) -> String {
        let counts = [
            "true",
            "action = 'insert'",
            "action = 'update'",
            "outcome in ('parked', 'rejected')",
            "outcome in ('promoted', 'superseded') and is_retried",
        ];
        let counts = counts.map(|it| format!("coalesce(sum(candidates) filter (where {it}), 0)::bigint"));
        format!("select\n    {}\nfrom {TABLE}", counts.join(",\n    "))
    }

    /// Records the counts of every source in `etl.run_tables` and returns their totals as one row:
    /// target, read, inserted, updated, unchanged, superseded, parked, rejected, promoted.
    ///
    /// Of the copies of a row that was written one was inserted or updated, the others found it unchanged. Records
    /// that earlier runs had parked are counted under source 0, beside the sum.
    pub fn count(&self) -> String {
        let outcomes = ["inserted", "updated", "unchanged", "superseded", "parked", "rejected", "promoted"];
        // What waited was counted where it was read: here it is only promoted, or it is nothing new.
        let counted = outcomes.map(|outcome| match outcome {
            "promoted" => "coalesce(sum(e.candidates) filter (where e.outcome = 'promoted'), 0)::bigint as promoted".into(),
            "inserted" | "updated" => format!(
                "coalesce(sum(e.candidates) filter (where e.outcome = '{outcome}' and not e.is_retried), 0)::bigint as {outcome}"
            ),
            "unchanged" => "coalesce(sum(case\n            when e.is_retried then 0\n            \
                            when e.outcome = 'unchanged' then e.copies\n            \
                            when e.outcome in ('inserted', 'updated') then e.copies - e.candidates\n        \
                            end), 0)::bigint as unchanged"
                .into(),
            _ => format!(
                "coalesce(sum(e.copies) filter (where e.outcome = '{outcome}' and not e.is_retried), 0)::bigint as {outcome}"
            ),
        });
        let all = format!("read, {}", outcomes.join(", "));
        let sums =
            std::iter::once("read").chain(outcomes).map(|name| format!("coalesce(sum({name}), 0)::bigint"));
        let adds = std::iter::once("read")
            .chain(outcomes)
            .map(|name| format!("{name} = rt.{name} + excluded.{name}"));
        // What was left out, because it equals the row that is there, is counted beside what was judged.
        let zeros = "0, ".repeat(outcomes.len() - 3);
        let has_left_out = self.options.left_out != LeftOut::Nothing;
        let left_out = match has_left_out {
            true => format!(
                "all_counted as (\n    select source, {sums_by_source}\n    from (\n        select *\n        from counted\n        \
                 union all\n        select source, copies, 0, 0, copies, {}\n        from {}\n    ) as each\n    group by source\n),\n",
                zeros.trim_end_matches(", "),
                changed::LEFT_OUT,
                sums_by_source = std::iter::once("read")
                    .chain(outcomes)
                    .map(|name| format!("sum({name})::bigint as {name}"))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            false => String::new(),
        };
        let all_counted = if has_left_out { "all_counted" } else { "counted" };
        format!(
            "with counted as (\n    select\n        case when e.is_retried then 0::smallint else e.source end as source,\n        \
             coalesce(sum(e.copies) filter (where not e.is_retried), 0)::bigint as read,\n        {counted}\n    \
             from {TABLE} as e\n    group by 1\n),\n{left_out}\
             recorded as (\n    insert into etl.run_tables as rt (run_id, source, target, {all})\n    \
             select {run}, source, {target}, {all}\n    from {all_counted}\n    where read > 0 or promoted > 0\n    \
             on conflict (run_id, source, target) do update\n    set {adds}\n)\n\
             select {target}::text as target, {sums}\nfrom {all_counted}",
            counted = counted.join(",\n        "),
            run = self.options.run_id,
            target = Literal::new(self.target.label()),
            sums = sums.collect::<Vec<_>>().join(", "),
            adds = adds.collect::<Vec<_>>().join(", "),
        )
    }
}
