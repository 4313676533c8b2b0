//! Spin's interfaces the way bindings of wit-bindgen 0.2 called them: strings and lists as address and length, results
//! through an area of memory that the caller names, in the layout of the canonical ABI, and what a result contains in memory
//! that the host had from `canonical_abi_realloc`, which is the caller's to free.

use std::alloc::{Layout, alloc, realloc};
use std::cell::UnsafeCell;

/// As wit-bindgen 0.2 exported it.
///
/// # Safety
/// `ptr` is of this allocator, of `old` bytes, or `old` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn canonical_abi_realloc(ptr: *mut u8, old: usize, align: usize, new: usize) -> *mut u8 {
    if new == 0 {
        return align as *mut u8;
    }
    let made = unsafe {
        match old {
            0 => alloc(Layout::from_size_align_unchecked(new, align)),
            old => realloc(ptr, Layout::from_size_align_unchecked(old, align), new),
        }
    };
    if made.is_null() { std::process::abort() } else { made }
}

/// As wit-bindgen 0.2 exported it.
///
/// # Safety
/// `ptr` is of this allocator, of `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn canonical_abi_free(ptr: *mut u8, size: usize, align: usize) {
    if size > 0 {
        unsafe { std::alloc::dealloc(ptr, Layout::from_size_align_unchecked(size, align)) }
    }
}

/// Where results go. Of the size of the largest, and no larger.
#[repr(C, align(8))]
struct Area<const N: usize>(UnsafeCell<[u8; N]>, UnsafeCell<u64>);
// There is one thread.
unsafe impl<const N: usize> Sync for Area<N> {}

static AREA: Area<32> = Area(UnsafeCell::new([0; 32]), UnsafeCell::new(0));
const AFTER: u64 = 0x7465_6c6c_2074_6f6e;

/// A result, to be read.
pub struct At(*const u8);

impl At {
    fn get<T: Copy>(&self, offset: usize) -> T {
        unsafe { self.0.add(offset).cast::<T>().read_unaligned() }
    }

    fn at(&self, offset: usize) -> At {
        At(unsafe { self.0.add(offset) })
    }

    fn is_ok(&self) -> bool {
        self.get::<u8>(0) == 0
    }

    fn bytes(&self, offset: usize) -> Vec<u8> {
        let (ptr, length) = (self.get::<usize>(offset), self.get::<usize>(offset + 4));
        unsafe { Vec::from_raw_parts(ptr as *mut u8, length, length) }
    }

    fn text(&self, offset: usize) -> String {
        String::from_utf8(self.bytes(offset)).expect("the host gives UTF-8")
    }

    fn list<T>(&self, offset: usize, size: usize, align: usize, element: impl Fn(At) -> T) -> Vec<T> {
        let (ptr, length) = (self.get::<usize>(offset), self.get::<usize>(offset + 4));
        let all = (0..length).map(|number| element(At((ptr + number * size) as *const u8))).collect();
        unsafe { canonical_abi_free(ptr as *mut u8, length * size, align) };
        all
    }
}

/// Calls with an area for the result, and sees that nothing was written behind it.
fn asking(call: impl FnOnce(*mut u8)) -> At {
    unsafe {
        AREA.0.get().write([0xaa; 32]);
        AREA.1.get().write(AFTER);
    }
    call(AREA.0.get().cast());
    assert_eq!(unsafe { AREA.1.get().read() }, AFTER);
    At(AREA.0.get().cast())
}

type P = *const u8;

macro_rules! import {
    ($module:literal { $(fn $name:ident = $link:literal ($($arg:ident: $ty:ty),*);)* }) => {
        #[link(wasm_import_module = $module)]
        unsafe extern "C" {
            $(#[link_name = $link] fn $name($($arg: $ty),*);)*
        }
    };
}

import!("spin-config" { fn config_get = "get-config"(key: P, length: usize, to: *mut u8); });

/// `spin-config`.
pub fn config(key: &str) -> Result<String, String> {
    let at = asking(|to| unsafe { config_get(key.as_ptr(), key.len(), to) });
    match at.is_ok() {
        true => Ok(at.text(4)),
        false => {
            let case = ["provider", "invalid key", "invalid schema", "other"][at.get::<u8>(4) as usize];
            Err(format!("{case}: {}", at.text(8)))
        }
    }
}

/// `key-value`.
pub mod kv {
    use super::*;

    import!("key-value" {
        fn kv_open = "open"(name: P, length: usize, to: *mut u8);
        fn kv_get = "get"(store: u32, key: P, length: usize, to: *mut u8);
        fn kv_set = "set"(store: u32, key: P, length: usize, value: P, value_length: usize, to: *mut u8);
        fn kv_delete = "delete"(store: u32, key: P, length: usize, to: *mut u8);
        fn kv_exists = "exists"(store: u32, key: P, length: usize, to: *mut u8);
        fn kv_keys = "get-keys"(store: u32, to: *mut u8);
        fn kv_close = "close"(store: u32);
    });

    fn result<T>(at: At, ok: impl FnOnce(At) -> T) -> Result<T, String> {
        if at.is_ok() {
            return Ok(ok(at));
        }
        Err(match at.get::<u8>(4) {
            0 => "store table full".into(),
            1 => "no such store".into(),
            2 => "access denied".into(),
            3 => "invalid store".into(),
            4 => "no such key".into(),
            5 => format!("io: {}", at.text(8)),
            other => format!("case {other}"),
        })
    }

    pub fn open(name: &str) -> Result<u32, String> {
        result(asking(|to| unsafe { kv_open(name.as_ptr(), name.len(), to) }), |at| at.get(4))
    }

    pub fn get(store: u32, key: &str) -> Result<Vec<u8>, String> {
        result(asking(|to| unsafe { kv_get(store, key.as_ptr(), key.len(), to) }), |at| at.bytes(4))
    }

    pub fn set(store: u32, key: &str, value: &[u8]) -> Result<(), String> {
        let at = asking(|to| unsafe { kv_set(store, key.as_ptr(), key.len(), value.as_ptr(), value.len(), to) });
        result(at, |_| ())
    }

    pub fn delete(store: u32, key: &str) -> Result<(), String> {
        result(asking(|to| unsafe { kv_delete(store, key.as_ptr(), key.len(), to) }), |_| ())
    }

    pub fn exists(store: u32, key: &str) -> Result<bool, String> {
        result(asking(|to| unsafe { kv_exists(store, key.as_ptr(), key.len(), to) }), |at| at.get::<u8>(4) == 1)
    }

    pub fn keys(store: u32) -> Result<Vec<String>, String> {
        result(asking(|to| unsafe { kv_keys(store, to) }), |at| at.list(4, 8, 4, |at| at.text(0)))
    }

    pub fn close(store: u32) {
        unsafe { kv_close(store) }
    }
}

/// A number for the method, from 0: get, post, put, delete, patch, head, options.
pub struct Request {
    pub method: u32,
    pub uri: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

pub struct Response {
    pub status: u16,
    pub headers: Option<Vec<(String, String)>>,
    pub body: Option<Vec<u8>>,
}

impl Response {
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        let headers = Some(vec![("content-type".to_owned(), "text/plain".to_owned())]);
        Self { status, headers, body: Some(text.into().into_bytes()) }
    }
}

fn pairs(at: &At, offset: usize) -> Vec<(String, String)> {
    at.list(offset, 16, 4, |at| (at.text(0), at.text(8)))
}

/// Where names and values lie, as the layout has it.
fn lower(pairs: &[(String, String)]) -> Vec<[usize; 4]> {
    pairs.iter().map(|(n, v)| [n.as_ptr() as usize, n.len(), v.as_ptr() as usize, v.len()]).collect()
}

/// `wasi-outbound-http`.
pub mod http {
    use super::*;

    import!("wasi-outbound-http" {
        fn send = "request"(
            method: u32, uri: P, uri_length: usize, headers: P, headers_length: usize, params: P, params_length: usize,
            is_some: u32, body: P, body_length: usize, to: *mut u8
        );
    });

    pub fn request(request: &Request) -> Result<Response, &'static str> {
        let headers = lower(&request.headers);
        let body = request.body.as_deref().unwrap_or_default();
        let at = asking(|to| unsafe {
            send(
                request.method,
                request.uri.as_ptr(),
                request.uri.len(),
                headers.as_ptr().cast(),
                headers.len(),
                4 as P,
                0,
                u32::from(request.body.is_some()),
                body.as_ptr(),
                body.len(),
                to,
            )
        });
        if !at.is_ok() {
            let errors =
                ["success", "destination not allowed", "invalid url", "request error", "runtime error", "too many requests"];
            return Err(errors[at.get::<u8>(4) as usize]);
        }
        Ok(Response {
            status: at.get(4),
            headers: (at.get::<u8>(8) == 1).then(|| pairs(&at, 12)),
            body: (at.get::<u8>(20) == 1).then(|| at.bytes(24)),
        })
    }
}

/// `outbound-redis`.
pub mod redis {
    use super::*;

    import!("outbound-redis" {
        fn r_publish = "publish"(a: P, al: usize, c: P, cl: usize, p: P, pl: usize, to: *mut u8);
        fn r_get = "get"(a: P, al: usize, k: P, kl: usize, to: *mut u8);
        fn r_set = "set"(a: P, al: usize, k: P, kl: usize, v: P, vl: usize, to: *mut u8);
        fn r_incr = "incr"(a: P, al: usize, k: P, kl: usize, to: *mut u8);
        fn r_del = "del"(a: P, al: usize, k: P, kl: usize, to: *mut u8);
        fn r_sadd = "sadd"(a: P, al: usize, k: P, kl: usize, v: P, vl: usize, to: *mut u8);
        fn r_smembers = "smembers"(a: P, al: usize, k: P, kl: usize, to: *mut u8);
        fn r_srem = "srem"(a: P, al: usize, k: P, kl: usize, v: P, vl: usize, to: *mut u8);
        fn r_execute = "execute"(a: P, al: usize, c: P, cl: usize, v: P, vl: usize, to: *mut u8);
    });

    fn result<T>(at: At, error: usize, ok: impl FnOnce(At) -> T) -> Result<T, String> {
        match at.is_ok() {
            true => Ok(ok(at)),
            false => Err(["success", "error"][at.get::<u8>(error) as usize].to_owned()),
        }
    }

    fn texts(all: &[String]) -> Vec<[usize; 2]> {
        all.iter().map(|text| [text.as_ptr() as usize, text.len()]).collect()
    }

    pub fn publish(a: &str, c: &str, p: &[u8]) -> Result<(), String> {
        let at = asking(|to| unsafe { r_publish(a.as_ptr(), a.len(), c.as_ptr(), c.len(), p.as_ptr(), p.len(), to) });
        result(at, 1, |_| ())
    }

    pub fn get(a: &str, k: &str) -> Result<Vec<u8>, String> {
        result(asking(|to| unsafe { r_get(a.as_ptr(), a.len(), k.as_ptr(), k.len(), to) }), 4, |at| at.bytes(4))
    }

    pub fn set(a: &str, k: &str, v: &[u8]) -> Result<(), String> {
        let at = asking(|to| unsafe { r_set(a.as_ptr(), a.len(), k.as_ptr(), k.len(), v.as_ptr(), v.len(), to) });
        result(at, 1, |_| ())
    }

    pub fn incr(a: &str, k: &str) -> Result<i64, String> {
        result(asking(|to| unsafe { r_incr(a.as_ptr(), a.len(), k.as_ptr(), k.len(), to) }), 8, |at| at.get(8))
    }

    pub fn del(a: &str, keys: &[String]) -> Result<i64, String> {
        let keys = texts(keys);
        let at = asking(|to| unsafe { r_del(a.as_ptr(), a.len(), keys.as_ptr().cast(), keys.len(), to) });
        result(at, 8, |at| at.get(8))
    }

    pub fn sadd(a: &str, k: &str, values: &[String]) -> Result<i64, String> {
        let v = texts(values);
        let at = asking(|to| unsafe { r_sadd(a.as_ptr(), a.len(), k.as_ptr(), k.len(), v.as_ptr().cast(), v.len(), to) });
        result(at, 8, |at| at.get(8))
    }

    pub fn smembers(a: &str, k: &str) -> Result<Vec<String>, String> {
        let at = asking(|to| unsafe { r_smembers(a.as_ptr(), a.len(), k.as_ptr(), k.len(), to) });
        result(at, 4, |at| at.list(4, 8, 4, |at| at.text(0)))
    }

    pub fn srem(a: &str, k: &str, values: &[String]) -> Result<i64, String> {
        let v = texts(values);
        let at = asking(|to| unsafe { r_srem(a.as_ptr(), a.len(), k.as_ptr(), k.len(), v.as_ptr().cast(), v.len(), to) });
        result(at, 8, |at| at.get(8))
    }

    /// Arguments that are whole numbers are sent as such.
    pub fn execute(a: &str, command: &str, arguments: &[String]) -> Result<Vec<String>, String> {
        let v: Vec<[u64; 2]> = arguments.iter().map(|text| parameter(text)).collect();
        let (c, v_at) = (command, v.as_ptr().cast());
        let at = asking(|to| unsafe { r_execute(a.as_ptr(), a.len(), c.as_ptr(), c.len(), v_at, v.len(), to) });
        result(at, 4, |at| {
            at.list(4, 16, 8, |at| match at.get::<u8>(0) {
                0 => "nil".to_owned(),
                1 => format!("status {}", at.text(8)),
                2 => format!("int {}", at.get::<i64>(8)),
                3 => format!("binary {}", at.text(8)),
                other => format!("case {other}"),
            })
        })
    }

    fn parameter(text: &str) -> [u64; 2] {
        match text.parse::<i64>() {
            Ok(number) => [0, number as u64],
            Err(_) => [1, text.as_ptr() as u64 | (text.len() as u64) << 32],
        }
    }
}

/// `outbound-pg` and `outbound-mysql`.
pub mod rdbms {
    use super::*;

    import!("outbound-pg" {
        fn pg_query = "query"(a: P, al: usize, s: P, sl: usize, p: P, pl: usize, to: *mut u8);
        fn pg_execute = "execute"(a: P, al: usize, s: P, sl: usize, p: P, pl: usize, to: *mut u8);
    });
    import!("outbound-mysql" {
        fn my_query = "query"(a: P, al: usize, s: P, sl: usize, p: P, pl: usize, to: *mut u8);
        fn my_execute = "execute"(a: P, al: usize, s: P, sl: usize, p: P, pl: usize, to: *mut u8);
    });

    pub enum Server {
        Postgres,
        Mysql,
    }

    fn error(at: &At) -> String {
        let case = at.get::<u8>(0) as usize;
        let cases = ["success", "connection failed", "bad parameter", "query failed", "value conversion failed", "other error"];
        if case == 0 { cases[0].to_owned() } else { format!("{}: {}", cases[case], at.text(4)) }
    }

    /// The columns with the numbers of their types, and the rows.
    pub fn query(server: Server, a: &str, s: &str, parameters: &[String]) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
        let p: Vec<[u64; 2]> = parameters.iter().map(|text| parameter(text)).collect();
        let call = match server {
            Server::Postgres => pg_query,
            Server::Mysql => my_query,
        };
        let p_at = p.as_ptr().cast();
        let at = asking(|to| unsafe { call(a.as_ptr(), a.len(), s.as_ptr(), s.len(), p_at, p.len(), to) });
        if !at.is_ok() {
            return Err(error(&at.at(4)));
        }
        let columns = at.list(4, 12, 4, |at| format!("{} {}", at.text(0), at.get::<u8>(8)));
        Ok((columns, at.list(12, 8, 4, |at| at.list(0, 16, 8, value))))
    }

    /// How many rows changed, where the server says.
    pub fn execute(server: Server, a: &str, s: &str, parameters: &[String]) -> Result<u64, String> {
        let p: Vec<[u64; 2]> = parameters.iter().map(|text| parameter(text)).collect();
        let (call, offset) = match server {
            Server::Postgres => (pg_execute as unsafe extern "C" fn(_, _, _, _, _, _, _), 8),
            Server::Mysql => (my_execute as unsafe extern "C" fn(_, _, _, _, _, _, _), 4),
        };
        let p_at: P = p.as_ptr().cast();
        let at = asking(|to| unsafe { call(a.as_ptr(), a.len(), s.as_ptr(), s.len(), p_at, p.len(), to) });
        match at.is_ok() {
            true => Ok(if offset == 8 { at.get(8) } else { 0 }),
            false => Err(error(&at.at(offset))),
        }
    }

    /// `null`, `true`, `i32 N`, `i64 N`, `u64 N`, `f64 N`, or text.
    fn parameter(text: &str) -> [u64; 2] {
        let number = |text: &str| text.parse::<i64>().expect("a number");
        match text.split_once(' ') {
            _ if text == "null" => [13, 0],
            _ if text == "true" => [0, 1],
            Some(("i32", n)) => [3, number(n) as u32 as u64],
            Some(("i64", n)) => [4, number(n) as u64],
            Some(("u64", n)) => [8, number(n) as u64],
            Some(("f64", n)) => [10, n.parse::<f64>().expect("a number").to_bits()],
            _ => [11, text.as_ptr() as u64 | (text.len() as u64) << 32],
        }
    }

    fn value(at: At) -> String {
        match at.get::<u8>(0) {
            0 => format!("boolean {}", at.get::<u8>(8)),
            1 => format!("int8 {}", at.get::<i8>(8)),
            2 => format!("int16 {}", at.get::<i16>(8)),
            3 => format!("int32 {}", at.get::<i32>(8)),
            4 => format!("int64 {}", at.get::<i64>(8)),
            5 => format!("uint8 {}", at.get::<u8>(8)),
            6 => format!("uint16 {}", at.get::<u16>(8)),
            7 => format!("uint32 {}", at.get::<u32>(8)),
            8 => format!("uint64 {}", at.get::<u64>(8)),
            9 => format!("float32 {}", at.get::<f32>(8)),
            10 => format!("float64 {}", at.get::<f64>(8)),
            11 => format!("str {}", at.text(8)),
            12 => format!("binary {:?}", at.bytes(8)),
            13 => "null".to_owned(),
            14 => "unsupported".to_owned(),
            other => format!("case {other}"),
        }
    }
}

/// `sqlite`.
pub mod sqlite {
    use super::*;

    import!("sqlite" {
        fn s_open = "open"(name: P, length: usize, to: *mut u8);
        fn s_execute = "execute"(c: u32, s: P, sl: usize, p: P, pl: usize, to: *mut u8);
        fn s_close = "close"(c: u32);
    });

    fn error(at: &At) -> String {
        match at.get::<u8>(4) {
            0 => "no such database".to_owned(),
            1 => "access denied".to_owned(),
            2 => "invalid connection".to_owned(),
            3 => "database full".to_owned(),
            4 => format!("io: {}", at.text(8)),
            other => format!("case {other}"),
        }
    }

    pub fn open(name: &str) -> Result<u32, String> {
        let at = asking(|to| unsafe { s_open(name.as_ptr(), name.len(), to) });
        if at.is_ok() { Ok(at.get(4)) } else { Err(error(&at)) }
    }

    pub fn execute(connection: u32, s: &str, parameters: &[String]) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
        let p: Vec<[u64; 2]> = parameters.iter().map(|text| parameter(text)).collect();
        let at = asking(|to| unsafe { s_execute(connection, s.as_ptr(), s.len(), p.as_ptr().cast(), p.len(), to) });
        match at.is_ok() {
            true => Ok((at.list(4, 8, 4, |at| at.text(0)), at.list(12, 8, 4, |at| at.list(0, 16, 8, value)))),
            false => Err(error(&at)),
        }
    }

    pub fn close(connection: u32) {
        unsafe { s_close(connection) }
    }

    /// `null`, `int N`, `real N`, `blob TEXT`, or text.
    fn parameter(text: &str) -> [u64; 2] {
        let place = |text: &str| text.as_ptr() as u64 | (text.len() as u64) << 32;
        match text.split_once(' ') {
            _ if text == "null" => [4, 0],
            Some(("int", n)) => [0, n.parse::<i64>().expect("a number") as u64],
            Some(("real", n)) => [1, n.parse::<f64>().expect("a number").to_bits()],
            Some(("blob", bytes)) => [3, place(bytes)],
            _ => [2, place(text)],
        }
    }

    fn value(at: At) -> String {
        match at.get::<u8>(0) {
            0 => format!("int {}", at.get::<i64>(8)),
            1 => format!("real {}", at.get::<f64>(8)),
            2 => format!("text {}", at.text(8)),
            3 => format!("blob {:?}", at.bytes(8)),
            4 => "null".to_owned(),
            other => format!("case {other}"),
        }
    }
}

/// `llm`.
pub mod llm {
    use super::*;

    import!("llm" {
        fn l_infer = "infer"(
            model: P, model_length: usize, prompt: P, prompt_length: usize, is_some: u32, most: u32, repeat: f32, last: u32,
            temperature: f32, k: u32, p: f32, to: *mut u8
        );
        fn l_embed = "generate-embeddings"(model: P, model_length: usize, text: P, text_length: usize, to: *mut u8);
    });

    fn error(at: &At) -> String {
        match at.get::<u8>(4) {
            0 => "model not supported".to_owned(),
            1 => format!("runtime error: {}", at.text(8)),
            2 => format!("invalid input: {}", at.text(8)),
            other => format!("case {other}"),
        }
    }

    /// The text, and how many tokens of prompt and answer there were. `most` tokens, or what is usual.
    pub fn infer(m: &str, p: &str, most: Option<u32>) -> Result<String, String> {
        let (some, most) = (u32::from(most.is_some()), most.unwrap_or(0));
        let at = asking(|to| unsafe {
            l_infer(m.as_ptr(), m.len(), p.as_ptr(), p.len(), some, most, 1.5, 64, 0.25, 40, 0.5, to)
        });
        match at.is_ok() {
            true => Ok(format!("{} {} {}", at.text(4), at.get::<u32>(12), at.get::<u32>(16))),
            false => Err(error(&at)),
        }
    }

    pub fn embed(m: &str, texts: &[String]) -> Result<String, String> {
        let t: Vec<[usize; 2]> = texts.iter().map(|text| [text.as_ptr() as usize, text.len()]).collect();
        let at = asking(|to| unsafe { l_embed(m.as_ptr(), m.len(), t.as_ptr().cast(), t.len(), to) });
        if !at.is_ok() {
            return Err(error(&at));
        }
        let all = at.list(4, 8, 4, |at| at.list(0, 4, 4, |at| at.get::<f32>(0)));
        Ok(format!("{all:?} {}", at.get::<u32>(12)))
    }
}

/// Takes what the host hands to `handle-http-request`, and returns where the response is.
///
/// # Safety
/// The arguments are those.
#[allow(clippy::too_many_arguments)]
pub unsafe fn handle_http(args: [usize; 10], handle: fn(Request) -> Response) -> *const u8 {
    let [method, uri, uri_length, headers, headers_length, params, params_length, is_some, body, body_length] = args;
    let owned = |at: usize, length: usize| unsafe { Vec::from_raw_parts(at as *mut u8, length, length) };
    let list = |at: usize, length: usize| pairs(&At([at, length].as_ptr().cast()), 0);
    assert!(list(params, params_length).is_empty());
    let response = handle(Request {
        method: method as u32,
        uri: String::from_utf8(owned(uri, uri_length)).expect("a URI"),
        headers: list(headers, headers_length),
        body: (is_some == 1).then(|| owned(body, body_length)),
    });
    // The response is never freed: the instance ends.
    let area = AREA.0.get().cast::<u8>();
    let put = |at: usize, word: usize| unsafe { area.add(at).cast::<usize>().write(word) };
    put(0, response.status as usize);
    put(4, usize::from(response.headers.is_some()));
    let lowered = lower(response.headers.as_deref().unwrap_or_default()).leak();
    put(8, lowered.as_ptr() as usize);
    put(12, lowered.len());
    let body = response.body.as_deref().unwrap_or_default();
    put(16, usize::from(response.body.is_some()));
    put(20, body.as_ptr() as usize);
    put(24, body.len());
    std::mem::forget(response);
    area
}

/// Says what `handle-redis-message` returns.
pub fn handled(result: Result<(), ()>) -> *const u8 {
    let area = AREA.0.get().cast::<u8>();
    unsafe {
        area.write(u8::from(result.is_err()));
        area.add(1).write(1);
    }
    area
}
