//! The functions that the early SDKs import, and what answers them.
//!
//! Sources: spinframework/spin, `wit/ephemeral/*.wit` at each version for names and types, and the bindings in `sdk/go` for
//! the core types: what is passed takes as many numbers as today (a string two, an option one more than what it holds), and
//! what is returned goes where a last number says, since everything that is returned here takes more than one.

use holm_engine::shape::{ExternType, Import, ValType};
use wasmtime::Result;

use super::args::Args;
use super::link::Work;
use super::{config, http, key_value, llm, mysql, postgres, redis, sqlite};

/// A function that guests import.
pub(super) struct Function {
    pub(super) module: &'static str,
    pub(super) name: &'static str,
    /// The types of its parameters, a letter each: `i` is an i32, `f` an f32. It returns nothing.
    pub(super) params: &'static str,
    /// What has to be granted for it to be of use, as a flag.
    pub(super) grant: Option<&'static str>,
    /// Reads what it is called with, and says what is to be done.
    pub(super) begin: fn(&mut Args<'_>) -> Result<Work>,
}

const CONFIG: Option<&str> = None;
const HTTP: Option<&str> = Some("--http PATTERN");
const KV: Option<&str> = Some("--kv=NAME");

const REDIS: Option<&str> = Some("--outbound redis://HOST:PORT");
const POSTGRES: Option<&str> = Some("--outbound postgres://HOST:PORT");
const MYSQL: Option<&str> = Some("--outbound mysql://HOST:PORT");
const SQLITE: Option<&str> = Some("--sql=NAME");
const LLM: Option<&str> = Some("--model=NAME");

type Begin = fn(&mut Args<'_>) -> Result<Work>;

const fn f(
    module: &'static str,
    name: &'static str,
    params: &'static str,
    grant: Option<&'static str>,
    begin: Begin,
) -> Function {
    Function { module, name, params, grant, begin }
}

/// All of them.
#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    // Since 0.2, in this layout since 0.4.
    f("spin-config", "get-config", "iii", CONFIG, config::get),
    f("wasi-outbound-http", "request", "iiiiiiiiiii", HTTP, http::request),
    // Since 0.9.
    f("key-value", "open", "iii", KV, key_value::open),
    f("key-value", "get", "iiii", KV, key_value::get),
    f("key-value", "set", "iiiiii", KV, key_value::set),
    f("key-value", "delete", "iiii", KV, key_value::delete),
    f("key-value", "exists", "iiii", KV, key_value::exists),
    f("key-value", "get-keys", "ii", KV, key_value::get_keys),
    f("key-value", "close", "i", KV, key_value::close),
    // Since 0.2, in this layout since 0.4.
    f("outbound-redis", "publish", "iiiiiii", REDIS, redis::publish),
    f("outbound-redis", "get", "iiiii", REDIS, redis::get),
    f("outbound-redis", "set", "iiiiiii", REDIS, redis::set),
    f("outbound-redis", "incr", "iiiii", REDIS, redis::incr),
    // Since 0.7.
    f("outbound-redis", "del", "iiiii", REDIS, redis::del),
    f("outbound-redis", "sadd", "iiiiiii", REDIS, redis::sadd),
    f("outbound-redis", "smembers", "iiiii", REDIS, redis::smembers),
    f("outbound-redis", "srem", "iiiiiii", REDIS, redis::srem),
    // Since 0.9.
    f("outbound-redis", "execute", "iiiiiii", REDIS, redis::execute),
    // Since 0.5.
    f("outbound-pg", "query", "iiiiiii", POSTGRES, postgres::query),
    f("outbound-pg", "execute", "iiiiiii", POSTGRES, postgres::execute),
    // Since 0.7.
    f("outbound-mysql", "query", "iiiiiii", MYSQL, mysql::query),
    f("outbound-mysql", "execute", "iiiiiii", MYSQL, mysql::execute),
    // Since 1.3.
    f("sqlite", "open", "iii", SQLITE, sqlite::open),
    f("sqlite", "execute", "iiiiii", SQLITE, sqlite::execute),
    f("sqlite", "close", "i", SQLITE, sqlite::close),
    // Since 1.5; in Go until 2.2.
    f("llm", "infer", "iiiiiifififi", LLM, llm::infer),
    f("llm", "generate-embeddings", "iiiii", LLM, llm::embed),
];

/// The function that an import means, if it is one of these.
pub(super) fn of(import: &Import) -> Option<&'static Function> {
    let function = FUNCTIONS.iter().find(|known| known.module == import.module && known.name == import.name)?;
    match &import.ty {
        ExternType::Func(ty) if function.takes(&ty.params) && ty.results.is_empty() => Some(function),
        _ => None,
    }
}

impl Function {
    fn takes(&self, params: &[ValType]) -> bool {
        let same = |(letter, ty): (u8, &ValType)| matches!((letter, ty), (b'i', ValType::I32) | (b'f', ValType::F32));
        self.params.len() == params.len() && self.params.bytes().zip(params).all(same)
    }
}

/// Whether an import has the name of one of these functions, and another type.
pub(super) fn is_almost(import: &Import) -> bool {
    of(import).is_none() && FUNCTIONS.iter().any(|known| known.module == import.module && known.name == import.name)
}
