//! Filling: what a record of a partial source lacks comes from the next-ranked record of its key.
use super::super::name::Literal;
use super::super::table::Column;
use super::fates::at_least;
use super::order::First;
use super::{Made, Plan, candidates, judgements};

/// The temporary table of keys with several candidates of which one lacks a column.
const CONTESTED: &str = "pg_temp.etl_contested";

impl Plan<'_> {
    /// Finds the keys with several candidates of which one lacks a column: where there are none, there is nothing to fill.
    pub fn contested(&self) -> Option<Made> {
        if self.options.partial.is_empty() {
            return None;
        }
        let key = self.key_of("c");
        Some(Made {
            table: format!(
                "create temporary table etl_contested on commit drop as\nselect {key}\nfrom {} as c\ngroup by {key}\n\
                 having count(*) > 1 and bool_or(cardinality(c.\"etl$absent\") > 0)",
                candidates::TABLE
            ),
            statistics: format!("analyze {CONTESTED}"),
        })
    }

    /// Whether a candidate's key is one of them.
    pub(super) fn is_contested(&self, alias: &str) -> String {
        format!("exists (select from {CONTESTED} as k where {})", self.same_key("k", alias))
    }

    /// Fills the lacking columns of the candidates, after they were judged by themselves; none where no record lacks one.
    ///
    /// What is older than the row that is there gives nothing to what is not: then the row keeps what it has. The
    /// ranks stay with the candidates, because filling must not change who wins.
    pub fn fill(&self) -> Option<String> {
        let partial: Vec<&Column> = self.columns.iter().copied().filter(|c| self.is_partial(c)).collect();
        if partial.is_empty() {
            return None;
        }
        let names = self.columns.iter().map(|column| format!("c.{}", column.name));
        let each = |join: &str, part: &dyn Fn(usize, &Column) -> String| {
            let parts = partial.iter().enumerate().map(|(index, column)| part(index, column));
            parts.collect::<Vec<_>>().join(join)
        };
        let lacks = |alias: &str, column: &Column| super::lacks(column, &format!("{alias}.\"etl$absent\""));
        let key = self.key_of("k");
        let groups = each(",\n        ", &|index, column| {
            format!(
                "count(*) filter (where k.\"etl$sound\" and not {}) over (partition by {key} order by k.\"etl$rank\") \
                 as \"etl$group{index}\"",
                lacks("k", column)
            )
        });
        // The first of a group is the record that gives.
        let first = |value: &str, index: usize| {
            format!(
                "first_value({value}) over (partition by {key}, k.\"etl$group{index}\" order by k.\"etl$rank\")"
            )
        };
        let givers = each(",\n        ", &|index, column| {
            let found = match self.version() {
                Some(version) => format!(
                    "k.\"etl$group{index}\" > 0 and not (k.\"etl$is_there\" and {} and {})",
                    at_least(&format!("k.{version}"), "k.\"etl$version_there\""),
                    format_args!(
                        "not {}",
                        at_least(&first(&format!("k.{version}"), index), "k.\"etl$version_there\"")
                    ),
                ),
                None => format!("k.\"etl$group{index}\" > 0"),
            };
            format!(
                "{} as \"etl$value{index}\",\n        {found} as \"etl$found{index}\"",
                first(&format!("k.{}", column.name), index)
            )
        });
        let sets = each(",\n    ", &|index, column| {
            let name = &column.name;
            let lacks = lacks("f", column);
            format!(
                "{name} = case when {lacks} and f.\"etl$found{index}\" then f.\"etl$value{index}\" else c.{name} end"
            )
        });
        let filled = each(", ", &|index, column| {
            format!("case when f.\"etl$found{index}\" then {} end", Literal::new(column.name.as_str()))
        });
        let version_there = self.version().map(|version| format!("t.{version}")).unwrap_or("null".into());
        Some(format!(
            "with chain as (\n    select\n        c.ctid as \"etl$row\",\n        {names},\n        c.\"etl$absent\",\n        \
             j.\"etl$rule\" is null as \"etl$sound\",\n        c.\"etl$quarantine_id\" is not null as \"etl$retried\",\n        \
             c.\"etl$run\",\n        c.\"etl$source\",\n        c.\"etl$line\",\n        c.\"etl$byte\",\n        \
             t.ctid is not null as \"etl$is_there\",\n        {version_there} as \"etl$version_there\"\n    \
             from {table} as c\n    join {CONTESTED} as k on {k_c}\n    join {judgements} as j on j.\"etl$row\" = c.ctid\n    \
             left join {target} as t on {t_c}\n),\n\
             ranked as (\n    select k.*, row_number() over (partition by {key} order by {order}) as \"etl$rank\"\n    from chain as k\n),\n\
             grouped as (\n    select\n        k.*,\n        {groups}\n    from ranked as k\n),\n\
             filled as (\n    select\n        k.*,\n        {givers}\n    from grouped as k\n)\n\
             update {table} as c\nset {sets},\n    \"etl$rank\" = f.\"etl$rank\",\n    \"etl$absent\" = array(\n        \
             select n from unnest(c.\"etl$absent\") as n\n        \
             where n <> all (array_remove(array[{filled}]::text[], null))\n    )\nfrom filled as f\n\
             where c.ctid = f.\"etl$row\"",
            names = names.collect::<Vec<_>>().join(",\n        "),
            table = candidates::TABLE,
            judgements = judgements::TABLE,
            target = self.target.name,
            k_c = self.same_key("k", "c"),
            t_c = self.same_key("t", "c"),
            order = self.order("k", &self.columns, "k.\"etl$retried\"", First::Least),
        ))
    }
}
