//! Routes about the server as a whole.

use http::{Response, StatusCode};

use super::body::{self, AnswerBody};
use super::error::{ApiError, Code};
use super::{Answer, Api, openapi};

const PLAIN: &str = "text/plain; charset=utf-8";

pub(super) fn health() -> Response<AnswerBody> {
    body::text(StatusCode::OK, PLAIN, "ok\n".to_owned())
}

pub(super) fn openapi() -> Response<AnswerBody> {
    body::as_json(StatusCode::OK, &openapi::document())
}

impl Api {
    pub(super) fn ready(&self) -> Answer {
        let ready = self.0.backend.ready();
        ready.map_err(|why| ApiError::new(Code::NotReady, why))?;
        Ok(body::text(StatusCode::OK, PLAIN, "ready\n".to_owned()))
    }

    pub(super) fn metrics(&self) -> Response<AnswerBody> {
        body::text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", self.0.backend.metrics())
    }

    pub(super) fn top(&self) -> Response<AnswerBody> {
        body::as_json(StatusCode::OK, &self.0.backend.top())
    }

    pub(super) async fn reload(&self) -> Answer {
        let api = self.clone();
        // A task of its own: half of a reload must not depend on who waits for it.
        let reloaded = tokio::spawn(async move {
            let _change = api.0.changes.lock().await;
            api.0.backend.reload().await
        });
        let reloaded = reloaded.await.map_err(ApiError::panicked)?;
        reloaded.map_err(|rejection| ApiError::rejected("the new configuration", rejection))?;
        Ok(body::empty(StatusCode::NO_CONTENT))
    }
}
