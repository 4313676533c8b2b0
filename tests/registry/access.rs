//! Who may: passwords, files of credentials, and programs that keep them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::registry::{Registry, with_passwords};
use crate::support::Holm;

fn push(registry: &Registry) -> Holm {
    registry.holm(["push", &registry.at("hello:1")]).guest("hello.p1.wasm")
}

fn pull(registry: &Registry) -> Holm {
    registry.holm(["pull", &registry.at("hello:1")])
}

fn config(registry: &Registry, text: &str) -> std::path::PathBuf {
    let folder = registry.home().join("docker");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.json"), text.replace("REGISTRY", &registry.address().to_string())).unwrap();
    folder
}

fn ada() -> String {
    STANDARD.encode("ada:lace")
}

#[test]
fn nobody_in_particular_is_told_how_to_be_somebody() {
    let Some(registry) = with_passwords() else { return };
    for command in [push(&registry), pull(&registry)] {
        let said = command.fails(126);
        assert!(said.contains("[registry] wants to know who you are\nhint: `docker login [registry]`"), "{said}");
    }
}

#[test]
fn a_password_is_taken_from_standard_input() {
    let Some(registry) = with_passwords() else { return };
    let who = ["--username", "ada", "--password-stdin"];
    push(&registry).args(who).stdin("lace\n").prints();
    pull(&registry).args(who).stdin("lace").prints();
    let said = pull(&registry).cache(&registry.home().join("other")).args(who).stdin("wr0ng").fails(126);
    assert!(said.contains("does not let you have the manifest 1") && !said.contains("wr0ng"), "{said}");
}

#[test]
fn dockers_file_is_read() {
    let Some(registry) = with_passwords() else { return };
    let folder = config(&registry, &format!(r#"{{"auths":{{"REGISTRY":{{"auth":"{}"}}}}}}"#, ada()));
    push(&registry).env("DOCKER_CONFIG", &folder).prints();
    pull(&registry).env("DOCKER_CONFIG", &folder).prints();
    let run = registry.holm(["run", &format!("oci://{}", registry.at("hello:1"))]);
    assert_eq!(run.env("DOCKER_CONFIG", folder).prints(), "Hello from Holm!\n");
}

#[test]
fn podmans_file_is_read() {
    let Some(registry) = with_passwords() else { return };
    let folder = config(&registry, &format!(r#"{{"auths":{{"REGISTRY/hello":{{"auth":"{}"}}}}}}"#, ada()));
    push(&registry).env("REGISTRY_AUTH_FILE", folder.join("config.json")).prints();
}

#[test]
fn a_program_that_keeps_credentials_is_asked() {
    let Some(registry) = with_passwords() else { return };
    let helper = registry.home().join("docker-credential-kept");
    let script = "#!/bin/sh\n[ \"$1\" = get ] && read -r server; [ \"$server\" = REGISTRY ] && echo '{\"ServerURL\":\"REGISTRY\",\"Username\":\"ada\",\"Secret\":\"lace\"}' || { echo 'credentials not found in native keychain'; exit 1; }\n";
    fs::write(&helper, script.replace("REGISTRY", &registry.address().to_string())).unwrap();
    fs::set_permissions(&helper, Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", registry.home().display(), std::env::var("PATH").unwrap());
    for text in [r#"{"credsStore":"kept"}"#, r#"{"credHelpers":{"REGISTRY":"kept"}}"#] {
        let folder = config(&registry, text);
        push(&registry).env("DOCKER_CONFIG", folder).env("PATH", &path).prints();
    }
    // It knows nobody under this name, and then it is nobody in particular who asks.
    let elsewhere = registry.at("hello:1").replace("127.0.0.1", "localhost");
    let folder = config(&registry, r#"{"credsStore":"kept"}"#);
    let said = registry
        .holm(["push", &elsewhere])
        .guest("hello.p1.wasm")
        .env("DOCKER_CONFIG", folder)
        .env("PATH", &path)
        .fails(126);
    assert!(said.contains("wants to know who you are"), "{said}");
}

#[test]
fn a_program_that_fails_tells_none_of_its_secrets() {
    let Some(registry) = with_passwords() else { return };
    let helper = registry.home().join("docker-credential-broken");
    for script in ["#!/bin/sh\necho s3cret; exit 1\n", "#!/bin/sh\necho s3cret\n"] {
        fs::write(&helper, script).unwrap();
        fs::set_permissions(&helper, Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", registry.home().display(), std::env::var("PATH").unwrap());
        let folder = config(&registry, r#"{"credsStore":"broken"}"#);
        let said = push(&registry).env("DOCKER_CONFIG", folder).env("PATH", &path).fails(126);
        assert!(said.contains("docker-credential-broken") && !said.contains("s3cret"), "{said}");
    }
}
