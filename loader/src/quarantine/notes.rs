//! Sentences about records that wait or were rejected: under a run's summary, and beside an answer over a
//! dataset.
use postgres::GenericClient;

use crate::error::Error;
use crate::ledger::{Counts, Run};

/// Records of one target with one fate.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    target: String,
    records: i64,
    /// Parents waited for, or the rule broken.
    reason: String,
    is_parked: bool,
    /// All the parents waited for are rows of tables that the run had no record for.
    is_without_parents: bool,
}

/// What a run brought, as far as it says what is missing.
#[derive(Debug, Default)]
pub struct Delivery<'a> {
    /// Its records that are parked or rejected, newly or again.
    pub kept_out: i64,
    /// Targets that the load function knows and the run had no record for.
    pub empty_targets: Vec<&'a str>,
    /// Sources of the dataset that no file of the run belongs to.
    pub absent_sources: Vec<&'a str>,
}

impl<'a> Delivery<'a> {
    /// Read off the run's counts; a target that is loaded in several steps has several.
    pub fn of(counts: &'a [Counts], absent_sources: Vec<&'a str>) -> Self {
        let had_records = |target: &str| counts.iter().any(|one| one.target == target && one.read > 0);
        let targets = counts.iter().map(|one| one.target.as_str());
        Delivery {
            kept_out: counts.iter().map(|one| one.parked + one.rejected).sum(),
            empty_targets: targets.filter(|target| !had_records(target)).collect(),
            absent_sources,
        }
    }

    /// What to load for records whose parents did not come; none where all sources came, so that more of one of them is
    /// wanted, and only who knows the data can say of which.
    fn remedy(&self, dataset: &str) -> Option<String> {
        match self.absent_sources.as_slice() {
            [] => None,
            [source] => Some(format!("loader run {dataset} {source}=FILE")),
            [sources @ .., last] => Some(format!(
                "loader run {dataset} SOURCE=FILE, where SOURCE is {} or {last}",
                sources.join(", ")
            )),
        }
    }
}

/// One row a target and fate, with the three most frequent reasons.
const GROUPS: &str = "
    with reason as (
        select
            target,
            sum(copies)::bigint as records,
            outcome = 'parked' as is_parked,
            case
                when outcome = 'parked' then coalesce(parents_of.names, constraint_name, 'a parent')
                else concat_ws(' ', sqlstate, coalesce(constraint_name, field))
            end as reason,
            coalesce(bool_and(parents_of.tables <@ $3::text[]), false) as is_without_parents
        from etl.quarantine
        cross join lateral (
            select
                string_agg(distinct split_part(parent, '(', 1), ' and ' order by split_part(parent, '(', 1)),
                array_agg(split_part(parent, '(', 1))
            from unnest(parents) as parent
        ) as parents_of (names, tables)
        -- What a run met counts for it, even where a newer record overtook it at once.
        where (closed_run is null or first_run = $1)
            and ($1::bigint is null or first_run = $1)
            and ($2::text is null or dataset = $2)
        group by 1, 3, 4
    ),
    ranked as (
        select *, row_number() over (partition by target, is_parked order by records desc, reason) as rank
        from reason
    )
    select
        target,
        sum(records)::bigint as records,
        is_parked,
        string_agg(reason, ', ' order by rank) filter (where rank <= 3)
            || case when count(*) > 3 then format(', %s more', count(*) - 3) else '' end as reason,
        bool_and(is_without_parents) as is_without_parents
    from ranked
    group by target, is_parked
    order by is_parked desc, target";

/// What a run has newly put into quarantine, and how many of the records it parked or rejected were there before.
/// `is_kept` is false for a run that is rolled back, whose quarantine nobody can list.
///
/// # Errors
/// What the server reports.
pub fn of_run(
    client: &mut impl GenericClient,
    run: &Run,
    delivery: &Delivery<'_>,
    is_kept: bool,
) -> Result<Vec<String>, Error> {
    let groups = groups(client, Some(run.id), None, &delivery.empty_targets)?;
    let list = format!("loader quarantine list --run {}", run.id);
    let note = |group: &Group| {
        let sentence = group.sentence();
        match delivery.remedy(&run.dataset).filter(|_| group.is_without_parents) {
            Some(remedy) => format!("{sentence}, of which this run had none: {remedy}"),
            None if is_kept => format!("{sentence}: {list}"),
            None => sentence,
        }
    };
    let mut notes: Vec<String> = groups.iter().map(note).collect();
    let known = delivery.kept_out - groups.iter().map(|group| group.records).sum::<i64>();
    if known > 0 {
        let (noun, verb) = if known == 1 { ("record", "is") } else { ("records", "are") };
        notes.push(format!(
            "{known} {noun} {verb} in quarantine since earlier runs: loader quarantine list {}",
            run.dataset
        ));
    }
    Ok(notes)
}

/// What an answer over the dataset does not count.
///
/// # Errors
/// What the server reports.
pub fn of_dataset(client: &mut impl GenericClient, dataset: &str) -> Result<Vec<String>, Error> {
    let groups = groups(client, None, Some(dataset), &[])?;
    let sentence = |group: &Group| {
        let verb = if group.records == 1 { "is" } else { "are" };
        format!("{} and {verb} not counted: loader quarantine list {dataset}", group.sentence())
    };
    Ok(groups.iter().map(sentence).collect())
}

fn groups(
    client: &mut impl GenericClient,
    run: Option<i64>,
    dataset: Option<&str>,
    empty_targets: &[&str],
) -> Result<Vec<Group>, Error> {
    let rows = client
        .query(GROUPS, &[&run, &dataset, &empty_targets])
        .map_err(|error| Error::database("read etl.quarantine", error))?;
    let group = |row: &postgres::Row| Group {
        target: row.get("target"),
        records: row.get("records"),
        reason: row.get("reason"),
        is_parked: row.get("is_parked"),
        is_without_parents: row.get("is_without_parents"),
    };
    Ok(rows.iter().map(group).collect())
}

impl Group {
    fn sentence(&self) -> String {
        let Group { target, records, reason, is_parked, .. } = self;
        let noun = if *records == 1 { "record" } else { "records" };
        match (is_parked, *records == 1) {
            (true, true) => format!("1 {noun} of {target} waits for {reason}"),
            (true, false) => format!("{records} {noun} of {target} wait for {reason}"),
            (false, true) => format!("1 {noun} of {target} was rejected ({reason})"),
            (false, false) => format!("{records} {noun} of {target} were rejected ({reason})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_and_many_read_as_sentences() {
        let group = |records, is_parked| Group {
            target: "posts.votes".into(),
            records,
            reason: if is_parked { "posts.posts".into() } else { "23514 votes_kind".into() },
            is_parked,
            is_without_parents: false,
        };
        assert_eq!(group(1, true).sentence(), "1 record of posts.votes waits for posts.posts");
        assert_eq!(group(28, true).sentence(), "28 records of posts.votes wait for posts.posts");
        assert_eq!(group(1, false).sentence(), "1 record of posts.votes was rejected (23514 votes_kind)");
        assert_eq!(group(2, false).sentence(), "2 records of posts.votes were rejected (23514 votes_kind)");
    }

    #[test]
    fn what_to_load_is_named_where_a_source_did_not_come() {
        let remedy = |absent: &[&str]| {
            let delivery = Delivery { absent_sources: absent.to_vec(), ..Delivery::default() };
            delivery.remedy("rides")
        };
        assert_eq!(remedy(&[]), None);
        assert_eq!(remedy(&["trips"]).unwrap(), "loader run rides trips=FILE");
        let several = remedy(&["drivers", "trips", "charges"]).unwrap();
        assert_eq!(several, "loader run rides SOURCE=FILE, where SOURCE is drivers, trips or charges");
    }

    #[test]
    fn a_target_is_empty_if_no_step_had_records_for_it() {
        let counts =
            |target: &str, read, parked| Counts { target: target.into(), read, parked, ..Counts::default() };
        let all = [counts("s.a", 0, 0), counts("s.a", 2, 1), counts("s.b", 0, 0), counts("s.c", 3, 3)];
        let delivery = Delivery::of(&all, vec!["b"]);
        assert_eq!((delivery.kept_out, delivery.empty_targets), (4, vec!["s.b"]));
    }
}
