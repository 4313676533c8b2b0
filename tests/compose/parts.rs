//! Components of one guest that are granted different things.

use crate::parts_kit::{Kit, neighbour};

/// Everything there is to grant, for a neighbour at `$`.
const EVERYTHING: &str = r#"
dir = "./weights::/data"
env = { COLOUR = "blue" }
net = ["tcp://$", "udp://$"]
listen = "127.0.0.1:0"
http = "http://$"
kv = "default"
blob = "images"
config = { shape = "round" }
"#;

/// Every way to reach the world, and what it leads to.
const ATTEMPTS: [(&str, &str); 10] = [
    ("read /data/weights.txt", "the model's weights"),
    ("env", "COLOUR=blue"),
    ("dial $", "pong"),
    ("send $", "sent 4"),
    ("listen 127.0.0.1:0", "ok"),
    ("resolve $", "1 addresses"),
    ("http http://$/", "status 200"),
    ("kv default", "value"),
    ("blob images", "exists false"),
    ("config shape", "round"),
];

/// What a component hears that was granted nothing of it.
const REFUSALS: [&str; 10] = [
    "error: NotFound",
    "",
    "error: PermissionDenied",
    "error: PermissionDenied",
    "error: PermissionDenied",
    // An address is none that would be looked up.
    "1 addresses",
    "error: ErrorCode::HttpRequestDenied",
    "error: access denied",
    "error: access denied",
    "(none)",
];

fn attempts(who: &str, neighbour: &str) -> Vec<String> {
    ATTEMPTS.iter().map(|(what, _)| format!("{who} {}", what.replace('$', neighbour))).collect()
}

fn found() -> Vec<String> {
    ATTEMPTS.iter().map(|(_, found)| (*found).to_owned()).collect()
}

fn words(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

#[test]
fn a_model_has_nothing_of_what_its_handler_is_granted() {
    let neighbour = neighbour().to_string();
    let kit = Kit::new(&format!("[grants]{}", EVERYTHING.replace('$', &neighbour)));
    assert_eq!(kit.asks(&words(&attempts("own", &neighbour))), found());
    assert_eq!(kit.asks(&words(&attempts("model", &neighbour))), REFUSALS);
}

#[test]
fn a_handler_has_nothing_of_what_its_model_is_granted() {
    let neighbour = neighbour().to_string();
    let kit = Kit::new(&format!("[components.model.grants]{}", EVERYTHING.replace('$', &neighbour)));
    assert_eq!(kit.asks(&words(&attempts("model", &neighbour))), found());
    assert_eq!(kit.asks(&words(&attempts("own", &neighbour))), REFUSALS);
}

#[test]
fn each_has_what_it_was_granted_under_the_same_names() {
    let (one, two) = (neighbour(), neighbour());
    let kit = Kit::new(&format!(
        "[grants]\ndir = \".::/data\"\nenv = {{ WHO = \"handler\" }}\nnet = \"{one}\"\nconfig = {{ who = \"handler\" }}\n\
         kv = \"ours\"\n[components.model.grants]\ndir = \"./weights::/data:ro\"\nenv = {{ WHO = \"model\" }}\nnet = \"{two}\"\n\
         config = {{ who = \"model\" }}\nkv = \"theirs\""
    ));
    for (ask, own, model) in [
        ("read /data/secret.txt".to_owned(), "the handler's secret", "error: NotFound"),
        ("read /data/weights.txt".to_owned(), "error: NotFound", "the model's weights"),
        ("write /data/new.txt".to_owned(), "ok", "error: PermissionDenied"),
        ("env".to_owned(), "WHO=handler", "WHO=model"),
        ("config who".to_owned(), "handler", "model"),
        (format!("dial {one}"), "pong", "error: PermissionDenied"),
        (format!("dial {two}"), "error: PermissionDenied", "pong"),
        ("kv ours".to_owned(), "value", "error: access denied"),
        ("kv theirs".to_owned(), "error: access denied", "value"),
    ] {
        assert_eq!(kit.asks(&[&format!("own {ask}"), &format!("model {ask}")]), [own, model], "{ask}");
    }
}

#[test]
fn a_model_behind_a_model_has_grants_of_its_own() {
    let kit = Kit::new("");
    for (granted, answer) in [("deep", "the model's weights"), ("front", "error: NotFound")] {
        kit.manifest(&format!(
            "[imports]\n\"parts:kit/probe\" = \"front\"\n[components.front]\nfile = \"middle.wasm\"\n\
             [components.deep]\nfile = \"model.wasm\"\n[components.{granted}.grants]\ndir = \"./weights::/data\"",
        ));
        assert_eq!(kit.asks(&["model deep read /data/weights.txt"]), [answer], "granted to {granted}");
        assert_eq!(kit.asks(&["own read /data/weights.txt"]), ["error: NotFound"]);
    }
}

#[test]
fn flags_grant_to_the_guests_own_file_alone() {
    let kit = Kit::new("");
    let ended = kit.holm(&["run", "--env", "A=1"]).args(["own env", "model env"]).ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "A=1\n\n"), "{ended:?}");
}

#[test]
fn a_model_is_not_given_the_arguments() {
    let kit = Kit::new("");
    assert_eq!(kit.asks(&["model args", "secret"])[0], "model");
}

#[test]
fn an_audit_names_the_components_table() {
    let neighbour = neighbour();
    let kit = Kit::new("");
    let asks = ["own kv mine", "model kv theirs", "model config colour", "model read /etc/passwd"].map(str::to_owned);
    let dial = format!("model dial {neighbour}");
    let told = kit.holm(&["run", "--audit"]).args(asks).arg(dial).fails(1);
    let (_, text) = told.split_once(":\n").unwrap();
    assert_eq!(
        text,
        format!(
            "[grants]\nkv = [\"mine\"]\n[components.model.grants]\nconfig = {{ colour = \"\" }}\ndir = [\"/etc::/etc:ro\"]\n\
             kv = [\"theirs\"]\nnet = [\"tcp://{neighbour}\"]\n"
        )
    );
    // What it says is a manifest that grants it.
    kit.manifest(&format!(
        "[components.model]\nfile = \"model.wasm\"\n{}",
        text.replace("/etc::/etc", "./weights::/etc")
    ));
    assert_eq!(kit.asks(&["own kv mine", "model kv theirs", "model read /etc/weights.txt"])[2], "the model's weights");
}

#[test]
fn a_run_that_failed_hints_at_the_components_table() {
    let told = Kit::new("").holm(&["run"]).arg("model kv theirs").fails(1);
    assert_eq!(
        told,
        "note: a component of handler.wasm asked for more than it was granted: `kv = \"theirs\"` in \
         [components.model.grants] would grant it\n"
    );
}

#[test]
fn functions_are_called_under_the_same_grants() {
    let kit = Kit::new("[grants]\nenv = { A = \"1\" }\n[components.model.grants]\nenv = { B = \"2\" }");
    for (ask, answer) in [("own env", "A=1"), ("model env", "B=2"), ("model kv x", "error: access denied")] {
        let called = kit.holm(&["call"]).args(["ask", &format!("\"{ask}\"")]).ends();
        assert_eq!(called.stdout.trim(), answer, "{called:?}");
    }
}

#[test]
fn a_manifest_that_grants_to_a_component_says_that_it_does() {
    let ended = Kit::new("[components.model.grants]\nenv = { A = \"1\" }").holm(&["run"]).arg("model env").ends();
    assert!(ended.stderr.starts_with("note: grants from [dir]/holm.toml"), "{ended:?}");
}

#[test]
fn a_directory_of_a_component_that_is_missing_is_told_before_anything_runs() {
    let told =
        Kit::new("[components.model.grants]\ndir = \"./nowhere::/data\"").holm(&["run"]).arg("own env").fails(127);
    assert!(told.contains("the granted directory [dir]/nowhere does not exist"), "{told}");
}

#[test]
fn what_was_composed_is_kept_until_one_of_its_files_changes() {
    let kit = Kit::new("[components.model.grants]\nenv = { A = \"1\" }");
    let cache = kit.at("cache");
    let made = || {
        let files = std::fs::read_dir(&cache).unwrap().flatten().map(|file| file.file_name().into_string().unwrap());
        files.filter(|name| name.ends_with(".made.wasm")).count()
    };
    let run = |expected: &str| {
        let ended = kit.holm(&["run"]).cache(&cache).arg("model env").ends();
        assert_eq!(ended.stdout, expected, "{ended:?}");
    };
    run("A=1\n");
    run("A=1\n");
    assert_eq!(made(), 1);
    // Grants are no part of it.
    kit.manifest("[components.model]\nfile = \"model.wasm\"\n[components.model.grants]\nenv = { A = \"2\" }");
    run("A=2\n");
    assert_eq!(made(), 1);
    std::fs::copy(kit.at("middle.wasm"), kit.at("model.wasm")).unwrap();
    let _ = kit.holm(&["run"]).cache(&cache).arg("model env").ends();
    kit.write("deep.toml", "");
    assert_eq!(made(), 2);
}
