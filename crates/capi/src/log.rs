//! What the library logs, and what plugins print where their builder says nothing else.

use std::ffi::{c_char, c_void};
use std::fmt::Write as _;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::error::{holm_error, text};
use crate::given::{User, usage};
use crate::guard::guard;
use crate::holm_drop_fn;

/// Is told of what is logged: `level` is 1 for errors, 2 for warnings, 3 for information, 4 and 5 for details; `target` says
/// what it is about: "holm" the library, "holm::guest" a line that a plugin printed. Called on any thread, on several at
/// once.
pub type holm_log_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, level: u32, target: *const c_char, message: *const c_char)>;

/// Tells `log` of all that is logged up to this level, from now on and for as long as the program runs. Once only.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_log_to(
    level: u32,
    log: holm_log_fn,
    user: *mut c_void,
    drop: holm_drop_fn,
) -> *mut holm_error {
    let user = User::new(user, drop);
    guard(|| {
        let log = log.ok_or_else(|| usage("the function to log to is NULL"))?;
        let most = LEVELS.iter().find(|(_, number)| *number == level);
        let most = most.map(|(level, _)| *level).ok_or_else(|| usage("a level is 1 to 5"))?;
        tracing::subscriber::set_global_default(Logger { most, log, user })
            .map_err(|_| usage("logs go elsewhere already"))
    })
}

const LEVELS: [(Level, u32); 5] =
    [(Level::ERROR, 1), (Level::WARN, 2), (Level::INFO, 3), (Level::DEBUG, 4), (Level::TRACE, 5)];

struct Logger {
    most: Level,
    log: unsafe extern "C" fn(*mut c_void, u32, *const c_char, *const c_char),
    user: User,
}

/// Events alone: what is logged here has no spans.
impl Subscriber for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.most && metadata.target().starts_with("holm")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most.into())
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = LEVELS.iter().find(|(level, _)| level == event.metadata().level()).map_or(5, |(_, number)| *number);
        let (target, message) = (text(event.metadata().target()), text(&(line.message + &line.fields)));
        // SAFETY: the caller gave the function and its pointer together; the texts are there until it returns.
        unsafe { (self.log)(self.user.pointer(), level, target.as_ptr(), message.as_ptr()) };
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// A message, and what else is said of it behind: ` plugin=greet.wasm`.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
        debug_assert!(written.is_ok(), "text always has room");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
