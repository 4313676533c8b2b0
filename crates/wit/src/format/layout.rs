//! Where lines break and how far they are indented.

use super::lex::{Comment, Token};
use super::tree::{self, Group, Node, Statement};

/// Characters of a line beyond which parameters and names get a line each.
const WIDTH: usize = 100;
const INDENT: usize = 2;

/// The text of all statements, and of the comments in front of `end`.
pub(super) fn layout(nodes: Vec<Node<'_>>, end: Token<'_>) -> String {
    let mut page = Page::default();
    page.statements(nodes, end);
    page.text
}

#[derive(Default)]
struct Page<'t> {
    text: String,
    depth: usize,
    /// The last token on this line; empty at its start.
    last: &'t str,
    /// Nothing comes between the last token and the next.
    tight: bool,
    /// Whether the next list that may gets a line for each item.
    breaks: bool,
}

impl<'t> Page<'t> {
    fn statements(&mut self, nodes: Vec<Node<'t>>, mut end: Token<'t>) {
        let mut apart = false;
        for (at, statement) in tree::statements(nodes, &mut end).into_iter().enumerate() {
            let stands_apart =
                keyword(&statement.nodes).is_some_and(|word| ["interface", "package", "world"].contains(&word));
            self.lead(&statement, at, apart || stands_apart);
            self.statement(statement.nodes);
            self.trail(&statement.after);
            apart = stands_apart;
        }
        self.rest(end.before);
    }

    fn items(&mut self, group: Group<'t>) {
        let mut close = group.close;
        let items = tree::items(group.inside, &mut close);
        for (at, item) in items.into_iter().enumerate() {
            self.lead(&item, at, false);
            self.run(item.nodes, "");
            self.put(",");
            self.trail(&item.after);
        }
        self.rest(close.before);
    }

    /// The comments in front of a statement or item, each on a line of its own, and empty lines as they are there.
    fn lead(&mut self, statement: &Statement<'t>, at: usize, apart: bool) {
        let blank = statement.before.first().map_or(statement.blank, |comment| comment.blank);
        if at > 0 && (blank || apart) {
            self.line();
        }
        self.comments(&statement.before);
        if statement.blank && !statement.before.is_empty() {
            self.line();
        }
    }

    /// Comments of which none is the first thing after an empty line that was dealt with already.
    fn comments(&mut self, comments: &[Comment<'t>]) {
        for (at, comment) in comments.iter().enumerate() {
            if at > 0 && comment.blank {
                self.line();
            }
            self.put(comment.text);
            self.line();
        }
    }

    /// What stands on the last line of a statement, which ends.
    fn trail(&mut self, comments: &[Comment<'t>]) {
        for comment in comments {
            if !self.last.is_empty() {
                self.text.push(' ');
            }
            self.put(comment.text);
            if comment.is_line() {
                self.line();
            }
        }
        self.end_line();
    }

    /// Comments behind the last statement of a block.
    fn rest(&mut self, comments: Vec<Comment<'t>>) {
        let follows = !self.text.is_empty() && !self.text.ends_with("{\n") && !self.text.ends_with("(\n");
        if follows && comments.first().is_some_and(|comment| comment.blank) {
            self.line();
        }
        self.comments(&comments);
    }

    fn statement(&mut self, mut nodes: Vec<Node<'t>>) {
        while let Some(length) = attribute(&nodes) {
            let rest = nodes.split_off(length);
            self.run(nodes, "");
            self.end_line();
            nodes = rest;
            let next = nodes.first_mut().map(|node| std::mem::take(&mut node.first_mut().before));
            self.comments(&next.unwrap_or_default());
        }
        let word = keyword(&nodes).unwrap_or_default();
        let is_block = match nodes.as_slice() {
            [.., before, Node::Group(group)] => group.is("{") && !before.is(".") && !before.is("with"),
            _ => false,
        };
        match nodes.pop() {
            Some(Node::Group(group)) if is_block => {
                self.run(nodes, word);
                self.inline_comments(&group.open);
                self.block(group, ["record", "variant", "enum", "flags"].contains(&word));
            }
            Some(last) => {
                nodes.push(last);
                self.breaks = !self.fits(&nodes, word);
                self.run(nodes, word);
                self.breaks = false;
            }
            None => {}
        }
    }

    fn block(&mut self, group: Group<'t>, is_list: bool) {
        self.gap("{");
        self.put("{");
        if group.inside.is_empty() && group.close.before.is_empty() {
            self.put("}");
            return;
        }
        self.line();
        self.depth += 1;
        match is_list {
            true => self.items(group),
            false => self.statements(group.inside, group.close),
        }
        self.depth -= 1;
        self.put("}");
    }

    /// Tokens one after the other, on one line as far as comments allow. `word` is what the statement begins with.
    fn run(&mut self, mut nodes: Vec<Node<'t>>, word: &'t str) {
        let tight: Vec<bool> = (0..nodes.len()).map(|at| is_tight(&nodes, at, word)).collect();
        for (node, tight) in nodes.drain(..).zip(tight) {
            self.inline_comments(node.first());
            match node {
                Node::Token(token) => {
                    self.gap(token.text);
                    self.put(token.text);
                    self.tight = tight;
                }
                Node::Group(group) => self.group(group, word),
            }
        }
    }

    fn group(&mut self, mut group: Group<'t>, word: &'t str) {
        self.gap(group.open.text);
        let named = self.last == "with";
        self.put(group.open.text);
        let may_break = !group.is("<") && !group.inside.is_empty();
        if !group.is("<") && (has_comments(&group) || (may_break && std::mem::take(&mut self.breaks))) {
            self.line();
            self.depth += 1;
            let close = group.close.text;
            self.items(group);
            self.depth -= 1;
            self.put(close);
            return;
        }
        if let Some(Node::Token(comma)) = group.inside.pop_if(|last| last.is(",")) {
            group.close.before.splice(0..0, comma.before);
        }
        let padded = named && !group.inside.is_empty();
        if padded {
            self.text.push(' ');
        }
        self.run(group.inside, word);
        self.inline_comments(&group.close);
        if padded {
            self.text.push(' ');
        }
        self.put(group.close.text);
    }

    /// Comments in the middle of a statement.
    fn inline_comments(&mut self, token: &Token<'t>) {
        for comment in &token.before {
            if !self.last.is_empty() {
                self.text.push(' ');
            }
            self.depth += 1;
            self.put(comment.text);
            if comment.is_line() {
                self.line();
            }
            self.depth -= 1;
        }
    }

    /// Whether the statement has room on one line.
    fn fits(&self, nodes: &[Node<'t>], word: &'t str) -> bool {
        let mut line = Page { depth: self.depth, ..Page::default() };
        line.run(nodes.to_vec(), word);
        line.text.chars().count() <= WIDTH
    }

    fn gap(&mut self, next: &str) {
        let joined = match (self.last, next) {
            ("", _) | (_, "," | ";" | ")" | ">" | ":" | "." | "/" | "<" | "(" | "@") => true,
            ("(" | "<" | "." | "/" | "@" | "{", _) => true,
            _ => self.tight,
        };
        if !joined {
            self.text.push(' ');
        }
    }

    fn put(&mut self, text: &'t str) {
        if self.last.is_empty() {
            self.text.extend(std::iter::repeat_n(' ', self.depth * INDENT));
        }
        // Only comments have several lines. Those keep what is in front of them: it may be a drawing.
        let lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
        for (at, line) in lines.enumerate() {
            if at > 0 {
                self.text.push('\n');
            }
            self.text.push_str(line);
        }
        (self.last, self.tight) = (text, false);
    }

    fn line(&mut self) {
        self.text.push('\n');
        (self.last, self.tight) = ("", false);
    }

    /// Ends the line unless it has ended.
    fn end_line(&mut self) {
        if !self.last.is_empty() {
            self.line();
        }
    }
}

/// The word that says what a statement is.
fn keyword<'t>(nodes: &[Node<'t>]) -> Option<&'t str> {
    let mut nodes = nodes;
    while let Some(length) = attribute(nodes) {
        nodes = nodes.get(length..)?;
    }
    nodes.first().map(|node| node.first().text)
}

/// How many nodes an attribute takes that a statement begins with: `@since(version = 0.2.0)`.
fn attribute(nodes: &[Node<'_>]) -> Option<usize> {
    match nodes {
        [at, Node::Token(_), Node::Group(group), ..] if at.is("@") && group.is("(") => Some(3),
        [at, Node::Token(_), ..] if at.is("@") => Some(2),
        _ => None,
    }
}

/// Whether nothing comes behind the node at `at`: a colon between the parts of a package's name.
fn is_tight(nodes: &[Node<'_>], at: usize, word: &str) -> bool {
    let colon = nodes.get(at).is_some_and(|node| node.is(":"));
    let path = || nodes.get(at + 2).is_some_and(|node| node.is("/"));
    colon && (["package", "use", "include"].contains(&word) || path())
}

fn has_comments(group: &Group<'_>) -> bool {
    let of_node =
        |node: &Node<'_>| !node.first().before.is_empty() || matches!(node, Node::Group(group) if has_comments(group));
    !group.close.before.is_empty() || group.inside.iter().any(of_node)
}
