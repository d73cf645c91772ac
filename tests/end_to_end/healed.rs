//! What load functions compute from records, after a replay: numbers of people alike, and people per dose.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::loader::Loader;

const PLACES: &str = "city,county,country\nOldport,Aldershire,Aldria\nNewbridge,Aldershire,Aldria\n";
/// Two people alike whom a rule rejects, one with a name like theirs, and one more.
const PEOPLE: &str = "given_name,family_name,date_of_birth,place_of_birth\n\
    ,Lind,1902-03-04,Oldport\n\
    ,Lind,1902-03-04,Oldport\n\
    ,Lind,1902-03-04,Newbridge\n\
    Ana,Ortiz,,Oldport\n";

fn people(loader: &Loader, code: i32) {
    loader.file("places.csv", PLACES);
    loader.file("people.csv", PEOPLE);
    loader.run(["run", "people", "places=places.csv", "people=people.csv"]).expect(code);
}

fn open(database: &Database<'_>) -> Vec<String> {
    database.rows("select quarantine_id from etl.quarantine where closed_run is null order by line")
}

#[test]
fn people_alike_keep_their_numbers_in_whatever_order_they_are_replayed() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    people(&loader, 3);
    let rejected = open(&database);
    assert_eq!(rejected.len(), 3);
    let mend = "alter table people.people drop constraint people_given_name";
    database.execute(mend);
    // The second of the two first, alone.
    loader.run(["quarantine", "replay", &rejected[1]]).expect(0);
    assert_eq!(database.rows("select occurrence from people.people where given_name = ''"), ["2"]);
    loader.run(["quarantine", "replay", "people"]).expect(0);
    assert_eq!(open(&database), Vec::<String>::new());
    accounting::check(&database, "people");

    // As if the rule had never been there; and the file once more adds nobody.
    let clean = Cluster::shared().database();
    let other = Loader::at(&clean);
    other.run(["migrate", "people"]).expect(0);
    clean.execute(mend);
    people(&other, 0);
    assert_same(&clean.dump("people"), &database.dump("people"), "replayed, and accepted at once");
    let rows = database.physical("people");
    people(&loader, 0);
    assert_eq!(rows, database.physical("people"));
}

#[test]
fn people_whose_birthplace_was_mended_get_in_by_a_replay() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader
        .file("places.csv", "city,county,country\nNewbridge,Aldershire,Aldria\nNewbridge,Heskshire,Aldria\n");
    loader.file("people.csv", "given_name,family_name,date_of_birth,place_of_birth\nBo,Lind,,Newbridge\n");
    loader.run(["run", "people", "places=places.csv", "people=people.csv"]).expect(3);
    loader.run(["quarantine", "replay", "people"]).expect(3);
    assert_eq!(open(&database).len(), 1);
    // Whoever knows better says that the name stands for one city; the other gets a name of its own.
    database.execute(
        "update people.cities set city = 'Newbridge (Heskshire)', birthplace = 'Newbridge (Heskshire)' where county = 'Heskshire';
         update people.cities set birthplace = 'Newbridge' where county = 'Aldershire'",
    );
    loader.run(["quarantine", "replay", "people"]).expect(0);
    assert_eq!(database.rows("select place_of_birth from people.people"), ["Newbridge"]);
}

#[test]
fn people_per_dose_follow_a_replay() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader
        .file("population.csv", "Id,Id2,County,State,Population Estimate 2018\n1,1,Alderwick,Vermont,300\n");
    loader.file(
        "moderna.csv",
        "jurisdiction,week_of_allocations,_1st_dose_allocations,_2nd_dose_allocations\n\
         Vermont,2021-06-21T00:00:00.000,100,0\n\
         Vermont,2021-06-14T00:00:00.000,300,-100\n",
    );
    loader.run(["run", "vaccines", "moderna=moderna.csv", "population=population.csv"]).expect(3);
    let ratio = "select doses, ratio from vaccines.people_per_dose";
    assert_eq!(database.rows(ratio), ["100|3:1"]);
    database.execute("alter table vaccines.allocations drop constraint allocations_second_doses");
    loader.run(["quarantine", "replay", "vaccines"]).expect(0);
    assert_eq!(database.rows(ratio), ["300|1:1"]);
    accounting::check(&database, "vaccines");
}
