//! Programs that answer HTTP requests as CGI: RFC 3875, with the conventions of WAGI.
//!
//! Every request is one run of the program. What is asked stands in its environment (`environment` lists the
//! variables), the request's body is its standard input, and it answers on its standard output: a block of headers, an
//! empty line, the body. Standard error is its log. Nothing is kept whole: the program waits while the client sends,
//! and while the client reads.
//!
//! Where we differ from WAGI: the first argument is the program's name, not the request's path, because programs choose
//! what they are by it; parameters of the query that begin with `-` are no arguments, because programs take those for
//! options. Where we differ from the RFC: a `Location` that is only a path is sent to the client as well, as WAGI does.

mod environment;
mod head;
mod response;
mod wagi;

use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Body, Command, Error, Exchange, HttpHandler, Incoming, Input, Kind, Output, Result, Run, pipe};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Empty, Full};

use response::Program;

/// Bytes of a response that are kept while the client does not read.
const KEPT: usize = 64 << 10;

/// A program that answers HTTP requests as CGI. Every request is a fresh instance.
pub struct Cgi {
    command: Arc<dyn Command>,
    /// The program's name and the arguments that do not come from the request.
    args: Vec<String>,
    /// The arguments of a program that Spin's executor `wagi` would run.
    wagi: Option<String>,
}

impl Cgi {
    /// Answers with runs of `command`, which is called `name` in its own arguments and in messages.
    pub fn new(command: Arc<dyn Command>, name: impl Into<String>) -> Self {
        Self { command, args: vec![name.into()], wagi: None }
    }

    /// With arguments that come before those of the request.
    #[must_use]
    pub fn with_args(mut self, args: impl IntoIterator<Item = String>) -> Self {
        self.args.extend(args);
        self
    }

    /// Has the program be run as by Spin's executor `wagi`: with these arguments alone, its name first, and with more
    /// variables. The server has to have told in the request's headers by which route it came.
    #[must_use]
    pub fn as_wagi(self, argv: impl Into<String>) -> Self {
        Self { wagi: Some(argv.into()), ..self }
    }

    fn arguments(&self, uri: &Uri) -> Vec<String> {
        match &self.wagi {
            Some(argv) => wagi::arguments(argv, uri),
            None => self.args.iter().cloned().chain(environment::arguments(uri)).collect(),
        }
    }
}

#[async_trait]
impl HttpHandler for Cgi {
    async fn handle(&self, request: Request<Body>, exchange: Exchange) -> Result<Response<Body>> {
        let (parts, mut body) = request.into_parts();
        let Some(mut env) = environment::variables(&parts, &body, &exchange) else { return Ok(bad_request()) };
        if self.wagi.is_some() {
            let length = length(&mut body).await?;
            env = wagi::variables(env, &parts, length);
        }
        let (stdout, output) = pipe(KEPT);
        let run = Run {
            args: self.arguments(&parts.uri),
            env,
            stdin: Some(Input::Stream(Incoming::new(body))),
            stdout: Some(Output::Pipe(stdout)),
            stderr: exchange.observer.as_ref().map(|observer| observer.stdio().stderr),
            usage: exchange.usage,
            outbound: exchange.outbound,
        };
        let command = Arc::clone(&self.command);
        let guest = Box::pin(async move { command.run(&run).await });
        let name = self.args.first().map_or("", String::as_str);
        let program = Program { name: name.into(), guest: Some(guest), output, observer: exchange.observer };
        program.respond(parts.method == Method::HEAD).await
    }
}

/// How long a body is. One that does not say so is read to its end first, since the program has to know; no more of it comes
/// than the guest accepts.
async fn length(body: &mut Body) -> Result<u64> {
    if let Some(length) = body.size_hint().exact() {
        return Ok(length);
    }
    let whole = body
        .collect()
        .await
        .map_err(|error| Error::new(Kind::NoResponse, format!("the request's body could not be read: {error}")))?;
    let whole = whole.to_bytes();
    let length = whole.len() as u64;
    *body = Full::new(whole).map_err(|never| match never {}).boxed_unsync();
    Ok(length)
}

/// The answer to a path that an environment variable cannot hold.
fn bad_request() -> Response<Body> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

/// The error of a program that did not answer as one does.
fn no_response(program: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::NoResponse, format!("{program}: {why}")).note(
        "a CGI program writes headers to standard output, such as `Content-Type: text/plain`, then an empty line, then \
         the body",
    )
}
