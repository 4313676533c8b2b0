//! An Extism plugin in Rust that calls functions of the program which runs it.

use extism_pdk::*;

#[host_fn]
extern "ExtismHost" {
    fn shout(text: String) -> String;
    fn notice(text: String);
    fn double(number: u32) -> u32;
}

#[host_fn("places")]
extern "ExtismHost" {
    fn nearest(place: Json<Vec<String>>) -> Json<Vec<String>>;
}

/// What `shout` makes of the input, after `notice` has had it.
#[plugin_fn]
pub fn call_shout(text: String) -> FnResult<String> {
    unsafe { notice(text.clone())? };
    Ok(unsafe { shout(text)? })
}

/// What `double` makes of the number in the input.
#[plugin_fn]
pub fn call_double(text: String) -> FnResult<String> {
    let doubled = unsafe { double(text.parse()?)? };
    Ok(doubled.to_string())
}

/// What `nearest` makes of the words of the input.
#[plugin_fn]
pub fn call_nearest(text: String) -> FnResult<String> {
    let Json(words) = unsafe { nearest(Json(text.split(' ').map(str::to_owned).collect()))? };
    Ok(words.join(" "))
}
