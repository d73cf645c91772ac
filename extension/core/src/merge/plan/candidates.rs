//! Candidates: what competes for the target's keys, typed.
//!
//! Where every staged column has the target's type, nothing is tried again and no record lacks a column, the staged
//! relation itself serves. Else a temporary table is made of it, with the text columns converted.
use super::super::name::Literal;
use super::reading::Reading;
use super::{LeftOut, Plan, Raised, Rows, changed};

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
    /// Names of the columns that could not be read.
    pub unreadable: Option<String>,
    /// Rank within the key where filling has settled it; greater wins.
    pub rank: Option<String>,
    pub quarantine_id: String,
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
                unreadable: Some("c.\"etl$unreadable\"".into()),
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
            problem: self.staged_meta("problem", "c"),
            sqlstate: self.meta("sqlstate", "null::text"),
            field: self.meta("field", "null::text"),
            absent: None,
            unreadable: None,
            rank: None,
            quarantine_id: "null::bigint".into(),
        }
    }

    /// A meta column of the staged relation, or what stands for it, also where it is null.
    fn meta(&self, name: &str, otherwise: &str) -> String {
        self.meta_of(name, otherwise, "c")
    }

    pub(super) fn meta_of(&self, name: &str, otherwise: &str, alias: &str) -> String {
        match self.staged_meta(name, alias) {
            Some(column) if otherwise.starts_with("null") => column,
            Some(column) => format!("coalesce({column}, {otherwise})"),
            None => otherwise.into(),
        }
    }

    /// Makes the temporary table, empty where reading may raise; none where the staged relation serves.
    pub fn candidates(&self) -> Option<String> {
        if !self.is_materialised() {
            return None;
        }
        let data = if self.reading_may_raise() { "\nwith no data" } else { "" };
        Some(format!(
            "create temporary table etl_candidates on commit drop as\n{}{data}",
            self.typed_from_staged(Rows::All, None)
        ))
    }

    /// Whether text is read by functions that may raise: then the table is filled by [`Plan::read`].
    pub fn reading_may_raise(&self) -> bool {
        self.risky_columns().next().is_some()
    }

    /// Reads some rows into the table; of rows that raised only what their reading cannot raise.
    pub fn read(&self, rows: Rows, raised: Option<&Raised>) -> String {
        format!("insert into {TABLE}\n{}", self.typed_from_staged(rows, raised))
    }

    fn typed_from_staged(&self, rows: Rows, raised: Option<&Raised>) -> String {
        let mut faults = Vec::new();
        let mut reads = vec!["s.ctid as \"etl$staged\"".to_string(), "s.*".into()];
        let mut values = Vec::new();
        let mut unread = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            let name = &column.name;
            let text = format!("c.{name}");
            let reading = self.reading(column);
            let literal = Literal::new(name.as_str());
            let value = match (reading, raised) {
                (Reading::AsIs, _) => text.clone(),
                (Reading::Strict, _) => format!("{text}::{}", column.type_name),
                (Reading::Domain(_) | Reading::Input, None) => self.by_input_unless_absent(column, &text),
                (Reading::Domain(_) | Reading::Input, Some(_)) => {
                    unread.push(literal.to_string());
                    format!("null::{}", column.carrier())
                }
            };
            let grammar = match reading {
                Reading::Strict => Some(column.type_name.as_str()),
                Reading::Domain(base) => Some(base),
                Reading::AsIs | Reading::Input => None,
            };
            let Some(grammar) = grammar else {
                values.push(format!("{} as {name}", column.equality.collated(&value)));
                continue;
            };
            let fault = format!("c.\"etl$fault{index}\"");
            reads.push(format!("{} as \"etl$fault{index}\"", self.fault(&format!("s.{name}"), grammar)));
            let value = column.equality.collated(&value);
            values.push(format!("case when {fault} is null then {value} end as {name}"));
            unread.push(format!("case when {fault} is not null then {literal} end"));
            faults.push((fault, literal));
        }
        // A fault reads "22003 expected ...": its SQLSTATE and its sentence.
        let last = |part: fn(&Raised) -> &str| {
            raised.map_or("null".to_string(), |raised| Literal::new(part(raised)).to_string())
        };
        let list = |start: String, each: &dyn Fn(&(String, Literal)) -> String, end: String| {
            let list = std::iter::once(start).chain(faults.iter().map(each)).chain([end]);
            format!("coalesce({})", list.collect::<Vec<_>>().join(", "))
        };
        let own_problem = self.meta("problem", "null::text");
        let problem = list(
            own_problem.clone(),
            &|(fault, name)| format!("{name} || ': ' || substr({fault}, 7)"),
            last(|raised| &raised.message),
        );
        let sqlstate = list(
            self.meta("sqlstate", "null::text"),
            &|(fault, _)| format!("left({fault}, 5)"),
            last(|raised| &raised.sqlstate),
        );
        let field = list(
            self.meta("field", "null::text"),
            &|(fault, name)| format!("case when {fault} is not null then {name} end"),
            raised
                .and_then(|raised| raised.field.as_deref())
                .map_or("null".into(), |name| Literal::new(name).to_string()),
        );
        // A replayed record stands where it stood when it first came.
        let place = match &self.options.replay {
            Some(_) => {
                ["run", "source", "line", "byte", "copies", "id"].map(|name| format!("c.\"etl$q_{name}\""))
            }
            None => [
                self.options.run_id.to_string(),
                self.meta("source", "1"),
                self.meta("line", "null"),
                self.meta("byte", "null"),
                self.meta("copies", "1"),
                "null".into(),
            ],
        };
        let [run, source, line, byte, copies, quarantine_id] = place;
        format!(
            "select\n    {},\n    {run}::bigint as \"etl$run\",\n    {source}::smallint as \"etl$source\",\n    \
             {line}::bigint as \"etl$line\",\n    {byte}::bigint as \"etl$byte\",\n    {copies}::bigint as \"etl$copies\",\n    \
             {problem} as \"etl$problem\",\n    {sqlstate} as \"etl$sqlstate\",\n    \
             case when {own_problem} is null then {field} else {} end as \"etl$field\",\n    \
             {}::text[] as \"etl$absent\",\n    array_remove(array[{}]::text[], null) as \"etl$unreadable\",\n    \
             {quarantine_id}::bigint as \"etl$quarantine_id\",\n    c.\"etl$staged\",\n    null::bigint as \"etl$rank\"\n\
             from (\n    select {}\n    from {}{}\n    offset 0\n) as c",
            values.join(",\n    "),
            self.meta("field", "null::text"),
            self.meta("absent", "null"),
            unread.join(", "),
            self.replayed_columns(reads).join(", "),
            self.staged_and_replayed(),
            self.read_rows(rows).replace('\n', "\n    "),
        )
    }

    /// Which staged rows are candidates.
    fn read_rows(&self, rows: Rows) -> String {
        match (rows, self.options.left_out) {
            (Rows::All, LeftOut::OfStaged) => {
                // In their order: the last thing that decides between two records is which came first.
                format!(
                    "\nwhere s.ctid in (\n    select x.place\n    from {} as x\n)\norder by s.ctid",
                    changed::TABLE
                )
            }
            _ => rows.condition("s"),
        }
    }
}
