//! What goes wrong, as HTTP: the one place where errors become responses. Clients learn what to do next, never what
//! went on inside; that is in the log, under the same request id.

use std::time::Duration;

use bytes::Bytes;
use holm_abi::Kind;
use http::{HeaderValue, Response, StatusCode, header};

use crate::observe::{Outcome, Refusal as Seen};

/// Why a request was not answered by its guest.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No route covers it.
    NoRoute,
    /// The guest is left alone after many failures.
    Failing(Duration),
    /// Too many requests wait already.
    QueueFull,
    /// All apps together have as many instances, or as much memory, as they may.
    ServerFull,
    /// It waited too long for its turn, or for the first byte of its response.
    TooLate,
    /// Its body is larger than the guest accepts.
    TooLarge,
    /// Its body did not come in time, so the guest did not answer.
    TooSlow,
    /// Its body broke off, so the guest did not answer.
    BrokenOff,
    /// The guest could not be loaded.
    NotLoaded,
    /// The guest failed.
    Guest(Kind),
}

impl Refusal {
    /// The status, and how long to wait before trying again, if that helps. `spin`: in an app of Spin's, where a guest that
    /// fails is an error of the server.
    fn status(&self, spin: bool) -> (StatusCode, Option<Duration>) {
        match self {
            Refusal::NoRoute => (StatusCode::NOT_FOUND, None),
            Refusal::Failing(left) => (StatusCode::SERVICE_UNAVAILABLE, Some(*left)),
            Refusal::QueueFull | Refusal::ServerFull => (StatusCode::SERVICE_UNAVAILABLE, Some(Duration::from_secs(1))),
            Refusal::TooLate => (StatusCode::GATEWAY_TIMEOUT, None),
            Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None),
            Refusal::TooSlow => (StatusCode::REQUEST_TIMEOUT, None),
            Refusal::BrokenOff => (StatusCode::BAD_REQUEST, None),
            Refusal::NotLoaded => (StatusCode::SERVICE_UNAVAILABLE, Some(Duration::from_secs(5))),
            Refusal::Guest(Kind::OutOfCpu | Kind::OutOfTime | Kind::OutOfFuel) => (StatusCode::GATEWAY_TIMEOUT, None),
            Refusal::Guest(_) if spin => (StatusCode::INTERNAL_SERVER_ERROR, None),
            Refusal::Guest(Kind::Internal | Kind::Io) => (StatusCode::INTERNAL_SERVER_ERROR, None),
            Refusal::Guest(_) => (StatusCode::BAD_GATEWAY, None),
        }
    }

    fn says(&self) -> &'static str {
        match self {
            Refusal::NoRoute => "nothing is served here",
            Refusal::Failing(_) => "the app is failing; try again later",
            Refusal::QueueFull => "the app has too many requests to answer; try again later",
            Refusal::ServerFull => "the server has too much to do; try again later",
            Refusal::TooLate => "the app did not answer in time",
            Refusal::TooLarge => "the request's body is too large",
            Refusal::TooSlow => "the request's body did not come in time",
            Refusal::BrokenOff => "the request's body broke off",
            Refusal::NotLoaded => "the app cannot be loaded",
            Refusal::Guest(Kind::OutOfCpu | Kind::OutOfTime | Kind::OutOfFuel) => "the app did not answer in time",
            Refusal::Guest(_) => "the app failed",
        }
    }

    /// What became of the request, for metrics; `None` where it is the guest's failure, or nobody's.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self {
            Refusal::Failing(_) => Some(Outcome::Refused(Seen::Breaker)),
            Refusal::QueueFull => Some(Outcome::Refused(Seen::QueueFull)),
            Refusal::ServerFull => Some(Outcome::Refused(Seen::ServerFull)),
            Refusal::TooLate => Some(Outcome::Refused(Seen::QueueTime)),
            Refusal::TooLarge => Some(Outcome::Refused(Seen::TooLarge)),
            Refusal::TooSlow => Some(Outcome::Refused(Seen::TooSlow)),
            Refusal::BrokenOff => Some(Outcome::ClientGone),
            Refusal::NoRoute | Refusal::NotLoaded | Refusal::Guest(_) => None,
        }
    }

    /// The response, with the request's id for whoever asks after it.
    pub(crate) fn response(&self, id: &str, spin: bool) -> Response<Bytes> {
        let (status, retry) = self.status(spin);
        let text = format!("{}: {}\nrequest {id}\n", status.as_u16(), self.says());
        let mut response = Response::new(Bytes::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert("x-request-id", id);
        }
        if let Some(retry) = retry {
            // Whole seconds, and never too early.
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry.as_millis().div_ceil(1000) as u64));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_app_says_when_to_come_back_and_nothing_of_its_insides() {
        let response = Refusal::Failing(Duration::from_millis(1200)).response("00ff", false);
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        assert_eq!(response.headers()["x-request-id"], "00ff");
        assert_eq!(Refusal::Guest(Kind::Trap).response("00ff", true).status(), 500);
        assert_eq!(Refusal::Guest(Kind::OutOfCpu).response("00ff", true).status(), 504);
        let response = Refusal::Guest(Kind::Trap).response("00ff", false);
        assert_eq!(response.status(), 502);
        assert!(!String::from_utf8_lossy(response.body()).contains("trap"));
    }
}
