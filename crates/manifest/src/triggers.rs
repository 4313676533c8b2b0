//! What else than a request has a guest do something.

use crate::template::Template;
use std::time::Duration;

/// Something that happens and is told to a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// A message on a channel of a Redis server.
    Redis {
        /// `redis://[[USER]:PASSWORD@]HOST[:PORT]`.
        server: Template,
        /// The channel.
        channel: Template,
    },
    /// A message under a topic of an MQTT broker.
    Mqtt {
        /// `mqtt://HOST[:PORT]`, or `mqtts://…` with TLS.
        server: Template,
        /// Who Holm is there; empty for nobody.
        username: Template,
        /// The user's password.
        password: Template,
        /// How often the broker hears from us at least.
        keep_alive: Duration,
        /// The topic, with `+` and `#` as MQTT has them (MQTT 3.1.1, section 4.7).
        topic: Template,
        /// How often a message may come: 0 at most once, 1 at least once, 2 exactly once.
        qos: u8,
    },
    /// A moment.
    Cron {
        /// Seconds, minutes, hours, days, months, days of the week, and perhaps years.
        schedule: Template,
    },
    /// Being run: `holm run` runs it to completion.
    Command,
}

/// A response that is always the same, in the place of a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticResponse {
    /// Its status, 100 to 599.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// How a program answers requests as Wagi has it, which is CGI with some variables more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wagi {
    /// The function that is called; `_start` unless the manifest says otherwise.
    pub entrypoint: String,
    /// The arguments, where `${SCRIPT_NAME}` and `${ARGS}` stand for the request's path and query.
    pub argv: String,
}

/// Files that a guest sees, to read only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mount {
    /// All files below the manifest's folder that fit a pattern, each where it lies there, seen from `/`.
    Pattern(String),
    /// A file or a folder, seen at another place.
    At {
        /// Where it is, joined to the manifest's folder.
        source: std::path::PathBuf,
        /// Where the guest sees it: an absolute path.
        destination: String,
    },
    /// All that the others mean, once it was looked up: an archive (tar) of files, seen from `/`.
    Archive(std::path::PathBuf),
}

/// A variable of an app.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variable {
    /// What it is where nobody says otherwise. `None`: somebody has to.
    pub default: Option<String>,
    /// Whether it is shown to nobody.
    pub secret: bool,
}

impl std::fmt::Debug for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Variable").field("secret", &self.secret).finish_non_exhaustive()
    }
}

/// For which program a manifest was written, where that shows: in the headers of requests, and in the names of guests that
/// call each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Platform {
    /// Ours.
    #[default]
    Holm,
    /// Spin.
    Spin,
}

impl Platform {
    /// The one that a manifest's text is written for, as its version says: `spin_manifest_version`, or `spin_version` in the
    /// first version of Spin's.
    pub fn of(text: &str) -> Self {
        let is_spin = |line: &str| {
            let line = line.trim_start();
            let rest = line.strip_prefix("spin_manifest_version").or_else(|| line.strip_prefix("spin_version"));
            rest.is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        // What stands below a table's heading is that table's.
        let top = text.lines().take_while(|line| !line.trim_start().starts_with('['));
        if top.into_iter().any(is_spin) { Platform::Spin } else { Platform::Holm }
    }
}
