//! The program and a service behind TLS, as every real one is: its certificate is checked, and it speaks HTTP/2.

use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, pki_types::PrivateKeyDer};

use crate::bench::{Bench, OTP, PHONE, Said, recorded, said};

/// A gateway that ends TLS before the bench's service. Its authority's certificate lies in the bench's folder.
struct Gateway {
    address: String,
    /// What each connection that came about agreed to speak.
    spoken: Arc<Mutex<Vec<String>>>,
}

impl Gateway {
    /// With a certificate for this name.
    fn before(bench: &Bench, name: &str) -> Self {
        let authority = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        fs::write(bench.path("authority.pem"), params.self_signed(&authority).unwrap().pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::new(params, authority);
        let certificate =
            CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();

        let mut config = ServerConfig::builder_with_provider(Arc::new(
            tokio_rustls::rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

        let service: SocketAddr = bench.address.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = bench.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let spoken = Arc::new(Mutex::new(Vec::new()));
        bench.runtime.spawn(forward(listener, TlsAcceptor::from(Arc::new(config)), service, spoken.clone()));
        Self { address, spoken }
    }

    fn spoken(&self) -> Vec<String> {
        self.spoken.lock().unwrap().clone()
    }
}

async fn forward(
    listener: TcpListener,
    tls: TlsAcceptor,
    service: SocketAddr,
    spoken: Arc<Mutex<Vec<String>>>,
) {
    while let Ok((from, _)) = listener.accept().await {
        let (tls, spoken) = (tls.clone(), spoken.clone());
        tokio::spawn(async move {
            let Ok(mut from) = tls.accept(from).await else { return };
            let protocol = from.get_ref().1.alpn_protocol().unwrap_or(b"none");
            spoken.lock().unwrap().push(String::from_utf8(protocol.to_vec()).unwrap());
            let mut to = TcpStream::connect(service).await.unwrap();
            drop(tokio::io::copy_bidirectional(&mut from, &mut to).await);
        });
    }
}

/// The program at an address; the system's authorities are the bench's alone.
fn run(bench: &Bench, address: &str, authority: &str, args: &[&str]) -> Said {
    let mut command = crate::bench::program();
    command.arg("--profile").arg(bench.profile()).args(["--server", address, "--json"]).args(args);
    command.env("SSL_CERT_FILE", bench.path(authority)).env_remove("SSL_CERT_DIR");
    said(command.output().unwrap())
}

#[test]
fn the_main_job_is_done_over_tls() {
    let bench = Bench::new();
    let gateway = Gateway::before(&bench, "localhost");
    let json = |args: &[&str]| {
        let said = run(&bench, &gateway.address, "authority.pem", args);
        assert_eq!((said.exit, said.err.as_str()), (0, ""), "{args:?} {said:?}");
        said.document()
    };
    json(&["login", "--phone", PHONE, "--country", "+91", "--otp", OTP]);
    let found = json(&["search", "Tone"]);
    let id = found["songs"][0]["id"].as_str().unwrap();
    json(&["library", "add", id]);
    assert_eq!(bench.server().library_count("+91", PHONE).unwrap(), 1);
    let wav = bench.path("heard.wav");
    json(&["play", id, "--to", wav.to_str().unwrap()]);
    assert!((recorded(&wav) - 2.0).abs() < 0.05);
    assert!(gateway.spoken().iter().all(|protocol| protocol == "h2"), "{:?}", gateway.spoken());
    assert!(!gateway.spoken().is_empty());
}

#[test]
fn a_service_that_proves_to_be_another_hears_nothing() {
    let bench = Bench::new();
    for (name, authority) in [("localhost", "nobody.pem"), ("elsewhere.example", "authority.pem")] {
        let gateway = Gateway::before(&bench, name);
        // An authority of its own, which signed nothing here.
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["nobody.example".to_owned()]).unwrap();
        fs::write(bench.path("nobody.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        let said = run(
            &bench,
            &gateway.address,
            authority,
            &["login", "--phone", PHONE, "--country", "+91", "--otp", OTP],
        );
        assert_eq!((said.exit, said.code().as_str()), (4, "UNREACHABLE"), "{name} {said:?}");
        assert!(said.err.contains("certificate"), "{said:?}");
        assert!(bench.server().request_log().is_empty());
    }
}
