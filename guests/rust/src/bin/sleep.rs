//! Sleeps for as many milliseconds as its argument says, then prints `slept`.

use std::time::Duration;

fn main() {
    let milliseconds = std::env::args().nth(1).map_or(100, |text| text.parse().expect("milliseconds are a number"));
    std::thread::sleep(Duration::from_millis(milliseconds));
    println!("slept");
}
