//! `loader doctor`: what stands between a user and the next load, one line each, with the command that mends it.
//!
//! It only looks: the session is read-only. A check that fails is a finding itself, and the others go on.
mod disk;
mod finding;
mod ledger;
mod locks;
mod roles;

use crate::cli::{Context, DoctorArgs, RowFormat};
use crate::database::{self, Database};
use crate::error::{Error, Exit};
use crate::migrate;
use crate::output::{self, Column, Listing, printable};
use crate::session;
pub use finding::{Finding, State};

const SERVER: &str = "
    select
        pg_catalog.current_setting('server_version') as version,
        pg_catalog.current_setting('server_encoding') as encoding,
        session_user::text as role";

/// Runs `loader doctor`: exit 0 without a problem, 1 with one; without a connection the exit code is that error's.
///
/// # Errors
/// Failed (exit 1) when standard output cannot be written.
pub fn run(args: &DoctorArgs, context: &Context) -> Result<Exit, Error> {
    let (findings, exit) = match connect(context) {
        Ok((mut database, connection)) => {
            let mut findings = vec![connection];
            findings.extend(examine(&mut database, context));
            let has_problem = findings.iter().any(|finding| finding.state == State::Problem);
            (findings, if has_problem { Exit::Failed } else { Exit::Done })
        }
        Err(error) => (vec![Finding::failed("connection", &error)], error.exit()),
    };
    print(&findings, args.format)?;
    Ok(exit)
}

fn connect(context: &Context) -> Result<(Database, Finding), Error> {
    let mut database = database::connect(&context.settings)?;
    session::pin(&mut database.client)?;
    let failed = |error| Error::database("ask the server", error);
    database.client.batch_execute("set default_transaction_read_only = on").map_err(failed)?;
    let row = database.client.query_one(SERVER, &[]).map_err(failed)?;
    let (version, encoding, role): (String, String, String) =
        (row.get("version"), row.get("encoding"), row.get("role"));
    let found = format!("{} as {role}, PostgreSQL {version}, {encoding}", database.label);
    let finding = match encoding.as_str() {
        "UTF8" => Finding::ok("connection", found),
        _ => Finding::problem("connection", format!("{found}: loads need a database in UTF8"))
            .next("createdb --encoding UTF8 --template template0 NAME"),
    };
    Ok((database, finding))
}

/// Every check in its order; those of the ledger where there is one.
fn examine(database: &mut Database, context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |check: &'static str, result: Result<Vec<Finding>, Error>| match result {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(Finding::failed(check, &error)),
    };
    add("clients", Ok(vec![dead_clients(database)]));
    // Of schemas that are somebody else's nothing is read.
    if let Err(error) = migrate::checkup::owners(database, &context.config) {
        add("owners", Err(error));
        return findings;
    }
    add("extension", migrate::checkup::extension(database));
    add("migrations", migrate::checkup::sets(database, &context.config));
    add("roles", roles::examine(database));
    match ledger::is_there(database) {
        Ok(false) => {}
        Ok(true) => {
            add("grants", roles::grants(database, &context.config));
            add("functions", migrate::checkup::functions(database));
            add("locks", locks::examine(database, &context.config));
            add("runs", ledger::runs(database));
            add("staging", ledger::staging(database));
            add("quarantine", ledger::quarantine(database));
        }
        Err(error) => add("ledger", Err(error)),
    }
    add("disk", disk::examine(database));
    findings
}

/// Whether a killed loader's session ends at once.
fn dead_clients(database: &mut Database) -> Finding {
    match database.client.batch_execute("set client_connection_check_interval = '500ms'") {
        Ok(()) => Finding::ok("clients", "the server notices at once when a loader is killed"),
        Err(_) => Finding::note(
            "clients",
            "the server notices a killed loader only at the end of a statement (no client_connection_check_interval on \
             its system), and its locks stay until then",
        ),
    }
}

fn print(findings: &[Finding], format: RowFormat) -> Result<(), Error> {
    output::to_stdout(|out| {
        if format != RowFormat::Table {
            let columns = ["check", "state", "found", "next"].map(Column::text).to_vec();
            let row = |it: &Finding| {
                let words = [it.check, it.state.word(), it.found.as_str()].map(|text| Some(text.to_owned()));
                words.into_iter().chain([it.next.clone()]).collect()
            };
            let listing = Listing { columns, rows: findings.iter().map(row).collect() };
            return Ok(listing.write(format, out)?);
        }
        for Finding { check, state, found, next } in findings {
            let mut text = found.clone();
            if let Some(next) = next {
                text.push_str(": ");
                text.push_str(next);
            }
            // Names come from the catalog and from other sessions; only our own line ends break lines.
            let lines: Vec<String> = text.lines().map(printable).collect();
            writeln!(out, "{:<9}{check:<12}{}", state.word(), lines.join("\n                     "))?;
        }
        Ok(())
    })
}
