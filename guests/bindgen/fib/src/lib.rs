//! Functions over every kind of value that crosses between wasm-bindgen and JavaScript.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
    #[wasm_bindgen(js_namespace = console, js_name = log)]
    fn console_log(text: &str);
}

/// fibonacci(30) is 832040.
#[wasm_bindgen]
pub fn fibonacci(n: u32) -> u32 {
    (0..n).fold((0_u32, 1_u32), |(a, b), _| (b, a.wrapping_add(b))).0
}

#[wasm_bindgen]
pub fn greet(name: &str) -> String {
    format!("Hello, {name}!")
}

#[wasm_bindgen]
pub fn reverse_bytes(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().rev().copied().collect()
}

#[wasm_bindgen]
pub fn parse_int(text: &str) -> Result<i32, JsError> {
    Ok(text.parse()?)
}

/// Fails with a string, not with an Error.
#[wasm_bindgen]
pub fn parse_or_string(text: &str) -> Result<i32, JsValue> {
    text.parse().map_err(|_| JsValue::from_str("not a number"))
}

#[wasm_bindgen]
pub fn is_even(number: i32) -> bool {
    number % 2 == 0
}

#[wasm_bindgen]
pub fn add64(left: i64, right: i64) -> i64 {
    left.wrapping_add(right)
}

/// undefined -> undefined, n -> n + 1
#[wasm_bindgen]
pub fn opt(number: Option<u32>) -> Option<u32> {
    number.map(|number| number.wrapping_add(1))
}

#[wasm_bindgen]
pub fn opt_text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[wasm_bindgen]
pub fn area(width: f64, height: f64) -> f64 {
    width * height
}

#[wasm_bindgen]
pub fn scale(numbers: &[f64], by: f64) -> Vec<f64> {
    numbers.iter().map(|number| number * by).collect()
}

#[wasm_bindgen]
pub fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Calls JavaScript's Date.now: milliseconds since 1970.
#[wasm_bindgen]
pub fn now() -> f64 {
    date_now()
}

/// Calls JavaScript's console.log.
#[wasm_bindgen]
pub fn log(text: &str) {
    console_log(text);
}

/// Panics.
#[wasm_bindgen]
pub fn fail() {
    panic!("the guest gave up");
}

#[wasm_bindgen]
pub struct Counter {
    value: i32,
}

#[wasm_bindgen]
impl Counter {
    #[wasm_bindgen(constructor)]
    pub fn new(start: i32) -> Counter {
        Counter { value: start }
    }

    pub fn increment(&mut self, by: i32) -> i32 {
        self.value = self.value.wrapping_add(by);
        self.value
    }

    #[wasm_bindgen(getter)]
    pub fn value(&self) -> i32 {
        self.value
    }
}
