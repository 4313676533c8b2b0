//! What has components do something.

use crate::{guest, message, names, parse, routes};
use holm_manifest::{StaticResponse, Template, Trigger, Wagi};
use std::time::Duration;

const A: &str = "[component.a]\nsource = 'a.wasm'\n";

fn template(text: &str) -> Template {
    text.parse().unwrap()
}

#[test]
fn routes_lead_to_components_below_the_base() {
    let app = parse(
        r#"
        [application.trigger.http]
        base = "/shop"
        [[trigger.http]]
        id = "first"
        route = "/users/:id/..."
        component = "a"
        [[trigger.http]]
        route = "/..."
        component = "a"
        executor = { type = "http" }
        [[trigger.http]]
        route = { private = true }
        component = "b"
        [[trigger.http]]
        route = "/inline"
        id = "extra"
        component = { source = "inline.wasm", key_value_stores = ["default"] }
        [[trigger.http]]
        route = "/other"
        [trigger.http.component]
        source = "other.wasm"
        [component.a]
        source = "a.wasm"
        [component.b]
        source = "b.wasm"
        "#,
    );
    assert_eq!(names(&app), ["a", "b", "extra-component", "inline-component1"]);
    assert_eq!(routes(guest(&app, "a")), ["/shop/users/:id/...", "/shop/..."]);
    assert_eq!(routes(guest(&app, "b")), [""; 0]);
    assert_eq!(routes(guest(&app, "extra-component")), ["/shop/inline"]);
    assert_eq!(guest(&app, "extra-component").grants.kv, ["default"]);
    assert_eq!(guest(&app, "inline-component1").file, Some("app/other.wasm".into()));
    assert_eq!(guest(&app, "a").routes[1].as_spin(), Some(("/shop", "/...")));
}

#[test]
fn a_static_response_is_a_guest_without_a_file() {
    let app = parse(
        r#"
        [[trigger.http]]
        id = "gone"
        route = "/old/..."
        static_response = { status_code = 410, headers = { x-why = "moved" }, body = "gone" }
        [[trigger.http]]
        route = "/default"
        static_response = {}
        "#,
    );
    let respond =
        StaticResponse { status: 410, headers: vec![("x-why".into(), "moved".into())], body: b"gone".to_vec() };
    let gone = guest(&app, "gone");
    assert_eq!((gone.respond.as_ref(), gone.file.as_ref()), (Some(&respond), None));
    assert_eq!(routes(gone), ["/old/..."]);
    let other = guest(&app, "response").respond.as_ref().unwrap();
    assert_eq!((other.status, other.body.is_empty()), (200, true));
}

#[test]
fn a_wagi_executor_calls_a_program() {
    let app = parse(&format!(
        "[[trigger.http]]\nroute = '/a'\ncomponent = 'a'\nexecutor = {{ type = 'wagi' }}\n\
         [[trigger.http]]\nroute = '/b'\ncomponent = 'a'\nexecutor = {{ type = 'wagi' }}\n\
         [[trigger.http]]\nroute = '/c'\ncomponent = 'a'\nexecutor = {{ type = 'wagi', argv = '-v', entrypoint = 'main' }}\n{A}"
    ));
    let wagi = |argv: &str, entrypoint: &str| Wagi { argv: argv.into(), entrypoint: entrypoint.into() };
    assert_eq!(guest(&app, "a").wagi, Some(wagi("${SCRIPT_NAME} ${ARGS}", "_start")));
    assert_eq!(routes(guest(&app, "a")), ["/a", "/b"]);
    // Another way to be called is another guest.
    assert_eq!(guest(&app, "a-n2").wagi, Some(wagi("-v", "main")));
    assert_eq!(routes(guest(&app, "a-n2")), ["/c"]);
}

#[test]
fn messages_moments_and_commands_are_triggers() {
    let app = parse(
        r#"
        [application.trigger.redis]
        address = "redis://{{ host }}:6379"
        [application.trigger.mqtt]
        address = "mqtt://broker"
        username = "holm"
        password = "{{ password }}"
        keep_alive_interval = "45"
        [variables]
        host = { default = "cache" }
        password = { required = true }
        [[trigger.redis]]
        channel = "orders-{{ host }}"
        component = "a"
        [[trigger.redis]]
        channel = "others"
        address = "redis://elsewhere"
        component = "a"
        [[trigger.mqtt]]
        topic = "sensors/#"
        qos = "2"
        component = "a"
        [[trigger.cron]]
        cron_expression = "0 */5 * * * *"
        component = "a"
        [[trigger.command]]
        component = "b"
        [component.a]
        source = "a.wasm"
        [component.b]
        source = "b.wasm"
        "#,
    );
    let redis = |server: &str, channel: &str| Trigger::Redis { server: template(server), channel: template(channel) };
    let mqtt = Trigger::Mqtt {
        server: template("mqtt://broker"),
        username: template("holm"),
        password: template("{{ password }}"),
        keep_alive: Duration::from_secs(45),
        topic: template("sensors/#"),
        qos: 2,
    };
    let triggers = &guest(&app, "a").triggers;
    assert_eq!(triggers.len(), 4);
    for trigger in [
        redis("redis://{{ host }}:6379", "orders-{{ host }}"),
        redis("redis://elsewhere", "others"),
        mqtt,
        Trigger::Cron { schedule: template("0 */5 * * * *") },
    ] {
        assert!(triggers.contains(&trigger), "{trigger:?}");
    }
    assert_eq!(guest(&app, "b").triggers, [Trigger::Command]);
    assert!(guest(&app, "a").routes.is_empty());
}

#[test]
fn a_route_that_is_there_twice_is_told_with_both_lines() {
    let why = message(&format!(
        "[[trigger.http]]\nroute = '/users/:id'\ncomponent = 'a'\n[[trigger.http]]\nroute = '/users/:name/'\n\
         component = 'b'\n[[trigger.http]]\nroute = '/users/...'\ncomponent = 'b'\n[[trigger.http]]\nroute = '/users/...'\n\
         static_response = {{}}\n{A}[component.b]\nsource = 'b.wasm'"
    ));
    assert_eq!(
        why,
        "  spin.toml:8:9: `/users/:name/` is a route of `a` on line 5 already; each route leads to one component\n  \
         spin.toml:14:9: `/users/...` is a route of `b` on line 11 already; each route leads to one component"
    );
}

#[test]
fn what_is_wrong_with_a_trigger_is_told() {
    let why = message(&format!(
        r#"[[trigger.http]]
component = "aa"
[[trigger.http]]
route = "/x"
[[trigger.http]]
route = "/y"
component = "a"
static_response = {{ status_code = 101, headers = {{ "a b" = "c" }} }}
[[trigger.http]]
route = {{ private = false }}
component = "a"
executor = {{ type = "wagy" }}
[[trigger.http]]
route = "/.../x"
component = "a"
executor = {{ type = "http", argv = "x" }}
dependencies = {{ before = [] }}
[[trigger.redis]]
component = "a"
chanel = "x"
[[trigger.mqtt]]
component = "a"
topic = ""
qos = 3
[[trigger.cron]]
component = "a"
[[trigger.htpp]]
component = "a"
[[trigger.timer]]
[[trigger.command]]
{A}"#
    ));
    let lines: Vec<&str> = why.lines().map(|line| line.trim_start().trim_start_matches("spin.toml:")).collect();
    let expected = [
        "4:1: an HTTP trigger has a `route`",
        "5:13: no component of this app is called `aa`; did you mean `a`?",
        "6:1: the trigger has no `component`; name the one that it is for, or a `static_response`",
        "8:1: a trigger has a `component` or a `static_response`, not both",
        "11:35: `status_code` takes the status of a response, from 200 to 599; this is 101",
        "11:52: `a b` is not the name of a header",
        "13:9: a route is a text, as in \"/hello/...\", or { private = true }",
        "15:21: there is no executor of the type `wagy`; there are http and wagi; did you mean `wagi`?",
        "17:9: `/.../x` is not a route",
        "19:29: `argv` is for executors of the type wagi",
        "20:18: the only dependencies of an HTTP trigger are `middleware`",
        "21:1: the trigger has no `channel`",
        "21:1: the trigger names no Redis server",
        "23:1: unknown key `chanel` in [[trigger.redis]]; did you mean `channel`?",
        "24:1: there is no MQTT broker",
        "26:9: `topic` is empty",
        "27:7: `qos` takes 0, 1 or 2; this is 3",
        "28:1: the trigger has no `cron_expression`",
        "30:11: Holm has no triggers of the kind `htpp`; there are http, redis, mqtt, cron, command; did you mean `http`?",
        "32:11: Holm has no triggers of the kind `timer`; there are http, redis, mqtt, cron, command",
        "33:1: the trigger has no `component`; name the one that it is for",
    ];
    let mut left = lines.clone();
    for part in expected {
        let at = left.iter().position(|line| line.starts_with(part));
        assert!(at.map(|at| left.remove(at)).is_some(), "{part}\n{why}");
    }
    assert_eq!(left, [""; 0]);
}

#[test]
fn the_same_trigger_for_no_component_is_told_what_there_is() {
    let why = message("[[trigger.http]]\nroute = '/'\ncomponent = 'web'\n");
    assert_eq!(
        why.lines().nth(1).unwrap(),
        "  spin.toml:6:13: no component of this app is called `web`; add it as [component.NAME]"
    );
    let why = message("");
    assert!(why.starts_with("  spin.toml:1:1: the app has no component yet; add one as [component.NAME]"), "{why}");
}
