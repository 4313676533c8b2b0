//! The `[telemetry]` table.

use super::keys;
use crate::values::Reader;
use http::Uri;

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// The URL of an OpenTelemetry collector that speaks OTLP, `http` or `https`.
    pub otlp: String,
    /// What the server calls itself in traces (`service.name`).
    pub service_name: String,
}

pub(super) fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Telemetry> {
    let span = reader.value("telemetry")?.span();
    let mut reader = reader.inside("telemetry")?;
    keys::TELEMETRY.check(&mut reader);
    let service_name = reader.name("service-name").unwrap_or_else(|| "holm".to_owned());
    if reader.value("otlp").is_none() {
        let why = "[telemetry] needs `otlp`, the collector's URL, as in otlp = \"http://127.0.0.1:4318\"";
        reader.report.add(span, why);
    }
    let (otlp, span) = reader.text("otlp")?;
    if !is_endpoint(otlp) {
        reader.report.add(span, "`otlp` takes a URL with http or https, as in \"http://127.0.0.1:4318\"");
    }
    Some(Telemetry { otlp: otlp.to_owned(), service_name })
}

fn is_endpoint(url: &str) -> bool {
    let Ok(url) = url.parse::<Uri>() else {
        return false;
    };
    matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty())
}
