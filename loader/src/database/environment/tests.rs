use std::collections::HashMap;

use postgres::config::Host;

use super::super::tls::{Mode, Root};
use super::*;

fn given(option: Option<&str>, variables: &[(&str, &str)]) -> Result<Option<Given>, Error> {
    let map: HashMap<_, _> = variables.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    from(option, || Some("ana".to_owned()), |name| map.get(name).cloned())
}

fn parameters(option: Option<&str>, variables: &[(&str, &str)]) -> Result<Option<Parameters>, Error> {
    Ok(given(option, variables)?.map(|given| given.parameters))
}

#[test]
fn nothing_is_named() {
    assert!(parameters(None, &[("PGPASSWORD", "x")]).unwrap().is_none());
}

#[test]
fn the_option_wins_over_the_url_and_the_url_over_pg_variables() {
    let variables = [("DATABASE_URL", "postgres://u@one/a"), ("PGDATABASE", "b"), ("PGPASSWORD", "secret")];
    let typed = parameters(Some("host=two user=ana"), &variables).unwrap().unwrap();
    assert_eq!(typed.get_hosts(), [Host::Tcp("two".to_owned())]);
    assert_eq!(typed.get_dbname(), Some("b"));
    let url = parameters(None, &variables).unwrap().unwrap();
    assert_eq!((url.get_user(), url.get_dbname()), (Some("u"), Some("a")));
    assert_eq!(url.get_password(), Some(&b"secret"[..]));
}

#[test]
fn one_variable_is_enough_and_the_rest_is_as_in_libpq() {
    let found = parameters(None, &[("PGPORT", "6000")]).unwrap().unwrap();
    assert_eq!(found.get_ports(), [6000]);
    assert!(matches!(found.get_hosts(), [Host::Unix(_)]));
    assert_eq!((found.get_user(), found.get_dbname()), (Some("ana"), Some("ana")));
    let socket = parameters(None, &[("PGHOST", "/run/pg")]).unwrap().unwrap();
    assert!(matches!(socket.get_hosts(), [Host::Unix(path)] if path.ends_with("pg")));
}

#[test]
fn a_dead_network_is_noticed_unless_the_connection_string_says_otherwise() {
    let seconds = Duration::from_secs;
    let usual = parameters(Some("host=db"), &[]).unwrap().unwrap();
    assert_eq!(usual.get_connect_timeout(), Some(&seconds(10)));
    assert_eq!(usual.get_tcp_user_timeout(), Some(&seconds(60)));
    assert_eq!(usual.get_keepalives_idle(), seconds(30));
    assert_eq!(
        (usual.get_keepalives_interval(), usual.get_keepalives_retries()),
        (Some(seconds(10)), Some(3))
    );
    let typed = "host=db connect_timeout=1 tcp_user_timeout=2 keepalives_idle=3 keepalives_interval=4 keepalives_retries=5";
    let typed = parameters(Some(typed), &[("PGCONNECT_TIMEOUT", "9")]).unwrap().unwrap();
    assert_eq!(typed.get_connect_timeout(), Some(&seconds(1)));
    assert_eq!(typed.get_tcp_user_timeout(), Some(&seconds(2)));
    assert_eq!(typed.get_keepalives_idle(), seconds(3));
    assert_eq!(
        (typed.get_keepalives_interval(), typed.get_keepalives_retries()),
        (Some(seconds(4)), Some(5))
    );
}

#[test]
fn what_is_not_understood_is_named_without_the_password() {
    for (option, variables, word) in [
        (Some("postgres://u:hunter2@h/d?nonsense=1"), &[][..], "nonsense"),
        (None, &[("PGPORT", "many")][..], "many"),
        (None, &[("PGHOSTADDR", "home")][..], "home"),
        (None, &[("PGSERVICE", "x")][..], "PGSERVICE"),
        (Some("host=h password=hunter2 sslmode=strict"), &[][..], "verify-full"),
        (Some("postgres://u:hunter2@h/d?sslrootcert=system&sslmode=require"), &[][..], "too weak"),
        (Some("host=/run,h password=hunter2 sslmode=require"), &[][..], "socket"),
        (Some("host=h password=hunter2 sslnegotiation=direct"), &[][..], "direct"),
        (Some("host=h password=hunter2 port=many"), &[][..], "port in --database-url"),
        (Some("host=h password=hunter2 sslcrl=/revoked"), &[][..], "sslcrl"),
        (None, &[("DATABASE_URL", "postgres://u:hunter2@[h/d")][..], "DATABASE_URL"),
    ] {
        let Err(error) = parameters(option, variables) else { panic!("{word} was accepted") };
        assert_eq!(error.exit(), crate::error::Exit::Usage);
        assert!(error.to_string().contains(word), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn a_service_fills_what_the_string_leaves_open_and_comes_before_variables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services");
    let text =
        "[votes]\nhost=service\nport=6000\ndbname=votes\nuser=service\npassword=service\nsslmode=require\n";
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let variables =
        [("PGSERVICEFILE", file), ("PGSERVICE", "votes"), ("PGPORT", "7000"), ("PGHOSTADDR", "::1")];
    let alone = given(None, &variables).unwrap().unwrap();
    assert_eq!(alone.parameters.get_hosts(), [Host::Tcp("service".to_owned())]);
    assert_eq!(alone.parameters.get_hostaddrs(), [] as [std::net::IpAddr; 0]);
    assert_eq!(alone.parameters.get_ports(), [6000]);
    assert_eq!(alone.parameters.get_password(), Some(&b"service"[..]));
    assert_eq!(alone.tls.mode, Mode::Require);
    let typed = "user=typed sslmode=verify-full service=votes hostaddr=127.0.0.1";
    let typed = given(Some(typed), &[("PGSERVICEFILE", file), ("PGSERVICE", "nobody")]).unwrap().unwrap();
    assert_eq!(typed.parameters.get_user(), Some("typed"));
    assert_eq!(typed.parameters.get_dbname(), Some("votes"));
    // The service's host is not met at the address that was typed; the address stands for it.
    assert_eq!(typed.parameters.get_hosts(), [Host::Tcp("127.0.0.1".to_owned())]);
    assert_eq!(typed.tls.mode, Mode::VerifyFull);
}

#[test]
fn a_password_file_answers_only_where_no_password_is_given() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".pgpass");
    let lines =
        "db:5432:d:ana:file\nlocalhost:5432:d:ana:socket\n/run/pg:*:d:ana:path\none:*:*:*:1\ntwo:*:*:*:2\n";
    std::fs::write(&file, lines).unwrap();
    let private = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    private(0o600);
    let folder = home.path().to_str().unwrap();
    let password = |string: &str, more: &[(&str, &str)]| {
        let variables: Vec<_> = [("HOME", folder)].iter().chain(more).copied().collect();
        let given = given(Some(string), &variables).unwrap().unwrap();
        let password = given.parameters.get_password().map(|p| String::from_utf8_lossy(p).into_owned());
        assert_eq!(
            given.password_file.is_some(),
            password.is_some() && !string.contains("password") && more.is_empty()
        );
        password
    };
    assert_eq!(password("host=db dbname=d", &[]).as_deref(), Some("file"));
    assert_eq!(password("host=db port=6000 dbname=d", &[]), None);
    assert_eq!(password("dbname=d", &[]).as_deref(), Some("socket"));
    assert_eq!(password("host=/run/pg dbname=d", &[]).as_deref(), Some("path"));
    assert_eq!(password("host=db dbname=d password=typed", &[]).as_deref(), Some("typed"));
    assert_eq!(password("host=db dbname=d", &[("PGPASSWORD", "set")]).as_deref(), Some("set"));
    assert_eq!(password("host=one", &[]).as_deref(), Some("1"));
    assert_eq!(password("host=one,two", &[]), None);
    assert_eq!(password("host=db dbname=d passfile=/nowhere", &[]), None);
    private(0o640);
    assert_eq!(password("host=db dbname=d", &[]), None);
}

#[test]
fn tls_is_preferred_over_the_network_and_unknown_to_sockets() {
    let tls = |string: &str, variables: &[(&str, &str)]| given(Some(string), variables).unwrap().unwrap().tls;
    assert_eq!(tls("host=db", &[]).mode, Mode::Prefer);
    assert_eq!(tls("host=db", &[("PGSSLMODE", "verify-ca")]).mode, Mode::VerifyCa);
    assert_eq!(tls("host=db sslmode=allow", &[("PGSSLMODE", "verify-ca")]).mode, Mode::Allow);
    assert_eq!(tls("host=/run sslmode=verify-full", &[]).mode, Mode::Disable);
    assert_eq!(tls("dbname=d sslmode=require", &[]).mode, Mode::Disable);
    assert_eq!(tls("postgres://h/d?ssl=true", &[]).mode, Mode::Require);
    let system = tls("host=db sslrootcert=system", &[]);
    assert_eq!((system.mode, system.root), (Mode::VerifyFull, Some(Root::System)));
    // An address alone is the name that a certificate must hold.
    let address = parameters(Some("hostaddr=127.0.0.1"), &[]).unwrap().unwrap();
    assert_eq!(address.get_hosts(), [Host::Tcp("127.0.0.1".to_owned())]);
}
