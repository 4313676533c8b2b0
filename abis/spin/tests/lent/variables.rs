use std::collections::BTreeMap;
use std::sync::Arc;

use holm_abi::Host;
use holm_manifest::{Piece, Template, Variable, VariableSource};
use holm_services::lent::Lent;
use holm_services::variables::{AppVariables, Surroundings};
use holm_spin::Spin;
use holm_wasi::Wasi;

use crate::common::{ask, granting, guest, lent, spin};

/// `greeting`, and `whole` with it in its middle; `asked` is in a Vault that is not there.
fn with_variables() -> Lent {
    let text = |text: &str| Variable { default: Some(text.into()), secret: false };
    let declared = BTreeMap::from([("who".to_owned(), text("edge")), ("asked".to_owned(), Variable::default())]);
    let vault = VariableSource::Vault {
        url: "http://127.0.0.1:1".into(),
        token: "sesame".to_owned().into(),
        mount: "secret".into(),
        prefix: None,
    };
    let app = AppVariables::new(&declared, &[vault], &Surroundings::default(), None).unwrap();
    let named = |name: &str| Piece::Variable(name.into());
    let templates = BTreeMap::from([
        ("greeting".to_owned(), Template::new(vec![Piece::Text("Hello from the edge".into())])),
        ("plain".to_owned(), Template::new(vec![Piece::Text("yes".into())])),
        ("asked".to_owned(), Template::new(vec![named("asked")])),
    ]);
    Lent { variables: Arc::new(app.of_guest(&templates)), ..lent() }
}

#[tokio::test]
async fn a_variable_is_the_same_in_every_version() {
    let (spin, host) = (spin(with_variables()), Host::default());
    let (old, new) = (guest("spin-old.wasm"), guest("spin-new.wasm"));
    for (guest, words) in
        [(&old, ["config", "greeting"]), (&old, ["variables", "greeting"]), (&new, ["variables", "greeting"])]
    {
        assert_eq!(ask(&spin, guest, &host, &words).await.unwrap(), r#"Ok("Hello from the edge")"#, "{words:?}");
    }
    assert_eq!(ask(&spin, &new, &host, &["config", "plain"]).await.unwrap(), r#"Ok(Some("yes"))"#);
}

#[tokio::test]
async fn what_is_not_there_is_the_error_that_each_version_has_for_it() {
    let (spin, host) = (spin(with_variables()), Host::default());
    let (old, new) = (guest("spin-old.wasm"), guest("spin-new.wasm"));
    for (guest, words, answer) in [
        (&old, ["config", "other"], r#"Err(Error::Provider("other"))"#),
        (&old, ["variables", "other"], r#"Err(Error::Undefined("other"))"#),
        (&new, ["variables", "other"], r#"Err(Error::Undefined("other"))"#),
        (&new, ["config", "other"], "Ok(None)"),
        (&new, ["config", "No-Name"], "Ok(None)"),
    ] {
        assert_eq!(ask(&spin, guest, &host, &words).await.unwrap(), answer, "{words:?}");
    }
    let odd = ask(&spin, &old, &host, &["variables", "No-Name"]).await.unwrap();
    assert!(odd.starts_with(r#"Err(Error::InvalidName("\"No-Name\""#), "{odd}");
    let odd = ask(&spin, &old, &host, &["config", "No-Name"]).await.unwrap();
    assert!(odd.starts_with("Err(Error::InvalidKey("), "{odd}");
}

#[tokio::test]
async fn who_cannot_be_asked_is_an_error_of_the_provider() {
    let (spin, host) = (spin(with_variables()), Host::default());
    for (name, words, case) in [
        ("spin-old.wasm", ["config", "asked"], "Other"),
        ("spin-old.wasm", ["variables", "asked"], "Provider"),
        ("spin-new.wasm", ["variables", "asked"], "Provider"),
        ("spin-new.wasm", ["config", "asked"], "Upstream"),
    ] {
        let answer = ask(&spin, &guest(name), &host, &words).await.unwrap();
        assert!(answer.starts_with(&format!("Err(Error::{case}(")), "{answer}");
        assert!(!answer.contains("127.0.0.1") && !answer.contains("sesame"), "{answer}");
    }
}

#[tokio::test]
async fn granted_values_are_beside_variables_and_before_them() {
    let variables = AppVariables::new(&BTreeMap::new(), &[], &Surroundings::default(), None).unwrap();
    let text = |text: &str| Template::new(vec![Piece::Text(text.into())]);
    let templates = BTreeMap::from([("a".to_owned(), text("variable")), ("b".to_owned(), text("variable"))]);
    let lent = Lent { variables: Arc::new(variables.of_guest(&templates)), ..lent() };
    let host = granting(|grants| grants.config.extend([("b".to_owned(), "granted".to_owned())]));
    let all = ask(&spin(lent), &guest("spin-new.wasm"), &host, &["config"]).await.unwrap();
    assert_eq!(all, r#"Ok([("a", "variable"), ("b", "granted")])"#);
}

#[tokio::test]
async fn a_host_that_lends_nothing_has_no_variables() {
    let (spin, host) = (Spin { wasi: Wasi::default() }, Host::default());
    let answer = ask(&spin, &guest("spin-old.wasm"), &host, &["variables", "a"]).await.unwrap();
    assert_eq!(answer, r#"Err(Error::Undefined("a"))"#);
    assert_eq!(ask(&spin, &guest("spin-new.wasm"), &host, &["config"]).await.unwrap(), "Ok([])");
}
