//! Every form that wasm-bindgen gives a guest, and every kind of function.

use holm_abi::Kind;

use crate::{call, open, prebuilt};

const FORMS: [&str; 8] = [
    "fib.raw.wasm",
    "fib-old.raw.wasm",
    "bindgen-bundler/fib_bg.wasm",
    "bindgen-web/fib_bg.wasm",
    "bindgen-nodejs/fib_bg.wasm",
    "bindgen-no-modules/fib_bg.wasm",
    "bindgen-retptr/fib_bg.wasm",
    "bindgen-old/fib_bg.wasm",
];

/// Calls a function of every form; all must agree. Numbers are compared as numbers: a `number` may be shown as 7.0.
fn everywhere(name: &str, args: &str, result: &str) {
    for form in FORMS {
        let found = call(&open(&prebuilt(form)), name, args).unwrap_or_else(|error| panic!("{form}: {name}: {error}"));
        assert_eq!(found.trim_end_matches(".0"), result, "{form}: {name}{args}");
    }
}

fn fails_everywhere(name: &str, args: &str, kind: Kind, words: &[&str]) {
    for form in FORMS {
        let error = call(&open(&prebuilt(form)), name, args).unwrap_err();
        assert_eq!(error.kind(), kind, "{form}: {name}: {error}");
        for words in words {
            assert!(error.to_string().contains(words), "{form}: {name}: {error}");
        }
    }
}

#[test]
fn numbers_cross() {
    everywhere("fibonacci", "[30]", "832040");
    everywhere("area", "[2.5, 4]", "10");
    everywhere("add64", "[9007199254740993, 1]", "9007199254740994");
    everywhere("add64", "[-5, 2]", "-3");
}

#[test]
fn unsigned_numbers_stay_unsigned() {
    everywhere("fibonacci", "[47]", "2971215073");
}

#[test]
fn booleans_cross() {
    everywhere("is_even", "[4]", "true");
    everywhere("is_even", "[-3]", "false");
}

#[test]
fn text_crosses() {
    everywhere("greet", r#"["Holm"]"#, r#""Hello, Holm!""#);
    everywhere("greet", r#"[""]"#, r#""Hello, !""#);
    everywhere("greet", r#"["ø😀"]"#, r#""Hello, ø😀!""#);
}

#[test]
fn lists_cross() {
    everywhere("reverse_bytes", "[[1, 2, 255]]", "[255,2,1]");
    everywhere("reverse_bytes", "[[]]", "[]");
    everywhere("scale", "[[1.5, -2], 2]", "[3.0,-4.0]");
    everywhere("words", r#"["one two"]"#, r#"["one","two"]"#);
}

#[test]
fn absent_values_cross() {
    everywhere("opt", "[6]", "7");
    everywhere("opt", "[null]", "null");
    everywhere("opt_text", r#"["x"]"#, r#""x""#);
    everywhere("opt_text", r#"[""]"#, "null");
    everywhere("opt_text", "[null]", "null");
}

#[test]
fn a_returned_error_is_the_calls_error() {
    everywhere("parse_int", r#"["-12"]"#, "-12");
    everywhere("parse_or_string", r#"["12"]"#, "12");
    fails_everywhere("parse_int", r#"["x"]"#, Kind::Trap, &["parse_int", " returned an error: invalid digit found"]);
    fails_everywhere("parse_or_string", r#"["x"]"#, Kind::Trap, &[" returned an error: not a number"]);
}

#[test]
fn a_panic_is_a_trap() {
    fails_everywhere("fail", "[]", Kind::Trap, &["unreachable"]);
}

#[test]
fn what_needs_javascript_says_what() {
    fails_everywhere("now", "[]", Kind::Trap, &["now", "(import `__wbg_now_", "which Holm does not provide"]);
    let error = call(&open(&prebuilt("bindgen-bundler/fib_bg.wasm")), "now", "[]").unwrap_err();
    let words = "fib: needs JavaScript's `Date.now` (import `__wbg_now_8292799cd92c81dd` from `./fib_bg.js`), \
                 which Holm does not provide";
    assert_eq!(error.to_string(), words);
    let error = call(&open(&prebuilt("bindgen-old/fib_bg.wasm")), "log", r#"["x"]"#).unwrap_err();
    assert!(error.to_string().starts_with("fib: needs JavaScript's `console.log` (import `__wbg_log_"), "{error}");
}

#[test]
fn methods_are_listed_and_refused() {
    for form in FORMS {
        let functions = open(&prebuilt(form));
        for name in ["counter_new", "counter_increment", "counter_value"] {
            let found = functions.list().iter().find(|function| function.name == name).unwrap();
            // A method's own type is not described, so raw guests' may look like plain functions of a pointer.
            assert!(found.refused.is_some(), "{form}: {name}: {found:?}");
        }
        assert!(functions.list().iter().all(|function| !function.name.starts_with("__")), "{form}");
    }
}

#[test]
fn signatures_are_in_the_words_of_the_declaration() {
    let signature = |form: &str, name: &str| {
        let functions = open(&prebuilt(form));
        functions.list().iter().find(|function| function.name == name).unwrap().signature.clone()
    };
    assert_eq!(signature("bindgen-web/fib_bg.wasm", "greet"), "(name: string): string");
    assert_eq!(signature("fib.raw.wasm", "parse_int"), "(a: String) -> Result<i32>");
    assert_eq!(signature("fib-old.raw.wasm", "opt"), "(a: Option<u32>) -> Option<u32>");
}

#[test]
fn without_declarations_numbers_still_cross() {
    let folder = tempfile::tempdir().unwrap();
    for form in FORMS {
        let path = folder.path().join("fib_bg.wasm");
        std::fs::copy(prebuilt(form), &path).unwrap();
        let functions = open(&path);
        assert_eq!(call(&functions, "fibonacci", "[30]").unwrap(), "832040", "{form}");
        assert_eq!(call(&functions, "add64", "[1, 2]").unwrap(), "3", "{form}");
    }
    std::fs::copy(prebuilt("bindgen-web/fib_bg.wasm"), folder.path().join("fib_bg.wasm")).unwrap();
    let functions = open(&folder.path().join("fib_bg.wasm"));
    let greet = functions.list().iter().find(|function| function.name == "greet").unwrap();
    assert!(greet.refused.as_ref().unwrap().contains(".d.ts"), "{greet:?}");
}
