//! Ctrl-C, once and twice, and SIGTERM, at random moments: a prompt end with the shell's exit code, an idle server, the old state.

use etl_tests::cluster::Cluster;
use etl_tests::generate::random::Random;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use etl_tests::step::Step;
use postgres::{Client, NoTls};
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

/// Delays from the signal on: nine of ten must keep the limit, and none may hang, on whatever busy machine.
fn check(what: &str, mut delays: Vec<Duration>, limit: Duration) {
    delays.sort();
    let last = delays.len() - 1;
    let (most, longest) = (delays[last * 9 / 10], delays[last]);
    println!("{what} after {most:.1?}, at most {longest:.1?}");
    assert!(most <= limit && longest <= limit * 5, "{what}: {delays:?}");
}

/// Sends the signals, each a little after the one before, at random moments of a run, until so many runs were interrupted.
fn interrupt(cluster: &Cluster, step: &Step<'_>, signals: &[&str], exit: i32) {
    let mut observer = Client::connect(&cluster.url("postgres", "postgres"), NoTls).unwrap();
    let mut random =
        Random::of(91, "interrupt", u64::from(exit.unsigned_abs()) + signals.concat().len() as u64);
    let rounds = usize::try_from(inputs::rounds(4, 20)).unwrap();
    let (mut ends, mut idles, mut told) = (Vec::new(), Vec::new(), 0);
    for round in 0..rounds * 20 {
        let database = step.database();
        let working = format!(
            "select count(*) from pg_stat_activity where datname = '{}' and backend_type = 'client backend' and state <> 'idle'",
            database.name()
        );
        let mut loader = step.begin(&Loader::at(&database));
        let moment = step.moment(&mut random);
        std::thread::sleep(moment);
        let context = format!("round {round}, {signals:?} after {moment:?}");
        let begun = Instant::now();
        for (number, signal) in signals.iter().enumerate() {
            if number > 0 {
                std::thread::sleep(Duration::from_millis(random.below(100)));
            }
            loader.signal(signal);
        }
        let mut end = None;
        let mut idle = None;
        while end.is_none() || idle.is_none() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{context}: ended {end:?}, idle {idle:?}");
            if end.is_none() && loader.has_ended() {
                end = Some(begun.elapsed());
            }
            if end.is_some() && observer.query_one(&working, &[]).unwrap().get::<_, i64>(0) == 0 {
                idle = Some(begun.elapsed());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let ran = loader.end();
        let is_new = step.is_new(&database, &context);
        match (ran.status.code(), ran.status.signal()) {
            (Some(code), _) if code == exit => {
                assert!(ran.stderr.contains("interrupted, nothing was loaded"), "{context}: {}", ran.stderr);
                told += 1;
            }
            // Before it listens, when nothing has begun, the signal itself ends it: a shell says the same number.
            (None, Some(signal)) if signal + 128 == exit => {}
            // The commit was under way or over: the loader says what was done.
            (Some(3), _) if is_new => continue,
            other => panic!("{context}: ended with {other:?}\n{}", ran.stderr),
        }
        assert!(!is_new, "{context}: nothing was loaded, said the loader");
        ends.push(end.unwrap_or_default());
        idles.push(idle.unwrap_or_default().saturating_sub(end.unwrap_or_default()));
        if ends.len() == rounds {
            step.check_next_run(&database, &context);
            break;
        }
    }
    assert_eq!(ends.len(), rounds, "too few moments were before the commit");
    assert!(told > 0, "every signal came before the run had begun: the test proved nothing");
    check(&format!("{signals:?}: the loader ends"), ends, Duration::from_secs(1));
    check(
        &format!("{signals:?}: its session is idle or gone, after the loader's end"),
        idles,
        Duration::from_millis(500),
    );
}

#[test]
fn a_signal_ends_it_and_leaves_nothing() {
    let cluster = Cluster::quick().unwrap();
    let step = Step::of(&cluster, 4_000, 91);
    interrupt(&cluster, &step, &["INT"], 130);
    interrupt(&cluster, &step, &["INT", "INT"], 130);
    interrupt(&cluster, &step, &["TERM"], 143);
    cluster.check_soundness();
}
