//! `[component.NAME.build]`.

use super::keys;
use crate::build::Build;
use crate::grants::beside;
use crate::values::Reader;
use std::ops::Range;
use std::path::Path;

pub(super) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Option<Build> {
    let span = reader.value("build").map(toml::Spanned::span).unwrap_or_default();
    let mut reader = reader.inside("build")?;
    keys::BUILD.check(&mut reader);
    let folder = reader.name("workdir").map(|path| beside(folder, path));
    let watch = reader.owned_texts("watch");
    Some(Build { folder, watch, command: command(&mut reader, span), ..Build::default() })
}

/// One line for the shell, or several, of which each has a shell of its own and the first that fails is the last.
pub(super) fn command(reader: &mut Reader<'_, '_, '_>, span: Range<usize>) -> Option<String> {
    if reader.value("command").is_none() {
        reader.report.add(span, "a build has a `command`, a line for the shell or several");
        return None;
    }
    let lines = reader.owned_texts("command");
    match lines.as_slice() {
        [one] => Some(one.clone()),
        // The line break ends a comment, which would hide the parenthesis.
        lines => Some(lines.iter().map(|line| format!("({line}\n)")).collect::<Vec<_>>().join(" && ")),
    }
}
