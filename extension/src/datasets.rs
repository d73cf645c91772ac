//! The load functions of the datasets that need SQL only.
use pgrx::extension_sql_file;

extension_sql_file!("datasets.sql", name = "datasets", requires = ["etl_counts"]);

extension_sql_file!("../../sql/load/people.sql", name = "etl_load_people", requires = ["datasets"]);
extension_sql_file!("../../sql/load/posts.sql", name = "etl_load_posts", requires = ["datasets"]);
extension_sql_file!("../../sql/load/vaccines.sql", name = "etl_load_vaccines", requires = ["datasets"]);
extension_sql_file!("../../sql/load/rides.sql", name = "etl_load_rides", requires = ["datasets"]);
