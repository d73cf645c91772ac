//! The quarantine: a row for each new identity that did not get in, and the closing of what waited.
use super::super::name::{Ident, Literal};
use super::super::table::{META, Parent};
use super::judgements::{is_whole, refers};
use super::rules::Rule;
use super::standing::Standing;
use super::{Plan, fates, unique};

/// The temporary table of what this merge keeps.
const TABLE: &str = "pg_temp.etl_kept";

/// Same identity: what came from the same source saying the same for the same row, the nth time.
const SAME_IDENTITY: &str = "n.quarantine_id is null\n        and q.dataset = n.dataset and q.target = n.target and q.source_name = n.source_name\n        \
                             and q.record_sha256 = n.record_sha256 and q.row_key = n.row_key and q.occurrence = n.occurrence";

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
        let raw = format!("coalesce({})", raws.join(", "));
        // A record that nobody carries is its staged row; a record that is no text is its bytes.
        let staged = self
            .staged
            .columns
            .iter()
            .filter(|it| !(META.contains(&it.name.as_str()) && has(it.name.as_str())));
        records.push(format!(
            "case when {raw} is null then {}::text end",
            texts(staged.map(|column| (&column.name, origin)))
        ));
        let not_said: Vec<String> = [
            // What the record lacked when it came, whatever filled it in this run.
            has("absent").then(|| "k.absent".to_string()),
            c.unreadable.clone(),
        ]
        .into_iter()
        .flatten()
        .map(|names| format!(" - coalesce({names}, '{{}}'::text[])"))
        .collect();
        // A reference may be made of columns that no candidate has: then it is the row's that would stand.
        let is_given = |name: &Ident| self.columns.iter().any(|column| column.name == *name);
        let all_given = self.target.parents.iter().all(|parent| parent.columns.iter().all(is_given));
        let (alias, join_standing) = match all_given {
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
        let parents = parents.collect::<Vec<_>>().join(", ");
        let mut problems = vec!["rule.message".to_string()];
        let mut codes = vec!["rule.sqlstate".to_string()];
        let mut constraints = vec!["rule.constraint_name"];
        if self.has_faults {
            joins.push(
                "left join pg_temp.etl_faults as e on e.place = f.\"etl$row\" and f.\"etl$rule\" = 1".into(),
            );
            problems.push("e.message".into());
            codes.push("e.sqlstate".into());
            constraints.push("e.constraint_name");
        }
        if self.can_collide() {
            joins.push(format!("left join {} as r on r.place = f.\"etl$row\"", unique::REFUSED));
            problems.push("r.message".into());
        }
        problems.extend(c.problem);
        problems.push("null::text".into());
        codes.push(c.sqlstate);
        format!(
            "create temporary table etl_kept on commit drop as\nwith rule as (\n    select *\n    from (values\n        {rules}\n    ) as \
             rule (rule, sqlstate, field, constraint_name, message)\n),\n\
             overtaken as materialized (\n    {overtaken}\n),\n\
             kept as (\n    select\n        f.\"etl$quarantine_id\" as quarantine_id,\n        coalesce(rs.name, '') as source_name,\n        \
             f.\"etl$source\" as source,\n        \
             f.\"etl$line\" as line,\n        coalesce({bytes}) as byte,\n        f.\"etl$row\" as place,\n        \
             f.\"etl$copies\" as copies,\n        f.outcome,\n        coalesce(rule.field, {field}) as field,\n        \
             coalesce({codes}, '22P02') as sqlstate,\n        coalesce({constraints}) as constraint_name,\n        \
             coalesce({problems}) as message,\n        coalesce({records}) as record,\n        {raw} as raw,\n        \
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
             known as (\n    select\n        n.*,\n        coalesce(q.quarantine_id, r.quarantine_id) as known_id,\n        case\n            \
             when q.closed_run is null then {same}\n            \
             else q.closed_as = 'discarded' or n.is_overtaken or (q.closed_as = 'superseded' and n.is_settled)\n        end as stays\n    \
             from numbered as n\n    left join etl.quarantine as q on {SAME_IDENTITY}\n    \
             left join etl.quarantine as r on r.quarantine_id = n.quarantine_id\n)\n\
             select\n    {kept},\n    case when not k.stays then k.message end as message,\n    \
             case when not k.stays then k.record end as record,\n    case when not k.stays then {parsed}{not_said} end as parsed,\n    \
             case when not k.stays and k.outcome = 'parked' then array_remove(array[{parents}]::text[], null) end as parents\n\
             from known as k\njoin {candidates} as c on c.ctid = k.place{join_standing}",
            kept = [
                "dataset",
                "target",
                "source_name",
                "record_sha256",
                "row_key",
                "occurrence",
                "quarantine_id",
                "known_id",
                "stays",
                "is_overtaken",
                "outcome",
                "copies",
                "source",
                "line",
                "byte",
                "place",
                "field",
                "sqlstate",
                "constraint_name",
                "raw",
            ]
            .map(|name| format!("k.{name}"))
            .join(", "),
            absent = if has("absent") { format!("{origin}.absent") } else { "null::text[]".into() },
            same = ["outcome", "sqlstate", "constraint_name"]
                .map(|name| format!("coalesce(q.{name}, r.{name}) is not distinct from n.{name}"))
                .join(" and ")
                // What was tried again says anew why not; what came again would say it in other words each time.
                + " and (r.message is null or n.message is null or r.message = n.message)",
            rules = self.rule_rows(),
            bytes = bytes.join(", "),
            field = c.field,
            codes = codes.join(", "),
            constraints = constraints.join(", "),
            problems = problems.join(", "),
            records = records.join(", "),
            parsed = texts(self.columns.iter().map(|column| (&column.name, "c"))),
            not_said = not_said.concat(),
            row_key = self.row_key("c"),
            overtaken = self.overtaken_at_once(),
            fates = fates::TABLE,
            candidates = c.relation,
            joins = joins.join("\n    "),
            dataset = Literal::new(&self.options.dataset),
            target = Literal::new(self.target.label()),
        )
    }

    /// Tells the optimiser how many did not get in: it expects a handful, and looks for each by itself.
    pub fn analyze_fates(&self) -> String {
        format!("analyze {} (\"etl$row\", \"etl$rule\", \"etl$quarantine_id\", outcome)", fates::TABLE)
    }

    /// Tells the optimiser what is known, and makes it quick to find.
    pub fn index_kept(&self) -> [String; 2] {
        [format!("create index on {TABLE} (known_id)"), format!("analyze {TABLE} (known_id, quarantine_id)")]
    }

    /// Adds a row for each identity that the quarantine does not know; closed where a newer one has settled its key.
    pub fn quarantine(&self) -> String {
        let run = self.options.run_id;
        format!(
            "insert into etl.quarantine (\n    dataset, target, source_name, record_sha256, row_key, occurrence, outcome, copies, \
             first_run, last_run,\n    source, line, byte, field, sqlstate, constraint_name, message, record, raw, parsed, parents,\n    \
             closed_run, closed_as\n)\n\
             select\n    k.dataset, k.target, k.source_name, k.record_sha256, k.row_key, k.occurrence, k.outcome, k.copies, {run}, {run},\n    \
             k.source, k.line, k.byte, k.field, k.sqlstate, k.constraint_name,\n    \
             {MESSAGE}, k.record, k.raw, k.parsed, k.parents,\n    \
             case when k.is_overtaken then {run} end,\n    case when k.is_overtaken then 'superseded' end\n\
             from {TABLE} as k\nwhere k.known_id is null\norder by k.source, k.line, k.byte, k.place"
        )
    }

    /// Says anew why a known record does not get in, where that changed; opens it again where it was settled once.
    /// What was discarded by hand stays so, and so does what a newer record has overtaken. Of a record that was tried
    /// again and came again too, what came again has the say.
    pub fn restate(&self) -> String {
        let same = ["outcome", "field", "sqlstate", "constraint_name", "parsed", "parents"];
        let sets = same.map(|name| format!("{name} = k.{name}"));
        format!(
            "update etl.quarantine as q\nset\n    closed_run = null,\n    closed_as = null,\n    last_run = {},\n    \
             message = {MESSAGE},\n    {}\nfrom (\n    select distinct on (known_id) *\n    from {TABLE}\n    \
             where known_id is not null\n    order by known_id, quarantine_id nulls first\n) as k\nwhere q.quarantine_id = k.known_id\n    and not k.stays",
            self.options.run_id,
            sets.join(",\n    ")
        )
    }

    /// Closes what was tried again and is settled. What came again in this run and does not get in stays open.
    pub fn close(&self, has_kept: bool) -> String {
        let came_again = match has_kept {
            true => format!(
                "\n    and not exists (\n        select\n        from {TABLE} as k\n        where k.known_id = q.quarantine_id\n            \
                 and (k.quarantine_id is not null or f.outcome = 'superseded')\n    )"
            ),
            false => String::new(),
        };
        format!(
            "update etl.quarantine as q\nset\n    last_run = {run},\n    closed_run = {run},\n    \
             closed_as = case when f.outcome = 'promoted' and q.outcome = 'rejected' then 'replayed' else f.outcome end\nfrom (\n    \
             select \"etl$quarantine_id\" as quarantine_id, min(outcome) as outcome\n    from {fates}\n    \
             where outcome in ('promoted', 'superseded') and \"etl$quarantine_id\" is not null\n    group by 1\n) as f\n\
             where f.quarantine_id = q.quarantine_id{came_again}",
            run = self.options.run_id,
            fates = fates::TABLE,
        )
    }

    /// What came again in this run and is not overtaken, as a condition on `q`.
    pub(super) fn came_again(&self) -> String {
        format!(
            "exists (\n        select\n        from {TABLE} as k\n        where k.known_id = q.quarantine_id\n            \
             and k.quarantine_id is null\n            and not k.is_overtaken\n    )"
        )
    }
}

/// What a record waits for, where no rule says it better.
const MESSAGE: &str = "coalesce(k.message, 'waits for ' || nullif(array_to_string(k.parents, ', '), ''), 'a parent within the table changes in this run')";

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
