//! An Extism plugin in Rust: one function for each thing that plugins do. What each returns stands above it.

use extism_pdk::*;

/// `{"count":N,"total":T,"vowels":"aeiouAEIOU"}`: the vowels of the input, and of all inputs on this instance.
#[plugin_fn]
pub fn count_vowels(text: String) -> FnResult<String> {
    let vowels = config::get("vowels")?.unwrap_or_else(|| "aeiouAEIOU".into());
    let count = text.chars().filter(|letter| vowels.contains(*letter)).count();
    let total = var::get::<String>("total")?.and_then(|total| total.parse().ok()).unwrap_or(0) + count;
    var::set("total", total.to_string())?;
    Ok(format!(r#"{{"count":{count},"total":{total},"vowels":"{vowels}"}}"#))
}

/// `Hello, INPUT!`
#[plugin_fn]
pub fn greet(name: String) -> FnResult<String> {
    Ok(format!("Hello, {name}!"))
}

/// The input.
#[plugin_fn]
pub fn echo(bytes: Vec<u8>) -> FnResult<Vec<u8>> {
    Ok(bytes)
}

/// The configuration value that the input names, or `(none)`.
#[plugin_fn]
pub fn config(key: String) -> FnResult<String> {
    Ok(config::get(key)?.unwrap_or_else(|| "(none)".into()))
}

/// Keeps `NAME=VALUE`, or with `NAME` alone returns the value or `(none)`, or with `NAME=` removes it.
#[plugin_fn]
pub fn keep(text: String) -> FnResult<String> {
    match text.split_once('=') {
        Some((name, "")) => var::remove(name)?,
        Some((name, value)) => var::set(name, value)?,
        None => return Ok(var::get(text)?.unwrap_or_else(|| "(none)".into())),
    }
    Ok("ok".into())
}

/// Keeps a variable of so many bytes.
#[plugin_fn]
pub fn hoard(size: String) -> FnResult<String> {
    var::set("hoard", vec![7_u8; size.parse()?])?;
    Ok("kept".into())
}

/// GET the URL: status, content type, and body, a line each. With `METHOD URL BODY` that request.
#[plugin_fn]
pub fn fetch(text: String) -> FnResult<String> {
    let words: Vec<&str> = text.splitn(3, ' ').collect();
    let (method, url, body) = match words.as_slice() {
        [url] => ("GET", *url, None),
        [method, url] => (*method, *url, None),
        [method, url, body, ..] => (*method, *url, Some(*body)),
        [] => ("GET", "", None),
    };
    let request = HttpRequest::new(url).with_method(method).with_header("x-plugin", "kit");
    let response = http::request::<String>(&request, body.map(str::to_owned))?;
    let kind = response.headers().get("content-type").cloned().unwrap_or_default();
    Ok(format!("{}\n{kind}\n{}", response.status_code(), String::from_utf8_lossy(&response.body())))
}

/// Logs the input at every level.
#[plugin_fn]
pub fn say(text: String) -> FnResult<()> {
    trace!("{text}");
    debug!("{text}");
    info!("{text}");
    warn!("{text}");
    error!("{text}");
    Ok(())
}

/// Fails with the input as its error, and the code 1.
#[plugin_fn]
pub fn fail(text: String) -> FnResult<()> {
    Err(Error::msg(text).into())
}

/// Fails with the input as its error, and the code 7.
#[plugin_fn]
pub fn fail_with_code(text: String) -> FnResult<()> {
    Err(WithReturnCode::new(Error::msg(text), 7))
}

/// Panics with the input.
#[plugin_fn]
pub fn panic(text: String) -> FnResult<()> {
    panic!("{text}")
}

/// Never returns.
#[plugin_fn]
pub fn spin() -> FnResult<()> {
    loop {
        std::hint::spin_loop();
    }
}

/// Takes memory until there is none, of its own with `own`, else of Extism's.
#[plugin_fn]
pub fn grow(whose: String) -> FnResult<()> {
    let mut taken = Vec::new();
    loop {
        if whose == "own" {
            taken.push(vec![1_u8; 1 << 20]);
            std::hint::black_box(&taken);
        } else {
            Memory::from_bytes(vec![1_u8; 1 << 16])?;
        }
    }
}

/// Reads the file that the input names.
#[plugin_fn]
pub fn read_file(path: String) -> FnResult<Vec<u8>> {
    Ok(std::fs::read(path)?)
}
