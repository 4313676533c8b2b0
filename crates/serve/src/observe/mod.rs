//! What can be seen of the server: numbers, logs, and the ids that tie them together.
//!
//! - [`Stats`] counts what becomes of an app's requests, over all its versions; [`metrics`] says it to Prometheus, and
//!   [`App::top`] to `holm top`.
//! - [`AppLog`] is an app's log: the last lines in memory for `holm logs`, and all of them in the [`Log`] of the process.
//! - [`Ids`] gives requests their ids, [`trace`] the ids of W3C Trace Context; [`Spans`] are what a collector of
//!   OpenTelemetry is sent.
//!
//! Recording never waits: counters are atomics of the app alone, and a log that cannot keep up loses lines, counts them
//! and says so.

mod access;
mod id;
mod journal;
mod log;
pub mod metrics;
mod observer;
mod occasion;
mod printable;
mod process;
mod spans;
mod stats;
mod time;
pub mod trace;

pub use access::Access;
pub use id::{Ids, RequestId};
pub use journal::{AppLog, JournalLimits, LineSink};
pub use log::{Level, Log, OpenError};
pub use metrics::App;
pub use observer::{Observer, Seen};
pub use occasion::{Occasion, OccasionKind};
pub use process::{Process, ProcessStats};
pub(crate) use spans::Client;
pub use spans::{SpanCounts, Spans};
pub use stats::{Failure, Finished, Held, Outcome, Refusal, Stats};
