//! What a load function warns of, a run prints: each warning once, on one line, after the merge.

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::Loader;

const TABLES: &str = "
create schema toys;
create sequence toys.tries;
grant usage on schema toys to etl_loader;
grant usage on sequence toys.tries to etl_loader;
";

/// The first call of every run loses against another session. A sequence does not roll back, so it counts the calls.
const LOAD: &str = r"
create or replace function toys.etl_load_toys(run_id bigint)
returns table (target text, read bigint, inserted bigint, updated bigint, unchanged bigint, superseded bigint,
    parked bigint, rejected bigint, promoted bigint)
language plpgsql
as $$
begin
    raise notice 'nobody asked';
    raise warning '1,000 rows: moderna was probably cut off by a page limit';
    raise warning E'two\n  lines and \x1b[2J';
    raise warning '%', pg_catalog.repeat('long ', 200);
    if pg_catalog.nextval('toys.tries') % 2 = 1 then
        raise exception 'crossed' using errcode = 'deadlock_detected';
    end if;
end
$$;
";

fn toys() -> (Database<'static>, Loader) {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    std::fs::create_dir(loader.folder().join("toys")).unwrap();
    loader.file("toys/V1__tables.sql", TABLES);
    loader.file("load.sql", LOAD);
    loader.file("a.json", "[{}]");
    loader.file(
        "loader.toml",
        "[dataset.toys]\nmigrations = \"toys\"\nload = \"load.sql\"\n\
         [[dataset.toys.sources]]\nname = \"toys\"\nformat = \"json\"\n",
    );
    loader.run(["migrate", "toys"]).expect(0);
    (database, loader)
}

#[test]
fn a_run_prints_each_once_though_the_merge_was_tried_twice() {
    let (database, loader) = toys();
    let ran = loader.run(["run", "toys", "a.json"]).expect(0);
    assert_eq!(database.rows("select last_value from toys.tries"), ["2"]);
    let warnings: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("warning: ")).collect();
    let long = "long ".repeat(100);
    assert_eq!(
        warnings,
        [
            "warning: 1,000 rows: moderna was probably cut off by a page limit",
            "warning: two lines and \\u{1b}[2J",
            &format!("warning: {long}..."),
        ]
    );
    assert!(!ran.stderr.contains("nobody asked"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("warning"), "{}", ran.stdout);
}

#[test]
fn quiet_is_quiet() {
    let (_database, loader) = toys();
    let ran = loader.run(["run", "toys", "a.json", "--quiet"]).expect(0);
    assert_eq!(ran.stderr, "");
}
