//! Tokens, and where they and passwords go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::{MANIFEST, WASM, descriptor, manifest};
use crate::registry::bytes;
use crate::stranger::{Answer, Asked, Stranger, content, not_found, ok, status, stranger};

const TOKEN: &str = "t0ken";

/// A server that gives tokens, and a registry that wants them, with its blobs elsewhere.
struct Three {
    tokens: Stranger,
    blobs: Stranger,
    registry: Stranger,
}

fn three() -> Three {
    let hello = bytes("hello.p1.wasm");
    let text = manifest(&descriptor(WASM, &hello, ""));
    let tokens = stranger(|_| ok("", format!(r#"{{"token":"{TOKEN}","expires_in":60}}"#).as_bytes()));
    let blobs = stranger(move |_| ok("", &hello));
    let (realm, elsewhere) = (tokens.address, blobs.address);
    let registry = stranger(move |asked: &Asked| {
        if asked.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            let challenge = format!(
                "WWW-Authenticate: Bearer realm=\"http://{realm}/token\",service=\"s\",scope=\"repository:app:pull\"\r\n"
            );
            return status("401 Unauthorized", &format!("{challenge}Content-Length: 0\r\n"), b"");
        }
        match content(&text, &[]).get(&asked.path[8..]) {
            Some(bytes) => ok(&format!("Content-Type: {MANIFEST}\r\n"), bytes),
            None if asked.path.contains("/blobs/") => status(
                "307 Temporary Redirect",
                &format!("Location: http://{elsewhere}/blob\r\nContent-Length: 0\r\n"),
                b"",
            ),
            None => not_found(),
        }
    });
    Three { tokens, blobs, registry }
}

#[test]
fn a_token_is_for_the_registry_and_a_password_for_the_token_server_alone() {
    let Three { tokens, blobs, registry } = three();
    let pull = registry.holm(["pull", "--username", "ada", "--password-stdin", &registry.reference()]).stdin("lace");
    assert_eq!(pull.ends().code, Some(0));

    let basic = format!("Basic {}", STANDARD.encode("ada:lace"));
    let asked = tokens.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].method.as_str(), asked[0].header("authorization")), ("GET", Some(basic.as_str())));
    assert!(
        asked[0].path.contains("scope=repository%3Aapp%3Apull") && asked[0].path.contains("service=s"),
        "{asked:?}"
    );
    assert!(registry.asked().iter().all(|asked| asked.header("authorization") != Some(&basic)));
    let elsewhere = blobs.asked();
    assert_eq!((elsewhere.len(), elsewhere[0].header("authorization")), (1, None));
}

#[test]
fn nobody_in_particular_gets_a_token_too_and_an_identity_token_is_traded_for_one() {
    let Three { tokens, registry, .. } = three();
    assert_eq!(registry.holm(["pull", &registry.reference()]).ends().code, Some(0));
    assert_eq!(tokens.asked()[0].header("authorization"), None);

    let config = registry.home().join("config.json");
    std::fs::write(&config, format!(r#"{{"auths":{{"{}":{{"identitytoken":"1dentity"}}}}}}"#, registry.address))
        .unwrap();
    let pull = registry.holm(["pull", &registry.reference()]).env("REGISTRY_AUTH_FILE", &config);
    assert_eq!(pull.ends().code, Some(0));
    let last = tokens.asked().pop().unwrap();
    assert_eq!((last.method.as_str(), last.header("authorization")), ("POST", None));
    assert!(!registry.asked().iter().any(|asked| asked.headers.contains("1dentity")));
}

#[test]
fn a_token_server_that_is_no_good_is_refused() {
    for (realm, words) in [
        (
            "http://169.254.169.254/latest/meta-data",
            "sends for a token to 169.254.169.254, another machine, without encryption",
        ),
        ("https://169.254.169.254/latest/meta-data", "leads to 169.254.169.254"),
        ("file:///etc/passwd", "which is not HTTP"),
        ("nonsense", "a token server that is no address"),
        ("http://user:password@127.0.0.1/", "with a user's name in the address"),
    ] {
        let registry = stranger(move |_| {
            status(
                "401 Unauthorized",
                &format!("WWW-Authenticate: Bearer realm=\"{realm}\"\r\nContent-Length: 0\r\n"),
                b"",
            )
        });
        let pull =
            registry.holm(["pull", "--username", "ada", "--password-stdin", &registry.reference()]).stdin("lace");
        let said = pull.fails(126);
        assert!(said.contains(words), "{said}");
        registry.left_nothing();
    }
}

#[test]
fn a_token_server_that_answers_nonsense_is_refused() {
    let endless = || {
        Answer::Endless(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
            b"4\r\naaaa\r\n".repeat(1000),
        )
    };
    let away = || status("302 Found", "Location: http://127.0.0.1:9/\r\nContent-Length: 0\r\n", b"");
    type Given = fn() -> Answer;
    let answers: [(Given, &str); 5] = [
        (endless, "has more than 64KiB"),
        (|| ok("", b"{}"), "sends no token"),
        (|| ok("", b"{\"token\":\"a\\nb\"}"), "sends no token"),
        (|| status("403 Forbidden", "Content-Length: 0\r\n", b""), "gives no token: it answers 403"),
        (away, "gives no token: it answers 302"),
    ];
    for (answer, words) in answers {
        let tokens = stranger(move |_| answer());
        let realm = tokens.address;
        let registry = stranger(move |_| {
            status(
                "401 Unauthorized",
                &format!("WWW-Authenticate: Bearer realm=\"http://{realm}/\"\r\nContent-Length: 0\r\n"),
                b"",
            )
        });
        let said = registry.holm(["pull", &registry.reference()]).fails(126);
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn uploads_go_to_the_registry_itself() {
    let thief = stranger(|_| status("201 Created", "Content-Length: 0\r\n", b""));
    let elsewhere = thief.address;
    let registry = stranger(move |asked| match asked.method.as_str() {
        "POST" => status("202 Accepted", &format!("Location: http://{elsewhere}/take\r\nContent-Length: 0\r\n"), b""),
        _ => not_found(),
    });
    let said = registry.holm(["push", &registry.reference()]).guest("hello.p1.wasm").fails(126);
    assert!(said.contains("wants uploads to be sent to 127.0.0.1, which is not itself"), "{said}");
    assert!(thief.asked().is_empty());
}
