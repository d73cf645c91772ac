//! The generator keeps what its header promises.

use super::{Plan, bad};
use std::collections::HashSet;

fn lines(write: impl Fn(&mut Vec<u8>)) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    write(&mut out);
    out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).skip(1).map(<[u8]>::to_vec).collect()
}

fn trips(plan: Plan) -> Vec<Vec<u8>> {
    lines(|out| plan.write_trips(out).unwrap())
}

#[test]
fn shares_are_as_promised() {
    let plan = Plan { trips: 20_000, seed: 7, ..Plan::default() };
    let trips: Vec<_> = (1..=plan.trips).map(|number| plan.trip(number)).collect();
    let charged = (1..=plan.trips).filter(|number| plan.charge(*number).is_some()).count();
    assert!((19_500..=19_700).contains(&charged), "{charged} charged");
    let open = trips.iter().filter(|trip| trip.dropoff.is_none()).count();
    assert!((850..=1_150).contains(&open), "{open} not completed");
    let drivers: HashSet<_> = trips.iter().map(|trip| trip.driver_id).collect();
    assert_eq!(drivers.len(), 98, "of 100 drivers two have not driven yet");
}

#[test]
fn extra_lines_are_counted() {
    let plain = Plan { trips: 1_000, seed: 7, ..Plan::default() };
    let plan = Plan { orphans: 10, duplicates: 20, bad: 30, ..plain };
    let (before, after) = (trips(plain), trips(plan));
    assert_eq!((before.len(), after.len()), (1_000, 1_060));
    assert_eq!(after.iter().collect::<HashSet<_>>().len(), 1_040);
    let charges = |plan: Plan| lines(|out| plan.write_charges(out).unwrap());
    assert_eq!(charges(plan).len(), charges(plain).len() + 30);
    let good: HashSet<_> = before.into_iter().collect();
    let others: HashSet<_> = after.into_iter().filter(|line| !good.contains(line)).collect();
    assert_eq!(others.len(), 40, "30 bad lines and 10 without a driver");
    assert_eq!(bad::KINDS.len(), 10);
}

#[test]
fn a_later_delivery_differs_in_what_it_changed() {
    let plan = Plan { trips: 5_000, seed: 7, ..Plan::default() };
    let later = Plan { changed: 1, ..plan };
    let changed = trips(plan).iter().zip(trips(later)).filter(|(was, is)| *was != is).count();
    assert!((30..=75).contains(&changed), "{changed} changed");
}

#[test]
fn the_samples_are_what_their_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    Plan { trips: 600, seed: 7, orphans: 1, duplicates: 3, ..Plan::default() }
        .write_into(folder.path())
        .unwrap();
    crate::generate::assert_is_sample("rides", folder.path());
}
