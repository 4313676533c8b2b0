//! The paths that Spin keeps for itself in every app.

use bytes::Bytes;
use holm_manifest::{App as Manifest, Platform, Route};
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// All that is below: nobody's route leads there.
pub(crate) const PREFIX: &str = "/.well-known/spin/";

/// The route of all that.
pub(crate) fn route() -> Option<Route> {
    Route::spin("/", &format!("{PREFIX}...")).ok()
}

/// Whether a route would lead there.
pub(crate) fn is_below(route: &Route) -> bool {
    route.as_spin().is_some() && format!("{}/", route.path()).starts_with(PREFIX)
}

#[derive(Serialize)]
struct Info<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

/// What an app says of itself; `None` for one that was not made for Spin.
pub(crate) fn info(manifest: &Manifest) -> Option<Bytes> {
    if manifest.platform != Platform::Spin {
        return None;
    }
    let info = Info { name: manifest.name.as_deref().unwrap_or(""), version: manifest.version.as_deref() };
    serde_json::to_vec_pretty(&info).ok().map(Bytes::from)
}

/// The answer to a request for a path below [`PREFIX`], in an app that says `info` of itself.
pub(crate) fn answer(path: &str, info: &Bytes) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    match path.trim_start_matches('/').strip_prefix(PREFIX.trim_start_matches('/')) {
        Some("health") => *response.body_mut() = Bytes::from_static(b"OK"),
        Some("info") => {
            *response.body_mut() = info.clone();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        _ => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_says_that_it_is_well_and_what_it_is() {
        let manifest = Manifest {
            name: Some("shop".into()),
            version: Some("1.2.3".into()),
            platform: Platform::Spin,
            ..Manifest::default()
        };
        let info = info(&manifest).unwrap();
        assert_eq!(answer("/.well-known/spin/health", &info).body(), "OK");
        let told = answer("/.well-known/spin/info", &info);
        assert_eq!(told.body(), "{\n  \"name\": \"shop\",\n  \"version\": \"1.2.3\"\n}");
        assert_eq!(told.headers()[header::CONTENT_TYPE], "application/json");
        for path in ["/.well-known/spin/", "/.well-known/spin", "/.well-known/spin/health/x", "/.well-known/spin/infos"]
        {
            assert_eq!(answer(path, &info).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn no_route_leads_there() {
        let below = |text| is_below(&Route::spin("/", text).unwrap());
        assert!(below("/.well-known/spin/...") && below("/.well-known/spin/fie") && below("/.well-known/spin"));
        assert!(!below("/.well-known/spindle/...") && !below("/.well-known/..."));
        assert!(!is_below(&"/.well-known/spin/x".parse().unwrap()), "a route of a holm.toml");
    }
}
