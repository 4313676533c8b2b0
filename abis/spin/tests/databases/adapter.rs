//! Guests that open something, have it do one thing, and close it: `run(place, statement, parameters)`, with the types of
//! the interface that they are made for. They exist because no SDK at hand reaches that version.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The names of functions of an interface, and how they are called.
pub(crate) struct Names {
    pub(crate) open: &'static str,
    pub(crate) run: &'static str,
    pub(crate) close: &'static str,
}

/// Those of interfaces that have a resource.
pub(crate) fn of_a_resource(run: &'static str) -> Names {
    Names { open: "[static]connection.open", run, close: "[resource-drop]connection" }
}

/// A guest for the interface of this name (`spin:sqlite/sqlite@3.0.0`) with this body, whose answers are `answer`.
pub(crate) fn guest(name: &str, body: &str, answer: &str, names: &Names) -> Vec<u8> {
    // The result of opening has the same place for its error as that of running, so it can be handed on as it is.
    let core = format!(
        r#"(module
            (import "{name}" "{}" (func $open (param i32 i32 i32)))
            (import "{name}" "{}" (func $run (param i32 i32 i32 i32 i32 i32)))
            (import "{name}" "{}" (func $close (param i32)))
            {MEMORY}
            (func (export "run") (param i32 i32 i32 i32 i32 i32) (result i32)
                (call $open (local.get 0) (local.get 1) (i32.const 256))
                (if (i32.load8_u (i32.const 256)) (then (return (i32.const 256))))
                (call $run
                    (i32.load (i32.const 260)) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (i32.const 512))
                (call $close (i32.load (i32.const 260)))
                (i32.const 512)))"#,
        names.open, names.run, names.close
    );
    component(name, body, answer, &core)
}

/// A guest that makes up the number that it uses in place of a connection, and closes it.
pub(crate) fn with_a_made_up_number(name: &str, body: &str, answer: &str) -> Vec<u8> {
    let core = format!(
        r#"(module
            (import "{name}" "execute" (func $run (param i32 i32 i32 i32 i32 i32)))
            (import "{name}" "close" (func $close (param i32)))
            {MEMORY}
            (func (export "run") (param i32 i32 i32 i32 i32 i32) (result i32)
                (call $close (i32.const 7))
                (call $run
                    (i32.const 7) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (i32.const 256))
                (i32.const 256)))"#
    );
    component(name, body, answer, &core)
}

/// The same for an interface without anything to open.
pub(crate) fn direct(name: &str, body: &str, answer: &str, run: &str) -> Vec<u8> {
    let core = format!(
        r#"(module
            (import "{name}" "{run}" (func $run (param i32 i32 i32 i32 i32 i32 i32)))
            {MEMORY}
            (func (export "run") (param i32 i32 i32 i32 i32 i32) (result i32)
                (call $run (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (i32.const 256))
                (i32.const 256)))"#
    );
    component(name, body, answer, &core)
}

/// The same for an interface with a builder of connections.
pub(crate) fn built(name: &str, body: &str, answer: &str) -> Vec<u8> {
    let core = format!(
        r#"(module
            (import "{name}" "[constructor]connection-builder" (func $new (param i32 i32) (result i32)))
            (import "{name}" "[method]connection-builder.set-ca-root" (func $trust (param i32 i32 i32 i32)))
            (import "{name}" "[method]connection-builder.build" (func $build (param i32 i32)))
            (import "{name}" "[resource-drop]connection-builder" (func $forget (param i32)))
            (import "{name}" "[method]connection.query" (func $run (param i32 i32 i32 i32 i32 i32)))
            (import "{name}" "[resource-drop]connection" (func $close (param i32)))
            {MEMORY}
            (data (i32.const 900) "no certificate")
            (func (export "run") (param i32 i32 i32 i32 i32 i32) (result i32)
                (local $builder i32)
                (local.set $builder (call $new (local.get 0) (local.get 1)))
                (call $trust (local.get $builder) (i32.const 900) (i32.const 14) (i32.const 256))
                (if (i32.eqz (i32.load8_u (i32.const 256))) (then unreachable))
                (call $build (local.get $builder) (i32.const 256))
                (call $forget (local.get $builder))
                (if (i32.load8_u (i32.const 256)) (then (return (i32.const 256))))
                (call $run
                    (i32.load (i32.const 260)) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (i32.const 512))
                (call $close (i32.load (i32.const 260)))
                (i32.const 512)))"#
    );
    component(name, body, answer, &core)
}

const MEMORY: &str = r#"
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and
            (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
            (i32.sub (i32.const 0) (local.get $align))))
        (global.set $next (i32.add (local.get $at) (local.get $size)))
        (block $enough (loop $more
            (br_if $enough (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
            (if (i32.lt_s (memory.grow (i32.const 16)) (i32.const 0)) (then unreachable))
            (br $more)))
        (local.get $at))"#;

fn component(name: &str, body: &str, answer: &str, core: &str) -> Vec<u8> {
    let (package, interface) = name.split_once('/').unwrap();
    let (interface, version) = match interface.split_once('@') {
        Some((interface, version)) => (interface, format!("@{version}")),
        None => (interface, String::new()),
    };
    let wit = format!(
        "package test:guest;
        world guest {{
            import {name};
            use {name}.{{{answer}}};
            export run: func(place: string, statement: string, parameters: list<given>) -> result<answer, error>;
        }}
        package {package}{version} {{ {} }}",
        body.replace("INTERFACE", interface)
    );
    let mut resolve = Resolve::default();
    let package = resolve.push_str("guest.wit", &wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(core).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}
