//! What a formatted text must have in common with what it was made of.

use std::path::Path;

use serde_json::{Value, json};
use wit_parser::{SourceMap, UnresolvedPackage, UnresolvedPackageGroup};

use super::lex::Token;

/// Whether both have the same tokens, but for commas in front of closing brackets, and the same comments in between.
pub(super) fn same_tokens(before: &[Token<'_>], after: &[Token<'_>]) -> bool {
    let tokens = |tokens: &[Token<'_>]| {
        let next = tokens.iter().skip(1).map(|token| token.text).chain([""]);
        let closing = |text: &str| matches!(text, ")" | "}" | ">");
        let kept = tokens.iter().zip(next).filter(|(token, next)| token.text != "," || !closing(next));
        kept.map(|(token, _)| token.text.to_owned()).collect::<Vec<_>>()
    };
    tokens(before) == tokens(after) && comments(before) == comments(after)
}

fn comments(tokens: &[Token<'_>]) -> Vec<String> {
    let plain = |text: &str| text.replace("\r\n", "\n");
    tokens.iter().flat_map(|token| &token.before).map(|comment| plain(comment.text)).collect()
}

/// What a file means, in the company it is parsed in.
#[derive(Clone, Copy)]
pub(super) enum Company<'c> {
    /// A package of its own.
    Alone,
    /// A package of its own, whose name is elsewhere.
    Nameless,
    /// One of the files of a package, with the others.
    Among(&'c [(String, String)]),
}

/// What `text` says to the parser, without where it says it.
///
/// # Errors
/// The parser's, with the line.
pub(super) fn meaning(name: &str, text: &str, company: Company<'_>) -> Result<Value, String> {
    let mut sources = SourceMap::new();
    sources.push(Path::new(name), text);
    match company {
        Company::Alone => {}
        Company::Nameless => sources.push(Path::new("(its package)"), "package nameless:nameless;"),
        Company::Among(others) => others.iter().for_each(|(name, text)| sources.push(Path::new(name), text.clone())),
    }
    match sources.parse() {
        Ok(group) => Ok(of_group(&group)),
        Err((sources, error)) => Err(error.render(&sources)),
    }
}

fn of_group(group: &UnresolvedPackageGroup) -> Value {
    std::iter::once(&group.main).chain(&group.nested).map(of_package).collect()
}

fn of_package(package: &UnresolvedPackage) -> Value {
    // These leave out the places in the text.
    let worlds: Vec<_> = package.worlds.iter().map(|(_, world)| world).collect();
    let interfaces: Vec<_> = package.interfaces.iter().map(|(_, interface)| interface).collect();
    let types: Vec<_> = package.types.iter().map(|(_, ty)| ty).collect();
    json!({
        "name": package.name.to_string(),
        "docs": package.docs,
        "worlds": worlds,
        "interfaces": interfaces,
        "types": types,
        "foreign": format!("{:?}", package.foreign_deps),
    })
}
