//! `[key_value_store.NAME]` and `[sqlite_database.NAME]`.

use super::{kind, named, only, refused, required, unknown, url};
use crate::grants::beside;
use crate::keys::Keys;
use crate::services::{Backend, SqlBackend};
use crate::values::Reader;
use holm_grants::ParseError;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// Keys of `[key_value_store.NAME]`.
static STORE: Keys = Keys {
    table: "key_value_store.NAME",
    known: &[
        "type",
        "path",
        "url",
        "key",
        "account",
        "database",
        "container",
        "access_key",
        "secret_key",
        "token",
        "region",
        "consistent_read",
        "table",
    ],
    family: &[],
};
/// Keys of `[sqlite_database.NAME]`.
static DATABASE: Keys =
    Keys { table: "sqlite_database.NAME", known: &["type", "path", "allow_attach_file", "url", "token"], family: &[] };

const INSTEAD: &str = "a store is `type = \"spin\"`, in a file, or `type = \"redis\"`";

pub(super) fn key_value(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> BTreeMap<String, Backend> {
    let mut stores = BTreeMap::new();
    named(reader, "key_value_store", |reader, name, span| {
        STORE.check(reader);
        if let Some(store) = store(reader, span, folder) {
            stores.insert(name.to_owned(), store);
        }
    });
    stores
}

fn store(reader: &mut Reader<'_, '_, '_>, span: Range<usize>, folder: &Path) -> Option<Backend> {
    let known = ["spin", "redis"];
    let (kind, at) = kind(reader, span.clone(), &known)?;
    let why = match kind {
        "spin" => {
            only(reader, &STORE, kind, &["path"]);
            let path = reader.name("path").map(|path| beside(folder, path));
            return Some(path.map_or(Backend::Memory, Backend::Sqlite));
        }
        "redis" => {
            only(reader, &STORE, kind, &["url"]);
            return redis(reader, span);
        }
        "azure_cosmos" => refused("Azure Cosmos DB", INSTEAD),
        "aws_dynamo" => refused("Amazon DynamoDB", INSTEAD),
        other => unknown(other, &known),
    };
    reader.report.add(at, why);
    None
}

fn redis(reader: &mut Reader<'_, '_, '_>, span: Range<usize>) -> Option<Backend> {
    let text = required(reader, "url", span)?;
    let at = reader.value("url").map(toml::Spanned::span).unwrap_or_default();
    let backend = match text.split_once("://") {
        Some(("redis" | "rediss", _)) => text.parse::<Backend>(),
        _ => {
            let why = "it begins with redis:// or rediss://";
            Err(ParseError::new("the address of a Redis server", "redis://127.0.0.1:6379", "url", why))
        }
    };
    reader.noted(at, backend)
}

pub(super) fn sqlite(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> BTreeMap<String, SqlBackend> {
    let mut databases = BTreeMap::new();
    named(reader, "sqlite_database", |reader, name, span| {
        DATABASE.check(reader);
        if let Some(database) = database(reader, span, folder) {
            databases.insert(name.to_owned(), database);
        }
    });
    databases
}

fn database(reader: &mut Reader<'_, '_, '_>, span: Range<usize>, folder: &Path) -> Option<SqlBackend> {
    let known = ["spin", "libsql"];
    match kind(reader, span.clone(), &known)? {
        ("spin", _) => {
            only(reader, &DATABASE, "spin", &["path", "allow_attach_file"]);
            if reader.flag("allow_attach_file") == Some(true) {
                let at = reader.value("allow_attach_file").map(toml::Spanned::span).unwrap_or_default();
                let why = "Holm lets no guest attach files to its databases, which would open any file of this machine; \
                           leave it out";
                reader.report.add(at, why);
            }
            let path = reader.name("path").map(|path| beside(folder, path));
            Some(path.map_or(SqlBackend::Memory, SqlBackend::File))
        }
        ("libsql", _) => {
            only(reader, &DATABASE, "libsql", &["url", "token"]);
            let (url, token) = (url(reader, "url", span.clone()), required(reader, "token", span));
            Some(SqlBackend::Libsql { url: url?, token: token?.into() })
        }
        (other, at) => {
            reader.report.add(at, unknown(other, &known));
            None
        }
    }
}

#[cfg(test)]
pub(super) fn keys() -> Vec<&'static Keys> {
    vec![&STORE, &DATABASE]
}
