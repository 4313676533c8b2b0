//! What is not a guest: each a one-line answer that a beginner understands.

use std::fs;

use tempfile::{TempDir, tempdir};

use crate::support::{guest, holm};

/// A folder with one file.
fn file(name: &str, bytes: impl AsRef<[u8]>) -> TempDir {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join(name), bytes).unwrap();
    dir
}

/// What `holm run` says of a file with these bytes.
#[track_caller]
fn answer(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let dir = file(name, bytes);
    let answer = holm(["run", name]).within(dir.path()).fails(126);
    assert_eq!(holm(["call", name, "f"]).within(dir.path()).fails(126), answer);
    answer
}

#[test]
fn nothing_of_that_name() {
    let dir = file("app.wasm", "");
    let missing = |name: &str| holm(["run", name]).within(dir.path()).fails(127);
    insta::assert_snapshot!(missing("nowhere.wasm"), @"error: nowhere.wasm: no such file");
    insta::assert_snapshot!(missing("app"), @r"
    error: app: no such file
    hint: there is app.wasm
    ");
    insta::assert_snapshot!(missing("app.wat"), @r"
    error: app.wat: no such file
    hint: there is app.wasm
    ");
}

#[test]
fn addresses_of_the_web() {
    insta::assert_snapshot!(holm(["run", "https://example.com/app.wasm"]).fails(125), @r"
    error: https://example.com/app.wasm: guests are files; Holm does not fetch https:// addresses
    hint: download it first, then run the file; `-` reads a guest from standard input
    ");
    insta::assert_snapshot!(holm(["run", "example.com/app.wasm"]).fails(127), @r"
    error: example.com/app.wasm: no such file
    hint: guests are files; for a URL, download it first
    ");
}

#[test]
fn a_directory() {
    let dir = file("x", "");
    fs::create_dir(dir.path().join("app.wasm")).unwrap();
    insta::assert_snapshot!(holm(["run", "app.wasm"]).within(dir.path()).fails(126), @r"
    error: app.wasm is a directory without a holm.toml or a spin.toml
    hint: name the .wasm file inside it, or a folder with a manifest
    ");
    insta::assert_snapshot!(holm(["run", "."]).within(dir.path()).fails(126), @r"
    error: . is a directory without a holm.toml or a spin.toml
    hint: name the .wasm file inside it, or a folder with a manifest
    ");
}

#[test]
fn an_empty_file() {
    insta::assert_snapshot!(answer("app.wasm", ""), @"error: app.wasm is empty");
    insta::assert_snapshot!(holm(["run", "-"]).fails(126), @"error: standard input is empty");
}

#[test]
fn a_native_program() {
    let own = fs::read(std::env::current_exe().unwrap()).unwrap();
    insta::assert_snapshot!(answer("app", own), @"error: app is a native Linux executable; Holm runs WebAssembly: build it for a wasm target such as wasm32-wasip1");
    insta::assert_snapshot!(answer("app.exe", b"MZ\x90\0\x03\0\0\0"), @"error: app.exe is a native Windows executable; Holm runs WebAssembly: build it for a wasm target such as wasm32-wasip1");
    insta::assert_snapshot!(answer("app", b"\xcf\xfa\xed\xfe\x0c\0\0\x01"), @"error: app is a native macOS executable; Holm runs WebAssembly: build it for a wasm target such as wasm32-wasip1");
}

#[test]
fn an_object_file_and_a_library() {
    let mut object = *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x01\0\x3e\0";
    insta::assert_snapshot!(answer("app.o", object), @"error: app.o is a native object file (.o); Holm runs WebAssembly: build it for a wasm target such as wasm32-wasip1");
    object[7] = 200;
    insta::assert_snapshot!(answer("app.cwasm", object), @"error: app.cwasm was precompiled by Wasmtime (.cwasm); give Holm the .wasm it was made from");
    insta::assert_snapshot!(answer("libapp.a", b"!<arch>\n"), @"error: libapp.a is a static library (.a); link it into a WebAssembly module first");
    let linking = wat::parse_str(r#"(module (@custom "linking" "\02"))"#).unwrap();
    insta::assert_snapshot!(answer("app.o", linking), @"error: app.o is an unlinked object file (.o); link it first, for example with wasm-ld or clang");
}

#[test]
fn source_code() {
    insta::assert_snapshot!(answer("app.js", "import fs from 'fs';\nconsole.log(1);\n"), @"error: app.js is JavaScript or TypeScript source; build a component from it first, for example with jco componentize");
    insta::assert_snapshot!(answer("app.ts", "export const x: number = 1;\n"), @"error: app.ts is JavaScript or TypeScript source; build a component from it first, for example with jco componentize");
    insta::assert_snapshot!(answer("app.py", "import sys\nprint(1)\n"), @"error: app.py is Python source; build a component from it first, for example with componentize-py");
    insta::assert_snapshot!(answer("app.rs", "fn main() {}\n"), @"error: app.rs is source code; compile it to WebAssembly first");
    insta::assert_snapshot!(answer("app.c", "#include <stdio.h>\nint main() {}\n"), @"error: app.c is source code; compile it to WebAssembly first");
    insta::assert_snapshot!(answer("app.sh", "#!/bin/sh\necho\n"), @"error: app.sh is a script (it starts with #!); Holm runs WebAssembly");
}

#[test]
fn a_failed_download() {
    insta::assert_snapshot!(answer("app.wasm", "<!DOCTYPE html><html><body>404</body></html>"), @"error: app.wasm is an HTML page, not WebAssembly: the download probably returned a web page or an error page");
    insta::assert_snapshot!(answer("app.wasm", "<?xml version=\"1.0\"?><Error/>"), @"error: app.wasm is XML, not WebAssembly: the download probably returned an error");
    insta::assert_snapshot!(answer("app.wasm", "{\"message\": \"Not Found\"}"), @"error: app.wasm is JSON, not WebAssembly");
    insta::assert_snapshot!(answer("app.wasm", "404: Not Found"), @"error: app.wasm is text, not WebAssembly");
    insta::assert_snapshot!(answer("app.wasm", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), @"error: app.wasm is a Git LFS pointer, not the file it points to: run git lfs pull");
}

#[test]
fn something_packed() {
    insta::assert_snapshot!(answer("app.wasm.gz", b"\x1f\x8b\x08\0\0\0\0\0"), @"error: app.wasm.gz is compressed (gzip): unpack it first, for example with gunzip or tar xzf");
    insta::assert_snapshot!(answer("app.zip", b"PK\x03\x04\x14\0\0\0"), @"error: app.zip is compressed (zip): unpack it first, for example with unzip");
    insta::assert_snapshot!(answer("app.wasm.zst", b"\x28\xb5\x2f\xfd\0\0\0\0"), @"error: app.wasm.zst is compressed (zstd): unpack it first, for example with unzstd");
    insta::assert_snapshot!(answer("app.wasm.xz", b"\xfd7zXZ\0\0\0"), @"error: app.wasm.xz is compressed (xz): unpack it first, for example with unxz");
}

#[test]
fn bytes_nobody_knows() {
    insta::assert_snapshot!(answer("app.wasm", b"\x01\x02\x03\x04\x05\x06\x07\x08"), @r#"error: app.wasm is not WebAssembly: it does not start with the bytes 00 61 73 6d ("\0asm")"#);
}

#[test]
fn a_file_cut_short() {
    let whole = fs::read(guest("hello.p1.wasm")).unwrap();
    insta::assert_snapshot!(answer("app.wasm", &whole[..5]), @"error: app.wasm is cut short: it ends after 5 bytes in the header, with at least 3 bytes missing; copy or download it again");
    insta::assert_snapshot!(answer("app.wasm", &whole[..1000]), @"error: app.wasm is cut short: it ends after 1000 bytes in the code section, with at least 33848 bytes missing; copy or download it again");
    insta::assert_snapshot!(answer("app.wasm", &whole[..whole.len() - 1]), @"error: app.wasm is cut short: it ends after 41326 bytes in the data section, with at least 1 byte missing; copy or download it again");
    let component = fs::read(guest("hello.p2.wasm")).unwrap();
    insta::assert_snapshot!(answer("app.wasm", &component[..30_000]), @"error: app.wasm is cut short: it ends after 30000 bytes in the core module section, with at least 33506 bytes missing; copy or download it again");
}

#[test]
fn a_damaged_file() {
    insta::assert_snapshot!(answer("app.wasm", b"\0asm\x01\0\0\0\x63\x01\0"), @"error: app.wasm: not valid WebAssembly: malformed section id: 99 (at offset 0xa)");
    insta::assert_snapshot!(answer("app.wasm", b"\0asm\x01\0\0\0\x01\x04\x01\x60\xff\xff"), @"error: app.wasm is damaged or not valid WebAssembly: unexpected end-of-file (at byte 14)");
    let zeroed: Vec<u8> = fs::read(guest("hello.p1.wasm")).unwrap();
    let zeroed = [&zeroed[..20_000], &[0; 2000][..], &zeroed[22_000..]].concat();
    assert!(answer("app.wasm", zeroed).starts_with("error: app.wasm"));
}

#[test]
fn another_version_of_the_format() {
    insta::assert_snapshot!(answer("app.wasm", b"\0asm\x02\0\0\0"), @"error: app.wasm is a module of version 2 of the WebAssembly format; Holm knows version 1");
    insta::assert_snapshot!(answer("app.wasm", b"\0asm\x0a\0\x01\0"), @"error: app.wasm is a component in version 10 of the component format; Holm knows version 13: rebuild it with current tools");
}

#[test]
fn a_module_that_breaks_a_rule() {
    for text in ["(module (func (result i32)))", "(module (memory 65537))", "(component (export \"f\" (func 5)))"] {
        let binary = wat::parse_str(text).unwrap();
        let error = answer("app.wasm", binary);
        assert!(error.starts_with("error: app.wasm") && error.contains("not valid WebAssembly: "), "{error}");
        assert!(!error.contains("wasm[0]") && !error.contains("translation"), "{error}");
    }
}

#[test]
fn text_with_a_mistake_in_it() {
    insta::assert_snapshot!(answer("app.wat", "(module\n  (func (result i32)\n    i32.cnst 1))\n"), @r"
    error: app.wat is not valid WebAssembly text: unknown operator or unexpected token
         --> app.wat:3:5
          |
        3 |     i32.cnst 1))
          |     ^
    ");
    insta::assert_snapshot!(answer("app.wat", "(module (func)"), @r"
    error: app.wat is not valid WebAssembly text: expected `)`
         --> app.wat:1:15
          |
        1 | (module (func)
          |               ^
    ");
}

#[test]
fn a_name_that_would_move_the_cursor_does_not() {
    let dir = file("\u{1b}[2Japp.wasm", "");
    let error = holm(["run", "\u{1b}[2Japp.wasm"]).within(dir.path()).fails(126);
    assert!(!error.contains('\u{1b}'), "{error:?}");
}

#[test]
fn a_file_that_may_not_be_read_is_named() {
    // Root may read everything, but nobody reads this.
    let error = holm(["run", "/proc/self/mem"]).ends();
    assert!(matches!(error.code, Some(125 | 126)), "{error:?}");
    assert!(error.stderr.starts_with("error: "), "{error:?}");
}
