//! What tests of early Spin modules ask: the path names a function, its arguments follow, one on each line of the body.
//! The answer is `ok ...` or `error: ...`.

use old::rdbms::Server::{Mysql, Postgres};
use old::{Request, Response, http, kv, llm, rdbms, redis, sqlite};

#[unsafe(export_name = "handle-http-request")]
#[allow(clippy::too_many_arguments)]
unsafe extern "C" fn handle_http_request(
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
    g: usize,
    h: usize,
    i: usize,
    j: usize,
) -> *const u8 {
    unsafe { old::handle_http([a, b, c, d, e, f, g, h, i, j], answer) }
}

fn answer(request: Request) -> Response {
    let path = request.uri.split('?').next().unwrap_or_default();
    match path {
        "/" => return Response::text(200, "Hello from an early Spin!"),
        "/echo" => return echo(request),
        "/nothing" => return Response { status: 204, headers: None, body: None },
        "/status" => return Response { status: 9, headers: None, body: None },
        "/header" => return Response { status: 200, headers: Some(vec![("a b".into(), "c".into())]), body: None },
        "/cookies" => {
            let cookie = |value: &str| ("set-cookie".to_owned(), value.to_owned());
            return Response { status: 200, headers: Some(vec![cookie("a=1"), cookie("b=2")]), body: None };
        }
        "/trap" => panic!("as asked"),
        "/exit" => std::process::exit(3),
        "/loop" => loop {
            std::hint::black_box(());
        },
        "/env" => return Response::text(200, std::env::var("GREETING").unwrap_or_default()),
        "/print" => println!("printed by the guest"),
        _ => {}
    }
    let body = String::from_utf8(request.body.unwrap_or_default()).expect("text");
    let args: Vec<&str> = body.split('\n').collect();
    match called(path, &args) {
        Ok(text) => Response::text(200, format!("ok {text}")),
        Err(error) => Response::text(200, format!("error: {error}")),
    }
}

fn echo(request: Request) -> Response {
    let body = request.body.unwrap_or_default();
    let headers = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    let text = format!("{} {}\n{}{} bytes", request.method, request.uri, headers.collect::<String>(), body.len());
    Response { status: 201, headers: Some(vec![("x-text".to_owned(), text)]), body: Some(body) }.shown()
}

trait Shown {
    fn shown(self) -> Self;
}

impl Shown for Response {
    /// What a header of a response cannot carry goes before its body.
    fn shown(mut self) -> Self {
        let text = self.headers.take().into_iter().flatten().map(|(_, value)| value + "\n").collect::<String>();
        let body = self.body.take().unwrap_or_default();
        self.body = Some([text.into_bytes(), body].concat());
        self
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

fn called(path: &str, args: &[&str]) -> Result<String, String> {
    let rest = |from: usize| args.iter().skip(from).map(|arg| (*arg).to_owned()).collect::<Vec<String>>();
    let rows = |(columns, rows): (Vec<String>, Vec<Vec<String>>)| format!("{columns:?} {rows:?}");
    Ok(match path {
        "/config" => old::config(args[0])?,
        "/kv/get" => text(kv::get(kv::open(args[0])?, args[1])?),
        "/kv/set" => {
            let store = kv::open(args[0])?;
            kv::set(store, args[1], args[2].as_bytes())?;
            let value = kv::get(store, args[1]);
            kv::close(store);
            text(value?)
        }
        "/kv/many" => {
            let store = kv::open(args[0])?;
            let many: usize = args[1].parse().expect("a number");
            (0..many).try_for_each(|n| kv::set(store, &format!("key {n}"), &[0]))?;
            kv::keys(store)?.len().to_string()
        }
        "/kv/delete" => kv::delete(kv::open(args[0])?, args[1]).map(|()| String::new())?,
        "/kv/exists" => kv::exists(kv::open(args[0])?, args[1])?.to_string(),
        "/kv/keys" => format!("{:?}", kv::keys(kv::open(args[0])?)?),
        "/kv/closed" => {
            let store = kv::open(args[0])?;
            kv::close(store);
            text(kv::get(store, args[1])?)
        }
        "/kv/open" => {
            let mut last = 0;
            for _ in 0..args[1].parse::<usize>().expect("a number") {
                last = kv::open(args[0])?;
            }
            last.to_string()
        }
        "/http" => {
            let (method, uri) = (args[0].parse().expect("a number"), args[1].to_owned());
            let headers = vec![("x-asked".to_owned(), "yes".to_owned()), ("authorization".to_owned(), "secret".to_owned())];
            let body = (args.len() > 2).then(|| args[2].as_bytes().to_vec());
            let response = http::request(&Request { method, uri, headers, body })?;
            let typed = response.headers.unwrap_or_default().into_iter().find(|(name, _)| name == "x-answer");
            format!("{} {typed:?} {}", response.status, text(response.body.unwrap_or_default()))
        }
        "/redis/publish" => redis::publish(args[0], args[1], args[2].as_bytes()).map(|()| String::new())?,
        "/redis/get" => text(redis::get(args[0], args[1])?),
        "/redis/set" => redis::set(args[0], args[1], args[2].as_bytes()).map(|()| String::new())?,
        "/redis/incr" => redis::incr(args[0], args[1])?.to_string(),
        "/redis/del" => redis::del(args[0], &rest(1))?.to_string(),
        "/redis/sadd" => redis::sadd(args[0], args[1], &rest(2))?.to_string(),
        "/redis/smembers" => {
            let mut all = redis::smembers(args[0], args[1])?;
            all.sort();
            format!("{all:?}")
        }
        "/redis/srem" => redis::srem(args[0], args[1], &rest(2))?.to_string(),
        "/redis/execute" => format!("{:?}", redis::execute(args[0], args[1], &rest(2))?),
        "/pg/query" => rows(rdbms::query(Postgres, args[0], args[1], &rest(2))?),
        "/pg/execute" => rdbms::execute(Postgres, args[0], args[1], &rest(2))?.to_string(),
        "/mysql/query" => rows(rdbms::query(Mysql, args[0], args[1], &rest(2))?),
        "/mysql/execute" => rdbms::execute(Mysql, args[0], args[1], &rest(2))?.to_string(),
        "/sqlite" => {
            let connection = sqlite::open(args[0])?;
            let result = sqlite::execute(connection, args[1], &rest(2));
            sqlite::close(connection);
            rows(result?)
        }
        "/sqlite/closed" => {
            let connection = sqlite::open(args[0])?;
            sqlite::close(connection);
            rows(sqlite::execute(connection, args[1], &[])?)
        }
        "/llm/infer" => llm::infer(args[0], args[1], args.get(2).map(|most| most.parse().expect("a number")))?,
        "/llm/embed" => llm::embed(args[0], &rest(1))?,
        other => return Err(format!("nothing is called {other}")),
    })
}
