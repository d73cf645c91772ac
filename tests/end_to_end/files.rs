//! Files that are no plain files, and names that are no plain names: each ends, and ends cleanly.
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::loader::{Loader, Ran};

const POSTS: &str = "[{\"Id\":\"1\",\"PostTypeId\":\"1\",\"CreationDate\":\"2021-01-01T00:00:00.000\"}]";

/// A pipe with a name, into which the bytes are written once somebody reads.
fn pipe(folder: &Path, bytes: &'static str) -> PathBuf {
    let path = folder.join("pipe.json");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let writer = path.clone();
    thread::spawn(move || {
        fs::OpenOptions::new().write(true).open(writer).unwrap().write_all(bytes.as_bytes())
    });
    path
}

#[test]
fn whatever_is_named_ends_cleanly() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let posts = |loader: &Loader, path: &Path| -> Ran {
        loader.run([
            "run".as_ref(),
            "posts".as_ref(),
            format!("posts={}", path.display()).as_ref() as &std::ffi::OsStr,
        ])
    };
    let folder = loader.folder();
    let plain = loader.file("posts.json", POSTS);

    symlink(&plain, folder.join("link.json")).unwrap();
    posts(&loader, &folder.join("link.json")).expect(0);
    posts(&loader, &pipe(folder, POSTS)).expect(0);
    fs::remove_file(folder.join("pipe.json")).unwrap();
    for name in ["a b.json", "%s%n.json", "it's.json", "a\nb.json", "-x.json", "$(touch gone).json"] {
        let path = loader.file(name, POSTS);
        posts(&loader, &path).expect(0);
    }
    assert!(!folder.join("gone").exists());
    let before = database.physical("posts");

    symlink(folder.join("nowhere"), folder.join("dangling.json")).unwrap();
    posts(&loader, &folder.join("dangling.json")).expect(2).complains(&["no such file"]);
    posts(&loader, folder).expect(2).complains(&["is a directory"]);
    let closed = loader.file("closed.json", POSTS);
    fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    // root reads it all the same, unless it gives that up.
    let humble = loader.clone().through(&["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]);
    let unprivileged = if rustix::process::geteuid().is_root() { humble } else { loader.clone() };
    posts(&unprivileged, &closed).expect(2).complains(&["permission denied"]);
    posts(&loader, Path::new("/dev/zero")).expect(1).complains(&["/dev/zero: refused (22P05)"]);
    posts(&loader, &pipe(folder, &POSTS[..POSTS.len() - 5])).expect(1).complains(&["refused"]);
    loader
        .run(["run", "people", "places=/dev/zero", "--record-limit", "1MiB"])
        .expect(1)
        .complains(&["/dev/zero: refused (54000)", "the header is longer than 1048576 bytes"]);

    assert_eq!(before, database.physical("posts"));
    accounting::check(&database, "posts");
}
