//! The OpenAPI 3.1 description, made from the table of routes.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::error::Code;
use super::routes::{ALWAYS, Content, ROUTES, Route};
use crate::wire::ErrorAnswer;
use crate::{AppName, Digest};

/// The document.
pub(super) fn document() -> Value {
    // OpenAPI 3.1 takes JSON Schema 2020-12 as it is, but keeps shared schemas elsewhere.
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for route in &ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation(route, &mut generator);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Holm admin API",
            "description": "Deploys apps to a running `holm serve`, and shows what they do. \
                Over a Unix socket no token is needed.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": generator.take_definitions(true),
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": format!("{:?}", route.operation),
        "summary": route.summary,
        "parameters": parameters(route, generator),
        "responses": responses(route, generator),
    });
    if let Some(content) = content(&route.body, generator) {
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    if route.open {
        operation["security"] = json!([]);
    }
    operation
}

fn parameters(route: &Route, generator: &mut SchemaGenerator) -> Vec<Value> {
    let mut parameters = Vec::new();
    let mut in_path = |name: &str, schema| {
        if route.path.contains(&format!("{{{name}}}")) {
            parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        }
    };
    in_path("name", generator.subschema_for::<AppName>());
    in_path("digest", generator.subschema_for::<Digest>());
    parameters.extend(route.query.iter().map(|(name, meaning)| {
        json!({ "name": name, "in": "query", "description": meaning, "schema": { "type": "string" } })
    }));
    parameters
}

fn responses(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for (status, meaning) in route.success {
        let mut response = json!({ "description": meaning });
        if let Some(content) = content(&route.answer, generator) {
            response["content"] = content;
        }
        responses.insert(status.to_string(), response);
    }
    let error = json!({ "application/json": { "schema": generator.subschema_for::<ErrorAnswer>() } });
    for (status, words) in errors(route) {
        let description = format!("With the code {}.", words.join(" or "));
        let mut response = json!({ "description": description });
        // An answer to HEAD has no body (RFC 9110, section 9.3.2).
        if route.method != "HEAD" {
            response["content"] = error.clone();
        }
        responses.insert(status, response);
    }
    Value::Object(responses)
}

/// The words of a route's errors, by status.
fn errors(route: &Route) -> BTreeMap<String, Vec<String>> {
    let mut errors = BTreeMap::<String, Vec<String>>::new();
    let always = ALWAYS.iter().filter(|code| !(route.open && **code == Code::Unauthorized));
    for (word, status) in always.chain(route.errors).map(|code| code.parts()) {
        errors.entry(status.as_str().to_owned()).or_default().push(format!("`{word}`"));
    }
    errors
}

fn content(content: &Content, generator: &mut SchemaGenerator) -> Option<Value> {
    Some(match content {
        Content::Empty => return None,
        Content::Bytes => json!({ "application/octet-stream": {} }),
        Content::Text(kind) => json!({ *kind: { "schema": { "type": "string" } } }),
        Content::Json(schema) => json!({ "application/json": { "schema": schema(generator) } }),
        Content::Lines(schema) => json!({ "application/x-ndjson": { "schema": schema(generator) } }),
    })
}
