//! `holm wit format`

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use holm_engine::{Error, Kind, Result};
use serde_json::json;

use crate::args::WitFormat;
use crate::output;

/// Formats every file, or tells which would change. Nothing is written as long as one of them is no WIT.
pub(super) fn format(args: &WitFormat) -> Result<i32> {
    if args.files == [Path::new("-")] {
        return standard_input(args);
    }
    let mut changed = Vec::new();
    let mut same = Vec::new();
    for file in files(&args.files)? {
        let text = read(&file)?;
        let formatted = holm_wit::format(&file.display().to_string(), &text, &siblings(&file))
            .map_err(|error| super::invalid(&error))?;
        if formatted == text { same.push(file) } else { changed.push((file, formatted)) }
    }
    if !args.check {
        for (file, text) in &changed {
            replace(file, text).map_err(|error| Error::io(format_args!("write {}", file.display()), &error))?;
        }
    }
    let names: Vec<String> = changed.iter().map(|(file, _)| file.display().to_string()).collect();
    if args.json {
        let same: Vec<String> = same.iter().map(|file| file.display().to_string()).collect();
        output::print_json(&json!({ "changed": names, "unchanged": same, "written": !args.check }))?;
    } else if args.check {
        names.iter().try_for_each(|name| output::print(&format!("{name} would be written differently\n")))?;
    }
    Ok(i32::from(args.check && !changed.is_empty()))
}

fn standard_input(args: &WitFormat) -> Result<i32> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| Error::io("read WIT from standard input", &error))?;
    let formatted = holm_wit::format("standard input", &text, &[]).map_err(|error| super::invalid(&error))?;
    if args.check {
        return Ok(i32::from(formatted != text));
    }
    output::print(&formatted)?;
    Ok(0)
}

/// The files that were named, and those in folders that were; a folder's `deps` are others' work.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        match path.is_dir() {
            true => files.extend(in_folder(path)?),
            false => files.push(path.clone()),
        }
    }
    Ok(files)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::io(format_args!("read {}", folder.display()), &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "wit") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::new(Kind::NotFound, format!("{} does not exist", file.display())),
        std::io::ErrorKind::InvalidData => Error::new(Kind::Invalid, format!("{} is not text", file.display())),
        _ => Error::io(format_args!("read {}", file.display()), &error),
    })
}

/// The other files of the package that a file may be part of.
fn siblings(file: &Path) -> Vec<(String, String)> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let others =
        in_folder(folder).unwrap_or_default().into_iter().filter(|other| other.file_name() != file.file_name());
    others.filter_map(|other| Some((other.display().to_string(), fs::read_to_string(&other).ok()?))).collect()
}

/// Puts another file in the place of `file`, or of what it is a link to, with the same permissions.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let file = file.canonicalize()?;
    let temporary = file.with_file_name(format!(".holm-wit-{}", std::process::id()));
    let written = (|| {
        let mut new = fs::OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        new.write_all(text.as_bytes())?;
        new.set_permissions(fs::metadata(&file)?.permissions())?;
        new.sync_all()?;
        fs::rename(&temporary, &file)
    })();
    if written.is_err() {
        // Already failing: the first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written
}
