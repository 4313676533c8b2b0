//! The release candidate of WASI 0.3 that became the release.
//!
//! Spin's SDK for Rust 6 and the crate `wasip3` 0.5 and 0.6 asked for `0.3.0-rc-2026-03-15`, in which every type and function
//! is that of 0.3.0 (compared: <https://github.com/spinframework/spin>, `wit/deps/*@0.3.0-rc-2026-03-15`, with
//! <https://github.com/WebAssembly/WASI>, `proposals/*/wit-0.3.0`). The engine takes no candidate for a release: such a version
//! is one of its own (Semantic Versioning 2.0.0, section 9). One that only says more about how it was built is not (section 10).
//! So for the engine, the guest's outermost names say `0.3.0+rc-2026-03-15`: one byte of each, of the same length.

use std::borrow::Cow;

use wasmparser::Payload;

use super::bad::BadBytes;
use super::walk::{Code, Walk};

/// The version of the candidate.
pub const CANDIDATE: &str = "0.3.0-rc-2026-03-15";

/// What it is called for the engine.
const BUILT: &str = "0.3.0+rc-2026-03-15";

/// A component as the engine takes it. Bytes that are none are left to the engine to complain about.
pub fn for_engine(component: &[u8]) -> Cow<'_, [u8]> {
    match marks(component) {
        Ok(marks) if !marks.is_empty() => {
            let mut bytes = component.to_vec();
            for mark in marks {
                if let Some(byte) = bytes.get_mut(mark) {
                    *byte = b'+';
                }
            }
            Cow::Owned(bytes)
        }
        _ => Cow::Borrowed(component),
    }
}

/// What the guest itself calls an interface that the engine knows by this name.
pub fn as_in_guest(name: &str) -> Cow<'_, str> {
    match name.strip_suffix(BUILT) {
        Some(interface) => Cow::Owned(format!("{interface}{CANDIDATE}")),
        None => Cow::Borrowed(name),
    }
}

/// Where in the file the names of WASI's interfaces have the dash before `rc`.
fn marks(file: &[u8]) -> Result<Vec<usize>, BadBytes> {
    let mut marks = Vec::new();
    let mut depth = 0_usize;
    let mut see = |name: &str| {
        if let Some(interface) = name.strip_suffix(CANDIDATE)
            && interface.starts_with("wasi:")
            && interface.ends_with('@')
        {
            // The name is part of the file.
            let start = name.as_ptr().addr() - file.as_ptr().addr();
            marks.push(start + interface.len() + "0.3.0".len());
        }
    };
    for payload in Walk::new(file, Code::Skip)? {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    see(import?.name.name);
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    see(export?.name.name);
                }
            }
            _ => {}
        }
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(inside: &str) -> Vec<u8> {
        wat::parse_str(format!("(component {inside})")).unwrap()
    }

    fn says(bytes: &[u8], text: &str) -> usize {
        bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
    }

    #[test]
    fn only_the_outermost_names_of_wasi_are_called_otherwise() {
        let bytes = component(
            r#"(import "wasi:cli/types@0.3.0-rc-2026-03-15" (instance $types))
               (import "acme:cli/types@0.3.0-rc-2026-03-15" (instance))
               (import "wasi:cli/exit@0.3.0-rc-2026-01-06" (instance))
               (component (import "wasi:cli/stdin@0.3.0-rc-2026-03-15" (instance)))
               (export "wasi:http/handler@0.3.0-rc-2026-03-15" (instance $types))"#,
        );
        let engines = for_engine(&bytes);
        assert_eq!(engines.len(), bytes.len());
        assert_eq!(says(&engines, "wasi:cli/types@0.3.0+rc-2026-03-15"), 1);
        assert_eq!(says(&engines, "wasi:http/handler@0.3.0+rc-2026-03-15"), 1);
        assert_eq!(says(&engines, "+rc"), 2);
        assert_eq!(as_in_guest("wasi:cli/types@0.3.0+rc-2026-03-15"), "wasi:cli/types@0.3.0-rc-2026-03-15");
    }

    #[test]
    fn what_asks_for_no_candidate_and_what_is_no_component_stay_as_they_are() {
        let bytes = component(r#"(import "wasi:cli/types@0.3.0" (instance))"#);
        assert!(matches!(for_engine(&bytes), Cow::Borrowed(_)));
        for damaged in [&b""[..], b"\0asm", &bytes[..bytes.len() - 1], &[0xff; 40]] {
            assert!(matches!(for_engine(damaged), Cow::Borrowed(_)));
        }
    }
}
