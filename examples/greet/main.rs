//! A plugin that greets, and a program that is greeted.

use std::time::Duration;

use holm::{Call, Grant, Limits, Runtime};

fn main() -> holm::Result<()> {
    let runtime = Runtime::new()?;
    let plugin = runtime
        .plugin("examples/greet/greet.wasm")
        .grant(Grant::dir("./examples", "/examples").read_only())
        .limits(Limits::new().memory(16 << 20).wall(Duration::from_millis(50)))
        .provide("acme:greet/log", "write", |call: &Call, text: String| println!("{}: {text}", call.plugin()))
        .load()?;
    let reply: String = plugin.call("greet", "Ada")?;
    println!("{reply}");
    Ok(())
}
