//! `holm call`: functions of modules and components, their values as text and as JSON.

use serde_json::{Value as Json, json};

use crate::support::{call, holm};

/// Calls a function of the component that has every type.
fn types<const N: usize>(words: [&str; N]) -> String {
    call("types.wasm", words).prints().trim_end().to_owned()
}

/// The same, all in JSON.
fn json_types<const N: usize>(words: [&str; N]) -> Json {
    let printed = holm(["call", "--json"]).guest("types.wasm").args(words).prints();
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn numbers_of_core_modules_go_in_and_out() {
    let math = |words: [&str; 3]| call("math.wat", words).prints();
    assert_eq!(math(["add", "2", "3"]), "5\n");
    assert_eq!(math(["add", "-2", "-3"]), "-5\n");
    assert_eq!(math(["add", "2147483647", "1"]), "-2147483648\n");
    assert_eq!(math(["add64", "9007199254740993", "0"]), "9007199254740993\n");
    assert_eq!(math(["addf", "0.5", "-0.25"]), "0.25\n");
    assert_eq!(math(["addf32", "1.5", "2"]), "3.5\n");
    assert_eq!(math(["swap", "1", "2"]), "2\n1\n");
    assert_eq!(call("math.wat", ["nop"]).prints(), "");
}

#[test]
fn json_goes_in_and_out_of_core_modules() {
    let math = |words: [&str; 3]| holm(["call", "--json"]).guest("math.wat").args(words).prints();
    assert_eq!(math(["add", "2", "3"]), "5\n");
    let swapped: Json = serde_json::from_str(&math(["swap", "1", "2"])).unwrap();
    assert_eq!(swapped, json!([2, 1]));
    assert_eq!(holm(["call", "--json"]).guest("math.wat").arg("nop").prints(), "null\n");
}

#[test]
fn functions_of_a_module_are_listed_with_their_types() {
    insta::assert_snapshot!(call("math.wat", []).prints(), @r"
    add: (i32, i32) -> i32
    add64: (i64, i64) -> i64
    addf: (f64, f64) -> f64
    addf32: (f32, f32) -> f32
    swap: (i32, i64) -> (i64, i32)
    divide: (i32, i32) -> i32
    nop: ()
    fail: ()
    ");
    insta::assert_snapshot!(call("reactor.p1.wasm", []).prints(), @r"
    add: (i32, i32) -> i32
    counter: () -> i32
    greet: ()
    ");
}

#[test]
fn functions_of_a_component_are_listed_with_their_types() {
    insta::assert_snapshot!(call("types.wasm", []).prints(), @r"
    add: func(a: s32, b: s32) -> s32
    join: func(words: list<string>, between: string) -> string
    reverse: func(bytes: list<u8>) -> list<u8>
    integers: func(a: s8, b: u8, c: s16, d: u16, e: s32, f: u32, g: s64, h: u64) -> string
    floats: func(a: f32, b: f64) -> f64
    negate: func(b: bool) -> bool
    nothing: func()
    fail: func()
    holm:test/shapes@1.0.0#area: func(s: variant { circle(f64), rectangle(record { x: f64, y: f64 }), nothing }) -> f64
    holm:test/shapes@1.0.0#greet: func(name: string) -> string
    holm:test/shapes@1.0.0#divide: func(a: s32, b: s32) -> result<s32, string>
    holm:test/shapes@1.0.0#swap: func(pair: tuple<s32, string>) -> tuple<string, s32>
    holm:test/shapes@1.0.0#flip: func(p: flags { read, write, execute }) -> flags { read, write, execute }
    holm:test/shapes@1.0.0#next: func(c: enum { red, green, blue }) -> enum { red, green, blue }
    holm:test/shapes@1.0.0#mirror: func(p: record { x: f64, y: f64 }) -> record { x: f64, y: f64 }
    holm:test/shapes@1.0.0#bump: func(n: option<u32>) -> option<u32>
    holm:test/shapes@1.0.0#largest: func(numbers: list<s64>) -> option<s64>
    holm:test/shapes@1.0.0#upper: func(c: char) -> char
    holm:test/shapes@1.0.0#even: func(n: u8) -> result
    holm:test/counters@1.0.0#[constructor]counter: func(start: s32) -> own<resource>
        cannot be called from here: it takes or returns a resource, stream or future, which exists only while the guest runs
    holm:test/counters@1.0.0#[method]counter.increment: func(self: borrow<resource>, by: s32) -> s32
        cannot be called from here: it takes or returns a resource, stream or future, which exists only while the guest runs
    holm:test/counters@1.0.0#[method]counter.value: func(self: borrow<resource>) -> s32
        cannot be called from here: it takes or returns a resource, stream or future, which exists only while the guest runs
    holm:test/counters@1.0.0#[static]counter.made: func() -> u32
    holm:test/counters@1.0.0#merge: func(a: own<resource>, b: own<resource>) -> own<resource>
        cannot be called from here: it takes or returns a resource, stream or future, which exists only while the guest runs
    holm:test/counters@1.0.0#peek: func(c: borrow<resource>) -> s32
        cannot be called from here: it takes or returns a resource, stream or future, which exists only while the guest runs
    ");
}

#[test]
fn the_list_is_there_as_json() {
    let listed: Json = serde_json::from_str(&holm(["call", "--json"]).guest("types.wasm").prints()).unwrap();
    let add = listed.as_array().unwrap().iter().find(|function| function["name"] == "add").unwrap();
    assert_eq!(
        *add,
        json!({
            "name": "add",
            "signature": "func(a: s32, b: s32) -> s32",
            "params": [{ "name": "a", "type": "s32" }, { "name": "b", "type": "s32" }],
            "results": ["s32"],
            "refused": null,
        })
    );
}

#[test]
fn text_needs_no_quotes() {
    assert_eq!(types(["greet", "Ada Lovelace"]), "Hello, Ada Lovelace!");
    assert_eq!(types(["greet", ""]), "Hello, !");
    assert_eq!(types(["greet", "it is \"quoted\""]), "Hello, it is \"quoted\"!");
    assert_eq!(types(["greet", "ü 🦀"]), "Hello, ü 🦀!");
    assert_eq!(types(["greet", "--", "-x"]), "Hello, -x!");
}

#[test]
fn text_in_quotes_is_unquoted() {
    assert_eq!(types(["greet", r#""a\tb""#]), "Hello, a\tb!");
}

#[test]
fn records_variants_and_enumerations_are_written_in_wave() {
    assert_eq!(types(["mirror", "{x: 1, y: 2.5}"]), "{x: -1, y: -2.5}");
    assert_eq!(types(["area", "circle(1)"]), "3.141592653589793");
    assert_eq!(types(["area", "rectangle({x: 2, y: 3})"]), "6");
    assert_eq!(types(["area", "nothing"]), "0");
    assert_eq!(types(["next", "red"]), "green");
    assert_eq!(types(["next", "blue"]), "red");
}

#[test]
fn flags_tuples_and_characters_are_written_in_wave() {
    assert_eq!(types(["flip", "{read}"]), "{write, execute}");
    assert_eq!(types(["flip", "{read, write, execute}"]), "{}");
    assert_eq!(types(["swap", "(1, \"one\")"]), "(\"one\", 1)");
    assert_eq!(types(["upper", "q"]), "Q");
}

#[test]
fn options_lists_and_results_are_written_in_wave() {
    assert_eq!(types(["bump", "none"]), "none");
    assert_eq!(types(["bump", "some(41)"]), "some(42)");
    assert_eq!(types(["largest", "[1, -5, 3]"]), "some(3)");
    assert_eq!(types(["largest", "[]"]), "none");
    assert_eq!(types(["divide", "7", "2"]), "ok(3)");
    assert_eq!(types(["divide", "1", "0"]), "err(\"cannot divide 1 by 0\")");
    assert_eq!(types(["even", "4"]), "ok");
    assert_eq!(types(["even", "5"]), "err");
    assert_eq!(types(["join", "[\"a\", \"b\"]", "-"]), "a-b");
    assert_eq!(types(["reverse", "[1, 2, 255]"]), "[255, 2, 1]");
}

#[test]
fn numbers_keep_their_range() {
    let extremes = ["-128", "255", "-32768", "65535", "-2147483648", "4294967295", "-9223372036854775808"];
    let [a, b, c, d, e, f, g] = extremes;
    let printed = types(["integers", a, b, c, d, e, f, g, "18446744073709551615"]);
    for number in extremes.iter().chain(&["18446744073709551615"]) {
        assert!(printed.contains(number), "{number} in {printed}");
    }
    assert_eq!(types(["negate", "true"]), "false");
    assert_eq!(types(["floats", "0.5", "0.25"]), "0.75");
    assert_eq!(types(["nothing"]), "");
}

#[test]
fn every_type_has_a_form_in_json() {
    assert_eq!(json_types(["greet", "\"Ada\""]), json!("Hello, Ada!"));
    assert_eq!(json_types(["mirror", r#"{"x": 1, "y": 2.5}"#]), json!({ "x": -1.0, "y": -2.5 }));
    assert_eq!(json_types(["area", r#"{"circle": 0}"#]), json!(0.0));
    assert_eq!(json_types(["area", r#""nothing""#]), json!(0.0));
    assert_eq!(json_types(["next", r#""red""#]), json!("green"));
    assert_eq!(json_types(["flip", r#"["read"]"#]), json!(["write", "execute"]));
    assert_eq!(json_types(["swap", r#"[1, "one"]"#]), json!(["one", 1]));
    assert_eq!(json_types(["bump", "null"]), json!(null));
    assert_eq!(json_types(["bump", "41"]), json!(42));
    assert_eq!(json_types(["largest", "[1, 3, 2]"]), json!(3));
    assert_eq!(json_types(["divide", "7", "2"]), json!({ "ok": 3 }));
    assert_eq!(json_types(["divide", "1", "0"]), json!({ "err": "cannot divide 1 by 0" }));
    assert_eq!(json_types(["reverse", "[1, 2]"]), json!([2, 1]));
    assert_eq!(json_types(["nothing"]), json!(null));
}

#[test]
fn a_function_answers_to_its_short_and_its_full_name() {
    for name in ["greet", "shapes#greet", "shapes.greet", "holm:test/shapes#greet", "holm:test/shapes@1.0.0#greet"] {
        assert_eq!(types([name, "you"]), "Hello, you!", "{name}");
    }
}

#[test]
fn a_component_that_uses_wasi_is_called_as_well() {
    assert_eq!(call("types.p2.wasm", ["add", "2", "3"]).prints(), "5\n");
    assert_eq!(call("types.p2.wasm", ["greet", "you"]).prints().trim_end(), "Hello, you!");
}

#[test]
fn a_reactor_is_initialised_before_it_is_called() {
    assert_eq!(call("reactor.p1.wasm", ["add", "2", "3"]).prints(), "5\n");
    assert_eq!(call("reactor.p1.wasm", ["counter"]).prints(), "1\n");
    assert_eq!(call("reactor.p1.wasm", ["greet"]).prints(), "Hello from a reactor!\n");
    assert_eq!(call("reactor-go.p1.wasm", ["add", "2", "3"]).prints(), "5\n");
    assert_eq!(call("reactor-go.p1.wasm", ["counter"]).prints(), "1\n");
}

#[test]
fn functions_of_a_program_in_zig_are_called() {
    assert_eq!(call("hello-zig.p1.wasm", ["add", "2", "3"]).prints(), "5\n");
}

#[test]
fn functions_in_assemblyscript_are_called() {
    assert_eq!(call("add-as.wasm", ["add", "2", "3"]).prints(), "5\n");
    assert_eq!(call("add-as.wasm", ["fibonacci", "30"]).prints(), "832040\n");
}

#[test]
fn a_wrong_name_gets_the_nearest() {
    insta::assert_snapshot!(call("math.wat", ["ad", "2", "3"]).fails(125), @r"
    error: math.wat has no function `ad`
    hint: did you mean `add`?
    ");
    insta::assert_snapshot!(call("types.wasm", ["frobnicate"]).fails(125), @r"
    error: types.wasm has no function `frobnicate`
    hint: `holm call prebuilt/types.wasm` lists what it has
    ");
}

#[test]
fn a_wrong_number_of_arguments_is_counted() {
    insta::assert_snapshot!(call("math.wat", ["add", "2"]).fails(125), @r"
    error: add: takes 2 arguments, not 1
    hint: (i32, i32) -> i32
    ");
    insta::assert_snapshot!(call("math.wat", ["nop", "2"]).fails(125), @r"
    error: nop: takes no arguments, not 1
    hint: ()
    ");
    insta::assert_snapshot!(call("types.wasm", ["greet"]).fails(125), @r"
    error: holm:test/shapes@1.0.0#greet: takes one argument, not 0
    hint: func(name: string) -> string
    ");
}

#[test]
fn a_wrong_argument_of_a_core_module_comes_with_an_example() {
    insta::assert_snapshot!(call("math.wat", ["add", "x", "3"]).fails(125), @"error: add: the argument a: `x` is not a 32-bit integer; one looks like this: -7");
    insta::assert_snapshot!(call("math.wat", ["add", "2", "4294967296"]).fails(125), @"error: add: the argument b: `4294967296` is not a 32-bit integer; one looks like this: -7");
}

#[test]
fn a_wrong_argument_comes_with_an_example() {
    insta::assert_snapshot!(call("types.wasm", ["mirror", "{x: 1}"]).fails(125), @r#"error: holm:test/shapes@1.0.0#mirror: the argument p: `{x: 1}` is not a record { x: f64, y: f64 }; one looks like this: {x: 1.5, y: 1.5}"#);
    insta::assert_snapshot!(call("types.wasm", ["area", "square(2)"]).fails(125), @"error: holm:test/shapes@1.0.0#area: the argument s: `square(2)` is not a variant { circle(f64), rectangle(record { x: f64, y: f64 }), nothing }; one looks like this: circle(1.5)");
    insta::assert_snapshot!(call("types.wasm", ["next", "purple"]).fails(125), @"error: holm:test/shapes@1.0.0#next: the argument c: `purple` is not an enum { red, green, blue }; one looks like this: red");
    insta::assert_snapshot!(call("types.wasm", ["even", "256"]).fails(125), @"error: holm:test/shapes@1.0.0#even: the argument n: `256` is not an unsigned 8-bit integer; one looks like this: 7");
    insta::assert_snapshot!(call("types.wasm", ["largest", "1, 2"]).fails(125), @"error: holm:test/shapes@1.0.0#largest: the argument numbers: `1, 2` is not a list<s64>; one looks like this: [-7]");
}

#[test]
fn wrong_json_is_named() {
    let wrong = |words: [&str; 2]| holm(["call", "--json"]).guest("types.wasm").args(words).fails(125);
    insta::assert_snapshot!(wrong(["mirror", "{x: 1}"]), @"error: holm:test/shapes@1.0.0#mirror: the argument p: `{x: 1}` is not JSON: key must be a string at line 1 column 2");
    insta::assert_snapshot!(wrong(["mirror", r#"{"x": 1}"#]), @"error: holm:test/shapes@1.0.0#mirror: the argument p: the field `y` of record { x: f64, y: f64 } is missing");
    insta::assert_snapshot!(wrong(["greet", "5"]), @"error: holm:test/shapes@1.0.0#greet: the argument name: 5 is not a string");
}

#[test]
fn functions_of_resources_are_refused() {
    insta::assert_snapshot!(call("types.wasm", ["merge", "1", "2"]).fails(125), @"error: `merge` cannot be called from here: it takes or returns a resource, stream or future, which exists only while the guest runs");
    insta::assert_snapshot!(call("types.wasm", ["[constructor]counter", "1"]).fails(125), @"error: `[constructor]counter` cannot be called from here: it takes or returns a resource, stream or future, which exists only while the guest runs");
}

#[test]
fn a_trap_in_a_function_names_it() {
    insta::assert_snapshot!(call("math.wat", ["divide", "1", "0"]).fails(134), @r"
    error: math.wat: trapped: integer divide by zero
        at divide
    ");
    insta::assert_snapshot!(call("math.wat", ["fail"]).fails(134), @r"
    error: math.wat: trapped: it ran into `unreachable`, as a program does that panics or aborts
        at fail
    ");
    insta::assert_snapshot!(call("types.wasm", ["fail"]).fails(134), @r"
    error: types.wasm: trapped: it ran into `unreachable`, as a program does that panics or aborts
        at fail
    ");
}

#[test]
fn a_program_has_no_functions_to_call() {
    let ended = call("hello.p2.wasm", ["add", "1", "2"]).ends();
    assert_eq!(ended.code, Some(125), "{ended:?}");
    insta::assert_snapshot!(ended.stderr, @r"
    error: hello.p2.wasm has no function `add`
    hint: `holm call prebuilt/hello.p2.wasm` lists what it has
    ");
}
