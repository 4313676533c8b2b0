//! Does what its path asks for, and answers with what came of it: with 500 and the error's own words where that is an error.
//! README.md beside this folder lists what there is to ask for.

use anyhow::{anyhow, bail, Result};
use http_body_util::BodyExt;
use spin_sdk::http::{IntoResponse, Request, StatusCode};
use spin_sdk::key_value::Store;
use spin_sdk::{http_service, llm, mqtt, mysql, pg, redis, sqlite, variables};

/// A request, taken apart.
struct Asked {
    path: String,
    query: Vec<(String, String)>,
    headers: String,
    body: Vec<u8>,
}

impl Asked {
    async fn of(request: Request) -> Result<Self> {
        let (head, body) = request.into_parts();
        let query = head.uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        let headers = head.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or("?")));
        let mut headers: Vec<String> = headers.collect();
        headers.sort();
        let body = body.collect().await.map_err(said)?.to_bytes().to_vec();
        Ok(Self { path: head.uri.path().to_owned(), query, headers: headers.concat(), body })
    }

    fn words(&self) -> Vec<&str> {
        self.path.split('/').filter(|word| !word.is_empty()).collect()
    }

    fn query(&self, name: &str) -> Result<String> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).ok_or_else(|| anyhow!("the query has no {name}"))
    }

    fn text(&self) -> Result<String> {
        Ok(String::from_utf8(self.body.clone())?)
    }
}

/// Percent-decoding, as far as tests need it.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits = (byte == b'%').then(|| [rest.next(), rest.next()]);
        let code = digits.and_then(|digits| match digits {
            [Some(a), Some(b)] => u8::from_str_radix(std::str::from_utf8(&[a, b]).ok()?, 16).ok(),
            _ => None,
        });
        bytes.push(code.unwrap_or(byte));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn said(error: impl std::fmt::Debug) -> anyhow::Error {
    anyhow!("{error:?}")
}

#[http_service]
async fn handle_request(request: Request) -> impl IntoResponse {
    let answered = match Asked::of(request).await {
        Ok(asked) => answer(&asked).await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(text) => (StatusCode::OK, text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
    }
}

async fn answer(asked: &Asked) -> Result<String> {
    match asked.words().as_slice() {
        ["headers", ..] => Ok(asked.headers.clone()),
        ["env"] => Ok(std::env::vars().map(|(name, value)| format!("{name}={value}\n")).collect()),
        ["file", path @ ..] => Ok(std::fs::read_to_string(format!("/{}", path.join("/")))?),
        ["log"] => {
            println!("{}", asked.text()?);
            Ok(String::new())
        }
        ["trap"] => panic!("it was told to"),
        ["loop"] => loop {
            std::hint::black_box(());
        },
        ["variables", name] => variables::get(name).await.map_err(said),
        ["kv", store, rest @ ..] => kv(store, rest, asked).await,
        ["sqlite", name] => sqlite(name, &asked.text()?).await,
        ["redis", what] => redis(what, asked).await,
        ["mqtt"] => {
            let broker = mqtt::Connection::open(asked.query("address")?, "", "", 30).await.map_err(said)?;
            let topic = asked.query("topic")?;
            broker.publish(topic, asked.body.clone(), mqtt::Qos::AtLeastOnce).await.map_err(said)?;
            Ok("published".into())
        }
        ["pg"] => pg(asked).await,
        ["mysql"] => mysql(asked).await,
        ["llm"] => {
            let model = asked.query("model")?;
            let result = llm::infer(llm::InferencingModel::Other(&model), &asked.text()?).map_err(said)?;
            Ok(format!("{} ({} and {})", result.text, result.usage.prompt_token_count, result.usage.generated_token_count))
        }
        ["embed"] => {
            let model = asked.query("model")?;
            let result = llm::generate_embeddings(llm::EmbeddingModel::Other(&model), &[asked.text()?]).map_err(said)?;
            Ok(format!("{:?}", result.embeddings))
        }
        ["send"] => {
            let response = spin_sdk::http::get(asked.query("url")?).await.map_err(said)?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.map_err(said)?.to_bytes();
            Ok(format!("{status}\n{}", String::from_utf8_lossy(&body)))
        }
        _ => bail!("nothing is called {}", asked.path),
    }
}

async fn kv(store: &str, what: &[&str], asked: &Asked) -> Result<String> {
    let store = Store::open(store).await.map_err(said)?;
    match what {
        ["get", key] => {
            let value = store.get(key).await.map_err(said)?;
            Ok(value.map_or("none".into(), |value| String::from_utf8_lossy(&value).into_owned()))
        }
        ["set", key] => store.set(key, &asked.body).await.map(|()| "set".into()).map_err(said),
        ["delete", key] => store.delete(key).await.map(|()| "deleted".into()).map_err(said),
        ["exists", key] => store.exists(key).await.map(|is| is.to_string()).map_err(said),
        ["keys"] => {
            let mut keys = store.get_keys().await.collect().await.map_err(said)?;
            keys.sort();
            Ok(keys.join("\n"))
        }
        _ => bail!("nothing is called {}", asked.path),
    }
}

async fn sqlite(name: &str, sql: &str) -> Result<String> {
    let database = sqlite::Connection::open(name).await.map_err(said)?;
    let result = database.execute(sql, []).await.map_err(said)?;
    let columns = result.columns().join(", ");
    let rows = result.collect().await.map_err(said)?;
    let rows: String = rows.iter().map(|row| format!("{:?}\n", row.values)).collect();
    let (id, changes) = (database.last_insert_rowid().await, database.changes().await);
    Ok(format!("{columns}\n{rows}{id} {changes}\n"))
}

async fn redis(what: &str, asked: &Asked) -> Result<String> {
    let server = redis::Connection::open(asked.query("address")?).await.map_err(said)?;
    let key = || asked.query("key");
    let values = || Ok::<_, anyhow::Error>(asked.text()?.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    Ok(match what {
        "get" => match server.get(key()?).await.map_err(said)? {
            Some(value) => String::from_utf8_lossy(&value).into_owned(),
            None => "none".into(),
        },
        "set" => server.set(key()?, &asked.body).await.map(|()| "set".into()).map_err(said)?,
        "incr" => server.incr(key()?).await.map_err(said)?.to_string(),
        "publish" => server.publish(key()?, &asked.body).await.map(|()| "published".into()).map_err(said)?,
        "del" => server.del(values()?).await.map_err(said)?.to_string(),
        "sadd" => server.sadd(key()?, values()?).await.map_err(said)?.to_string(),
        "smembers" => {
            let mut members = server.smembers(key()?).await.map_err(said)?;
            members.sort();
            members.join(" ")
        }
        "srem" => server.srem(key()?, values()?).await.map_err(said)?.to_string(),
        "execute" => {
            let mut words = values()?.into_iter();
            let command = words.next().unwrap_or_default();
            let words: Vec<_> = words.map(|word| redis::RedisParameter::Binary(word.into_bytes())).collect();
            format!("{:?}", server.execute(command, words).await.map_err(said)?)
        }
        _ => bail!("nothing is called {}", asked.path),
    })
}

async fn pg(asked: &Asked) -> Result<String> {
    let server = pg::Connection::open(asked.query("address")?).await.map_err(said)?;
    let sql = asked.text()?;
    if !sql.trim_start().to_lowercase().starts_with("select") {
        return Ok(format!("{} rows", server.execute(sql, []).await.map_err(said)?));
    }
    let (columns, rows, result) = server.query(sql, []).await.map_err(said)?.into_inner();
    let columns: Vec<_> = columns.iter().map(|column| format!("{}: {:?}", column.name, column.data_type)).collect();
    let rows: String = rows.collect().await.iter().map(|row| format!("{row:?}\n")).collect();
    result.await.map_err(said)?;
    Ok(format!("{}\n{rows}", columns.join(", ")))
}

async fn mysql(asked: &Asked) -> Result<String> {
    let server = mysql::Connection::open(asked.query("address")?).await.map_err(said)?;
    let sql = asked.text()?;
    if !sql.trim_start().to_lowercase().starts_with("select") {
        return server.execute(sql, vec![]).await.map(|()| "done".into()).map_err(said);
    }
    let (columns, rows, result) = server.query(sql, vec![]).await.map_err(said)?.into_inner();
    let columns: Vec<_> = columns.iter().map(|column| format!("{}: {:?}", column.name, column.data_type)).collect();
    let rows: String = rows.collect().await.iter().map(|row| format!("{row:?}\n")).collect();
    result.await.map_err(said)?;
    Ok(format!("{}\n{rows}", columns.join(", ")))
}
