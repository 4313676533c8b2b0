//! As Spin's own servers of models: `POST /infer` and `POST /embed`.

use serde::{Deserialize, Serialize};

use super::server::Server;
use super::{Embeddings, Inferred, LlmError, Params};

#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    prompt: &'a str,
    options: Options,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    max_tokens: u32,
    repeat_penalty: f32,
    repeat_penalty_last_n_token_count: u32,
    temperature: f32,
    top_k: u32,
    top_p: f32,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
    usage: Usage,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    prompt_token_count: u32,
    #[serde(default)]
    generated_token_count: u32,
}

pub(super) async fn infer(server: &Server, model: &str, prompt: &str, params: &Params) -> Result<Inferred, LlmError> {
    let options = Options {
        max_tokens: params.max_tokens,
        repeat_penalty: params.repeat_penalty,
        repeat_penalty_last_n_token_count: params.repeat_penalty_last_n_token_count,
        temperature: params.temperature,
        top_k: params.top_k,
        top_p: params.top_p,
    };
    let answer: Answer = server.ask("/infer", &Question { model, prompt, options }).await?;
    Ok(Inferred {
        text: answer.text,
        prompt_tokens: answer.usage.prompt_token_count,
        generated_tokens: answer.usage.generated_token_count,
    })
}

#[derive(Serialize)]
struct Texts<'a> {
    model: &'a str,
    input: &'a [String],
}

#[derive(Deserialize)]
struct Points {
    embeddings: Vec<Vec<f32>>,
    usage: Usage,
}

pub(super) async fn embed(server: &Server, model: &str, texts: &[String]) -> Result<Embeddings, LlmError> {
    let answer: Points = server.ask("/embed", &Texts { model, input: texts }).await?;
    Ok(Embeddings { embeddings: answer.embeddings, prompt_tokens: answer.usage.prompt_token_count })
}
