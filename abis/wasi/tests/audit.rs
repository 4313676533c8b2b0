//! What an audit hears of the files a guest asks for.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{guest, guest_from, refused, run};
use holm_abi::Host;
use holm_grants::DirGrant;
use holm_wasi::Wasi;

const BOTH: [&str; 2] = ["files.p1.wasm", "files.p2.wasm"];

fn audited() -> Host {
    Host { audit_paths: true, ..Host::default() }
}

/// What it printed, and what was heard.
async fn heard(name: &str, host: &Host, args: &[&str]) -> (String, Vec<String>) {
    let (_, printed) = run(&Wasi::default(), &guest(name), host, args).await.unwrap();
    (printed, refused(host))
}

#[tokio::test]
async fn an_audit_names_the_directory_of_a_file() {
    for name in BOTH {
        for (args, flag) in [
            (&["read", "/data/in.txt"][..], "--dir /data::/data:ro"),
            (&["read", "in.txt"], "--dir .::.:ro"),
            (&["read", "sub/in.txt"], "--dir sub::sub:ro"),
            (&["stat", "/data/in.txt"], "--dir /data::/data:ro"),
            (&["readlink", "/data/link"], "--dir /data::/data:ro"),
            (&["ls", "/data"], "--dir /data::/data:ro"),
            (&["write", "/out/x.txt", "hi"], "--dir /out::/out"),
            (&["append", "/out/x.txt", "hi"], "--dir /out::/out"),
            (&["truncate", "/out/x.txt", "3"], "--dir /out::/out"),
            (&["mkdir", "/out/new"], "--dir /out::/out"),
            (&["rmdir", "/out/old"], "--dir /out::/out"),
            (&["rm", "/out/x.txt"], "--dir /out::/out"),
            (&["rename", "/out/x.txt", "/out/y.txt"], "--dir /out::/out"),
        ] {
            let (printed, flags) = heard(name, &audited(), args).await;
            assert!(printed.starts_with("error: NotFound"), "{name} {args:?}: {printed}");
            assert_eq!(flags, [flag], "{name} {args:?}");
        }
    }
}

#[tokio::test]
async fn what_was_granted_works_and_is_not_heard() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    for name in BOTH {
        let mut host = audited();
        Arc::make_mut(&mut host.grants).dirs =
            vec![DirGrant { host: dir.path().to_owned(), guest: "/data".to_owned(), read_only: false }];
        for (args, expected) in [
            (&["write", "/data/sub/x.txt", "hi"][..], "ok 2 bytes"),
            (&["read", "/data/sub/x.txt"], "ok hi"),
            (&["rename", "/data/sub/x.txt", "/data/y.txt"], "ok"),
            (&["mkdir", "/data/new"], "ok"),
            (&["rmdir", "/data/new"], "ok"),
            (&["ls", "/data"], "ok sub/ y.txt"),
            (&["stat", "/data/y.txt"], "ok file"),
            (&["rm", "/data/y.txt"], "ok"),
            (&["read", "/data/y.txt"], "error: NotFound"),
        ] {
            let (printed, flags) = heard(name, &host, args).await;
            assert!(printed.starts_with(expected), "{name} {args:?}: {printed}");
            assert!(flags.is_empty(), "{name} {args:?}: {flags:?}");
        }
        let (_, flags) = heard(name, &host, &["read", "/etc/hosts"]).await;
        assert_eq!(flags, ["--dir /etc::/etc:ro"], "{name}");
    }
}

#[tokio::test]
async fn a_granted_working_directory_keeps_its_place() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("in.txt"), "hi").unwrap();
    for name in BOTH {
        for guest in [".", "/"] {
            let mut host = audited();
            Arc::make_mut(&mut host.grants).dirs =
                vec![DirGrant { host: dir.path().to_owned(), guest: guest.to_owned(), read_only: true }];
            let (printed, flags) = heard(name, &host, &["read", "in.txt"]).await;
            assert_eq!(printed.trim_end(), "ok hi", "{name} {guest}");
            assert!(flags.is_empty(), "{name} {guest}: {flags:?}");
        }
    }
}

/// Exits with the sum of: 1 if there is a first directory, then, after it closed that and opened a file there anyway,
/// the error number (8: no such descriptor) times 2.
const CLOSES: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "data/in.txt")
  (func (export "_start")
    (local $there i32) (local $error i32)
    (local.set $there (i32.eqz (call $prestat (i32.const 3) (i32.const 0))))
    (drop (call $close (i32.const 3)))
    (local.set $error (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 11)
      (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 0)))
    (call $exit (i32.add (local.get $there) (i32.shl (local.get $error) (i32.const 1))))))"#;

#[tokio::test]
async fn a_module_sees_the_root_under_audit_alone_and_may_close_it() {
    let guest = guest_from(CLOSES.as_bytes().to_vec());
    for (host, code) in [(audited(), 17), (Host::default(), 16)] {
        assert_eq!(run(&Wasi::default(), &guest, &host, &[]).await.unwrap().0, code);
        assert!(host.audit.is_empty());
    }
}

#[tokio::test]
async fn without_an_audit_nothing_is_heard() {
    for name in BOTH {
        let (printed, flags) = heard(name, &Host::default(), &["read", "/data/in.txt"]).await;
        assert!(printed.starts_with("error"), "{name}: {printed}");
        assert!(flags.is_empty(), "{name}: {flags:?}");
    }
}
