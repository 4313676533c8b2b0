//! Days and times as the interfaces have them: tuples.

use holm_services::postgres;

/// Year, month, day.
pub(super) type Date = (i32, u8, u8);
/// Hour, minute, second, nanosecond.
pub(super) type Time = (u8, u8, u8, u32);
/// Both.
pub(super) type DateTime = (i32, u8, u8, u8, u8, u8, u32);

pub(super) fn date((year, month, day): Date) -> postgres::Date {
    postgres::Date { year, month, day }
}

pub(super) fn time((hour, minute, second, nanosecond): Time) -> postgres::Time {
    postgres::Time { hour, minute, second, nanosecond }
}

pub(super) fn parts(time: postgres::Time) -> Time {
    (time.hour, time.minute, time.second, time.nanosecond)
}
