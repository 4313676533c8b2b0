//! `[[variables_provider]]`: who knows the values of variables.

use super::{kind, listed, only, refused, required, unknown, url};
use crate::grants::beside;
use crate::keys::Keys;
use crate::services::VariableSource;
use crate::values::Reader;
use std::ops::Range;
use std::path::Path;

/// What an app's variables are called in the environment, where nobody says otherwise, before `_` and their name.
pub(crate) const PREFIX: &str = "SPIN_VARIABLE";

/// Keys of `[[variables_provider]]`.
static PROVIDER: Keys = Keys {
    table: "[variables_provider]",
    known: &[
        "type",
        "values",
        "prefix",
        "dotenv_path",
        "url",
        "token",
        "mount",
        "vault_url",
        "client_id",
        "client_secret",
        "tenant_id",
        "authority_host",
    ],
    family: &[],
};

const INSTEAD: &str = "variables come from `static` values, from the environment (`env`), or from HashiCorp's `vault`";

/// Reads the providers, which have had three names.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Vec<VariableSource> {
    let mut sources = Vec::new();
    let names = ["variables_provider", "variables_providers", "config_provider"];
    let written: Vec<_> = names.into_iter().filter(|name| reader.value(name).is_some()).collect();
    if let [first, second, ..] = written.as_slice() {
        let span = reader.table.get_key_value(*second).map(|(key, _)| key.span()).unwrap_or_default();
        reader.report.add(span, format!("`{second}` is another name of `{first}`; write all of them under one"));
    }
    for name in written {
        listed(reader, name, |reader, span| {
            PROVIDER.check(reader);
            sources.extend(source(reader, span, folder));
        });
    }
    sources
}

fn source(reader: &mut Reader<'_, '_, '_>, span: Range<usize>, folder: &Path) -> Option<VariableSource> {
    let known = ["static", "env", "vault"];
    let (kind, at) = kind(reader, span.clone(), &known)?;
    let why = match kind {
        "static" => {
            only(reader, &PROVIDER, kind, &["values"]);
            let pairs = reader.pairs("values").into_iter();
            let values = pairs.map(|((name, _), (value, _))| (name.to_owned(), value.to_owned().into()));
            return Some(VariableSource::Static(values.collect()));
        }
        "env" => {
            only(reader, &PROVIDER, kind, &["prefix", "dotenv_path"]);
            let prefix = reader.text("prefix").map_or(PREFIX, |(prefix, _)| prefix).to_owned();
            let dotenv = reader.name("dotenv_path").map(|path| beside(folder, path));
            return Some(VariableSource::Env { prefix, dotenv });
        }
        "vault" => {
            only(reader, &PROVIDER, kind, &["url", "token", "mount", "prefix"]);
            return vault(reader, span);
        }
        "azure_key_vault" => refused("Azure's key vaults", INSTEAD),
        other => unknown(other, &known),
    };
    reader.report.add(at, why);
    None
}

fn vault(reader: &mut Reader<'_, '_, '_>, span: Range<usize>) -> Option<VariableSource> {
    let url = url(reader, "url", span.clone());
    let token = required(reader, "token", span.clone());
    let mount = required(reader, "mount", span);
    let prefix = reader.name("prefix");
    Some(VariableSource::Vault { url: url?, token: token?.into(), mount: mount?, prefix })
}

#[cfg(test)]
pub(super) fn keys() -> Vec<&'static Keys> {
    vec![&PROVIDER]
}
