//! Manifests of compositions that cannot be, and components that try to have what is another's.

use crate::parts_kit::Kit;

/// A component in the place of the model, which imports this, in text.
fn hostile(imports: &str) -> String {
    format!(
        r#"(component {imports}
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (instance $probe (export "f" (func $f)))
            (export "parts:kit/probe" (instance $probe)))"#
    )
}

#[test]
fn a_component_that_names_another_ones_doors_is_refused() {
    for (place, name) in [
        ("model", "holm:p2-wasi-filesystem/preopens@0.2.3"),
        ("model", "holm:p1-wasi-filesystem/preopens@0.2.3"),
        ("model", "HOLM:p1-wasi-filesystem/preopens@0.2.3"),
        ("handler", "holm:p1-wasi-filesystem/preopens@0.2.3"),
    ] {
        let kit = Kit::new("[components.model.grants]\ndir = \".::/data\"");
        kit.write(&format!("{place}.wasm"), hostile(&format!("(import \"{name}\" (instance))")));
        let ended = kit.holm(&["run"]).arg("own env").ends();
        assert!(ended.code == Some(126) || ended.code == Some(125), "{ended:?}");
        assert!(ended.stderr.contains(name) || ended.stderr.contains("not in kebab case"), "{ended:?}");
    }
}

#[test]
fn a_guest_that_is_not_composed_has_nobodys_doors() {
    let kit = Kit::new("");
    kit.write(
        "alone.wat",
        hostile("(import \"holm:p1-wasi-cli/environment@0.2.0\" (instance (export \"get-arguments\" (func))))"),
    );
    let told = crate::support::holm(["run", "--no-manifest"]).arg(kit.at("alone.wat")).fails(126);
    assert!(told.contains("holm:p1-wasi-cli/environment@0.2.0"), "{told}");
}

#[test]
fn a_component_that_nothing_uses_is_refused_by_its_table() {
    let kit = Kit::new("[components.spare]\nfile = \"middle.wasm\"\n[imports]\n\"parts:kit/probe\" = \"model\"");
    let told = kit.holm(&["run"]).fails(125);
    assert!(told.contains("nothing imports what these components export: [components.spare]"), "{told}");
}

#[test]
fn a_choice_that_is_not_clear_is_told_with_the_words_of_a_manifest() {
    let kit = Kit::new("[components.other]\nfile = \"middle.wasm\"");
    let told = kit.holm(&["run"]).fails(125);
    assert!(told.contains("more than one part exports it") && told.contains("in [imports]"), "{told}");
    assert!(!told.contains("--wire"), "{told}");
}

#[test]
fn a_core_module_a_missing_file_and_nonsense_are_refused() {
    let kit = Kit::new("");
    kit.write("model.wasm", "(module)");
    let told = kit.holm(&["run"]).fails(126);
    assert!(told.contains("model is a core module"), "{told}");
    kit.write("model.wasm", "nonsense");
    assert!(kit.holm(&["run"]).fails(126).contains("model"));
    std::fs::remove_file(kit.at("model.wasm")).unwrap();
    assert!(kit.holm(&["run"]).fails(127).contains("[dir]/model.wasm: no such file"));
}

#[test]
fn an_import_that_a_component_does_not_have_is_told() {
    let kit = Kit::new("[imports]\n\"acme:nothing/here\" = \"model\"");
    let told = kit.holm(&["run"]).fails(125);
    assert!(told.contains("acme:nothing/here"), "{told}");
}
