//! The `[services]` table: where what a host lends is kept.

mod backend;
mod elsewhere;
mod given;
mod remote;

pub use backend::Backend;
pub use elsewhere::{Llm, SqlBackend, VariableSource};
pub use remote::{Remote, Secret};

use crate::keys;
use crate::values::Reader;
use std::collections::BTreeMap;
use std::path::Path;

/// Where the stores are that guests are granted, by the store's name. One that is not named here is
/// [embedded](Backend::Embedded).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// Key-value stores.
    pub kv: BTreeMap<String, Backend>,
    /// Blob stores, which hold the containers of that name.
    pub blob: BTreeMap<String, Backend>,
    /// SQLite databases. One that is not named is embedded.
    pub sql: BTreeMap<String, SqlBackend>,
    /// What answers guests that ask a model.
    pub llm: Option<Llm>,
    /// Where variables of the app have their values from, the first that knows one first; what nobody knows has its default.
    pub variables: Vec<VariableSource>,
}

impl Services {
    /// Where the key-value store called `name` is.
    pub fn kv(&self, name: &str) -> &Backend {
        self.kv.get(name).unwrap_or(&Backend::Embedded)
    }

    /// Where the blob store called `name` is.
    pub fn blob(&self, name: &str) -> &Backend {
        self.blob.get(name).unwrap_or(&Backend::Embedded)
    }
}

pub(crate) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Services {
    let Some(mut reader) = reader.inside("services") else {
        return Services::default();
    };
    keys::SERVICES.check(&mut reader);
    Services { kv: stores(&mut reader, "kv", folder), blob: stores(&mut reader, "blob", folder), ..Services::default() }
}

fn stores(reader: &mut Reader<'_, '_, '_>, key: &str, folder: &Path) -> BTreeMap<String, Backend> {
    let mut stores = BTreeMap::new();
    for ((name, name_span), backend) in reader.pairs(key) {
        if name.is_empty() {
            reader.report.add(name_span, format!("a store of `{key}` has a name, and this one is empty"));
        }
        if let Some(backend) = reader.parse::<Backend>(&backend) {
            stores.insert(name.to_owned(), backend.beside(folder));
        }
    }
    stores
}
