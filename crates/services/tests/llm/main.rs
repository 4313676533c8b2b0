//! Models of language on a server that speaks the documented APIs: OpenAI's, and that of Spin's own servers. Neither has a
//! package for tests, so a small server of ours stands in their place.
#![cfg(all(feature = "http", feature = "stores"))]
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "shared with the tests of Spin's guests")]
mod server;

use std::sync::{Arc, Mutex};

use holm_manifest::Llm as Named;
use holm_services::llm::{Llm, LlmError, MAX_ANSWER, MAX_QUESTION, Params};
use serde_json::{Value, json};
use server::{Answer, Server};

fn named(url: &str, openai: bool) -> Named {
    Named { url: url.into(), token: "sesame".to_owned().into(), openai }
}

fn at(server: &Server, openai: bool) -> Arc<Llm> {
    Llm::new(&named(&server.url, openai), None).unwrap()
}

fn params() -> Params {
    Params { max_tokens: 7, repeat_penalty: 0.5, ..Params::default() }
}

#[tokio::test]
async fn a_text_is_completed_as_openai_has_it() {
    let server = Server::answering(|_| {
        let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
        let choice =
            json!({"index": 0, "message": {"role": "assistant", "content": "a joke"}, "finish_reason": "stop"});
        Answer::json(200, &json!({"id": "x", "choices": [choice], "usage": usage}))
    })
    .await;
    let answer = at(&server, true).infer("gpt", "Tell a joke", &params()).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.prompt_tokens, answer.generated_tokens), ("a joke", 3, 2));
    let asked = server.asked();
    assert_eq!(asked.line, "POST /v1/chat/completions HTTP/1.1");
    assert_eq!(asked.header("authorization"), Some("Bearer sesame"));
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    let messages = json!([{"role": "user", "content": "Tell a joke"}]);
    let question = json!({"model": "gpt", "messages": messages, "max_completion_tokens": 7, "frequency_penalty": 0.5});
    assert_eq!(body, question);
}

#[tokio::test]
async fn a_text_is_completed_as_spins_servers_have_it() {
    let server = Server::answering(|_| {
        Answer::json(200, &json!({"text": "a joke", "usage": {"promptTokenCount": 3, "generatedTokenCount": 2}}))
    })
    .await;
    let answer = at(&server, false).infer("llama2-chat", "Tell a joke", &params()).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.prompt_tokens, answer.generated_tokens), ("a joke", 3, 2));
    let asked = server.asked();
    assert_eq!(asked.line, "POST /infer HTTP/1.1");
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!((&body["model"], &body["prompt"]), (&json!("llama2-chat"), &json!("Tell a joke")));
    assert_eq!((&body["options"]["maxTokens"], &body["options"]["topK"]), (&json!(7), &json!(40)));
    assert_eq!(body["options"]["repeatPenaltyLastNTokenCount"], json!(64));
}

#[tokio::test]
async fn texts_become_points_in_their_order() {
    let openai = Server::answering(|_| {
        let data = json!([{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0, 0.5]}]);
        Answer::json(200, &json!({"data": data, "usage": {"prompt_tokens": 4, "total_tokens": 4}}))
    })
    .await;
    let spin = Server::answering(|_| {
        Answer::json(200, &json!({"embeddings": [[1.0, 0.5], [2.0]], "usage": {"promptTokenCount": 4}}))
    })
    .await;
    for (server, is_openai, path) in [(&openai, true, "/v1/embeddings"), (&spin, false, "/embed")] {
        let texts = ["one".to_owned(), "two".to_owned()];
        let answer = at(server, is_openai).embed("all-minilm-l6-v2", &texts).await.unwrap();
        assert_eq!((answer.embeddings, answer.prompt_tokens), (vec![vec![1.0, 0.5], vec![2.0]], 4));
        let asked = server.asked();
        assert_eq!(asked.line, format!("POST {path} HTTP/1.1"));
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        assert_eq!(body, json!({"model": "all-minilm-l6-v2", "input": ["one", "two"]}));
    }
}

#[tokio::test]
async fn what_a_server_refuses_is_said_in_its_own_words() {
    let server = Server::answering(|asked| match asked.body.windows(4).any(|word| word == b"none") {
        true => Answer::json(404, &json!({"error": {"message": "no such model", "code": "model_not_found"}})),
        false => Answer::json(400, &json!({"error": {"message": "too many tokens", "code": null}})),
    })
    .await;
    let llm = at(&server, true);
    assert_eq!(llm.infer("none", "", &params()).await, Err(LlmError::NoSuchModel));
    assert_eq!(llm.infer("gpt", "", &params()).await, Err(LlmError::Failed("too many tokens".into())));
}

#[tokio::test]
async fn a_server_that_is_wrong_is_an_error_for_the_guest_and_a_line_for_the_host() {
    let server = Server::answering(|asked| match asked.line.as_str() {
        "POST /infer HTTP/1.1" => Answer::text(503, "<html>later</html>"),
        _ => Answer::text(200, r#"{"embeddings": "none"}"#),
    })
    .await;
    let told = Arc::<Mutex<Vec<String>>>::default();
    let telling = Arc::clone(&told);
    let report = Arc::new(move |line: &str| telling.lock().unwrap().push(line.to_owned()));
    let llm = Llm::new(&named(&server.url, false), Some(report)).unwrap();
    let failed = |error: LlmError| match error {
        LlmError::Failed(why) => why,
        other => panic!("{other:?}"),
    };
    let why = failed(llm.infer("m", "p", &params()).await.unwrap_err());
    assert_eq!(why, "the model's server answered 503 Service Unavailable");
    let why = failed(llm.embed("m", &["t".into()]).await.unwrap_err());
    assert!(why.starts_with("the model's server answered what its API does not have"), "{why}");
    let told = told.lock().unwrap().clone();
    assert_eq!(told, [format!("{}: the model's server answered 503 Service Unavailable", server.url)]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_not_named_to_the_guest() {
    let llm = Llm::new(&named("http://127.0.0.1:1", true), None).unwrap();
    let error = llm.infer("m", "p", &params()).await.unwrap_err();
    assert_eq!(error, LlmError::Failed("the model's server cannot be reached".into()));
}

#[tokio::test]
async fn texts_and_answers_have_a_limit() {
    let server = Server::answering(|_| Answer::text(200, &"x".repeat(MAX_ANSWER + 1))).await;
    let llm = at(&server, true);
    let long = "x".repeat(MAX_QUESTION + 1);
    assert!(matches!(llm.infer("m", &long, &params()).await, Err(LlmError::InvalidInput(_))));
    assert!(matches!(llm.embed("m", &[long, "x".into()]).await, Err(LlmError::InvalidInput(_))));
    let why = llm.infer("m", "p", &params()).await.unwrap_err().to_string();
    assert!(why.contains("has more than"), "{why}");
}

#[tokio::test]
async fn points_for_other_texts_are_no_answer() {
    let server =
        Server::answering(|_| Answer::json(200, &json!({"embeddings": [], "usage": {"promptTokenCount": 0}}))).await;
    let why = at(&server, false).embed("m", &["t".into()]).await.unwrap_err().to_string();
    assert!(why.contains("other texts"), "{why}");
}
