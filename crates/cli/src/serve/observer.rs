//! What the server says of its requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use holm_abi::{Output, Stdio};
use holm_admin::api::LogQuery;
use holm_admin::wire::{LogLine, Top};
use holm_engine::Error;
use holm_serve::answer::{Ended, Observe};
use holm_serve::apps::{Guest, Site};
use holm_serve::deployed::Seen;
use tokio::sync::mpsc;

use crate::output;

/// Failures on standard error, and nothing else.
#[derive(Default)]
pub(super) struct Observer;

static LAST: AtomicU64 = AtomicU64::new(0);

impl Observe for Observer {
    fn begin(&self) -> String {
        format!("{:016x}", LAST.fetch_add(1, Relaxed))
    }

    fn stdio(&self, _: &Arc<Guest>, _: &str) -> Option<Stdio> {
        Some(Stdio { stdout: Output::Inherit, stderr: Output::Inherit, ..Stdio::default() })
    }

    fn failed(&self, guest: &Arc<Guest>, id: &str, error: &Error) {
        output::warn(&format!("{}: request {id}: {error}", guest.name()));
    }

    fn broken(&self, guest: &Arc<Guest>) {
        output::warn(&format!("{}: only fails, and is left alone for a while", guest.name()));
    }

    fn ended(&self, _: &Ended<'_>) {}
}

impl Seen for Observer {
    fn of(&self, _: &str) -> (u64, Option<String>) {
        (0, None)
    }

    fn logs(&self, _: &str, _: LogQuery) -> mpsc::Receiver<LogLine> {
        mpsc::channel(1).1
    }

    fn metrics(&self, _: &Site) -> String {
        String::new()
    }

    fn top(&self, _: &Site) -> Top {
        Top::default()
    }
}
