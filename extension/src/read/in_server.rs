//! `etl_read` and `etl_load` on the ledger's real tables, inside one transaction that is rolled back.

#[cfg(any(test, feature = "pg_test"))]
#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;

    /// A run with one staged source, and the table it is for.
    fn set_up(records: &[&str]) -> i64 {
        Spi::run("select pg_advisory_xact_lock(1)").expect("a lock");
        Spi::run(include_str!("../../../migrations/roles.sql")).expect("roles");
        Spi::run(include_str!("../../../migrations/etl/V1__ledger.sql")).expect("the ledger");
        Spi::run(include_str!("../../../migrations/etl/V2__csv_header.sql")).expect("the ledger");
        Spi::run(
            "create schema shop;
             create table shop.items (
                 order_id bigint, place integer, sku text not null, price numeric(8,2), primary key (order_id, place)
             );",
        )
        .expect("a table");
        let run = Spi::get_one::<i64>("insert into etl.runs (dataset) values ('shop') returning run_id");
        let run = run.expect("a run").expect("its number");
        Spi::run(&format!(
            "create unlogged table staging.run_{run} (source smallint, line bigint, byte bigint, record text, raw bytea, problem text, sqlstate text);
             insert into etl.run_sources (run_id, source, name, location, sha256, bytes, records) values ({run}, 1, 'orders', 'orders.json', '', 0, 0)"
        ))
        .expect("staging");
        for (line, record) in (1..).zip(records) {
            Spi::run(&format!(
                "insert into staging.run_{run} (source, line, byte, record) values (1, {line}, {line}, $r${record}$r$)"
            ))
            .expect("a record");
        }
        run
    }

    const FIELDS: &str = r#"{"order_id": "ID", "place": {"position": "/items/*"}, "sku": "/items/*/sku", "price": "/items/*/price"}"#;

    fn load(run: i64, fields: &str) -> Option<String> {
        Spi::get_one::<String>(&format!(
            "select concat_ws(' ', target, read, inserted, rejected)
             from etl_load({run}, '{{orders}}', 'shop.items', '{fields}')"
        ))
        .expect("a load")
    }

    #[pg_test]
    fn elements_become_rows_and_faults_are_named() {
        let run = set_up(&[
            r#"{"id":7,"items":[{"sku":"tea","price":"1.50"},{"sku":"cup","price":"1.505"}]}"#,
            r#"{"id":8,"items":"none"}"#,
            r#"{"id":9}"#,
        ]);
        assert_eq!(load(run, FIELDS).as_deref(), Some("shop.items 3 1 2"));
        let kept = Spi::get_one::<String>(
            "select string_agg(concat_ws(' ', line, sqlstate, field), ', ' order by line) from etl.quarantine",
        );
        assert_eq!(kept, Ok(Some("1 22003 /items/*/price, 2 22P02 /items".to_owned())));
    }

    #[pg_test(error = "shop.items has no column colour")]
    fn a_column_that_is_not_there_is_misuse() {
        let run = set_up(&[]);
        load(run, r#"{"colour": "c"}"#);
    }

    #[pg_test(error = "table shop.nothing is not in this database")]
    fn a_target_that_is_not_there_is_misuse() {
        let run = set_up(&[]);
        Spi::run(&format!("select etl_read({run}, '{{orders}}', 'shop.nothing', '{FIELDS}', 'rows')"))
            .expect("raised");
    }

    #[pg_test(error = "run 9999 is not in etl.runs")]
    fn a_run_that_is_not_there_is_misuse() {
        set_up(&[]);
        load(9999, FIELDS);
    }
}
