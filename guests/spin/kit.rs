//! What the kits of SDK 2 and 3 have in common.

use anyhow::{anyhow, Result};
use spin_sdk::http::{IntoResponse, Request, Response};
use spin_sdk::key_value::Store;
use spin_sdk::{http_component, llm, mysql, pg, redis, sqlite, variables};

/// A request, taken apart.
pub(crate) struct Asked {
    pub(crate) path: String,
    query: Vec<(String, String)>,
    headers: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let query = request.query().split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        let headers = request.headers().map(|(name, value)| format!("{name}: {}\n", value.as_str().unwrap_or("?")));
        let mut headers: Vec<String> = headers.collect();
        headers.sort();
        let (path, body) = (request.path().to_owned(), request.body().to_vec());
        Self { path, query, headers: headers.concat(), body }
    }

    pub(crate) fn words(&self) -> Vec<&str> {
        self.path.split('/').filter(|word| !word.is_empty()).collect()
    }

    pub(crate) fn query(&self, name: &str) -> Result<String> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).ok_or_else(|| anyhow!("the query has no {name}"))
    }

    pub(crate) fn text(&self) -> Result<String> {
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

pub(crate) fn said(error: impl std::fmt::Debug) -> anyhow::Error {
    anyhow!("{error:?}")
}

#[http_component]
async fn handle_request(request: Request) -> Result<impl IntoResponse> {
    let asked = Asked::of(&request);
    Ok(match answer(&asked).await {
        Ok(text) => Response::new(200, text),
        Err(error) => Response::new(500, format!("{error:#}")),
    })
}

async fn answer(asked: &Asked) -> Result<String> {
    match asked.words().as_slice() {
        ["headers", ..] => Ok(asked.headers.clone()),
        ["env"] => Ok(std::env::vars().map(|(name, value)| format!("{name}={value}\n")).collect()),
        ["file", path @ ..] => Ok(std::fs::read_to_string(format!("/{}", path.join("/")))?),
        ["write", path @ ..] => Ok(std::fs::write(format!("/{}", path.join("/")), &asked.body).map(|()| "written".into())?),
        ["log"] => {
            println!("{}", asked.text()?);
            Ok(String::new())
        }
        ["trap"] => panic!("it was told to"),
        ["loop"] => loop {
            std::hint::black_box(());
        },
        ["variables", name] => variables::get(name).map_err(said),
        ["kv", store, rest @ ..] => kv(store, rest, asked),
        ["sqlite", name] => sqlite(name, &asked.text()?),
        ["redis", what] => redis(what, asked),
        ["pg"] => pg(asked),
        ["mysql"] => mysql(asked),
        ["llm"] => {
            let result = llm::infer(llm::InferencingModel::Other(&asked.query("model")?), &asked.text()?);
            let result = result.map_err(said)?;
            Ok(format!("{} ({} and {})", result.text, result.usage.prompt_token_count, result.usage.generated_token_count))
        }
        ["embed"] => {
            let model = asked.query("model")?;
            let result = llm::generate_embeddings(llm::EmbeddingModel::Other(&model), &[asked.text()?]).map_err(said)?;
            Ok(format!("{:?}", result.embeddings))
        }
        ["send"] => {
            let request = Request::get(asked.query("url")?).build();
            let response: Response = spin_sdk::http::send(request).await.map_err(said)?;
            Ok(format!("{}\n{}", response.status(), String::from_utf8_lossy(response.body())))
        }
        _ => crate::newer::answer(asked).await,
    }
}

fn kv(store: &str, what: &[&str], asked: &Asked) -> Result<String> {
    let store = Store::open(store).map_err(said)?;
    match what {
        ["get", key] => {
            let value = store.get(key).map_err(said)?;
            Ok(value.map_or("none".into(), |value| String::from_utf8_lossy(&value).into_owned()))
        }
        ["set", key] => store.set(key, &asked.body).map(|()| "set".into()).map_err(said),
        ["delete", key] => store.delete(key).map(|()| "deleted".into()).map_err(said),
        ["exists", key] => store.exists(key).map(|is| is.to_string()).map_err(said),
        ["keys"] => {
            let mut keys = store.get_keys().map_err(said)?;
            keys.sort();
            Ok(keys.join("\n"))
        }
        _ => Err(anyhow!("nothing is called {}", asked.path)),
    }
}

fn sqlite(name: &str, sql: &str) -> Result<String> {
    let database = sqlite::Connection::open(name).map_err(said)?;
    let result = database.execute(sql, &[]).map_err(said)?;
    let rows = result.rows.iter().map(|row| format!("{:?}\n", row.values));
    Ok(format!("{}\n{}", result.columns.join(", "), rows.collect::<String>()))
}

fn redis(what: &str, asked: &Asked) -> Result<String> {
    let server = redis::Connection::open(&asked.query("address")?).map_err(said)?;
    let key = || asked.query("key");
    let values = || Ok::<_, anyhow::Error>(asked.text()?.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    Ok(match what {
        "get" => match server.get(&key()?).map_err(said)? {
            Some(value) => String::from_utf8_lossy(&value).into_owned(),
            None => "none".into(),
        },
        "set" => server.set(&key()?, &asked.body).map(|()| "set".into()).map_err(said)?,
        "incr" => server.incr(&key()?).map_err(said)?.to_string(),
        "publish" => server.publish(&key()?, &asked.body).map(|()| "published".into()).map_err(said)?,
        "del" => server.del(&values()?).map_err(said)?.to_string(),
        "sadd" => server.sadd(&key()?, &values()?).map_err(said)?.to_string(),
        "smembers" => {
            let mut members = server.smembers(&key()?).map_err(said)?;
            members.sort();
            members.join(" ")
        }
        "srem" => server.srem(&key()?, &values()?).map_err(said)?.to_string(),
        "execute" => {
            let mut words = values()?.into_iter();
            let command = words.next().unwrap_or_default();
            let words: Vec<_> = words.map(|word| redis::RedisParameter::Binary(word.into_bytes())).collect();
            format!("{:?}", server.execute(&command, &words).map_err(said)?)
        }
        _ => return Err(anyhow!("nothing is called {}", asked.path)),
    })
}

fn pg(asked: &Asked) -> Result<String> {
    let server = pg::Connection::open(&asked.query("address")?).map_err(said)?;
    let sql = asked.text()?;
    if !sql.trim_start().to_lowercase().starts_with("select") {
        return Ok(format!("{} rows", server.execute(&sql, &[]).map_err(said)?));
    }
    let result = server.query(&sql, &[]).map_err(said)?;
    let columns: Vec<_> = result.columns.iter().map(|column| format!("{}: {:?}", column.name, column.data_type)).collect();
    Ok(format!("{}\n{}", columns.join(", "), result.rows.iter().map(|row| format!("{row:?}\n")).collect::<String>()))
}

fn mysql(asked: &Asked) -> Result<String> {
    let server = mysql::Connection::open(&asked.query("address")?).map_err(said)?;
    let sql = asked.text()?;
    if !sql.trim_start().to_lowercase().starts_with("select") {
        return server.execute(&sql, &[]).map(|()| "done".into()).map_err(said);
    }
    let result = server.query(&sql, &[]).map_err(said)?;
    let columns: Vec<_> = result.columns.iter().map(|column| format!("{}: {:?}", column.name, column.data_type)).collect();
    Ok(format!("{}\n{}", columns.join(", "), result.rows.iter().map(|row| format!("{row:?}\n")).collect::<String>()))
}
