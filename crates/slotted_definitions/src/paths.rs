//! Places of slots as a file has them: `cond.and[1].not` for the slot `cond@and.1.not`.

use slotted::Schema;
use slotted::schema::{Elements, Part, Shape, UnionBy};

/// Returns the place of each slot's values in a file.
///
/// The elements of a list have `[]`, the values of a map by name `*`. Slots that belong to a value, such as the variant of a union and
/// the keys of a map, have its place.
pub(super) fn paths(schema: &Schema) -> Vec<String> {
    let mut paths: Vec<String> = schema.slots().iter().map(|slot| slot.name().to_owned()).collect();
    for (name, shape) in &schema.shapes() {
        add(shape, name, &mut paths);
    }
    paths
}

fn add(shape: &Shape, path: &str, paths: &mut [String]) {
    let set = |slot: Option<usize>| {
        if let Some(own) = slot.and_then(|slot| paths.get_mut(slot)) {
            path.clone_into(own);
        }
    };
    match shape {
        Shape::Slot(Part { slot, is_set, lengths, .. }) => {
            [Some(*slot), *is_set, *lengths].into_iter().for_each(set);
        }
        Shape::Record(fields) => {
            fields.iter().for_each(|(name, shape)| add(shape, &format!("{path}.{name}"), paths));
        }
        Shape::Tuple(fields) => {
            fields.iter().for_each(|(at, shape)| add(shape, &format!("{path}[{at}]"), paths));
        }
        Shape::List(Elements { element, is_set, lengths, .. }) => {
            [*is_set, *lengths].into_iter().for_each(set);
            add(element, &format!("{path}[]"), paths);
        }
        Shape::Map(Elements { element, is_set, lengths, .. }) => {
            [*is_set, *lengths].into_iter().for_each(set);
            if let Shape::Record(fields) = &**element
                && let [(_, key), (_, value)] = &**fields
            {
                add(key, path, paths);
                add(value, &format!("{path}.*"), paths);
            }
        }
        Shape::Union(union) => {
            [Some(union.variant), union.is_set].into_iter().for_each(set);
            for (name, shape) in &union.variants {
                let path = match union.by {
                    UnionBy::Name => format!("{path}.{name}"),
                    _ => path.to_owned(),
                };
                shape.iter().for_each(|shape| add(shape, &path, paths));
            }
            // The tag is a part of the map.
            if let UnionBy::Tag(tag) = &union.by
                && let Some(own) = paths.get_mut(union.variant)
            {
                *own = format!("{path}.{tag}");
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use slotted::Kind;

    use super::*;

    #[test]
    fn paths_are_those_of_files() -> Result<(), slotted::SchemaError> {
        let list = || Kind::list(Kind::Text);
        let variants = |names: [&str; 2]| Kind::enumeration(names);
        let schema = Schema::builder("spell")
            .slot("name.x?", Kind::Text)
            .slot("cond@", variants(["and", "rest"]))
            .slot("cond@and.0", Kind::Text)
            .optional()
            .slot("cond@and.1.not", Kind::Text)
            .optional()
            .slot("drops[].item", list())
            .slot("drops[].item#", Kind::list(Kind::U32))
            .slot("melee{}.key", list())
            .slot("melee{}.value", list())
            .slot("cost|", variants(["number", "text"]))
            .slot("cost|number", Kind::U8)
            .optional()
            .slot("cost|text", Kind::Text)
            .optional()
            .slot("effect@type", variants(["heal", "rest"]))
            .slot("effect@heal.amount", Kind::U8)
            .optional()
            .build()?;
        let expected = [
            "name.x?",
            "cond",
            "cond.and[0]",
            "cond.and[1].not",
            "drops[].item",
            "drops[].item",
            "melee",
            "melee.*",
            "cost",
            "cost",
            "cost",
            "effect.type",
            "effect.amount",
        ];
        assert_eq!(paths(&schema), expected);
        Ok(())
    }
}
