//! The load functions of the datasets that need SQL only.
pgrx::extension_sql_file!("datasets.sql", name = "datasets", requires = ["etl_counts"]);

pgrx::extension_sql_file!("../../sql/load/posts.sql", name = "etl_load_posts", requires = ["datasets"]);
