//! What the configuration says.

pub(crate) enum Edit {
    Set(String, String),
    Add(String, String),
    Remove(String),
}

#[derive(Default)]
pub(crate) struct Edits {
    pub(crate) request: Vec<Edit>,
    pub(crate) response: Vec<Edit>,
}

impl Edits {
    /// The edits, or the line that is none.
    pub(crate) fn parse(text: &str) -> Result<Self, &str> {
        let mut edits = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (list, edit) = if let Some(edit) = line.strip_prefix('>') {
                (&mut edits.request, edit)
            } else if let Some(edit) = line.strip_prefix('<') {
                (&mut edits.response, edit)
            } else {
                return Err(line);
            };
            list.push(parse_edit(edit.trim()).ok_or(line)?);
        }
        Ok(edits)
    }
}

fn parse_edit(text: &str) -> Option<Edit> {
    if let Some(name) = text.strip_prefix('-') {
        return Some(Edit::Remove(name.trim().to_string()));
    }
    let (name, value) = text.split_once('=')?;
    let pair = |name: &str| (name.trim().to_string(), value.trim().to_string());
    Some(match name.strip_prefix('+') {
        Some(name) => {
            let (name, value) = pair(name);
            Edit::Add(name, value)
        }
        None => {
            let (name, value) = pair(name);
            Edit::Set(name, value)
        }
    })
}
