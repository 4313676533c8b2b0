//! Components of a world that is known when the host is compiled.

use std::time::Duration;

use holm::component::{Component, engine};
use holm::{Breaker, Instances, Kind, Limits};

use crate::support::{RUNTIME, guest};

mod bindings {
    holm::component::bindgen!({
        path: "../../guests/plugin/wit",
        world: "plugin",
        imports: { default: async },
        exports: { default: async },
        wasmtime_crate: holm::component::engine,
    });
}

use bindings::Plugin;
use bindings::acme::host::{data, log};
use bindings::exports::acme::host::people::Person;

#[derive(Default)]
#[allow(unreachable_pub, reason = "what implements a world's imports is as public as the world")]
pub struct Host {
    written: Vec<String>,
}

impl log::Host for Host {
    async fn write(&mut self, text: String) {
        self.written.push(text);
    }
}

impl data::Host for Host {
    async fn lookup(&mut self, key: String) -> Result<String, String> {
        Err(format!("nobody knows {key}"))
    }
}

impl bindings::PluginImports for Host {
    async fn pause(&mut self, milliseconds: u32) {
        tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
    }
}

holm::component::world!(Plugin => Host);

fn world(limits: Limits) -> Component<Plugin> {
    RUNTIME.plugin(guest("plugin.wasm")).limits(limits).world().unwrap()
}

#[test]
fn calls_are_typed_both_ways() {
    let mut instance = world(Limits::new()).open(Host::default()).unwrap();
    let reply = instance.call(async |plugin, store| plugin.call_greet(store, "Ada").await).unwrap();
    assert_eq!(reply, "Hello, Ada!");
    let found = instance.call(async |plugin, store| plugin.call_find(store, "taste").await).unwrap();
    assert_eq!(found, Err("nobody knows taste".into()));
    let ada = Person { name: "Ada".into(), age: Some(36), tags: Vec::new() };
    let older =
        instance.call(async |plugin, store| plugin.acme_host_people().call_birthday(store, &ada).await).unwrap();
    assert_eq!(older.age, Some(37));
    assert_eq!(instance.host().written, ["greeting Ada"]);
    assert_eq!(instance.into_host().written, ["greeting Ada"]);
}

#[test]
fn an_instance_is_kept_from_call_to_call_and_each_of_them_is_measured() {
    let mut instance = world(Limits::new().fuel(1_000_000)).open(Host::default()).unwrap();
    for counted in 1..=3 {
        let called = instance.measured(async |plugin, store| plugin.call_count(store).await).unwrap();
        assert_eq!(called.value, counted);
        assert!((1..1_000_000).contains(&called.report.fuel), "{:?}", called.report);
    }
}

#[test]
fn a_call_ends_at_its_limits_and_the_next_instance_works() {
    let world = world(Limits::new().fuel(10_000_000).wall(Duration::from_millis(300)).memory(8 << 20));
    let open = || world.open(Host::default()).unwrap();
    let kind = |error: holm::Error| error.kind();
    assert_eq!(open().call(async |plugin, store| plugin.call_trap(store).await).map_err(kind), Err(Kind::Trap));
    assert_eq!(open().call(async |plugin, store| plugin.call_spin(store).await).map_err(kind), Err(Kind::OutOfFuel));
    let grown = open().call(async |plugin, store| plugin.call_grow(store, 64).await);
    assert_eq!(grown.map_err(kind), Err(Kind::OutOfMemory));
    let waited = open().call(async |plugin, store| plugin.call_wait(store, 60_000).await);
    assert_eq!(waited.map_err(kind), Err(Kind::OutOfTime));
    assert_eq!(open().call(async |plugin, store| plugin.call_count(store).await).unwrap(), 1);
}

#[test]
fn an_instance_that_failed_fails_again() {
    let mut instance = world(Limits::new()).open(Host::default()).unwrap();
    instance.call(async |plugin, store| plugin.call_trap(store).await).unwrap_err();
    instance.call(async |plugin, store| plugin.call_count(store).await).unwrap_err();
}

#[tokio::test]
async fn tasks_have_instances_of_their_own() {
    let world = world(Limits::new());
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let world = world.clone();
        tasks.spawn(async move {
            let mut instance = world.open_async(Host::default()).await.unwrap();
            let both = async move |plugin: &Plugin, store: &mut engine::Store<_>| {
                plugin.call_wait(&mut *store, 20).await?;
                plugin.call_greet(store, &number.to_string()).await
            };
            instance.call_async(both).await.unwrap().value
        });
    }
    let mut replies = tasks.join_all().await;
    replies.sort();
    assert_eq!((replies.len(), replies[7].as_str()), (8, "Hello, 7!"));
}

#[test]
fn a_component_of_another_world_is_told_of() {
    let other: Component<Plugin> = RUNTIME.plugin(guest("types.wasm")).world().unwrap();
    let Err(error) = other.open(Host::default()) else { panic!("it has not the world's exports") };
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.to_string().contains("types.wasm is of another world: "), "{error}");
    let Err(error) = RUNTIME.plugin(guest("kernels.wasm")).world::<Plugin>() else { panic!("it is a core module") };
    assert_eq!(error.kind(), Kind::Usage);
}

#[test]
fn what_means_nothing_to_a_world_is_refused() {
    let plugin = || RUNTIME.plugin(guest("plugin.wasm"));
    for builder in [
        plugin().instances(Instances::Pooled { most: 2 }),
        plugin().breaker(Breaker { failures: 1, pause: Duration::ZERO }),
        plugin().on_call(|_| ()),
    ] {
        assert_eq!(builder.world::<Plugin>().map(|_| ()).unwrap_err().kind(), Kind::Usage);
    }
}
