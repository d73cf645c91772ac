//! `etl_merge` on the ledger's real tables, inside one transaction that is rolled back.

#[cfg(any(test, feature = "pg_test"))]
#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;

    /// The ledger's tables, a parent and a child.
    fn set_up() {
        // Tests run side by side: roles belong to the whole server, so only one makes them at a time.
        Spi::run("select pg_advisory_xact_lock(1)").expect("a lock");
        Spi::run(include_str!("../../../migrations/roles.sql")).expect("roles");
        Spi::run(include_str!("../../../migrations/etl/V1__ledger.sql")).expect("the ledger");
        Spi::run(
            "create schema demo;
             create table demo.events (event_id bigint primary key);
             create table demo.rsvps (
                 rsvp_id bigint primary key,
                 event_id bigint not null references demo.events,
                 modified integer,
                 status text not null check (status <> '')
             );
             insert into demo.events values (1);
             create temporary table staged (rsvp_id text, event_id text, modified text, status text, line bigint);",
        )
        .expect("tables");
    }

    /// inserted, updated, unchanged, superseded, parked, rejected, promoted
    fn merge(rows: &str) -> String {
        Spi::run(&format!("truncate staged; insert into staged values {rows}")).expect("rows");
        Spi::get_one::<String>(
            "select concat_ws(' ', inserted, updated, unchanged, superseded, parked, rejected, promoted)
             from etl_merge('staged', 'demo.rsvps', 'modified')",
        )
        .expect("a merge")
        .unwrap_or_default()
    }

    #[pg_test]
    fn each_outcome_is_counted() {
        set_up();
        let rows =
            "('1','1','5','NEW',1), ('1','1','4','OLD',2), ('1','1','5','NEW',3), ('2','9','1','NEW',4),
                    ('3','1','1','',5), ('x','1','1','NEW',6), ('4','1','1',null,7)";
        assert_eq!(merge(rows), "1 0 1 1 1 3 0");
        assert_eq!(merge(rows), "0 0 2 1 1 3 0");
        assert_eq!(merge("('1','1','6','GONE',1)"), "0 1 0 0 0 0 0");
        Spi::run("insert into demo.events values (9)").expect("the parent");
        assert_eq!(merge("('1','1','6','GONE',1)"), "0 0 1 0 0 0 1");
        let codes = Spi::get_one::<String>(
            "select string_agg(concat_ws(' ', sqlstate, field, constraint_name, closed_as), '; ' order by line)
             from etl.quarantine",
        );
        let expected = "23503 event_id rsvps_event_id_fkey promoted; 23514 rsvps_status_check; 22P02 rsvp_id; 23502 status";
        assert_eq!(codes, Ok(Some(expected.to_owned())));
    }

    /// read, inserted, parked, rejected of merging these rows into this new table.
    fn merge_into(table: &str, staged: &str) -> String {
        set_up();
        Spi::run(&format!("{table}; create temporary table given as {staged}")).expect("tables");
        Spi::get_one::<String>(
            "select concat_ws(' ', read, inserted, parked, rejected) from etl_merge('given', 'demo.target')",
        )
        .expect("a merge")
        .unwrap_or_default()
    }

    #[pg_test]
    fn a_partitioned_parent_is_one_parent() {
        let table = "create table demo.whole (id int primary key) partition by range (id);
             create table demo.low partition of demo.whole for values from (0) to (10);
             create table demo.high partition of demo.whole for values from (10) to (20);
             insert into demo.whole values (1);
             create table demo.target (id int primary key, whole int references demo.whole)";
        assert_eq!(
            merge_into(table, "select * from (values ('1', '1'), ('2', '15')) as v (id, whole)"),
            "2 1 1 0"
        );
    }

    #[pg_test]
    fn a_table_may_refer_to_another_key_of_itself() {
        let table = "create table demo.target (id int primary key, code text unique, up text references demo.target (code))";
        let staged =
            "select * from (values ('1', 'x', null), ('2', 'y', 'x'), ('3', 'z', '?')) as v (id, code, up)";
        assert_eq!(merge_into(table, staged), "3 2 1 0");
    }

    #[pg_test]
    fn a_lacking_column_takes_a_default_that_calls_a_function() {
        let table = "create table demo.target (
                 id int primary key, at timestamptz not null default now(), n int generated always as identity)";
        let staged = "select '1' as id, null as at, null as n, '{at,n}'::text[] as absent";
        assert_eq!(merge_into(table, staged), "1 1 0 0");
        assert_eq!(Spi::get_one::<bool>("select at = now() and n = 1 from demo.target"), Ok(Some(true)));
    }

    #[pg_test]
    fn what_no_cast_would_take_is_rejected() {
        let table = "create table demo.target (id int primary key, v numeric, j jsonb)";
        let staged = r#"select * from (values
                 ('1', '1e9223372036854775807', null), ('2', '0e99999999999', null), ('3', '1.' || repeat('0', 20000), null),
                 ('4', null, '{"a":1e999999}'), ('5', null, '["\ud800"]'), ('6', '1e10', '{"a":"\\u0000"}')
             ) as v (id, v, j)"#;
        assert_eq!(merge_into(table, staged), "6 1 0 5");
    }

    #[pg_test(error = "demo.seen cannot be a target: it is a view")]
    fn a_view_is_refused_by_name() {
        set_up();
        Spi::run("create view demo.seen as select * from demo.rsvps").expect("a view");
        Spi::run("select * from etl_merge('staged', 'demo.seen')").expect("raised before it returns");
    }

    #[pg_test(error = "the ledger's tables (schema etl) are missing")]
    fn without_the_ledger_nothing_is_merged() {
        Spi::run("create temporary table t (a int primary key)").expect("a table");
        Spi::run("select * from etl_merge('t', 't')").expect("raised before it returns");
    }
}
