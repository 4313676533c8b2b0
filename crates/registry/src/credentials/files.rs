//! `config.json` of Docker and `auth.json` of Podman (docs.docker.com, "docker login"; containers-auth.json(5)).

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::{Credential, helper};
use crate::error::{RegistryError, Result};
use crate::limits;
use crate::reference::Reference;

/// Docker's registry is under this name in the files of `docker login`.
const DOCKER: &str = "https://index.docker.io/v1/";

/// Files with credentials, the first that has some for a registry wins. None by default.
#[derive(Clone, Debug, Default)]
pub struct Files(Vec<PathBuf>);

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    auths: HashMap<String, Auth>,
    creds_store: Option<String>,
    cred_helpers: HashMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Auth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

impl Files {
    /// These files.
    pub fn new(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(files.into_iter().collect())
    }

    /// Those of this user, as Docker and Podman find them: `REGISTRY_AUTH_FILE`, `DOCKER_CONFIG` or `~/.docker`, and
    /// `containers/auth.json` in `XDG_RUNTIME_DIR` and `XDG_CONFIG_HOME` or `~/.config`.
    pub fn of_user() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = |below: &str| set("HOME").map(|home| home.join(below));
        let docker = set("DOCKER_CONFIG").or_else(|| home(".docker"));
        let podman = [set("XDG_RUNTIME_DIR"), set("XDG_CONFIG_HOME").or_else(|| home(".config"))];
        let files = set("REGISTRY_AUTH_FILE").into_iter().chain(docker.map(|dir| dir.join("config.json")));
        Self(files.chain(podman.into_iter().flatten().map(|dir| dir.join("containers/auth.json"))).collect())
    }

    /// Who this user is to the registry of `reference`.
    ///
    /// # Errors
    /// A file is not what it should be, or a helper program fails. No message shows any of its text.
    pub(crate) fn find(&self, reference: &Reference) -> Result<Option<Credential>> {
        for file in &self.0 {
            if let Some(config) = load(file)?
                && let Some(found) = in_file(&config, reference).map_err(|error| error.about(file.display()))?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

fn load(file: &Path) -> Result<Option<Config>> {
    let failed = |error| RegistryError::io(format_args!("read {}", file.display()), &error);
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    let mut text = Vec::new();
    opened.take(limits::CREDENTIALS + 1).read_to_end(&mut text).map_err(failed)?;
    let wrong = |why: String| {
        let error = RegistryError::usage(format!("{}: {why}", file.display()));
        error.note("`docker login` writes such files; DOCKER_CONFIG names another folder with one")
    };
    if text.len() as u64 > limits::CREDENTIALS {
        return Err(wrong("too large for a file of credentials".to_owned()));
    }
    let parsed = serde_json::from_slice(&text);
    // The parser's own words would show what is in the file.
    parsed.map(Some).map_err(|error| wrong(format!("not as it should be, at line {}", error.line())))
}

fn in_file(config: &Config, reference: &Reference) -> Result<Option<Credential>> {
    let docker = reference.host() == "docker.io";
    let server = if docker { DOCKER } else { reference.host() };
    let named = config.cred_helpers.iter().find(|(key, _)| plain(key) == plain(server));
    if let Some((_, program)) = named {
        return helper::ask(program, server);
    }
    let found = names(reference).into_iter().find_map(|name| config.auths.iter().find(|(key, _)| plain(key) == name));
    let found = found.map(|(_, auth)| credential(auth)).transpose()?.flatten();
    match (found, &config.creds_store) {
        (Some(found), _) => Ok(Some(found)),
        (None, Some(store)) => helper::ask(store, server),
        (None, None) => Ok(None),
    }
}

/// Under which names credentials may be kept, the nearest first: Podman keeps them by repository as well.
fn names(reference: &Reference) -> Vec<String> {
    let host = if reference.host() == "docker.io" { "index.docker.io" } else { reference.host() };
    let full = format!("{host}/{}", reference.name());
    let mut names = vec![full.clone()];
    let mut rest = full.as_str();
    while let Some((above, _)) = rest.rsplit_once('/') {
        names.push(above.to_owned());
        rest = above;
    }
    if host == "index.docker.io" {
        names.push("docker.io".to_owned());
    }
    names
}

/// A key without what different programs write around it: `https://HOST/v1/` is `HOST`.
fn plain(key: &str) -> &str {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let key = key.trim_end_matches('/');
    key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key)
}

fn credential(auth: &Auth) -> Result<Option<Credential>> {
    let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if let Some(token) = said(&auth.identitytoken) {
        return Ok(Some(Credential::IdentityToken(token)));
    }
    if let Some(encoded) = said(&auth.auth) {
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let decoded = GeneralPurpose::new(&STANDARD, config).decode(encoded.trim());
        let decoded = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|text| text.trim_end_matches('\0').split_once(':'));
        let (user, password) =
            pair.ok_or_else(|| RegistryError::usage("an `auth` in it is not base64 of NAME:PASSWORD"))?;
        return Ok(Some(Credential::Password { user: user.to_owned(), password: password.to_owned() }));
    }
    Ok(match (said(&auth.username), said(&auth.password)) {
        (Some(user), Some(password)) => Some(Credential::Password { user, password }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(config: &str, reference: &str) -> Result<Option<Credential>> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        std::fs::write(&file, config).unwrap();
        Files::new([dir.path().join("none.json"), file]).find(&reference.parse().unwrap())
    }

    fn password(user: &str, password: &str) -> Option<Credential> {
        Some(Credential::Password { user: user.into(), password: password.into() })
    }

    #[test]
    fn credentials_are_found_by_host_however_it_is_written() {
        // `ada:lace`
        for key in ["ghcr.io", "https://ghcr.io", "https://ghcr.io/v1/", "http://ghcr.io/v2", "ghcr.io/"] {
            let config = format!(r#"{{"auths":{{"{key}":{{"auth":"YWRhOmxhY2U="}}}}}}"#);
            assert_eq!(find(&config, "ghcr.io/a/b:1").unwrap(), password("ada", "lace"), "{key}");
            for other in ["ghcr.io:443/a", "evil-ghcr.io/a", "ghcr.io.evil.example/a", "evil.example/ghcr.io/a"] {
                assert_eq!(find(&config, other).unwrap(), None, "{key} for {other}");
            }
        }
    }

    #[test]
    fn the_nearest_repository_wins() {
        let config = r#"{"auths":{"q.io":{"auth":"YTphYQ"},"q.io/team":{"auth":"YjpiYg=="},"q.io/team/app":{"auth":"YzpjYw=="}}}"#;
        for (reference, user) in
            [("q.io/x", "a"), ("q.io/team/y", "b"), ("q.io/team/app", "c"), ("q.io/teams/app", "a")]
        {
            assert_eq!(find(config, reference).unwrap(), password(user, &user.repeat(2)), "{reference}");
        }
    }

    #[test]
    fn dockers_registry_has_a_name_of_its_own_there() {
        let config = r#"{"auths":{"https://index.docker.io/v1/":{"username":"u","password":"p"}}}"#;
        assert_eq!(find(config, "docker.io/a/b").unwrap(), password("u", "p"));
    }

    #[test]
    fn an_identity_token_comes_before_what_else_there_is() {
        let config = r#"{"auths":{"a.io":{"auth":"PHRva2VuPjo=","identitytoken":"secret"}}}"#;
        assert_eq!(find(config, "a.io/b").unwrap(), Some(Credential::IdentityToken("secret".into())));
    }

    #[test]
    fn no_error_shows_what_is_in_the_file() {
        for config in [
            r#"{"auths":{"a.io":{"auth":"%%s3cret"}}}"#,
            r#"{"auths":{"a.io":"s3cret"}}"#,
            "s3cret",
            r#"{"auths":{"a.io":{"auth":"czNjcmV0"}}}"#,
        ] {
            let error = find(config, "a.io/b").unwrap_err();
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
        assert!(!format!("{:?}", password("u", "s3cret")).contains("s3cret"));
    }
}
