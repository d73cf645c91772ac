//! What holds for the SQL surface as a whole, checked where it is installed.

#[cfg(any(test, feature = "pg_test"))]
#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;

    fn names(query: &str) -> String {
        let query = format!(
            "select coalesce(string_agg(p.oid::regprocedure::text, ', '), '') from pg_proc as p {query}"
        );
        Spi::get_one(&query).expect("a query").unwrap_or_default()
    }

    #[pg_test]
    fn reading_functions_are_immutable_and_parallel_safe() {
        let loose = names(
            "where (p.proname like 'etl\\_parse\\_%' or p.proname like 'etl\\_explode\\_%' or p.proname = 'etl_value_fault'
                    or p.proname like 'etl\\_frame\\_%')
                and (p.provolatile <> 'i' or not p.proisstrict or p.proparallel <> 's')",
        );
        assert_eq!(loose, "");
    }

    #[pg_test]
    fn loading_functions_are_volatile_and_pin_their_path() {
        let loose = names(
            "where (p.proname like 'etl\\_load\\_%' or p.proname in ('etl_merge', 'etl_read', 'etl_load'))
                and (p.provolatile <> 'v' or p.proparallel <> 'u' or p.prosecdef
                     or not 'search_path=pg_catalog, pg_temp' = any (p.proconfig))",
        );
        assert_eq!(loose, "");
    }

    #[pg_test]
    fn every_function_has_a_comment_and_is_one_of_ours() {
        let bare = names(
            "join pg_depend as d on d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e'
             join pg_extension as e on e.oid = d.refobjid and e.extname = 'pg_etl'
             where p.pronamespace <> 'tests'::regnamespace
                and (obj_description(p.oid, 'pg_proc') is null or p.proname not like 'etl\\_%')",
        );
        assert_eq!(bare, "");
    }

    #[pg_test]
    fn the_extension_owns_no_table() {
        let owned = Spi::get_one::<i64>(
            "select count(*) from pg_depend as d join pg_class as c on c.oid = d.objid
             where d.classid = 'pg_class'::regclass and d.deptype = 'e' and c.relkind in ('r', 'v', 'S', 'm')",
        );
        assert_eq!(owned, Ok(Some(0)));
    }
}
