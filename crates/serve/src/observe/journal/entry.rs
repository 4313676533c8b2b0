//! A line, as it is kept.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::time::SystemTime;

use holm_admin::wire::{LogLine, LogSource};
use serde_json::Value;

use crate::observe::RequestId;
use crate::observe::time::rfc3339;

/// What a line is about, and who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::observe) struct About {
    pub(in crate::observe) version: Option<u64>,
    pub(in crate::observe) request: Option<RequestId>,
    pub(in crate::observe) source: LogSource,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) time: SystemTime,
    pub(super) about: About,
    pub(super) text: Box<str>,
    pub(super) fields: BTreeMap<String, Value>,
}

impl Entry {
    pub(super) fn new(time: SystemTime, about: About, text: String) -> Self {
        Self { time, about, text: text.into(), fields: BTreeMap::new() }
    }

    /// About as many bytes as keeping it takes.
    pub(super) fn size(&self) -> usize {
        // Keys and values of fields are short.
        size_of::<Self>() + self.text.len() + self.fields.len() * 128
    }

    pub(super) fn line(&self) -> LogLine {
        LogLine {
            time: rfc3339(self.time).to_string(),
            version: self.about.version,
            request: self.about.request.map(|request| request.to_string()),
            source: self.about.source,
            text: self.text.to_string(),
            fields: self.fields.clone(),
        }
    }
}
