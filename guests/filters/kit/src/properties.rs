//! Properties: `properties PATH...` in a response of its own, `properties later PATH...` in a header of the upstream's.

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context as _, HttpContext as _};
use proxy_wasm::types::Action;

use crate::stream::Kit;

pub(crate) fn request(kit: &mut Kit, words: &[&str]) -> Action {
    match *words {
        ["properties", "later", ..] => Action::Continue,
        ["properties", ..] => {
            let text: String = words[1..].iter().map(|path| describe(path) + "\n").collect();
            kit.send_http_response(200, Vec::new(), Some(text.as_bytes()));
            Action::Pause
        }
        ["set-property", name, value] => {
            kit.set_property(vec![name], Some(value.as_bytes()));
            let got = describe(name);
            kit.note("property", got);
            Action::Continue
        }
        ["set-property", first, second, value] => {
            kit.set_property(vec![first, second], Some(value.as_bytes()));
            let got = describe(&format!("{first}.{second}"));
            kit.note("property", got);
            Action::Continue
        }
        _ => Action::Continue,
    }
}

pub(crate) fn response(kit: &mut Kit, words: &[&str]) -> Action {
    match *words {
        ["properties", "later", ..] => {
            let text: Vec<String> = words[2..].iter().map(|path| describe(path)).collect();
            kit.note("properties", text.join(" "));
        }
        ["set-property", name, _] => {
            let got = describe(name);
            kit.note("property-later", got);
        }
        _ => {}
    }
    Action::Continue
}

/// `path=text`, `path=0x...` where it is not text, or what is wrong.
pub(crate) fn describe(path: &str) -> String {
    match hostcalls::get_property(path.split('.').collect()) {
        Ok(Some(value)) if value.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') => {
            format!("{path}={}", String::from_utf8_lossy(&value))
        }
        Ok(Some(value)) => format!("{path}=0x{}", value.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        Ok(None) => format!("{path} (none)"),
        Err(status) => format!("{path} ({status:?})"),
    }
}
