//! Fates: the winner of every key against the row that is there, and from that the outcome of every candidate.
use super::order::First;
use super::standing::Standing;
use super::{Plan, judgements};

/// The temporary table of fates.
pub(super) const TABLE: &str = "pg_temp.etl_fates";

impl Plan<'_> {
    /// Whether some key has more than one record that could win: only then there is something to choose.
    pub fn contests(&self) -> String {
        // Values of a fixed width are sorted in a third of the time that grouping takes.
        let narrow = match self.key.columns.as_slice() {
            [only] => self.target.column(only).filter(|it| {
                it.sortable && !it.collatable && it.equality.operator.is_none() && it.base_type.is_none()
            }),
            _ => None,
        };
        match narrow {
            Some(key) => format!(
                "select count(*) <> count(distinct j.{})\nfrom {} as j\nwhere j.\"etl$rule\" is null",
                key.name,
                judgements::TABLE,
            ),
            None => format!("select exists (\n    {}\n)", self.contested_keys()),
        }
    }

    /// No key has. From now on every record that could win does.
    pub fn forget_contests(&mut self) {
        self.has_contests = false;
    }

    fn contested_keys(&self) -> String {
        format!(
            "select {key_j}\n    from {} as j\n    where j.\"etl$rule\" is null\n    group by {key_j}\n    having count(*) > 1",
            judgements::TABLE,
            key_j = self.key_of("j"),
        )
    }

    /// One row a candidate: its outcome, and `insert` or `update` in `action` for the winners that change the target.
    pub fn fates(&self) -> String {
        let parked = self.parent_rules();
        let overtaken = if parked.is_empty() { String::new() } else { self.overtaken(&parked) };
        let waits = match parked.is_empty() {
            true => String::new(),
            false => format!(
                "when j.\"etl$rule\" in ({parked}) then\n            \
                 case when o.\"etl$row\" is not null then 'superseded' else 'parked' end\n        "
            ),
        };
        let join_overtaken = match parked.is_empty() {
            true => "",
            false => "\nleft join overtaken as o on o.\"etl$row\" = j.\"etl$row\"",
        };
        let is_winner = self.is_winner();
        let (losers, join_losers, is_new, is_equal) = match self.has_contests {
            true => (
                self.losers(),
                "\nleft join loser as l on l.\"etl$row\" = j.\"etl$row\"",
                format!("{is_winner} and j.\"etl$action\" <> 'older' or l.is_new"),
                format!("{is_winner} and j.\"etl$action\" = 'same' or l.is_old or l.is_new"),
            ),
            false => {
                (String::new(), "", "j.\"etl$action\" <> 'older'".into(), "j.\"etl$action\" = 'same'".into())
            }
        };
        format!(
            "create temporary table etl_fates on commit drop as\n{deciding}{losers}{overtaken}\n\
             select\n    j.\"etl$row\",\n    j.\"etl$source\",\n    j.\"etl$line\",\n    j.\"etl$byte\",\n    j.\"etl$copies\",\n    \
             j.\"etl$quarantine_id\",\n    j.\"etl$rule\",\n    \
             case when {is_winner} and j.\"etl$action\" in ('insert', 'update') then j.\"etl$action\" end as action,\n    \
             j.\"etl$there\" as there,\n    {is_winner} as is_winner,\n    case\n        \
             {waits}when j.\"etl$rule\" is not null then 'rejected'\n        \
             when j.\"etl$quarantine_id\" is not null then\n            \
             case when {is_new} then 'promoted' else 'superseded' end\n        \
             when {is_winner} and j.\"etl$action\" = 'insert' then 'inserted'\n        \
             when {is_winner} and j.\"etl$action\" = 'update' then 'updated'\n        \
             when {is_equal} then 'unchanged'\n        else 'superseded'\n    end as outcome\n\
             from {judgements}{join_losers}{join_overtaken}",
            deciding = self.deciding(),
            judgements = self.ranked(),
        )
    }

    /// The judgements, with what makes the winners of contested keys known.
    fn ranked(&self) -> String {
        match self.has_contests {
            true => format!(
                "{} as j\nleft join contested as k on {}\nleft join best as b on b.\"etl$row\" = j.\"etl$row\"",
                judgements::TABLE,
                self.same_key("k", "j"),
            ),
            false => format!("{} as j", judgements::TABLE),
        }
    }

    /// Whether a judgement is that of its key's winner.
    fn is_winner(&self) -> String {
        match self.has_contests {
            true => format!(
                "(j.\"etl$rule\" is null and (k.{} is null or b.\"etl$row\" is not null))",
                self.key.columns[0]
            ),
            false => "j.\"etl$rule\" is null".into(),
        }
    }

    /// Those that could have won: whether they equal the row that was there, and the one that will be.
    fn losers(&self) -> String {
        format!(
            ",\nloser as (\n    select\n        s.\"etl$row\",\n        coalesce({same_s_t}, false) as is_old,\n        \
             case when d.\"etl$action\" in ('insert', 'update') then {same_s_b} else coalesce({same_s_t}, false) end as is_new\n    \
             from contender as s\n    join best as b on {b_s}\n    join {judgements} as d on d.\"etl$row\" = b.\"etl$row\"\n    \
             left join {target} as t on {t_s}\n    where s.\"etl$row\" <> b.\"etl$row\"\n)",
            judgements = judgements::TABLE,
            target = self.target.name,
            t_s = self.same_key("t", "s"),
            b_s = self.same_key("b", "s"),
            same_s_t = self.same_row("s", "t"),
            same_s_b = self.same_row("s", "b"),
        )
    }

    /// The winner of every key and what it does: the steps `standing` to `decided`, to be followed by others.
    pub(super) fn deciding(&self) -> String {
        let contest = match self.has_contests {
            true => format!(
                "contested as (\n    {contested}\n),\n\
                 contender as materialized (\n    select s.*\n    from {judgements} as j\n    join contested as k on {k_j}\n    \
                 join standing as s on s.\"etl$row\" = j.\"etl$row\"\n    where j.\"etl$rule\" is null\n),\n\
                 best as (\n    select distinct on ({key_s}) s.*\n    from contender as s\n    order by {order}\n),\n",
                contested = self.contested_keys(),
                judgements = judgements::TABLE,
                key_s = self.key_of("s"),
                k_j = self.same_key("k", "j"),
                order = self.winner_first("s"),
            ),
            false => String::new(),
        };
        format!(
            "with standing as not materialized (\n    {standing}\n),\n{contest}\
             decided as (\n    select j.\"etl$row\", j.\"etl$action\" as action\n    \
             from {judgements}\n    where {is_winner}\n)",
            standing = self.standing(Standing::OnTarget),
            judgements = self.ranked().replace('\n', "\n    "),
            is_winner = self.is_winner(),
        )
    }

    /// What a candidate would do if it won: `t` is the row of the target that has its key.
    pub(super) fn action(&self) -> String {
        format!(
            "case\n        when c.\"etl$broken\" is not null then null\n        when t.ctid is null then 'insert'\n        \
             when {} then 'same'\n        {}else 'update'\n    end",
            self.same_row("c", "t"),
            match self.version() {
                Some(_) => format!("when {} then 'older'\n        ", self.ranks_at_least("t", "c")),
                None => String::new(),
            },
        )
    }

    /// Parked records that wait in vain: their key is settled by a newer version, or without versions by a later record.
    fn overtaken(&self, parked: &str) -> String {
        let is_greater = match self.version() {
            Some(version) => format!(
                "case when d.action in ('insert', 'update') then {} else {} end",
                newer(&format!("w.{version}"), &format!("s.{version}")),
                newer(&format!("t.{version}"), &format!("s.{version}")),
            ),
            None => format!("row({}) > row({})", came_at("w"), came_at("s")),
        };
        format!(
            ",\novertaken as (\n    select s.\"etl$row\"\n    from {judgements} as j\n    \
             join standing as s on s.\"etl$row\" = j.\"etl$row\"\n    left join (\n        \
             decided as d\n        join standing as w on w.\"etl$row\" = d.\"etl$row\"\n    ) on {w_s}\n    \
             left join {target} as t on {t_s}\n    where j.\"etl$rule\" in ({parked})\n        and {is_greater}\n)",
            judgements = judgements::TABLE,
            target = self.target.name,
            w_s = self.same_key("w", "s"),
            t_s = self.same_key("t", "s"),
        )
    }

    /// The numbers of the rules that park instead of rejecting.
    pub(super) fn parent_rules(&self) -> String {
        let rules = self.rules();
        let parents =
            rules.iter().enumerate().filter(|(_, rule)| matches!(rule, super::rules::Rule::Parent(_)));
        parents.map(|(index, _)| (index + 1).to_string()).collect::<Vec<_>>().join(", ")
    }

    /// The order in which the first of a key is its winner.
    fn winner_first(&self, alias: &str) -> String {
        let columns: Vec<_> =
            self.target.columns.iter().filter(|column| column.generated.is_none()).collect();
        let retried = format!("{alias}.\"etl$quarantine_id\" is not null");
        let order = self.order(alias, &columns, &retried, First::Greatest);
        match self.candidate().rank {
            // Where filling has settled the ranks, they stand.
            Some(_) => format!("{}, {alias}.\"etl$rank\" desc nulls last, {order}", self.key_of(alias)),
            None => format!("{}, {order}", self.key_of(alias)),
        }
    }
}

/// Whether a version is newer than another: null is lowest.
pub(super) fn newer(left: &str, right: &str) -> String {
    format!("coalesce({left} > {right}, {left} is not null and {right} is null)")
}

/// Whether a version is as new as another, or newer: null is lowest.
pub(super) fn at_least(left: &str, right: &str) -> String {
    format!("coalesce({left} >= {right}, {right} is null)")
}

/// Where a candidate came, comparable as a row.
pub(super) fn came_at(alias: &str) -> String {
    format!(
        "{alias}.\"etl$run\", {alias}.\"etl$source\", coalesce({alias}.\"etl$line\", 0), \
         coalesce({alias}.\"etl$byte\", 0), {alias}.\"etl$row\""
    )
}
