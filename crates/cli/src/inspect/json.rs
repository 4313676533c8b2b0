//! The report as JSON. Its form is a promise: docs/inspect.schema.json.

use holm_abi::Provision;
use holm_engine::shape::{Feature, FunctionSize, Producer};
use serde_json::{Map, Value as Json, json};

use super::features::{Support, support};
use super::items::{Group, Item};
use super::language::Language;
use super::report::{Claim, Contents, Report, Trust};

/// The whole report. A field that does not apply is `null`, never left out.
pub(super) fn document(report: &Report) -> Json {
    let contents = report.contents.as_ref();
    let list = |of: fn(&Contents) -> Vec<Json>| contents.map(of);
    json!({
        "name": report.name,
        "form": report.shape.form.to_string(),
        "bytes": report.shape.size,
        "digest": report.shape.digest.to_string(),
        "precompiled": report.precompiled.as_ref().map(|(settings, trust)| json!({
            "settings": settings,
            "trusted": *trust == Trust::Safe,
        })),
        "abi": abi(report),
        "languages": list(languages),
        "producers": list(producers),
        "features": list(features),
        "imports": report.imports.iter().map(group).collect::<Vec<_>>(),
        "exports": report.exports.iter().map(export).collect::<Vec<_>>(),
        "sections": list(sections),
        "functions": list(functions),
        "wit": report.wit,
        "run_with": report.verdict.as_ref().ok(),
        "obstacle": report.verdict.as_ref().err(),
    })
}

fn abi(report: &Report) -> Json {
    let claim = |claim: &Claim| json!({ "name": claim.abi, "because": claim.evidence.because });
    let mut abi = claim(&report.abi);
    abi["others"] = report.others.iter().map(claim).collect();
    abi
}

fn languages(contents: &Contents) -> Vec<Json> {
    let language = |language: &Language| json!({ "name": language.name, "version": language.version, "because": language.because });
    contents.languages.iter().map(language).collect()
}

fn version(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn producers(contents: &Contents) -> Vec<Json> {
    let producer = |producer: &Producer| json!({ "field": producer.field, "name": producer.name, "version": version(&producer.version) });
    contents.producers.iter().map(producer).collect()
}

fn features(contents: &Contents) -> Vec<Json> {
    let feature = |feature: &Feature| {
        let (support, flag) = match support(*feature) {
            Support::Always => ("always", None),
            Support::Automatic => ("automatic", None),
            Support::Flag(name) => ("flag", Some(format!("--features {name}"))),
            Support::Never => ("never", None),
        };
        json!({ "name": feature.name(), "support": support, "flag": flag })
    };
    contents.features.iter().map(feature).collect()
}

fn sections(contents: &Contents) -> Vec<Json> {
    contents.sections.iter().map(|section| json!({ "name": section.name, "bytes": section.size })).collect()
}

fn functions(contents: &Contents) -> Vec<Json> {
    let function = |function: &FunctionSize| {
        json!({
            "module": function.module,
            "index": function.index,
            "name": function.name,
            "bytes": function.size,
        })
    };
    contents.functions.iter().map(function).collect()
}

fn group(group: &Group) -> Json {
    let satisfied_by = match group.satisfied_by {
        Provision::Always => json!({ "kind": "always" }),
        Provision::Grant(grant) => json!({ "kind": "grant", "grant": grant }),
        Provision::Refusal(because) => json!({ "kind": "refusal", "because": because }),
        Provision::Nothing => json!({ "kind": "nothing" }),
    };
    json!({
        "interface": group.interface,
        "items": group.items.iter().map(item).collect::<Vec<_>>(),
        "satisfied_by": satisfied_by,
    })
}

fn item(item: &Item) -> Json {
    Json::Object(fields(item))
}

fn export(export: &Item) -> Json {
    let mut fields = fields(export);
    fields.insert("items".to_owned(), export.items.iter().map(item).collect());
    Json::Object(fields)
}

fn fields(item: &Item) -> Map<String, Json> {
    let fields = [("name", json!(item.name)), ("kind", json!(item.kind)), ("type", json!(item.ty))];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
