//! One operation on wasi:blobstore per run. Prints `ok ...`, or `error: ...` and exits with 1.
//!
//! create CONTAINER | exists CONTAINER | remove CONTAINER | info CONTAINER |
//! put CONTAINER NAME [TEXT] (standard input without TEXT) | late CONTAINER NAME TEXT (has its place at the end) |
//! drop CONTAINER NAME TEXT (is never finished) | get CONTAINER NAME [START END] | cat CONTAINER NAME (to standard output) |
//! list CONTAINER | skip CONTAINER COUNT | delete CONTAINER NAME... | has CONTAINER NAME | size CONTAINER NAME |
//! clear CONTAINER | copy CONTAINER NAME CONTAINER NAME | move CONTAINER NAME CONTAINER NAME |
//! hold CONTAINER NAME (opens an object again and again) | replaced CONTAINER NAME TEXT (reads what is there after
//! putting TEXT in its place)

wit_bindgen::generate!({
    path: "wit/blobstore.wit",
    world: "guest",
    with: { "wasi:io/streams@0.2.12": wasip2::io::streams },
});

use std::io::{Read, Write};

use wasi::blobstore::blobstore::{self, ObjectId};
use wasi::blobstore::container::Container;
use wasi::blobstore::types::{IncomingValue, OutgoingValue};
use wasip2::io::streams::{OutputStream, StreamError};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(text) if text.is_empty() => println!("ok"),
        Ok(text) => println!("ok {text}"),
        Err(error) => {
            println!("error: {error}");
            std::process::exit(1);
        }
    }
}

fn run(words: &[&str]) -> Result<String, String> {
    let [operation, name, rest @ ..] = words else {
        return Err("unknown operation".to_owned());
    };
    let open = || blobstore::get_container(name);
    match (*operation, rest) {
        ("create", []) => blobstore::create_container(name).map(|_| String::new()),
        ("exists", []) => blobstore::container_exists(name).map(|found| found.to_string()),
        ("remove", []) => blobstore::delete_container(name).map(quiet),
        ("info", []) => open()?.info().map(|info| format!("{} {}", info.name, info.created_at > 1_600_000_000)),
        ("put", [object]) => put(&open()?, object, &mut std::io::stdin().lock()).map(quiet),
        ("put", [object, text]) => put(&open()?, object, &mut text.as_bytes()).map(quiet),
        ("late", [object, text]) => late(&open()?, object, text).map(quiet),
        ("drop", [object, text]) => unfinished(&open()?, object, text).map(quiet),
        ("get", [object]) => get(&open()?, object, 0, u64::MAX),
        ("get", [object, start, end]) => get(&open()?, object, number(start)?, number(end)?),
        ("cat", [object]) => cat(open()?.get_data(object, 0, u64::MAX)?).map(|bytes| bytes.to_string()),
        ("list", []) => list(&open()?),
        ("skip", [count]) => {
            let (skipped, end) = open()?.list_objects()?.skip_stream_object_names(number(count)?)?;
            Ok(format!("{skipped} {end}"))
        }
        ("delete", [object]) => open()?.delete_object(object).map(quiet),
        ("delete", objects) => {
            let objects: Vec<String> = objects.iter().map(|object| object.to_string()).collect();
            open()?.delete_objects(&objects).map(quiet)
        }
        ("has", [object]) => open()?.has_object(object).map(|found| found.to_string()),
        ("size", [object]) => {
            let info = open()?.object_info(object)?;
            Ok(format!("{}/{} {} {}", info.container, info.name, info.size, info.created_at > 1_600_000_000))
        }
        ("clear", []) => open()?.clear().map(quiet),
        ("copy", [object, to, new]) => blobstore::copy_object(&id(name, object), &id(to, new)).map(quiet),
        ("move", [object, to, new]) => blobstore::move_object(&id(name, object), &id(to, new)).map(quiet),
        ("hold", [object]) => hold(&open()?, object),
        ("replaced", [object, text]) => {
            let container = open()?;
            let old = container.get_data(object, 0, u64::MAX)?;
            put(&container, object, &mut text.as_bytes())?;
            let old = IncomingValue::incoming_value_consume_sync(old)?;
            Ok(format!("{} {}", String::from_utf8_lossy(&old), get(&container, object, 0, u64::MAX)?))
        }
        _ => Err("unknown operation".to_owned()),
    }
}

fn id(container: &str, object: &str) -> ObjectId {
    ObjectId { container: container.to_owned(), object: object.to_owned() }
}

/// Names the place first, then writes as it reads.
fn put(container: &Container, object: &str, from: &mut dyn Read) -> Result<(), String> {
    let value = OutgoingValue::new_outgoing_value();
    container.write_data(object, &value)?;
    let stream = value.outgoing_value_write_body().map_err(|()| "no stream")?;
    let mut chunk = vec![0; 60_000];
    let written = loop {
        match from.read(&mut chunk).map_err(|error| error.to_string())? {
            0 => break Ok(()),
            length => {
                if let Err(error) = write(&stream, &chunk[..length]) {
                    break Err(error);
                }
            }
        }
    };
    drop(stream);
    // Finishing says better than the stream why it failed.
    OutgoingValue::finish(value).and(written)
}

fn write(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), String> {
    while !bytes.is_empty() {
        let (now, rest) = bytes.split_at(bytes.len().min(4096));
        stream.blocking_write_and_flush(now).map_err(told)?;
        bytes = rest;
    }
    Ok(())
}

fn told(error: StreamError) -> String {
    match error {
        StreamError::Closed => "closed".to_owned(),
        StreamError::LastOperationFailed(error) => error.to_debug_string(),
    }
}

/// Writes first, a hundred times, then names the place.
fn late(container: &Container, object: &str, text: &str) -> Result<(), String> {
    let value = OutgoingValue::new_outgoing_value();
    let stream = value.outgoing_value_write_body().map_err(|()| "no stream")?;
    for _ in 0..100 {
        write(&stream, text.as_bytes())?;
    }
    drop(stream);
    container.write_data(object, &value)?;
    OutgoingValue::finish(value)
}

fn unfinished(container: &Container, object: &str, text: &str) -> Result<(), String> {
    let value = OutgoingValue::new_outgoing_value();
    container.write_data(object, &value)?;
    let stream = value.outgoing_value_write_body().map_err(|()| "no stream")?;
    write(&stream, text.as_bytes())
}

fn get(container: &Container, object: &str, start: u64, end: u64) -> Result<String, String> {
    let value = container.get_data(object, start, end)?;
    let size = value.size();
    let bytes = IncomingValue::incoming_value_consume_sync(value)?;
    Ok(format!("{size} {}", String::from_utf8_lossy(&bytes)))
}

/// Streams an object to standard output, and tells how many bytes it had.
fn cat(value: IncomingValue) -> Result<u64, String> {
    let stream = IncomingValue::incoming_value_consume_async(value)?;
    let mut bytes = 0;
    loop {
        match stream.blocking_read(100_000) {
            Ok(chunk) => {
                bytes += chunk.len() as u64;
                std::io::stdout().write_all(&chunk).map_err(|error| error.to_string())?;
            }
            Err(StreamError::Closed) => return Ok(bytes),
            Err(error) => return Err(told(error)),
        }
    }
}

/// Every name, three at a time.
fn list(container: &Container) -> Result<String, String> {
    let stream = container.list_objects()?;
    let mut all = Vec::new();
    loop {
        let (names, end) = stream.read_stream_object_names(3)?;
        all.extend(names);
        if end {
            return Ok(all.join(" "));
        }
    }
}

fn hold(container: &Container, object: &str) -> Result<String, String> {
    let mut held = Vec::new();
    for _ in 0..1000 {
        held.push(container.get_data(object, 0, 0)?);
    }
    Ok(held.len().to_string())
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "not a number".to_owned())
}

fn quiet(_: ()) -> String {
    String::new()
}
