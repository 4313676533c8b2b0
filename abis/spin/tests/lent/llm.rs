use holm_abi::Host;
use holm_manifest::Llm as Named;
use holm_services::lent::Lent;
use holm_services::llm::Llm;
use holm_spin::Spin;
use holm_wasi::Wasi;
use serde_json::{Value, json};

use crate::common::server::{Answer, Asked, Server};
use crate::common::{ask, granting, guest, lent, refused, spin};

fn granted() -> Host {
    granting(|grants| grants.models.push("llama2-chat".into()))
}

async fn server() -> Server {
    Server::answering(|asked: &Asked| match asked.line.as_str() {
        "POST /infer HTTP/1.1" => {
            Answer::json(200, &json!({"text": "a joke", "usage": {"promptTokenCount": 3, "generatedTokenCount": 2}}))
        }
        "POST /embed HTTP/1.1" => {
            Answer::json(200, &json!({"embeddings": [[0.5, 1.5]], "usage": {"promptTokenCount": 1}}))
        }
        _ => Answer::json(404, &json!({"error": {"message": "no", "code": "model_not_found"}})),
    })
    .await
}

fn asking(server: &Server, openai: bool) -> Spin {
    let named = Named { url: server.url.clone(), token: "sesame".to_owned().into(), openai };
    spin(Lent { llm: Some(Llm::new(&named, None).unwrap()), ..lent() })
}

#[tokio::test]
async fn a_granted_model_answers_in_both_versions() {
    let (server, guest, host) = (server().await, guest("spin-old.wasm"), granted());
    let spin = asking(&server, false);
    for (words, answer, tokens) in [
        (["llm1", "llama2-chat", "A joke?"], "a joke 3 2", Some(100)),
        (["llm2", "llama2-chat", "A joke?"], "a joke 3 2", Some(5)),
        (["embed1", "llama2-chat", "A joke?"], "[[0.5, 1.5]] 1", None),
        (["embed2", "llama2-chat", "A joke?"], "[[0.5, 1.5]] 1", None),
    ] {
        assert_eq!(ask(&spin, &guest, &host, &words).await.unwrap(), answer, "{words:?}");
        let body: Value = serde_json::from_slice(&server.asked().body).unwrap();
        assert_eq!(body["options"]["maxTokens"].as_u64(), tokens, "{words:?}");
    }
}

#[tokio::test]
async fn a_model_that_was_not_granted_is_refused_and_audited() {
    let (server, guest, host) = (server().await, guest("spin-old.wasm"), granted());
    let spin = asking(&server, false);
    for words in [["llm1", "gpt", "x"], ["llm2", "gpt", "x"], ["embed1", "gpt", "x"], ["embed2", "gpt", "x"]] {
        let answer = ask(&spin, &guest, &host, &words).await.unwrap();
        assert!(answer.starts_with("Err(Error::InvalidInput(\"the component may not use the model `gpt`"), "{answer}");
    }
    assert_eq!(refused(&host), ["--model gpt"]);
    assert!(server.asked().line.is_empty(), "nobody was asked");
}

#[tokio::test]
async fn a_model_that_the_server_does_not_have_is_not_supported() {
    let server = server().await;
    let spin = asking(&server, true);
    let answer = ask(&spin, &guest("spin-old.wasm"), &granted(), &["llm2", "llama2-chat", "x"]).await.unwrap();
    assert_eq!(answer, "Err(Error::ModelNotSupported)");
}

#[tokio::test]
async fn without_a_server_there_is_nothing_to_ask() {
    for spin in [spin(lent()), Spin { wasi: Wasi::default() }] {
        let answer = ask(&spin, &guest("spin-old.wasm"), &granted(), &["llm1", "llama2-chat", "x"]).await.unwrap();
        assert!(answer.starts_with("Err(Error::RuntimeError(\"nothing here runs models"), "{answer}");
    }
}
