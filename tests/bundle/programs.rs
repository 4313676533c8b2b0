//! Programs that were bundled.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;

use tempfile::tempdir;

use crate::support::{guest, holm};
use crate::{bundle, bundle_file, fails, prints, run, start, text};

#[test]
fn a_bundle_runs_with_nothing_around_it() {
    let dir = tempdir().unwrap();
    for (name, hello) in [("hello.p1.wasm", "Holm"), ("hello.p2.wasm", "Holm"), ("hello.p3.wasm", "WASI 0.3")] {
        let app = bundle(dir.path(), name, &[]);
        // A folder that cannot be written, and no home.
        assert_eq!(prints(start(&app).current_dir("/proc").output().unwrap()), format!("Hello from {hello}!\n"));
    }
}

#[test]
fn a_bundle_of_the_holm_that_makes_it_runs() {
    let dir = tempdir().unwrap();
    fs::copy(guest("hello.p2.wasm"), dir.path().join("hello.wasm")).unwrap();
    let made = holm(["bundle", "hello.wasm", "--json"]).within(dir.path()).prints();
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert_eq!((made["output"].as_str(), made["guest"].as_str()), (Some("hello"), Some("hello.wasm")));
    let app = dir.path().join("hello");
    assert_eq!(made["bytes"].as_u64(), Some(fs::metadata(&app).unwrap().len()));
    assert_eq!(fs::metadata(&app).unwrap().permissions().mode() & 0o111, 0o111);
    assert_eq!(prints(run(&app, &[])), "Hello from Holm!\n");
}

#[test]
fn every_argument_is_the_guests() {
    let dir = tempdir().unwrap();
    for name in ["args.p1.wasm", "args.p2.wasm"] {
        let app = bundle(dir.path(), name, &[]);
        let words = ["--help", "run", "--dir", "/", "--version", "--", "-x", ""];
        assert_eq!(prints(run(&app, &words)), "--help\nrun\n--dir\n/\n--version\n--\n-x\n\n", "{name}");
    }
}

#[test]
fn exit_codes_are_the_guests_and_errors_are_told_as_always() {
    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "exit.p1.wasm", &[]);
    for code in ["0", "3", "77"] {
        assert_eq!(run(&app, &[code]).status.code(), code.parse().ok(), "{code}");
    }
    let app = bundle(dir.path(), "trap.p2.wasm", &[]);
    assert!(fails(&run(&app, &[]), 134).starts_with("error: "));
}

#[test]
fn grants_of_the_flags_are_inside_and_no_others() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("data")).unwrap();
    fs::write(dir.path().join("data/a.txt"), "granted\n").unwrap();
    fs::write(dir.path().join("secret.txt"), "secret\n").unwrap();
    for name in ["cat.p1.wasm", "cat.p2.wasm"] {
        let app = bundle(dir.path(), name, &["--dir", "./data::/data:ro"]);
        let within = |word: &str| start(&app).current_dir(dir.path()).arg(word).output().unwrap();
        assert_eq!(prints(within("/data/a.txt")), "granted\n", "{name}");
        let refused = within("secret.txt");
        assert!(!refused.status.success() && !text(&refused.stdout).contains("secret"), "{name}");
        // Where it is started there is no such folder.
        let elsewhere = start(&app).current_dir("/proc").arg("/data/a.txt").output().unwrap();
        assert!(fails(&elsewhere, 127).contains("the granted directory ./data does not exist"), "{name}");
    }
}

#[test]
fn a_manifest_beside_the_guest_is_inside() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("files")).unwrap();
    fs::write(dir.path().join("files/x"), "of the manifest\n").unwrap();
    fs::copy(guest("cat.p2.wasm"), dir.path().join("cat.wasm")).unwrap();
    let manifest = "holm = 1\nguest = \"cat.wasm\"\nargs = [\"/files/x\"]\n[grants]\ndir = \"./files:/files:ro\"\n";
    fs::write(dir.path().join("holm.toml"), manifest).unwrap();
    let app = bundle_file(dir.path(), &dir.path().join("cat.wasm"), &[]);
    fs::remove_file(dir.path().join("holm.toml")).unwrap();
    fs::remove_file(dir.path().join("cat.wasm")).unwrap();
    assert_eq!(prints(start(&app).current_dir(dir.path()).output().unwrap()), "of the manifest\n");
    // A manifest of whoever runs it changes nothing.
    fs::write(dir.path().join("holm.toml"), "holm = 1\nargs = [\"/other\"]\n").unwrap();
    assert_eq!(prints(start(&app).current_dir(dir.path()).output().unwrap()), "of the manifest\n");
}

#[test]
fn a_folder_with_a_manifest_is_bundled_as_the_guest_it_names() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("shop")).unwrap();
    fs::copy(guest("hello.p2.wasm"), dir.path().join("shop/hello.wasm")).unwrap();
    fs::write(dir.path().join("shop/holm.toml"), "holm = 1\nguest = \"hello.wasm\"\n").unwrap();
    let app = bundle_file(dir.path(), &dir.path().join("shop"), &[]);
    assert_eq!(prints(run(&app, &[])), "Hello from Holm!\n");
}

#[test]
fn limits_hold() {
    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "spin.p2.wasm", &["--cpu", "100ms"]);
    assert!(fails(&run(&app, &[]), 124).contains("CPU time"));
    let app = bundle(dir.path(), "grow.p1.wasm", &["--memory", "8MiB"]);
    assert!(!run(&app, &["64"]).status.success());
    let app = bundle(dir.path(), "flood.p1.wasm", &["--max-output", "1KiB"]);
    let ended = run(&app, &[]);
    assert!(fails(&ended, 134).contains("output") && ended.stdout.len() <= 1024);
}

#[test]
fn variables_of_the_host_are_those_of_whoever_runs_it() {
    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "args.p2.wasm", &["--env", "MODE=prod", "--env", "WHO"]);
    let unset = run(&app, &[]);
    assert!(fails(&unset, 125).contains("WHO, which is not set here"));
    let set = start(&app).env("WHO", "ada").env("SECRET", "x").output().unwrap();
    assert!(!text(&set.stdout).contains("SECRET"));
    assert_eq!(set.status.code(), Some(0), "{}", text(&set.stderr));
}

#[test]
fn the_environment_of_holm_grants_nothing() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a"), "a\n").unwrap();
    let app = bundle(dir.path(), "cat.p2.wasm", &[]);
    let mut command = start(&app);
    for name in ["HOLM_DIR", "HOLM_MANIFEST", "HOLM_GRANTS", "HOLM_CACHE_DIR"] {
        command.env(name, dir.path());
    }
    assert!(!command.current_dir(dir.path()).arg("a").output().unwrap().status.success());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "it keeps no cache");
}

#[test]
fn what_it_is_called_and_where_it_lies_does_not_matter() {
    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "args.p2.wasm", &[]);
    let link = dir.path().join("linked.wasm");
    symlink(&app, &link).unwrap();
    assert!(prints(run(&link, &["one"])).contains("one"));
    // Names that are Holm's own commands, no name, and one that leads elsewhere.
    for name in ["holm", "run", "", "/bin/sh", "compile-job"] {
        let output = start(&app).arg0(name).arg("compile-job").output().unwrap();
        assert!(prints(output).contains("compile-job"), "{name}");
    }
    let moved = dir.path().join("moved");
    fs::rename(&app, &moved).unwrap();
    assert!(prints(run(&moved, &["two"])).contains("two"));
}

#[test]
fn an_argument_that_is_no_text_is_told() {
    use std::os::unix::ffi::OsStrExt as _;

    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "args.p2.wasm", &[]);
    let output = start(&app).arg("a").arg(std::ffi::OsStr::from_bytes(b"\xff")).output().unwrap();
    assert!(fails(&output, 125).contains("argument 2 is not valid UTF-8"));
}

#[test]
fn a_portable_bundle_runs() {
    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "hello.p2.wasm", &["--tier", "portable"]);
    assert_eq!(prints(run(&app, &[])), "Hello from Holm!\n");
}

#[test]
fn components_of_a_bundle_have_grants_of_their_own() {
    let dir = tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for name in ["handler", "model"] {
        fs::copy(guest(&format!("parts-{name}.p2.wasm")), at(&format!("{name}.wasm"))).unwrap();
    }
    fs::create_dir(at("weights")).unwrap();
    fs::write(at("weights/weights.txt"), "the model's weights").unwrap();
    let manifest = "holm = 1\nguest = \"handler.wasm\"\n[components.model]\nfile = \"model.wasm\"\n\
                    [components.model.grants]\ndir = \"./weights::/data:ro\"\n";
    fs::write(at("holm.toml"), manifest).unwrap();
    let app = bundle_file(dir.path(), &at("handler.wasm"), &[]);
    for name in ["handler.wasm", "model.wasm", "holm.toml"] {
        fs::remove_file(at(name)).unwrap();
    }
    let asked = ["model read /data/weights.txt", "own read /data/weights.txt"];
    let answered = text(&start(&app).args(asked).current_dir(dir.path()).output().unwrap().stdout);
    assert_eq!(answered.lines().collect::<Vec<_>>(), ["the model's weights", "error: NotFound"], "{answered}");
}
