//! The first migrations of several databases at once: the roles belong to all of them, and no lock of a database covers that.

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::time::{Duration, Instant};

/// A database of ana's, who is no superuser but may create roles. The extension is an administrator's, who lets her grant
/// its functions.
fn database_of_ana(cluster: &Cluster) -> Database<'_> {
    let database = cluster.database();
    database.execute(&format!(
        "alter database {} owner to ana;
         create extension pg_etl;
         do $do$
         declare
             writing regprocedure;
         begin
             for writing in select oid from pg_proc where proname ~ '^etl_' and provolatile = 'v' loop
                 execute format('grant execute on function %s to ana with grant option', writing);
             end loop;
         end
         $do$",
        database.name()
    ));
    database
}

fn loader_of_ana(database: &Database<'_>) -> Loader {
    Loader::new().env("DATABASE_URL", database.cluster().url("ana", database.name()))
}

#[test]
fn four_databases_at_once() {
    let cluster = Cluster::quick().unwrap();
    let administrator = cluster.database();
    administrator.execute("create role ana login createrole");
    for round in 0..inputs::rounds(3, 25) {
        let databases: Vec<_> = (0..4).map(|_| database_of_ana(&cluster)).collect();
        std::thread::scope(|scope| {
            let migrators: Vec<_> = databases
                .iter()
                .map(|database| scope.spawn(|| loader_of_ana(database).run(["migrate"])))
                .collect();
            for migrator in migrators {
                migrator.join().unwrap().expect(0);
            }
        });
        for database in &databases {
            assert_eq!(database.count("etl.mobilize_history where version = 1"), 1, "round {round}");
            loader_of_ana(database).run(["migrate"]).expect(0);
        }
        // The next round makes the roles anew.
        drop(databases);
        administrator.execute("drop role etl_owner, etl_loader, etl_reader");
    }
}

#[test]
fn who_comes_second_tries_again() {
    let cluster = Cluster::quick().unwrap();
    let administrator = cluster.database();
    administrator.execute(
        "create role ana login createrole;
         create role etl_owner nologin; create role etl_loader nologin; create role etl_reader nologin",
    );
    let database = database_of_ana(&cluster);
    // What another database's migrator is about to commit: ours meets it on the index of the memberships.
    let mut other = administrator.client();
    let mut other = other.transaction().unwrap();
    other.batch_execute("grant etl_owner to ana").unwrap();
    std::thread::scope(|scope| {
        let migrator = scope.spawn(|| loader_of_ana(&database).run(["migrate"]));
        let deadline = Instant::now() + Duration::from_secs(30);
        while administrator
            .number("select count(*) from pg_locks where locktype = 'transactionid' and not granted")
            == 0
        {
            assert!(Instant::now() < deadline && !migrator.is_finished(), "the migrator never met the other");
            std::thread::sleep(Duration::from_millis(20));
        }
        other.commit().unwrap();
        migrator.join().unwrap().expect(0);
    });
    let crossed = cluster.log().lines().filter(|line| line.contains("ERROR:  23505")).count();
    assert_eq!(crossed, 1, "it was refused once, and then found the membership there");
}
