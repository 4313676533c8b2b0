//! Small components as text, and a folder to compose them in.

use std::fs;
use std::path::Path;

use tempfile::{TempDir, tempdir};

use crate::support::{Holm, holm};

/// A component that exports `body`'s number under `interface`, as `number: func() -> s32`.
pub(crate) fn number(interface: &str, number: i32) -> String {
    format!(
        r#"(component
            (core module $m (func (export "n") (result i32) (i32.const {number})))
            (core instance $i (instantiate $m))
            (func $n (result s32) (canon lift (core func $i "n")))
            (instance $out (export "number" (func $n)))
            (export "{interface}" (instance $out)))"#
    )
}

/// A component that imports a `number` from each of `interfaces`, and exports their sum plus `more` under `export`: an
/// interface as above, or the function `total` where it is empty.
pub(crate) fn sum(interfaces: &[&str], more: i32, export: &str) -> String {
    let each = |form: &dyn Fn(usize, &str) -> String| -> String {
        interfaces.iter().enumerate().map(|(at, name)| form(at, name)).collect()
    };
    let imports = each(&|at, name| {
        format!(
            r#"(import "{name}" (instance $i{at} (export "number" (func (result s32)))))
            (core func $f{at} (canon lower (func $i{at} "number")))"#
        )
    });
    let core_imports = each(&|at, _| format!(r#"(import "in" "f{at}" (func $f{at} (result i32)))"#));
    let calls = each(&|at, _| format!("(i32.add (call $f{at}))"));
    let given = each(&|at, _| format!(r#"(export "f{at}" (func $f{at}))"#));
    let exported = match export {
        "" => r#"(export "total" (func $n))"#.to_owned(),
        name => format!(r#"(instance $out (export "number" (func $n))) (export "{name}" (instance $out))"#),
    };
    format!(
        r#"(component {imports}
            (core module $m {core_imports}
                (func (export "n") (result i32) (i32.const {more}) {calls}))
            (core instance $i (instantiate $m (with "in" (instance {given}))))
            (func $n (result s32) (canon lift (core func $i "n")))
            {exported})"#
    )
}

/// A component that imports or exports an interface of this content and does nothing with it.
pub(crate) fn importing(interface: &str, content: &str) -> String {
    format!(r#"(component (import "{interface}" (instance {content})))"#)
}

/// A component that exports an interface of this content: what it imports from nowhere it hands on.
pub(crate) fn exporting(interface: &str, content: &str) -> String {
    format!(r#"(component (import "inner" (instance $i {content})) (export "{interface}" (instance $i)))"#)
}

/// A folder with components as text: `(name, text)`.
pub(crate) fn folder(files: &[(&str, String)]) -> TempDir {
    let dir = tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// `holm compose WORDS`, in a folder.
pub(crate) fn compose(dir: &Path, words: &str) -> Holm {
    holm(["compose"]).args(words.split_whitespace()).within(dir)
}

/// `holm WORDS`, in a folder.
pub(crate) fn within(dir: &Path, words: &str) -> Holm {
    holm(words.split_whitespace()).within(dir)
}
