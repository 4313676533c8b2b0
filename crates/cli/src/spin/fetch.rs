//! Components that are named by URL: downloaded once, and kept by what is in them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use holm_engine::shape::Digest;
use holm_engine::{Cache, Error, Kind, Result};
use holm_grants::format_size;
use holm_services::http_client::{Anywhere, ClientConfig, HttpClient, Options};
use http::header::{LOCATION, USER_AGENT};
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};

use crate::progress::Progress;
use crate::run::runtime;

/// The folder of what was downloaded, beside the code.
const FOLDER: &str = "downloads";
/// The most bytes of one component, as when it is deployed.
const LARGEST: usize = 256 << 20;
/// The most bytes of what a site says of itself.
#[cfg(feature = "registry")]
const SMALL: usize = 64 << 10;
/// How often an answer may lead elsewhere.
const REDIRECTS: usize = 5;

/// The file with what is at `url`, whose SHA-256 is `digest`.
///
/// # Errors
/// It cannot be downloaded, is too large, or is something else.
pub(crate) fn fetched(url: &str, digest: &str) -> Result<PathBuf> {
    // It names a folder.
    if digest.len() != 64 || !digest.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Error::new(Kind::Usage, format!("{url}: `{digest}` is no SHA-256"))
            .note("digest = \"sha256:…\" beside `url` says what has to be there"));
    }
    let dir = Cache::default_dir().ok_or_else(|| {
        Error::new(Kind::Io, "there is no home directory for what is downloaded")
            .note("HOLM_CACHE_DIR names a folder for it")
    })?;
    let place = Cache::open(&dir)?.dir().join(FOLDER).join(digest).join(called(url));
    // A disk forgets more often than it says so.
    if fs::read(&place).is_ok_and(|bytes| Digest::of(&bytes).to_string() == digest) {
        return Ok(place);
    }
    let _progress = Progress::start(format!("downloading {url}"));
    let bytes = apart(url, LARGEST)?;
    let found = Digest::of(&bytes).to_string();
    if found != digest {
        let why = format!("what is at {url} is not what the manifest says: its SHA-256 is {found}, and not {digest}");
        return Err(
            Error::new(Kind::Denied, why).note("if the other one is right, `digest` in the manifest is to say so")
        );
    }
    keep(&place, &bytes).map_err(|error| Error::io(format_args!("keep {}", place.display()), &error))?;
    Ok(place)
}

/// What a site says of itself at `url`, if it says anything.
#[cfg(feature = "registry")]
pub(super) fn small(url: &str) -> Option<Bytes> {
    apart(url, SMALL).ok()
}

/// A server that reads its configuration has a runtime already, within which there cannot be another.
fn apart(url: &str, most: usize) -> Result<Bytes> {
    std::thread::scope(|scope| {
        let getting = scope.spawn(|| runtime()?.block_on(get(url, most)));
        getting.join().unwrap_or_else(|_| Err(Error::new(Kind::Internal, "downloading broke off")))
    })
}

/// A plain name for the file: guests are called by it.
fn called(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(100).collect();
    match name.trim_start_matches('.') {
        "" => "component.wasm".to_owned(),
        name => name.to_owned(),
    }
}

fn keep(place: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = place.parent().unwrap_or(place);
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(place).map(drop).map_err(|error| error.error)
}

async fn get(url: &str, most: usize) -> Result<Bytes> {
    let failed = |why: String| Error::new(Kind::Io, format!("{url} cannot be downloaded: {why}"));
    let client = HttpClient::new(ClientConfig::default()).map_err(|error| failed(error.to_string()))?;
    // Whoever names a URL in a manifest on this machine may reach what this machine reaches; what comes from there is known.
    let policy = Anywhere::default();
    let mut uri: Uri = url.parse().map_err(|_| Error::new(Kind::Usage, format!("{url} is no URL")))?;
    for _ in 0..=REDIRECTS {
        let request = Request::get(uri.clone()).header(USER_AGENT, concat!("holm/", env!("CARGO_PKG_VERSION")));
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| failed(error.to_string()))?;
        let response = client.send(request, &policy, &Options::default()).await;
        let response = response.map_err(|error| failed(error.to_string()))?;
        let status = response.status();
        if status.is_success() {
            let body = Limited::new(response.into_body(), most).collect().await;
            let most = format_size(most as u64);
            return body
                .map(http_body_util::Collected::to_bytes)
                .map_err(|error| failed(format!("{error} (it may have {most})")));
        }
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        match location.filter(|_| status.is_redirection()).and_then(|to| follow(&uri, to)) {
            Some(to) => uri = to,
            None => return Err(failed(format!("the server answers {status}"))),
        }
    }
    Err(failed(format!("it leads on more than {REDIRECTS} times")))
}

/// Where `to` leads from `from`, but never from a protected connection to an open one (RFC 3986, section 4.2).
fn follow(from: &Uri, to: &str) -> Option<Uri> {
    let next: Uri = match to.strip_prefix('/') {
        Some(path) if path.starts_with('/') => format!("{}:{to}", from.scheme_str()?).parse().ok()?,
        Some(_) => format!("{}://{}{to}", from.scheme_str()?, from.authority()?).parse().ok()?,
        None => to.parse().ok()?,
    };
    let downgraded = from.scheme_str() == Some("https") && next.scheme_str() != Some("https");
    (!downgraded && next.authority().is_some()).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_is_called_as_its_url_ends_and_nothing_else() {
        for (url, name) in [
            ("https://a.io/b/web.wasm", "web.wasm"),
            ("https://a.io/b/web.wasm?x=/y#z", "web.wasm"),
            ("https://a.io/", "component.wasm"),
            ("https://a.io/..", "component.wasm"),
            ("https://a.io/.bashrc", "bashrc"),
            ("https://a.io/%2e%2e%2fx", "2e2e2fx"),
        ] {
            assert_eq!(called(url), name, "{url}");
        }
    }

    #[test]
    fn redirects_never_lead_to_an_open_connection() {
        let from: Uri = "https://a.io/b".parse().unwrap();
        let to = |to: &str| follow(&from, to).map(|uri| uri.to_string());
        assert_eq!(to("/c").as_deref(), Some("https://a.io/c"));
        assert_eq!(to("//b.io/c").as_deref(), Some("https://b.io/c"));
        assert_eq!(to("https://b.io/c").as_deref(), Some("https://b.io/c"));
        assert_eq!(to("http://b.io/c"), None);
        assert_eq!(to("file:///etc/passwd"), None);
    }
}
