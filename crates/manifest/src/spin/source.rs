//! Where the component of a guest is: a file, a URL with a digest, or a package on a registry.

use super::keys;
use super::names::shown;
use crate::dependencies::Source;
use crate::grants::beside;
use crate::values::Reader;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::DeValue;

/// Reads the `source` of a component whose heading is at `span`.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path, span: Range<usize>) -> Option<Source> {
    let Some(value) = reader.value("source") else {
        let place = reader.place.clone();
        reader.report.add(span, format!("[{place}] has no `source`; name the component's file"));
        return None;
    };
    match value.get_ref() {
        DeValue::Table(_) => table(reader, value.span()),
        DeValue::String(_) => {
            reader.name("source").map(|path| Source::File { file: beside(folder, path), digest: None })
        }
        _ => {
            let wanted = "a path, { url = \"…\", digest = \"sha256:…\" } or { registry = \"…\", package = \"…\", version = \"…\" }";
            reader.expect("source", value, wanted, None)
        }
    }
}

fn table(reader: &mut Reader<'_, '_, '_>, span: Range<usize>) -> Option<Source> {
    let mut reader = reader.inside_like("source", "{ url = \"…\", digest = \"sha256:…\" }")?;
    keys::SOURCE.check(&mut reader);
    match reader.value("url").is_some() || reader.value("digest").is_some() {
        true => remote(&mut reader, span),
        false => package(&mut reader, span),
    }
}

/// Reads `url` and `digest`, which belong together. `span` is where the table stands.
pub(super) fn remote(reader: &mut Reader<'_, '_, '_>, span: Range<usize>) -> Option<Source> {
    let url = reader.name("url");
    let digest = reader.text("digest");
    if url.is_none() || digest.is_none() {
        let missing = if reader.value("url").is_none() { "url" } else { "digest" };
        if reader.value(missing).is_none() {
            reader
                .report
                .add(span, format!("a component at a URL has a `url` and a `digest`; the `{missing}` is missing"));
        }
    }
    let (url, (digest, at)) = (url?, digest?);
    if !url.starts_with("https://") && !url.starts_with("http://") {
        let why = format!("`{}` is no URL that a component can be had from; it begins with https://", shown(&url));
        let span = reader.value("url").map(toml::Spanned::span).unwrap_or_default();
        reader.report.add(span, why);
    }
    let digits = digest.strip_prefix("sha256:").filter(|digits| digits.len() == 64);
    let digits = digits.filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()));
    let Some(digits) = digits else {
        let why = "a digest is `sha256:` and 64 hexadecimal digits, as `sha256sum` prints them";
        reader.report.add(at, why);
        return None;
    };
    Some(Source::File { file: PathBuf::from(url), digest: Some(digits.to_ascii_lowercase()) })
}

/// Reads `registry`, `package` and `version` of a component that is run by itself, which has one version.
fn package(reader: &mut Reader<'_, '_, '_>, span: Range<usize>) -> Option<Source> {
    for key in ["package", "version"] {
        if reader.value(key).is_none() {
            let why = format!(
                "a `source` that is a table has `url` and `digest`, or `registry`, `package` and `version`; the `{key}` is \
                 missing"
            );
            reader.report.add(span.clone(), why);
        }
    }
    let registry = registry(reader);
    let package = package_name(reader);
    let (version, at) = reader.text("version")?;
    if semver::Version::parse(version).is_err() {
        reader.report.add(at, format!("`{}` is not a version, as in 1.2.3", shown(version)));
    }
    Some(Source::Package { registry, package: package?, version: version.to_owned() })
}

/// The host of a registry.
pub(super) fn registry(reader: &mut Reader<'_, '_, '_>) -> Option<String> {
    let (text, span) = reader.text("registry")?;
    let fits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-.:[]".contains(&c));
    if !fits {
        let why = format!("`{}` is not a registry; it is a host, as in ghcr.io", shown(text));
        reader.report.add(span, why);
    }
    Some(text.to_owned())
}

/// `NAMESPACE:NAME`.
pub(super) fn package_name(reader: &mut Reader<'_, '_, '_>) -> Option<String> {
    let (text, span) = reader.text("package")?;
    if !is_package(text) {
        let why = format!("`{}` is not a package; it has a namespace and a name, as in acme:db", shown(text));
        reader.report.add(span, why);
    }
    Some(text.to_owned())
}

/// Whether `text` is a namespace and a name, each of lower-case words.
pub(super) fn is_package(text: &str) -> bool {
    let plain = |name: &str| super::names::is_component(name) && !name.contains(|c: char| c.is_ascii_uppercase());
    text.split_once(':').is_some_and(|(namespace, name)| plain(namespace) && plain(name))
}
