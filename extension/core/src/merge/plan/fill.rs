//! Filling: what a record of a partial source lacks comes from the next-ranked record of its key.
use super::super::name::Literal;
use super::super::table::Column;
use super::{Plan, candidates, judgements, ranked};

impl Plan<'_> {
    /// Whether some key has several candidates of which one lacks a column: else there is nothing to fill.
    pub fn needs_filling(&self) -> Option<String> {
        if self.options.partial.is_empty() {
            return None;
        }
        let key = self.key_of("c");
        Some(format!(
            "select exists (\n    select from {} as c\n    group by {key}\n    \
             having count(*) > 1 and bool_or(cardinality(c.\"etl$absent\") > 0)\n)",
            candidates::TABLE
        ))
    }

    /// Fills the lacking columns of the candidates, after they were judged by themselves; none where no record lacks one.
    ///
    /// The row that is there stands in the chain of its key, so that what ranks below it gives nothing to what
    /// ranks above. Only keys with several candidates can change.
    pub fn fill(&self) -> Option<String> {
        let partial: Vec<&Column> = self.columns.iter().copied().filter(|c| self.is_partial(c)).collect();
        if partial.is_empty() {
            return None;
        }
        let names = |alias: &str| {
            let names = self.columns.iter().map(|column| format!("{alias}.{}", column.name));
            names.collect::<Vec<_>>().join(", ")
        };
        let key = self.key_of("k");
        let each = |join: &str, part: &dyn Fn(usize, &Column) -> String| {
            partial
                .iter()
                .enumerate()
                .map(|(index, column)| part(index, column))
                .collect::<Vec<_>>()
                .join(join)
        };
        let lacks = |alias: &str, column: &Column| {
            format!("coalesce({} = any ({alias}.\"etl$absent\"), false)", Literal::new(column.name.as_str()))
        };
        let groups = each(",\n        ", &|index, column| {
            format!(
                "count(*) filter (where k.\"etl$sound\" and not {}) over (partition by {key} order by k.\"etl$rank\") \
                 as \"etl$group{index}\"",
                lacks("k", column)
            )
        });
        // The first of a group is the record that gives.
        let values = each(",\n        ", &|index, column| {
            format!(
                "first_value(k.{name}) over (partition by {key}, k.\"etl$group{index}\" order by k.\"etl$rank\") \
                 as \"etl$value{index}\"",
                name = column.name,
            )
        });
        let sets = each(",\n    ", &|index, column| {
            format!(
                "{name} = case when {} and f.\"etl$group{index}\" > 0 then f.\"etl$value{index}\" else c.{name} end",
                lacks("f", column),
                name = column.name,
            )
        });
        let filled = each(", ", &|index, column| {
            format!("case when f.\"etl$group{index}\" > 0 then {} end", Literal::new(column.name.as_str()))
        });
        Some(format!(
            "with contested as (\n    select {key_of_c}\n    from {table} as c\n    group by {key_of_c}\n    \
             having count(*) > 1 and bool_or(cardinality(c.\"etl$absent\") > 0)\n),\n\
             chain as (\n    select c.ctid as \"etl$row\", {of_c}, c.\"etl$absent\", j.\"etl$rule\" is null as \"etl$sound\", \
             c.\"etl$quarantine_id\" is not null as \"etl$retried\", c.\"etl$run\", c.\"etl$source\", c.\"etl$line\", c.\"etl$byte\"\n    \
             from {table} as c\n    join contested as k on {k_c}\n    join {judgements} as j on j.\"etl$row\" = c.ctid\n    \
             union all\n    select null, {of_t}, null, true, true, -1, 0::smallint, 0, 0\n    from {target} as t\n    \
             join contested as k on {k_t}\n),\n\
             ranked as (\n    select k.*, row_number() over (partition by {key} order by {order}) as \"etl$rank\"\n    from chain as k\n),\n\
             grouped as (\n    select\n        k.*,\n        {groups}\n    from ranked as k\n),\n\
             filled as (\n    select\n        k.*,\n        {values}\n    from grouped as k\n)\n\
             update {table} as c\nset {sets},\n    \"etl$absent\" = array(\n        select n from unnest(c.\"etl$absent\") as n\n        \
             where n <> all (array_remove(array[{filled}]::text[], null))\n    )\nfrom filled as f\n\
             where c.ctid = f.\"etl$row\" and cardinality(c.\"etl$absent\") > 0",
            key_of_c = self.key_of("c"),
            table = candidates::TABLE,
            judgements = judgements::TABLE,
            target = self.target.name,
            of_c = names("c"),
            of_t = names("t"),
            k_c = self.same_key("k", "c"),
            k_t = self.same_key("k", "t"),
            order = self.ascending("k"),
        ))
    }

    /// The order of a key's records, lowest first, over the columns that are staged.
    fn ascending(&self, alias: &str) -> String {
        let came = ["\"etl$run\"", "\"etl$source\"", "\"etl$line\"", "\"etl$byte\"", "\"etl$row\""];
        let came = |direction: &str| came.map(|name| format!("{alias}.{name}{direction}")).join(", ");
        let Some(version) = self.version().and_then(|name| self.target.column(name)) else {
            return came("");
        };
        let content = std::iter::once(&version)
            .chain(&self.columns)
            .map(|column| format!("{} nulls first", ranked(column, alias)));
        let content = content.collect::<Vec<_>>().join(", ");
        format!("{content}, {alias}.\"etl$retried\" desc, {}", came(" desc"))
    }
}
