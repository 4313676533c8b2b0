//! Models of language: `fermyon:spin/llm` and `fermyon:spin/llm@2.0.0`, which are the same.
//!
//! Signatures and which error is which: spinframework/spin, `wit/deps/spin@unversioned/llm.wit`,
//! `wit/deps/spin@2.0.0/llm.wit`, `crates/factor-llm/src/host.rs`.

use std::sync::Arc;

use holm_grants::Ask;
use holm_services::llm::{Llm, LlmError, Params};
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker, Lower};

pub(crate) const V1: &str = "fermyon:spin/llm";
pub(crate) const V2: &str = "fermyon:spin/llm@2.0.0";

#[derive(Clone, ComponentType, Lift)]
#[component(record)]
struct InferencingParams {
    #[component(name = "max-tokens")]
    max_tokens: u32,
    #[component(name = "repeat-penalty")]
    repeat_penalty: f32,
    #[component(name = "repeat-penalty-last-n-token-count")]
    repeat_penalty_last_n_token_count: u32,
    temperature: f32,
    #[component(name = "top-k")]
    top_k: u32,
    #[component(name = "top-p")]
    top_p: f32,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct InferencingResult {
    text: String,
    usage: InferencingUsage,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct InferencingUsage {
    #[component(name = "prompt-token-count")]
    prompt_token_count: u32,
    #[component(name = "generated-token-count")]
    generated_token_count: u32,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct EmbeddingsResult {
    embeddings: Vec<Vec<f32>>,
    usage: EmbeddingsUsage,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct EmbeddingsUsage {
    #[component(name = "prompt-token-count")]
    prompt_token_count: u32,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "model-not-supported")]
    ModelNotSupported,
    #[component(name = "runtime-error")]
    Runtime(String),
    #[component(name = "invalid-input")]
    InvalidInput(String),
}

impl From<LlmError> for Error {
    fn from(error: LlmError) -> Self {
        match error {
            LlmError::NoSuchModel => Self::ModelNotSupported,
            LlmError::InvalidInput(why) => Self::InvalidInput(why),
            LlmError::Failed(why) => Self::Runtime(why),
        }
    }
}

impl From<InferencingParams> for Params {
    fn from(params: InferencingParams) -> Self {
        Self {
            max_tokens: params.max_tokens,
            repeat_penalty: params.repeat_penalty,
            repeat_penalty_last_n_token_count: params.repeat_penalty_last_n_token_count,
            temperature: params.temperature,
            top_k: params.top_k,
            top_p: params.top_p,
        }
    }
}

type Context<'a> = StoreContextMut<'a, State>;
type Asked = (String, String, Option<InferencingParams>);

pub(crate) fn link_v1(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    link(linker, V1)
}

pub(crate) fn link_v2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    link(linker, V2)
}

fn link(linker: &mut Linker<State>, name: &str) -> wasmtime::Result<()> {
    let mut instance = linker.instance(name)?;
    instance.func_wrap_async("infer", |state: Context<'_>, (model, prompt, params): Asked| {
        let llm = granted(state.data(), &model);
        Box::new(async move { Ok((infer(llm, &model, &prompt, params).await,)) })
    })?;
    instance.func_wrap_async("generate-embeddings", |state: Context<'_>, (model, texts): (String, Vec<String>)| {
        let llm = granted(state.data(), &model);
        Box::new(async move { Ok((embed(llm, &model, &texts).await,)) })
    })
}

/// What runs `model`, if the guest was granted that.
fn granted(state: &State, model: &str) -> Result<Arc<Llm>, Error> {
    if !state.grants().models.iter().any(|granted| granted == model) {
        state.refuse(Ask::Model(model.to_owned()));
        return Err(Error::InvalidInput(format!(
            "the component may not use the model `{model}`; `ai_models` in spin.toml, or --model, grants that"
        )));
    }
    let llm = state.lent().and_then(|lent| lent.llm.clone());
    llm.ok_or_else(|| {
        Error::Runtime("nothing here runs models; `llm_compute` in runtime-config.toml says what does".into())
    })
}

async fn infer(
    llm: Result<Arc<Llm>, Error>,
    model: &str,
    prompt: &str,
    params: Option<InferencingParams>,
) -> Result<InferencingResult, Error> {
    let made = llm?.infer(model, prompt, &params.map(Params::from).unwrap_or_default()).await?;
    let usage =
        InferencingUsage { prompt_token_count: made.prompt_tokens, generated_token_count: made.generated_tokens };
    Ok(InferencingResult { text: made.text, usage })
}

async fn embed(llm: Result<Arc<Llm>, Error>, model: &str, texts: &[String]) -> Result<EmbeddingsResult, Error> {
    let made = llm?.embed(model, texts).await?;
    let usage = EmbeddingsUsage { prompt_token_count: made.prompt_tokens };
    Ok(EmbeddingsResult { embeddings: made.embeddings, usage })
}
