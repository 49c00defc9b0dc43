//! Reads property tables and joins those of many documents into one: pure.

use crate::markdown::{Block, Cell, Inline, Table};

/// A property's name and value.
pub(super) type Property = (String, Vec<Block>);

/// The properties that tables in `body` name: in rows that begin with their name, or, where only the first row is one of headers, in columns below it.
pub(super) fn properties(body: &[Block]) -> Vec<Property> {
    let mut properties = Vec::new();
    for block in body {
        let Block::Table(table) = block else { continue };
        let mut rows = table.rows.iter().filter(|row| !row.is_empty());
        let in_columns = table.rows.iter().skip(1).any(|row| row.first().is_some_and(|cell| !cell.header))
            && rows.clone().next().is_some_and(|first| first.iter().all(|cell| cell.header));
        if in_columns {
            let (Some(names), Some(values)) = (rows.next(), rows.next()) else { continue };
            properties.extend(names.iter().zip(values).map(|(name, value)| (words(&name.body), value.body.clone())));
        } else {
            properties.extend(rows.filter_map(|row| Some((words(&row.first()?.body), row.get(1)?.body.clone()))));
        }
    }
    properties.retain(|(name, _)| !name.is_empty());
    properties
}

/// One row per document, one column per property: those asked for, or all in the order in which they are met. None where there is nothing to show.
pub(super) fn table(first: &str, columns: &[String], rows: Vec<(Inline, Vec<Property>)>) -> Option<Block> {
    let mut columns = columns.to_vec();
    if columns.is_empty() {
        for (name, _) in rows.iter().flat_map(|(_, properties)| properties) {
            if !columns.iter().any(|column| column.eq_ignore_ascii_case(name)) {
                columns.push(name.clone());
            }
        }
    }
    let heading = |text: &str| cell(true, vec![Block::Paragraph(vec![Inline::Text(text.to_owned())])]);
    let mut table = Table { rows: vec![std::iter::once(heading(first)).chain(columns.iter().map(|column| heading(column))).collect()] };
    for (link, properties) in rows {
        let value = |column: &String| properties.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, body)| body.clone());
        let values = columns.iter().map(|column| cell(false, value(column).unwrap_or_default()));
        table.rows.push(std::iter::once(cell(false, vec![Block::Paragraph(vec![link])])).chain(values).collect());
    }
    (table.rows.len() > 1).then_some(Block::Table(table))
}

fn cell(header: bool, body: Vec<Block>) -> Cell {
    Cell { header, colspan: 1, rowspan: 1, body }
}

fn words(body: &[Block]) -> String {
    let mut text = String::new();
    for block in body {
        if let Block::Paragraph(content) | Block::Heading { content, .. } = block {
            add(content, &mut text);
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(':').to_owned()
}

fn add(content: &[Inline], text: &mut String) {
    for inline in content {
        match inline {
            Inline::Text(words) | Inline::Code(words) | Inline::Math(words) => text.push_str(words),
            Inline::Break => text.push(' '),
            Inline::Strong(inner)
            | Inline::Emphasis(inner)
            | Inline::Strike(inner)
            | Inline::Subscript(inner)
            | Inline::Superscript(inner)
            | Inline::Link { content: inner, .. } => add(inner, text),
            Inline::Image { .. } | Inline::Person(_) | Inline::Marker(_) | Inline::Anchor(_) | Inline::Insert(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[(bool, &str)]) -> Vec<Cell> {
        cells.iter().map(|(header, text)| cell(*header, vec![Block::Paragraph(vec![Inline::Text((*text).to_owned())])])).collect()
    }

    fn read(rows: Vec<Vec<Cell>>) -> Vec<(String, String)> {
        properties(&[Block::Table(Table { rows })]).into_iter().map(|(name, value)| (name, words(&value))).collect()
    }

    #[test]
    fn names_stand_in_the_first_column_or_in_the_first_row() {
        let expected = [("Owner".to_owned(), "Ann".to_owned()), ("State".to_owned(), "Done".to_owned())];
        assert_eq!(read(vec![row(&[(true, "Owner:"), (false, "Ann")]), row(&[(true, "State"), (false, "Done")])]), expected);
        assert_eq!(read(vec![row(&[(false, "Owner"), (false, "Ann")]), row(&[(false, "State"), (false, "Done")])]), expected);
        assert_eq!(read(vec![row(&[(true, "Owner"), (true, "State")]), row(&[(false, "Ann"), (false, "Done")])]), expected);
        assert_eq!(read(vec![row(&[(true, "Owner")])]), []);
    }

    #[test]
    fn a_column_is_made_of_every_property_or_of_those_asked_for() {
        let rows = |names: &[&str]| {
            let properties = names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
            (Inline::Text("page".to_owned()), properties)
        };
        let width = |block: Option<Block>| match block {
            Some(Block::Table(table)) => table.rows.iter().map(Vec::len).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        assert_eq!(width(table("Title", &[], vec![rows(&["A", "B"]), rows(&["b", "C"])])), [4, 4, 4]);
        assert_eq!(width(table("Title", &["C".to_owned()], vec![rows(&["A"]), rows(&["C"])])), [2, 2, 2]);
        assert_eq!(table("Title", &[], Vec::new()), None);
    }
}
