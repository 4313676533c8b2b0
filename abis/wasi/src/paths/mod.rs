//! For audits: the files a guest asks for outside the directories it was granted.
//!
//! A guest's C library maps every path to one of the directories it was given, and where none fits, it fails on
//! its own. So a guest under audit is also shown a `/`, which answers that nothing it is asked for exists, and
//! remembers.

pub(crate) mod component;
pub(crate) mod module;

use std::path::Path;

use holm_abi::{Error, Host, Result};
use holm_grants::{Ask, Audit};
use tempfile::TempDir;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// What a guest wants of a path.
#[derive(Clone, Copy)]
struct Wish {
    target: Target,
    write: bool,
}

/// What a path is the path of, as far as can be told.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    File,
    Directory,
    /// Guests also walk along a path like this, and what they meet on the way is not what they want.
    Either,
}

impl Wish {
    /// To open a file or, if it says so, a directory.
    fn open(directory: bool, write: bool) -> Self {
        Self { target: if directory { Target::Directory } else { Target::File }, write }
    }

    /// To learn what it is.
    const STAT: Self = Self { target: Target::Either, write: false };
    /// To make or remove a directory.
    const CHANGE: Self = Self { target: Target::Either, write: true };
    /// To remove or rename a file.
    const MOVE: Self = Self { target: Target::File, write: true };
}

/// Who remembers.
struct Listener {
    audit: Audit,
    /// The paths the guest was given as its arguments.
    args: Vec<String>,
}

impl Listener {
    /// A listener, if the host wants one and there is room: a C library takes `.` for the same directory as `/`.
    fn new(host: &Host, args: &[String]) -> Option<Self> {
        let granted = host.grants.dirs.iter().any(|dir| plain(&dir.guest).is_empty());
        let args = || args.iter().skip(1).cloned().collect();
        (host.audit_paths && !granted).then(|| Self { audit: host.audit.clone(), args: args() })
    }

    /// Remembers that the guest wanted something of this path below `/`.
    fn heard(&self, path: &str, wish: Wish) {
        let path = plain(path);
        let root = if self.is_relative(path) { "" } else { "/" };
        let seen = || self.audit.asks().into_iter().any(|ask| is_within(&ask, &format!("{root}{path}")));
        if wish.target == Target::Either && seen() {
            return;
        }
        let dir = match wish.target {
            Target::Directory => path,
            _ => path.rsplit_once('/').map_or("", |(dir, _)| dir),
        };
        // A name alone is more likely one in the directory where the user is than one in the root.
        let path = if dir.is_empty() { ".".to_owned() } else { format!("{root}{dir}") };
        self.audit.denied(Ask::Dir { path, write: wish.write });
    }

    /// Whether a path was relative before the C library made it one below `/`. It looks the same afterwards, but
    /// mostly it is one the user wrote, or begins with one.
    fn is_relative(&self, path: &str) -> bool {
        let begins = |arg: &String| {
            let given = plain(arg);
            !arg.starts_with('/') && (arg == "." || !given.is_empty() && Path::new(path).starts_with(given))
        };
        path == ".." || path.starts_with("../") || self.args.iter().any(begins)
    }
}

/// The path as a C library passes it on.
fn plain(path: &str) -> &str {
    let mut path = path.trim_end_matches('/');
    while let Some(rest) = path.strip_prefix('/').or_else(|| path.strip_prefix("./")) {
        path = rest;
    }
    if path == "." { "" } else { path }
}

fn is_within(ask: &Ask, dir: &str) -> bool {
    matches!(ask, Ask::Dir { path, .. } if Path::new(path).starts_with(dir))
}

/// Adds the `/` where nothing is.
fn add_root(builder: &mut WasiCtxBuilder) -> Result<()> {
    // Opened, it needs no name any more, and nothing can be made in it.
    let empty = TempDir::new().map_err(|error| Error::io("make a directory for the audit", &error))?;
    let opened = builder.preopened_dir(empty.path(), "/", FsPerms::ReadOnly);
    opened.map(drop).map_err(|error| Error::new(holm_abi::Kind::Io, format!("cannot open it for the audit: {error:#}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn flags(args: &[&str], wishes: &[(&str, Wish)]) -> Vec<String> {
        let args = args.iter().copied().map(str::to_owned).collect();
        let listener = Listener { audit: Audit::new(), args };
        wishes.iter().for_each(|(path, wish)| listener.heard(path, *wish));
        listener.audit.asks().iter().map(Ask::flag).collect()
    }

    #[test]
    fn a_path_asks_for_its_directory() {
        let read = Wish::open(false, false);
        for (args, path, wish, flag) in [
            (&[][..], "data/in.txt", read, "--dir /data::/data:ro"),
            (&[], "out/x.txt", Wish::open(false, true), "--dir /out::/out"),
            (&[], "data/sub", Wish::open(true, false), "--dir /data/sub::/data/sub:ro"),
            (&[], "in.txt", read, "--dir .::.:ro"),
            (&[], ".", Wish::open(true, false), "--dir .::.:ro"),
            (&[], "../in.txt", read, "--dir ..::..:ro"),
            (&["-n", "sub/in.txt"], "sub/in.txt", read, "--dir sub::sub:ro"),
            (&["./sub"], "sub/deep/in.txt", read, "--dir sub/deep::sub/deep:ro"),
            (&["/sub/in.txt"], "sub/in.txt", read, "--dir /sub::/sub:ro"),
            (&["su", ""], "sub/in.txt", read, "--dir /sub::/sub:ro"),
        ] {
            assert_eq!(flags(args, &[(path, wish)]), [flag], "{path} after {args:?}");
        }
    }

    #[test]
    fn what_is_met_on_the_way_is_not_asked_for() {
        let up = [("a/b/c", Wish::CHANGE), ("a/b", Wish::CHANGE), ("a", Wish::CHANGE)];
        assert_eq!(flags(&[], &up), ["--dir /a/b::/a/b"]);
    }
}
