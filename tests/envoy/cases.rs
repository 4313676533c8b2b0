//! A request, and what must come of it in either proxy.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::ask::Ask;
use crate::chains::Chain;
use crate::envoy::{self, Envoy};
use crate::server;
use crate::support::PATIENCE;
use crate::upstream::Upstream;
use crate::wire::Message;

/// What each proxy says of itself, and how bodies are framed, which the ends of both connections have checked.
const OWN: [&str; 13] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "via",
    "x-real-ip",
    "x-request-id",
    "x-test",
];

/// A request through a chain, and its transcript: the status, headers by name, `| ` and each line of the body,
/// `trailer NAME: VALUE`; then for each request that the upstream had `> METHOD PATH` and the rest of it likewise.
pub(crate) struct Case {
    chain: &'static str,
    ask: Ask,
    expected: &'static [&'static str],
    check: Check,
    patient: bool,
    /// Envoy's own answer, where Holm's is another on purpose.
    envoy: Option<&'static [&'static str]>,
}

#[derive(Clone, Copy, PartialEq)]
enum Check {
    Exactly,
    Contains,
    /// The proxy's own error, whichever it takes for this, or a connection that is closed without a response.
    Refused,
}

pub(crate) fn case(chain: &'static str, ask: Ask, expected: &'static [&'static str]) -> Case {
    Case { chain, ask, expected, check: Check::Exactly, patient: false, envoy: None }
}

impl Case {
    /// The transcript has these lines, and others.
    pub(crate) fn among_others(self) -> Self {
        Self { check: Check::Contains, ..self }
    }

    /// Asks until it is so.
    pub(crate) fn at_last(self) -> Self {
        Self { patient: true, ..self }
    }

    /// In Envoy this comes of it.
    pub(crate) fn but_in_envoy(self, expected: &'static [&'static str]) -> Self {
        Self { envoy: Some(expected), ..self }
    }

    /// The transcript, if it is not the one expected.
    fn wrong(&self, who: &str, address: SocketAddr, upstream: &Upstream) -> Option<String> {
        let expected = self.envoy.filter(|_| who == "Envoy").unwrap_or(self.expected);
        let host = format!("{}.test", self.chain);
        let answer = self.ask.of(address, &host);
        let mut transcript = Transcript { host: &host, text: String::new() };
        transcript.answer(answer.as_ref(), self.check == Check::Refused);
        transcript.upstream(&upstream.asked());
        let lines: Vec<&str> = transcript.text.lines().collect();
        let fits = match self.check {
            Check::Contains => expected.iter().all(|line| lines.contains(line)),
            Check::Exactly | Check::Refused => lines == expected,
        };
        (!fits).then(|| format!("{who}, {}: {:?}\n  expected {expected:#?}\n  had {lines:#?}\n", self.chain, self.ask))
    }
}

/// The request fails with an error of the proxy's own, or none, and its upstream has what is expected.
pub(crate) fn refused(chain: &'static str, ask: Ask, expected: &'static [&'static str]) -> Case {
    Case { check: Check::Refused, ..case(chain, ask, expected) }
}

/// Runs the cases, in their order, through Envoy and through Holm.
#[track_caller]
pub(crate) fn compare(chains: &[Chain], cases: &[Case]) {
    let Some(program) = envoy::program() else { return };
    let mut wrong = String::new();
    {
        let upstream = Upstream::start();
        let envoy = Envoy::start(&program, chains, &upstream);
        run("Envoy", &envoy.addresses().into_iter().collect(), &upstream, cases, &mut wrong);
        assert!(wrong.is_empty(), "{wrong}");
    }
    if std::env::var_os("ENVOY_ALONE").is_some() {
        return;
    }
    let upstream = Upstream::start();
    let manifests: Vec<String> = chains.iter().map(|chain| chain.manifest(&upstream)).collect();
    let holm = server::serve_all(&manifests);
    let addresses = chains.iter().map(|chain| (chain.name.to_owned(), holm.address())).collect();
    run("Holm", &addresses, &upstream, cases, &mut wrong);
    assert!(wrong.is_empty(), "{wrong}");
}

fn run(who: &str, addresses: &BTreeMap<String, SocketAddr>, upstream: &Upstream, cases: &[Case], wrong: &mut String) {
    // What filters call at their start is not in answer to any request.
    let _ = upstream.asked();
    for case in cases {
        let deadline = Instant::now() + PATIENCE;
        let mut found = case.wrong(who, addresses[case.chain], upstream);
        while found.is_some() && case.patient && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
            found = case.wrong(who, addresses[case.chain], upstream);
        }
        if let Some(found) = found {
            let _ = write!(wrong, "{found}");
        }
    }
}

struct Transcript<'a> {
    host: &'a str,
    text: String,
}

impl Transcript<'_> {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text += line.as_ref();
        self.text.push('\n');
    }

    fn answer(&mut self, answer: Option<&Message>, refused: bool) {
        let status = answer.and_then(|answer| answer.first.split(' ').nth(1)).unwrap_or_default();
        if refused && matches!(status, "" | "502" | "503" | "504") {
            return self.line("(refused)");
        }
        let Some(answer) = answer else { return self.line("(closed)") };
        self.line(status);
        self.rest(answer, "");
        if !answer.whole {
            self.line("(cut)");
        }
    }

    fn upstream(&mut self, asked: &[Message]) {
        // Of one that was broken off it depends on the moment how much had been sent.
        for request in asked.iter().filter(|request| request.whole && !request.first.contains("/called-at-first")) {
            self.line(format!("> {}", request.first.trim_end_matches(" HTTP/1.1")));
            self.rest(request, "> ");
        }
    }

    fn rest(&mut self, message: &Message, before: &str) {
        let mut headers: Vec<_> = message.headers.iter().filter(|header| self.tells(header)).collect();
        // Of one name they stay in their order.
        headers.sort_by(|(left, _), (right, _)| left.cmp(right));
        for (name, value) in headers {
            self.line(format!("{before}{name}: {value}"));
        }
        for line in message.body.lines() {
            self.line(format!("{before}| {line}"));
        }
        let mut trailers: Vec<_> = message.trailers.iter().collect();
        trailers.sort();
        for (name, value) in trailers {
            self.line(format!("{before}trailer {name}: {value}"));
        }
    }

    fn tells(&self, (name, value): &(String, String)) -> bool {
        let forwarded = name.starts_with("x-envoy-") || name.starts_with("x-forwarded-");
        !(OWN.contains(&name.as_str()) || forwarded || (name == "host" && value == self.host))
    }
}
