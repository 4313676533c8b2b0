//! Every route, in one table: what is answered is what the OpenAPI document says.

use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::error::{ApiError, Code};
use crate::wire::{AppDetail, AppList, BlobInfo, Deploy, Deployed, LogLine, Rollback, Top};

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Health,
    Ready,
    Metrics,
    OpenApi,
    ListApps,
    ShowApp,
    Deploy,
    Remove,
    Rollback,
    Logs,
    HasBlob,
    PutBlob,
    Reload,
    Top,
}

/// A body.
pub(super) enum Content {
    Empty,
    Bytes,
    Text(&'static str),
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// One JSON document per line.
    Lines(fn(&mut SchemaGenerator) -> Schema),
}

/// A route.
pub(super) struct Route {
    pub(super) method: &'static str,
    /// With `{parameter}` for a segment that is one.
    pub(super) path: &'static str,
    pub(super) operation: Operation,
    /// Whether it needs no token.
    pub(super) open: bool,
    pub(super) summary: &'static str,
    /// Names of query parameters, and what they mean.
    pub(super) query: &'static [(&'static str, &'static str)],
    pub(super) body: Content,
    pub(super) answer: Content,
    /// The statuses of success, with what each one means.
    pub(super) success: &'static [(u16, &'static str)],
    /// How it can fail, beside [`ALWAYS`].
    pub(super) errors: &'static [Code],
}

/// How every route that needs a token can fail.
pub(super) const ALWAYS: &[Code] = &[Code::BadRequest, Code::Unauthorized, Code::Forbidden, Code::Internal];

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn get(path: &'static str, operation: Operation, summary: &'static str, answer: Content) -> Route {
    Route {
        method: "GET",
        path,
        operation,
        open: false,
        summary,
        query: &[],
        body: Content::Empty,
        answer,
        success: &[(200, "It is in the body.")],
        errors: &[],
    }
}

const APP: &str = "/v1/apps/{name}";
const BLOB: &str = "/v1/blobs/{digest}";

/// The table.
pub(super) static ROUTES: [Route; 14] = [
    Route {
        open: true,
        ..get("/healthz", Operation::Health, "Says that the server lives", Content::Text("text/plain"))
    },
    Route {
        open: true,
        errors: &[Code::NotReady],
        ..get("/readyz", Operation::Ready, "Says whether the server takes requests", Content::Text("text/plain"))
    },
    get("/metrics", Operation::Metrics, "Metrics for Prometheus", Content::Text("text/plain; version=0.0.4")),
    get("/v1/openapi.json", Operation::OpenApi, "This document", Content::Json(schema::<serde_json::Value>)),
    get("/v1/apps", Operation::ListApps, "All apps", Content::Json(schema::<AppList>)),
    Route {
        errors: &[Code::BadName, Code::NoSuchApp, Code::Damaged],
        ..get(APP, Operation::ShowApp, "One app and its versions", Content::Json(schema::<AppDetail>))
    },
    Route {
        method: "PUT",
        body: Content::Json(schema::<Deploy>),
        success: &[(200, "A new version serves."), (201, "The first version serves.")],
        errors: &[
            Code::BadName,
            Code::Timeout,
            Code::VersionConflict,
            Code::TooLarge,
            Code::UnsupportedMediaType,
            Code::MissingBlobs,
            Code::Rejected,
            Code::NoRoom,
        ],
        ..get(APP, Operation::Deploy, "Checks, stores and serves a version", Content::Json(schema::<Deployed>))
    },
    Route {
        method: "DELETE",
        success: &[(204, "The app and all its versions are gone.")],
        errors: &[Code::BadName, Code::NoSuchApp],
        ..get(APP, Operation::Remove, "Removes an app", Content::Empty)
    },
    Route {
        method: "POST",
        body: Content::Json(schema::<Rollback>),
        success: &[(200, "The earlier version serves.")],
        errors: &[
            Code::BadName,
            Code::NoSuchApp,
            Code::NoSuchVersion,
            Code::Timeout,
            Code::VersionConflict,
            Code::NoEarlierVersion,
            Code::TooLarge,
            Code::UnsupportedMediaType,
            Code::MissingBlobs,
            Code::Rejected,
            Code::Damaged,
            Code::NoRoom,
        ],
        ..get(
            "/v1/apps/{name}/rollback",
            Operation::Rollback,
            "Serves an earlier version",
            Content::Json(schema::<Deployed>),
        )
    },
    Route {
        query: &[
            ("follow", "`true` to go on with lines as they are written"),
            ("since", "no line older than this: a time as in RFC 3339, or an age such as `10m`"),
        ],
        errors: &[Code::BadName, Code::NoSuchApp],
        ..get("/v1/apps/{name}/logs", Operation::Logs, "An app's log", Content::Lines(schema::<LogLine>))
    },
    Route {
        method: "HEAD",
        success: &[(200, "It is stored, and will stay for a while.")],
        errors: &[Code::NoSuchBlob],
        ..get(BLOB, Operation::HasBlob, "Whether a guest is stored", Content::Empty)
    },
    Route {
        method: "PUT",
        body: Content::Bytes,
        success: &[(200, "It was there, and is stored again."), (201, "It is stored.")],
        errors: &[Code::WrongDigest, Code::Timeout, Code::TooLarge, Code::Busy, Code::NoRoom],
        ..get(BLOB, Operation::PutBlob, "Stores a guest", Content::Json(schema::<BlobInfo>))
    },
    Route {
        method: "POST",
        success: &[(204, "The new configuration is in force.")],
        errors: &[Code::Rejected],
        ..get("/v1/reload", Operation::Reload, "Reads the server's configuration again", Content::Empty)
    },
    get("/v1/top", Operation::Top, "What the server is doing", Content::Json(schema::<Top>)),
];

/// The route for `method` and `path`, and the segment that is its parameter, as it was sent.
///
/// # Errors
/// [`Code::NoSuchRoute`]; [`Code::MethodNotAllowed`] with the methods there are.
pub(super) fn find<'p>(
    method: &Method,
    path: &'p str,
) -> Result<(&'static Route, &'p str), (ApiError, Vec<&'static str>)> {
    let mut allowed = Vec::new();
    for route in &ROUTES {
        match matches(route.path, path) {
            Some(parameter) if route.method == method.as_str() => return Ok((route, parameter)),
            Some(_) => allowed.push(route.method),
            None => {}
        }
    }
    let error = if allowed.is_empty() {
        ApiError::new(Code::NoSuchRoute, "there is nothing here: /v1/openapi.json lists what there is")
    } else {
        ApiError::new(Code::MethodNotAllowed, format!("{method} is not for this path"))
    };
    Err((error, allowed))
}

/// Compares segment by segment; answers the one that is a parameter, or nothing when there is none.
fn matches<'p>(template: &str, path: &'p str) -> Option<&'p str> {
    let mut parameter = "";
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameter),
            (Some(wanted), Some(given)) if wanted.starts_with('{') => parameter = given,
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}
