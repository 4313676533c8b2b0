//! Reading the components that were named.

use std::path::{Path, PathBuf};

use holm_compose::Part;
use holm_engine::{Error, Kind, Result, Source, SourceKind};

/// Reads `[NAME=]FILE`. Returns where the bytes came from as well.
pub(super) fn read(said: &str) -> Result<(Part, PathBuf)> {
    let (name, file) = split(said);
    let bytes = bytes(file)?;
    let name = name.map_or_else(|| name_of(file), str::to_owned);
    Ok((Part { name, bytes }, PathBuf::from(file)))
}

/// A name in front of a file. A file whose own name has an equals sign in it is written `./a=b.wasm`.
pub(super) fn split(said: &str) -> (Option<&str>, &str) {
    match said.split_once('=') {
        Some((name, file)) if !name.contains(['/', '\\', '.']) => (Some(name), file),
        _ => (None, said),
    }
}

/// The bytes of a component in a file, text converted.
pub(super) fn bytes(file: &str) -> Result<Vec<u8>> {
    let source = Source::read(file)?;
    if source.kind == SourceKind::Precompiled {
        return Err(Error::new(
            Kind::Usage,
            format!("{file} is compiled already, and only components can be composed"),
        )
        .note("compose first, then `holm compile` the result"));
    }
    Ok(source.bytes)
}

/// What a part is called that was given no name: its file without folder and ending, other characters than a name may have
/// replaced.
fn name_of(file: &str) -> String {
    let stem = match file {
        "-" => "stdin".into(),
        file => Path::new(file).file_stem().unwrap_or_default().to_string_lossy(),
    };
    stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(63).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_called_as_its_file() {
        assert_eq!(name_of("./build/my_model.v2.wasm"), "my-model-v2");
        assert_eq!(split("a=log.wasm"), (Some("a"), "log.wasm"));
        assert_eq!(split("./a=b.wasm"), (None, "./a=b.wasm"));
        assert_eq!(split("acme:log=log.wasm"), (Some("acme:log"), "log.wasm"));
    }
}
