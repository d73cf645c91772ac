//! The load functions of the datasets that need SQL only.
pgrx::extension_sql_file!("datasets.sql", name = "datasets", requires = ["etl_counts"]);

pgrx::extension_sql_file!("../../sql/load/posts.sql", name = "etl_load_posts", requires = ["datasets"]);

pgrx::extension_sql_file!("../../sql/load/people.sql", name = "etl_load_people", requires = ["datasets", "etl_load"]);

pgrx::extension_sql_file!("../../sql/load/vaccines.sql", name = "etl_load_vaccines", requires = ["datasets", "etl_load"]);

pgrx::extension_sql_file!("../../sql/load/rides.sql", name = "etl_load_rides", requires = ["datasets", "etl_load"]);
