//! Candidates: what competes for the target's keys, typed.
//!
//! Where every staged column has the target's type, nothing is tried again and no record lacks a column, the staged
//! relation itself serves. Else a temporary table is made of it, with the text columns converted.
use super::super::name::{Ident, Literal};
use super::super::table::{Column, StagedColumn};
use super::Plan;

/// The temporary table, where there is one.
pub(super) const TABLE: &str = "pg_temp.etl_candidates";

/// Where the candidates stand and how each of their meta columns is written, with the alias `c`.
pub(super) struct Candidates {
    pub relation: String,
    pub run: String,
    pub source: String,
    pub line: String,
    pub byte: String,
    pub copies: String,
    pub problem: Option<String>,
    pub sqlstate: String,
    pub field: String,
    pub absent: Option<String>,
    /// Rank within the key where filling has settled it; greater wins.
    pub rank: Option<String>,
    pub quarantine_id: String,
}

/// Whether a staged column is text on its way into another type.
pub(super) fn is_converted(column: &Column, staged: &StagedColumn) -> bool {
    staged.type_name == "text" && column.type_name != "text"
}

impl Plan<'_> {
    pub(super) fn candidate(&self) -> Candidates {
        if self.is_materialised() {
            return Candidates {
                relation: TABLE.into(),
                run: "c.\"etl$run\"".into(),
                source: "c.\"etl$source\"".into(),
                line: "c.\"etl$line\"".into(),
                byte: "c.\"etl$byte\"".into(),
                copies: "c.\"etl$copies\"".into(),
                problem: Some("c.\"etl$problem\"".into()),
                sqlstate: "c.\"etl$sqlstate\"".into(),
                field: "c.\"etl$field\"".into(),
                absent: Some("c.\"etl$absent\"".into()),
                rank: Some("c.\"etl$rank\"".into()),
                quarantine_id: "c.\"etl$quarantine_id\"".into(),
            };
        }
        Candidates {
            relation: self.staged.name.to_string(),
            run: format!("{}::bigint", self.options.run_id),
            source: self.meta("source", "1::smallint"),
            line: self.meta("line", "null::bigint"),
            byte: self.meta("byte", "null::bigint"),
            copies: self.meta("copies", "1::bigint"),
            problem: self.staged.has_meta("problem", self.target).then(|| "c.problem".into()),
            sqlstate: self.meta("sqlstate", "null::text"),
            field: self.meta("field", "null::text"),
            absent: None,
            rank: None,
            quarantine_id: "null::bigint".into(),
        }
    }

    /// A meta column of the staged relation, or what stands for it, also where it is null.
    fn meta(&self, name: &str, otherwise: &str) -> String {
        match self.staged.has_meta(name, self.target) {
            true if otherwise.starts_with("null") => format!("c.{name}"),
            true => format!("coalesce(c.{name}, {otherwise})"),
            false => otherwise.into(),
        }
    }

    /// Makes the temporary table; none where the staged relation serves.
    pub fn candidates(&self) -> Option<String> {
        if !self.is_materialised() {
            return None;
        }
        let mut union = vec![self.typed_from_staged()];
        if self.options.retries {
            union.push(self.typed_from_quarantine());
        }
        Some(format!(
            "create temporary table etl_candidates on commit drop as\n{}",
            union.join("\nunion all\n")
        ))
    }

    fn typed_from_staged(&self) -> String {
        let mut faults = Vec::new();
        let mut reads = vec!["s.ctid as \"etl$staged\"".to_string(), "s.*".into()];
        let mut values = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            let name = &column.name;
            let Some(staged) = self.staged.column(name.as_str()) else {
                continue;
            };
            if !is_converted(column, staged) {
                values.push(format!("c.{name}"));
                continue;
            }
            let fault = format!("c.\"etl$fault{index}\"");
            reads.push(format!(
                "{}.etl_value_fault(s.{name}, {}) as \"etl$fault{index}\"",
                Ident::new(&self.options.extension_schema),
                Literal::new(&column.type_name)
            ));
            values
                .push(format!("case when {fault} is null then c.{name}::{} end as {name}", column.type_name));
            faults.push((fault, Literal::new(name.as_str())));
        }
        // A fault reads "22003 expected ...": its SQLSTATE and its sentence.
        let list = |start: String, each: &dyn Fn(&(String, Literal)) -> String| {
            let list = std::iter::once(start).chain(faults.iter().map(each)).collect::<Vec<_>>();
            format!("coalesce({}, null)", list.join(", "))
        };
        let problem = list(self.meta("problem", "null::text"), &|(fault, name)| {
            format!("{name} || ': ' || substr({fault}, 7)")
        });
        let sqlstate = list(self.meta("sqlstate", "null::text"), &|(fault, _)| format!("left({fault}, 5)"));
        let field = list(self.meta("field", "null::text"), &|(fault, name)| {
            format!("case when {fault} is not null then {name} end")
        });
        let own_problem = self.meta("problem", "null::text");
        format!(
            "select\n    {},\n    {}::bigint as \"etl$run\",\n    {}::smallint as \"etl$source\",\n    \
             {}::bigint as \"etl$line\",\n    {}::bigint as \"etl$byte\",\n    {}::bigint as \"etl$copies\",\n    \
             {problem} as \"etl$problem\",\n    {sqlstate} as \"etl$sqlstate\",\n    \
             case when {own_problem} is null then {field} else {} end as \"etl$field\",\n    \
             {}::text[] as \"etl$absent\",\n    null::bigint as \"etl$quarantine_id\",\n    c.\"etl$staged\",\n    null::bigint as \"etl$rank\"\n\
             from (select {} from {} as s offset 0) as c",
            values.join(",\n    "),
            self.options.run_id,
            self.meta("source", "1"),
            self.meta("line", "null"),
            self.meta("byte", "null"),
            self.meta("copies", "1"),
            self.meta("field", "null::text"),
            self.meta("absent", "null"),
            reads.join(", "),
            self.staged.name,
        )
    }

    /// Parked rows that are tried again, from the row they would have become. One that has columns which are not
    /// staged now waits for a run that stages them.
    fn typed_from_quarantine(&self) -> String {
        let values = self.columns.iter().map(|column| format!("p.{}", column.name));
        let names = self.columns.iter().map(|column| Literal::new(column.name.as_str()).to_string());
        let names = format!("array[{}]::text[]", names.collect::<Vec<_>>().join(", "));
        format!(
            "select\n    {},\n    q.first_run,\n    coalesce(q.source, 0::smallint),\n    q.line,\n    q.byte,\n    \
             q.copies,\n    null,\n    null,\n    null,\n    \
             array(select n from unnest({names}) as n where not q.parsed ? n),\n    \
             q.quarantine_id,\n    null,\n    null\nfrom etl.quarantine as q,\n    \
             jsonb_populate_record(null::{}, q.parsed) as p\nwhere {}\n    \
             and not exists (select from jsonb_object_keys(q.parsed) as k where k <> all ({names}))",
            values.collect::<Vec<_>>().join(",\n    "),
            self.target.name,
            self.is_waiting("q"),
        )
    }

    /// Which quarantined rows are parked for this target.
    fn is_waiting(&self, alias: &str) -> String {
        format!(
            "{alias}.dataset = {} and {alias}.target = {} and {alias}.outcome = 'parked' and {alias}.closed_run is null",
            Literal::new(&self.options.dataset),
            Literal::new(self.target.label()),
        )
    }
}
