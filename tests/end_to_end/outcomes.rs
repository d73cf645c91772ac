//! Every outcome by name, in the counts and in the quarantine: what `etl_merge` makes of a few records a reader can judge.

mod constraints;
mod demo;
mod refusals;
mod types;

use demo::Demo;

/// People of a team, each with a boss; emails are unique.
const PEOPLE: &str = "
    create table demo.teams (team_id bigint primary key);
    insert into demo.teams values (1);
    create table demo.people (
        id       bigint primary key,
        name     text not null,
        email    text constraint email unique,
        age      smallint constraint age check (age >= 0),
        team_id  bigint constraint team references demo.teams,
        boss     bigint constraint boss references demo.people,
        modified integer
    )";

/// Columns as they are staged.
const STAGED: &str =
    "id text, name text, email text, age text, team_id text, boss text, modified text, line bigint";

fn people() -> Demo {
    Demo::new(PEOPLE, "demo.people", STAGED, Some("modified"))
}

#[test]
fn a_bad_type() {
    let demo = people();
    assert_eq!(
        demo.merge("('1','Ana',null,'old',null,null,'1',1), ('2','Bo',null,'7',null,null,'1',2)"),
        "2 read, 1 inserted, 1 rejected"
    );
    assert_eq!(demo.quarantine(), ["rejected 22P02 age: age: expected an integer, found \"old\""]);
}

#[test]
fn a_null() {
    let demo = people();
    assert_eq!(demo.merge("('1',null,null,null,null,null,'1',1)"), "1 read, 1 rejected");
    assert_eq!(demo.quarantine(), ["rejected 23502 name: name is missing or null, the column is not null"]);
}

#[test]
fn a_check() {
    let demo = people();
    assert_eq!(demo.merge("('1','Ana',null,'-1',null,null,'1',1)"), "1 read, 1 rejected");
    assert_eq!(demo.quarantine(), ["rejected 23514 age: check age does not hold: (age >= 0)"]);
}

#[test]
fn a_duplicate_unique() {
    let demo = people();
    demo.execute("insert into demo.people values (9, 'Cy', 'cy@x')");
    let rows = "('1','Ana','a@x',null,null,null,'1',1), ('2','Bo','a@x',null,null,null,'1',2), ('3','Di','cy@x',null,null,null,'1',3)";
    assert_eq!(demo.merge(rows), "3 read, 1 inserted, 2 rejected");
    let expected = [
        "rejected 23505 email: the value is taken by demo.people (id)=(1)",
        "rejected 23505 email: the value is held by demo.people (id)=(9)",
    ];
    assert_eq!(demo.quarantine(), expected);
    assert_eq!(demo.merge(rows), "3 read, 1 unchanged, 2 rejected");
    assert_eq!(demo.quarantine(), expected);
}

#[test]
fn a_freed_unique() {
    let demo = people();
    demo.execute("insert into demo.people values (9, 'Cy', 'cy@x', null, null, null, 1), (8, 'Ed', 'ed@x', null, null, null, 1)");
    // 9 moves away, and a new row and a row that is there each take what was given up.
    let rows = "('1','Ana','cy@x',null,null,null,'1',1), ('9','Cy','new@x',null,null,null,'2',2)";
    assert_eq!(demo.merge(rows), "2 read, 1 inserted, 1 updated");
    let rows = "('8','Ed','new@x',null,null,null,'2',1), ('9','Cy','newer@x',null,null,null,'3',2)";
    assert_eq!(demo.merge(rows), "2 read, 2 updated");
    assert_eq!(demo.rows("id, email"), ["1|cy@x", "8|new@x", "9|newer@x"]);
    assert_eq!(demo.quarantine(), Vec::<String>::new());
}

#[test]
fn a_swap_and_a_chain() {
    let demo = people();
    demo.execute(
        "insert into demo.people select i, 'P', i || '@x', null, null, null, 1 from generate_series(1, 5) as i",
    );
    // 1 and 2 swap; 5 takes from 4, which takes from 3, which moves away.
    let rows = "('1','P','2@x',null,null,null,'2',1), ('2','P','1@x',null,null,null,'2',2),
        ('3','P','free@x',null,null,null,'2',3), ('4','P','3@x',null,null,null,'2',4), ('5','P','4@x',null,null,null,'2',5)";
    assert_eq!(demo.merge(rows), "5 read, 2 updated, 3 rejected");
    assert_eq!(demo.rows("id, email"), ["1|1@x", "2|2@x", "3|free@x", "4|3@x", "5|5@x"]);
    let said = |id| {
        format!(
            "rejected 23505 email: the value is held by demo.people (id)=({id}), which changes in the same run: swaps and chains are refused"
        )
    };
    assert_eq!(demo.quarantine(), [said(2), said(1), said(4)]);
}

#[test]
fn an_orphan_is_parked_and_later_promoted() {
    let demo = people();
    let orphan = "('1','Ana',null,null,'7',null,'1',1)";
    assert_eq!(demo.merge(orphan), "1 read, 1 parked");
    let waits = "parked 23503 team: waits for demo.teams(team_id)=(7)";
    assert_eq!(demo.quarantine(), [waits]);
    assert_eq!(demo.merge(orphan), "1 read, 1 parked");
    assert_eq!(demo.quarantine(), [waits], "the same again is the same row");
    demo.execute("insert into demo.teams values (7)");
    assert_eq!(demo.merge("('2','Bo',null,null,null,null,'1',1)"), "1 read, 1 inserted, 1 promoted");
    assert_eq!(demo.quarantine(), [format!("{waits}, promoted")]);
    assert_eq!(demo.rows("id, team_id"), ["1|7", "2|"]);
}

#[test]
fn a_reply_before_its_post() {
    let demo = people();
    assert_eq!(
        demo.merge("('2','Bo',null,null,null,'1','1',1), ('1','Ana',null,null,null,null,'1',2)"),
        "2 read, 2 inserted"
    );
    assert_eq!(demo.merge("('4','Di',null,null,null,'3','1',1)"), "1 read, 1 parked");
    assert_eq!(demo.quarantine(), ["parked 23503 boss: waits for demo.people(id)=(3)"]);
    assert_eq!(demo.merge("('3','Cy',null,null,null,'1','1',1)"), "1 read, 1 inserted, 1 promoted");
    assert_eq!(demo.rows("id, boss"), ["1|", "2|1", "3|1", "4|3"]);
}

#[test]
fn a_cycle() {
    let demo = people();
    let rows = "('1','Ana',null,null,null,'2','1',1), ('2','Bo',null,null,null,'1','1',2), ('3','Cy',null,null,null,'3','1',3),
        ('4','Di',null,null,null,'5','1',4), ('5','Ed',null,null,null,'99','1',5)";
    assert_eq!(demo.merge(rows), "5 read, 3 inserted, 2 parked");
    let expected = [
        "parked 23503 boss: waits for demo.people(id)=(5)",
        "parked 23503 boss: waits for demo.people(id)=(99)",
    ];
    assert_eq!(demo.quarantine(), expected);
}

#[test]
fn an_older_version() {
    let demo = people();
    assert_eq!(
        demo.merge("('1','Ana',null,null,null,null,'5',1), ('1','Old',null,null,null,null,'4',2)"),
        "2 read, 1 inserted, 1 superseded"
    );
    assert_eq!(demo.merge("('1','Older',null,null,null,null,'3',1)"), "1 read, 1 superseded");
    assert_eq!(demo.merge("('1','Timeless',null,null,null,null,null,1)"), "1 read, 1 superseded");
    assert_eq!(demo.rows("id, name"), ["1|Ana"]);
    assert_eq!(demo.quarantine(), Vec::<String>::new());
}

#[test]
fn a_bad_newer_record_beside_a_good_older_one() {
    let demo = people();
    let rows = "('1','Ana',null,'-5',null,null,'2',1), ('1','Ana',null,'5',null,null,'1',2)";
    assert_eq!(demo.merge(rows), "2 read, 1 inserted, 1 rejected");
    assert_eq!(demo.rows("id, age, modified"), ["1|5|1"]);
    let rejected = "rejected 23514 age: check age does not hold: (age >= 0)";
    assert_eq!(demo.quarantine(), [rejected], "it could still win");
    assert_eq!(demo.merge("('1','Ana',null,'6',null,null,'3',1)"), "1 read, 1 updated");
    assert_eq!(demo.quarantine(), [format!("{rejected}, superseded")], "a newer version settled its key");
    // The same bad record again: known, and no longer news.
    assert_eq!(demo.merge(rows), "2 read, 1 superseded, 1 rejected");
    assert_eq!(demo.quarantine(), [format!("{rejected}, superseded")]);
}

#[test]
fn a_parked_record_overtaken_by_a_newer_one() {
    let demo = people();
    assert_eq!(demo.merge("('1','Ana',null,null,'7',null,'1',1)"), "1 read, 1 parked");
    assert_eq!(demo.merge("('1','Ana',null,null,'1',null,'2',1)"), "1 read, 1 inserted");
    assert_eq!(demo.quarantine(), ["parked 23503 team: waits for demo.teams(team_id)=(7), superseded"]);
    demo.execute("insert into demo.teams values (7)");
    assert_eq!(demo.merge("('2','Bo',null,null,null,null,'1',1)"), "1 read, 1 inserted");
    assert_eq!(demo.rows("id, team_id"), ["1|1", "2|"]);
}

#[test]
fn the_same_bad_record_twice() {
    let demo = people();
    let rows = "('1',null,null,null,null,null,'1',1), ('1',null,null,null,null,null,'1',2)";
    assert_eq!(demo.merge(rows), "2 read, 2 rejected");
    let rejected = "rejected 23502 name: name is missing or null, the column is not null";
    assert_eq!(demo.quarantine(), [rejected, rejected], "two occurrences");
    assert_eq!(demo.merge(rows), "2 read, 2 rejected");
    assert_eq!(demo.quarantine(), [rejected, rejected]);
    assert_eq!(
        demo.values("select distinct last_run - first_run from etl.quarantine"),
        ["0"],
        "nothing was written again"
    );
}

#[test]
fn a_replay_after_a_migration() {
    let demo = people();
    let rows = "('1','Ana',null,'-1',null,null,'1',1), ('2','Bo',null,'99999',null,null,'1',2), ('3',null,null,null,null,null,'1',3)";
    assert_eq!(demo.merge(rows), "3 read, 3 rejected");
    assert_eq!(demo.replay(), "0 read", "nothing was mended yet");
    demo.execute(
        "alter table demo.people drop constraint age; alter table demo.people alter age type integer",
    );
    assert_eq!(demo.replay(), "0 read, 2 promoted");
    assert_eq!(demo.rows("id, age"), ["1|-1", "2|99999"]);
    let expected = [
        "rejected 23514 age: check age does not hold: (age >= 0), replayed",
        "rejected 22003 age: age: expected an integer from -32768 to 32767, found \"99999\", replayed",
        "rejected 23502 name: name is missing or null, the column is not null",
    ];
    assert_eq!(demo.quarantine(), expected);
}

#[test]
fn a_replay_does_not_undo_what_came_later() {
    // Without a version the later record wins, and a replayed one stands where it first came.
    let demo = Demo::new(PEOPLE, "demo.people", STAGED, None);
    let rows = "('1','Ana',null,'-1',null,null,null,1), ('1','Anna',null,'5',null,null,null,2), ('2','Bo',null,'6',null,null,null,3), ('2','Bob',null,'-6',null,null,null,4)";
    assert_eq!(demo.merge(rows), "4 read, 2 inserted, 2 rejected");
    let rejected = "rejected 23514 age: check age does not hold: (age >= 0)";
    assert_eq!(demo.quarantine(), [format!("{rejected}, superseded"), rejected.to_string()]);
    demo.execute("alter table demo.people drop constraint age");
    assert_eq!(demo.replay(), "0 read, 1 promoted");
    assert_eq!(demo.rows("id, name"), ["1|Anna", "2|Bob"]);
}

#[test]
fn a_discarded_record_stays_so() {
    let demo = people();
    let rows = "('1',null,null,null,null,null,'1',1)";
    assert_eq!(demo.merge(rows), "1 read, 1 rejected");
    demo.execute("update etl.quarantine set closed_as = 'discarded', closed_run = last_run");
    assert_eq!(demo.merge(rows), "1 read, 1 rejected");
    assert_eq!(
        demo.quarantine(),
        ["rejected 23502 name: name is missing or null, the column is not null, discarded"]
    );
}

#[test]
fn a_record_of_several_rows_keeps_each_apart() {
    // Two rows of one record wait; one of them is promoted, the other goes on waiting as itself.
    let demo =
        Demo::new(PEOPLE, "demo.people", "id text, name text, team_id text, record text, line bigint", None);
    let rows = "('1','Ana','7','{}',1), ('2','Bo','8','{}',1)";
    assert_eq!(demo.merge(rows), "2 read, 2 parked");
    demo.execute("insert into demo.teams values (7)");
    assert_eq!(demo.merge(rows), "2 read, 1 inserted, 1 parked, 1 promoted");
    let expected = [
        "parked 23503 team: waits for demo.teams(team_id)=(7), promoted",
        "parked 23503 team: waits for demo.teams(team_id)=(8)",
    ];
    assert_eq!(demo.quarantine(), expected);
}

#[test]
fn a_corrected_record_of_the_same_version_closes_the_bad_one() {
    let demo = people();
    assert_eq!(demo.merge("('1','Ana',null,'-5',null,null,'2',1)"), "1 read, 1 rejected");
    assert_eq!(demo.merge("('1','Ana',null,'5',null,null,'2',1)"), "1 read, 1 inserted");
    let closed = "rejected 23514 age: check age does not hold: (age >= 0), superseded";
    assert_eq!(demo.quarantine(), [closed]);
    assert_eq!(demo.merge("('1','Ana',null,'-5',null,null,'2',1)"), "1 read, 1 rejected");
    assert_eq!(demo.quarantine(), [closed], "what was corrected since is no news");
}
