//! Asks what Spin offers since version 4, and what it offers of WASI's drafts, as its words say; answers with what came of it,
//! as Rust prints it.

wit_bindgen::generate!({ path: "wit", world: "new", generate_all });

use spin::key_value::key_value::{Error, Store};
use spin::variables::variables;
use wasi::config::store as config;
use wasi::keyvalue::{batch, store};
use wasi::otel::{metrics, tracing};

struct New;
export!(New);

impl Guest for New {
    async fn ask(words: Vec<String>) -> String {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["variables", name] => format!("{:?}", variables::get(name.into()).await),
            ["config", name] => format!("{:?}", config::get(name)),
            ["config"] => format!("{:?}", config::get_all()),
            ["kv", name, ref rest @ ..] => match Store::open(name.into()).await {
                Ok(store) => kv(&store, rest).await,
                Err(error) => format!("Err({error:?})"),
            },
            ["wasi-kv", name, ref keys @ ..] => many(name, keys),
            ["otel"] => {
                let outer = tracing::outer_span_context();
                tracing::on_start(&outer);
                let exported = metrics::export(&metrics::ResourceMetrics { attributes: vec![("a".into(), "b".into())] });
                format!("{} {} {} {exported:?}", outer.trace_id, outer.span_id, outer.is_remote)
            }
            _ => "nothing is called that".into(),
        }
    }
}

async fn kv(store: &Store, words: &[&str]) -> String {
    let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
    match *words {
        ["get", key] => format!("{:?}", store.get(key.into()).await.map(|value| value.map(text))),
        ["set", key, value] => format!("{:?}", store.set(key.into(), value.into()).await),
        ["delete", key] => format!("{:?}", store.delete(key.into()).await),
        ["exists", key] => format!("{:?}", store.exists(key.into()).await),
        ["keys"] => {
            let (keys, ended) = store.get_keys().await;
            format!("{:?} {:?}", keys.collect().await, ended.await)
        }
        ["count"] => {
            let (mut keys, ended) = store.get_keys().await;
            let (mut count, mut last) = (0, String::new());
            while let Some(key) = keys.next().await {
                assert!(last < key, "{last} before {key}");
                (count, last) = (count + 1, key);
            }
            format!("{count} {:?}", ended.await)
        }
        ["first"] => {
            let (mut keys, ended) = store.get_keys().await;
            let first = keys.next().await;
            drop(keys);
            let ended: Result<(), Error> = ended.await;
            format!("{first:?} {ended:?}")
        }
        _ => "nothing is called that".into(),
    }
}

fn many(name: &str, keys: &[&str]) -> String {
    let bucket = match store::open(name) {
        Ok(bucket) => bucket,
        Err(error) => return format!("Err({error:?})"),
    };
    let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    format!("{:?}", batch::get_many(&bucket, &keys))
}
