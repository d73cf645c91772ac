//! Unique values beside the key: which winners collide, with a row that is there or with each other.
//!
//! A value that a row of the target holds is its own, unless an accepted update of the run moves the row away. Between two
//! staged rows the one that came first has it. A row that takes a value from one that itself takes another's (a chain, or
//! a swap) is refused. Refusing changes who wins, so winners are made anew until nobody is refused.
use super::super::name::{Ident, Literal};
use super::super::table::{Child, Parent, Unique};
use super::fates::came_at;
use super::judgements::{is_whole, refers};
use super::rules::Rule;
use super::{Plan, judgements};

/// The temporary table of winners that write.
const WRITES: &str = "pg_temp.etl_writes";

/// The temporary table of winners that were refused, with what is said of each: (place, message).
pub(super) const REFUSED: &str = "pg_temp.etl_refused";

/// The temporary table of winners that take what another gives up: (place).
pub(super) const WAITS: &str = "pg_temp.etl_waits";

impl Plan<'_> {
    /// Whether rows of different keys can stand in each other's way.
    pub fn can_collide(&self) -> bool {
        self.uniques().next().is_some()
            || self.children().next().is_some()
            || self.inner_references().next().is_some()
    }

    /// Makes the table of what is said of those who are refused.
    pub fn no_refused(&self) -> &'static str {
        "create temporary table etl_refused (place tid, message text) on commit drop"
    }

    /// The winners that would write, with what they would hold.
    pub fn writes(&self) -> String {
        let mut columns: Vec<String> =
            ["row", "run", "source", "line", "byte", "action"].map(|it| format!("\"etl${it}\"")).into();
        let mut names: Vec<&Ident> = self.key.columns.iter().collect();
        let referred = self.children().flat_map(|child| &child.referred);
        let inner = self.inner_references().flat_map(|parent| parent.columns.iter().chain(&parent.referred));
        for name in referred.chain(inner) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        columns.extend(names.iter().map(ToString::to_string));
        for (index, unique) in self.uniques().enumerate() {
            columns.extend(self.held(index, unique));
        }
        // A key stands where the first of its records stood that could win, or the winner's place would decide over others.
        let first = ["run", "source", "line", "byte", "row"];
        columns.extend(first.map(|it| format!("\"etl$first_{it}\"")));
        format!(
            "create temporary table etl_writes on commit drop as\nwith {},\nfirst as (\n    select distinct on ({key_j}) {key_j}, {first_j}\n    \
             from {judgements} as j\n    where j.\"etl$rule\" is null\n    order by {key_j}, {came_j}\n)\n\
             select\n    {}\nfrom (\n    select s.*, d.action as \"etl$action\", {first_e}\n    \
             from decided as d\n    join standing as s on s.\"etl$row\" = d.\"etl$row\"\n    join first as e on {e_s}\n    \
             where d.action in ('insert', 'update')\n) as {}",
            self.deciding(),
            columns.join(",\n    "),
            self.target.name.name,
            key_j = self.key_of("j"),
            first_j = first.map(|it| format!("j.\"etl${it}\"")).join(", "),
            first_e = first.map(|it| format!("e.\"etl${it}\" as \"etl$first_{it}\"")).join(", "),
            judgements = judgements::TABLE,
            came_j = came_at("j"),
            e_s = self.same_key("e", "s"),
        )
    }

    /// Refuses the winners that cannot have what they would hold, those first who are in nobody else's gift.
    pub fn refuse(&self) -> String {
        let mut steps = vec![self.claims()];
        let mut conflicts = vec![
            "select c.rule, c.place, 1 as phase, c.message\n    from claim as c\n    where c.mover is null".to_string(),
            "select\n        c.rule,\n        c.place,\n        3,\n        c.message || ', which changes in the same run: swaps and chains are refused'\n    \
             from claim as c\n    where c.mover in (select o.place from claim as o)"
                .to_string(),
        ];
        let rules = self.rules();
        let mut uniques = 0;
        let mut rivals = Vec::new();
        for (number, rule) in (1..).zip(&rules) {
            match rule {
                Rule::Unique(unique) => {
                    rivals.push(self.rivals(number, uniques, unique));
                    uniques += 1;
                }
                Rule::Child(child) => conflicts.push(self.referred_to(number, child)),
                Rule::Parent(parent)
                    if self.inner_references().any(|it| it.constraint == parent.constraint) =>
                {
                    conflicts.push(self.left_alone(number, parent));
                }
                _ => {}
            }
        }
        if !rivals.is_empty() {
            steps.push(format!("rival as (\n    {}\n)", rivals.join("\n    union all\n    ")));
            // One who loses himself is in nobody's way any more: the next round tells.
            conflicts.push(
                "select r.rule, r.place, 2, r.message\n    from rival as r\n    where r.first not in (select o.place from rival as o)"
                    .into(),
            );
        }
        steps.push(format!("conflict as (\n    {}\n)", conflicts.join("\n    union all\n    ")));
        format!(
            "with {},\nrefused as (\n    select distinct on (c.place) c.place, c.rule, c.message\n    from conflict as c\n    \
             where c.phase = (select min(phase) from conflict)\n    order by c.place, c.rule\n),\n\
             explained as (\n    insert into {REFUSED}\n    select r.place, r.message\n    from refused as r\n    where r.message is not null\n)\n\
             update {} as j\nset \"etl$rule\" = r.rule\nfrom refused as r\nwhere j.\"etl$row\" = r.place",
            steps.join(",\n"),
            judgements::TABLE,
        )
    }

    /// The winners that have to wait for another to move away.
    pub fn waits(&self) -> String {
        format!(
            "create temporary table etl_waits on commit drop as\nwith {}\nselect distinct c.place\nfrom claim as c",
            self.claims()
        )
    }

    /// Winners that would hold what a row of the target holds, and the winner that moves that row away, if one does.
    fn claims(&self) -> String {
        let rules = self.rules();
        let numbers = (1..).zip(&rules).filter(|(_, rule)| matches!(rule, Rule::Unique(_)));
        let claims = self.uniques().enumerate().zip(numbers).map(|((index, unique), (number, _))| {
            let h = self.held_there(index, unique);
            format!(
                "select\n        {number} as rule,\n        w.\"etl$row\" as place,\n        m.\"etl$row\" as mover,\n        \
                 {message} as message\n    from {WRITES} as w\n    join (\n        {h}\n    ) as h on {h_w} and not ({key_h_w})\n    \
                 left join {WRITES} as m on {m_h} and m.\"etl$action\" = 'update' and not (m.\"etl$p{index}\" and {same_m_h})\n    \
                 where {holds}",
                message = self.held_by("h", "is held by"),
                h_w = collides(index, unique, "h", "w"),
                key_h_w = self.same_key("h", "w"),
                m_h = self.same_key("m", "h"),
                same_m_h = same_values(index, unique, "m", "h"),
                holds = holds(index, unique, "w"),
            )
        });
        let claims = claims.collect::<Vec<_>>();
        match claims.is_empty() {
            true => "claim as (\n    select 0 as rule, null::tid as place, null::tid as mover, null::text as message\n    where false\n)".into(),
            false => format!("claim as (\n    {}\n)", claims.join("\n    union all\n    ")),
        }
    }

    /// What rows of the target hold.
    fn held_there(&self, index: usize, unique: &Unique) -> String {
        let mut columns: Vec<String> = self.key.columns.iter().map(ToString::to_string).collect();
        columns.extend(self.held(index, unique));
        let predicate = unique.predicate.as_ref().map_or(String::new(), |it| format!("\n        where {it}"));
        format!(
            "select\n            {}\n        from {} as {}{predicate}",
            columns.join(",\n            "),
            self.target.name,
            self.target.name.name,
        )
    }

    /// What a row holds in an index: whether the predicate lets it in, and its values. A domain's are of the type beneath.
    fn held(&self, index: usize, unique: &Unique) -> Vec<String> {
        let predicate =
            unique.predicate.as_ref().map_or("true".into(), |it| format!("coalesce({it}, false)"));
        let values = unique.values.iter().enumerate().map(|(value, it)| {
            let column = it.column.as_ref().and_then(|name| self.target.column(name));
            let bare = match column.and_then(|column| column.base_type.as_ref()) {
                Some(base) => format!("{}::{base}", it.expression),
                None if it.column.is_none() => unique.within(&it.expression),
                None => it.expression.clone(),
            };
            format!("{} as \"etl$u{index}_{value}\"", it.equality.collated(&bare))
        });
        std::iter::once(format!("{predicate} as \"etl$p{index}\"")).chain(values).collect()
    }

    /// Winners that would hold what one that came earlier would hold.
    fn rivals(&self, number: i32, index: usize, unique: &Unique) -> String {
        let values = (0..unique.values.len()).map(|value| format!("w.\"etl$u{index}_{value}\""));
        format!(
            "select {number} as rule, r.place, r.first, {message} as message\n    from (\n        select\n            w.\"etl$row\" as place,\n            \
             first_value(w.\"etl$row\") over same as first\n        from {WRITES} as w\n        where {holds}\n        \
             window same as (partition by {values} order by {came})\n    ) as r\n    join {WRITES} as h on h.\"etl$row\" = r.first\n    \
             where r.place <> r.first",
            message = self.held_by("h", "is taken by"),
            holds = holds(index, unique, "w"),
            values = values.collect::<Vec<_>>().join(", "),
            came = "w.\"etl$first_run\", w.\"etl$first_source\", coalesce(w.\"etl$first_line\", 0), \
                    coalesce(w.\"etl$first_byte\", 0), w.\"etl$first_row\"",
        )
    }

    /// Updates that would change what rows refer to which stay as they are.
    fn referred_to(&self, number: i32, child: &Child) -> String {
        let pairs = child.columns.iter().zip(&child.referred);
        let refers =
            pairs.map(|(from, to)| self.equality(to).equal(&format!("t.{to}"), &format!("k.{from}")));
        let refers = refers.collect::<Vec<_>>().join(" and ");
        let own = match child.itself {
            true => format!(
                "\n                and not exists (select from {WRITES} as x where {})",
                self.same_key("x", "k")
            ),
            false => String::new(),
        };
        format!(
            "select {number}, w.\"etl$row\", 1, null\n    from {WRITES} as w\n    join {target} as t on {t_w}\n    \
             where w.\"etl$action\" = 'update'\n        and not ({same})\n        and exists (\n                select\n                \
             from {child} as k\n                where {refers}{own}\n        )",
            target = self.target.name,
            t_w = self.same_key("t", "w"),
            same = self.same_columns(&child.referred, "t", "w"),
            child = child.table,
        )
    }

    /// Winners that refer, within the table, to what neither a winner nor a row that stays would hold: they wait.
    fn left_alone(&self, number: i32, parent: &Parent) -> String {
        format!(
            "select {number}, w.\"etl$row\", 1, null\n    from {WRITES} as w\n    where {whole}\n        \
             and not exists (select from {WRITES} as x where {refers_x})\n        and not exists (\n            select\n            \
             from {target} as h\n            where {refers_h}\n                and not exists (\n                    select\n                    \
             from {WRITES} as m\n                    where {m_h}\n                        and m.\"etl$action\" = 'update'\n                        \
             and not ({same})\n                )\n        )",
            whole = is_whole(parent, "w"),
            refers_x = refers(parent, "w", "x"),
            refers_h = refers(parent, "w", "h"),
            target = self.target.name,
            m_h = self.same_key("m", "h"),
            same = self.same_columns(&parent.referred, "m", "h"),
        )
    }

    fn same_columns(&self, names: &[Ident], left: &str, right: &str) -> String {
        let same = names
            .iter()
            .map(|name| self.equality(name).same(&format!("{left}.{name}"), &format!("{right}.{name}")));
        same.collect::<Vec<_>>().join(" and ")
    }

    /// `the value is held by demo.people (person_id)=(7)`
    fn held_by(&self, alias: &str, verb: &str) -> String {
        let names = self.key.columns.iter().map(Ident::as_str).collect::<Vec<_>>().join(", ");
        let values = self.key.columns.iter().map(|name| format!("{alias}.{name}"));
        format!(
            "{} || concat_ws(', ', {}) || ')'",
            Literal::new(format!("the value {verb} {} ({names})=(", self.target.label())),
            values.collect::<Vec<_>>().join(", ")
        )
    }
}

/// Whether a row holds a value that others can collide with.
fn holds(index: usize, unique: &Unique, alias: &str) -> String {
    let mut parts = vec![format!("{alias}.\"etl$p{index}\"")];
    if !unique.nulls_collide {
        parts.extend(
            (0..unique.values.len()).map(|value| format!("{alias}.\"etl$u{index}_{value}\" is not null")),
        );
    }
    parts.join(" and ")
}

/// Whether two rows hold the same, as a condition to join by.
fn collides(index: usize, unique: &Unique, left: &str, right: &str) -> String {
    let value = |alias: &str, value: usize| format!("{alias}.\"etl$u{index}_{value}\"");
    if unique.nulls_collide {
        // Records compare nulls as equal, and can be hashed, which `is not distinct from` cannot.
        let row = |alias: &str| {
            let values = (0..unique.values.len()).map(|it| value(alias, it)).collect::<Vec<_>>();
            format!("array[row({})]", values.join(", "))
        };
        return format!("{} = {}", row(left), row(right));
    }
    let pairs = unique.values.iter().enumerate();
    pairs
        .map(|(it, of)| of.equality.equal(&value(left, it), &value(right, it)))
        .collect::<Vec<_>>()
        .join(" and ")
}

/// Whether two rows hold the same, nulls included.
fn same_values(index: usize, unique: &Unique, left: &str, right: &str) -> String {
    let value = |alias: &str, value: usize| format!("{alias}.\"etl$u{index}_{value}\"");
    let pairs = unique.values.iter().enumerate();
    pairs
        .map(|(it, of)| of.equality.same(&value(left, it), &value(right, it)))
        .collect::<Vec<_>>()
        .join(" and ")
}
