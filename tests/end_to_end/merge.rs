//! Random histories through the model and through PostgreSQL: every row, every count, every quarantined record must agree.
//!
//! A history is a small schema (tables, keys, versions, checks, foreign keys, also of a table to itself) and up to six
//! runs of records for it. The model of `etl_core::merge::model` is the specification; `etl_merge` is what is tested.

mod history;
mod regressions;
mod server;

use etl_tests::cluster::Cluster;
use etl_tests::inputs;
use history::{History, Step, histories};
use proptest::test_runner::{Config, TestRunner};
use server::Server;

/// Plays a history on both sides and compares them after every merge; its last run is repeated at the end.
fn play(server: &mut Server, history: &History) {
    let mut world = history.world();
    server.create(history);
    let last = history.steps.iter().rev().find(|step| matches!(step, Step::Run(_))).into_iter();
    let steps: Vec<&Step> = history.steps.iter().chain(last.clone()).chain(last).collect();
    let has_replay = history.steps.iter().any(|step| matches!(step, Step::Replay { .. }));
    let competes = history.tables.iter().any(|table| !table.model.uniques.is_empty());
    for (number, step) in steps.iter().enumerate() {
        // The last run again changes what a replay let in meanwhile, so that only the second repetition tells; and where
        // rows compete for unique values, it lets in those at the end of a chain.
        let is_repeated = match (competes, has_replay) {
            (true, _) => false,
            (false, true) => number > history.steps.len(),
            (false, false) => number >= history.steps.len(),
        };
        if matches!(step, Step::Replay { is_loosened: true }) {
            server.loosen(history, &mut world);
        }
        for target in 0..history.tables.len() {
            let before = (world.rows[target].clone(), server.physical(target));
            let context = format!("step {number} {step:?} table {target}\n{history:?}");
            let (expected, counts) = match step {
                Step::Run(run) => {
                    let staged = history.staged(number, run, target);
                    let (fates, promoted) = world.merge(target, &staged);
                    (history::counts(&fates, promoted), server.merge(history, target, &staged))
                }
                Step::Replay { .. } => {
                    let counts = server.replay(history, target, &world);
                    (history::counts(&[], world.replay(target)), counts)
                }
            };
            assert_eq!(counts, expected, "counts, {context}");
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
                !is_repeated || counts.inserted + counts.updated + counts.promoted == 0,
                "a repeated run writes, {context}"
            );
        }
    }
}

#[test]
fn postgres_agrees_with_the_model() {
    let asked = std::env::var("ETL_HISTORIES").ok().and_then(|it| it.parse().ok());
    let cases = asked.unwrap_or_else(|| inputs::rounds(200, 10_000));
    let database = Cluster::shared().database();
    let server = std::cell::RefCell::new(Server::new(&database));
    let max_shrink_iters = std::env::var("ETL_SHRINK").ok().and_then(|it| it.parse().ok()).unwrap_or(150);
    let config = Config { cases, failure_persistence: None, max_shrink_iters, ..Config::default() };
    let outcome = TestRunner::new(config).run(&histories(), |history| {
        server.borrow_mut().reset();
        play(&mut server.borrow_mut(), &history);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{}", failure.to_string().split("minimal failing input").next().unwrap_or_default());
    }
}
