//! Other sessions insert, update and delete in the tables between classification and write. The loader merges again, up to three times, and ends with
//! the tables of some serial order, or says what was in its way and leaves them as they were.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran, Running};
use postgres::{Client, Transaction};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Some records loaded; all records in a file; and a database that has them all.
struct Scene {
    before: Database<'static>,
    after: Database<'static>,
    all: PathBuf,
    loader: Loader,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let records = inputs::mobilize(900, seed).collect();
        let before = Cluster::shared().database();
        let loader = Loader::at(&before);
        let some = loader.file("some.json", inputs::array(&records[..300]));
        let all = loader.file("all.json", inputs::array(&records));
        loader.load([some]).expect(0);
        let after = Cluster::shared().database_like(before.name());
        Loader::at(&after).load([&all]).expect(0);
        Self { before, after, all, loader }
    }

    fn database(&self) -> Database<'static> {
        Cluster::shared().database_like(self.before.name())
    }

    fn begin(&self, database: &Database<'_>) -> Running {
        self.loader.clone().env("DATABASE_URL", database.url()).begin([
            "run".as_ref(),
            "mobilize".as_ref(),
            self.all.as_os_str(),
        ])
    }

    /// Keys of rows that the file brings, as the merge comes to them.
    fn new_keys(&self, table: &str, key: &str) -> Vec<String> {
        let all = format!("select {key} from mobilize.{table} order by {key}");
        let old = self.before.rows(&all);
        self.after.rows(&all).into_iter().filter(|key| !old.contains(key)).collect()
    }

    /// Makes a row older than the file has it, and returns its key.
    fn aged(database: &Database<'_>, table: &str, key: &str) -> String {
        database.value(&format!(
            "update mobilize.{table}
             set modified_date = '2001-01-01'
             where {key} = (select min({key}) from mobilize.{table})
             returning {key}"
        ))
    }

    /// A statement that inserts a row as the file has it, but with this JSON laid over it.
    fn insert(&self, table: &str, key: &str, value: &str, over: &str) -> String {
        let row =
            self.after.value(&format!("select to_jsonb(t) from mobilize.{table} as t where {key} = {value}"));
        format!(
            "insert into mobilize.{table} select * from jsonb_populate_record(null::mobilize.{table}, $${row}$$::jsonb || $${over}$$)"
        )
    }

    /// Checks a run that succeeded: all that the file holds is there.
    fn check(&self, database: &Database<'_>, ran: Ran, sqlstate: &str) {
        ran.expect(0).complains(&[sqlstate, "merging again, 1 of 3"]);
        assert_same(&self.after.dump("mobilize"), &database.dump("mobilize"), sqlstate);
        accounting::check_beside_others(database, "mobilize");
    }
}

const OLDER: &str = r#"{"modified_date": "2001-01-01T00:00:00Z"}"#;

/// Waits until the loader waits for a lock of this session.
fn wait_for_meeting(
    database: &Database<'_>,
    running: &mut Running,
    session: &mut impl postgres::GenericClient,
) {
    let session: i32 = session.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let mut observer = database.client();
    let deadline = Instant::now() + Duration::from_secs(30);
    let waits = "select count(*) from pg_stat_activity
                 where datname = current_database() and application_name = 'pg_etl loader' and $1 = any (pg_blocking_pids(pid))";
    while observer.query_one(waits, &[&session]).unwrap().get::<_, i64>(0) == 0 {
        assert!(!running.has_ended() && Instant::now() < deadline, "the loader never met the other session");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn transaction(client: &mut Client) -> Transaction<'_> {
    client.transaction().unwrap()
}

#[test]
fn another_session_inserts_the_same_key() {
    let scene = Scene::new(71);
    let database = scene.database();
    let key = &scene.new_keys("people", "user_id")[0];
    let mut session = database.client();
    let mut other = transaction(&mut session);
    other.batch_execute(&scene.insert("people", "user_id", key, OLDER)).unwrap();
    let mut running = scene.begin(&database);
    wait_for_meeting(&database, &mut running, &mut other);
    other.commit().unwrap();
    scene.check(&database, running.end(), "23505");
}

#[test]
fn other_sessions_insert_faster_than_the_loader_tries() {
    let scene = Scene::new(72);
    let database = scene.database();
    let keys = &scene.new_keys("people", "user_id")[..4];
    let mut sessions: Vec<Client> = keys.iter().map(|_| database.client()).collect();
    let mut others: Vec<Transaction<'_>> = sessions.iter_mut().map(transaction).collect();
    for (other, key) in others.iter_mut().zip(keys) {
        other.batch_execute(&scene.insert("people", "user_id", key, OLDER)).unwrap();
    }
    let mut running = scene.begin(&database);
    // Sorted by key: the loader meets them one after the other.
    for mut other in others {
        wait_for_meeting(&database, &mut running, &mut other);
        other.commit().unwrap();
    }
    running.end().expect(1).complains(&["merging again, 3 of 3", "23505", "people_pkey"]);
    database.execute(&format!("delete from mobilize.people where user_id in ({})", keys.join(", ")));
    assert_same(&scene.before.dump("mobilize"), &database.dump("mobilize"), "rolled back");
    assert_eq!(
        database.rows("select status, error_sqlstate from etl.runs order by run_id"),
        ["done|", "failed|23505"]
    );
    scene.begin(&database).end().expect(0);
    assert_same(&scene.after.dump("mobilize"), &database.dump("mobilize"), "next run");
    accounting::check_beside_others(&database, "mobilize");
}

#[test]
fn another_session_deletes_a_parent() {
    let scene = Scene::new(73);
    let database = scene.database();
    // An event exactly as the file has it: the run finds it unchanged and lets the event's timeslots in.
    let key = &scene.new_keys("events", "event_id")[0];
    let organization = scene
        .after
        .value(&format!("select sponsor_organization_id from mobilize.events where event_id = {key}"));
    if !organization.is_empty() {
        let insert = scene.insert("organizations", "organization_id", &organization, "{}");
        database.execute(&format!("{insert} on conflict do nothing"));
    }
    database.execute(&scene.insert("events", "event_id", key, "{}"));
    let mut session = database.client();
    let mut other = transaction(&mut session);
    other.batch_execute(&format!("delete from mobilize.events where event_id = {key}")).unwrap();
    let mut running = scene.begin(&database);
    wait_for_meeting(&database, &mut running, &mut other);
    other.commit().unwrap();
    scene.check(&database, running.end(), "23503");
}

#[test]
fn another_session_deletes_a_row_to_be_updated() {
    let scene = Scene::new(74);
    let database = scene.database();
    let key = &scene.new_keys("people", "user_id")[0];
    database.execute(&scene.insert("people", "user_id", key, OLDER));
    let mut session = database.client();
    let mut other = transaction(&mut session);
    other.batch_execute(&format!("delete from mobilize.people where user_id = {key}")).unwrap();
    let mut running = scene.begin(&database);
    wait_for_meeting(&database, &mut running, &mut other);
    other.commit().unwrap();
    scene.check(&database, running.end(), "27000");
}

#[test]
fn another_session_writes_a_newer_version() {
    let scene = Scene::new(75);
    let database = scene.database();
    let key = Scene::aged(&database, "people", "user_id");
    let row = format!("select given_name, modified_date::date from mobilize.people where user_id = {key}");
    let mut session = database.client();
    let mut other = transaction(&mut session);
    other
        .batch_execute(&format!(
            "update mobilize.people set given_name = 'Zoe', modified_date = '2099-01-01' where user_id = {key}"
        ))
        .unwrap();
    let mut running = scene.begin(&database);
    wait_for_meeting(&database, &mut running, &mut other);
    other.commit().unwrap();
    running.end().expect(0);
    assert_eq!(database.value(&row), "Zoe|2099-01-01", "an older version overwrote a newer row");
    accounting::check_beside_others(&database, "mobilize");
}

#[test]
fn another_session_locks_in_another_order() {
    let scene = Scene::new(76);
    for _ in 0..10 {
        let database = scene.database();
        let person = Scene::aged(&database, "people", "user_id");
        let attendance = Scene::aged(&database, "attendances", "attendance_id");
        let mut session = database.client();
        // The one that looks first gives way: the loader, unless this machine is very busy.
        session.batch_execute("set deadlock_timeout = '5s'").unwrap();
        let mut other = transaction(&mut session);
        other
            .batch_execute(&format!(
                "update mobilize.attendances set feedback = 'x' where attendance_id = {attendance}"
            ))
            .unwrap();
        let mut running = scene.begin(&database);
        wait_for_meeting(&database, &mut running, &mut other);
        let crossed = format!("update mobilize.people set family_name = 'x' where user_id = {person}");
        if let Err(error) = other.batch_execute(&crossed) {
            assert_eq!(error.code().map(|code| code.code()), Some("40P01"), "{error:?}");
            drop(other);
            running.end().expect(0);
            continue;
        }
        other.commit().unwrap();
        scene.check(&database, running.end(), "40P01");
        return;
    }
    panic!("the other session always gave way: the test proved nothing");
}
