use etl_core::frame::Delimiter;

use super::*;
use crate::config::Csv;

fn dataset(sources: &[&str]) -> Dataset {
    let sources = sources
        .iter()
        .map(|name| Source { name: (*name).to_owned(), format: Format::Json, path: None })
        .collect();
    Dataset { name: "posts".into(), sources, migrations: None, load: None, questions: None }
}

/// Makes the files in a folder of their own and shows `source:name` for each.
fn assigned(sources: &[&str], names: &[&str]) -> Result<Vec<String>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path_of = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let given: Vec<String> = names
        .iter()
        .map(|name| match name.split_once('=') {
            Some((source, file)) => format!("{source}={}", path_of(file)),
            None => path_of(name),
        })
        .collect();
    for name in names {
        std::fs::write(path_of(name.rsplit('=').next().unwrap()), "").unwrap();
    }
    let files = assign(&dataset(sources), &given)?;
    Ok(files.iter().map(|file| format!("{}:{}", file.source, source::short_name(&file.location))).collect())
}

#[test]
fn several_files_of_the_only_source() {
    assert_eq!(assigned(&["posts"], &["b.json", "a.json"]).unwrap(), ["posts:b.json", "posts:a.json"]);
}

#[test]
fn by_name_in_load_order() {
    let files = ["votes-2.json.gz", "posts.json", "votes.json"];
    let expected = ["posts:posts.json", "votes:votes-2.json.gz", "votes:votes.json"];
    assert_eq!(assigned(&["posts", "votes"], &files).unwrap(), expected);
}

#[test]
fn the_longest_source_name_wins() {
    assert_eq!(assigned(&["post", "posts"], &["posts.json"]).unwrap(), ["posts:posts.json"]);
}

#[test]
fn by_a_word_in_the_name_if_it_is_one_source() {
    let assigned = |name: &str| assigned(&["posts", "votes"], &[name]).unwrap().join(" ");
    for name in ["devops_meta_votes.jsonl", "2021-Votes.json.gz", "new votes (1).json"] {
        assert_eq!(assigned(name), format!("votes:{name}"));
    }
    for name in ["devotes.json", "votesold.json", "the_posts_and_votes.json"] {
        let expected = if name.starts_with("votes") { "votes" } else { "posts" };
        assert_eq!(assigned(name), format!("{expected}:{name}"));
    }
}

#[test]
fn by_order_what_no_name_settles() {
    assert_eq!(assigned(&["posts", "votes"], &["a", "b"]).unwrap(), ["posts:a", "votes:b"]);
    assert_eq!(
        assigned(&["posts", "votes"], &["x.json", "posts.json"]).unwrap(),
        ["posts:posts.json", "votes:x.json"]
    );
}

#[test]
fn by_saying_it() {
    assert_eq!(assigned(&["posts", "votes"], &["votes=posts.json"]).unwrap(), ["votes:posts.json"]);
}

#[test]
fn a_file_too_many_and_a_source_unknown_are_refused() {
    assert!(assigned(&["posts", "votes"], &["a", "b", "c"]).is_err());
    let message = assigned(&["posts", "votes"], &["vote=a"]).unwrap_err().to_string();
    assert!(message.contains("posts, votes"), "{message}");
}

#[test]
fn an_encoding_is_for_csv() {
    let mut mixed = dataset(&["posts", "votes"]);
    let utf8 = Csv { delimiter: Delimiter::COMMA, encoding: Encoding::Utf8 };
    mixed.sources[1].format = Format::Csv(utf8);
    let files = |given: &[&str]| {
        let given: Vec<String> = given.iter().map(|name| (*name).to_owned()).collect();
        assign(&mixed, &given).unwrap()
    };
    let formats: Vec<Format> = encoded(files(&["posts=/dev/null", "votes=/dev/null"]), Encoding::Latin1)
        .unwrap()
        .iter()
        .map(|file| file.format)
        .collect();
    assert_eq!(formats, [Format::Json, Format::Csv(Csv { encoding: Encoding::Latin1, ..utf8 })]);
    assert!(encoded(files(&["posts=/dev/null"]), Encoding::Latin1).is_err());
}

#[test]
fn a_csv_source_takes_json_by_its_name() {
    let csv = Format::Csv(Csv { delimiter: Delimiter::COMMA, encoding: Encoding::Utf8 });
    let source = Source { name: "trips".into(), format: csv, path: None };
    for (name, format) in [
        ("trips.csv", csv),
        ("trips", csv),
        ("-", csv),
        ("trips.json.csv", csv),
        ("fixed/trips.json", Format::Json),
        ("trips.jsonl.gz", Format::Json),
        ("trips.ndjson.zst", Format::Json),
    ] {
        assert_eq!(format_of(&source, name), format, "{name}");
    }
}

#[test]
fn urls_are_assigned_as_files_are_and_shown_without_secrets() {
    let given = [
        "https://me:secret@example.org/votes.csv?token=secret".to_owned(),
        "posts=https://example.org/".to_owned(),
    ];
    let files = assign(&dataset(&["posts", "votes"]), &given).unwrap();
    let shown: Vec<_> = files.iter().map(|file| (file.source.as_str(), file.location.as_str())).collect();
    assert_eq!(
        shown,
        [("posts", "https://example.org/"), ("votes", "https://example.org/votes.csv?token=...")]
    );
    assert!(assign(&dataset(&["posts"]), &["ftp://example.org/posts.json".to_owned()]).is_err());
}

#[test]
fn standard_input_is_read_once() {
    assert!(assign(&dataset(&["posts"]), &["-".into()]).is_ok());
    assert!(assign(&dataset(&["posts"]), &["-".into(), "-".into()]).is_err());
}
