//! `holm run`: every kind of guest runs, unmodified and recognised without a flag.

use std::fs;

use crate::support::{Holm, guest, holm, run};

#[test]
fn a_wasi_program_runs_whatever_its_version() {
    assert_eq!(run("hello.p1.wasm").prints(), "Hello from Holm!\n");
    assert_eq!(run("hello.p2.wasm").prints(), "Hello from Holm!\n");
    assert_eq!(run("hello.p3.wasm").prints(), "Hello from WASI 0.3!\n");
}

#[test]
fn a_program_for_the_preview_before_wasi_0_1_runs() {
    let ended = run("preview0.wasm").ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), "Hello from WASI preview0\n"));
}

#[test]
fn a_program_in_c_runs() {
    assert_eq!(run("hello-c.p1.wasm").prints(), "Hello from C!\n");
    assert_eq!(run("hello-c.p2.wasm").prints(), "Hello from C!\n");
    assert_eq!(run("wc.p1.wasm").stdin("one two\nthree\n").prints(), "2 3 14\n");
}

#[test]
fn a_program_in_cpp_runs() {
    assert_eq!(run("sort.p1.wasm").stdin("b\nc\na\n").prints(), "a\nb\nc\n3 sorted\n");
    assert_eq!(run("sort.p1.wasm").args(["y", "x"]).prints(), "x\ny\n2 sorted\n");
}

#[test]
fn a_program_in_go_runs() {
    assert_eq!(run("hello-go.p1.wasm").prints(), "Hello from Go!\n");
}

#[test]
fn a_program_in_zig_runs() {
    assert_eq!(run("hello-zig.p1.wasm").prints(), "Hello from Zig!\n");
}

#[test]
fn arguments_reach_the_program_as_they_are() {
    for name in ["args.p1.wasm", "args.p2.wasm"] {
        let args = ["a", "b c", "", "--dir", "ümlaut", "-x=1"];
        assert_eq!(run(name).args(args).prints(), "a\nb c\n\n--dir\nümlaut\n-x=1\n", "{name}");
    }
    assert_eq!(run("hello.p3.wasm").args(["one", "two"]).prints(), "Hello from WASI 0.3!\none\ntwo\n");
}

#[test]
fn standard_input_reaches_the_program() {
    let bytes: Vec<u8> = (0..100_000_u32).flat_map(|n| format!("{n}\n").into_bytes()).collect();
    for name in ["cat.p1.wasm", "cat.p2.wasm"] {
        assert_eq!(run(name).stdin(bytes.clone()).prints().as_bytes(), bytes, "{name}");
        assert_eq!(run(name).prints(), "", "{name}");
    }
}

#[test]
fn a_program_waits_for_its_input() {
    for name in ["stdin-block.p1.wasm", "stdin-block.p2.wasm"] {
        assert_eq!(run(name).stdin("a line\n").prints().trim_end(), "a line", "{name}");
    }
}

#[test]
fn the_program_decides_on_the_exit_code() {
    for code in [0, 1, 2, 101, 124, 125, 126, 127, 134, 255] {
        let ended = run("exit.p1.wasm").arg(code.to_string()).ends();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(code), ""));
        let ended = run("exit-code.p2.wasm").arg(code.to_string()).ends();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(code), ""));
    }
}

#[test]
fn a_program_that_only_knows_failure_ends_with_1() {
    assert_eq!(run("exit.p2.wasm").arg("7").fails(1), "");
    assert_eq!(run("hello.p3.wasm").arg("fail").fails(1), "");
}

#[test]
fn a_program_that_sleeps_wakes_up() {
    assert_eq!(run("sleep.p1.wasm").arg("1").prints(), "slept\n");
    assert_eq!(run("sleep.p2.wasm").arg("1").prints(), "slept\n");
    assert!(run("sleep.p3.wasm").arg("1").prints().starts_with("slept "));
}

#[test]
fn text_runs_like_a_binary() {
    let ended = run("preview0.wat").ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), "Hello from WASI preview0\n"));
}

#[test]
fn a_guest_comes_from_standard_input() {
    let bytes = fs::read(guest("hello.p2.wasm")).unwrap();
    assert_eq!(holm(["run", "-"]).stdin(bytes).prints(), "Hello from Holm!\n");
    let text = fs::read(guest("math.wat")).unwrap();
    assert_eq!(holm(["call", "-", "add", "2", "3"]).stdin(text).prints(), "5\n");
}

#[test]
fn a_file_alone_is_run() {
    assert_eq!(holm([""; 0]).guest("args.p1.wasm").args(["x", "--json"]).prints(), "x\n--json\n");
    assert_eq!(holm([""; 0]).guest("preview0.wat").ends().code, Some(3));
}

#[test]
fn invoke_calls_a_function() {
    assert_eq!(holm(["run", "--invoke", "add"]).guest("math.wat").args(["2", "3"]).prints(), "5\n");
}

#[test]
fn every_tier_runs_modules_and_components() {
    for tier in ["fast", "portable", "optimized"] {
        for name in ["hello.p1.wasm", "hello.p2.wasm"] {
            assert_eq!(holm(["run", "--tier", tier]).guest(name).prints(), "Hello from Holm!\n", "{tier}");
        }
        assert_eq!(holm(["call", "--tier", tier]).guest("math.wat").args(["add", "2", "3"]).prints(), "5\n", "{tier}");
    }
}

#[test]
fn the_abi_can_be_named() {
    assert_eq!(holm(["run", "--abi", "wasi"]).guest("hello.p1.wasm").prints(), "Hello from Holm!\n");
    let error = holm(["run", "--abi", "nonsense"]).guest("hello.p1.wasm").fails(125);
    insta::assert_snapshot!(error, @r"
    error: no ABI is called `nonsense`
    hint: --abi takes bindgen, extism, http-wasm, proxy-wasm, spin, wasi, core
    ");
}

#[test]
fn a_library_is_not_run_but_its_functions_are_named() {
    insta::assert_snapshot!(run("math.wat").fails(125), @r"
    error: math.wat is not a program: it has no entry point to run
    hint: it has functions to call: `holm call wat/math.wat add`
    hint: `holm call wat/math.wat` lists all 8
    ");
}

#[test]
fn a_handler_of_http_requests_is_not_run_but_told_how_it_is_served() {
    for name in ["serve-hello.p2.wasm", "serve-hello.p3.wasm"] {
        let error = run(name).fails(125);
        let expected = format!(
            "error: {name} is not a program: it answers HTTP requests\nhint: `holm serve prebuilt/{name}` serves it\n"
        );
        assert_eq!(error, expected);
    }
}

fn all_of(args: &str) -> Holm {
    holm(args.split(' '))
}

#[test]
fn help_and_version_go_to_standard_output() {
    assert!(all_of("--help").prints().contains("Usage: holm"));
    assert!(all_of("run --help").prints().contains("--dir"));
    assert!(all_of("--version").prints().starts_with("holm "));
}

#[test]
fn a_misused_command_line_ends_with_125() {
    insta::assert_snapshot!(all_of("frobnicate").fails(125), @r"
    error: unrecognized subcommand 'frobnicate'

    Usage: holm <COMMAND>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(all_of("run --cpu soon x.wasm").fails(125), @r"
    error: invalid value 'soon' for '--cpu <TIME>': `soon` is not a duration: it takes numbers with units, such as ms, s, m and h (example: `10s`)

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(all_of("run --dri . x.wasm").fails(125), @r"
    error: unexpected argument '--dri' found

      tip: a similar argument exists: '--deterministic'
      tip: to pass '--dri' as a value, use '-- --dri'

    Usage: holm run --deterministic [GUEST] [ARGS]...

    For more information, try '--help'.
    ");
}
