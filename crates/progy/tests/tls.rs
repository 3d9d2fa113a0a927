//! A server that speaks TLS with a certificate of a private authority, and one that checks itself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use world::{Device, PROGY, Run, World, eventually};

/// Somebody who signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let file = folder.join(format!("{name}.crt"));
        fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), file }
    }

    /// Writes a certificate for these names, and its key, where the server looks for them.
    fn certify(&self, folder: &Path, names: &[&str]) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(folder.join("server.crt"), certificate.pem()).unwrap();
        fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    }
}

const TLS: &str = "[tls]\ncertificate = 'server.crt'\nkey = 'server.key'\n";

/// A command of a device that trusts this authority, and no other.
fn run(device: &Device, trusted: &Path, args: &[&str]) -> Run {
    let mut command = device.command(args);
    command.env("SSL_CERT_FILE", trusted);
    Run::of(command, args)
}

#[test]
fn a_device_that_trusts_the_authority_works_and_no_other_does() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new(folder.path(), "ours");
    let other = Authority::new(folder.path(), "other");
    ours.certify(folder.path(), &["127.0.0.1"]);
    let world = World::configured(folder, TLS);
    assert!(world.url().starts_with("https://"));
    let token = world.token("root");
    let device = world.device_with("laptop", &token);
    let course = world::repository().join("courses/rust-basics");
    run(&device, &ours.file, &["course", "publish", course.to_str().unwrap()]).ok();
    run(&device, &ours.file, &["init", "-c", "rust-basics"]).ok();
    device.write("content/01_intro/01_hello/exercise.rs", "// over TLS\n");
    run(&device, &ours.file, &["save"]).ok();

    // Nobody else's word counts; the work is kept, and what to do is said.
    device.write("content/01_intro/01_hello/exercise.rs", "// not sent\n");
    let refused = run(&device, &other.file, &["save"]).code(5).fails_clearly();
    refused.says("does not know").says("SSL_CERT_FILE").says("safe");
    assert_eq!(run(&device, &ours.file, &["status", "--json"]).ok().json()["queued"], 1);

    // A plain request is not answered, and one of TLS elsewhere is explained.
    let plain = Device { url: world.url().replace("https", "http"), ..device.clone() };
    run(&plain, &ours.file, &["course", "list"]).code(5).fails_clearly();
    let http = World::new();
    let wrong = Device { url: http.url().replace("http", "https"), ..device.clone() };
    run(&wrong, &ours.file, &["course", "list"]).code(5).says("http://").fails_clearly();

    // The certificate is renewed, by another authority even, while the server runs.
    other.certify(world.folder.path(), &["127.0.0.1"]);
    eventually("the new certificate", || {
        run(&device, &other.file, &["course", "list"]).exit() == 0
    });
    run(&device, &ours.file, &["course", "list"]).code(5).says("does not know");
    other.certify(world.folder.path(), &["progy.example.org"]);
    eventually("a certificate for another name", || {
        run(&device, &other.file, &["course", "list"]).exit() == 5
    });
    run(&device, &other.file, &["course", "list"]).code(5).says("another name");
}

#[test]
fn a_configuration_is_checked_without_running() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.toml");
    let check = |text: &str| {
        fs::write(&file, text).unwrap();
        let mut command = Command::new(PROGY);
        command.args(["serve", "--check-config", "--config"]).arg(&file).env("PROGY_LANG", "en");
        Run::of(command, &["serve", "--check-config"])
    };
    check("listen = '127.0.0.1:0'\ndata = 'data'\n").code(0).says("sound");
    assert!(!folder.path().join("data").exists(), "nothing is made");
    check("listen = '0.0.0.0:0'\n").code(0).says("Careful").says("unencrypted");
    for (wrong, word) in [
        ("listen = 'nowhere'", "`listen`"),
        ("lisen = 'x'", "lisen"),
        ("[tls]\ncertificate = 'a'\nkey = 'b'", "cannot read `tls.certificate`"),
        ("[proxy]\ntrusted = ['localhost']", "10.0.0.0/8"),
        ("[github]\nclient_id = 'x'", "client_secret_file"),
        ("url = 'progy.example.org'", "https://"),
        ("[audit]\nkeep_days = 0", "keep_days"),
        ("[log]\nfilter = '=['", "log.filter"),
    ] {
        check(wrong).code(1).says(word).says("Correct that");
    }
    Authority::new(folder.path(), "ours").certify(folder.path(), &["127.0.0.1"]);
    check(TLS).code(0).says("sound");
    check(&format!("url = 'http://progy.test'\n{TLS}")).code(1).says("https://");
}
