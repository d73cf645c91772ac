//! What somebody with more rights would have to type, where the role in use may not.

use postgres::Row;

use super::{extension, grants};
use crate::database::{Database, quoted};
use crate::error::Error;

/// The roles of `migrations/roles.sql`.
const ROLES: [&str; 3] = ["etl_owner", "etl_loader", "etl_reader"];

/// What is missing before the sets can be applied by the role in use.
pub(super) struct Missing {
    user: String,
    database: String,
    roles: Vec<&'static str>,
    owner_member: bool,
    owner_creates: bool,
    schema: bool,
    extension: bool,
    grants: Vec<String>,
}

impl Missing {
    /// Asks the catalog.
    pub fn look(db: &mut Database) -> Result<Self, Error> {
        let grants = grants::missing(db)?;
        Self::ask(db, grants).map_err(|e| Error::database("look for the roles", e))
    }

    fn ask(db: &mut Database, grants: Vec<String>) -> Result<Self, postgres::Error> {
        let present: Vec<String> = db
            .client
            .query("select rolname::text from pg_catalog.pg_roles where rolname = any($1)", &[&&ROLES[..]])?
            .iter()
            .map(|row| row.get(0))
            .collect();
        let owner = present.iter().any(|role| role == "etl_owner");
        let row: Row = db.client.query_one(
            "select current_user::text,
                    pg_catalog.current_database()::text,
                    case when $1 then pg_catalog.pg_has_role(current_user, 'etl_owner',
                        case when pg_catalog.current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end)
                    end,
                    case when $1 then pg_catalog.has_database_privilege('etl_owner', pg_catalog.current_database(), 'create') end,
                    pg_catalog.to_regnamespace('etl') is null,
                    (select extversion from pg_catalog.pg_extension where extname = $2) is distinct from $3",
            &[&owner, &extension::NAME, &extension::VERSION],
        )?;
        Ok(Missing {
            user: row.get(0),
            database: row.get(1),
            roles: ROLES.into_iter().filter(|role| present.iter().all(|found| found != role)).collect(),
            owner_member: row.get::<_, Option<bool>>(2) != Some(true),
            owner_creates: row.get::<_, Option<bool>>(3) != Some(true),
            schema: row.get(4),
            extension: row.get(5),
            grants,
        })
    }

    /// Whether roles or the ledger's schema are missing, so that `roles.sql` has work to do.
    pub fn roles_or_schema(&self) -> bool {
        !self.roles.is_empty() || self.schema
    }

    fn statements(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.roles.iter().map(|role| format!("create role {role} nologin;")).collect();
        if self.owner_member {
            lines.push(format!("grant etl_owner to {};", quoted(&self.user)));
        }
        if self.owner_creates {
            lines.push(format!("grant create on database {} to etl_owner;", quoted(&self.database)));
        }
        if self.schema {
            lines.push("create schema etl authorization etl_owner;".to_owned());
        }
        if self.extension {
            lines.push(format!("create extension {} schema public;", extension::NAME));
        }
        lines.extend(self.grants.iter().map(|grant| format!("{grant};")));
        lines
    }
}

/// A sentence with the statements that a superuser types, each on a line.
pub(super) fn statements(db: &mut Database) -> String {
    match Missing::look(db) {
        Ok(missing) => {
            let lines = missing.statements();
            format!(
                "a superuser types, in database {}:\n{}\nthen loader migrate",
                quoted(&missing.database),
                lines.join("\n")
            )
        }
        Err(_) => "a superuser runs loader migrate once".to_owned(),
    }
}
