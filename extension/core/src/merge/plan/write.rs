//! Writing: the winners that change the target.
use super::super::name::Literal;
use super::super::table::Column;
use super::{Plan, fates};

impl Plan<'_> {
    /// Changes the rows whose winner differs. A lacking column keeps what is there.
    pub fn update(&self) -> Option<String> {
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
             where f.action = 'update'\n    and {}",
            self.target.name,
            sets.join(",\n    "),
            fates::TABLE,
            self.candidate().relation,
            self.same_key("t", "c"),
        ))
    }

    /// Adds the rows that are new, in the order of the key. A lacking column takes its default.
    pub fn insert(&self) -> String {
        let names = self.columns.iter().map(|column| column.name.to_string());
        let values = self
            .columns
            .iter()
            .map(|column| self.or_if_lacking(column, column.default.as_deref().unwrap_or("null")));
        format!(
            "insert into {} ({})\noverriding system value\nselect\n    {}\nfrom {} as f\n\
             join {} as c on c.ctid = f.\"etl$row\"\nwhere f.action = 'insert'\norder by {}",
            self.target.name,
            names.collect::<Vec<_>>().join(", "),
            values.collect::<Vec<_>>().join(",\n    "),
            fates::TABLE,
            self.candidate().relation,
            self.key_of("c"),
        )
    }

    fn or_if_lacking(&self, column: &Column, otherwise: &str) -> String {
        let name = &column.name;
        match self.candidate().absent {
            Some(absent) if self.is_partial(column) => {
                let literal = Literal::new(name.as_str());
                format!(
                    "case when coalesce({literal} = any ({absent}), false) then {otherwise} else c.{name} end"
                )
            }
            _ => format!("c.{name}"),
        }
    }
}
