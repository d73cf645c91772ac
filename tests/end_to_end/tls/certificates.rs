//! Authorities and certificates, made for the test.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// A certificate and its key, in PEM.
pub struct Certified {
    pub certificate: String,
    pub key: String,
}

/// Whoever trusts its certificate trusts those that it issues.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// In PEM: what `sslrootcert` names.
    pub certificate: String,
}

fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut parameters = CertificateParams::new(hosts).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut parameters = named(name, &[]);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(parameters, key), certificate }
    }

    /// A certificate for these hosts.
    pub fn certify(&self, hosts: &[&str]) -> Certified {
        self.issue(named("db.test", hosts))
    }

    /// One that was valid once.
    pub fn certify_once(&self, hosts: &[&str]) -> Certified {
        let mut parameters = named("db.test", hosts);
        (parameters.not_before, parameters.not_after) =
            (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
        self.issue(parameters)
    }

    fn issue(&self, parameters: CertificateParams) -> Certified {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap().pem();
        Certified { certificate, key: key.serialize_pem() }
    }
}

/// What PostgreSQL's manual shows: a server's certificate that is its own authority.
pub fn of_itself(hosts: &[&str]) -> Certified {
    let mut parameters = named("db.test", hosts);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    Certified { certificate: parameters.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}
