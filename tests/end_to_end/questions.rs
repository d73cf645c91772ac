//! Questions of the user's own: a file, or a folder that loader.toml names. What is put into the folder is there.

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::inputs;
use etl_tests::loader::Loader;

fn filled() -> (Database<'static>, Loader) {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let file = loader.file("a.json", inputs::array(&inputs::mobilize(50, 93).collect()));
    loader.load([file]).expect(0);
    std::fs::create_dir(loader.folder().join("mine")).unwrap();
    loader.file("loader.toml", "questions = \"mine\"\n[dataset.mobilize]\n");
    (database, loader)
}

#[test]
fn a_question_put_into_the_folder_is_listed_answered_and_exported() {
    let (database, loader) = filled();
    assert!(!loader.run(["query"]).expect(0).stdout.contains("people_of"));
    loader.file(
        "mine/people_of.sql",
        "-- Who has a number up to a limit, as of a day?\n-- param up_to bigint\n-- param as_of date default date '2026-01-31'\n\
         -- param word text default 'it''s :up_to'\n\n\
         select count(*) as people, :as_of + 1 as next_day, :word as word from mobilize.people where user_id <= :up_to;\n",
    );
    let listed = loader.run(["query"]).expect(0).stdout;
    assert!(listed.contains("people_of") && listed.contains("Who has a number up to a limit"), "{listed}");
    assert!(listed.contains("event_rsvps"), "the dataset's own are there still: {listed}");

    let people = database.count("mobilize.people where user_id <= 1000000000");
    let ask = |words: &[&str]| {
        let line = ["query", "people_of", "--format", "csv"];
        loader.run(line.iter().chain(words)).expect(0).stdout
    };
    let header = "people,next_day,word\n";
    assert_eq!(ask(&["up_to=1000000000"]), format!("{header}{people},2026-02-01,it's :up_to\n"));
    let given = ["as_of=2024-02-28", "up_to=-1", "word=\"; drop table x"];
    assert_eq!(ask(&given), format!("{header}0,2024-02-29,\"\"\"; drop table x\"\n"));
    loader
        .run(["query", "people_of", "up_to=many"])
        .expect(2)
        .complains(&["up_to=many is not of type bigint"]);
    loader.run(["query", "people_of"]).expect(2).complains(&["needs up_to"]);

    let ran = loader.run(["export", "people_of", "up_to=1000000000", "--dir", "out"]).expect(0);
    assert_eq!(ran.stdout, "out/people_of.csv\n");
    let written = std::fs::read_to_string(loader.folder().join("out/people_of.csv")).unwrap();
    assert_eq!(written, ask(&["up_to=1000000000"]));
}

#[test]
fn a_question_only_reads() {
    let (database, loader) = filled();
    database.execute(
        "create function public.sweep() returns bigint language sql volatile
        as 'with gone as (delete from mobilize.attendances returning 1) select count(*) from gone'",
    );
    let before = database.physical("mobilize");
    let writes = [
        "delete from mobilize.attendances",
        "with gone as (delete from mobilize.attendances returning 1) select count(*) from gone",
        "update mobilize.organizations set name = 'x' returning 1",
        "drop table mobilize.attendances cascade",
        "select public.sweep() as swept",
        "select organization_id from mobilize.organizations for update",
    ];
    for (number, sql) in writes.iter().enumerate() {
        loader.file(&format!("mine/evil_{number}.sql"), format!("-- Writes.\n{sql};\n"));
        let name = format!("evil_{number}");
        loader.run(["query", &name]).expect(1).complains(&["25006"]);
        loader.run(["export", &name, "--dir", "out"]).expect(1).complains(&["25006"]);
    }
    assert_eq!(before, database.physical("mobilize"));
    assert!(std::fs::read_dir(loader.folder().join("out")).unwrap().next().is_none(), "nothing half written");
    // What is wrong with a question is said in its own words.
    loader.file("mine/unfinished.sql", "-- Unfinished.\nselect 1 from");
    loader.run(["query", "unfinished"]).expect(1).complains(&["syntax error at end of input (42601)"]);
    loader.file("mine/two.sql", "-- Two.\nselect 1; select 2");
    loader.run(["query", "two"]).expect(1).complains(&["42601"]);
}
