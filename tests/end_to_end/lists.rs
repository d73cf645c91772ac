//! Mobilize's lists of events and people, alone and beside attendances.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, Dump, assert_same};
use etl_tests::generate::mobilize::{List, Plan};
use etl_tests::generate::random::Random;
use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran};

/// Records of each source.
type Lists = [(&'static str, Vec<String>); 3];

/// Attendances, their events and people, and some events and people more.
fn lists(plan: Plan) -> Lists {
    [
        ("attendances", plan.collect()),
        ("events", plan.list(List::Events, 5)),
        ("people", plan.list(List::People, 6)),
    ]
}

/// One run of these sources.
fn run(loader: &Loader, sources: &[(&str, &[String])], more: &[&str]) -> Ran {
    let named = sources.iter().map(|(source, records)| {
        let name = format!("{source}.json");
        loader.file(&name, inputs::array(records));
        format!("{source}={name}")
    });
    let named: Vec<String> = named.collect();
    let words = ["run", "mobilize"].into_iter().chain(named.iter().map(String::as_str));
    loader.run(words.chain(more.iter().copied()))
}

fn whole(lists: &Lists) -> Vec<(&str, &[String])> {
    lists.iter().map(|(source, records)| (*source, records.as_slice())).collect()
}

fn loaded(runs: &[Vec<(&str, &[String])>]) -> Dump {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    for sources in runs {
        run(&loader, sources, &[]).expect(0);
    }
    accounting::check(&database, "mobilize");
    database.dump("mobilize")
}

#[test]
fn lists_and_attendances_in_any_order() {
    for seed in 300..u64::from(300 + inputs::rounds(5, 50)) {
        let mut random = Random::of(seed, "order of lists", 0);
        let plan = inputs::mobilize(30 + random.below(300), seed);
        let mut lists = lists(plan);
        let once = loaded(&[whole(&lists)]);
        for (_, records) in &mut lists {
            random.shuffle(records);
        }
        // A run is one to three parts, of any sources; some parts come twice.
        let mut parts: Vec<(&str, &[String])> = Vec::new();
        for (source, records) in &lists {
            let size = records.len().div_ceil(4);
            parts.extend(records.chunks(size).map(|part| (*source, part)));
        }
        for _ in 0..3 {
            let again = usize::try_from(random.below(parts.len() as u64)).unwrap();
            parts.push(parts[again]);
        }
        random.shuffle(&mut parts);
        let mut runs: Vec<Vec<(&str, &[String])>> = Vec::new();
        for part in parts {
            match runs.last_mut() {
                Some(run) if random.percent(40) && run.iter().all(|(source, _)| *source != part.0) => {
                    run.push(part);
                }
                _ => runs.push(vec![part]),
            }
        }
        assert_same(&once, &loaded(&runs), &format!("seed {seed}"));
    }
}

#[test]
fn lists_bring_what_nobody_signed_up_for() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let lists = lists(inputs::mobilize(500, 7));
    run(&loader, &whole(&lists), &[]).expect(0);
    let [(_, attendances), (_, events), (_, people)] = &lists;
    let count = |table: &str| usize::try_from(database.count(&format!("mobilize.{table}"))).unwrap();
    assert_eq!((count("events"), count("people")), (events.len(), people.len()));
    let signed_up = database.number("select count(distinct event_id) from mobilize.attendances");
    assert_eq!(signed_up, i64::try_from(events.len()).unwrap() - 5);
    // Every event, title and all, as its list has it: no attendance shows a newer one.
    let titles = database.rows("select event_id, title from mobilize.events order by event_id");
    let listed = events.iter().map(|event| {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        format!("{}|{}", event["id"], event["title"].as_str().unwrap())
    });
    assert_eq!(titles, listed.collect::<Vec<_>>());
    assert!(attendances.iter().any(|attendance| attendance.contains("(DRAFT)")), "none was an older one");

    // Once more, all of it, it writes nothing.
    let before = database.physical("mobilize");
    run(&loader, &whole(&lists), &["--assert-noop"]).expect(0);
    run(&loader, &whole(&lists), &[]).expect(0);
    assert_same(&before, &database.physical("mobilize"), "before and after");
}

#[test]
fn a_source_of_another_name_is_refused() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let events = inputs::mobilize(20, 32).list(List::Events, 0);
    run(&loader, &[("happenings", &events)], &[])
        .expect(2)
        .complains(&["mobilize has no source happenings; its sources are attendances, events, people"]);
    loader.file(
        "loader.toml",
        "[dataset.mobilize]\n[[dataset.mobilize.sources]]\nname = \"happenings\"\nformat = \"json\"\n",
    );
    run(&loader, &[("happenings", &events)], &[]).expect(2).complains(&["has no source \"happenings\""]);
}

/// Calls `etl_load_mobilize` with these arguments and returns its counts, one target a line.
fn called(database: &Database<'_>, arguments: &str) -> Vec<String> {
    let mut rows = database.rows(&format!(
        "select target, read, inserted, rejected from etl_load_mobilize({arguments}) where read > 0"
    ));
    rows.sort();
    rows
}

#[test]
fn lists_load_from_sql_too() {
    let database = Cluster::shared().database();
    Loader::at(&database).run(["migrate", "mobilize"]).expect(0);
    let person = r#"$${"user_id":1,"created_date":1,"modified_date":2}$$"#;
    let event = r#"$${"id":5,"title":"T","event_type":"RALLY","created_date":1,"modified_date":2}$$"#;
    assert_eq!(called(&database, &format!("null, {event}")), ["mobilize.events|1|1|0"]);
    assert_eq!(
        called(&database, &format!("attendances => '[]', events => {event}, people => {person}")),
        ["mobilize.events|1|0|0", "mobilize.people|1|1|0"]
    );
    let names = "select name from etl.run_sources order by run_id, source";
    assert_eq!(database.rows(names), ["events", "attendances", "events", "people"]);
    let (ok, _, err) = database.psql("select * from etl_load_mobilize(null, null)");
    assert!(!ok && err.contains("no document of mobilize is given"), "{err}");
    accounting::check(&database, "mobilize");
}

#[test]
fn a_listed_record_is_replayed_as_one() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.run(["migrate", "mobilize"]).expect(0);
    database.execute(
        "alter table mobilize.events add constraint strict check (event_id <> 250000);
         alter table mobilize.people add constraint strict check (user_id <> 470000)",
    );
    let lists = lists(inputs::mobilize(60, 33));
    run(&loader, &whole(&lists)[1..], &[]).expect(3);
    assert_eq!(database.count("mobilize.events where event_id = 250000"), 0);
    database.execute(
        "alter table mobilize.events drop constraint strict; alter table mobilize.people drop constraint strict",
    );
    loader.run(["quarantine", "replay", "mobilize"]).expect(0);
    // The timeslots that waited for their event come with the next run.
    run(&loader, &whole(&lists)[1..2], &[]).expect(0);
    accounting::check(&database, "mobilize");
    let other = Cluster::shared().database();
    run(&Loader::at(&other), &whole(&lists)[1..], &[]).expect(0);
    assert_same(&other.dump("mobilize"), &database.dump("mobilize"), "replayed and never rejected");
}

#[test]
fn tables_of_the_first_version_take_attendances_and_then_lists() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.run(["migrate", "mobilize"]).expect(0);
    // As the first release left them.
    database.execute(
        "alter table mobilize.events drop column version;
         alter table mobilize.timeslots drop column version;
         delete from etl.mobilize_history where version = 2",
    );
    let lists = lists(inputs::mobilize(100, 34));
    let documents =
        lists.each_ref().map(|(_, records)| format!("$pg_etl${}$pg_etl$", inputs::array(records)));
    called(&database, &documents[0]);
    assert!(database.count("mobilize.events") > 0);
    let (ok, _, err) = database.psql(&format!("select * from etl_load_mobilize(null, {})", documents[1]));
    assert!(!ok && err.contains("loader migrate mobilize"), "{err}");

    loader.run(["migrate", "mobilize"]).expect(0);
    run(&loader, &whole(&lists)[..1], &["--assert-noop"]).expect(0);
    run(&loader, &whole(&lists), &[]).expect(0);
    let other = Cluster::shared().database();
    run(&Loader::at(&other), &whole(&lists), &[]).expect(0);
    assert_same(&other.dump("mobilize"), &database.dump("mobilize"), "migrated and made anew");
}
