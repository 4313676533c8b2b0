//! A host in C, compiled with the system's compiler against the header and the shared library.

use std::path::{Path, PathBuf};
use std::process::Command;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The shared library of this build, which lies where this test does, under the name that it is installed under.
fn library(dir: &Path) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let name = if cfg!(target_os = "macos") { "libholm_capi.dylib" } else { "libholm_capi.so" };
    let built = test.ancestors().skip(1).take(2).map(|dir| dir.join(name)).find(|path| path.is_file());
    let built = built.unwrap_or_else(|| panic!("there is no {name} beside {}", test.display()));
    for name in ["libholm.so", "libholm.so.0", "libholm.dylib", "libholm.0.dylib"] {
        std::os::unix::fs::symlink(&built, dir.join(name)).expect("the folder is ours");
    }
    dir.to_owned()
}

/// Compiles; what the compiler says if it cannot.
fn compile(source: &str, flags: &[&str], output: &Path, library: &Path) -> Result<(), String> {
    let done = Command::new("cc")
        .args(["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g", "-pthread", "-I"])
        .arg(here("include"))
        .args(flags)
        .arg(here(source))
        .arg("-L")
        .arg(library)
        .arg(format!("-Wl,-rpath,{}", library.display()))
        .args(["-lholm", "-o"])
        .arg(output)
        .output()
        .map_err(|error| format!("cc: {error}"))?;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}

fn run(program: &Path, dir: &Path) {
    let done = Command::new(program)
        .arg(here("../../guests/prebuilt"))
        .arg(dir)
        // What the runtime keeps for the life of the program is reachable, so it is no leak.
        .env("ASAN_OPTIONS", "detect_leaks=1")
        .output()
        .expect("it was just compiled");
    let (said, error) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && said == "all is well\n", "{}\n{said}{error}", done.status);
}

#[test]
fn a_host_in_c_does_what_one_in_rust_does() {
    let dir = tempfile::tempdir().unwrap();
    let (library, program) = (library(dir.path()), dir.path().join("plugins"));
    compile("tests/c/plugins.c", &[], &program, &library).unwrap();
    run(&program, dir.path());
}

#[test]
fn a_host_in_c_touches_no_memory_that_is_not_its_own_and_leaks_none() {
    let dir = tempfile::tempdir().unwrap();
    let (library, program) = (library(dir.path()), dir.path().join("plugins"));
    let sanitized = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"];
    if let Err(why) = compile("tests/c/plugins.c", &sanitized, &program, &library) {
        eprintln!("skipped: this compiler has no sanitizers: {why}");
        return;
    }
    run(&program, dir.path());
}

#[test]
fn the_readmes_host_greets() {
    let readme = std::fs::read_to_string(here("README.md")).unwrap();
    let code = readme.split("```c\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (source, program) = (dir.path().join("host.c"), dir.path().join("host"));
    std::fs::write(&source, code).unwrap();
    compile(source.to_str().unwrap(), &[], &program, &library(dir.path())).unwrap();
    let done = Command::new(program).current_dir(here("../../guests/prebuilt")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout), "Hello, Ada!\n", "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn the_header_is_one_for_c_plus_plus_too() {
    let done = Command::new("cc")
        .args(["-x", "c++", "-fsyntax-only", "-Wall", "-Werror"])
        .arg(here("include/holm.h"))
        .output();
    let done = done.unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    if said.contains("cc1plus") {
        eprintln!("skipped: there is no compiler for C++");
        return;
    }
    assert!(done.status.success(), "{said}");
}
