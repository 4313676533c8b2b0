//! Guests that are named by where they are on a registry: `oci://HOST/NAME:TAG`.

use std::path::Path;

/// Whether a guest is named by a registry's reference, and not by a file.
pub fn is_on_registry(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(b"oci://")
}

/// What a guest is called that lies in `file`: without folders and what follows the last dot, or without the registry and what
/// follows the repository's name.
pub fn called(file: &Path) -> String {
    if is_on_registry(file) {
        let text = file.to_string_lossy();
        let last = text.rsplit_once('/').map_or(&*text, |(_, last)| last);
        return last.split(['@', ':']).next().unwrap_or(last).to_owned();
    }
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_called_by_its_file_or_its_repository() {
        for (file, name) in [
            ("build/auth.wasm", "auth"),
            ("oci://ghcr.io/team/auth", "auth"),
            ("oci://ghcr.io/team/auth:1.0", "auth"),
            ("oci://ghcr.io/team/auth:1@sha256:00", "auth"),
            ("oci://", ""),
        ] {
            assert_eq!(called(Path::new(file)), name);
        }
    }
}
