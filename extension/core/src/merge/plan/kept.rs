//! Kept: what did not get in, with all that the quarantine says of it, and what the quarantine knows of it already.
use super::super::name::{Ident, Literal};
use super::super::table::{META, Parent};
use super::candidates::Candidates;
use super::judgements::{is_whole, refers};
use super::rules::Rule;
use super::standing::Standing;
use super::{Plan, fates, unique};

/// The temporary table of what this merge keeps.
pub(super) const TABLE: &str = "pg_temp.etl_kept";

/// Same identity: what came from the same source saying the same for the same row, the nth time.
const SAME_IDENTITY: &str = "n.quarantine_id is null\n        and q.dataset = n.dataset and q.target = n.target and q.source_name = n.source_name\n        \
                             and q.record_sha256 = n.record_sha256 and q.row_key = n.row_key and q.occurrence = n.occurrence";

/// What is kept of every record, whether the quarantine knows it or not.
const ALWAYS: &str = "k.dataset, k.target, k.source_name, k.record_sha256, k.row_key, k.occurrence, k.quarantine_id, k.known_id, \
                      k.stays, k.is_overtaken, k.outcome, k.copies, k.source, k.line, k.byte, k.place, k.field, k.sqlstate, \
                      k.constraint_name, k.raw";

/// Where the records themselves are found: alternatives, the first that is not null counts.
struct Origin {
    /// Alias of the staged relation.
    staged: &'static str,
    joins: Vec<String>,
    records: Vec<String>,
    raws: Vec<String>,
    bytes: Vec<String>,
}

/// Where it is said why a record did not get in: alternatives, the first that is not null counts.
struct Reasons {
    joins: Vec<String>,
    sqlstates: Vec<String>,
    constraints: Vec<String>,
    messages: Vec<String>,
}

impl Plan<'_> {
    /// What did not get in. Run after the target is written. Of what is known and stays as it is, only that is kept.
    pub fn kept(&self) -> String {
        let c = self.candidate();
        let (origin, reasons) = (self.origin(&c), self.reasons(&c));
        let raw = format!("coalesce({})", origin.raws.join(", "));
        let joins = origin.joins.iter().chain(&reasons.joins).cloned().collect::<Vec<_>>().join("\n    ");
        let absent = self.staged_meta("absent", origin.staged).unwrap_or_else(|| "null::text[]".into());
        let (parents, join_standing) = self.missing_parents();
        format!(
            "create temporary table etl_kept on commit drop as\nwith rule as (\n    select *\n    from (values\n        {rules}\n    ) as \
             rule (rule, sqlstate, field, constraint_name, message)\n),\n\
             overtaken as materialized (\n    {overtaken}\n),\n\
             kept as (\n    select\n        f.\"etl$quarantine_id\" as quarantine_id,\n        coalesce(rs.name, '') as source_name,\n        \
             f.\"etl$source\" as source,\n        \
             f.\"etl$line\" as line,\n        coalesce({bytes}) as byte,\n        f.\"etl$row\" as place,\n        \
             f.\"etl$copies\" as copies,\n        f.outcome,\n        coalesce(rule.field, {field}) as field,\n        \
             coalesce({sqlstates}, '22P02') as sqlstate,\n        coalesce({constraints}) as constraint_name,\n        \
             coalesce({messages}) as message,\n        coalesce({records}) as record,\n        {raw} as raw,\n        \
             {absent} as absent,\n        {row_key} as row_key,\n        coalesce(ot.is_newer, false) as is_overtaken,\n        \
             ot.place is not null as is_settled\n    \
             from {fates} as f\n    join {candidates} as c on c.ctid = f.\"etl$row\"\n    \
             join rule on rule.rule = f.\"etl$rule\"\n    \
             left join overtaken as ot on ot.place = f.\"etl$row\"\n    {joins}\n    \
             where f.outcome in ('parked', 'rejected')\n),\n\
             hashed as (\n    select *, sha256(coalesce(convert_to(record, 'UTF8'), raw)) as record_sha256\n    from kept\n),\n\
             numbered as (\n    select\n        {dataset}::text as dataset,\n        {target}::text as target,\n        *,\n        row_number() over (\n            \
             partition by quarantine_id, source_name, record_sha256, row_key\n            order by source, line, byte, place\n        )::integer as occurrence\n    \
             from hashed\n),\n\
             known as (\n    select\n        n.*,\n        coalesce(q.quarantine_id, r.quarantine_id) as known_id,\n        r.parsed as waited_as,\n        case\n            \
             when q.closed_run is null then {same}\n            \
             else q.closed_as = 'discarded' or n.is_overtaken or (q.closed_as = 'superseded' and n.is_settled)\n        end as stays\n    \
             from numbered as n\n    left join etl.quarantine as q on {SAME_IDENTITY}\n    \
             left join etl.quarantine as r on r.quarantine_id = n.quarantine_id\n)\n\
             select\n    {ALWAYS},\n    case when not k.stays then k.message end as message,\n    \
             case when not k.stays then k.record end as record,\n    case when not k.stays then {parsed} end as parsed,\n    \
             case when not k.stays and k.outcome = 'parked' then array_remove(array[{parents}]::text[], null) end as parents\n\
             from known as k\njoin {candidates} as c on c.ctid = k.place{join_standing}",
            rules = self.rule_rows(),
            overtaken = self.overtaken_at_once(),
            bytes = origin.bytes.join(", "),
            records = origin.records.join(", "),
            field = c.field,
            sqlstates = reasons.sqlstates.join(", "),
            constraints = reasons.constraints.join(", "),
            messages = reasons.messages.join(", "),
            row_key = self.row_key("c"),
            fates = fates::TABLE,
            candidates = c.relation,
            dataset = Literal::new(&self.options.dataset),
            target = Literal::new(self.target.label()),
            same = ["outcome", "sqlstate", "constraint_name"]
                .map(|name| format!("coalesce(q.{name}, r.{name}) is not distinct from n.{name}"))
                .join(" and ")
                // What was tried again says anew why not; what came again would say it in other words each time.
                + " and (r.message is null or n.message is null or r.message = n.message)",
            parsed = self.parsed(&c),
        )
    }

    fn origin(&self, c: &Candidates) -> Origin {
        let has = |name: &str| self.staged.has_meta(name, self.target);
        let run_id = self.options.run_id;
        let mut origin = Origin {
            staged: if self.reads_staged_directly() { "c" } else { "o" },
            joins: vec![format!(
                "left join etl.run_sources as rs on rs.run_id = {run_id} and rs.source = f.\"etl$source\""
            )],
            records: Vec::new(),
            raws: Vec::new(),
            bytes: vec![c.byte.clone()],
        };
        let staged = origin.staged;
        if staged == "o" {
            origin.joins.push(format!("left join {} as o on o.ctid = c.\"etl$staged\"", self.staged.name));
        }
        origin.records.extend(self.staged_meta("record", staged));
        origin.raws.extend(self.staged_meta("raw", staged));
        if self.options.has_staging && !has("record") && has("source") && has("byte") {
            origin.joins.push(format!(
                "left join staging.run_{run_id} as s on s.source = f.\"etl$source\" and s.byte = f.\"etl$byte\""
            ));
            origin.records.push("s.record".into());
            origin.raws.push("s.raw".into());
            origin.bytes.push("s.byte".into());
        }
        origin.raws.push("null::bytea".into());
        // A record that nobody carries is its staged row; a record that is no text is its bytes.
        let is_of_row = |name: &str| !(META.contains(&name) && has(name));
        let columns = self.staged.columns.iter().filter(|column| is_of_row(column.name.as_str()));
        origin.records.push(format!(
            "case when coalesce({}) is null then {}::text end",
            origin.raws.join(", "),
            texts(columns.map(|column| (&column.name, staged)))
        ));
        origin
    }

    fn reasons(&self, c: &Candidates) -> Reasons {
        let mut reasons = Reasons {
            joins: Vec::new(),
            sqlstates: vec!["rule.sqlstate".into()],
            constraints: vec!["rule.constraint_name".into()],
            messages: vec!["rule.message".into()],
        };
        if self.has_faults {
            let faults =
                "left join pg_temp.etl_faults as e on e.place = f.\"etl$row\" and f.\"etl$rule\" = 1";
            reasons.joins.push(faults.into());
            reasons.sqlstates.push("e.sqlstate".into());
            reasons.constraints.push("e.constraint_name".into());
            reasons.messages.push("e.message".into());
        }
        if self.can_collide() {
            reasons.joins.push(format!("left join {} as r on r.place = f.\"etl$row\"", unique::REFUSED));
            reasons.messages.push("r.message".into());
        }
        reasons.sqlstates.push(c.sqlstate.clone());
        reasons.messages.extend(c.problem.clone());
        reasons.messages.push("null::text".into());
        reasons
    }

    /// The row a record would become, without what it lacked when it came, whatever filled it in this run, and without
    /// what could not be read. What had waited is what it was.
    fn parsed(&self, c: &Candidates) -> String {
        let absent = self.staged.has_meta("absent", self.target).then(|| "k.absent".to_string());
        let not_said = [absent, c.unreadable.clone()].into_iter().flatten();
        let without =
            not_said.map(|names| format!(" - coalesce({names}, '{{}}'::text[])")).collect::<String>();
        let parsed = format!("{}{without}", texts(self.columns.iter().map(|column| (&column.name, "c"))));
        match self.options.retries {
            true => format!("case when c.\"etl$staged\" is null then k.waited_as else {parsed} end"),
            false => parsed,
        }
    }

    /// The keys that a candidate waits for, and what is joined to find them: a reference may be made of columns that no
    /// candidate has, then it is the row's that would stand.
    fn missing_parents(&self) -> (String, String) {
        let mut referring = self.target.parents.iter().flat_map(|parent| &parent.columns);
        let all_given = referring.all(|name| self.is_staged(name));
        let (alias, join) = match all_given {
            true => ("c", String::new()),
            false => {
                let standing = self.standing(Standing::OnTarget);
                ("w", format!("\njoin (\n    {standing}\n) as w on w.\"etl$row\" = k.place"))
            }
        };
        let parents = self.rules().into_iter().filter_map(|rule| match rule {
            Rule::Parent(parent) => Some(missing_parent(parent, alias)),
            _ => None,
        });
        (parents.collect::<Vec<_>>().join(", "), join)
    }
}

/// A row as JSON, each value as its text: any type can be read again from that.
fn texts<'a>(columns: impl Iterator<Item = (&'a Ident, &'a str)>) -> String {
    let columns: Vec<_> = columns.collect();
    // A function of PostgreSQL takes at most 100 arguments.
    let objects = columns.chunks(50).map(|some| {
        let pairs =
            some.iter().map(|(name, alias)| format!("{}, {alias}.{name}::text", Literal::new(name.as_str())));
        format!("jsonb_build_object({})", pairs.collect::<Vec<_>>().join(", "))
    });
    let objects = objects.collect::<Vec<_>>();
    if objects.is_empty() { "'{}'::jsonb".into() } else { format!("({})", objects.join(" || ")) }
}

/// The key that a candidate waits for, such as `mobilize.events(event_id)=(17)`; null where its parent is there.
fn missing_parent(parent: &Parent, alias: &str) -> String {
    let names = |names: &[super::Ident]| names.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(",");
    let label = format!(
        "{}.{}({})=(",
        parent.table.schema.as_str(),
        parent.table.name.as_str(),
        names(&parent.referred)
    );
    let values = parent.columns.iter().map(|column| format!("{alias}.{column}"));
    format!(
        "case when {whole} and not exists (select from {table} as p where {refers}) \
         then {label} || concat_ws(',', {values}) || ')' end",
        whole = is_whole(parent, alias),
        table = parent.relation(),
        refers = refers(parent, alias, "p"),
        label = Literal::new(label),
        values = values.collect::<Vec<_>>().join(", "),
    )
}
