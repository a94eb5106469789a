//! TOML, by toml, which tells where everything stands.

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::definitions::format::Reader;
use crate::definitions::node::{Data, Entry, Node};
use crate::definitions::source::Span;

pub(super) fn parse<'s>(reader: &mut Reader<'s>) -> Option<Node<'s>> {
    // A byte order mark is no part of the table.
    let text = reader.text.trim_start_matches('\u{feff}');
    let base = reader.text.len() - text.len();
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let span = Span::new(base, reader.text.len());
        let levels_left = reader.most_levels - 1;
        let data = Data::Map(reader.table(table.into_inner(), base, levels_left));
        return Some(Node { span, data });
    }
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let span = Span::new(base + span.start, base + span.end);
        reader.bad(span, error.message(), None);
    }
    None
}

impl<'s> Reader<'s> {
    fn table(&mut self, table: DeTable<'s>, base: usize, levels_left: usize) -> Vec<Entry<'s>> {
        let entries = table.into_iter().map(|(name, value)| {
            let span = name.span();
            let span = Span::new(base + span.start, base + span.end);
            Entry {
                name: name.into_inner(),
                span,
                value: self.toml_value(value, base, levels_left),
            }
        });
        let mut entries: Vec<_> = entries.collect();
        entries.sort_by_key(|entry| entry.span.start);
        entries
    }

    fn toml_value(
        &mut self,
        value: Spanned<DeValue<'s>>,
        base: usize,
        levels_left: usize,
    ) -> Node<'s> {
        let span = value.span();
        let span = Span::new(base + span.start, base + span.end);
        let data = match value.into_inner() {
            DeValue::Array(_) | DeValue::Table(_) if levels_left == 0 => {
                return self.too_deep(span);
            }
            DeValue::Array(array) => {
                let nodes =
                    array.into_iter().map(|value| self.toml_value(value, base, levels_left - 1));
                Data::List(nodes.collect())
            }
            DeValue::Table(table) => Data::Map(self.table(table, base, levels_left - 1)),
            DeValue::String(text) => Data::Text(text),
            DeValue::Boolean(truth) => Data::Bool(truth),
            DeValue::Integer(integer) => match number(&integer) {
                Some(data) => data,
                None => return self.integer_past_all(span),
            },
            DeValue::Float(float) => return self.float(span, float.as_str()),
            DeValue::Datetime(_) => {
                let help = "write it as a text, in quotes, or as a number";
                return self.bad(span, "no slot holds a date or a time", Some(help));
            }
        };
        Node { span, data }
    }
}

fn number(integer: &DeInteger<'_>) -> Option<Data<'static>> {
    let (text, radix) = (integer.as_str(), integer.radix());
    let signed = i64::from_str_radix(text, radix).map(Data::Int);
    signed.or_else(|_| u64::from_str_radix(text, radix).map(Data::UInt)).ok()
}
