//! Permission to use a directory of the host.

use crate::error::ParseError;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// One directory of the host and the path under which a guest sees it.
///
/// Text form: `HOST[::GUEST][:ro]`, or `HOST:GUEST[:ro]` where HOST holds no colon. Without GUEST
/// the guest sees the path as HOST was written. `:ro` forbids writing; `:rw`, the default, may be
/// spelt out.
///
/// [`Display`](fmt::Display) gives a text that reads back as an equal grant, for any grant that was
/// read from text. A path with `::` in it, or one that is not Unicode, has no text form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirGrant {
    /// The directory on the host. Not checked to exist; relative to the working directory of
    /// whoever opens it.
    pub host: PathBuf,
    /// The path the guest sees.
    pub guest: String,
    /// Whether writing, creating and removing are forbidden.
    pub read_only: bool,
}

impl FromStr for DirGrant {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map_err(|why| ParseError::new("a directory grant", "./data::/data:ro", text, why))
    }
}

impl fmt::Display for DirGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut paths = self.host.to_string_lossy().into_owned();
        if paths != self.guest || has_mode(&paths) {
            paths = format!("{paths}::{}", self.guest);
        }
        let mode = match self.read_only {
            true => ":ro",
            // A guest path called `ro` would be taken for the mode.
            false if has_mode(&paths) => ":rw",
            false => "",
        };
        write!(f, "{paths}{mode}")
    }
}

fn has_mode(text: &str) -> bool {
    text.ends_with(":ro") || text.ends_with(":rw")
}

fn parse(text: &str) -> Result<DirGrant, &'static str> {
    if text.contains('\0') {
        return Err("a path cannot hold a NUL character");
    }
    let (paths, read_only) = match text.strip_suffix(":ro") {
        Some(paths) => (paths, true),
        None => (text.strip_suffix(":rw").unwrap_or(text), false),
    };
    let (host, guest) = split_paths(paths)?;
    if host.is_empty() {
        return Err("the directory on the host is missing");
    }
    if guest.is_empty() {
        return Err("the path the guest sees is missing after the colon");
    }
    Ok(DirGrant { host: host.into(), guest: guest.into(), read_only })
}

fn split_paths(text: &str) -> Result<(&str, &str), &'static str> {
    if let Some((host, guest)) = text.split_once("::") {
        if guest.contains(':') {
            return Err("the path the guest sees cannot hold a colon");
        }
        return Ok((host, guest));
    }
    let drive = drive_letter(text);
    match text[drive..].split_once(':') {
        None => Ok((text, text)),
        Some((host, guest)) if !guest.contains(':') => Ok((&text[..drive + host.len()], guest)),
        Some(_) => Err("there is more than one colon; write HOST::GUEST"),
    }
}

/// How many bytes of `text` are a Windows drive, whose colon separates nothing.
fn drive_letter(text: &str) -> usize {
    let is_drive = matches!(text.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    if cfg!(windows) && is_drive { 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(host: &str, guest: &str, read_only: bool) -> DirGrant {
        DirGrant { host: host.into(), guest: guest.into(), read_only }
    }

    #[test]
    fn every_documented_form_is_read() {
        for (text, expected) in [
            (".", grant(".", ".", false)),
            ("./data", grant("./data", "./data", false)),
            ("./data:ro", grant("./data", "./data", true)),
            ("./data:rw", grant("./data", "./data", false)),
            ("./data::/data", grant("./data", "/data", false)),
            ("./data::/data:ro", grant("./data", "/data", true)),
            ("./data:/data", grant("./data", "/data", false)),
            ("./data:/data:ro", grant("./data", "/data", true)),
            ("a:b::/c", grant("a:b", "/c", false)),
        ] {
            assert_eq!(text.parse::<DirGrant>().unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn half_written_grants_are_refused_with_the_reason() {
        for (text, why) in [
            ("", "the directory on the host is missing"),
            (":ro", "the directory on the host is missing"),
            ("::/data", "the directory on the host is missing"),
            ("data::", "the path the guest sees is missing"),
            ("data:", "the path the guest sees is missing"),
            ("a:b:c", "more than one colon; write HOST::GUEST"),
            ("a::b:c", "cannot hold a colon"),
            ("a\0", "NUL"),
        ] {
            let error = text.parse::<DirGrant>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn the_short_form_is_written_when_the_guest_sees_the_same_path() {
        assert_eq!(grant("/etc", "/etc", true).to_string(), "/etc:ro");
        assert_eq!(grant("/etc", "/e", false).to_string(), "/etc::/e");
    }

    #[test]
    fn a_guest_path_called_like_a_mode_is_written_with_one() {
        assert_eq!(grant("a", "ro", false).to_string(), "a::ro:rw");
    }
}
