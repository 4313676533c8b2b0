//! What a person reads who passed the wrong file.

use super::wasm;
use crate::shape::{Shape, is_text};

#[track_caller]
fn says(bytes: impl AsRef<[u8]>, expected: &str) {
    let error = Shape::parse(bytes.as_ref()).expect_err("these are not a guest");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn an_empty_file_is_called_empty() {
    says("", "is empty");
}

#[test]
fn native_programs_are_named_with_what_to_do() {
    let advice = "; Holm runs WebAssembly: build it for a wasm target such as wasm32-wasip1";
    let elf = |kind: u8| [b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".as_slice(), &[kind, 0]].concat();
    says(elf(2), &format!("is a native Linux executable{advice}"));
    says(elf(3), &format!("is a native Linux executable{advice}"));
    says(elf(1), &format!("is a native object file (.o){advice}"));
    says(elf(4), "is a core dump of a native program that crashed, not a program");
    says(b"\xcf\xfa\xed\xfe\x07\0\0\x01", &format!("is a native macOS executable{advice}"));
    says(b"\xca\xfe\xba\xbe\0\0\0\x02", &format!("is a native macOS executable{advice}"));
    says(b"MZ\x90\0\x03", &format!("is a native Windows executable{advice}"));
    says(b"\x7fELF\x02\x01\x01\xc8", "was precompiled by Wasmtime (.cwasm); give Holm the .wasm it was made from");
    says(b"\xca\xfe\xba\xbe\0\0\0\x3d", "is a Java class file; compile it to WebAssembly first");
}

#[test]
fn intermediate_files_of_compilers_are_named() {
    let bitcode = "is LLVM bitcode, an intermediate file of a compiler; link it into a WebAssembly module first";
    says(b"BC\xc0\xde\x35", bitcode);
    says(b"\xde\xc0\x17\x0b\0", bitcode);
    says("!<arch>\n", "is a static library (.a); link it into a WebAssembly module first");
    let object = wasm(
        r#"(module (import "env" "__linear_memory" (memory 0)) (@custom "linking" "\02") (@custom "reloc.CODE" "\03\00"))"#,
    );
    says(object, "is an unlinked object file (.o); link it first, for example with wasm-ld or clang");
}

#[test]
fn a_linked_module_that_kept_its_linking_section_is_a_guest() {
    let module = wasm(r#"(module (func (export "_start")) (@custom "linking" "\02"))"#);
    assert!(Shape::parse(&module).is_ok());
}

#[test]
fn a_core_dump_is_not_run() {
    let dump = wasm(r#"(module (@custom "core" "\00\00") (@custom "corestack" "\00\00\00"))"#);
    says(dump, "is a core dump of a WebAssembly program that crashed, not a program");
}

#[test]
fn compressed_files_say_how_to_unpack_them() {
    says(b"\x1f\x8b\x08", "is compressed (gzip): unpack it first, for example with gunzip or tar xzf");
    says(b"PK\x03\x04", "is compressed (zip): unpack it first, for example with unzip");
    says(b"\x28\xb5\x2f\xfd", "is compressed (zstd): unpack it first, for example with unzstd");
    says(b"\xfd7zXZ\0", "is compressed (xz): unpack it first, for example with unxz");
    says(b"BZh9", "is compressed (bzip2): unpack it first, for example with bunzip2");
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    says(tar, "is an archive (tar): unpack it first, for example with tar xf");
}

#[test]
fn downloads_that_went_wrong_are_named() {
    let html = "is an HTML page, not WebAssembly: the download probably returned a web page or an error page";
    says("<!DOCTYPE html><html>", html);
    says("\n <html lang=en>", html);
    says(r#"{"message": "Not Found"}"#, "is JSON, not WebAssembly");
    says("[1, 2]", "is JSON, not WebAssembly");
    says("<?xml version='1.0'?><Error>", "is XML, not WebAssembly: the download probably returned an error");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\n";
    says(pointer, "is a Git LFS pointer, not the file it points to: run git lfs pull");
}

#[test]
fn source_code_says_how_to_build_it() {
    let javascript =
        "is JavaScript or TypeScript source; build a component from it first, for example with jco componentize";
    for source in [
        "import { a } from './b.js';",
        "// a\n/* b */ export const run = 1;",
        "#!/usr/bin/env node\n",
        "interface A {}",
    ] {
        says(source, javascript);
    }
    let python = "is Python source; build a component from it first, for example with componentize-py";
    for source in ["import sys\n", "#!/usr/bin/python3\n", "# a\nfrom os import path\n", "def run():\n"] {
        says(source, python);
    }
    says("#!/bin/sh\nexec a", "is a script (it starts with #!); Holm runs WebAssembly");
    says("// a\npackage main\n", "is source code; compile it to WebAssembly first");
    says("fn main() {}", "is source code; compile it to WebAssembly first");
}

#[test]
fn other_text_and_other_bytes_are_told_apart() {
    says("Hello.\n", "is text, not WebAssembly");
    let other = "is not WebAssembly: it does not start with the bytes 00 61 73 6d (\"\\0asm\")";
    says(b"\x01\x02\x03", other);
    says("h\u{7}", other);
}

#[test]
fn the_text_format_is_recognised_and_left_to_the_caller() {
    for text in
        ["(module)", " ;; a\n(; b (; c ;) ;)(component", "( module", "(func)", "\u{feff}(module)", "(@custom \"a\")"]
    {
        assert!(is_text(text.as_bytes()), "{text}");
        says(text, "is WebAssembly text (.wat), which must be converted to binary first");
    }
    for text in ["", "(", "(modules)", "(define x)", "module", "(; (module) ", ";; (module)"] {
        assert!(!is_text(text.as_bytes()), "{text}");
    }
}

#[test]
fn unknown_versions_say_which_are_known() {
    says(b"\0asm\x02\0\0\0", "is a module of version 2 of the WebAssembly format; Holm knows version 1");
    says(
        b"\0asm\x0c\0\x01\0",
        "is a component in version 12 of the component format; Holm knows version 13: rebuild it with current tools",
    );
    says(b"\0asm\x01\0\x07\0", "is WebAssembly of an unknown kind (version 1, layer 7)");
}

#[test]
fn a_file_that_is_cut_short_says_where_and_how_much_is_missing() {
    let tail = "missing; copy or download it again";
    says(b"\0as", &format!("is cut short: it ends after 3 bytes in the header, with at least 5 bytes {tail}"));
    says(b"\0asm\x01", &format!("is cut short: it ends after 5 bytes in the header, with at least 3 bytes {tail}"));
    let module = wasm(r#"(module (func (export "run") i32.const 1 drop))"#);
    let cut = module.len() - 1;
    says(
        &module[..cut],
        &format!("is cut short: it ends after {cut} bytes in the code section, with at least 1 byte {tail}"),
    );
}

#[test]
fn a_component_cut_between_the_sections_of_a_nested_module_is_cut_short() {
    let component = wasm("(component (core module (func) (memory 1) (data (i32.const 0) \"abcd\")))");
    let whole = Shape::parse(&component).expect("whole");
    for cut in 9..whole.size as usize {
        let error = Shape::parse(&component[..cut]).expect_err("cut");
        assert!(error.to_string().starts_with("is cut short: "), "{cut}: {error}");
    }
}

#[test]
fn damage_is_reported_with_its_place() {
    let mut module = wasm(r#"(module (func (export "run")))"#);
    let at = module.iter().position(|byte| *byte == 0x60).expect("a function type");
    module[at] = 0x11;
    says(module, "is damaged or not valid WebAssembly: invalid leading byte (0x11) for type (at byte 11)");
    let unknown = [b"\0asm\x01\0\0\0".as_slice(), b"\x07\x05\x01\x01f\x00\x09"].concat();
    says(unknown, "is damaged or not valid WebAssembly: export `f` is an unknown function (at byte 11)");
}

#[test]
fn messages_carry_no_control_characters_of_the_guest() {
    let module = [b"\0asm\x01\0\0\0".as_slice(), b"\x07\x08\x01\x04\x1b[2J\x00\x09"].concat();
    let message = Shape::parse(&module).expect_err("unknown function").to_string();
    assert!(!message.contains(char::is_control), "{message:?}");
}
