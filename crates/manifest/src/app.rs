//! An app as its manifest describes it.

use crate::document::{self, Format};
use crate::error::ManifestError;
use crate::guest::{self, Around, Given, Guest, is_name};
use crate::keys;
use crate::services::{self, Services};
use crate::triggers::{Platform, Variable};
use crate::values::Reader;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The manifest version this crate reads, the value of the key `holm`.
pub const VERSION: u64 = 1;
/// How many guests an app may have. Each has a copy of what is granted to all.
pub const MOST_GUESTS: usize = 64;

const FORMAT: Format = Format {
    key: "holm",
    version: VERSION,
    names: ("manifest", "manifests"),
    other: ("holm-server", "give it to `holm serve --config`"),
};

/// What a manifest says. Nothing in it has been looked up: files may be missing, and the names of
/// ABIs and features may be unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// The app's name, if it was given one.
    pub name: Option<String>,
    /// What it calls its own version, for whoever asks. Ours have none.
    pub version: Option<String>,
    /// The app's guests, in the order of their names; never none. A single one may have no name.
    pub guests: Vec<Guest>,
    /// Where the guests' stores are.
    pub services: Services,
    /// The variables that its guests' are made of, by name.
    pub variables: BTreeMap<String, Variable>,
    /// For which program it was written.
    pub platform: Platform,
}

/// The app of an empty manifest: one guest, beside it.
impl Default for App {
    fn default() -> Self {
        App {
            name: None,
            version: None,
            guests: vec![Guest::default()],
            services: Services::default(),
            variables: BTreeMap::new(),
            platform: Platform::Holm,
        }
    }
}

impl App {
    /// Reads a manifest's `text`. `path` is where it came from: paths in it are relative to the
    /// folder of that file, and messages name it. Nothing is read from disk.
    ///
    /// # Errors
    /// Every problem in the text at once; but when it is not TOML, or of another version, only that.
    pub fn parse(text: &str, path: &Path) -> Result<App, ManifestError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        document::parse(text, path, &FORMAT, |reader| read(reader, folder))
    }

    /// Reads the manifest at `path`.
    ///
    /// # Errors
    /// As [`App::parse`], or because the file cannot be read as text.
    pub fn load(path: &Path) -> Result<App, ManifestError> {
        App::parse(&document::load(path)?, path)
    }
}

fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> App {
    keys::APP.check(reader);
    App {
        name: reader.text("name").map(|(name, _)| name.to_owned()),
        guests: guests(reader, folder),
        services: services::read(reader, folder),
        ..App::default()
    }
}

fn guests(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Vec<Guest> {
    let table = reader.value("guest").and_then(|value| value.get_ref().as_table());
    let names = table.into_iter().flat_map(DeTable::keys).map(|name| name.get_ref().as_ref());
    let siblings: Vec<&str> = names.filter(|name| is_name(name)).take(MOST_GUESTS).collect();
    let shared = Given::read(reader, folder, &siblings);
    let alone = table.is_none_or(|table| table.len() == 1);
    let mut around = Around { folder, shared, siblings, alone, taken: Default::default() };
    let Some(table) = table else {
        return vec![guest::read_single(reader, &mut around)];
    };
    check_alone(reader);
    check_number(reader, table);
    let tables = table.iter().take(MOST_GUESTS);
    tables.filter_map(|(name, value)| named(reader, name, value, &mut around)).collect()
}

/// Reports the keys of a single guest, which would say of which guest they are if they stood in its table.
fn check_alone(reader: &mut Reader<'_, '_, '_>) {
    let single = reader.table.keys().filter(|key| {
        let key = key.get_ref().as_ref();
        keys::GUEST.known.contains(&key) && !["grants", "limits"].contains(&key)
    });
    for key in single {
        let why =
            format!("`{}` is for a single guest; with [guest.NAME] tables, write it in one of them", key.get_ref());
        reader.report.add(key.span(), why);
    }
}

fn check_number(reader: &mut Reader<'_, '_, '_>, table: &DeTable<'_>) {
    let span = reader.value("guest").map(Spanned::span).unwrap_or_default();
    match table.len() {
        0 => reader.report.add(span, "[guest] holds no guest; write [guest.NAME], or leave it out"),
        1..=MOST_GUESTS => {}
        count => reader.report.add(span, format!("an app has at most {MOST_GUESTS} guests; this one has {count}")),
    }
}

fn named<'a>(
    reader: &mut Reader<'_, '_, 'a>,
    name: &Spanned<Cow<'_, str>>,
    value: &Spanned<DeValue<'a>>,
    around: &mut Around<'_>,
) -> Option<Guest> {
    let (span, name) = (name.span(), name.get_ref().as_ref());
    let Some(table) = value.get_ref().as_table() else {
        let known = keys::GUEST.known.contains(&name) || name == "guest";
        let why = match known {
            true => format!("`{name}` stands in a guest's own table; write [guest.NAME] above it"),
            false => "a guest is a table; write [guest.NAME]".to_owned(),
        };
        reader.report.add(span, why);
        return None;
    };
    let mut name = name;
    if !is_name(name) {
        let why = "the name of a guest is made of up to 63 lower-case letters, digits and hyphens, as in [guest.web]";
        reader.report.add(span.clone(), why);
        name = "NAME";
    }
    let mut inner = Reader { table, report: reader.report, place: format!("guest.{name}") };
    Some(guest::read_named(&mut inner, name, span, around))
}
