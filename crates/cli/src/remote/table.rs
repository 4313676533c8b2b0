//! Columns of text.

/// Rows of cells under a heading, in columns as wide as they must be. Numbers are to stand on the right.
pub(super) struct Table<const N: usize> {
    rows: Vec<[String; N]>,
    right: [bool; N],
}

impl<const N: usize> Table<N> {
    /// A table with this heading. `right`: which columns hold numbers.
    pub(super) fn new(heading: [&str; N], right: [bool; N]) -> Self {
        Self { rows: vec![heading.map(str::to_owned)], right }
    }

    pub(super) fn push(&mut self, row: [String; N]) {
        self.rows.push(row);
    }

    /// A line for each row, the heading first, without spaces at its end.
    pub(super) fn lines(&self) -> Vec<String> {
        let widths: [usize; N] =
            std::array::from_fn(|column| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
        let line = |row: &[String; N]| {
            let cells = row.iter().zip(widths).zip(self.right).map(|((cell, width), right)| match right {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["NAME", "COUNT", "WHERE"], [false, true, false]);
        table.push(["shop".into(), "7".into(), "here".into()]);
        table.push(["a-longer-name".into(), "123456".into(), String::new()]);
        let lines = ["NAME            COUNT  WHERE", "shop                7  here", "a-longer-name  123456"];
        assert_eq!(table.lines(), lines);
    }
}
