//! The last lines, and those who follow.

use std::collections::VecDeque;

use holm_admin::api::LogQuery;
use holm_admin::wire::LogLine;
use tokio::sync::mpsc::{Receiver, channel};

use super::JournalLimits;
use super::entry::Entry;
use super::follower::Follower;

/// How many may follow one app's log at once.
const FOLLOWERS: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Ring {
    entries: VecDeque<Entry>,
    bytes: usize,
    followers: Vec<Follower>,
}

impl Ring {
    /// Shows a line to those who follow, and keeps it in place of the oldest ones.
    pub(super) fn push(&mut self, entry: Entry, limits: &JournalLimits) {
        self.show(&entry);
        self.bytes += entry.size();
        self.entries.push_back(entry);
        while self.entries.len() > limits.lines || self.bytes > limits.bytes {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.size();
        }
    }

    /// Shows a line to those who follow.
    pub(super) fn show(&mut self, entry: &Entry) {
        if !self.followers.is_empty() {
            let line = entry.line();
            self.followers.retain_mut(|follower| follower.offer(&line));
        }
    }

    /// The lines that are asked for, the oldest first. None when too many follow already.
    pub(super) fn read(&mut self, query: LogQuery) -> Option<Receiver<LogLine>> {
        self.followers.retain(|follower| !follower.is_gone());
        let wanted = |entry: &&Entry| query.since.is_none_or(|since| entry.time >= since);
        let backlog: Vec<_> = self.entries.iter().filter(wanted).map(Entry::line).collect();
        if !query.follow {
            return Some(closed(backlog));
        }
        if self.followers.len() >= FOLLOWERS {
            return None;
        }
        let (follower, reader) = Follower::new(backlog);
        self.followers.push(follower);
        Some(reader)
    }

    pub(super) fn is_followed(&self) -> bool {
        !self.followers.is_empty()
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.bytes)
    }
}

/// These lines and no more.
pub(super) fn closed(lines: Vec<LogLine>) -> Receiver<LogLine> {
    let (sender, reader) = channel(lines.len().max(1));
    for line in lines {
        // There is room for all of them.
        let _ = sender.try_send(line);
    }
    reader
}
