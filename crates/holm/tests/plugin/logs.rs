use std::io;
use std::sync::{Arc, Mutex};

use holm::Stream;

use crate::support::{RUNTIME, guest};

const PRINTS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\11\00\00\00")
    (data (i32.const 16) "one\ntwo\nunfinished")
    (func (export "print") (param i32) (drop (call $write (local.get 0) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_a_plugin_prints_is_an_event_for_each_line() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let plugin = RUNTIME.plugin_from("talker", PRINTS).load().unwrap();
        plugin.call::<()>("print", 1).unwrap();
        plugin.call::<()>("print", 2).unwrap();
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("holm::guest")).collect();
    assert!(lines[0].contains("INFO") && lines[0].contains("one") && lines[0].contains("talker"), "{text}");
    assert!(lines[1].contains("two"), "{text}");
    assert!(lines.iter().any(|line| line.contains("WARN") && line.contains("one")), "{text}");
}

#[test]
fn its_output_can_go_elsewhere() {
    let buffer = Arc::new(Mutex::new(Vec::new()));
    let stdio = holm::Stdio { stdout: holm::Output::Capture(Arc::clone(&buffer)), ..Default::default() };
    let plugin = RUNTIME.plugin(guest("reactor.p1.wasm")).stdio(stdio).load().unwrap();
    assert!(!plugin.functions().is_empty());
}

#[test]
fn a_host_is_told_of_each_line() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&lines);
    let tell = move |stream, line: &str| told.lock().unwrap().push((stream, line.to_owned()));
    let plugin = RUNTIME.plugin_from("talker", PRINTS).on_line(tell).load().unwrap();
    plugin.call::<()>("print", 1).unwrap();
    plugin.call::<()>("print", 2).unwrap();
    drop(plugin);
    let lines = lines.lock().unwrap();
    for line in [(Stream::Out, "one"), (Stream::Out, "two"), (Stream::Err, "one")] {
        assert!(lines.contains(&(line.0, line.1.to_owned())), "{lines:?}");
    }
}
