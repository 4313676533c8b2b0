//! The text format of Prometheus, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).

use std::fmt::{self, Display, Write};

/// What a metric's values mean.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    Histogram,
}

/// A metric that is written, with all its samples. Its head is written with the first of them.
pub(super) struct Family<'a> {
    out: &'a mut String,
    name: &'static str,
    help: &'static str,
    kind: Kind,
    begun: bool,
}

/// Names and values; values are escaped here.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

impl<'a> Family<'a> {
    /// `help` is one line without a backslash.
    pub(super) fn new(out: &'a mut String, kind: Kind, name: &'static str, help: &'static str) -> Self {
        Self { out, name, help, kind, begun: false }
    }

    pub(super) fn sample(&mut self, labels: Labels<'_>, value: impl Display) {
        self.part("", labels, value);
    }

    /// A sample of a histogram: `suffix` is `_bucket`, `_sum` or `_count`.
    pub(super) fn part(&mut self, suffix: &str, labels: Labels<'_>, value: impl Display) {
        // Writing to a string does not fail.
        let _ = self.write(suffix, labels, &value);
    }

    fn write(&mut self, suffix: &str, labels: Labels<'_>, value: &dyn Display) -> fmt::Result {
        let Self { out, name, help, kind, begun } = self;
        if !*begun {
            *begun = true;
            let kind = match kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n")?;
        }
        out.push_str(name);
        out.push_str(suffix);
        for (place, (label, text)) in labels.iter().enumerate() {
            out.push(if place == 0 { '{' } else { ',' });
            write!(out, "{label}=\"")?;
            escape(out, text);
            out.push('"');
        }
        if !labels.is_empty() {
            out.push('}');
        }
        writeln!(out, " {value}")
    }
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_labels_are_escaped() {
        let mut out = String::new();
        Family::new(&mut out, Kind::Gauge, "a", "Help.").sample(&[("b", "\\ \" \n"), ("c", "ä")], 1.5);
        assert_eq!(out, "# HELP a Help.\n# TYPE a gauge\na{b=\"\\\\ \\\" \\n\",c=\"ä\"} 1.5\n");
    }

    #[test]
    fn a_metric_without_samples_is_not_there() {
        let mut out = String::new();
        Family::new(&mut out, Kind::Counter, "a", "Help.");
        assert_eq!(out, "");
    }
}
