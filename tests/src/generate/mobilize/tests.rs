//! The generator keeps what its header promises.

use super::{Format, List, Plan};
use crate::generate::assert_is_sample;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

fn plan(records: u64, seed: u64) -> Plan {
    Plan { records, seed, changed: 0, bad: 0, format: Format::Array }
}

fn parsed(plan: Plan) -> Vec<Value> {
    plan.collect().iter().map(|record| serde_json::from_str(record).unwrap()).collect()
}

fn is_masked(record: &Value) -> bool {
    record["id"].is_null() && record["event"]["id"].is_null()
}

#[test]
fn sizes_follow_the_number_of_records() {
    let records = parsed(plan(4_000, 7));
    assert_eq!(records.len(), 4_000);
    let distinct =
        |key: &dyn Fn(&Value) -> Option<i64>| records.iter().filter_map(key).collect::<HashSet<_>>().len();
    assert_eq!(distinct(&|record| record["person"]["user_id"].as_i64()), 982);
    assert_eq!(distinct(&|record| record["event"]["id"].as_i64()), 40);
    let timeslots = distinct(&|record| record["timeslot"]["id"].as_i64());
    assert!((120..=200).contains(&timeslots), "{timeslots} timeslots");
    let bytes: usize = plan(4_000, 7).collect().iter().map(String::len).sum();
    let mean = bytes / 4_000;
    assert!((3_900..=4_500).contains(&mean), "{mean} bytes a record");
}

#[test]
fn masked_rows_are_few_and_can_be_told_apart() {
    let records = parsed(plan(5_000, 8));
    let keys: Vec<_> = records
        .iter()
        .filter(|record| is_masked(record))
        .map(|record| {
            (
                record["person"]["user_id"].as_i64().unwrap(),
                record["created_date"].as_i64().unwrap(),
                record["timeslot"]["start_date"].as_i64().unwrap(),
                record["timeslot"]["end_date"].as_i64().unwrap(),
                record["event"]["event_type"].as_str().unwrap(),
            )
        })
        .collect();
    assert!((100..=220).contains(&keys.len()), "{} masked", keys.len());
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    // Both ways of leaving out occur.
    for absent in [true, false] {
        assert!(records.iter().any(|record| is_masked(record) && record.get("id").is_none() == absent));
    }
}

#[test]
fn a_later_delivery_is_newer_where_it_differs() {
    let plan = plan(5_000, 7);
    let pairs: Vec<_> = parsed(plan).into_iter().zip(parsed(Plan { changed: 1, ..plan })).collect();
    let mut newest: HashMap<i64, i64> = HashMap::new();
    for (was, _) in &pairs {
        if let Some(id) = was["id"].as_i64() {
            let modified = was["modified_date"].as_i64().unwrap();
            newest.entry(id).and_modify(|known| *known = modified.max(*known)).or_insert(modified);
        }
    }
    let changed: Vec<_> = pairs.iter().filter(|(was, is)| was != is).collect();
    assert!((25..=80).contains(&changed.len()), "{} changed", changed.len());
    for (was, is) in changed {
        assert!(is["modified_date"].as_i64() > newest.get(&was["id"].as_i64().unwrap()).copied());
        assert_ne!((&was["status"], &was["attended"]), (&is["status"], &is["attended"]));
        assert_eq!((&was["person"], &was["event"]), (&is["person"], &is["event"]));
    }
}

#[test]
fn people_and_events_contradict_themselves() {
    let records = parsed(plan(5_000, 9));
    let mut people: HashMap<(i64, i64), HashSet<String>> = HashMap::new();
    let mut events: HashMap<i64, HashSet<i64>> = HashMap::new();
    for record in &records {
        let person = &record["person"];
        let key = (person["user_id"].as_i64().unwrap(), person["modified_date"].as_i64().unwrap());
        people.entry(key).or_default().insert(person.to_string());
        if let Some(id) = record["event"]["id"].as_i64() {
            let modified = record["event"]["modified_date"].as_i64().unwrap();
            events.entry(id).or_default().insert(modified);
        }
    }
    let contradictory = people.values().filter(|seen| seen.len() > 1).count();
    assert!(contradictory > 200, "{contradictory} contradictory people");
    assert!(events.values().any(|versions| versions.len() > 1));
}

#[test]
fn attendances_stand_again_with_the_same_omissions() {
    let records = parsed(plan(8_000, 10));
    let texts = plan(8_000, 10).collect();
    assert!(texts.iter().collect::<HashSet<_>>().len() < texts.len());
    let mut seen: HashMap<i64, Vec<&Value>> = HashMap::new();
    for record in &records {
        if let Some(id) = record["id"].as_i64() {
            seen.entry(id).or_default().push(record);
        }
    }
    let mut versions = 0;
    for records in seen.values() {
        let modified: HashSet<_> = records.iter().map(|record| record["modified_date"].as_i64()).collect();
        versions += usize::from(modified.len() > 1);
        for key in ["sponsor", "referrer", "custom_signup_field_values"] {
            let there: HashSet<_> = records.iter().map(|record| record.get(key).is_some()).collect();
            assert_eq!(there.len(), 1, "{key} comes and goes");
        }
    }
    assert!(versions > 50, "{versions} attendances at several versions");
}

#[test]
fn every_documented_key_and_some_others_occur() {
    let mut keys = HashSet::new();
    fn walk(value: &Value, path: &str, keys: &mut HashSet<String>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    let path = format!("{path}/{key}");
                    if !value.is_null() {
                        keys.insert(path.clone());
                    }
                    walk(value, &path, keys);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, path, keys)),
            _ => {}
        }
    }
    for record in parsed(plan(5_000, 11)) {
        walk(&record, "", &mut keys);
    }
    for key in [
        "/sponsor/race_type",
        "/event/tags/name",
        "/event/timeslots/max_attendees",
        "/event/event_campaign/event_create_page_url",
        "/event/location/location/latitude",
        "/event/location/state_senate_district",
        "/event/contact/owner_user_id",
        "/event/accessibility_notes",
        "/event/high_priority",
        "/event/virtual_action_url",
        "/event/instructions",
        "/event/summary",
        "/timeslot/instructions",
        "/person/blocked_date",
        "/referrer/utm_content",
        "/custom_signup_field_values/boolean_value",
        "/custom_signup_field_values/text_value",
        "/rating",
        "/feedback",
        "/sponsor/logo_url",
        "/carpool_seats",
    ] {
        assert!(keys.contains(key), "{key} never occurs");
    }
}

#[test]
fn bad_records_come_beside_the_good_ones() {
    for format in [Format::Array, Format::Lines] {
        let with = Plan { bad: 12, format, ..plan(100, 12) };
        let good: HashSet<String> = plan(100, 12).collect().into_iter().collect();
        let all = with.collect();
        assert_eq!(all.len(), 112);
        assert_eq!(all.iter().filter(|record| !good.contains(*record)).count(), 12);
        let broken = all.iter().filter(|record| serde_json::from_str::<Value>(record).is_err()).count();
        // A damaged line, or a lone surrogate.
        assert_eq!(broken, 2);
    }
}

#[test]
fn every_format_holds_the_same_records() {
    let written = |format| {
        let mut out = Vec::new();
        Plan { format, ..plan(50, 13) }.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let array: Vec<Value> = serde_json::from_str(&written(Format::Array)).unwrap();
    let lines: Vec<Value> =
        written(Format::Lines).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let page: Value = serde_json::from_str(&written(Format::Page)).unwrap();
    assert_eq!(array, lines);
    assert_eq!(page["data"], Value::Array(array));
    assert_eq!(page["count"], 50);
}

#[test]
fn the_sample_is_what_its_readme_says() {
    let made = tempfile::tempdir().unwrap();
    let file = |name: &str| std::fs::File::create(made.path().join(name)).unwrap();
    let sample = plan(500, 7);
    sample.write(file("attendances.json")).unwrap();
    sample.write_list(List::Events, 3, file("events.json")).unwrap();
    sample.write_list(List::People, 4, file("people.json")).unwrap();
    assert_is_sample("mobilize", made.path());
}

#[test]
fn lists_have_all_that_attendances_show_and_more() {
    let plan = plan(2_000, 14);
    let parsed = |records: Vec<String>| -> Vec<Value> {
        records.iter().map(|record| serde_json::from_str(record).unwrap()).collect()
    };
    let (attendances, events, people) =
        (parsed(plan.collect()), parsed(plan.list(List::Events, 5)), parsed(plan.list(List::People, 6)));
    let shown = |kind: &str, key: &str| -> HashSet<i64> {
        attendances.iter().filter_map(|record| record[kind][key].as_i64()).collect()
    };
    let newest: HashMap<i64, i64> = events
        .iter()
        .map(|event| (event["id"].as_i64().unwrap(), event["modified_date"].as_i64().unwrap()))
        .collect();
    assert_eq!(newest.len(), shown("event", "id").len() + 5);
    let mut older = 0;
    for event in attendances.iter().map(|record| &record["event"]).filter(|event| !event["id"].is_null()) {
        let listed = newest[&event["id"].as_i64().unwrap()];
        assert!(event["modified_date"].as_i64().unwrap() <= listed);
        older += usize::from(event["modified_date"].as_i64().unwrap() < listed);
    }
    assert!(older > 0, "no attendance shows an event as it was");
    let listed: HashSet<i64> = people.iter().map(|person| person["user_id"].as_i64().unwrap()).collect();
    assert_eq!(listed.len(), shown("person", "user_id").len() + 6);
    assert!(listed.is_superset(&shown("person", "user_id")));
}
