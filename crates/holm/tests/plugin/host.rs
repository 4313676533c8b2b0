use std::sync::Mutex;

use holm::{Call, Error, Kind};

use crate::support::plugin;

struct Request {
    id: u32,
    seen: Mutex<Vec<u32>>,
}

#[test]
fn functions_of_the_host_know_whose_call_they_are_part_of() {
    let write = |call: &Call, _: String| {
        if let Some(request) = call.with::<std::sync::Arc<Request>>() {
            request.seen.lock().unwrap().push(request.id);
        }
    };
    let plugin = plugin().0.provide("acme:host/log", "write", write).load().unwrap();
    let request = std::sync::Arc::new(Request { id: 7, seen: Mutex::default() });
    plugin.invoke("greet").with(std::sync::Arc::clone(&request)).run::<String>("Ada").unwrap();
    plugin.call::<String>("greet", "Bob").unwrap();
    assert_eq!(*request.seen.lock().unwrap(), [7]);
}

#[test]
fn a_function_of_the_host_can_end_the_call() {
    let refuse = |_: &Call, _: String| Err::<(), Error>(Error::new(Kind::Denied, "not on a Sunday"));
    let plugin = plugin().0.provide("acme:host/log", "write", refuse).load().unwrap();
    let error = plugin.call::<String>("greet", "Ada").unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.to_string().contains("not on a Sunday"), "{error}");
}

#[test]
fn a_plugin_may_be_called_by_a_function_of_the_host_that_another_plugin_calls() {
    let inner = plugin().0.load().unwrap();
    let lookup = move |_: &Call, key: String| Ok::<String, String>(inner.call::<String>("greet", key).unwrap());
    let outer = plugin().0.provide("acme:host/data", "lookup", lookup).load().unwrap();
    assert_eq!(outer.call::<String>("find", "Ada").unwrap(), "Hello, Ada!");
}

#[tokio::test]
async fn likewise_in_asynchronous_code() {
    let inner = plugin().0.load_async().await.unwrap();
    let lookup = move |_: Call, key: String| {
        let inner = inner.clone();
        async move { inner.call_async::<String>("greet", key).await.map_err(|error| error.to_string()) }
    };
    let outer = plugin().0.provide_async("acme:host/data", "lookup", lookup).load_async().await.unwrap();
    assert_eq!(outer.call_async::<String>("find", "Ada").await.unwrap(), "Hello, Ada!");
}
#[test]
fn an_instance_that_a_function_of_the_host_ended_is_not_used_again() {
    for kind in [Kind::Usage, Kind::Failed, Kind::Denied] {
        let refuse = move |_: &Call, _: String| Err::<(), Error>(Error::new(kind, "no"));
        let plugin = plugin().0.provide("acme:host/log", "write", refuse).load().unwrap();
        let mut session = plugin.session();
        assert_eq!(session.call::<u32>("count", ()).unwrap(), 1);
        assert_eq!(session.call::<String>("greet", "Ada").unwrap_err().kind(), kind);
        assert_eq!(session.call::<u32>("count", ()).unwrap(), 1, "{kind:?}");
    }
}
