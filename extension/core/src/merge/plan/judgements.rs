//! Judgements: for each candidate its key, and the number of the first rule that it breaks.
use super::super::name::Literal;
use super::super::table::Parent;
use super::rules::Rule;
use super::{Plan, candidates};

/// The temporary table of judgements.
pub(super) const TABLE: &str = "pg_temp.etl_judgements";

/// What a candidate is judged by where it lacks a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// By what it says alone, to see whether it may give to others: what it lacks counts as null and is excused.
    ByItself,
    /// As the row would stand: what it lacks is taken from the row that is there, or its default.
    OnTarget,
}

impl Plan<'_> {
    /// The candidates as rows that would stand: columns that are lacking keep what is there, or take their default.
    ///
    /// Defaults that call functions are left to the insert, so that judging uses up no sequence value.
    pub(super) fn standing(&self, standing: Standing) -> String {
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
        for column in &self.target.columns {
            let name = &column.name;
            let given = self.columns.iter().any(|it| it.name == *name);
            let simple = column.default.as_deref().filter(|default| !default.contains('('));
            let default = simple.unwrap_or("null");
            let there = match standing {
                Standing::OnTarget => {
                    format!(
                        "case when t.ctid is not null then t.{name} else {default}::{} end",
                        column.type_name
                    )
                }
                Standing::ByItself => format!("null::{}", column.type_name),
            };
            columns.push(match (given, &c.absent) {
                (true, Some(absent)) if self.is_partial(column) => {
                    let lacks = format!("coalesce({} = any ({absent}), false)", Literal::new(name.as_str()));
                    format!("case when {lacks} then {there} else c.{name} end as {name}")
                }
                (true, _) => format!("c.{name}"),
                (false, _) => format!("{there} as {name}"),
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
        format!("select\n        {}\n    {from}", columns.join(",\n        "))
    }

    /// Judges every candidate: alone first, then by its parents in other tables.
    pub fn judgements(&self, standing: Standing) -> String {
        let mut alone = Vec::new();
        let mut parents = Vec::new();
        let mut joins = Vec::new();
        for (index, rule) in self.rules().iter().enumerate() {
            let number = index + 1;
            match rule {
                Rule::Readable if self.candidate().problem.is_some() => {
                    alone.push(format!("when \"etl$problem\" is not null then {number}"));
                }
                Rule::Readable => {}
                Rule::NotNull(column) => {
                    let name = &column.name;
                    let excused = match standing {
                        Standing::ByItself if !self.columns.iter().any(|it| it.name == *name) => continue,
                        Standing::ByItself if self.is_partial(column) => {
                            let literal = Literal::new(name.as_str());
                            format!(" and not coalesce({literal} = any (\"etl$absent\"), false)")
                        }
                        // Its default calls a function, which the insert is to do.
                        Standing::OnTarget if self.is_partial(column) && column.default.is_some() => {
                            let literal = Literal::new(name.as_str());
                            format!(
                                " and not (coalesce({literal} = any (\"etl$absent\"), false) and not \"etl$is_there\")"
                            )
                        }
                        _ => String::new(),
                    };
                    alone.push(format!("when {name} is null{excused} then {number}"));
                }
                Rule::Check(check) => alone.push(format!("when not ({}) then {number}", check.expression)),
                Rule::Parent(parent) if !parent.itself => {
                    let alias = format!("p{number}");
                    joins.push(format!(
                        "left join {} as {alias} on {}",
                        parent.table,
                        refers(parent, "c", &alias)
                    ));
                    parents.push(format!(
                        "when {} and {alias}.{} is null then {number}",
                        is_whole(parent, "c"),
                        parent.referred[0]
                    ));
                }
                Rule::Parent(_) => {}
            }
        }
        let case = |whens: &[String], otherwise: &str| match whens.is_empty() {
            true => otherwise.to_string(),
            false => {
                format!(
                    "case\n            {}\n            else {otherwise}\n        end",
                    whens.join("\n            ")
                )
            }
        };
        format!(
            "create temporary table etl_judgements on commit drop as\nwith standing as (\n    {standing}\n),\n\
             checked as (\n    select\n        *,\n        {alone} as \"etl$broken\"\n    from standing as {alias}\n)\n\
             select\n    {kept},\n    (\n        {rule}\n    )::smallint as \"etl$rule\"\nfrom checked as c{joins}",
            standing = self.standing(standing),
            // The target's own name, so that a check that speaks of its whole row finds it.
            alias = self.target.name.name,
            alone = case(&alone, "null::integer"),
            kept = self.kept_columns().join(",\n    "),
            rule = case(
                &std::iter::once("when c.\"etl$broken\" is not null then c.\"etl$broken\"".to_string())
                    .chain(parents)
                    .collect::<Vec<_>>(),
                "null"
            ),
            joins = joins.iter().map(|join| format!("\n{join}")).collect::<String>(),
        )
    }

    /// What a judgement keeps of its candidate: where it came from, its key, its version, its references within the table.
    fn kept_columns(&self) -> Vec<String> {
        let meta = ["row", "run", "source", "line", "byte", "copies", "quarantine_id"];
        let references = self.target.parents.iter().filter(|parent| parent.itself);
        let mut names: Vec<_> = self.key.columns.iter().collect();
        for name in self
            .version()
            .into_iter()
            .chain(references.flat_map(|parent| parent.columns.iter().chain(&parent.referred)))
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let names = names.into_iter().map(|name| format!("c.{name}"));
        meta.map(|name| format!("c.\"etl${name}\"")).into_iter().chain(names).collect()
    }

    /// Tells the optimiser how many keys there are, and how many records of each: only what it plans by.
    pub fn analyze(&self) -> String {
        format!("analyze {TABLE} ({}, \"etl$row\", \"etl$rule\")", self.key_of_bare())
    }

    /// Parks candidates whose reference within the table is neither there nor among those still standing. To be
    /// repeated until it changes nothing: that is the greatest fixpoint. None where the table does not refer to itself.
    pub fn settle_references(&self) -> Option<String> {
        let mut whens = Vec::new();
        for (index, rule) in self.rules().iter().enumerate() {
            let Rule::Parent(parent) = rule else { continue };
            if !parent.itself {
                continue;
            }
            let number = index + 1;
            whens.push(format!(
                "when {whole}\n            and not exists (select from {target} as p where {to_target})\n            \
                 and not exists (select from {table} as p where p.\"etl$rule\" is null and {to_candidate})\n        then {number}",
                whole = is_whole(parent, "c"),
                target = self.target.name,
                to_target = refers(parent, "c", "p"),
                table = TABLE,
                to_candidate = refers(parent, "c", "p"),
            ));
        }
        if whens.is_empty() {
            return None;
        }
        Some(format!(
            "with orphan as (\n    select c.ctid as place, case\n        {}\n        end as rule\n    from {TABLE} as c\n    \
             where c.\"etl$rule\" is null\n)\nupdate {TABLE} as c\nset \"etl$rule\" = orphan.rule\nfrom orphan\n\
             where c.ctid = orphan.place and orphan.rule is not null",
            whens.join("\n        ")
        ))
    }

    /// Whether the staged relation itself serves as the candidates.
    pub(super) fn reads_staged_directly(&self) -> bool {
        self.candidate().relation != candidates::TABLE
    }
}

/// MATCH SIMPLE: a reference with a null in it asks for nothing.
pub(super) fn is_whole(parent: &Parent, alias: &str) -> String {
    let columns = parent.columns.iter().map(|column| format!("{alias}.{column} is not null"));
    columns.collect::<Vec<_>>().join(" and ")
}

/// `child` refers to `parent` by this foreign key.
pub(super) fn refers(parent: &Parent, child: &str, alias: &str) -> String {
    let pairs = parent.columns.iter().zip(&parent.referred);
    pairs.map(|(from, to)| format!("{alias}.{to} = {child}.{from}")).collect::<Vec<_>>().join(" and ")
}
