//! Recognising what people pass instead of Wasm.

use super::bad::{BadBytes, Foreign};

/// How far text is looked at: an answer about a file must not depend on reading all of it.
const LOOK: usize = 4096;

/// Whether `bytes` is a guest in the text format (.wat): after white space and comments it starts with
/// `(module`, `(component` or `(` and another field of a module, which the format allows to stand alone
/// (Core Specification, "Text Format", "Modules").
#[must_use]
pub fn is_text(bytes: &[u8]) -> bool {
    const STARTS: [&str; 16] = [
        "module",
        "component",
        "type",
        "rec",
        "import",
        "func",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "elem",
        "data",
        "tag",
        "core",
        "@",
    ];
    let Some(inside) = after_comments(bytes).and_then(|rest| rest.strip_prefix(b"(")) else {
        return false;
    };
    let Some(word) = after_comments(inside) else { return false };
    STARTS.iter().any(|start| {
        word.strip_prefix(start.as_bytes())
            .is_some_and(|after| *start == "@" || after.first().is_none_or(|c| !c.is_ascii_alphanumeric()))
    })
}

/// What follows white space and comments of the text format, which nest (Core Specification,
/// "Comments"). `None` if a comment does not end.
fn after_comments(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    loop {
        if rest.starts_with(b";;") {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            rest = rest.get(end..)?.trim_ascii_start();
        } else if rest.starts_with(b"(;") {
            rest = after_block_comment(rest)?.trim_ascii_start();
        } else {
            return Some(rest);
        }
    }
}

fn after_block_comment(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    let mut depth = 0usize;
    loop {
        if let Some(after) = rest.strip_prefix(b"(;") {
            depth += 1;
            rest = after;
        } else if let Some(after) = rest.strip_prefix(b";)") {
            depth -= 1;
            rest = after;
        } else {
            rest = rest.split_first()?.1;
        }
        if depth == 0 {
            return Some(rest);
        }
    }
}

/// Says what `bytes`, which do not start as Wasm does, are instead.
pub(super) fn explain(bytes: &[u8]) -> BadBytes {
    if bytes.is_empty() {
        return BadBytes::Empty;
    }
    if b"\0asm".starts_with(bytes) {
        return BadBytes::Truncated {
            size: bytes.len() as u64,
            within: "the header".to_owned(),
            missing: 8u64.saturating_sub(bytes.len() as u64),
        };
    }
    match binary(bytes).or_else(|| text(bytes)) {
        Some(foreign) => BadBytes::Foreign(foreign),
        None => BadBytes::NotWasm,
    }
}

fn binary(bytes: &[u8]) -> Option<Foreign> {
    const MAGICS: [(&[u8], Foreign); 15] = [
        (b"MZ", Foreign::Pe),
        (b"\xfe\xed\xfa\xce", Foreign::MachO),
        (b"\xfe\xed\xfa\xcf", Foreign::MachO),
        (b"\xce\xfa\xed\xfe", Foreign::MachO),
        (b"\xcf\xfa\xed\xfe", Foreign::MachO),
        (b"!<arch>\n", Foreign::StaticLibrary),
        (b"BC\xc0\xde", Foreign::LlvmBitcode),
        (b"\xde\xc0\x17\x0b", Foreign::LlvmBitcode),
        (b"\x1f\x8b", Foreign::Gzip),
        (b"PK\x03\x04", Foreign::Zip),
        (b"PK\x05\x06", Foreign::Zip),
        (b"\x28\xb5\x2f\xfd", Foreign::Zstd),
        (b"\xfd7zXZ\0", Foreign::Xz),
        (b"BZh", Foreign::Bzip2),
        (b"!<thin>\n", Foreign::StaticLibrary),
    ];
    if bytes.starts_with(b"\x7fELF") {
        return Some(elf(bytes));
    }
    if bytes.starts_with(b"\xca\xfe\xba\xbe") {
        return Some(cafebabe(bytes));
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some(Foreign::Tar);
    }
    MAGICS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, foreign)| *foreign)
}

/// The ELF header says what kind of file it is in `e_type`, and Wasmtime marks its own files with an
/// operating system number of their own (200).
fn elf(bytes: &[u8]) -> Foreign {
    let big_endian = bytes.get(5) == Some(&2);
    let kind = match (bytes.get(16), bytes.get(17)) {
        (Some(_), Some(low)) if big_endian => *low,
        (Some(low), _) => *low,
        _ => 0,
    };
    match (bytes.get(7), kind) {
        (Some(200), _) => Foreign::PrecompiledByWasmtime,
        (_, 1) => Foreign::NativeObject,
        (_, 4) => Foreign::ElfCoreDump,
        _ => Foreign::Elf,
    }
}

/// Java classes and macOS's multi-architecture files share their first bytes. The next number is a Java
/// version, 45 or more, or a count of architectures, which is small.
fn cafebabe(bytes: &[u8]) -> Foreign {
    match bytes.get(4..8) {
        Some([0, 0, 0, count]) if *count < 45 => Foreign::MachO,
        _ => Foreign::JavaClass,
    }
}

fn text(bytes: &[u8]) -> Option<Foreign> {
    if is_text(bytes) {
        return Some(Foreign::WasmText);
    }
    let text = readable(bytes)?;
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let lower: String = start.chars().take(64).collect::<String>().to_ascii_lowercase();
    let foreign = if start.starts_with("#!") {
        script(start)
    } else if start.starts_with("version https://git-lfs.github.com/spec/") {
        Foreign::GitLfsPointer
    } else if ["<!doctype html", "<html", "<head", "<body", "<!--"].iter().any(|tag| lower.starts_with(tag)) {
        Foreign::Html
    } else if lower.starts_with("<?xml") {
        Foreign::Xml
    } else if is_json(start) {
        Foreign::Json
    } else {
        source(start)
    };
    Some(foreign)
}

/// The beginning of `bytes`, if it is text.
fn readable(bytes: &[u8]) -> Option<&str> {
    let head = bytes.get(..LOOK).unwrap_or(bytes);
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The cut may have gone through a character; anything else means this is not text.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?,
        Err(_) => return None,
    };
    let is_readable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\x0c');
    (!text.is_empty() && text.chars().all(is_readable)).then_some(text)
}

fn script(start: &str) -> Foreign {
    let first = start.lines().next().unwrap_or_default();
    if first.contains("python") {
        Foreign::Python
    } else if ["node", "deno", "bun"].iter().any(|runtime| first.contains(runtime)) {
        Foreign::JavaScript
    } else {
        Foreign::Script
    }
}

fn is_json(start: &str) -> bool {
    match start.strip_prefix('{').map(|rest| (true, rest)).or(start.strip_prefix('[').map(|rest| (false, rest))) {
        Some((true, rest)) => rest.trim_start().starts_with(['"', '}']),
        Some((false, rest)) => rest.trim_start().starts_with(|c: char| c.is_ascii_digit() || "\"{[]-tfn".contains(c)),
        None => false,
    }
}

fn source(start: &str) -> Foreign {
    const JAVASCRIPT: [&str; 12] = [
        "export ",
        "const ",
        "let ",
        "var ",
        "function ",
        "async function",
        "class ",
        "'use strict'",
        "\"use strict\"",
        "module.exports",
        "interface ",
        "declare ",
    ];
    const PYTHON: [&str; 4] = ["def ", "from ", "\"\"\"", "@"];
    const OTHER: [&str; 12] = [
        "package ",
        "#include",
        "fn ",
        "use ",
        "pub ",
        "mod ",
        "#![",
        "int ",
        "void ",
        "extern ",
        "using ",
        "namespace ",
    ];
    let code = after_slash_comments(start);
    let line = code.lines().find(|line| !line.trim().is_empty() && !line.starts_with("# ")).unwrap_or_default();
    let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    let is_javascript_import = line.starts_with("import") && line.contains(['"', '\'', '{', '*']);
    if is_javascript_import || begins(&JAVASCRIPT) {
        Foreign::JavaScript
    } else if begins(&PYTHON) || line.starts_with("import ") {
        Foreign::Python
    } else if begins(&OTHER) {
        Foreign::SourceCode
    } else {
        Foreign::Text
    }
}

/// Most languages comment with `//` and `/* */`, so the comment does not tell which one it is.
fn after_slash_comments(start: &str) -> &str {
    let mut rest = start;
    loop {
        rest = rest.trim_start();
        let end = if rest.starts_with("//") {
            rest.find('\n')
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|at| at + 2)
        } else {
            return rest;
        };
        match end.and_then(|end| rest.get(end..)) {
            Some(after) => rest = after,
            None => return "",
        }
    }
}
