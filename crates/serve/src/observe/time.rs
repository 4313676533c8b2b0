//! Points in time as text.

use std::fmt::Display;
use std::time::SystemTime;

/// RFC 3339 in UTC, with milliseconds.
pub(super) fn rfc3339(time: SystemTime) -> impl Display {
    // A clock set to before 1970 is no reason to panic, which humantime would.
    humantime::format_rfc3339_millis(time.max(SystemTime::UNIX_EPOCH))
}
