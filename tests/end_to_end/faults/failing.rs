//! Calls that fail, thousands in one session: each with its own SQLSTATE, and the backend does not grow.

use etl_tests::cluster::Cluster;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use etl_tests::measure;
use postgres::Client;
use std::time::Instant;

const TABLES: &str = "
    create schema demo;
    create table demo.target (id integer primary key, code text, n integer);
    create table demo.keyless (id integer);
    create view demo.seen as select * from demo.target;
    create table demo.guarded (id integer primary key);
    create function demo.refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger refuse before insert on demo.guarded execute function demo.refuse();
    create table demo.staged as select i::text as id, i::text as code, '1' as n from generate_series(1, 50) as i;
    create table demo.lacking as select '1' as id, '{nothing}'::text[] as absent;
    create table demo.dated as select current_date as id;";

/// A call and the SQLSTATE it must end with; none where bad content is no error, but a row that says so.
const CALLS: [(&str, &str); 22] = [
    ("select * from etl_frame_json('[{\"a\":1},')", "22P02"),
    ("select * from etl_frame_json('[' || repeat('{\"a\":[1,2,{\"b\":null}]},', 1000) || ']]')", "22P02"),
    ("select * from etl_frame_json('{\"error\":{\"detail\":\"no\"},\"data\":null}')", "22P02"),
    ("select * from etl_parse_organization('{}', 'nowhere')", "22023"),
    ("select * from etl_parse_attendance('{\"id\":\"x\"')", ""),
    ("select * from etl_parse_event(repeat('[', 1000))", ""),
    ("select * from etl_explode_timeslots('{')", ""),
    ("select * from etl_parse_listed_event('{\"id\":')", ""),
    ("select * from etl_explode_listed_timeslots('[5]')", ""),
    ("select * from etl_parse_person('[]')", ""),
    ("select etl_value_fault('2020-13-01', 'date'), etl_value_fault('1e999999', 'numeric')", ""),
    ("select * from etl_load_mobilize(987654321::bigint)", "42P01"),
    ("select * from etl_load_mobilize('[{\"id\":1},')", "22P02"),
    ("select * from etl_merge(null, 'demo.target')", "22004"),
    ("select * from etl_merge('demo.staged', 'demo.target', run_id => 987654321)", "02000"),
    ("select * from etl_merge('demo.seen', 'demo.target')", "42809"),
    ("select * from etl_merge('demo.staged', 'demo.seen')", "0A000"),
    ("select * from etl_merge('demo.staged', 'demo.keyless')", "42P10"),
    ("select * from etl_merge('demo.staged', 'demo.target', 'nothing')", "42703"),
    ("select * from etl_merge('demo.dated', 'demo.target')", "42804"),
    ("select * from etl_merge('demo.lacking', 'demo.guarded')", "42703"),
    ("select * from etl_merge('demo.staged', 'demo.guarded')", "P0001"),
];

/// Memory of a session, KiB.
#[derive(Clone, Copy)]
struct Memory {
    /// What the system counts.
    resident: i64,
    /// PostgreSQL's catalog cache. It remembers for ever what is *not* in the catalogs, such as statistics of a temporary table that is gone: it
    /// grows with every temporary table, be it of a merge or of three lines of plain SQL.
    catalog: i64,
    /// All other memory contexts.
    others: i64,
}

impl Memory {
    fn of(client: &mut Client) -> Self {
        // Messages come and go with each statement, this one included.
        let contexts = "
            select
                sum(used_bytes) filter (where name = 'CacheMemoryContext')::bigint / 1024,
                sum(used_bytes) filter (where name not in ('CacheMemoryContext', 'MessageContext'))::bigint / 1024,
                pg_backend_pid()
            from pg_backend_memory_contexts";
        let row = client.query_one(contexts, &[]).unwrap();
        let pid = u32::try_from(row.get::<_, i32>(2)).unwrap();
        let resident = i64::try_from(measure::anonymous(pid).unwrap()).unwrap();
        Self { resident, catalog: row.get(0), others: row.get(1) }
    }
}

fn repeat(client: &mut Client, call: &str, sqlstate: &str, times: u32) {
    for _ in 0..times {
        let code = match client.simple_query(call) {
            Ok(_) => String::new(),
            Err(error) => error.code().unwrap_or_else(|| panic!("{call}: {error:?}")).code().to_owned(),
        };
        assert_eq!(code, sqlstate, "{call}");
    }
}

/// Whether so many calls take more than the memory that they may, by 1 MiB.
fn grows(client: &mut Client, call: &str, sqlstate: &str, times: u32) -> bool {
    let (before, begun) = (Memory::of(client), Instant::now());
    repeat(client, call, sqlstate, times);
    let (after, seconds) = (Memory::of(client), begun.elapsed().as_secs_f64());
    let catalog = after.catalog - before.catalog;
    let (others, resident) = (after.others - before.others, after.resident - before.resident - catalog);
    println!(
        "{times} calls {seconds:.1} s: catalog cache {catalog:+} KiB, other contexts {others:+} KiB, resident but for the cache {resident:+} KiB: {call}"
    );
    others > 1024 || resident > 1024 || catalog > 1024 + i64::from(times) * 12
}

#[test]
fn a_backend_does_not_grow_with_errors() {
    // A cluster of its own: what others do to shared catalogs fills every session's caches.
    let cluster = Cluster::quick().unwrap();
    let database = cluster.database();
    Loader::at(&database).run(["migrate"]).expect(0);
    database.execute(TABLES);
    let mut client = database.client();
    // Else the pages of temporary tables fill up for some thousand calls.
    client.batch_execute("set temp_buffers = '800kB'").unwrap();
    let mut too_much = Vec::new();
    for (call, sqlstate) in CALLS {
        // A merge opens a run and reads catalogs: some milliseconds a call.
        let is_short = !call.contains("etl_merge") && !call.contains("etl_load");
        let times = inputs::rounds(if is_short { 1_000 } else { 150 }, 10_000);
        // Caches fill, and the allocator takes what it will keep.
        repeat(&mut client, call, sqlstate, (times / 4).max(150));
        // What leaks grows every time; what the allocator takes once and keeps does not.
        if (0..3).all(|_| grows(&mut client, call, sqlstate, times)) {
            too_much.push(call);
        }
    }
    assert_eq!(too_much, Vec::<&str>::new(), "the backend grew");
    assert_eq!(database.count("demo.target"), 0);
    cluster.check_soundness();
}
