//! The harness itself: a server of our own, databases of our own, and sharp eyes for what was written.

use etl_tests::cluster::Cluster;
use etl_tests::database::assert_same;

#[test]
fn a_server_is_made_and_goes() {
    let cluster = Cluster::quick().unwrap();
    let folder = cluster.socket().to_owned();
    assert_eq!(cluster.database().value("show listen_addresses"), "");
    cluster.check_soundness();
    drop(cluster);
    assert!(!folder.exists());
}

#[test]
fn a_no_op_update_and_a_lock_are_seen() {
    let database = Cluster::shared().database();
    database
        .execute("create schema s; create table s.t (a int primary key); insert into s.t values (1), (2)");
    let (before, rows) = (database.physical("s"), database.dump("s"));
    assert_eq!(before, database.physical("s"));
    database.execute("begin; select * from s.t where a = 1 for key share; commit");
    assert_ne!(before, database.physical("s"), "a lock leaves its xmax");
    let locked = database.physical("s");
    database.execute("update s.t set a = a");
    assert_ne!(locked, database.physical("s"), "an update moves the row");
    assert_same(&rows, &database.dump("s"), "the rows are the same");
}

#[test]
#[should_panic(expected = "the tables differ")]
fn a_changed_row_is_seen() {
    let database = Cluster::shared().database();
    database.execute("create schema s; create table s.t (a int); insert into s.t values (1)");
    let before = database.dump("s");
    database.execute("update s.t set a = 2");
    assert_same(&before, &database.dump("s"), "before and after");
}
