//! What differs from machine to machine and from run to run in an output: durations, run numbers, the database's name.

/// How the pages name the two kinds of database.
const EMBEDDED: &str = "/home/ana/.local/share/pg_etl";
const NAMED: &str = "ana@localhost:5432/pg_etl";

/// The output with what may differ taken out, and blanks run together: two equal ones say the same.
pub fn masked(output: &str) -> String {
    let lines = output.trim_end().lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let masked = words.iter().enumerate().map(|(at, &word)| {
            let before = |n: usize| at.checked_sub(n).map(|at| words[at]);
            let run = matches!(before(1), Some("run" | "--run")) && is_number(word);
            let duration = is_number(word) && matches!(words.get(at + 1), Some(&("s" | "ms")));
            let unit = matches!(word, "s" | "ms") && before(1).is_some_and(is_number);
            match word {
                _ if run || duration => "N",
                _ if unit => "s",
                _ if is_database(&words, at) => "DATABASE",
                _ => word,
            }
        });
        masked.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The output as a page may show it: nobody's directories and users.
pub fn presentable(output: &str) -> String {
    let lines = output.trim_end().lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (0..words.len()).find(|&at| is_database(&words, at)) {
            Some(at) => line.replace(words[at], if words[at - 1] == "embedded" { EMBEDDED } else { NAMED }),
            None => line.trim_end().to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

/// Whether the word is what follows `into` or `embedded`: a folder or `user@host:port/database`.
fn is_database(words: &[&str], at: usize) -> bool {
    let follows = at > 0 && matches!(words[at - 1], "into" | "embedded" | "database");
    follows && (words[at].starts_with('/') || words[at].contains('@'))
}

#[test]
fn only_what_may_differ_is_masked() {
    let here = "run 12  mobilize  a.json  into embedded /tmp/x  1.2 s\nevents  500   1\n1 waits: loader quarantine list --run 12\n";
    let there = "run 3  mobilize  a.json  into embedded /home/y  88 ms\nevents   500 1\n1 waits: loader quarantine list --run 3";
    assert_eq!(masked(here), masked(there));
    assert_ne!(masked(here), masked(&there.replace("500", "501")));
}

#[test]
fn pages_name_nobody() {
    let shown =
        presentable("run 1  m  into embedded /root/private  1 s\nrun 2  m  into postgres@/tmp/s:5432/d  1 s");
    assert_eq!(shown, format!("run 1  m  into embedded {EMBEDDED}  1 s\nrun 2  m  into {NAMED}  1 s"));
}
