//! The quarantine: a row for each new identity that did not get in, and the closing of what waited.
use super::super::name::Literal;
use super::super::table::{META, Parent};
use super::judgements::{is_whole, refers};
use super::rules::Rule;
use super::{Plan, fates};

/// The temporary table of what this merge keeps.
const TABLE: &str = "pg_temp.etl_kept";

/// Same identity: what came from the same source saying the same, the nth time.
const SAME_IDENTITY: &str = "q.dataset = k.dataset and q.target = k.target and q.source_name = k.source_name\n    \
                             and q.record_sha256 = k.record_sha256 and q.occurrence = k.occurrence";

impl Plan<'_> {
    /// What did not get in, with all that the quarantine says of it. Run after the target is written.
    pub fn kept(&self) -> String {
        let c = self.candidate();
        let mut joins = vec![format!(
            "left join etl.run_sources as rs on rs.run_id = {} and rs.source = f.\"etl$source\"",
            self.options.run_id
        )];
        let mut records = Vec::new();
        let mut raws = Vec::new();
        let mut bytes = vec![c.byte.clone()];
        let origin = if self.reads_staged_directly() { "c" } else { "o" };
        if origin == "o" {
            joins.push(format!("left join {} as o on o.ctid = c.\"etl$staged\"", self.staged.name));
        }
        let has = |name| self.staged.has_meta(name, self.target);
        if has("record") {
            records.push(format!("{origin}.record"));
        }
        if has("raw") {
            raws.push(format!("{origin}.raw"));
        }
        if self.options.has_staging && !has("record") && has("source") && has("byte") {
            joins.push(format!(
                "left join staging.run_{} as s on s.source = f.\"etl$source\" and s.byte = f.\"etl$byte\"",
                self.options.run_id
            ));
            records.push("s.record".into());
            raws.push("s.raw".into());
            bytes.push("s.byte".into());
        }
        raws.push("null::bytea".into());
        let columns = self.columns.iter().map(|column| format!("c.{}", column.name));
        let row = format!(
            "(select to_jsonb(r) from (select {}) as r) - coalesce({}, '{{}}'::text[])",
            columns.collect::<Vec<_>>().join(", "),
            // What the record lacked when it came, whatever filled it in this run.
            if has("absent") { format!("{origin}.absent") } else { "null".into() },
        );
        let raw = format!("coalesce({})", raws.join(", "));
        // A record that nobody carries is its staged row; a record that is no text is its bytes.
        let meta: Vec<String> =
            META.iter().filter(|name| has(name)).map(|name| Literal::new(*name).to_string()).collect();
        records.push(format!(
            "case when {raw} is null then (to_jsonb({origin}) - array[{}]::text[])::text end",
            meta.join(", ")
        ));
        let parents = self.rules().into_iter().filter_map(|rule| match rule {
            Rule::Parent(parent) => Some(missing_parent(parent)),
            _ => None,
        });
        let parents = parents.collect::<Vec<_>>().join(", ");
        let problem = c.problem.unwrap_or_else(|| "null::text".into());
        format!(
            "create temporary table etl_kept on commit drop as\nwith rule as (\n    select *\n    from (values\n        {rules}\n    ) as \
             rule (rule, sqlstate, field, constraint_name, message)\n),\n\
             kept as (\n    select\n        coalesce(rs.name, '') as source_name,\n        f.\"etl$source\" as source,\n        \
             f.\"etl$line\" as line,\n        coalesce({bytes}) as byte,\n        f.\"etl$row\" as place,\n        \
             f.\"etl$copies\" as copies,\n        f.outcome,\n        coalesce(rule.field, {field}) as field,\n        \
             coalesce(rule.sqlstate, {sqlstate}, '22P02') as sqlstate,\n        rule.constraint_name,\n        \
             coalesce(rule.message, {problem}) as message,\n        coalesce({records}) as record,\n        {raw} as raw,\n        \
             case when f.outcome = 'parked' then {row} end as parsed,\n        \
             case when f.outcome = 'parked' then array_remove(array[{parents}]::text[], null) end as parents\n    \
             from {fates} as f\n    join {candidates} as c on c.ctid = f.\"etl$row\"\n    \
             join rule on rule.rule = f.\"etl$rule\"\n    {joins}\n    \
             where f.outcome in ('parked', 'rejected') and f.\"etl$quarantine_id\" is null\n),\n\
             hashed as (\n    select *, sha256(coalesce(convert_to(record, 'UTF8'), raw)) as record_sha256\n    from kept\n)\n\
             select\n    {dataset}::text as dataset,\n    {target}::text as target,\n    *,\n    row_number() over (\n        \
             partition by source_name, record_sha256\n        order by source, line, byte, place\n    )::integer as occurrence\n\
             from hashed",
            rules = self.rule_rows(),
            bytes = bytes.join(", "),
            field = c.field,
            sqlstate = c.sqlstate,
            records = records.join(", "),
            fates = fates::TABLE,
            candidates = c.relation,
            joins = joins.join("\n    "),
            dataset = Literal::new(&self.options.dataset),
            target = Literal::new(self.target.label()),
        )
    }

    /// Adds a row for each identity that the quarantine does not know.
    pub fn quarantine(&self) -> String {
        let run = self.options.run_id;
        format!(
            "insert into etl.quarantine (\n    dataset, target, source_name, record_sha256, occurrence, outcome, copies, \
             first_run, last_run,\n    source, line, byte, field, sqlstate, constraint_name, message, record, raw, parsed, parents\n)\n\
             select\n    k.dataset, k.target, k.source_name, k.record_sha256, k.occurrence, k.outcome, k.copies, {run}, {run},\n    \
             k.source, k.line, k.byte, k.field, k.sqlstate, k.constraint_name,\n    \
             coalesce(k.message, 'waits for ' || array_to_string(k.parents, ', ')), k.record, k.raw, k.parsed, k.parents\n\
             from {TABLE} as k\nwhere not exists (\n    select\n    from etl.quarantine as q\n    where {SAME_IDENTITY}\n)\n\
             order by k.source, k.line, k.byte, k.place"
        )
    }

    /// Opens again what was settled once and now does not get in, and follows what changed between parked and rejected.
    pub fn reopen(&self) -> String {
        format!(
            "update etl.quarantine as q\nset\n    outcome = k.outcome,\n    closed_run = null,\n    closed_as = null,\n    \
             last_run = {run},\n    field = k.field,\n    sqlstate = k.sqlstate,\n    constraint_name = k.constraint_name,\n    \
             message = coalesce(k.message, 'waits for ' || array_to_string(k.parents, ', ')),\n    parsed = k.parsed,\n    \
             parents = k.parents\nfrom {TABLE} as k\nwhere {SAME_IDENTITY}\n    \
             and (q.closed_run is not null or q.outcome <> k.outcome)",
            run = self.options.run_id,
        )
    }

    /// Closes what waited and is settled now. What came again in this run and waits again stays open.
    pub fn close(&self, has_kept: bool) -> String {
        let came_again = match has_kept {
            true => format!(
                "\n    and not (f.outcome = 'superseded' and exists (select from {TABLE} as k where {SAME_IDENTITY}))"
            ),
            false => String::new(),
        };
        let explained = ["field", "sqlstate", "constraint_name", "message"].map(|name| {
            format!("{name} = case when f.outcome = 'rejected' then coalesce(rule.{name}, q.{name}) else q.{name} end")
        });
        format!(
            "with rule as (\n    select *\n    from (values\n        {rules}\n    ) as \
             rule (rule, sqlstate, field, constraint_name, message)\n)\n\
             update etl.quarantine as q\nset\n    last_run = {run},\n    \
             closed_run = case when f.outcome <> 'rejected' then {run} end,\n    \
             closed_as = case when f.outcome <> 'rejected' then f.outcome end,\n    \
             outcome = case when f.outcome = 'rejected' then 'rejected' else q.outcome end,\n    {explained}\n\
             from {fates} as f\nleft join rule on rule.rule = f.\"etl$rule\"\n\
             where f.\"etl$quarantine_id\" = q.quarantine_id\n    and f.outcome <> 'parked'{came_again}",
            rules = self.rule_rows(),
            run = self.options.run_id,
            explained = explained.join(",\n    "),
            fates = fates::TABLE,
        )
    }
}

/// The key that a candidate waits for, such as `mobilize.events(event_id)=(17)`; null where its parent is there.
fn missing_parent(parent: &Parent) -> String {
    let names = |names: &[super::Ident]| names.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(",");
    let label = format!(
        "{}.{}({})=(",
        parent.table.schema.as_str(),
        parent.table.name.as_str(),
        names(&parent.referred)
    );
    let values = parent.columns.iter().map(|column| format!("c.{column}"));
    format!(
        "case when {whole} and not exists (select from {table} as p where {refers}) \
         then {label} || concat_ws(',', {values}) || ')' end",
        whole = is_whole(parent, "c"),
        table = parent.table,
        refers = refers(parent, "c", "p"),
        label = Literal::new(label),
        values = values.collect::<Vec<_>>().join(", "),
    )
}
