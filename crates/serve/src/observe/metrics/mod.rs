//! The numbers, for Prometheus and for `holm top`.

mod apps;
mod server;
mod text;

use std::time::Duration;

use holm_admin::AppName;
use holm_admin::wire::{AppState, Top, TopApp};

use super::{ProcessStats, SpanCounts, Stats};
use crate::front::Counters;

/// An app, as it is now.
#[derive(Debug, Clone, Copy)]
pub struct App<'a> {
    /// Its name.
    pub name: &'a AppName,
    /// The version that serves.
    pub version: u64,
    /// Whether it answers. [`AppState::Failing`] is an open breaker.
    pub state: AppState,
    /// What became of its requests.
    pub stats: &'a Stats,
    /// Its instances: those that answer, and those kept to be used again.
    pub instances: u64,
    /// Bytes of their memory.
    pub memory: u64,
}

/// The server, as it is now.
#[derive(Debug, Clone, Copy)]
pub struct Server<'a> {
    /// What its listeners saw.
    pub front: &'a Counters,
    /// What the process uses.
    pub process: &'a ProcessStats,
    /// Lines that the process's log dropped, see [`Log::dropped`](super::Log::dropped).
    pub log_dropped: u64,
    /// What became of spans, where they are recorded.
    pub spans: Option<SpanCounts>,
}

/// All metrics in the text format of Prometheus, version 0.0.4. An app that was never asked counts in `holm_apps` and
/// has no lines of its own.
#[must_use]
pub fn render<'a>(apps: impl IntoIterator<Item = App<'a>>, server: &Server<'_>) -> String {
    let apps: Vec<App<'a>> = apps.into_iter().collect();
    let mut out = String::with_capacity(4 << 10);
    server::write(&mut out, server);
    apps::write(&mut out, &apps);
    out
}

/// What `holm top` shows: the apps that are loaded, or were until they failed.
#[must_use]
pub fn top<'a>(apps: impl IntoIterator<Item = App<'a>>, server: &Server<'_>) -> Top {
    let loaded = |app: &App<'_>| matches!(app.state, AppState::Running | AppState::Failing);
    Top {
        uptime: server.process.uptime.as_secs_f64(),
        memory: server.process.resident.unwrap_or(0),
        cpu: server.process.cpu.as_secs_f64(),
        connections: server.front.open.load(std::sync::atomic::Ordering::Relaxed) as u64,
        apps: apps.into_iter().filter(loaded).map(|app| app.top()).collect(),
    }
}

impl App<'_> {
    /// Its line in `holm top`.
    #[must_use]
    pub fn top(&self) -> TopApp {
        let [p50, p99] = self.stats.p50_p99().map(milliseconds);
        TopApp {
            name: self.name.clone(),
            version: self.version,
            requests: self.stats.requests(),
            errors: self.stats.errors(),
            in_flight: self.stats.in_flight().into(),
            queued: self.stats.queued().into(),
            cpu: self.stats.cpu().as_secs_f64(),
            memory: self.memory,
            p50,
            p99,
        }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests;
