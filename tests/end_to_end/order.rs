//! Any order, any split, any repetition of the input gives the same tables, byte for byte.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Dump, assert_same};
use etl_tests::generate::mobilize::Plan;
use etl_tests::generate::random::Random;
use etl_tests::inputs::{self, MobilizeTruth};
use etl_tests::loader::Loader;
use std::collections::BTreeMap;

/// Loads the files one after the other into a fresh database and returns its tables.
fn loaded(files: &[String], exits: &[i32]) -> Dump {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    for (number, file) in files.iter().enumerate() {
        let path = loader.file(&format!("part{number}.json"), file);
        let ran = loader.load([path]);
        assert!(
            ran.status.code().is_some_and(|code| exits.contains(&code)),
            "part {number}: {:?}\n{}",
            ran.status,
            ran.stderr
        );
    }
    accounting::check(&database, "mobilize");
    database.dump("mobilize")
}

/// The records in seven parts, shuffled within and among them, two of the parts twice.
fn parts(records: &[String], random: &mut Random) -> Vec<String> {
    let mut records = records.to_vec();
    random.shuffle(&mut records);
    let mut parts: Vec<String> = records.chunks(records.len().div_ceil(7)).map(inputs::array).collect();
    for _ in 0..2 {
        let again = usize::try_from(random.below(parts.len() as u64)).unwrap();
        parts.push(parts[again].clone());
    }
    random.shuffle(&mut parts);
    parts
}

#[test]
fn generated_records_in_any_order() {
    for seed in 0..u64::from(inputs::rounds(6, 60)) {
        let mut random = Random::of(seed, "order", 0);
        let records = 30 + random.below(400);
        // Every other file has bad records among the good ones: they are kept out in any order, too.
        let bad = if seed % 2 == 0 { 0 } else { 6 };
        let plan = Plan { bad, ..inputs::mobilize(records, seed) };
        let records = plan.collect();
        let exits: &[i32] = if bad == 0 { &[0] } else { &[0, 3] };
        let once = loaded(&[inputs::array(&records)], exits);
        let split = loaded(&parts(&records, &mut random), exits);
        assert_same(&once, &split, &format!("seed {seed}, {} records", records.len()));
    }
}

#[test]
fn one_load_has_what_the_records_say() {
    for seed in 100..u64::from(100 + inputs::rounds(3, 20)) {
        let records = inputs::mobilize(700, seed).collect();
        let database = Cluster::shared().database();
        let loader = Loader::at(&database);
        let path = loader.file("all.json", inputs::array(&records));
        loader.load([path]).expect(0);
        assert_eq!(MobilizeTruth::in_database(&database), MobilizeTruth::of(&records), "seed {seed}");
        for (table, key, object) in [
            ("attendances", "attendance_id", ""),
            ("people", "user_id", "person"),
            ("events", "event_id", "event"),
        ] {
            let found = database.rows(&format!(
                "select {key}, extract(epoch from modified_date)::bigint from mobilize.{table} order by {key}"
            ));
            assert_eq!(found, newest(&records, object), "seed {seed}, {table}");
        }
        accounting::check(&database, "mobilize");
    }
}

/// Key and greatest `modified_date` of the object in the records, found without the project's own code; the attendance itself is object "".
fn newest(records: &[String], object: &str) -> Vec<String> {
    let mut newest = BTreeMap::new();
    for record in records {
        let mut value: serde_json::Value = serde_json::from_str(record).unwrap();
        if !object.is_empty() {
            value = value[object].take();
        }
        let key = if object == "person" { "user_id" } else { "id" };
        if let Some(key) = value[key].as_i64() {
            let modified = value["modified_date"].as_i64();
            let known = newest.entry(key).or_insert(modified);
            *known = modified.max(*known);
        }
    }
    newest.iter().map(|(key, modified)| format!("{key}|{}", modified.unwrap())).collect()
}

#[test]
fn the_real_file_in_any_order() {
    let Some(file) = inputs::real("mobilize/attendances.json") else {
        return;
    };
    let text = std::fs::read_to_string(file).unwrap();
    // Raw values keep the records' bytes; white space goes.
    let records: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let records: Vec<String> = records.iter().map(ToString::to_string).collect();
    let once = loaded(&[text], &[0]);
    for seed in 0..u64::from(inputs::rounds(2, 10)) {
        let mut random = Random::of(seed, "real order", 0);
        let split = loaded(&parts(&records, &mut random), &[0]);
        assert_same(&once, &split, &format!("seed {seed}"));
    }
}
