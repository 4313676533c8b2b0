//! Grants of directories: what is in them, and no way out.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::{TempDir, tempdir};

use crate::support::{Outcome, holm};

const GUESTS: [&str; 2] = ["files.p1.wasm", "files.p2.wasm"];

/// A folder with `secret` beside the directory `data` that is granted.
fn folder() -> TempDir {
    let dir = tempdir().unwrap();
    let data = dir.path().join("data");
    fs::write(dir.path().join("secret"), "the secret").unwrap();
    fs::create_dir_all(data.join("sub")).unwrap();
    fs::write(data.join("file"), "text").unwrap();
    symlink("file", data.join("inner")).unwrap();
    symlink("../secret", data.join("outer")).unwrap();
    symlink("/etc", data.join("absolute")).unwrap();
    symlink("..", data.join("parent")).unwrap();
    symlink("sub/../../secret", data.join("sub-outer")).unwrap();
    dir
}

fn files(dir: &Path, name: &str, grant: &str, operation: &str) -> Outcome {
    holm(["run", "--dir", grant]).guest(name).args(operation.split(' ')).within(dir).ends()
}

/// The operation fails with 1, and the guest hears one of the errors that say no.
#[track_caller]
fn refuses(dir: &Path, name: &str, grant: &str, operation: &str) {
    let ended = files(dir, name, grant, operation);
    let refused = ["PermissionDenied", "NotFound", "ReadOnlyFilesystem", "NotADirectory", "NotSupported"];
    let answer = ended.stdout.strip_prefix("error: ").unwrap_or_default();
    let refused = refused.iter().any(|kind| answer.starts_with(kind));
    assert!(ended.code == Some(1) && refused, "{name}: {operation}: {ended:?}");
    assert!(!ended.stdout.contains("secret") && !ended.stdout.contains("root:"), "{name}: {operation}: {ended:?}");
}

/// What lies in `dir`, folders and links included.
fn everything(dir: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let name = path.display().to_string();
        if kind.is_dir() {
            found.push((name, "dir".into()));
            found.extend(everything(&path));
        } else if kind.is_symlink() {
            found.push((name, fs::read_link(&path).unwrap().display().to_string()));
        } else {
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_guest_without_a_directory_grant_cannot_read_files() {
    let dir = folder();
    for name in GUESTS {
        let ended = holm(["run"]).guest(name).args(["read", "secret"]).within(dir.path()).ends();
        assert_eq!((ended.code, ended.stdout.contains("the secret")), (Some(1), false), "{ended:?}");
    }
}

#[test]
fn a_guest_that_was_refused_a_file_gets_the_flag_for_it() {
    let dir = folder();
    let error = holm(["run"]).guest("cat.p1.wasm").arg("data/file").within(dir.path()).fails(1);
    insta::assert_snapshot!(error, @r"
    cat: data/file: No such file or directory (os error 44)
    note: data/file exists here, but cat.p1.wasm was not granted any directory: `--dir data` would grant this one
    ");
    let error = holm(["run"]).guest("cat.p2.wasm").arg("secret").within(dir.path()).fails(1);
    insta::assert_snapshot!(error, @r"
    cat: secret: No such file or directory (os error 44)
    note: secret exists here, but cat.p2.wasm was not granted any directory: `--dir .` would grant this one
    ");
}

#[test]
fn a_granted_directory_can_be_read_and_written() {
    for name in GUESTS {
        let dir = folder();
        let ok = |operation: &str| {
            let ended = files(dir.path(), name, "data", operation);
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}: {operation}: {ended:?}");
            ended.stdout
        };
        assert_eq!(ok("ls data/sub"), "ok\n");
        assert_eq!(ok("read data/file"), "ok text\n");
        assert_eq!(ok("read data/inner"), "ok text\n");
        assert_eq!(ok("write data/new 12345"), "ok 5 bytes\n");
        assert_eq!(ok("append data/new 6"), "ok 1 bytes\n");
        assert_eq!(ok("stat data/new"), "ok file 6\n");
        assert_eq!(ok("truncate data/new 2"), "ok\n");
        assert_eq!(ok("rename data/new data/sub/moved"), "ok\n");
        assert_eq!(ok("link data/sub/moved data/linked"), "ok\n");
        assert_eq!(ok("symlink linked data/symbolic"), "ok\n");
        assert_eq!(ok("readlink data/symbolic"), "ok linked\n");
        assert_eq!(ok("read data/symbolic"), "ok 12\n");
        assert_eq!(ok("mkdir data/made"), "ok\n");
        assert_eq!(ok("rename data/made data/made-again/"), "ok\n");
        assert_eq!(ok("rmdir data/made-again"), "ok\n");
        assert_eq!(ok("rm data/linked"), "ok\n");
        assert_eq!(fs::read_to_string(dir.path().join("data/sub/moved")).unwrap(), "12");
    }
}

#[test]
fn a_directory_is_there_under_the_name_it_was_given() {
    let dir = folder();
    for name in GUESTS {
        let ended = files(dir.path(), name, "data::/elsewhere", "read /elsewhere/file");
        assert_eq!(ended.stdout, "ok text\n", "{ended:?}");
        refuses(dir.path(), name, "data::/elsewhere", "read data/file");
    }
}

#[test]
fn no_path_leads_out_of_a_directory() {
    let dir = folder();
    let absolute = dir.path().join("secret").display().to_string();
    for name in GUESTS {
        for path in ["data/../secret", "data/sub/../../secret", "../secret", "secret", "/etc/passwd", &absolute] {
            refuses(dir.path(), name, "data", &format!("read {path}"));
            refuses(dir.path(), name, "data", &format!("stat {path}"));
            refuses(dir.path(), name, "data", &format!("write {path} changed"));
            refuses(dir.path(), name, "data", &format!("rm {path}"));
        }
        refuses(dir.path(), name, "data", "ls data/..");
        refuses(dir.path(), name, "data", "ls /");
        refuses(dir.path(), name, "data", "mkdir data/../made");
    }
    assert_eq!(fs::read_to_string(dir.path().join("secret")).unwrap(), "the secret");
}

#[test]
fn no_link_of_the_host_leads_out_of_a_directory() {
    let dir = folder();
    for name in GUESTS {
        for path in ["data/outer", "data/sub-outer", "data/parent/secret", "data/absolute/passwd"] {
            refuses(dir.path(), name, "data", &format!("read {path}"));
            refuses(dir.path(), name, "data", &format!("stat {path}"));
            refuses(dir.path(), name, "data", &format!("write {path} changed"));
            refuses(dir.path(), name, "data", &format!("truncate {path} 0"));
        }
        refuses(dir.path(), name, "data", "ls data/parent");
        refuses(dir.path(), name, "data", "write data/parent/new x");
        refuses(dir.path(), name, "data", "link data/parent/secret data/mine");
        refuses(dir.path(), name, "data", "rename data/parent/secret data/mine");
    }
    assert_eq!(fs::read_to_string(dir.path().join("secret")).unwrap(), "the secret");
}

#[test]
fn no_link_of_the_guest_leads_out_of_a_directory() {
    for name in GUESTS {
        let dir = folder();
        // Making such a link harms nobody; following it must not work.
        for (link, target) in [("one", "../secret"), ("two", "sub/../../secret"), ("three", "outer")] {
            files(dir.path(), name, "data", &format!("symlink {target} data/{link}"));
            refuses(dir.path(), name, "data", &format!("read data/{link}"));
            refuses(dir.path(), name, "data", &format!("write data/{link} changed"));
        }
        refuses(dir.path(), name, "data", "symlink /etc/passwd data/four");
        refuses(dir.path(), name, "data", "read data/four");
        assert_eq!(fs::read_to_string(dir.path().join("secret")).unwrap(), "the secret");
    }
}

#[test]
fn a_link_that_was_moved_does_not_lead_out_either() {
    for name in GUESTS {
        let dir = folder();
        // Inside `sub` it stays within the grant; one folder up it does not.
        let made = files(dir.path(), name, "data", "symlink ../secret data/sub/link");
        assert_eq!(made.code, Some(0), "{made:?}");
        files(dir.path(), name, "data", "rename data/sub/link data/link");
        refuses(dir.path(), name, "data", "read data/link");
        refuses(dir.path(), name, "data", "write data/link changed");
    }
}

#[test]
fn nothing_is_renamed_or_hard_linked_across_the_border() {
    let dir = folder();
    for name in GUESTS {
        for operation in [
            "rename data/file data/../file",
            "rename data/file data/../file/",
            "rename data/sub data/../sub/",
            "rename data/sub ../sub/",
            "rename data/../secret data/secret",
            "rename data/../secret/ data/secret/",
            "rename data/file data/parent/file",
            "rename data/sub data/parent/sub/",
            "link data/../secret data/secret",
            "link data/file data/../file",
            "link data/file data/parent/file",
            "link secret data/secret",
            "link /etc/passwd data/passwd",
        ] {
            refuses(dir.path(), name, "data", operation);
        }
    }
    assert_eq!(everything(dir.path()).len(), 9);
}

#[test]
fn a_read_only_directory_can_be_read() {
    let dir = folder();
    for name in GUESTS {
        let ok = |operation: &str| files(dir.path(), name, "data:ro", operation).stdout;
        assert_eq!(ok("read data/file"), "ok text\n");
        assert_eq!(ok("stat data/file"), "ok file 4\n");
        assert_eq!(ok("lstat data/inner"), "ok symlink\n");
        assert_eq!(ok("readlink data/inner"), "ok file\n");
        assert!(ok("ls data").starts_with("ok "));
    }
}

#[test]
fn a_read_only_directory_is_read_only_for_every_operation() {
    let dir = folder();
    let before = everything(dir.path());
    for name in GUESTS {
        for operation in [
            "write data/file changed",
            "write data/new changed",
            "append data/file changed",
            "append data/inner changed",
            "rm data/file",
            "rm data/inner",
            "rmdir data/sub",
            "mkdir data/made",
            "rename data/file data/moved",
            "rename data/sub data/moved/",
            "symlink file data/made",
            "link data/file data/made",
            "truncate data/file 0",
        ] {
            refuses(dir.path(), name, "data:ro", operation);
        }
    }
    assert_eq!(everything(dir.path()), before);
}

#[test]
fn a_read_only_directory_inside_a_writable_one_stays_read_only_by_its_own_name() {
    let dir = folder();
    for name in GUESTS {
        let both = ["run", "--dir", "data::/rw", "--dir", "data/sub::/ro:ro"];
        let ended = holm(both).guest(name).args(["write", "/ro/new", "x"]).within(dir.path()).ends();
        assert!(ended.stdout.starts_with("error: "), "{ended:?}");
        let ended = holm(both).guest(name).args(["rename", "/rw/file", "/ro/file"]).within(dir.path()).ends();
        assert!(ended.stdout.starts_with("error: "), "{ended:?}");
        let ended = holm(both).guest(name).args(["link", "/rw/file", "/ro/file"]).within(dir.path()).ends();
        assert!(ended.stdout.starts_with("error: "), "{ended:?}");
    }
}

#[test]
fn a_granted_directory_that_is_not_there_is_named() {
    let dir = folder();
    for name in GUESTS {
        let ended = files(dir.path(), name, "nowhere", "ls nowhere");
        assert_eq!(ended.code, Some(127), "{ended:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(ended.stderr, @"error: the granted directory nowhere does not exist");
        }
    }
    let ended = files(dir.path(), GUESTS[0], "data/file", "ls nowhere");
    insta::assert_snapshot!(ended.stderr, @"error: cannot open the granted directory data/file: Not a directory");
}
