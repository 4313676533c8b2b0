//! The `routes` of a guest: which requests it answers.

mod host;
mod path;
mod pattern;
mod route;

pub use host::HostPattern;
pub use path::normal_segment;
pub use pattern::Segment;
pub use route::Route;

use crate::values::Reader;
use std::collections::BTreeMap;

/// How many routes a guest may have.
pub const MOST_ROUTES: usize = 256;

/// The routes read so far, and the guest of each.
pub(crate) type Taken = BTreeMap<Route, Option<String>>;

/// Reads the routes of `guest`. One that is alone and says nothing answers everything.
pub(crate) fn read(reader: &mut Reader<'_, '_, '_>, guest: Option<&str>, alone: bool, taken: &mut Taken) -> Vec<Route> {
    let Some(value) = reader.value("routes") else {
        return if alone { vec![Route::everything()] } else { Vec::new() };
    };
    let texts = reader.texts("routes");
    if texts.len() > MOST_ROUTES {
        let why = format!("a guest has at most {MOST_ROUTES} routes; this one has {}", texts.len());
        reader.report.add(value.span(), why);
    }
    let mut routes = Vec::new();
    for text in texts.iter().take(MOST_ROUTES) {
        let Some(route) = reader.parse::<Route>(text) else {
            continue;
        };
        match taken.insert(route.clone(), guest.map(str::to_owned)) {
            None => routes.push(route),
            Some(owner) => reader.report.add(text.1.clone(), twice(&route, guest, owner.as_deref())),
        }
    }
    routes
}

fn twice(route: &Route, guest: Option<&str>, owner: Option<&str>) -> String {
    match owner {
        Some(owner) if guest != Some(owner) => {
            format!("`{route}` is a route of the guest `{owner}` too; each route leads to one guest")
        }
        _ => format!("`{route}` is there twice; leave one out"),
    }
}
