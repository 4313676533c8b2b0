//! One way to write WIT.
//!
//! A formatter over tokens, because the printer of `wit-component` writes what was parsed: comments that document nothing are
//! lost, and so is the order of things. What comes out is parsed again and must mean the same, or there is an error in its place.

mod check;
mod layout;
mod lex;
#[cfg(test)]
mod tests;
mod tree;

use check::Company;

use crate::WitError;

/// The largest text that is formatted, in bytes.
const LONGEST: usize = 16 << 20;

/// `text` in the one way to write it. `name` is for messages; `others` are the other files of the same package, by name, which are
/// looked at where the text does not stand on its own.
///
/// # Errors
/// The text is not WIT; or, which would be a mistake of ours, it would come to mean something else.
pub fn format(name: &str, text: &str, others: &[(String, String)]) -> Result<String, WitError> {
    if text.len() > LONGEST {
        return Err(WitError::new(format!("{name} is larger than any WIT")));
    }
    // First of all, because the parser bounds how deep things nest.
    let (company, before) = parse(name, text, others)?;
    let unclear = |why: &str| WitError::new(format!("{name} was left as it is: {why}"));
    let tokens =
        lex::tokens(text).map_err(|at| unclear(&format!("what stands at byte {at} is no token known here")))?;
    let (nodes, end) = tree::tree(tokens.clone()).ok_or_else(|| unclear("its brackets do not match"))?;
    let formatted = layout::layout(nodes, end);
    let again = lex::tokens(&formatted).map_err(|_| unclear("formatting it would break it"))?;
    if !check::same_tokens(&tokens, &again) {
        let why = "a comment stands where formatting would move it, such as one that documents in front of a comma";
        return Err(unclear(why));
    }
    match check::meaning(name, &formatted, company) {
        Ok(after) if after == before => Ok(formatted),
        _ => Err(unclear("formatting it would change what it means; please report this")),
    }
}

/// What it means, in the first company in which it means something.
fn parse<'o>(
    name: &str,
    text: &str,
    others: &'o [(String, String)],
) -> Result<(Company<'o>, serde_json::Value), WitError> {
    let alone = match check::meaning(name, text, Company::Alone) {
        Ok(meaning) => return Ok((Company::Alone, meaning)),
        Err(error) => error,
    };
    let companies = [Company::Nameless, Company::Among(others)];
    for company in companies {
        if let Ok(meaning) = check::meaning(name, text, company) {
            return Ok((company, meaning));
        }
    }
    // Of several reasons, the one that names a place in this file.
    let nameless = check::meaning(name, text, Company::Nameless).err().filter(|_| alone.contains("no `package`"));
    Err(WitError::new(nameless.unwrap_or(alone)))
}
