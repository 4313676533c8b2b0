//! What other tools push is pulled, and what is pushed here, others read: the crate `oci-wasm`, which `wkg` and `wash` are
//! made with, on Debian's `docker-registry`.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use holm_registry::{Access, Pull, Push, Store};
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_wasm::{WasmClient, WasmConfig};
use tempfile::TempDir;

/// How long the registry may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

struct Registry {
    child: Child,
    port: u16,
    home: TempDir,
}

fn registry() -> Option<Registry> {
    if Command::new("docker-registry").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI_SERVERS").is_none(), "docker-registry is not installed");
        eprintln!("skipped: docker-registry is not installed");
        return None;
    }
    let home = tempfile::tempdir().unwrap();
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let (config, data) = (home.path().join("config.yml"), home.path().join("data"));
    let text = format!(
        "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"127.0.0.1:{port}\"}}\n",
        data.display()
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new("docker-registry");
    command.arg("serve").arg(config).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(Instant::now() < deadline, "docker-registry did not start");
        thread::sleep(Duration::from_millis(10));
    }
    Some(Registry { child, port, home })
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Registry {
    fn at(&self, name: &str) -> String {
        format!("127.0.0.1:{}/{name}", self.port)
    }
}

fn theirs() -> WasmClient {
    // Theirs wants one even where nothing is encrypted. A second one is refused, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    WasmClient::new(oci_client::Client::new(ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() }))
}

fn guest(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name)
}

async fn push(registry: &Registry, name: &str, file: &str) -> String {
    let access = Access::default();
    let push = Push {
        access: &access,
        guest: fs::read(guest(file)).unwrap().into(),
        title: file,
        created: SystemTime::UNIX_EPOCH,
        annotations: BTreeMap::from([("org.opencontainers.image.licenses".to_owned(), "MIT".to_owned())]),
        sign: None,
        progress: Arc::new(|_| {}),
    };
    push.push(&registry.at(name).parse().unwrap()).await.unwrap().manifest.to_string()
}

#[tokio::test]
async fn what_we_push_others_pull_and_understand() {
    let Some(registry) = registry() else { return };
    for file in ["hello.p2.wasm", "serve-hello.p2.wasm", "hello.p1.wasm"] {
        let name = registry.at(&format!("team/{}:1", file.replace('.', "-")));
        let digest = push(&registry, &name[name.find('/').unwrap() + 1..], file).await;
        let reference = name.parse().unwrap();
        let image = theirs().pull(&reference, &RegistryAuth::Anonymous).await.unwrap();
        assert_eq!(image.layers[0].data, fs::read(guest(file)).unwrap());
        assert_eq!(image.digest, Some(digest));
        let (manifest, ours, _) =
            theirs().pull_manifest_and_config(&reference, &RegistryAuth::Anonymous).await.unwrap();
        assert_eq!(manifest.annotations.unwrap()["org.opencontainers.image.licenses"], "MIT");

        // What they would have said of the same guest, but for the world, which they never say.
        let bytes = fs::read(guest(file)).unwrap();
        let (own, _) = match file.contains(".p1.") {
            true => WasmConfig::from_raw_module(bytes, None).unwrap(),
            false => WasmConfig::from_raw_component(bytes, None).unwrap(),
        };
        assert_eq!(
            (&ours.os, &ours.architecture, &ours.layer_digests),
            (&own.os, &own.architecture, &own.layer_digests)
        );
        let names = |config: &WasmConfig| {
            config.component.as_ref().map(|component| {
                let sorted = |names: &[String]| names.iter().cloned().collect::<std::collections::BTreeSet<_>>();
                (sorted(&component.imports), sorted(&component.exports))
            })
        };
        assert_eq!(names(&ours), names(&own), "{file}");
    }
}

#[tokio::test]
async fn what_others_push_we_pull() {
    let Some(registry) = registry() else { return };
    let store = Store::new(registry.home.path().join("store"));
    let access = Access::default();
    for file in ["hello.p2.wasm", "hello.p1.wasm"] {
        let bytes = fs::read(guest(file)).unwrap();
        let (config, layer) = match file.contains(".p1.") {
            true => WasmConfig::from_raw_module(bytes.clone(), None).unwrap(),
            false => WasmConfig::from_raw_component(bytes.clone(), None).unwrap(),
        };
        let name = registry.at(&format!("theirs/{}:1", file.replace('.', "-")));
        theirs().push(&name.parse().unwrap(), &RegistryAuth::Anonymous, layer, config, None).await.unwrap();
        let pull = Pull { store: &store, access: &access, verify: None, progress: &|_| {} };
        let pulled = pull.pull(&name.parse().unwrap()).await.unwrap();
        assert_eq!(fs::read(pulled.path).unwrap(), bytes);
        assert_eq!((pulled.size, pulled.title), (bytes.len() as u64, None));
    }
}
