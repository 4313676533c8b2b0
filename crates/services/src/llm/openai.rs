//! As OpenAI's API: `POST /v1/chat/completions` and `POST /v1/embeddings`.

use serde::{Deserialize, Serialize};

use super::server::Server;
use super::{Embeddings, Inferred, LlmError, Params};

/// What Spin sends of a guest's parameters: the others have no place in every server's API.
#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    messages: [Message<'a>; 1],
    max_completion_tokens: u32,
    frequency_penalty: f32,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
    usage: Usage,
}

#[derive(Deserialize)]
struct Choice {
    message: Made,
}

#[derive(Deserialize)]
struct Made {
    /// Null where the model refuses.
    content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
}

pub(super) async fn infer(server: &Server, model: &str, prompt: &str, params: &Params) -> Result<Inferred, LlmError> {
    let question = Question {
        model,
        messages: [Message { role: "user", content: prompt }],
        max_completion_tokens: params.max_tokens,
        frequency_penalty: params.repeat_penalty,
    };
    let answer: Answer = server.ask("/v1/chat/completions", &question).await?;
    let first = answer.choices.into_iter().next();
    Ok(Inferred {
        text: first.and_then(|choice| choice.message.content).unwrap_or_default(),
        prompt_tokens: answer.usage.prompt_tokens,
        generated_tokens: answer.usage.completion_tokens,
    })
}

#[derive(Serialize)]
struct Texts<'a> {
    model: &'a str,
    input: &'a [String],
}

#[derive(Deserialize)]
struct Points {
    data: Vec<Point>,
    usage: Usage,
}

#[derive(Deserialize)]
struct Point {
    embedding: Vec<f32>,
    /// Of which text; where it is missing, that of this place.
    index: Option<usize>,
}

pub(super) async fn embed(server: &Server, model: &str, texts: &[String]) -> Result<Embeddings, LlmError> {
    let mut answer: Points = server.ask("/v1/embeddings", &Texts { model, input: texts }).await?;
    answer.data.sort_by_key(|point| point.index);
    Ok(Embeddings {
        embeddings: answer.data.into_iter().map(|point| point.embedding).collect(),
        prompt_tokens: answer.usage.prompt_tokens,
    })
}
