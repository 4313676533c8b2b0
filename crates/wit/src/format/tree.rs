//! Tokens as the pieces that are laid out: statements, the groups in them, and the items of groups.

use super::lex::{Comment, Token};

/// A token, or what stands in brackets.
#[derive(Clone, Debug)]
pub(super) enum Node<'t> {
    Token(Token<'t>),
    Group(Group<'t>),
}

/// Brackets of one kind and what they hold.
#[derive(Clone, Debug)]
pub(super) struct Group<'t> {
    /// `(`, `<` or `{`.
    pub(super) open: Token<'t>,
    pub(super) inside: Vec<Node<'t>>,
    /// Its comments are those behind the last node inside.
    pub(super) close: Token<'t>,
}

impl<'t> Node<'t> {
    /// The token that it begins with.
    pub(super) fn first(&self) -> &Token<'t> {
        match self {
            Node::Token(token) => token,
            Node::Group(group) => &group.open,
        }
    }

    pub(super) fn first_mut(&mut self) -> &mut Token<'t> {
        match self {
            Node::Token(token) => token,
            Node::Group(group) => &mut group.open,
        }
    }

    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self, Node::Token(token) if token.text == text)
    }
}

impl Group<'_> {
    pub(super) fn is(&self, open: &str) -> bool {
        self.open.text == open
    }
}

/// Something that ends with `;`, with a block, or with a comma; and the comments around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Statement<'t> {
    pub(super) blank: bool,
    pub(super) before: Vec<Comment<'t>>,
    pub(super) nodes: Vec<Node<'t>>,
    /// What stands behind it on its last line.
    pub(super) after: Vec<Comment<'t>>,
}

/// The tree of all tokens but the last, which is returned with it. `None` where brackets do not match.
///
/// Not recursive: how deep brackets nest is for the parser to bound, and it may not have seen them yet.
pub(super) fn tree(tokens: Vec<Token<'_>>) -> Option<(Vec<Node<'_>>, Token<'_>)> {
    let mut open: Vec<(Token<'_>, Vec<Node<'_>>)> = Vec::new();
    let mut nodes = Vec::new();
    let mut tokens = tokens;
    let end = tokens.pop()?;
    for token in tokens {
        match token.text {
            "(" | "<" | "{" => open.push((token, std::mem::take(&mut nodes))),
            ")" | ">" | "}" => {
                let (begin, outside) = open.pop()?;
                if !matches!((begin.text, token.text), ("(", ")") | ("<", ">") | ("{", "}")) {
                    return None;
                }
                let inside = std::mem::replace(&mut nodes, outside);
                nodes.push(Node::Group(Group { open: begin, inside, close: token }));
            }
            _ => nodes.push(Node::Token(token)),
        }
    }
    open.is_empty().then_some((nodes, end))
}

/// The statements of a block. `end` is what follows the last one, and keeps the comments that belong to none.
pub(super) fn statements<'t>(nodes: Vec<Node<'t>>, end: &mut Token<'t>) -> Vec<Statement<'t>> {
    split(nodes, end, |nodes| match nodes {
        [.., Node::Token(last)] => last.text == ";",
        [.., before, Node::Group(group)] => group.is("{") && !before.is("."),
        _ => false,
    })
}

/// The items of a list, without the commas between them.
pub(super) fn items<'t>(nodes: Vec<Node<'t>>, end: &mut Token<'t>) -> Vec<Statement<'t>> {
    let mut items = split(nodes, end, |nodes| nodes.last().is_some_and(|last| last.is(",")));
    for item in &mut items {
        if let Some(Node::Token(comma)) = item.nodes.pop_if(|last| last.is(",")) {
            item.after.splice(0..0, comma.before);
        }
    }
    items
}

fn split<'t>(nodes: Vec<Node<'t>>, end: &mut Token<'t>, ends: impl Fn(&[Node<'t>]) -> bool) -> Vec<Statement<'t>> {
    let mut statements: Vec<Statement<'t>> = Vec::new();
    let mut current = Statement::default();
    for mut node in nodes {
        if current.nodes.is_empty() {
            take_trailing(statements.last_mut(), node.first_mut());
            let first = node.first_mut();
            current.before = std::mem::take(&mut first.before);
            current.blank = first.blank;
        }
        current.nodes.push(node);
        if ends(&current.nodes) {
            statements.push(std::mem::take(&mut current));
        }
    }
    if !current.nodes.is_empty() {
        statements.push(current);
    }
    take_trailing(statements.last_mut(), end);
    statements
}

/// What stands on the last line of a statement is about it, not about what follows.
fn take_trailing<'t>(statement: Option<&mut Statement<'t>>, next: &mut Token<'t>) {
    let Some(statement) = statement else { return };
    let trailing = next.before.iter().take_while(|comment| comment.trailing).count();
    statement.after.extend(next.before.drain(..trailing));
}
