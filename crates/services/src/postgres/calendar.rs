//! Days and times as a server counts them: from the start of the year 2000.

use super::value::{Date, Time};

const DAY: i64 = 86_400_000_000;
/// Days from 1970-01-01 to 2000-01-01.
const EPOCH: i64 = 10_957;
const MICROS_PER_SECOND: i64 = 1_000_000;

/// The day so many days after 2000-01-01. `None` stands for infinity.
pub(super) fn date(days: i32) -> Option<Date> {
    (days != i32::MAX && days != i32::MIN).then(|| civil(i64::from(days) + EPOCH))
}

/// The time so many microseconds after midnight, up to the end of the day.
pub(super) fn time(micros: i64) -> Option<Time> {
    if !(0..=DAY).contains(&micros) {
        return None;
    }
    let seconds = micros / MICROS_PER_SECOND;
    Some(Time {
        hour: u8::try_from(seconds / 3600).ok()?,
        minute: u8::try_from(seconds / 60 % 60).ok()?,
        second: u8::try_from(seconds % 60).ok()?,
        nanosecond: u32::try_from(micros % MICROS_PER_SECOND).ok()? * 1000,
    })
}

/// The moment so many microseconds after the start of 2000. `None` stands for infinity.
pub(super) fn datetime(micros: i64) -> Option<(Date, Time)> {
    if micros == i64::MAX || micros == i64::MIN {
        return None;
    }
    Some((civil(micros.div_euclid(DAY) + EPOCH), time(micros.rem_euclid(DAY))?))
}

/// How many days after 2000-01-01 it is.
pub(super) fn days(date: Date) -> Option<i32> {
    let days = days_since_1970(date)? - EPOCH;
    i32::try_from(days).ok().filter(|days| *days != i32::MAX && *days != i32::MIN)
}

/// How many microseconds after midnight it is.
pub(super) fn micros(time: Time) -> Option<i64> {
    let whole = (time.hour, time.minute, time.second, time.nanosecond) == (24, 0, 0, 0);
    if !whole && (time.hour > 23 || time.minute > 59 || time.second > 59 || time.nanosecond > 999_999_999) {
        return None;
    }
    let seconds = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second);
    Some(seconds * MICROS_PER_SECOND + i64::from(time.nanosecond / 1000))
}

/// How many microseconds after the start of 2000 it is.
pub(super) fn moment(date: Date, time: Time) -> Option<i64> {
    (days_since_1970(date)? - EPOCH).checked_mul(DAY)?.checked_add(micros(time)?)
}

/// The same of seconds since 1970.
pub(super) fn moment_of(seconds: i64) -> Option<i64> {
    seconds.checked_sub(EPOCH * 86_400)?.checked_mul(MICROS_PER_SECOND)
}

// Both are the well-known arithmetic of the Gregorian calendar, in eras of 400 years that begin in March.

fn civil(days: i64) -> Date {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    // All three are small: a server knows of 6 million years.
    Date { year: year as i32, month: month as u8, day: day as u8 }
}

fn days_since_1970(date: Date) -> Option<i64> {
    let Date { year, month, day } = date;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let most = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    if !(1..=12).contains(&month) || day == 0 || day > most {
        return None;
    }
    let year = i64::from(year) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month = (i64::from(month) + 9) % 12;
    let of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_two_ways_to_say_the_same() {
        let named = [
            (0, (2000, 1, 1)),
            (-1, (1999, 12, 31)),
            (59, (2000, 2, 29)),
            (-730_485, (0, 1, 1)),
            (9131, (2024, 12, 31)),
        ];
        for (number, (year, month, day)) in named {
            assert_eq!(date(number), Some(Date { year, month, day }), "{number}");
        }
        for number in (-2_000_000..2_000_000).step_by(97) {
            assert_eq!(days(date(number).unwrap()), Some(number));
        }
        assert_eq!((date(i32::MAX), datetime(i64::MIN)), (None, None));
    }

    #[test]
    fn what_no_calendar_has_is_refused() {
        for (year, month, day) in
            [(2023, 2, 29), (1900, 2, 29), (2024, 13, 1), (2024, 4, 31), (2024, 1, 0), (2024, 0, 1)]
        {
            assert_eq!(days(Date { year, month, day }), None, "{year}-{month}-{day}");
        }
        let time = |hour, minute, second, nanosecond| micros(Time { hour, minute, second, nanosecond });
        assert_eq!((time(24, 0, 0, 1), time(23, 60, 0, 0), time(0, 0, 0, 1_000_000_000)), (None, None, None));
        assert_eq!(time(23, 59, 59, 999_999_999), Some(DAY - 1));
        assert_eq!(
            moment(Date { year: i32::MAX, month: 1, day: 1 }, Time { hour: 0, minute: 0, second: 0, nanosecond: 0 }),
            None
        );
    }
}
