//! The connection is cut, at any byte, in the commit, or by a network that dies without a word: no hang, the old state or the new, and the loader
//! knows which.

use etl_tests::cluster::Cluster;
use etl_tests::generate::random::Random;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use etl_tests::network::Network;
use etl_tests::proxy::{Cut, Moment, Proxy};
use etl_tests::step::Step;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

const ARRIVED: &str = "the ledger says that the commit arrived";

fn proxy(cluster: &Cluster) -> Proxy {
    Proxy::before(cluster, Ipv4Addr::LOCALHOST.into())
}

#[test]
fn at_any_byte() {
    let cluster = Cluster::quick().unwrap();
    let step = Step::of(&cluster, 2_000, 111);
    let proxy = proxy(&cluster);
    let whole = step.database();
    proxy.cut(Moment::ToServer(u64::MAX), Cut::Close);
    Loader::new().env("DATABASE_URL", proxy.url(whole.name(), "")).run(step.arguments()).expect(3);
    let (to_server, to_client) = proxy.carried();
    assert!(step.is_new(&whole, "a whole run"));

    let mut random = Random::of(111, "cut", 0);
    let (mut olds, mut news, mut uncut) = (0, 0, 0);
    for round in 0..inputs::rounds(8, 100) {
        let database = step.database();
        let way = if random.percent(50) {
            Moment::ToServer(random.below(to_server))
        } else {
            Moment::ToClient(random.below(to_client))
        };
        let cut = if random.percent(50) { Cut::Reset } else { Cut::Close };
        let context = format!("round {round}, {way:?} of {to_server}, {to_client}: {cut:?}");
        proxy.cut(way, cut);
        let begun = Instant::now();
        let ran =
            Loader::new().env("DATABASE_URL", proxy.url(database.name(), "")).begin(step.arguments()).end();
        assert!(
            begun.elapsed() < step.length * 4 + Duration::from_secs(15),
            "{context}: {:?}",
            begun.elapsed()
        );
        // A backend in the middle of things has not noticed yet.
        database.wait_for_quiet();
        let is_new = step.is_new(&database, &context);
        match ran.status.code() {
            Some(1) => {
                assert!(!is_new, "{context}: loaded, and the loader says that it failed\n{}", ran.stderr)
            }
            Some(4) => assert!(ran.stderr.contains("cannot connect"), "{context}: {}", ran.stderr),
            Some(3) => assert!(is_new, "{context}: the loader says that it is done\n{}", ran.stderr),
            other => panic!("{context}: exit {other:?}\n{}", ran.stderr),
        }
        uncut += u32::from(!proxy.has_cut());
        *(if is_new { &mut news } else { &mut olds }) += 1;
        step.check_next_run(&database, &context);
    }
    println!("{olds} old, {news} new; {uncut} not cut");
    assert!(olds > 0, "every run was done before it was cut: the test proved nothing");
    cluster.check_soundness();
}

#[test]
fn in_the_commit() {
    let cluster = Cluster::quick().unwrap();
    let step = Step::of(&cluster, 600, 112);
    let proxy = proxy(&cluster);
    for round in 0..inputs::rounds(2, 25) {
        for cut in [Cut::Reset, Cut::Close] {
            let database = step.database();
            let context = format!("round {round}, {cut:?}");
            let loader = Loader::new().env("DATABASE_URL", proxy.url(database.name(), ""));
            proxy.cut(Moment::BeforeCommit, cut);
            loader.run(step.arguments()).expect(1).complains(&["cannot commit the run"]);
            assert!(proxy.has_cut() && !step.is_new(&database, &context), "{context}, before the commit");
            assert_eq!(database.rows("select status from etl.runs order by run_id"), ["done", "failed"]);

            proxy.cut(Moment::AfterCommit, cut);
            let ran = loader.run(step.arguments()).expect(3).complains(&[ARRIVED]);
            assert!(ran.stdout.contains("attendances"), "the summary is printed: {}", ran.stdout);
            assert!(proxy.has_cut() && step.is_new(&database, &context), "{context}, after the commit");
            step.check_next_run(&database, &context);
        }
    }
}

#[test]
fn in_the_commit_and_for_good() {
    let cluster = Cluster::quick().unwrap();
    let step = Step::of(&cluster, 600, 113);
    let proxy = proxy(&cluster);
    let database = step.database();
    proxy.cut(Moment::AfterCommit, Cut::Reset);
    proxy.refuse();
    let ran = Loader::new().env("DATABASE_URL", proxy.url(database.name(), "")).begin(step.arguments()).end();
    ran.expect(1).complains(&["cannot commit the run", "loader status"]);
    assert!(step.is_new(&database, "the commit had arrived"));
    step.check_next_run(&database, "the commit had arrived");
}

#[test]
fn by_a_dead_network() {
    let Some(network) = Network::new() else {
        return;
    };
    let cluster = Cluster::quick().unwrap();
    let step = Step::of(&cluster, 2_000, 114);
    let proxy = Proxy::before(&cluster, network.address());
    let options =
        "connect_timeout=2&tcp_user_timeout=3&keepalives_idle=1&keepalives_interval=1&keepalives_retries=2";
    let at = |name: &str| {
        Loader::new().env("DATABASE_URL", proxy.url(name, options)).through(&network.at_the_other_end())
    };
    let whole = step.database();
    proxy.cut(Moment::ToServer(u64::MAX), Cut::Close);
    at(whole.name()).run(step.arguments()).expect(3);
    let (to_server, to_client) = proxy.carried();

    let mut random = Random::of(114, "dead network", 0);
    for round in 0..inputs::rounds(2, 12) {
        let database = step.database();
        // Both while it sends and while it waits for an answer.
        let moment = if round % 2 == 0 {
            Moment::ToServer(random.below(to_server * 9 / 10))
        } else {
            Moment::ToClient(random.below(to_client * 9 / 10))
        };
        let context = format!("round {round}, {moment:?}");
        network.set_connected(true);
        proxy.cut(moment, Cut::Silence);
        let mut running = at(database.name()).begin(step.arguments());
        while !proxy.has_cut() {
            assert!(!running.has_ended(), "{context}: ended before it\n{}", running.end().stderr);
            std::thread::sleep(Duration::from_millis(1));
        }
        network.set_connected(false);
        let begun = Instant::now();
        let ran = running.end();
        let took = begun.elapsed();
        assert!(matches!(ran.status.code(), Some(1 | 4)), "{context}: {:?}\n{}", ran.status, ran.stderr);
        println!("{context}: exit {:?} after {took:.1?}", ran.status.code());
        assert!(took < Duration::from_secs(3 + 2 + 5), "{context}: {took:?}");
        network.set_connected(true);
        // Lets go of the server's side, as its own keepalives would.
        proxy.cut(Moment::ToServer(u64::MAX), Cut::Close);
        database.wait_for_quiet();
        assert!(
            !step.is_new(&database, &context),
            "{context}: loaded, though the loader says that it failed"
        );
        step.check_next_run(&database, &context);
    }
}
