//! `holm call`

mod raw;

use std::sync::Arc;

use holm_abi::{Entry, Function, Functions, Value, from_json, parse_arg, print, to_json};
use holm_engine::{Error, Kind, Result};
use serde_json::{Value as Json, json};

use crate::args::Call;
use crate::guest::{Ready, ready};
use crate::{audit, interrupt, output, run};

/// Calls one function and prints its result, or lists what can be called.
pub(crate) fn call(args: Call) -> Result<i32> {
    let ready = ready(Some(&args.guest), args.host)?;
    let functions = functions(&ready)?;
    let Some(name) = &args.function else {
        return list(&ready, functions.list(), args.json);
    };
    let function = find(&ready, functions.list(), name)?;
    if function.raw {
        return raw::call(&ready, functions.as_ref(), function, &args.args, args.json);
    }
    let values = values(function, &args.args, args.json)?;
    interrupt::end_on_ctrl_c(None);
    let results = run::runtime()?.block_on(functions.call(&function.name, &values));
    if results.is_err() {
        audit::hint(&ready.host.audit, &ready.name);
    }
    print_results(&results?, args.json)?;
    Ok(0)
}

/// The names of all functions that can be called.
pub(crate) fn names(entries: &[Entry]) -> Vec<String> {
    let functions = entries.iter().filter_map(|entry| match entry {
        Entry::Functions(functions) => Some(functions.list()),
        _ => None,
    });
    functions.flatten().filter(|function| function.refused.is_none()).map(|function| function.name.clone()).collect()
}

fn functions(ready: &Ready) -> Result<Arc<dyn Functions>> {
    let functions = ready.entries.iter().find_map(|entry| match entry {
        Entry::Functions(functions) => Some(Arc::clone(functions)),
        _ => None,
    });
    functions.ok_or_else(|| Error::new(Kind::Usage, format!("{} exports no functions", ready.name)))
}

fn list(ready: &Ready, functions: &[Function], json: bool) -> Result<i32> {
    if json {
        let all: Vec<Json> = functions.iter().map(describe).collect();
        output::print_json(&all)?;
        return Ok(0);
    }
    if functions.is_empty() {
        output::note(&format!("{} exports no functions; `holm run` runs programs", ready.name));
        return Ok(0);
    }
    let mut text = String::new();
    for function in functions {
        text.push_str(&format!("{}: {}\n", output::printable(&function.name), output::printable(&function.signature)));
        if let Some(why) = &function.refused {
            text.push_str(&format!("    cannot be called from here: {why}\n"));
        }
    }
    output::print(&text)?;
    Ok(0)
}

fn describe(function: &Function) -> Json {
    json!({
        "name": function.name,
        "signature": function.signature,
        "params": function.params.iter().map(|(name, ty)| json!({ "name": name, "type": ty.to_string() })).collect::<Vec<_>>(),
        "results": function.results.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "refused": function.refused,
    })
}

/// The function of this name, or the only one whose name in its interface is this.
fn find<'a>(ready: &Ready, functions: &'a [Function], name: &str) -> Result<&'a Function> {
    let exact = functions.iter().find(|function| function.name == name);
    let candidates: Vec<&Function> = match exact {
        Some(function) => vec![function],
        None => functions.iter().filter(|function| is_called(&function.name, name)).collect(),
    };
    let usage = |message| Error::new(Kind::Usage, message);
    match candidates.as_slice() {
        [function] => match &function.refused {
            None => Ok(function),
            Some(why) => Err(usage(format!("`{name}` cannot be called from here: {why}"))),
        },
        [] => Err(usage(format!("{} has no function `{name}`", ready.name)).note(nearest(ready, functions, name))),
        several => {
            let names: Vec<_> = several.iter().map(|function| function.name.as_str()).collect();
            Err(usage(format!("{} has several functions `{name}`: {}", ready.name, names.join(", "))))
        }
    }
}

/// `greet`, `greeter#greet` and `greeter.greet` all mean `example:hello/greeter@1.0.0#greet`.
fn is_called(full: &str, name: &str) -> bool {
    let Some((interface, function)) = full.rsplit_once('#') else { return false };
    let Some((wanted_interface, wanted)) = name.rsplit_once(['#', '.']) else { return function == name };
    let versionless = interface.split_once('@').map_or(interface, |(name, _)| name);
    let short = versionless.rsplit_once('/').map_or(versionless, |(_, short)| short);
    function == wanted && [interface, versionless, short].contains(&wanted_interface)
}

fn nearest(ready: &Ready, functions: &[Function], name: &str) -> String {
    let own = |function: &Function| function.name.rsplit('#').next().map(str::to_owned).unwrap_or_default();
    let near = functions.iter().map(own).min_by_key(|own| distance(own, name));
    match near {
        Some(near) if distance(&near, name) <= 2 => format!("did you mean `{near}`?"),
        _ => format!("`holm call {}` lists what it has", ready.path),
    }
}

fn distance(a: &str, b: &str) -> usize {
    strsim::osa_distance(a, b)
}

fn values(function: &Function, args: &[String], json: bool) -> Result<Vec<Value>> {
    let usage = |message| Error::new(Kind::Usage, format!("{}: {message}", function.name));
    if args.len() != function.params.len() {
        let count = match function.params.len() {
            0 => "no arguments".to_owned(),
            1 => "one argument".to_owned(),
            count => format!("{count} arguments"),
        };
        return Err(usage(format!("takes {count}, not {}", args.len())).note(function.signature.clone()));
    }
    let params = function.params.iter().zip(args);
    params
        .map(|((name, ty), arg)| {
            let value = match json {
                true => serde_json::from_str(arg)
                    .map_err(|error| format!("`{arg}` is not JSON: {error}"))
                    .and_then(|json| from_json(ty, &json)),
                false => parse_arg(ty, arg),
            };
            value.map_err(|error| usage(format!("the argument {name}: {error}")))
        })
        .collect()
}

fn print_results(results: &[Value], json: bool) -> Result<()> {
    if json {
        return match results {
            [] => output::print_json(&Json::Null),
            [one] => output::print_json(&to_json(one)),
            several => output::print_json(&several.iter().map(to_json).collect::<Vec<_>>()),
        };
    }
    let lines: String = results.iter().map(|result| print(result) + "\n").collect();
    output::print(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_an_interface_have_short_names() {
        let full = "example:hello/greeter@1.0.0#greet";
        for name in ["greet", "greeter#greet", "greeter.greet", "example:hello/greeter#greet"] {
            assert!(is_called(full, name), "{name}");
        }
        assert!(!is_called(full, "other#greet"));
    }
}
