//! Statements that evaluate code which may raise: on all rows, and where that raises on halves, down to the row at fault.
use etl_core::merge::name::Ident;
use etl_core::merge::plan::{Raised, Rows};
use pgrx::prelude::*;

use super::statements::Statements;
use crate::error::Outcome;

/// Executes such statements.
pub(super) struct Risky<'r, 'a, 'conn> {
    pub run: &'r mut Statements<'a, 'conn>,
    /// The extension's schema.
    pub schema: &'r Ident,
}

impl Risky<'_, '_, '_> {
    /// Executes the statement on every row of the relation over which it does not raise, and `blame` on each over which
    /// it does, with the row's number and what was raised.
    pub(super) fn execute(
        &mut self,
        relation: &str,
        statement: &dyn Fn(Rows) -> String,
        blame: impl Fn(&mut Self, i64, Raised) -> Outcome<()>,
    ) -> Outcome<()> {
        if self.run.attempt(self.schema, &statement(Rows::All))?.is_none() {
            return Ok(());
        }
        self.by_halves(relation, statement, blame)
    }

    /// The same of a statement that is known to raise over some row.
    pub(super) fn by_halves(
        &mut self,
        relation: &str,
        statement: &dyn Fn(Rows) -> String,
        blame: impl Fn(&mut Self, i64, Raised) -> Outcome<()>,
    ) -> Outcome<()> {
        let count = self.run.number(relation)?;
        let mut ranges = vec![(count / 2 + 1, count), (1, count / 2)];
        while let Some((first, last)) = ranges.pop() {
            if first > last {
                continue;
            }
            match self.run.attempt(self.schema, &statement(Rows::Between(first, last)))? {
                None => {}
                Some(raised) if first == last => blame(self, first, raised)?,
                Some(_) => {
                    let middle = first + (last - first) / 2;
                    ranges.push((middle + 1, last));
                    ranges.push((first, middle));
                }
            }
        }
        Ok(())
    }
}

extension_sql!(
    r#"
create function etl_attempt(statement text)
returns text[]
language plpgsql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
as $function$
declare
    code       text;
    message    text;
    constraint_name text;
begin
    execute statement;
    return null;
exception
    when others or assert_failure then
        get stacked diagnostics
            code = returned_sqlstate,
            message = message_text,
            constraint_name = constraint_name;
        -- What no value can be to blame for goes on: connections, transactions, privileges, missing objects, deadlocks,
        -- resources, shutdowns, the system's errors.
        if left(code, 2) in ('08', '0A', '25', '28', '2D', '3D', '3F', '40', '42', '53', '55', '57', '58', '72', 'F0') then
            raise;
        end if;
        return array[code, message, nullif(constraint_name, '')];
end
$function$;

revoke execute on function etl_attempt(text) from public;
comment on function etl_attempt(text) is
    'Executes a statement with the caller''s privileges; null when it succeeds, else SQLSTATE, message and constraint of what a '
    'value was to blame for. Part of etl_merge.';
"#,
    name = "etl_attempt",
);
