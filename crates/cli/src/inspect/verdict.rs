//! What to do with a guest.

use holm_abi::Provision;
use holm_engine::shape::{ExternType, Feature, Form, Shape};

use super::features::{Support, support};
use super::items::Group;
use super::report::Trust;

/// The ABIs whose guests stand in front of something else.
const FILTERS: [&str; 2] = ["http-wasm", "proxy-wasm"];

/// What the user said, as far as the answer repeats it.
pub(super) struct Asked<'a> {
    /// The guest's path, or `-`.
    pub(super) guest: &'a str,
    pub(super) abi: Option<&'a str>,
    pub(super) trust: Trust,
}

/// The command that makes use of the guest, or why there is none.
pub(super) fn verdict(
    asked: &Asked<'_>,
    abi: &str,
    shape: &Shape,
    features: &[Feature],
    imports: &[Group],
) -> Result<String, String> {
    if let Some(lacking) = lacking(features) {
        return Err(format!("needs {lacking}, which Holm does not have"));
    }
    if let Some(missing) = missing(imports) {
        return Err(format!("cannot be linked here: nothing provides {missing}"));
    }
    if FILTERS.contains(&abi) {
        return Err(filters(asked.guest));
    }
    let (command, function) = entry(abi, shape)?;
    let mut words = vec!["holm", command];
    let flags: Vec<&str> = features.iter().filter_map(|feature| flag(*feature)).collect();
    let flags = flags.join(",");
    if !flags.is_empty() {
        words.extend(["--features", &flags]);
    }
    if let Some(abi) = asked.abi {
        words.extend(["--abi", abi]);
    }
    if asked.trust == Trust::Unsigned {
        words.push("--allow-precompiled");
    }
    let (guest, function) = (shell_word(asked.guest), function.map(shell_word));
    words.push(&guest);
    words.extend(function.as_deref());
    Ok(words.join(" "))
}

/// Where a filter belongs, which no single command says.
fn filters(guest: &str) -> String {
    match cfg!(feature = "serve") {
        true => format!(
            "filters HTTP traffic, in front of a guest or an `upstream`: `file = \"{guest}\"` in [[filters]] of a manifest \
             for `holm serve`"
        ),
        false => "filters HTTP traffic, which this build of Holm cannot serve".to_owned(),
    }
}

fn flag(feature: Feature) -> Option<&'static str> {
    match support(feature) {
        Support::Flag(name) => Some(name),
        _ => None,
    }
}

fn lacking(features: &[Feature]) -> Option<String> {
    let names: Vec<_> = features.iter().filter(|f| support(**f) == Support::Never).map(|f| f.name()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The interfaces that nothing here provides; with its name, where it is a single function of one.
fn missing(imports: &[Group]) -> Option<String> {
    let missing = imports.iter().filter(|group| group.satisfied_by == Provision::Nothing);
    let names: Vec<String> = missing
        .map(|group| match (&group.interface, group.items.as_slice()) {
            (Some(interface), [only]) => format!("`{}` from `{interface}`", only.name),
            (Some(interface), _) => format!("`{interface}`"),
            (None, items) => items.iter().map(|item| format!("`{}`", item.name)).collect::<Vec<_>>().join(", "),
        })
        .collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        [first, rest @ ..] => Some(format!("{first} and {} more", rest.len())),
    }
}

/// The subcommand that fits, and the function to call when there is but one.
fn entry<'a>(abi: &str, shape: &'a Shape) -> Result<(&'static str, Option<&'a str>), String> {
    let exports = |prefix: &str| shape.exports.iter().any(|export| export.name.starts_with(prefix));
    let is_program = match shape.form {
        Form::Module => shape.export("_start").is_some(),
        Form::Component => exports("wasi:cli/run@"),
    };
    if is_program && abi == "wasi" {
        return Ok(("run", None));
    }
    let answers = exports("wasi:http/incoming-handler@0.2.") || exports("wasi:http/handler@0.3.");
    if shape.form == Form::Component && answers {
        return match cfg!(feature = "serve") {
            true => Ok(("serve", None)),
            false => Err("answers HTTP requests, which this build of Holm cannot serve".to_owned()),
        };
    }
    let callable = |ty: &ExternType| match ty {
        ExternType::Func(_) | ExternType::ComponentFunc => true,
        ExternType::Instance(names) => !names.is_empty(),
        _ => false,
    };
    let mut functions = shape.exports.iter().filter(|export| callable(&export.ty));
    match (functions.next(), functions.next()) {
        (None, _) if shape.code_size == 0 => Err("holds no code; `holm inspect --wit` shows its types".to_owned()),
        (None, _) => Err("exports nothing that could be called".to_owned()),
        (Some(only), None) if !matches!(only.ty, ExternType::Instance(_)) => Ok(("call", Some(&only.name))),
        _ => Ok(("call", None)),
    }
}

/// As a shell reads it back.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./@%+=:,#".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(text: &str) -> Result<String, String> {
        let shape = Shape::parse(&wat::parse_str(text).unwrap()).unwrap();
        let asked = Asked { guest: "my guest.wasm", abi: None, trust: Trust::Safe };
        verdict(&asked, "wasi", &shape, &[Feature::WideArithmetic], &[])
    }

    #[test]
    fn programs_run_and_libraries_are_called() {
        let start = r#"(module (func (export "_start")))"#;
        assert_eq!(advice(start).unwrap(), "holm run --features wide-arithmetic 'my guest.wasm'");
        let one = r#"(module (func (export "f")) (memory (export "memory") 1))"#;
        assert_eq!(advice(one).unwrap(), "holm call --features wide-arithmetic 'my guest.wasm' f");
        let two = r#"(module (func (export "f") (export "g")))"#;
        assert_eq!(advice(two).unwrap(), "holm call --features wide-arithmetic 'my guest.wasm'");
        assert!(advice(r#"(module (memory (export "memory") 1) (func))"#).is_err());
    }

    #[cfg(feature = "serve")]
    #[test]
    fn handlers_of_http_requests_are_served() {
        for export in ["wasi:http/incoming-handler@0.2.3", "wasi:http/handler@0.3.0"] {
            let handler = format!(r#"(component (instance $i) (export "{export}" (instance $i)))"#);
            assert_eq!(advice(&handler).unwrap(), "holm serve --features wide-arithmetic 'my guest.wasm'");
        }
        let unknown = r#"(component (instance $i) (export "wasi:http/incoming-handler@0.9.0" (instance $i)))"#;
        assert!(advice(unknown).is_err());
    }

    #[cfg(feature = "serve")]
    #[test]
    fn filters_are_told_where_they_belong() {
        let shape = Shape::parse(&wat::parse_str("(module)").unwrap()).unwrap();
        let asked = Asked { guest: "auth.wasm", abi: None, trust: Trust::Safe };
        for abi in FILTERS {
            let why = verdict(&asked, abi, &shape, &[], &[]).unwrap_err();
            assert!(why.starts_with("filters HTTP traffic") && why.contains("`file = \"auth.wasm\"`"), "{why}");
        }
    }

    #[test]
    fn a_quote_in_a_name_is_quoted() {
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word("./app-1.wasm"), "./app-1.wasm");
    }
}
