use holm::{Json, Kind};
use serde::{Deserialize, Serialize};

use crate::support::{RUNTIME, guest, plugin};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Person {
    name: String,
    age: Option<u8>,
    tags: Vec<String>,
}

#[test]
fn a_struct_is_a_record() {
    let plugin = plugin().0.load().unwrap();
    let ada = Person { name: "Ada".into(), age: Some(36), tags: vec!["x".into()] };
    let Json(older) = plugin.call::<Json<Person>>("birthday", Json(&ada)).unwrap();
    assert_eq!(older, Person { age: Some(37), ..ada });
}

#[test]
fn results_are_results() {
    let plugin = plugin().0.load().unwrap();
    assert_eq!(plugin.call::<Result<String, String>>("find", "colour").unwrap(), Ok("blue".into()));
    let error = plugin.call::<Result<String, String>>("find", "taste").unwrap();
    assert_eq!(error, Err("nobody knows taste".into()));
}

/// Whoever asks for the value alone takes the guest's error for the call's.
#[test]
fn an_error_that_the_guest_returns_is_an_error_of_the_call_where_only_a_value_is_wanted() {
    let plugin = plugin().0.load().unwrap();
    assert_eq!(plugin.call::<String>("find", "colour").unwrap(), "blue");
    let error = plugin.call::<String>("find", "taste").unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (Kind::Failed, "plugin.wasm: nobody knows taste".into()));
}

#[test]
fn values_of_every_type_cross() {
    let types = RUNTIME.plugin(guest("types.wasm")).load().unwrap();
    assert_eq!(types.call::<i32>("add", (2, 3)).unwrap(), 5);
    assert_eq!(types.call::<String>("join", (vec!["a".to_owned(), "b".to_owned()], "-")).unwrap(), "a-b");
    assert_eq!(types.call::<Option<u32>>("bump", Some(1_u32)).unwrap(), Some(2));
    assert_eq!(types.call::<Option<u32>>("bump", None::<u32>).unwrap(), None);
    assert_eq!(types.call::<char>("upper", 'é').unwrap(), 'É');
    assert_eq!(types.call::<Result<(), ()>>("even", 3_u8).unwrap(), Err(()));
    assert_eq!(types.call::<f64>("floats", (1.5_f32, 2.25)).unwrap(), 3.75);
    assert!(!types.call::<bool>("negate", true).unwrap());
    let largest: Json<Option<i64>> = types.call("largest", Json(vec![3, 9, -1])).unwrap();
    assert_eq!(largest.0, Some(9));
    let area: f64 = types.call("area", Json(serde_json::json!({ "rectangle": { "x": 2.0, "y": 3.0 } }))).unwrap();
    assert_eq!(area, 6.0);
    assert_eq!(types.call::<String>("next", "red").unwrap(), "green");
}

#[test]
fn what_does_not_fit_is_refused_before_the_guest_runs() {
    let types = RUNTIME.plugin(guest("types.wasm")).load().unwrap();
    for error in [
        types.call::<i32>("add", 2).unwrap_err(),
        types.call::<i32>("add", (2, "3")).unwrap_err(),
        types.call::<i32>("add", (2, 1_i64 << 40)).unwrap_err(),
        types.call::<Result<(), ()>>("even", 300_i32).unwrap_err(),
        types.call::<String>("greet", &b"Ada"[..]).unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::Usage, "{error}");
    }
    assert!(types.call::<u8>("greet", "Ada").unwrap_err().to_string().contains("text where a number was expected"));
}
