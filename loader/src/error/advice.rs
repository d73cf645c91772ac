//! What to do about an error of the server's, where the code says it whatever the loader was doing.

/// What to type or to change next; none where only the message can say.
pub(super) fn on(sqlstate: &str) -> Option<&'static str> {
    Some(match sqlstate {
        "42501" => "an administrator types: grant etl_loader to ROLE; to read only: grant etl_reader to ROLE",
        "28P01" => "give the right password in PGPASSWORD or ~/.pgpass",
        "28000" => {
            "the server's pg_hba.conf does not let this user in from here, or not this way: \
             sslmode=require if it wants TLS; else ask its administrator"
        }
        "57014" => {
            "statement_timeout is set for the role or the database, or somebody cancelled it: \
             alter role ROLE set statement_timeout = 0"
        }
        "55P03" => {
            "another session holds a lock for longer than lock_timeout: run it again when that has ended, \
             or wait longer: loader run ... --lock-timeout 1h"
        }
        "25P03" => {
            "idle_in_transaction_session_timeout is set for the role or the database, and a source took longer: \
             alter role ROLE set idle_in_transaction_session_timeout = 0"
        }
        "57P01" | "57P02" | "57P03" => {
            "the server is stopping or restarting, and nothing of this run is left: run it again when it is back"
        }
        "53100" => {
            "the server's disk is full, and nothing of this run is left: free some space, then run it again"
        }
        "23505" | "23503" | "40P01" | "27000" => {
            "where other sessions write these tables, run it again when they are done; otherwise two records, \
             or a record and a row, claim the same value"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn settings_are_named() {
        assert!(super::on("57014").is_some_and(|text| text.contains("statement_timeout")));
        assert!(super::on("25P03").is_some_and(|text| text.contains("idle_in_transaction_session_timeout")));
        assert_eq!(super::on("22P02"), None);
    }
}
