//! Snapshots of the generated SQL, and the calls that are refused.
use super::*;

fn target(json: &str) -> Target {
    serde_json::from_str(json).expect("a description")
}
