//! The `[telemetry]` table.

use super::keys;
use crate::values::Reader;
use http::Uri;

/// Where traces go.
#[derive(Debug, Clone, PartialEq)]
pub struct Telemetry {
    /// The URL of an OpenTelemetry collector that speaks OTLP over HTTP, `http` or `https`.
    pub otlp: String,
    /// What the server calls itself in traces (`service.name`).
    pub service_name: String,
    /// Of the requests whose client does not say whether they are traced, the share that is: from 0 to 1.
    pub sample: f64,
}

pub(super) fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Telemetry> {
    let span = reader.value("telemetry")?.span();
    let mut reader = reader.inside("telemetry")?;
    keys::TELEMETRY.check(&mut reader);
    let sample = reader.share("sample").unwrap_or(1.0);
    let service_name = reader.name("service-name").unwrap_or_else(|| "holm".to_owned());
    if reader.value("otlp").is_none() {
        let why = "[telemetry] needs `otlp`, the collector's URL, as in otlp = \"http://127.0.0.1:4318\"";
        reader.report.add(span, why);
    }
    let (otlp, span) = reader.text("otlp")?;
    if !is_endpoint(otlp) {
        let why = "`otlp` takes a URL with http or https, without a user or a query, as in \"http://127.0.0.1:4318\"";
        reader.report.add(span, why);
    }
    Some(Telemetry { otlp: otlp.to_owned(), service_name, sample })
}

fn is_endpoint(url: &str) -> bool {
    let Ok(url) = url.parse::<Uri>() else {
        return false;
    };
    let named =
        url.authority().is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
    matches!(url.scheme_str(), Some("http" | "https")) && named && url.query().is_none()
}
