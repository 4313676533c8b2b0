//! Asks what Spin offered without a version and as 2.0.0, as its words say, and answers with what came of it, as Rust prints it.

wit_bindgen::generate!({ path: "wit", world: "old", generate_all });

use exports::fermyon::spin::inbound_http::{self, Request, Response};
use exports::fermyon::spin::inbound_redis::{self, Error};
use fermyon::spin::http::send_request;
use fermyon::spin::http_types::Method;
use fermyon::spin::{config, key_value as kv1, llm as llm1};
use fermyon::spin2_0_0::{key_value as kv2, llm as llm2, variables};

struct Old;
export!(Old);

impl Guest for Old {
    fn ask(words: Vec<String>) -> String {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["config", name] => format!("{:?}", config::get_config(name)),
            ["variables", name] => format!("{:?}", variables::get(name)),
            ["kv1", name, ref rest @ ..] => kv1::open(name).map_or_else(said, |store| kv_1(store, rest)),
            ["kv1-handle", number, ref rest @ ..] => kv_1(number.parse().unwrap(), rest),
            ["kv2", name, ref rest @ ..] => kv2::Store::open(name).map_or_else(said, |store| kv_2(&store, rest)),
            ["kv2-hoard", name] => {
                let mut held = Vec::new();
                loop {
                    match kv2::Store::open(name) {
                        Ok(store) => held.push(store),
                        Err(error) => return format!("{error:?}, with more than 100: {}", held.len() > 100),
                    }
                }
            }
            ["speed", name, what, times] => speed(name, what, times.parse().unwrap()),
            ["llm1", model, prompt] => llm1::infer(model, prompt, None).map_or_else(said, |made| {
                format!("{} {} {}", made.text, made.usage.prompt_token_count, made.usage.generated_token_count)
            }),
            ["llm2", model, prompt] => {
                let params = llm2::InferencingParams {
                    max_tokens: 5,
                    repeat_penalty: 0.25,
                    repeat_penalty_last_n_token_count: 6,
                    temperature: 0.5,
                    top_k: 7,
                    top_p: 0.75,
                };
                llm2::infer(model, prompt, Some(params)).map_or_else(said, |made| {
                    format!("{} {} {}", made.text, made.usage.prompt_token_count, made.usage.generated_token_count)
                })
            }
            ["embed1", model, text] => llm1::generate_embeddings(model, &[text.into()])
                .map_or_else(said, |made| format!("{:?} {}", made.embeddings, made.usage.prompt_token_count)),
            ["embed2", model, text] => llm2::generate_embeddings(model, &[text.into()])
                .map_or_else(said, |made| format!("{:?} {}", made.embeddings, made.usage.prompt_token_count)),
            ["send", method, uri, ref headers @ ..] => send(method, uri, headers),
            _ => "nothing is called that".into(),
        }
    }
}

fn said(error: impl std::fmt::Debug) -> String {
    format!("Err({error:?})")
}

fn text(value: Vec<u8>) -> String {
    String::from_utf8_lossy(&value).into_owned()
}

fn kv_1(store: u32, words: &[&str]) -> String {
    match *words {
        ["get", key] => format!("{:?}", kv1::get(store, key).map(text)),
        ["set", key, value] => format!("{:?}", kv1::set(store, key, value.as_bytes())),
        ["delete", key] => format!("{:?}", kv1::delete(store, key)),
        ["exists", key] => format!("{:?}", kv1::exists(store, key)),
        ["keys"] => format!("{:?}", kv1::get_keys(store)),
        ["close", key] => {
            kv1::close(store);
            format!("{:?}", kv1::get(store, key).map(text))
        }
        _ => "nothing is called that".into(),
    }
}

fn kv_2(store: &kv2::Store, words: &[&str]) -> String {
    match *words {
        ["get", key] => format!("{:?}", store.get(key).map(|value| value.map(text))),
        ["set", key, value] => format!("{:?}", store.set(key, value.as_bytes())),
        ["set-long", key, length] => format!("{:?}", store.set(key, &vec![b'x'; length.parse().unwrap()])),
        ["delete", key] => format!("{:?}", store.delete(key)),
        ["exists", key] => format!("{:?}", store.exists(key)),
        ["keys"] => format!("{:?}", store.get_keys()),
        ["count"] => format!("{:?}", store.get_keys().map(|keys| keys.len())),
        _ => "nothing is called that".into(),
    }
}

/// Gets or sets so many times.
fn speed(name: &str, what: &str, times: u32) -> String {
    let store = kv2::Store::open(name).unwrap();
    for at in 0..times {
        let key = format!("key-{}", at % 1000);
        match what {
            "get" => drop(store.get(&key).unwrap()),
            _ => store.set(&key, &[b'x'; 100]).unwrap(),
        }
    }
    "done".into()
}

fn send(method: &str, uri: &str, headers: &[&str]) -> String {
    let (method, body) = match method.split_once('=') {
        Some((method, body)) => (method, Some(body.as_bytes().to_vec())),
        None => (method, None),
    };
    let methods = [Method::Get, Method::Post, Method::Put, Method::Delete, Method::Patch, Method::Head, Method::Options];
    let method = methods.into_iter().find(|known| format!("{known:?}") == format!("Method::{method}")).unwrap();
    let pair = |header: &&str| header.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
    let headers = headers.iter().map(pair).collect();
    let request = Request { method, uri: uri.into(), headers, params: vec![], body };
    match send_request(&request) {
        Ok(response) => format!("{} {}", response.status, text(response.body.unwrap_or_default())),
        Err(error) => error.name().into(),
    }
}

impl inbound_http::Guest for Old {
    fn handle_request(request: Request) -> Response {
        let status = request.uri.strip_prefix("/status/").map_or(200, |status| status.parse().unwrap());
        if request.uri == "/trap" {
            panic!("it was told to");
        }
        let mut headers: Vec<String> = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        headers.sort();
        let Request { method, uri, params, body, .. } = request;
        let body = format!("{method:?} {uri} {params:?}\n{}{}", headers.concat(), text(body.unwrap_or_default()));
        Response { status, headers: Some(vec![("x-made-by".into(), "spin-old".into())]), body: Some(body.into()) }
    }
}

impl inbound_redis::Guest for Old {
    fn handle_message(message: Vec<u8>) -> Result<(), Error> {
        match &message[..] {
            b"fail" => Err(Error::Error),
            b"trap" => panic!("it was told to"),
            message => {
                let store = kv1::open("default").map_err(|_| Error::Error)?;
                kv1::set(store, "last", message).map_err(|_| Error::Error)
            }
        }
    }
}
