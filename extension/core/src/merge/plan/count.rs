//! Counting: the ledger's rows, and the totals that the caller sees.
use super::super::name::Literal;
use super::{LeftOut, Plan, changed};

impl Plan<'_> {
    /// Records the counts of every source in `etl.run_tables` and returns their totals as one row:
    /// target, read, inserted, updated, unchanged, superseded, parked, rejected, promoted.
    ///
    /// Of the copies of a row that was written one was inserted or updated, the others found it unchanged. Records
    /// that earlier runs had parked are counted under source 0, beside the sum.
    pub fn count(&self) -> String {
        let outcomes = ["inserted", "updated", "unchanged", "superseded", "parked", "rejected", "promoted"];
        // What waited was counted where it was read: here it is only promoted, or it is nothing new.
        let counted = outcomes.map(|outcome| match outcome {
            "promoted" => "count(*) filter (where f.outcome = 'promoted') as promoted".into(),
            "inserted" | "updated" => {
                format!("count(*) filter (where f.outcome = '{outcome}' and not f.is_retried) as {outcome}")
            }
            "unchanged" => "coalesce(sum(case\n            when f.is_retried then 0\n            \
                            when f.outcome = 'unchanged' then f.\"etl$copies\"\n            \
                            when f.outcome in ('inserted', 'updated') then f.\"etl$copies\" - 1\n        \
                            end), 0)::bigint as unchanged"
                .into(),
            _ => format!(
                "coalesce(sum(f.\"etl$copies\") filter (where f.outcome = '{outcome}' and not f.is_retried), 0)::bigint \
                 as {outcome}"
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
            "with fate as (\n    select *, \"etl$quarantine_id\" is not null as is_retried\n    from {fates} as e\n),\n\
             counted as (\n    select\n        case when f.is_retried then 0::smallint else f.\"etl$source\" end as source,\n        \
             coalesce(sum(f.\"etl$copies\") filter (where not f.is_retried), 0)::bigint as read,\n        {counted}\n    \
             from fate as f\n    group by 1\n),\n{left_out}\
             recorded as (\n    insert into etl.run_tables as rt (run_id, source, target, {all})\n    \
             select {run}, source, {target}, {all}\n    from {all_counted}\n    where read > 0 or promoted > 0\n    \
             on conflict (run_id, source, target) do update\n    set {adds}\n)\n\
             select {target}::text as target, {sums}\nfrom {all_counted}",
            fates = self.fates_relation(),
            counted = counted.join(",\n        "),
            run = self.options.run_id,
            target = Literal::new(self.target.label()),
            sums = sums.collect::<Vec<_>>().join(", "),
            adds = adds.collect::<Vec<_>>().join(", "),
        )
    }
}
