//! Contests: keys with several records that could win, and which of them does.
//!
//! Most deliveries have few, many none. Those who contend for a key are a table of their own, so that the optimiser knows how
//! few they are: as a part of the fates' statement they were taken for 3 where they were 3,600, and compared each with each.
use super::order::First;
use super::standing::Standing;
use super::{Made, Plan, judgements};

/// The temporary table of those who contend for a contested key: their rows, what each would do, and whether it wins.
pub(super) const TABLE: &str = "pg_temp.etl_contenders";

/// The temporary table of those who lost, once nobody is refused any more.
pub(super) const LOSERS: &str = "pg_temp.etl_losers";

impl Plan<'_> {
    /// Takes the contenders away, to be made again when somebody was refused.
    pub fn no_contenders(&self) -> String {
        format!("drop table if exists {TABLE}")
    }

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

    /// Lets those of each contested key contend; none where no key is contested.
    pub fn contenders(&self) -> Option<Made> {
        let key = self.key_of_bare();
        self.has_contests.then(|| {
            Made {
                table: format!(
                    "create temporary table etl_contenders on commit drop as\nwith standing as not materialized (\n    {standing}\n),\n\
                     contested as (\n    {contested}\n)\n\
                     select\n    s.*,\n    j.\"etl$action\",\n    \
                     row_number() over (partition by {key_s} order by {order}) = 1 as \"etl$is_best\"\n\
                     from {judgements} as j\njoin contested as k on {k_j}\njoin standing as s on s.\"etl$row\" = j.\"etl$row\"\n\
                     where j.\"etl$rule\" is null",
                    standing = self.standing(Standing::OnTarget),
                    contested = self.contested_keys(),
                    key_s = self.key_of("s"),
                    order = self.winner_first("s"),
                    judgements = judgements::TABLE,
                    k_j = self.same_key("k", "j"),
                ),
                statistics: format!("analyze {TABLE} ({key}, \"etl$row\", \"etl$is_best\")"),
            }
        })
    }

    /// The judgements, and of those who contend whether they win.
    fn ranked(&self) -> String {
        match self.has_contests {
            true => {
                format!("{} as j\nleft join {TABLE} as k on k.\"etl$row\" = j.\"etl$row\"", judgements::TABLE)
            }
            false => format!("{} as j", judgements::TABLE),
        }
    }

    /// Whether a judgement is that of its key's winner.
    fn is_winner(&self) -> String {
        match self.has_contests {
            true => "(j.\"etl$rule\" is null and coalesce(k.\"etl$is_best\", true))".into(),
            false => "j.\"etl$rule\" is null".into(),
        }
    }

    /// Those who lose: whether they equal the row that was there, and the one that will be. None where no key is contested.
    pub(super) fn losers(&self) -> Option<Made> {
        self.has_contests.then(|| {
            Made {
                table: format!(
                    "create temporary table etl_losers on commit drop as\nselect\n    s.\"etl$row\",\n    s.\"etl$action\" = 'same' as is_old,\n    \
                     case when b.\"etl$action\" in ('insert', 'update') then {same_s_b} else s.\"etl$action\" = 'same' end as is_new\n\
                     from {TABLE} as s\njoin {TABLE} as b on {b_s} and b.\"etl$is_best\"\nwhere not s.\"etl$is_best\"",
                    b_s = self.same_key("b", "s"),
                    same_s_b = self.same_row("s", "b"),
                ),
                statistics: format!("analyze {LOSERS}"),
            }
        })
    }

    /// The judgements of those who win their key.
    pub(super) fn winners(&self) -> String {
        format!(
            "(\n    select j.*\n    from {}\n    where {}\n)",
            self.ranked().replace('\n', "\n    "),
            self.is_winner()
        )
    }

    /// The winner of every key and what it does, as the steps `standing` and `decided` of a statement.
    pub(super) fn deciding(&self) -> String {
        format!(
            "standing as not materialized (\n    {standing}\n),\n\
             decided as (\n    select j.\"etl$row\", j.\"etl$action\" as action\n    from {judgements}\n    where {is_winner}\n)",
            standing = self.standing(Standing::OnTarget),
            judgements = self.ranked().replace('\n', "\n    "),
            is_winner = self.is_winner(),
        )
    }

    /// The order in which the first of a key is its winner.
    fn winner_first(&self, alias: &str) -> String {
        let columns: Vec<_> =
            self.target.columns.iter().filter(|column| column.generated.is_none()).collect();
        let retried = format!("{alias}.\"etl$quarantine_id\" is not null");
        let order = self.order(alias, &columns, &retried, First::Greatest);
        match self.candidate().rank {
            // Where filling has settled the ranks, they stand.
            Some(_) => format!("{alias}.\"etl$rank\" desc nulls last, {order}"),
            None => order,
        }
    }
}
