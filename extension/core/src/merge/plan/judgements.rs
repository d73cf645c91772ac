//! Judgements: for each candidate its key, and the number of the first rule that it breaks.
use super::super::equality::Equality;
use super::super::name::{Ident, Literal};
use super::super::table::Parent;
use super::rules::Rule;
use super::standing::Standing;
use super::{Plan, Rows, candidates, faults, lacks};

/// The temporary table of judgements.
pub(super) const TABLE: &str = "pg_temp.etl_judgements";

impl Plan<'_> {
    /// Judges every candidate: alone first, then by its parents in other tables.
    pub fn judgements(&self, standing: Standing) -> String {
        format!(
            "create temporary table etl_judgements on commit drop as\n{}",
            self.judged(standing, Rows::All)
        )
    }

    /// The same, empty, where a judgement raised: then it is filled by [`Plan::judge`].
    pub fn no_judgements(&self, standing: Standing) -> String {
        format!("{}\nwith no data", self.judgements(standing))
    }

    /// Judges some candidates.
    pub fn judge(&self, standing: Standing, rows: Rows) -> String {
        format!("insert into {TABLE}\n{}", self.judged(standing, rows))
    }

    /// The relation whose rows are judged.
    pub fn judged_relation(&self) -> String {
        self.candidate().relation
    }

    fn judged(&self, standing: Standing, rows: Rows) -> String {
        let mut alone = Vec::new();
        if self.has_faults {
            alone.push(format!("when {} then 1", faults::HAS_ONE));
        }
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
                        Standing::ByItself => self.excused(standing, name),
                        // Its default calls a function, which the insert is to do.
                        Standing::OnTarget if self.is_partial(column) && column.default.is_some() => {
                            format!(" and not ({} and not \"etl$is_there\")", lacks(column, "\"etl$absent\""))
                        }
                        _ => String::new(),
                    };
                    alone.push(format!("when {name} is null{excused} then {number}"));
                }
                Rule::Check(check) => alone.push(format!("when not ({}) then {number}", check.expression)),
                Rule::Partition(taken) => alone.push(format!("when not ({taken}) then {number}")),
                Rule::Full(parent) => {
                    let columns =
                        parent.columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                    let excused =
                        parent.columns.iter().map(|name| self.excused(standing, name)).collect::<String>();
                    alone.push(format!(
                        "when num_nulls({columns}) not in (0, {}){excused} then {number}",
                        parent.columns.len()
                    ));
                }
                Rule::Parent(parent) if !parent.itself => {
                    let alias = format!("p{number}");
                    joins.push(format!(
                        "left join {} as {alias} on {}",
                        parent.relation(),
                        refers(parent, "c", &alias)
                    ));
                    parents.push(format!(
                        "when {} and {alias}.{} is null then {number}",
                        is_whole(parent, "c"),
                        parent.referred[0]
                    ));
                }
                Rule::Parent(_) | Rule::Unique(_) | Rule::Child(_) => {}
            }
        }
        let action = match standing {
            Standing::ByItself => String::new(),
            Standing::OnTarget => {
                let target = &self.target.name;
                joins.push(format!("left join {target} as t on {}", self.same_key("t", "c")));
                format!(",\n    t.ctid as \"etl$there\",\n    {} as \"etl$action\"", self.action())
            }
        };
        let computed = self.computed();
        if !computed.is_empty() {
            // Never so: it is there to be evaluated, so that what raises does it here.
            alone.push(format!("when num_nulls({}) < 0 then 0", computed.join(", ")));
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
            "with standing as (\n    {standing}\n),\n\
             checked as (\n    select\n        *,\n        {alone} as \"etl$broken\"\n    from standing as {alias}\n)\n\
             select\n    {kept},\n    (\n        {rule}\n    )::smallint as \"etl$rule\"{action}\nfrom checked as c{joins}",
            standing = self.standing_of(standing, &self.judged_rows(standing, rows)),
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

    /// Which candidates are judged: by themselves only those who may give to others. Where the table refers to itself all are, for
    /// a reference asks who else stands.
    fn judged_rows(&self, standing: Standing, rows: Rows) -> String {
        let condition = rows.condition("c");
        if standing == Standing::OnTarget || self.target.parents.iter().any(|parent| parent.itself) {
            return condition;
        }
        let word = if condition.is_empty() { "where" } else { "    and" };
        format!("{condition}\n{word} {}", self.is_contested("c"))
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
        format!("analyze {TABLE} ({}, \"etl$row\", \"etl$rule\", \"etl$action\")", self.key_of_bare())
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

    /// ` and not ...` where a record that says nothing of the column is excused when it is judged by itself. Of a
    /// generated column it says nothing as long as it lacks any.
    fn excused(&self, standing: Standing, name: &Ident) -> String {
        if standing == Standing::OnTarget {
            return String::new();
        }
        let is_generated = self.target.column(name).is_some_and(|column| column.generated.is_some());
        match self.columns.iter().find(|column| column.name == *name) {
            Some(column) if self.is_partial(column) => {
                format!(" and not {}", lacks(column, "\"etl$absent\""))
            }
            Some(_) => String::new(),
            None if is_generated && self.lacking.is_empty() => {
                let version =
                    self.version().map_or("null".into(), |it| Literal::new(it.as_str()).to_string());
                format!(" and coalesce(cardinality(array_remove(\"etl$absent\", {version})), 0) = 0")
            }
            None => " and false".into(),
        }
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
    let plain = Equality::default();
    let pairs = parent.columns.iter().zip(&parent.referred).enumerate().map(|(index, (from, to))| {
        let equality = parent.equalities.get(index).unwrap_or(&plain);
        equality.equal(&format!("{alias}.{to}"), &format!("{child}.{from}"))
    });
    pairs.collect::<Vec<_>>().join(" and ")
}
