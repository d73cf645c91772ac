//! What differs from machine to machine and from run to run in an output: durations, run numbers, the database's name.

/// How the pages name the database that was named.
const NAMED: &str = "ana@localhost:5432/pg_etl";

/// The output with what may differ taken out, and blanks run together: two equal ones say the same.
pub fn masked(output: &str) -> String {
    let lines = output.trim_end().lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let masked = words.iter().enumerate().map(|(at, &word)| {
            let before = at.checked_sub(1).map(|at| words[at]);
            let after = words.get(at + 1).copied();
            let is_run = matches!(before, Some("run" | "--run"));
            match word {
                _ if is_number(word) && (is_run || after.is_some_and(is_measure)) => "N",
                _ if is_measure(word) && before.is_some_and(is_number) => "UNIT",
                _ if is_named_database(word) => NAMED,
                _ => word,
            }
        });
        masked.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The output as a page may show it: nobody's user and host.
pub fn presentable(output: &str) -> String {
    let lines = output.trim_end().lines().map(|line| {
        match line.split_whitespace().find(|word| is_named_database(word)) {
            Some(word) => line.replace(word, NAMED),
            None => line.trim_end().to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

/// Units of what no two runs share: durations and rates. Sizes and counts are compared.
fn is_measure(word: &str) -> bool {
    matches!(word.trim_end_matches([',', '.', ':']), "s" | "ms" | "min") || word.ends_with("/s")
}

/// `user@host:port/database` or `user@/socket:port/database`.
fn is_named_database(word: &str) -> bool {
    word.split_once('@').is_some_and(|(_, rest)| rest.contains(':') && rest.contains('/'))
}

#[test]
fn only_what_may_differ_is_masked() {
    let here = "run 12  mobilize  a.json  into postgres@/tmp/x:5432/test0  1.2 s\nevents  500   1\nread a: 9 records, 1.9 MiB, 0.1 s, 3 MiB/s\nloader quarantine list --run 12\n";
    let there = "run 3  mobilize  a.json  into ana@localhost:5432/pg_etl  88 ms\nevents 500 1\nread a: 9 records, 1.9 MiB, 12 ms, 900 KiB/s\nloader quarantine list --run 3";
    assert_eq!(masked(here), masked(there));
    for (counted, other) in [("500", "501"), ("1.9", "2.0"), ("a.json", "b.json")] {
        assert_ne!(masked(here), masked(&there.replace(counted, other)));
    }
}

#[test]
fn pages_name_nobody() {
    let shown = presentable("run 2  m  into postgres@/tmp/s:5432/d  1 s");
    assert_eq!(shown, format!("run 2  m  into {NAMED}  1 s"));
}
