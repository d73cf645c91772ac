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

    /// Loaded again, rows are compared while they are read: what is left out is counted for its source, what contends is judged.
    #[pg_test]
    fn two_sources_of_one_target_are_counted_by_source() {
        let run = set_up(&[]);
        let fields = r#"{"order_id": "id", "place": {"constant": "1"}, "sku": "sku", "price": "price", "note": {"source": true}}"#;
        Spi::run("alter table shop.items add note text; insert into shop.items select n, 1, 'tea', 1.5, 'orders' from generate_series(1, 4) as n").expect("rows");
        Spi::run(&format!(
            "insert into etl.run_sources (run_id, source, name, location, sha256, bytes, records) values ({run}, 2, 'more', 'more.json', '', 0, 0);
             insert into staging.run_{run} (source, line, byte, record)
             select source, n, n, format('{{\"id\": %s, \"sku\": \"%s\", \"price\": 1.50}}', id, sku)
             from (values
                 (1, 1, 1, 'tea'), (1, 2, 2, 'cup'), (1, 3, 2, 'tea'), (1, 4, 3, 'tea'),
                 (2, 1, 4, 'tea'), (2, 2, 3, 'pot'), (2, 3, 9, 'tea')
             ) as v (source, n, id, sku)"
        ))
        .expect("records");
        let counts = Spi::get_one::<String>(&format!(
            "select concat_ws(' ', read, inserted, updated, unchanged, superseded)
             from etl_load({run}, '{{orders,more}}', 'shop.items', '{fields}')"
        ));
        // The cup is followed by the tea that is there; in the other source all rows have another note.
        assert_eq!(counts, Ok(Some("7 1 2 3 1".to_owned())));
        let by_source = Spi::get_one::<String>(
            "select string_agg(concat_ws(' ', source, read, inserted, updated, unchanged, superseded), ', ' order by source) from etl.run_tables",
        );
        assert_eq!(by_source, Ok(Some("1 4 0 0 3 1, 2 3 1 2 0 0".to_owned())));
    }

    /// The name of a source is a text, whatever the column is: it is read as one of that type, not compared with it.
    #[pg_test]
    fn a_source_s_name_is_read_like_any_text() {
        let run = set_up(&[r#"{"id": 1, "sku": "tea"}"#]);
        Spi::run("alter table shop.items add year integer; insert into shop.items values (7, 1, 'tea', 1)")
            .expect("a row");
        let fields =
            r#"{"order_id": "id", "place": {"constant": "1"}, "sku": "sku", "year": {"source": true}}"#;
        assert_eq!(load(run, fields).as_deref(), Some("shop.items 1 0 1"));
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
