-- What every session of the loader begins with. Operators, functions and types are then found in pg_catalog alone,
-- whatever the role's or the database's search_path says: nobody's own can come before them.
set search_path = pg_catalog, pg_temp;
