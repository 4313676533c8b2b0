//! Apps made with Spin's SDKs for Python and JavaScript, from their sources: built by `holm build` as their `spin.toml` says,
//! served by `holm serve`, asked over HTTP. Those for Rust are among the guests in guests/prebuilt.
//!
//! `tests/toolchains/fetch` gets the SDKs. Without them these tests skip with a message, except in CI, where they fail.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

#[path = "../toolchains/compilers.rs"]
mod compilers;
#[path = "../toolchains/server.rs"]
mod server;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use compilers::{succeeded, with_compilers, within};
use server::{Server, serve};

/// Where the app called `name` is built and served, in a folder that stays.
fn copied(name: &str) -> PathBuf {
    let folder = kept().join(name);
    let _ = fs::remove_dir_all(&folder);
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/spin-sdks").join(name), &folder);
    folder
}

fn kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("spin-sdks")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (source, name) = (entry.as_ref().unwrap().path(), entry.unwrap().file_name());
        match source.is_dir() {
            true => copy(&source, &to.join(name)),
            false => drop(fs::copy(&source, to.join(name)).unwrap()),
        }
    }
}

/// Builds the app in `folder` with a Python that has its SDK.
fn build_python(folder: &Path, compilers: &Path, environment: &str) {
    let environment = compilers.join(environment);
    let script = ". \"$0/bin/activate\" && exec holm build";
    let built = within(folder, "sh", &kept()).args(["-c", script]).arg(environment).output().unwrap();
    succeeded("holm build", &built);
}

/// Reads and writes what it keeps, reads a variable, answers by itself.
fn does_what_it_should(server: &Server, language: &str) {
    assert_eq!(server.get("/"), (200, format!("Hello from {language}!")));
    assert_eq!(server.get("/greeting"), (200, "good day to you".to_owned()));
    assert_eq!(server.post("/", "anything"), (200, format!("Hello from {language}!")));
    for count in 1..=3 {
        assert_eq!(server.get("/kv"), (200, count.to_string()));
    }
}

fn served(folder: &Path) -> Server {
    serve(within(folder, env!("CARGO_BIN_EXE_holm"), &kept()), ".")
}

#[test]
fn an_app_of_the_newest_python_sdk_is_built_and_served() {
    let Some(compilers) = compilers::folder() else { return };
    let folder = copied("python");
    build_python(&folder, &compilers, "spin-python");
    does_what_it_should(&served(&folder), "Python");
}

#[test]
fn an_app_of_an_older_python_sdk_is_built_and_served() {
    let Some(compilers) = compilers::folder() else { return };
    let folder = copied("python-3");
    build_python(&folder, &compilers, "spin-python-3");
    does_what_it_should(&served(&folder), "Python");
}

#[test]
fn an_app_of_spins_tools_for_javascript_is_built_and_served() {
    let Some(compilers) = compilers::folder() else { return };
    let folder = copied("javascript");
    symlink(compilers.join("spin-js/node_modules"), folder.join("node_modules")).unwrap();
    let built = with_compilers(&folder, &compilers, &kept()).args(["holm", "build"]).output().unwrap();
    succeeded("holm build", &built);
    does_what_it_should(&served(&folder), "JavaScript");
}
