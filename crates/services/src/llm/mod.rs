//! Models of language that a server elsewhere runs: guests have texts completed, and made comparable.
//!
//! The server speaks as OpenAI's does, or as Spin's own do. Sources: OpenAI's API reference, "Chat" and "Embeddings";
//! spinframework/spin, `crates/llm-remote-http`. Which models a guest may use is for whoever calls to know.

mod openai;
mod server;
mod spin;

use std::sync::Arc;

use holm_manifest as manifest;

use crate::alarm::Report;
use server::Server;

pub use server::{MAX_ANSWER, MAX_QUESTION};

/// A server that runs models. Nothing is connected to before somebody asks.
pub struct Llm {
    server: Server,
    openai: bool,
}

/// How a text is completed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// The most tokens that are made.
    pub max_tokens: u32,
    /// How much repetition is avoided.
    pub repeat_penalty: f32,
    /// Among how many of the last tokens.
    pub repeat_penalty_last_n_token_count: u32,
    /// How much is left to chance.
    pub temperature: f32,
    /// Among how many tokens the next one is chosen.
    pub top_k: u32,
    /// The probability that those have together.
    pub top_p: f32,
}

impl Default for Params {
    /// Spin's: spinframework/spin, `crates/factor-llm/src/host.rs`.
    fn default() -> Self {
        Self {
            max_tokens: 100,
            repeat_penalty: 1.1,
            repeat_penalty_last_n_token_count: 64,
            temperature: 0.8,
            top_k: 40,
            top_p: 0.9,
        }
    }
}

/// A text that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inferred {
    /// The text.
    pub text: String,
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens that were made.
    pub generated_tokens: u32,
}

/// Texts as points, of which those with similar meaning are near each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// One for each text, in their order.
    pub embeddings: Vec<Vec<f32>>,
    /// Tokens of the texts.
    pub prompt_tokens: u32,
}

/// Why a model did not answer, in words that a guest may read: they do not say where the server is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LlmError {
    /// The server has no such model.
    #[error("there is no such model")]
    NoSuchModel,
    /// What the guest asks cannot be asked.
    #[error("{0}")]
    InvalidInput(String),
    /// The server cannot be asked, or does not answer as it should.
    #[error("{0}")]
    Failed(String),
}

impl Llm {
    /// The server that a manifest names. Connects to nothing. `report` is told when it cannot be asked.
    ///
    /// # Errors
    /// A sentence on what is wrong with it.
    pub fn new(named: &manifest::Llm, report: Option<Report>) -> Result<Arc<Self>, String> {
        Ok(Arc::new(Self { server: Server::new(&named.url, &named.token, report)?, openai: named.openai }))
    }

    /// Has `model` go on from `prompt`.
    ///
    /// # Errors
    /// See [`LlmError`].
    pub async fn infer(&self, model: &str, prompt: &str, params: &Params) -> Result<Inferred, LlmError> {
        check(prompt.len())?;
        match self.openai {
            true => openai::infer(&self.server, model, prompt, params).await,
            false => spin::infer(&self.server, model, prompt, params).await,
        }
    }

    /// Has `model` say where in the space of meanings texts are.
    ///
    /// # Errors
    /// See [`LlmError`].
    pub async fn embed(&self, model: &str, texts: &[String]) -> Result<Embeddings, LlmError> {
        check(texts.iter().map(String::len).sum())?;
        let answer = match self.openai {
            true => openai::embed(&self.server, model, texts).await?,
            false => spin::embed(&self.server, model, texts).await?,
        };
        match answer.embeddings.len() == texts.len() {
            true => Ok(answer),
            false => Err(LlmError::Failed("the model's server answered for other texts than it was asked".into())),
        }
    }
}

impl std::fmt::Debug for Llm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Llm").field("openai", &self.openai).finish_non_exhaustive()
    }
}

fn check(bytes: usize) -> Result<(), LlmError> {
    match bytes {
        0..=MAX_QUESTION => Ok(()),
        _ => Err(LlmError::InvalidInput(format!("the text has {bytes} bytes; the limit is {MAX_QUESTION}"))),
    }
}
