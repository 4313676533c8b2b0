//! Waits twice at the same time for as many milliseconds as its argument says, then prints `slept N`: the milliseconds
//! it took, which are those of one wait.

use wasip3::clocks::monotonic_clock::{now, wait_for};

wasip3::cli::command::export!(Sleep);

struct Sleep;

impl wasip3::exports::cli::run::Guest for Sleep {
    async fn run() -> Result<(), ()> {
        let argument = wasip3::cli::environment::get_arguments().into_iter().nth(1);
        let milliseconds: u64 = argument.map_or(Ok(100), |text| text.parse()).map_err(|_| ())?;
        let start = now();
        futures::join!(wait_for(milliseconds * 1_000_000), wait_for(milliseconds * 1_000_000));
        println!("slept {}", (now() - start) / 1_000_000);
        Ok(())
    }
}
