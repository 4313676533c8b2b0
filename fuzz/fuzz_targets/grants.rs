//! Any text is a grant or an error, and what parses reads back the same.
#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use holm_grants::{DirGrant, HttpGrant, NetGrant, parse_duration, parse_env, parse_size};

libfuzzer_sys::fuzz_target!(|text: &str| {
    round_trip::<DirGrant>(text);
    round_trip::<NetGrant>(text);
    round_trip::<HttpGrant>(text);
    let _ = (parse_duration(text), parse_env(text), parse_size(text));
});

fn round_trip<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) {
    if let Ok(grant) = text.parse::<T>() {
        assert_eq!(grant.to_string().parse::<T>().expect("it reads back"), grant);
    }
}
