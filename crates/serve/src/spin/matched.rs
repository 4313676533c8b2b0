//! A route of a Spin app, with what its guest is told of it made ready.

use std::sync::{Arc, LazyLock};

use holm_manifest::{Route, Segment};
use http::{HeaderName, HeaderValue};

/// The header of a named segment begins like this; `_` in names becomes `-`.
pub(super) const NAMED: &str = "spin-path-match-";

/// A route of a Spin app.
#[derive(Debug)]
pub(crate) struct Matched {
    /// The route behind the app's base, without a slash at its end.
    pub(super) matched: HeaderValue,
    /// The route as it stands in the manifest, without `/...`.
    pub(super) component: HeaderValue,
    /// The route as it stands in the manifest.
    pub(super) raw: HeaderValue,
    pub(super) base: HeaderValue,
    /// Whether nothing below is covered.
    pub(super) exact: bool,
    names: Box<[Named]>,
}

/// A segment that has a name, or several.
#[derive(Debug)]
struct Named {
    /// Which of the path's segments it is.
    number: usize,
    /// The pattern of one with several parts.
    mixed: Option<Box<str>>,
    /// Headers of the names, in order.
    headers: Box<[Option<HeaderName>]>,
}

impl Matched {
    /// What to tell of `route`, if it is one of Spin's.
    pub(crate) fn of(route: &Route) -> Option<Arc<Self>> {
        let (base, raw) = route.as_spin()?;
        let behind_base = format!("{base}/{}", raw.trim_start_matches('/'));
        let matched = behind_base.strip_suffix('/').unwrap_or(&behind_base);
        let names = route.segments().enumerate().filter_map(|(number, segment)| Named::of(number, segment));
        Some(Arc::new(Self {
            matched: value(matched),
            component: value(raw.strip_suffix("/...").unwrap_or(raw)),
            raw: value(raw),
            base: value(if base.is_empty() { "/" } else { base }),
            exact: route.is_exact(),
            names: names.collect(),
        }))
    }

    /// What a guest is told that another one calls by its name, which Spin takes for the route `/...`.
    pub(crate) fn called() -> &'static Self {
        static CALLED: LazyLock<Matched> = LazyLock::new(|| Matched {
            matched: HeaderValue::from_static("/..."),
            component: HeaderValue::from_static(""),
            raw: HeaderValue::from_static("/..."),
            base: HeaderValue::from_static("/"),
            exact: false,
            names: Box::default(),
        });
        &CALLED
    }

    /// Hands out the header of each named segment, and the text in its place.
    pub(super) fn named(&self, path: &str, mut take: impl FnMut(&HeaderName, &str)) {
        for named in &self.names {
            let Some(asked) = path.trim_start_matches('/').split('/').nth(named.number) else { continue };
            let segment = named.mixed.as_deref().map_or(Segment::Named(""), Segment::Mixed);
            let mut headers = named.headers.iter();
            segment.named(asked, |_, text| {
                if let Some(Some(header)) = headers.next() {
                    take(header, text);
                }
            });
        }
    }
}

impl Named {
    fn of(number: usize, segment: Segment<'_>) -> Option<Self> {
        let (mixed, names) = match segment {
            Segment::Exact(_) => return None,
            Segment::Named(name) => (None, vec![name]),
            Segment::Mixed(text) => {
                (Some(text.into()), text.split('.').filter_map(|it| it.strip_prefix(':')).collect())
            }
        };
        let header = |name: &str| format!("{NAMED}{}", name.replace('_', "-")).parse().ok();
        Some(Self { number, mixed, headers: names.into_iter().map(header).collect() })
    }
}

/// A route has characters of a URL's path, all of which a header can hold.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
