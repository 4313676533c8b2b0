use super::*;
use std::ffi::OsString;
use std::path::Path;

fn template(text: &str) -> Template {
    text.parse().unwrap()
}

fn declared(variables: &[(&str, Option<&str>)]) -> BTreeMap<String, Variable> {
    let variable = |default: &Option<&str>| Variable { default: default.map(str::to_owned), ..Variable::default() };
    variables.iter().map(|(name, default)| ((*name).to_owned(), variable(default))).collect()
}

fn environment(dotenv: Option<&Path>) -> Vec<VariableSource> {
    vec![VariableSource::Env { prefix: "SPIN_VARIABLE".into(), dotenv: dotenv.map(Path::to_owned) }]
}

fn process(name: &str) -> Option<OsString> {
    match name {
        "SPIN_VARIABLE_HOST" => Some("outside.example".into()),
        "SPIN_VARIABLE_EMPTY" => Some("".into()),
        _ => None,
    }
}

fn surroundings() -> Surroundings<'static> {
    Surroundings { environment: Some(&process) }
}

fn guest(app: &AppVariables, templates: &[(&str, &str)]) -> Variables {
    app.of_guest(&templates.iter().map(|(name, text)| ((*name).to_owned(), template(text))).collect())
}

#[tokio::test]
async fn a_guests_variables_are_texts_over_those_of_the_app() {
    let variables = declared(&[("host", Some("example.com")), ("port", Some("80")), ("empty", Some("no"))]);
    let app = AppVariables::new(&variables, &environment(None), &surroundings(), None).unwrap();
    let guest = guest(&app, &[("url", "http://{{ host }}:{{port}}/{{ empty }}"), ("plain", "text")]);
    assert_eq!(guest.get("url").await.unwrap(), "http://outside.example:80/");
    assert_eq!(guest.get("plain").await.unwrap(), "text");
    let all = [("plain".to_owned(), "text".to_owned()), ("url".to_owned(), "http://outside.example:80/".to_owned())];
    assert_eq!(guest.all().await.unwrap(), all);
    assert_eq!(app.resolve(&template("{{ port }}")).await.unwrap(), "80");
    // The app's own are not the guest's.
    assert_eq!(guest.get("host").await, Err(VariableError::Undefined("host".into())));
    assert!(matches!(guest.get("Not-one").await, Err(VariableError::InvalidName(_))));
}

#[tokio::test]
async fn the_first_source_that_knows_a_variable_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    std::fs::write(&file, "SPIN_VARIABLE_HOST=file\nSPIN_VARIABLE_B=file\n").unwrap();
    let given = [("b".to_owned(), "given".to_owned().into()), ("c".to_owned(), "given".to_owned().into())];
    let variables = declared(&[("host", None), ("b", None), ("c", None), ("d", Some("default"))]);
    let all = |sources: Vec<VariableSource>| {
        let app = AppVariables::new(&variables, &sources, &surroundings(), None).unwrap();
        async move { app.resolve(&template("{{host}},{{b}},{{c}},{{d}}")).await.unwrap() }
    };
    let given = || vec![VariableSource::Static(given.clone().into())];
    assert_eq!(all([given(), environment(Some(&file))].concat()).await, "outside.example,given,given,default");
    assert_eq!(all([environment(Some(&file)), given()].concat()).await, "outside.example,file,given,default");
}

#[test]
fn required_variables_without_a_value_are_told_all_at_once() {
    let variables = declared(&[("api_token", None), ("host", None), ("other", None)]);
    let missing = Path::new("app/.env");
    let wrong = AppVariables::new(&variables, &environment(Some(missing)), &surroundings(), None).unwrap_err();
    assert_eq!(
        wrong,
        [
            "the variable `api_token` is required, and nothing gives it a value; set SPIN_VARIABLE_API_TOKEN, in the \
             environment or in app/.env",
            "the variable `other` is required, and nothing gives it a value; set SPIN_VARIABLE_OTHER, in the environment \
             or in app/.env",
        ]
    );
}

#[test]
fn an_app_that_is_lent_no_environment_reads_none() {
    let variables = declared(&[("host", None)]);
    let wrong = AppVariables::new(&variables, &environment(None), &Surroundings::default(), None).unwrap_err();
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].contains("give it a `default`"), "{wrong:?}");
}

#[test]
fn a_broken_file_is_told_with_its_line_unless_nobody_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    std::fs::write(&file, "A=1\nnonsense\n").unwrap();
    let new =
        |variables: &[_]| AppVariables::new(&declared(variables), &environment(Some(&file)), &surroundings(), None);
    let wrong = new(&[("a", Some("b"))]).unwrap_err();
    assert!(wrong[0].contains(".env:2: a name is followed by `=`"), "{wrong:?}");
    assert!(new(&[]).is_ok());
}

#[cfg(unix)]
#[test]
fn what_is_no_text_is_told_and_not_repeated() {
    use std::os::unix::ffi::OsStringExt;
    let bytes = |_: &str| Some(OsString::from_vec(b"secret\xff".to_vec()));
    let surroundings = Surroundings { environment: Some(&bytes) };
    let wrong = AppVariables::new(&declared(&[("a", None)]), &environment(None), &surroundings, None).unwrap_err();
    assert!(wrong[0].contains("SPIN_VARIABLE_A") && !wrong[0].contains("secret"), "{wrong:?}");
}

#[tokio::test]
async fn a_value_that_grows_without_end_is_refused() {
    let long = "x".repeat(MAX_VALUE / 2);
    let app = AppVariables::new(&declared(&[("a", Some(&long))]), &[], &surroundings(), None).unwrap();
    let guest = guest(&app, &[("twice", "{{a}}{{a}}"), ("thrice", "{{a}}{{a}}{{a}}")]);
    assert_eq!(guest.get("twice").await.unwrap().len(), MAX_VALUE);
    assert!(matches!(guest.get("thrice").await, Err(VariableError::Provider(_))));
}

#[test]
fn no_value_is_shown_for_debugging() {
    let variables = declared(&[("a", Some("hidden"))]);
    let app = AppVariables::new(&variables, &[], &surroundings(), None).unwrap();
    let guest = guest(&app, &[("b", "hidden {{ a }}")]);
    let shown = format!("{app:?} {guest:?} {variables:?} {:?}", template("hidden"));
    assert!(!shown.contains("hidden"), "{shown}");
    assert!(shown.starts_with("{\"a\"} {\"b\"}"), "{shown}");
}
