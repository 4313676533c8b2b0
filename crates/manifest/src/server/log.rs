//! The `[log]` table.

use super::{keys, path};
use crate::values::Reader;
use std::path::{Path, PathBuf};

/// What is logged, where, and how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How lines look.
    pub format: LogFormat,
    /// The file, joined to the configuration's folder. `None`: standard error.
    pub file: Option<PathBuf>,
    /// Whether each request has a line.
    pub access: bool,
}

/// How the lines of a log look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// A JSON object each.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Log { format: LogFormat::default(), file: None, access: true }
    }
}

pub(super) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Log {
    let Some(mut reader) = reader.inside("log") else {
        return Log::default();
    };
    keys::LOG.check(&mut reader);
    let file = match reader.value("file").and_then(|file| file.get_ref().as_str()) {
        Some("stderr" | "-") => None,
        _ => path(&mut reader, "file", folder),
    };
    Log { format: format(&mut reader).unwrap_or_default(), file, access: reader.flag("access").unwrap_or(true) }
}

fn format(reader: &mut Reader<'_, '_, '_>) -> Option<LogFormat> {
    let (text, span) = reader.text("format")?;
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => {
            reader.report.add(span, "`format` is \"text\" or \"json\"");
            None
        }
    }
}
