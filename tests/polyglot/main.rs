//! examples/polyglot, from its sources: built by `holm build`, composed and served by `holm serve`, asked over HTTP.
//!
//! `tests/toolchains/fetch` gets the compilers. Without them these tests skip with a message, except in CI, where they fail.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

#[path = "../toolchains/compilers.rs"]
mod compilers;
mod curious;
mod example;
#[path = "../toolchains/server.rs"]
mod server;
mod signature;

use example::Example;
use serde_json::Value as Json;
use server::{Server, serve};

/// In both manifests.
const KEY: &str = "correct horse battery staple";

/// A status, and the JSON that came with it.
fn read((status, body): (u16, String)) -> (u16, Json) {
    (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}")))
}

/// Asks about `text`, and checks what is answered against the label and against a signature of our own.
fn rated(server: &Server, text: &str, label: &str) -> f64 {
    let (status, answer) = read(server.post("/", text));
    assert_eq!((status, answer["label"].as_str()), (200, Some(label)), "{text}: {answer}");
    let probability = answer["probability"].as_f64().unwrap();
    assert!((0.5..=1.0).contains(&probability), "{text}: {answer}");
    let line = format!("{label} {probability:.4} {text}");
    let expected = signature::hmac_sha256(KEY.as_bytes(), line.as_bytes());
    assert_eq!(answer["signature"], expected.as_str(), "{text}: {answer}");
    probability
}

fn rates_and_signs(server: &Server) -> Vec<f64> {
    let texts = [
        ("What a wonderful day", "positive"),
        ("not a wonderful day", "negative"),
        ("The soup was cold, the staff rude: never again", "negative"),
        ("Très friendly ☀ — I would recommend it, “great” even", "positive"),
    ];
    texts.map(|(text, label)| rated(server, text, label)).to_vec()
}

#[test]
fn python_and_javascript_rate_alike_and_go_signs_what_they_say() {
    let Some(example) = Example::copied("as-it-is") else { return };
    example.build("holm.toml");
    example.build("javascript.toml");
    let (python, javascript) = (serve(example.holm(), "holm.toml"), serve(example.holm(), "javascript.toml"));
    assert_eq!(rates_and_signs(&python), rates_and_signs(&javascript));
    for server in [&python, &javascript] {
        let (status, answer) = read(server.get("/?text=What+a+wonderful+day%21"));
        assert_eq!((status, &answer["label"]), (200, &"positive".into()), "{answer}");
        for (path, status, error) in [
            ("/?text=xyzzy", 422, "the model knows none of these words"),
            ("/?text=%FF", 400, "the text is not UTF-8"),
            ("/?text=+", 400, "no text: ask with GET /?text=… or POST"),
            ("/", 400, "no text: ask with GET /?text=… or POST"),
        ] {
            assert_eq!(read(server.get(path)), (status, serde_json::json!({ "error": error })), "{path}");
        }
    }
}

#[test]
fn a_model_has_nothing_of_what_its_handler_was_granted() {
    let Some(example) = Example::copied("curious") else { return };
    curious::write(&example);
    example.build("holm.toml");
    let server = serve(example.holm(), "holm.toml");
    let network = curious::Network::new();
    let (status, answer) = read(server.post("/", &network.port().to_string()));
    // The key it is handed in the call is all that it has.
    let error = "variables none; files none; network none; key correct horse battery staple";
    assert_eq!((status, answer), (422, serde_json::json!({ "error": error })));
    assert!(!network.was_reached());
}
