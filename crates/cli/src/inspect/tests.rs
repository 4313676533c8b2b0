//! Whole reports, and the promise of their JSON form.

use holm_engine::{Loader, Source};
use serde_json::{Value as Json, json};

use super::report::{Report, Trust};
use super::{json, text};
use crate::args::Inspect;

const MODULE: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
    (import "env" "log" (func (param i32 i32)))
    (import "env" "shared" (memory i64 1 2 shared))
    (func (export "_start") (drop (i64.add128 (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4))) drop)
    (@custom "producers" "\02\08language\01\04Rust\00\0cprocessed-by\01\05rustc\061.95.0"))"#;

const COMPONENT: &str = r#"(component
    (import "wasi:filesystem/types@0.2.6" (instance (export "open" (func))))
    (import "acme:log/log@1.0.0" (instance $log (export "write" (func (param "line" string)))))
    (import "own" (func))
    (export "acme:guest/log@1.0.0" (instance $log)))"#;

fn report(text: &str, wit: Option<&str>) -> Report {
    let source = Source::from_bytes("dir/guest.wasm", text.as_bytes().to_vec()).unwrap();
    let opened = Loader::default().open(source).unwrap();
    let args = Inspect {
        guest: "dir/guest.wasm".into(),
        json: false,
        wit: false,
        top: 3,
        abi: None,
        registry: Default::default(),
    };
    Report::new(&args, &opened, Trust::Safe, wit.map(str::to_owned)).unwrap()
}

#[test]
fn a_module_with_a_missing_import_is_told_what_is_missing() {
    let report = report(MODULE, None);
    assert_eq!(report.verdict.as_ref().unwrap_err(), "cannot be linked here: nothing provides `log` from `env`");
    let page = text::page(&report);
    for part in ["module, ", "wasi, because it imports `proc_exit`", "Rust 1.95.0", "threads (switched on for it)"] {
        assert!(page.contains(part), "{part} in\n{page}");
    }
    for part in ["nothing here provides this", "log: (i32, i32) -> ()", "--features wide-arithmetic"] {
        assert!(page.contains(part), "{part} in\n{page}");
    }
}

#[test]
fn types_of_a_component_come_from_its_wit_or_are_left_out() {
    let wit = "package acme:guest@1.0.0 {\n  interface log {\n    write: func(line: string);\n  }\n}\n";
    let page = text::page(&report(COMPONENT, Some(wit)));
    assert!(page.contains("acme:guest/log@1.0.0\n    write: func(line: string)\n"), "{page}");
    let page = text::page(&report(COMPONENT, None));
    assert!(page.contains("acme:guest/log@1.0.0\n    write\n"), "{page}");
}

#[test]
fn imports_are_grouped_by_interface_and_by_what_provides_them() {
    let document = json::document(&report(COMPONENT, None));
    let kinds: Vec<&Json> =
        document["imports"].as_array().unwrap().iter().map(|group| &group["satisfied_by"]["kind"]).collect();
    assert_eq!(kinds, ["grant", "nothing", "nothing"]);
    assert_eq!(document["imports"][2]["interface"], Json::Null);
}

#[test]
fn a_guest_cannot_move_the_cursor() {
    let page = text::page(&report("(module (func (export \"a\\1b[2J\\n\\u{9b}b\")))", None));
    assert!(page.contains("\n  a[2J b: () -> ()\n"), "{page}");
}

#[test]
fn the_json_form_follows_its_schema() {
    let schema: Json = serde_json::from_str(include_str!("../../../../docs/inspect.schema.json")).unwrap();
    let mut documents = [
        json::document(&report(MODULE, None)),
        json::document(&report(COMPONENT, Some("package root:component;"))),
        json::document(&report("(module (func (export \"f\") (result i32) i32.const 0))", None)),
    ];
    for document in &documents {
        check(&schema, &schema, document, "").unwrap();
    }
    // The check itself notices what is wrong.
    documents[0]["bytes"] = json!("many");
    documents[1]["surprise"] = json!(1);
    documents[2]["exports"][0]["kind"] = json!("novelty");
    for document in &documents {
        assert!(check(&schema, &schema, document, "").is_err());
    }
}

/// Checks `value` against the keywords of JSON Schema that our schema uses, and refuses all others.
fn check(root: &Json, schema: &Json, value: &Json, at: &str) -> Result<(), String> {
    let keywords = schema.as_object().ok_or("a schema is an object")?;
    for (keyword, rule) in keywords {
        let ok = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            "type" => match rule {
                Json::Array(types) => types.iter().any(|ty| is_type(ty, value)),
                ty => is_type(ty, value),
            },
            "enum" => rule.as_array().is_some_and(|values| values.contains(value)),
            "required" => rule.as_array().into_iter().flatten().all(|name| {
                let name = name.as_str().unwrap_or_default();
                value.as_object().is_none_or(|fields| fields.contains_key(name))
            }),
            "additionalProperties" => value
                .as_object()
                .is_none_or(|fields| fields.keys().all(|name| rule == true || !schema["properties"][name].is_null())),
            "properties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = rule.get(name) {
                        check(root, schema, value, &format!("{at}/{name}"))?;
                    }
                }
                true
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, value, &format!("{at}/{index}"))?;
                }
                true
            }
            "$ref" => {
                let path = rule.as_str().and_then(|path| path.strip_prefix('#')).unwrap_or_default();
                check(root, root.pointer(path).ok_or("a reference to nowhere")?, value, at)?;
                true
            }
            other => return Err(format!("the keyword {other} is not understood here")),
        };
        if !ok {
            return Err(format!("{at}: {value} breaks {keyword}: {rule}"));
        }
    }
    Ok(())
}

fn is_type(ty: &Json, value: &Json) -> bool {
    match ty.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    }
}
