//! Requests by status.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::StatusCode;

/// The codes counted one by one: those registered with IANA, nginx's 499 not among them. A guest may answer with any
/// code from 100 to 999; were each a time series, one app could make 900 of them.
const KNOWN: [u16; 63] = [
    100, 101, 102, 103, 104, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308,
    400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424,
    425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
];
/// What the others are counted as, after the known ones.
const REST: [&str; 7] = ["1xx", "2xx", "3xx", "4xx", "5xx", "other", "none"];
const SLOTS: usize = KNOWN.len() + REST.len();
const OTHER: u8 = (KNOWN.len() + 5) as u8;
const NONE: u8 = (KNOWN.len() + 6) as u8;

/// The slot of each code from 100 on.
static SLOT: [u8; 500] = slots();

const fn slots() -> [u8; 500] {
    let mut slots = [0; 500];
    let mut code = 0;
    while code < slots.len() {
        slots[code] = (KNOWN.len() + code / 100) as u8;
        code += 1;
    }
    let mut known = 0;
    while known < KNOWN.len() {
        slots[KNOWN[known] as usize - 100] = known as u8;
        known += 1;
    }
    slots
}

#[derive(Debug)]
pub(super) struct Codes([AtomicU64; SLOTS]);

impl Default for Codes {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; SLOTS])
    }
}

impl Codes {
    pub(super) fn add(&self, status: Option<StatusCode>) {
        let slot = match status {
            Some(status) => SLOT.get(usize::from(status.as_u16()) - 100).copied().unwrap_or(OTHER),
            None => NONE,
        };
        self.0[usize::from(slot)].fetch_add(1, Relaxed);
    }

    /// How many there were of each code of which there were any.
    pub(super) fn read(&self) -> impl Iterator<Item = (String, u64)> {
        let name = |slot: usize| match KNOWN.get(slot) {
            Some(code) => code.to_string(),
            None => REST[slot - KNOWN.len()].to_owned(),
        };
        let counts = self.0.iter().map(|count| count.load(Relaxed)).enumerate();
        counts.filter(|(_, count)| *count > 0).map(move |(slot, count)| (name(slot), count))
    }

    /// How many there were of these classes: 2 is 200 to 299.
    pub(super) fn class(&self, class: u16) -> u64 {
        let of_class = |code: &u16| code / 100 == class;
        let known = KNOWN.iter().zip(&self.0).filter(|(code, _)| of_class(code)).map(|(_, count)| count.load(Relaxed));
        let rest = self.0.get(KNOWN.len() + usize::from(class) - 1).map_or(0, |count| count.load(Relaxed));
        known.sum::<u64>() + rest
    }

    pub(super) fn total(&self) -> u64 {
        self.0.iter().map(|count| count.load(Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_of_a_guest_makes_more_than_a_bounded_number_of_series() {
        let codes = Codes::default();
        for code in 100..=999 {
            codes.add(Some(StatusCode::from_u16(code).unwrap()));
        }
        codes.add(None);
        assert_eq!(codes.total(), 901);
        let read: Vec<_> = codes.read().collect();
        assert_eq!(read.len(), SLOTS);
        assert!(read.contains(&("404".to_owned(), 1)) && read.contains(&("other".to_owned(), 400)));
        assert!(read.contains(&("2xx".to_owned(), 90)) && read.contains(&("none".to_owned(), 1)));
        for class in 1..=5 {
            assert_eq!(codes.class(class), 100);
        }
    }

    #[test]
    fn codes_that_never_came_are_not_mentioned() {
        let codes = Codes::default();
        codes.add(Some(StatusCode::OK));
        codes.add(Some(StatusCode::OK));
        assert_eq!(codes.read().collect::<Vec<_>>(), [("200".to_owned(), 2)]);
    }
}
