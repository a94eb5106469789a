//! Reads declarations before they are written as text, to see that they declare the right slots.

use std::ops::Bound;
use std::sync::Arc;

use crate::brackets::is_within;
use crate::diagnostic::Diagnostics;
use crate::document::Declaration;
use crate::limits::LoadLimits;
use crate::node::{Data, Entry, Node};
use crate::packs::{Conflicts, Packs};
use crate::records::Undeclared;
use crate::schemas;
use crate::source::{Place, Span};
use crate::text::Text;
use crate::write_nested::{Declared, Key, OfPart};
use crate::write_schema::{SchemaDocs, SlotDocs};
use slotted::Store;
use slotted::schema::{Constraint, Number, Slot};

/// Returns whether a file with this declaration, and the schemas of its parts, has exactly these slots and their documentation,
/// in whatever order.
pub(super) fn declares(
    name: &Arc<str>,
    (declared, of_parts): (&Declared, &[OfPart]),
    (slots, all_docs): (&[&Slot], &SchemaDocs),
) -> bool {
    let slot = entry(name, declared.to_node());
    let map = [entry("slots", node(Data::Map([slot].into())))];
    let place = Place { file: 0, span: Span::default() };
    let parts: Vec<_> = of_parts.iter().map(|part| [entry("slots", nodes(&part.slots))]).collect();
    let declaration = |name, map| Declaration { pack: 0, name, place, map };
    // The names of other schemas are longer.
    let whole = declaration("x", &map);
    let parts = of_parts.iter().zip(&parts).map(|(part, map)| declaration(&part.name, map));
    let all: Vec<_> = [whole].into_iter().chain(parts).collect();
    let packs = Packs::new(vec!["x".into()], &[Vec::new()], Conflicts::default());
    let (limits, mut store) = (LoadLimits::default(), Store::new());
    let mut diagnostics = Diagnostics::new(limits.problems);
    let policies = (&limits, Undeclared::default(), &packs);
    let schemas = schemas::build((&all, &[]), policies, &mut store, &mut diagnostics);
    let found = schemas.by_name.get("x").and_then(|at| schemas.defined.get(*at));
    let Some(found) = found else { return false };
    let none = SlotDocs::default();
    let is_same = |slot: &&Slot| {
        let own = found.schema.slots().iter().zip(&found.slots);
        let Some((own, notes)) = own.into_iter().find(|(own, _)| own.name() == slot.name()) else {
            return false;
        };
        let docs = all_docs.slots.get(slot.name()).unwrap_or(&none);
        let has_docs = (&notes.doc, &notes.unit) == (&docs.doc, &docs.unit)
            && notes.one_or_lists.iter().all(|list| all_docs.one_or_lists.contains(list));
        own == *slot && own.renamed_from() == slot.renamed_from() && has_docs
    };
    let are_lists = all_docs
        .one_or_lists
        .iter()
        .filter(|list| is_within(list, name))
        .all(|list| found.slots.iter().any(|notes| notes.one_or_lists.contains(list)));
    are_lists && found.schema.slots().len() == slots.len() && slots.iter().all(is_same)
}

fn node(data: Data<'_>) -> Node<'_> {
    Node { span: Span::default(), data }
}

fn entry<'n>(name: &'n str, value: Node<'n>) -> Entry<'n> {
    Entry { name: Text::from(name), span: Span::default(), value }
}

fn nodes(pairs: &[(Key, Declared)]) -> Node<'_> {
    let entries = pairs.iter().map(|(key, own)| entry(key.name(), own.to_node()));
    node(Data::Map(entries.collect()))
}

impl Declared {
    fn to_node(&self) -> Node<'_> {
        match self {
            Self::Value(value) => Node::of(value, Span::default()),
            Self::Constraint(constraint) => of_constraint(constraint),
            Self::Map(pairs) => nodes(pairs),
        }
    }
}

fn of_constraint(constraint: &Constraint) -> Node<'_> {
    let number = |number: Number| match number {
        Number::Int(number) => match (i64::try_from(number), u64::try_from(number)) {
            (Ok(number), _) => node(Data::Int(number)),
            (_, Ok(number)) => node(Data::UInt(number)),
            _ => node(Data::Unset),
        },
        Number::Float(number) => node(Data::Float(number)),
    };
    match constraint {
        Constraint::Range(range) => {
            let ends = [("min", "above", range.min()), ("max", "below", range.max())];
            let ends = ends.into_iter().filter_map(|(included, excluded, end)| match end {
                Bound::Included(end) => Some(entry(included, number(end))),
                Bound::Excluded(end) => Some(entry(excluded, number(end))),
                Bound::Unbounded => None,
            });
            node(Data::Map(ends.collect()))
        }
        Constraint::Finite => node(Data::Bool(true)),
        Constraint::Step(step) => number(*step),
        Constraint::References(schema) => node(Data::Text(Text::from(&**schema))),
    }
}
