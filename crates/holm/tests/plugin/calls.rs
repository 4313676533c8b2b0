use std::time::Duration;

use holm::{Arguments, Dynamic, Kind, Limits, Returned};

use crate::support::{RUNTIME, guest, plugin};

#[test]
fn text_goes_in_and_text_comes_out() {
    let (builder, log) = plugin();
    let plugin = builder.name("greeter").load().unwrap();
    let reply: String = plugin.call("greet", "Ada").unwrap();
    assert_eq!(reply, "Hello, Ada!");
    assert_eq!(*log.lock().unwrap(), ["greeter: greeting Ada"]);
}

#[test]
fn bytes_are_carried_as_they_are() {
    let plugin = plugin().0.load().unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let echoed: Vec<u8> = plugin.call("echo", &bytes).unwrap();
    assert_eq!(echoed, bytes);
}

#[tokio::test]
async fn calls_are_made_from_tasks_as_from_threads() {
    let plugin = plugin().0.load_async().await.unwrap();
    let waits = (0..8).map(|_| plugin.call_async::<()>("wait", 50_u32));
    let start = std::time::Instant::now();
    for waited in futures_util::future::join_all(waits).await {
        waited.unwrap();
    }
    assert!(start.elapsed() < Duration::from_millis(8 * 50), "they wait at once");
}

#[test]
fn a_call_says_what_it_used() {
    let plugin = plugin().0.limits(Limits::new().fuel(10_000_000)).load().unwrap();
    let called = plugin.invoke("greet").run::<String>("Ada").unwrap();
    assert_eq!(called.value, "Hello, Ada!");
    let report = called.report;
    assert!(report.host_calls >= 1, "{report:?}");
    assert!(report.fuel > 100 && report.memory >= 65536 && report.cpu > Duration::ZERO, "{report:?}");
    assert!(report.wall >= report.cpu);
}

#[test]
fn every_call_is_told_of() {
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let records = std::sync::Arc::clone(&told);
    let observer = move |record: &holm::Record<'_>| {
        records.lock().unwrap().push((record.function.to_owned(), record.error.map(holm::Error::kind)));
    };
    let plugin = plugin().0.on_call(observer).load().unwrap();
    plugin.call::<u32>("count", ()).unwrap();
    plugin.call::<()>("trap", ()).unwrap_err();
    assert_eq!(*told.lock().unwrap(), [("count".to_owned(), None), ("trap".to_owned(), Some(Kind::Trap))]);
}

#[test]
fn functions_of_an_interface_have_short_names() {
    let types = RUNTIME.plugin(guest("types.wasm")).load().unwrap();
    let short: String = types.call("greet", "Ada").unwrap();
    let full: String = types.call("holm:test/shapes@1.0.0#greet", "Ada").unwrap();
    assert_eq!((short.as_str(), full), ("Hello, Ada!", short.clone()));
}

#[test]
fn a_function_that_is_not_there_is_a_mistake_that_names_those_that_are() {
    let error = plugin().0.load().unwrap().call::<()>("gret", ()).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.to_string().contains("plugin.wasm: there is no function `gret`"), "{error}");
    assert!(error.notes()[0].contains("greet"), "{:?}", error.notes());
}

#[test]
fn calls_are_made_without_knowing_their_types() {
    let plugin = plugin().0.load().unwrap();
    let call = |function: &str, args: Vec<Dynamic>| plugin.call::<Returned>(function, Arguments(args));
    assert_eq!(call("greet", vec![Dynamic::Text("Ada".into())]).unwrap().0, Dynamic::Text("Hello, Ada!".into()));
    assert_eq!(call("echo", vec![Dynamic::Bytes(vec![0, 255])]).unwrap().0, Dynamic::Bytes(vec![0, 255]));
    assert_eq!(call("count", vec![]).unwrap().0, Dynamic::Json(1.into()));
    assert_eq!(call("wait", vec![Dynamic::Json(0.into())]).unwrap().0, Dynamic::Nothing);
    assert_eq!(call("find", vec![Dynamic::Text("colour".into())]).unwrap().0, Dynamic::Text("blue".into()));
    assert_eq!(call("find", vec![Dynamic::Text("taste".into())]).unwrap_err().kind(), Kind::Failed);
    assert_eq!(call("count", vec![Dynamic::Nothing]).unwrap_err().kind(), Kind::Usage);
    let ada = serde_json::json!({ "name": "Ada", "age": 36, "tags": [] });
    let older = serde_json::json!({ "name": "Ada", "age": 37, "tags": [] });
    assert_eq!(call("birthday", vec![Dynamic::Json(ada)]).unwrap().0, Dynamic::Json(older));
}
