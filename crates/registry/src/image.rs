//! Where in an image the guest is.

use serde::Deserialize;

use crate::error::{Failure, RegistryError, Result};
use crate::manifest::{Descriptor, Manifest};

/// The configuration of the CNCF's layout for WebAssembly (tag-runtime.cncf.io, "Wasm OCI Artifact layout").
pub(crate) const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// The layer of that layout.
pub(crate) const WASM_LAYER: &str = "application/wasm";
/// The same in the layouts before it: of wasm-to-oci and Krustlet, of Istio and Envoy Gateway, of containerd's shims.
const OTHER_WASM_LAYERS: [&str; 5] = [
    "application/vnd.wasm.content.layer.v1+wasm",
    "application/vnd.module.wasm.content.layer.v1+wasm",
    "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
    "application/vnd.bytecodealliance.component.layer.v0+wasm",
    "application/vnd.wasm.component.layer.v1+wasm",
];
/// Layers that are archives, and whether they are compressed.
const ARCHIVES: [(&str, bool); 5] = [
    ("application/vnd.oci.image.layer.v1.tar", false),
    ("application/vnd.oci.image.layer.v1.tar+gzip", true),
    ("application/vnd.docker.image.rootfs.diff.tar", false),
    ("application/vnd.docker.image.rootfs.diff.tar.gzip", true),
    ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", true),
];

/// Where the guest is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place<'m> {
    /// It is this layer.
    Layer(&'m Descriptor),
    /// It is a file in one of these archives, the uppermost last.
    Archives(Vec<Archive<'m>>),
}

/// A layer that is an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Archive<'m> {
    pub(crate) layer: &'m Descriptor,
    pub(crate) gzip: bool,
}

/// Where the guest is in `manifest`.
pub(crate) fn find(manifest: &Manifest) -> Result<Place<'_>> {
    let is_wasm =
        |layer: &&Descriptor| layer.media_type == WASM_LAYER || OTHER_WASM_LAYERS.contains(&layer.media_type.as_str());
    let guests: Vec<&Descriptor> = manifest.layers.iter().filter(is_wasm).collect();
    match guests.as_slice() {
        [only] => return Ok(Place::Layer(only)),
        // The layout has the guest first, and what it may be composed with behind it.
        [first, ..] if manifest.config.media_type == WASM_CONFIG => return Ok(Place::Layer(first)),
        [_, ..] => {
            return Err(RegistryError::new(
                Failure::Unsupported,
                "it has several guests, and says of none that it is first",
            ));
        }
        [] => {}
    }
    let archives: Option<Vec<Archive<'_>>> = manifest.layers.iter().map(archive).collect();
    match archives {
        Some(archives) if !archives.is_empty() => Ok(Place::Archives(archives)),
        _ => Err(nothing(manifest)),
    }
}

fn archive(layer: &Descriptor) -> Option<Archive<'_>> {
    let (_, gzip) = ARCHIVES.iter().find(|(media_type, _)| *media_type == layer.media_type)?;
    Some(Archive { layer, gzip: *gzip })
}

fn nothing(manifest: &Manifest) -> RegistryError {
    const SHOWN: usize = 8;
    let types = manifest
        .layers
        .iter()
        .take(SHOWN)
        .map(|layer| layer.media_type.chars().filter(|c| !c.is_control()).take(100).collect::<String>());
    let types: Vec<String> = types.collect();
    let error = RegistryError::new(Failure::Unsupported, "it holds no guest");
    match types.as_slice() {
        [] => error.note("it has no layers"),
        types => error
            .note(format!("its layers are {}", types.join(", ")))
            .note(format!("a guest's layer is {WASM_LAYER}, or a tar with one .wasm in it")),
    }
}

/// What of a plain image's configuration matters here: which file it runs.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct ImageConfig {
    config: Option<Run>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Run {
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
}

impl ImageConfig {
    /// The file that the image runs, without the slashes in front.
    pub(crate) fn program(&self) -> Option<&str> {
        let run = self.config.as_ref()?;
        let first = |words: &'_ Option<Vec<String>>| words.as_ref().and_then(|words| words.first().cloned()).is_some();
        let words = if first(&run.entrypoint) { &run.entrypoint } else { &run.cmd };
        words.as_ref()?.first().map(|program| program.trim_start_matches(['.', '/']))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(config: &str, layers: &[&str]) -> Manifest {
        Manifest {
            schema_version: 2,
            media_type: None,
            artifact_type: None,
            config: Descriptor::of(b"{}", config),
            layers: layers.iter().enumerate().map(|(at, kind)| Descriptor::of(&[at as u8], kind)).collect(),
            subject: None,
            annotations: Default::default(),
        }
    }

    #[test]
    fn a_guest_is_found_in_the_layout_and_in_those_before_it() {
        for layer in [WASM_LAYER].iter().chain(&OTHER_WASM_LAYERS) {
            let manifest = manifest("application/vnd.oci.empty.v1+json", &["application/json", layer]);
            assert_eq!(find(&manifest).unwrap(), Place::Layer(&manifest.layers[1]), "{layer}");
        }
    }

    #[test]
    fn the_first_of_several_is_the_guest_only_where_the_layout_says_so() {
        let several = manifest(WASM_CONFIG, &[WASM_LAYER, WASM_LAYER]);
        assert_eq!(find(&several).unwrap(), Place::Layer(&several.layers[0]));
        assert!(find(&manifest("x", &[WASM_LAYER, WASM_LAYER])).is_err());
    }

    #[test]
    fn what_holds_no_guest_says_what_it_holds() {
        let error = find(&manifest("x", &["application/vnd.oci.image.layer.v1.tar+zstd"])).unwrap_err();
        assert_eq!(error.notes()[0], "its layers are application/vnd.oci.image.layer.v1.tar+zstd");
        assert_eq!(find(&manifest("x", &[])).unwrap_err().notes(), ["it has no layers"]);
    }

    #[test]
    fn a_plain_image_says_what_it_runs() {
        let config = |text: &str| serde_json::from_str::<ImageConfig>(text).unwrap();
        assert_eq!(config(r#"{"config":{"Entrypoint":["/app.wasm","x"],"Cmd":["y"]}}"#).program(), Some("app.wasm"));
        assert_eq!(config(r#"{"config":{"Entrypoint":null,"Cmd":["./bin/a.wasm"]}}"#).program(), Some("bin/a.wasm"));
        assert_eq!(config("{}").program(), None);
    }
}
