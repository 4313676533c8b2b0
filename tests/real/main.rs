//! Programs that nobody made for Holm: a Verilog compiler, and components from Python and JavaScript.
//!
//! `tests/real/fetch` gets them. Without them these tests skip with a message, except in CI, where they fail.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The file, or `None` with a word to the reader.
fn real(name: &str) -> Option<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME").expect("HOME is set"));
    let dir = std::env::var_os("HOLM_REAL_GUESTS").map_or_else(|| home.join(".cache/holm-real"), PathBuf::from);
    let path = dir.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing: tests/real/fetch gets it", path.display());
    eprintln!("skipped: {} is missing; tests/real/fetch gets it", path.display());
    None
}

/// Big guests take a minute to compile, so their code is kept between runs, apart from the user's own cache.
fn holm(args: &[&str]) -> Output {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real-cache");
    let output = Command::new(env!("CARGO_BIN_EXE_holm")).args(args).env("HOLM_CACHE_DIR", cache).output();
    output.expect("holm starts")
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn yosys_synthesises_an_adder() {
    let (Some(yosys), Some(share)) = (real("yosys.wasm"), real("share")) else { return };
    let work = tempfile::tempdir().expect("a temporary folder");
    let source = "module top(input a, input b, output sum, output carry);\n\
                  assign sum = a ^ b;\nassign carry = a & b;\nendmodule\n";
    std::fs::write(work.path().join("half.v"), source).expect("the folder is writable");
    let script = "read_verilog /w/half.v; synth -noabc; write_json /w/half.json";
    let output = holm(&[
        "run",
        "--dir",
        &format!("{}::/w", work.path().display()),
        "--dir",
        &format!("{}::/share:ro", share.display()),
        &yosys.to_string_lossy(),
        "-q",
        "-p",
        script,
    ]);
    stdout(&output);
    let netlist = std::fs::read_to_string(work.path().join("half.json")).expect("Yosys wrote its netlist");
    let netlist: serde_json::Value = serde_json::from_str(&netlist).expect("the netlist is JSON");
    let cells = netlist["modules"]["top"]["cells"].as_object().expect("the module has cells");
    let mut kinds: Vec<_> = cells.values().map(|cell| cell["type"].as_str().unwrap_or_default()).collect();
    kinds.sort_unstable();
    // What Yosys documents of `synth`: gates from its internal library, one for each operator here.
    assert_eq!(kinds, ["$_AND_", "$_XOR_"]);
}

#[test]
fn a_python_component_answers() {
    let Some(greeter) = real("greeter-py.wasm") else { return };
    let greeter = greeter.to_string_lossy();
    assert_eq!(stdout(&holm(&["call", &greeter, "greet", "Ada"])), "Hello, Ada! This is Python.\n");
    assert_eq!(stdout(&holm(&["call", "--json", &greeter, "sum", "[1.5, 2.5]"])), "4.0\n");
}

#[test]
fn a_javascript_component_answers() {
    let Some(greeter) = real("greeter-js.wasm") else { return };
    let greeter = greeter.to_string_lossy();
    assert_eq!(stdout(&holm(&["call", &greeter, "greet", "Ada"])), "Hello, Ada! This is JavaScript.\n");
    assert_eq!(stdout(&holm(&["call", "--json", &greeter, "sum", "[1.5, 2.5]"])), "4.0\n");
}

#[test]
fn a_large_guest_starts_on_the_fast_tier_and_is_optimised_for_next_time() {
    let Some(greeter) = real("greeter-js.wasm") else { return };
    let cache = tempfile::tempdir().expect("a temporary folder");
    let holm = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_holm")).args(args).env("HOLM_CACHE_DIR", cache.path()).output();
        stdout(&output.expect("holm starts"))
    };
    let tiers = || {
        let shown: serde_json::Value = serde_json::from_str(&holm(&["cache", "--json"])).expect("it is JSON");
        let entries = shown["entries"].as_array().expect("it lists entries");
        let mut tiers: Vec<_> = entries.iter().map(|entry| entry["settings"]["tier"].to_string()).collect();
        tiers.sort_unstable();
        tiers
    };
    holm(&["call", &greeter.to_string_lossy(), "greet", "Ada"]);
    assert_eq!(tiers().first().map(String::as_str), Some("\"fast\""));
    // The process that optimises is on its own; a minute is long beyond what it takes.
    for _ in 0..600 {
        if tiers() == ["\"fast\"", "\"optimized\""] {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    panic!("no optimised code appeared: {:?}", tiers());
}
