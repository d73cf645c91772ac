//! Ctrl-C during a run over TLS: the request to cancel is encrypted, too.

use super::{encrypted, over_the_network};
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::io::{Read, Write, copy};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SSL_REQUEST: [u8; 4] = [4, 210, 22, 47];

/// Carries every connection to the server, and notes what each begins with.
fn relay(server: SocketAddr) -> (u16, Arc<Mutex<Vec<[u8; 4]>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let begun = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&begun);
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let noted = Arc::clone(&noted);
            std::thread::spawn(move || -> std::io::Result<()> {
                let mut first = [0; 8];
                client.read_exact(&mut first)?;
                noted.lock().unwrap().push([first[4], first[5], first[6], first[7]]);
                let mut server = TcpStream::connect(server)?;
                server.write_all(&first)?;
                let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
                std::thread::spawn(move || copy(&mut answers, &mut back));
                copy(&mut client, &mut server)?;
                server.shutdown(std::net::Shutdown::Write)
            });
        }
    });
    (port, begun)
}

#[test]
fn an_interrupted_run_cancels_over_tls() {
    let (cluster, authority) = encrypted();
    let database = cluster.database();
    let (port, begun) = relay(cluster.address());
    let loader = Loader::new();
    let root = loader.file("authority.crt", &authority.certificate);
    let more = format!("sslmode=verify-full sslrootcert={}", root.display());
    let url = over_the_network(&database, "db.test", &more)
        .replace(&format!("port={}", cluster.address().port()), &format!("port={port}"));
    let loader = loader.env("DATABASE_URL", url);
    let file = loader.file("a.json", inputs::array(&inputs::mobilize(50, 72).collect()));
    loader.run(["migrate", "mobilize"]).expect(0);

    let mut other = database.client();
    let mut other = other.transaction().unwrap();
    other.batch_execute("lock table mobilize.people in access exclusive mode").unwrap();
    let mut running = loader.begin(["run", "mobilize", file.to_str().unwrap()]);
    let deadline = Instant::now() + Duration::from_secs(30);
    while database.count("pg_locks where not granted and locktype = 'relation'") == 0 {
        assert!(!running.has_ended() && Instant::now() < deadline, "it does not wait for the table");
        std::thread::sleep(Duration::from_millis(10));
    }
    running.signal("INT");
    running.end().expect(130).complains(&["interrupted, nothing was loaded"]);
    // Not the end of the connection, which would end the session in its own time: the server was asked, and heard it.
    assert!(cluster.log().contains("canceling statement due to user request"), "{}", cluster.log());
    let begun = begun.lock().unwrap();
    assert!(begun.len() >= 3 && begun.iter().all(|first| *first == SSL_REQUEST), "{begun:?}");
    other.rollback().unwrap();
    cluster.check_soundness();
}
