//! What a span says of an event, by the semantic conventions of OpenTelemetry
//! (<https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/>, and `faas` of a timer in
//! <https://opentelemetry.io/docs/specs/semconv/faas/faas-spans/>).

use std::time::SystemTime;

use holm_admin::AppName;

use super::http::Span;
use super::wire::Message;
use crate::observe::trace::Trace;
use crate::observe::{Access, Occasion, OccasionKind, Outcome};

const INTERNAL: u64 = 1;
const CONSUMER: u64 = 5;

/// The span of an event that a guest was told of. `trace` is the one in `access`.
pub(super) fn consumer(app: Option<&AppName>, access: &Access<'_>, occasion: &Occasion, trace: &Trace) -> Message {
    let finished = access.finished;
    let cron = occasion.kind == OccasionKind::Cron;
    let mut span = Span::begin(trace, if cron { INTERNAL } else { CONSUMER }, access.trace_state);
    let end = SystemTime::now();
    span.time(end.checked_sub(finished.latency).unwrap_or(end), end);
    if cron {
        span.called("cron", &occasion.name);
        span.text("faas.trigger", "timer");
        span.text("faas.cron", &occasion.name);
    } else {
        span.called("process", &occasion.name);
        span.text("messaging.system", occasion.kind.protocol());
        span.text("messaging.operation.name", "process");
        span.text("messaging.operation.type", "process");
        span.text("messaging.destination.name", &occasion.name);
        span.server(&occasion.server);
    }
    if let Some((_, error)) = finished.outcome.problem() {
        span.text("error.type", error);
    }
    span.holm(app, access.request);
    span.guest(access);
    span.end(finished.outcome != Outcome::Answered)
}
