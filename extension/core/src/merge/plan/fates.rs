//! Fates: the winner of every key against the row that is there, and from that the outcome of every candidate.
use super::{Made, Plan, contests, judgements};

/// The temporary table of those fates that are the quarantine's business.
pub(super) const TABLE: &str = "pg_temp.etl_fates";

/// The temporary table of those who wait in vain.
const OVERTAKEN: &str = "pg_temp.etl_overtaken";

impl Plan<'_> {
    /// Whether some candidate broke a rule.
    pub fn broken(&self) -> String {
        format!("select exists (select from {} as j where j.\"etl$rule\" is not null)", judgements::TABLE)
    }

    /// None has. Then a candidate's outcome is what it would do, unless it lost its key to another.
    pub fn forget_broken(&mut self) {
        self.has_broken = false;
    }

    /// Makes the tables of those who lost, where keys are contested, and of those who wait in vain, where rules are broken. With them
    /// the judgements tell every candidate's fate.
    pub fn fates(&self) -> Vec<Made> {
        self.losers().into_iter().chain(self.overtaken()).collect()
    }

    /// The relation of fates: one row a candidate, its outcome, and `insert` or `update` in `action` for the winners that
    /// change the target.
    pub(super) fn fates_relation(&self) -> String {
        format!("(\n{}\n)", self.decided())
    }

    /// Makes the table of those fates that are the quarantine's business: of what broke a rule, and of what was tried again.
    pub fn kept_fates(&self) -> Made {
        let columns = ["row", "source", "line", "byte", "copies", "quarantine_id", "rule"];
        Made {
            table: format!(
                "create temporary table etl_fates on commit drop as\nselect\n    {},\n    f.outcome::varchar(10) as outcome\nfrom {} as f\n\
                 where f.\"etl$rule\" is not null\n    or f.\"etl$quarantine_id\" is not null",
                columns.map(|name| format!("f.\"etl${name}\"")).join(",\n    "),
                self.fates_relation()
            ),
            statistics: format!(
                "analyze {TABLE} (\"etl$row\", \"etl$rule\", \"etl$source\", \"etl$byte\", \"etl$quarantine_id\", outcome)"
            ),
        }
    }

    fn decided(&self) -> String {
        let mut joins = String::new();
        let mut outcomes = Vec::new();
        let parked = self.parent_rules();
        if self.has_broken && !parked.is_empty() {
            joins.push_str(&format!("\nleft join {OVERTAKEN} as o on o.\"etl$row\" = j.\"etl$row\""));
            outcomes.push(format!(
                "when j.\"etl$rule\" in ({parked}) then\n            \
                 case when o.\"etl$row\" is not null then 'superseded' else 'parked' end"
            ));
        }
        if self.has_broken {
            outcomes.push("when j.\"etl$rule\" is not null then 'rejected'".into());
        }
        let (is_winner, is_new, is_equal) = match self.has_contests {
            true => {
                let losers = contests::LOSERS;
                joins.push_str(&format!("\nleft join {losers} as l on l.\"etl$row\" = j.\"etl$row\""));
                let is_winner = "(j.\"etl$rule\" is null and l.\"etl$row\" is null)";
                (
                    is_winner,
                    format!("{is_winner} and j.\"etl$action\" <> 'older' or l.is_new"),
                    format!("{is_winner} and j.\"etl$action\" = 'same' or l.is_old or l.is_new"),
                )
            }
            false => (
                "j.\"etl$rule\" is null",
                "j.\"etl$action\" <> 'older'".into(),
                "j.\"etl$action\" = 'same'".into(),
            ),
        };
        outcomes.push(format!(
            "when j.\"etl$quarantine_id\" is not null then\n            \
             case when {is_new} then 'promoted' else 'superseded' end"
        ));
        outcomes.push(format!("when {is_winner} and j.\"etl$action\" = 'insert' then 'inserted'"));
        outcomes.push(format!("when {is_winner} and j.\"etl$action\" = 'update' then 'updated'"));
        outcomes.push(format!("when {is_equal} then 'unchanged'"));
        format!(
            "select\n    j.\"etl$row\",\n    j.\"etl$source\",\n    j.\"etl$line\",\n    j.\"etl$byte\",\n    j.\"etl$copies\",\n    \
             j.\"etl$quarantine_id\",\n    j.\"etl$rule\",\n    \
             case when {is_winner} and j.\"etl$action\" in ('insert', 'update') then j.\"etl$action\" end as action,\n    \
             j.\"etl$there\" as there,\n    case\n        {}\n        else 'superseded'\n    end as outcome\n\
             from {} as j{joins}",
            outcomes.join("\n        "),
            judgements::TABLE,
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

    /// Finds the parked records that wait in vain: their key is settled by a newer version, or without versions by a later record.
    /// None where no record is parked.
    fn overtaken(&self) -> Option<Made> {
        let parked = self.parent_rules();
        if !self.has_broken || parked.is_empty() {
            return None;
        }
        let is_greater = match self.version() {
            Some(version) => format!(
                "case when w.\"etl$action\" in ('insert', 'update') then {} else {} end",
                newer(&format!("w.{version}"), &format!("j.{version}")),
                newer(&format!("t.{version}"), &format!("j.{version}")),
            ),
            None => format!("row({}) > row({})", came_at("w"), came_at("j")),
        };
        Some(Made {
            table: format!(
                "create temporary table etl_overtaken on commit drop as\nselect j.\"etl$row\"\nfrom {judgements} as j\n\
                 left join {winners} as w on {w_j}\nleft join {target} as t on {t_j}\n\
                 where j.\"etl$rule\" in ({parked})\n    and {is_greater}",
                judgements = judgements::TABLE,
                winners = self.winners(),
                target = self.target.name,
                w_j = self.same_key("w", "j"),
                t_j = self.same_key("t", "j"),
            ),
            statistics: format!("analyze {OVERTAKEN}"),
        })
    }

    /// The numbers of the rules that park instead of rejecting.
    pub(super) fn parent_rules(&self) -> String {
        let rules = self.rules();
        let parents =
            rules.iter().enumerate().filter(|(_, rule)| matches!(rule, super::rules::Rule::Parent(_)));
        parents.map(|(index, _)| (index + 1).to_string()).collect::<Vec<_>>().join(", ")
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
