//! Small histories whose outcome a reader can check by hand.
use super::*;

fn int(value: i64) -> Field {
    Field::Given(Value::Int(value))
}

/// id, parent id (refers to table 0 or to itself), version, amount.
fn table(parent: usize) -> Table {
    Table {
        width: 4,
        key: vec![0],
        version: Some(2),
        not_null: vec![0],
        checks: vec![Check::AtLeast(3, 0)],
        parents: vec![Parent { columns: vec![1], table: parent, referred: vec![0], is_full: false }],
        ..Table::default()
    }
}

fn world() -> World {
    let parents = Table { width: 1, key: vec![0], not_null: vec![0], ..Table::default() };
    World::new(vec![parents, table(0), table(2)])
}

fn record(run: u64, line: i64, fields: [Field; 4]) -> Record {
    Record { run, position: (1, line), fields: fields.to_vec() }
}

fn parent(run: u64, id: i64) -> Record {
    Record { run, position: (1, 1), fields: vec![int(id)] }
}

#[test]
fn a_repeated_load_changes_nothing() {
    let mut world = world();
    world.merge(0, &[parent(1, 7)]);
    let staged = [
        record(1, 1, [int(1), int(7), int(5), int(10)]),
        record(1, 2, [int(1), int(7), int(4), int(9)]),
        record(1, 3, [int(1), int(7), int(5), int(10)]),
        record(1, 4, [int(2), int(8), int(1), int(1)]),
        record(1, 5, [int(3), int(7), int(1), int(-1)]),
    ];
    use Outcome::*;
    assert_eq!(world.merge(1, &staged).0, [Inserted, Superseded, Unchanged, Parked, Rejected]);
    let before = world.clone();
    assert_eq!(world.merge(1, &staged).0, [Unchanged, Superseded, Unchanged, Parked, Rejected]);
    assert_eq!((before.rows, before.quarantine), (world.rows, world.quarantine));
}

#[test]
fn a_parked_record_is_promoted_when_its_parent_comes() {
    let mut world = world();
    world.merge(1, &[record(1, 1, [int(2), int(8), int(1), int(1)])]);
    world.merge(0, &[parent(2, 8)]);
    assert_eq!(world.merge(1, &[]), (vec![], 1));
    assert_eq!(world.quarantine[1][0].closed, Some(Closed::Promoted));
    assert_eq!(world.merge(1, &[]), (vec![], 0));
}

#[test]
fn a_parked_record_overtaken_by_a_newer_one_is_closed() {
    let mut world = world();
    world.merge(0, &[parent(1, 7)]);
    let orphan = record(1, 1, [int(1), int(8), int(1), int(1)]);
    assert_eq!(world.merge(1, std::slice::from_ref(&orphan)).0, [Outcome::Parked]);
    world.merge(1, &[record(2, 1, [int(1), int(7), int(2), int(1)])]);
    assert_eq!(world.quarantine[1][0].closed, Some(Closed::Superseded));
    assert_eq!(world.merge(1, &[orphan]).0, [Outcome::Superseded]);
    assert_eq!(world.quarantine[1][0].closed, Some(Closed::Superseded));
}

#[test]
fn cycles_load_and_chains_onto_nobody_wait() {
    let mut world = world();
    let staged = [
        record(1, 1, [int(1), int(2), int(1), int(1)]),
        record(1, 2, [int(2), int(1), int(1), int(1)]),
        record(1, 3, [int(3), int(4), int(1), int(1)]),
        record(1, 4, [int(4), int(5), int(1), int(1)]),
    ];
    use Outcome::*;
    assert_eq!(world.merge(2, &staged).0, [Inserted, Inserted, Parked, Parked]);
}

#[test]
fn a_bad_newer_record_leaves_the_good_older_one() {
    let mut world = world();
    let staged = [
        record(1, 1, [int(1), Field::Given(Value::Null), int(9), int(-1)]),
        record(1, 2, [int(1), Field::Given(Value::Null), int(8), int(3)]),
    ];
    assert_eq!(world.merge(1, &staged).0, [Outcome::Rejected, Outcome::Inserted]);
}

#[test]
fn absent_is_not_null() {
    let mut world = world();
    let null = Field::Given(Value::Null);
    let staged = [
        record(1, 1, [int(1), null.clone(), int(9), Field::Absent]),
        record(1, 2, [int(1), null.clone(), int(8), int(3)]),
        record(1, 3, [int(1), null.clone(), int(7), int(4)]),
    ];
    world.merge(1, &staged);
    assert_eq!(world.rows[1][&vec![Value::Int(1)]][3], Value::Int(3), "filled from the next-ranked record");
    world.merge(1, &[record(2, 1, [int(1), null, int(10), Field::Absent])]);
    assert_eq!(world.rows[1][&vec![Value::Int(1)]][3], Value::Int(3), "kept on update");
}
