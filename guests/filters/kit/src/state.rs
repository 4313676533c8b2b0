//! What lasts longer than a request: shared data, the queue, ticks, metrics, and the log.

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context as _, HttpContext as _};
use proxy_wasm::types::{Action, BufferType, LogLevel, MetricType, Status};

use crate::properties::describe;
use crate::stream::Kit;

pub(crate) fn request(kit: &mut Kit, words: &[&str]) -> Action {
    let said = match *words {
        ["counter", key] => counter(kit, key),
        ["share", "get", key] => shared(kit, key),
        ["share", "set", key, value] => format!("{:?}", kit.set_shared_data(key, Some(value.as_bytes()), None)),
        ["share", "cas", key, value, cas] => {
            format!("{:?}", kit.set_shared_data(key, Some(value.as_bytes()), cas.parse().ok()))
        }
        ["share", "swap", key, value] => {
            let (_, cas) = kit.get_shared_data(key);
            format!("{:?}", kit.set_shared_data(key, Some(value.as_bytes()), cas))
        }
        // Somebody else was faster.
        ["share", "late", key, value] => {
            let (old, cas) = kit.get_shared_data(key);
            let _ = kit.set_shared_data(key, old.as_deref(), None);
            format!("{:?}", kit.set_shared_data(key, Some(value.as_bytes()), cas))
        }
        ["share", "delete", key] => format!("{:?}", kit.remove_shared_data(key, None)),
        ["queue", "push", item] => {
            format!("{:?}", kit.enqueue_shared_queue(kit.root.queue.get(), Some(item.as_bytes())))
        }
        ["queue", "pop"] => match kit.dequeue_shared_queue(kit.root.queue.get()) {
            Ok(item) => format!("{:?}", item.map(|item| String::from_utf8_lossy(&item).into_owned())),
            Err(status) => format!("{status:?}"),
        },
        ["queue", "resolve", vm, name] => {
            let own = kit.root.queue.get();
            format!("{:?}", kit.resolve_shared_queue(vm, name).map(|id| id == own))
        }
        ["queue", "drained"] => kit.root.drained.borrow().join(" "),
        ["ticks"] => kit.root.ticks.get().to_string(),
        ["root"] => kit.root.answer.borrow().clone(),
        ["metrics"] => metrics(),
        ["log", level, ..] => {
            let _ = hostcalls::log(log_level(level), &words[2..].join(" "));
            "logged".to_string()
        }
        ["log"] => format!("{:?}", hostcalls::get_log_level()),
        ["config"] => configuration(kit),
        ["foreign", name, argument] => match kit.call_foreign_function(name, Some(argument.as_bytes())) {
            Ok(result) => format!("{:?}", result.map(|bytes| bytes.len())),
            Err(status) => format!("{status:?}"),
        },
        _ => return Action::Continue,
    };
    kit.send_http_response(200, vec![("content-type", "text/plain")], Some(format!("{said}\n").as_bytes()));
    Action::Pause
}

fn counter(kit: &Kit, key: &str) -> String {
    loop {
        let (value, cas) = kit.get_shared_data(key);
        let count = value.and_then(|value| String::from_utf8_lossy(&value).parse::<u64>().ok()).unwrap_or_default() + 1;
        match kit.set_shared_data(key, Some(count.to_string().as_bytes()), cas) {
            Err(Status::CasMismatch) => {}
            _ => return count.to_string(),
        }
    }
}

fn shared(kit: &Kit, key: &str) -> String {
    let (value, cas) = kit.get_shared_data(key);
    match value {
        Some(value) => String::from_utf8_lossy(&value).into_owned(),
        None if cas.is_some() => "(empty)".to_string(),
        None => "(none)".to_string(),
    }
}

/// Counters go up only and histograms have no value: what the host makes of the attempts is said too.
fn metrics() -> String {
    let mut said = Vec::new();
    for (name, kind) in
        [("counter", MetricType::Counter), ("gauge", MetricType::Gauge), ("histogram", MetricType::Histogram)]
    {
        let Ok(id) = hostcalls::define_metric(kind, &format!("kit_{name}")) else { continue };
        let before = hostcalls::get_metric(id).unwrap_or_default();
        let recorded = hostcalls::record_metric(id, before + 5);
        let increment = if name == "histogram" { Err(Status::BadArgument) } else { hostcalls::increment_metric(id, 2) };
        let added = hostcalls::get_metric(id).map(|value| value - before);
        said.push(format!("{name} {recorded:?} {increment:?} {added:?}"));
    }
    said.join("\n")
}

fn log_level(word: &str) -> LogLevel {
    match word {
        "trace" => LogLevel::Trace,
        "debug" => LogLevel::Debug,
        "info" => LogLevel::Info,
        "warn" => LogLevel::Warn,
        "error" => LogLevel::Error,
        _ => LogLevel::Critical,
    }
}

/// The sizes that start-up was told, and what a request finds of the configurations.
fn configuration(kit: &Kit) -> String {
    let read = |kind| match hostcalls::get_buffer(kind, 0, usize::MAX) {
        Ok(Some(text)) => format!("{:?}", String::from_utf8_lossy(&text)),
        other => format!("{other:?}"),
    };
    let plugin = read(BufferType::PluginConfiguration);
    format!(
        "root {} sizes {:?}\nplugin {plugin}\nvm {}",
        kit.root.id,
        kit.root.sizes.get(),
        read(BufferType::VmConfiguration)
    )
}

/// What a log can still read, and what came until then, kept where a later request reads it.
pub(crate) fn at_log(kit: &mut Kit, words: &[&str]) {
    let said = match *words {
        ["order" | "phases", ..] => kit.events.join(" "),
        ["at-log", ..] => {
            let status = kit.get_http_response_header(":status");
            let path = kit.get_http_request_header(":path");
            let properties: Vec<String> = words[1..].iter().map(|path| describe(path)).collect();
            format!("status {status:?} path {path:?} {}", properties.join(" "))
        }
        _ => return,
    };
    let _ = kit.set_shared_data(words[0], Some(said.as_bytes()), None);
}

pub(crate) fn at_delete(kit: &mut Kit, words: &[&str]) {
    if let ["order" | "phases", ..] = *words {
        let _ = kit.set_shared_data(words[0], Some(kit.events.join(" ").as_bytes()), None);
    }
}
