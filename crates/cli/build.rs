//! Puts the files of templates/ into the program: what `holm new` writes is what a reader finds there.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What tools leave behind where somebody built a template in place.
const LEFT_BEHIND: [&str; 6] = [".venv", "__pycache__", "Cargo.lock", "node_modules", "package-lock.json", "target"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_NEW").is_none() {
        return Ok(());
    }
    let folder = fs::canonicalize("../../templates")?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut text = "&[\n".to_owned();
    for template in sorted(&folder)? {
        let mut files = Vec::new();
        collect(&template, &mut files)?;
        let name = template.file_name().unwrap_or_default();
        let _ = writeln!(text, "({name:?}, &[");
        for file in files {
            let inside = file.strip_prefix(&template).unwrap_or(&file);
            let _ = writeln!(text, "    File {{ path: {inside:?}, text: include_str!({file:?}) }},");
        }
        text.push_str("]),\n");
    }
    text.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("templates.rs"), text)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for path in sorted(folder)? {
        match path.is_dir() {
            true => collect(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| {
        let is_left = path.file_name().is_some_and(|name| LEFT_BEHIND.iter().any(|left| name == *left));
        !is_left && path.extension().is_none_or(|ending| ending != "wasm")
    });
    paths.sort();
    Ok(paths)
}
