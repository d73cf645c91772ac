//! Random histories through the model and through PostgreSQL: every row, every count, every quarantined record must agree.
//!
//! A history is a small schema (tables, keys, versions, checks, foreign keys, also of a table to itself) and up to six
//! runs of records for it. The model of `etl_core::merge::model` is the specification; `etl_merge` is what is tested.

mod history;
mod server;

use etl_tests::cluster::Cluster;
use history::{History, histories};
use proptest::test_runner::{Config, TestRunner};
use server::Server;

/// Plays a history on both sides and compares them after every merge.
fn play(server: &mut Server, history: &History) {
    let mut world = history.world();
    server.create(history);
    let again = history.runs.last().into_iter();
    for (number, run) in history.runs.iter().chain(again).enumerate() {
        let is_repeated = number == history.runs.len();
        for target in 0..history.tables.len() {
            let staged = history.staged(number, run, target);
            let before = (world.rows[target].clone(), server.physical(target));
            let (fates, promoted) = world.merge(target, &staged);
            let counts = server.merge(history, target, &staged);
            let context = format!(
                "run {number} table {target}\ntables {:?}\nstaged {staged:?}\nfates {fates:?}\nruns {:?}",
                history.tables, history.runs
            );
            assert_eq!(counts, history::counts(&fates, promoted), "counts, {context}");
            assert_eq!(server.rows(history, target), history::rows(&world, target), "rows, {context}");
            assert_eq!(
                server.quarantine(target),
                history::quarantine(&world, target),
                "quarantine, {context}"
            );
            if before.0 == world.rows[target] {
                assert_eq!(before.1, server.physical(target), "nothing is written or locked, {context}");
            }
            assert!(
                !is_repeated || counts.inserted + counts.updated == 0,
                "a repeated run writes, {context}"
            );
        }
    }
}

#[test]
fn postgres_agrees_with_the_model() {
    let cases = if std::env::var_os("ETL_TEST_FULL").is_some() { 10_000 } else { 250 };
    let database = Cluster::shared().database();
    let server = std::cell::RefCell::new(Server::new(&database));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let outcome = TestRunner::new(config).run(&histories(), |history| {
        server.borrow_mut().reset();
        play(&mut server.borrow_mut(), &history);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{}", failure.to_string().split("minimal failing input").next().unwrap_or_default());
    }
}
