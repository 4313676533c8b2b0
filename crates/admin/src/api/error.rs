//! Errors as the API answers them.

use http::StatusCode;

use crate::store::StoreError;
use crate::wire::{ErrorAnswer, ErrorInfo};
use crate::{BadDigest, BadName};

use super::Rejection;

/// What programs can tell errors apart by. One place for the word and the status of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    BadRequest,
    BadName,
    WrongDigest,
    Unauthorized,
    Forbidden,
    NoSuchRoute,
    NoSuchApp,
    NoSuchVersion,
    NoSuchBlob,
    MethodNotAllowed,
    Timeout,
    VersionConflict,
    NoEarlierVersion,
    TooLarge,
    UnsupportedMediaType,
    MissingBlobs,
    Rejected,
    Internal,
    Damaged,
    Busy,
    NotReady,
    NoRoom,
}

impl Code {
    /// The word and the HTTP status.
    pub(crate) fn parts(self) -> (&'static str, StatusCode) {
        match self {
            Self::BadRequest => ("bad_request", StatusCode::BAD_REQUEST),
            Self::BadName => ("bad_name", StatusCode::BAD_REQUEST),
            Self::WrongDigest => ("wrong_digest", StatusCode::BAD_REQUEST),
            Self::Unauthorized => ("unauthorized", StatusCode::UNAUTHORIZED),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN),
            Self::NoSuchRoute => ("no_such_route", StatusCode::NOT_FOUND),
            Self::NoSuchApp => ("no_such_app", StatusCode::NOT_FOUND),
            Self::NoSuchVersion => ("no_such_version", StatusCode::NOT_FOUND),
            Self::NoSuchBlob => ("no_such_blob", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED),
            Self::Timeout => ("timeout", StatusCode::REQUEST_TIMEOUT),
            Self::VersionConflict => ("version_conflict", StatusCode::CONFLICT),
            Self::NoEarlierVersion => ("no_earlier_version", StatusCode::CONFLICT),
            Self::TooLarge => ("too_large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::UnsupportedMediaType => ("unsupported_media_type", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::MissingBlobs => ("missing_blobs", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Rejected => ("rejected", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
            Self::Damaged => ("damaged", StatusCode::INTERNAL_SERVER_ERROR),
            Self::Busy => ("busy", StatusCode::SERVICE_UNAVAILABLE),
            Self::NotReady => ("not_ready", StatusCode::SERVICE_UNAVAILABLE),
            Self::NoRoom => ("no_room", StatusCode::INSUFFICIENT_STORAGE),
        }
    }
}

/// A failed request.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) code: Code,
    message: String,
    details: Vec<String>,
}

impl ApiError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new() }
    }

    fn with(code: Code, message: impl Into<String>, details: Vec<String>) -> Self {
        Self { code, message: message.into(), details }
    }

    /// An app or a configuration that the server does not take.
    pub(crate) fn rejected(what: &str, rejection: Rejection) -> Self {
        Self::with(Code::Rejected, format!("{what} was not accepted; nothing has changed"), rejection.reasons)
    }

    /// A task that panicked.
    pub(crate) fn panicked(_: tokio::task::JoinError) -> Self {
        Self::new(Code::Internal, "the server failed on this request; its own log says more")
    }

    pub(crate) fn into_answer(self) -> ErrorAnswer {
        let code = self.code.parts().0.to_owned();
        ErrorAnswer { error: ErrorInfo { code, message: self.message, details: self.details } }
    }
}

impl From<BadName> for ApiError {
    fn from(error: BadName) -> Self {
        Self::new(Code::BadName, error.to_string())
    }
}

impl From<BadDigest> for ApiError {
    fn from(error: BadDigest) -> Self {
        Self::new(Code::BadRequest, error.to_string())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::NoApp(_) => Code::NoSuchApp,
            StoreError::NoVersion { .. } => Code::NoSuchVersion,
            StoreError::NoEarlier(_) => Code::NoEarlierVersion,
            StoreError::Conflict { .. } => Code::VersionConflict,
            StoreError::MissingBlobs(_) => Code::MissingBlobs,
            StoreError::NoBlob(_) => Code::NoSuchBlob,
            StoreError::WrongDigest { .. } => Code::WrongDigest,
            StoreError::TooLarge { .. } => Code::TooLarge,
            StoreError::Full { .. } => Code::NoRoom,
            StoreError::CorruptBlob(_) | StoreError::CorruptFile { .. } => Code::Damaged,
            StoreError::InUse { .. } | StoreError::Exposed { .. } | StoreError::Io { .. } => Code::Internal,
        };
        let details = match &error {
            StoreError::MissingBlobs(digests) => digests.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        Self::with(code, error.to_string(), details)
    }
}
