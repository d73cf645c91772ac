//! Standing: the rows that the candidates would become.
use super::super::table::Column;
use super::{Plan, faults, lacks};

/// What a candidate is judged by where it lacks a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// By what it says alone, to see whether it may give to others: what it lacks counts as null and is excused.
    ByItself,
    /// As the row would stand: what it lacks is taken from the row that is there, or its default.
    OnTarget,
}

impl Plan<'_> {
    /// The candidates as rows that would stand: columns that are lacking keep what is there, or take their default;
    /// generated ones are computed.
    ///
    /// Defaults that call functions other than `now()` are left to the insert, so that judging uses up no sequence value.
    pub(super) fn standing(&self, standing: Standing) -> String {
        self.standing_of(standing, "")
    }

    /// The same for the candidates that meet a condition, `where ...`.
    pub(super) fn standing_of(&self, standing: Standing, condition: &str) -> String {
        let given = self.given(standing, condition);
        let generated: Vec<&Column> =
            self.target.columns.iter().filter(|column| column.generated.is_some()).collect();
        if generated.is_empty() {
            return given;
        }
        // What cannot be read, or raised before, is not computed with.
        let mut sound = Vec::new();
        if self.candidate().problem.is_some() {
            sound.push("\"etl$problem\" is null".to_string());
        }
        if self.has_faults {
            sound.push(format!("not {}", faults::HAS_ONE));
        }
        let computed = generated.iter().map(|column| {
            let expression = column.generated.as_deref().unwrap_or("null");
            let value = match sound.is_empty() {
                true => format!("({expression})"),
                false => format!("case when {} then ({expression}) end", sound.join(" and ")),
            };
            format!("{} as {}", column.equality.collated(&value), column.name)
        });
        format!(
            "select\n        *,\n        {}\n    from (\n    {given}\n    ) as {}",
            computed.collect::<Vec<_>>().join(",\n        "),
            self.target.name.name,
        )
    }

    fn given(&self, standing: Standing, condition: &str) -> String {
        let c = self.candidate();
        let mut columns = vec![
            "c.ctid as \"etl$row\"".to_string(),
            format!("{} as \"etl$run\"", c.run),
            format!("{} as \"etl$source\"", c.source),
            format!("{} as \"etl$line\"", c.line),
            format!("{} as \"etl$byte\"", c.byte),
            format!("{} as \"etl$copies\"", c.copies),
            format!("{} as \"etl$quarantine_id\"", c.quarantine_id),
        ];
        columns.extend(c.rank.map(|rank| format!("{rank} as \"etl$rank\"")));
        columns.extend(c.problem.map(|problem| format!("{problem} as \"etl$problem\"")));
        for column in self.target.columns.iter().filter(|column| column.generated.is_none()) {
            let name = &column.name;
            let given = self.is_staged(name);
            let simple = column.default.as_deref().filter(|default| is_plain_default(default));
            let default = simple.unwrap_or("null");
            let there = match standing {
                Standing::OnTarget => {
                    format!(
                        "case when t.ctid is not null then t.{name} else {default}::{} end",
                        column.carrier()
                    )
                }
                Standing::ByItself => format!("null::{}", column.carrier()),
            };
            let value = match (given, &c.absent) {
                (true, Some(absent)) if self.is_partial(column) => {
                    let lacks = lacks(column, absent);
                    format!("case when {lacks} then {there} else c.{name} end")
                }
                (true, _) => format!("c.{name}"),
                (false, _) => there,
            };
            let is_plain = given && !value.starts_with("case") && column.equality.collation.is_none();
            columns.push(match is_plain {
                true => value,
                false => format!("{} as {name}", column.equality.collated(&value)),
            });
        }
        let mut from = format!("from {} as c", c.relation);
        if let Some(absent) = &c.absent {
            columns.push(format!("{absent} as \"etl$absent\""));
        }
        if standing == Standing::OnTarget && self.stands_on_target() {
            columns.push("t.ctid is not null as \"etl$is_there\"".into());
            let join = format!("left join {} as t on {}", self.target.name, self.same_key("t", "c"));
            from = format!("{from}\n    {join}");
        }
        format!(
            "select\n        {}\n    {from}{}",
            columns.join(",\n        "),
            condition.replace('\n', "\n    ")
        )
    }
}

/// Whether a default says the same whenever it is asked within a transaction: constants and `now()`.
pub(super) fn is_plain_default(default: &str) -> bool {
    let outside_literals = default.split('\'').step_by(2).collect::<String>();
    !outside_literals.replace("now()", "").contains('(')
}
