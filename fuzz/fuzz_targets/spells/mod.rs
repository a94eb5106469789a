//! Objects with nested values of each form.

use slotted::schema::SchemaBuilder;
use slotted::{Kind, Record, Schema, Value, record};

/// Returns a schema with nested values of each form.
pub(crate) fn schema() -> SchemaBuilder {
    let range = Schema::builder("range").slot("min", Kind::U8).slot("max", Kind::U8);
    let drop =
        Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32).optional();
    let skill = Schema::builder("skill").slot("level", Kind::U8);
    let [range, drop, skill] =
        [range, drop, skill].map(|parts| parts.build().expect("it is right"));
    Schema::builder("spell")
        .nested("damage", &range)
        .nested_list("loot", &drop)
        .nested_map("skills", Kind::Text, &skill)
        .slot("effect@type", Kind::enumeration(["heal", "rest"]))
        .slot("effect@heal.amount", Kind::F32)
        .optional()
        .slot("cost|", Kind::enumeration(["number", "text"]))
        .optional()
        .slot("cost|number", Kind::F64)
        .optional()
        .slot("cost|text", Kind::Text)
        .optional()
        .slot("place", Kind::Vec3)
        .slot("note", Kind::Any)
        .optional()
}

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

/// Returns a spell: each number has other lengths, variants and sorts.
pub(crate) fn record(number: u8) -> Record {
    let drop = |at: u8| match at % 2 {
        0 => map([("item", "bone".into())]),
        _ => map([("item", "hide".into()), ("chance", 0.5_f32.into())]),
    };
    let effect = match number % 2 {
        0 => map([("type", "heal".into()), ("amount", f32::from(number).into())]),
        _ => map([("type", "rest".into())]),
    };
    let cost = match number % 3 {
        0 => Value::Unset,
        1 => 1.5.into(),
        _ => "much".into(),
    };
    record! {
        damage: map([("min", 1.into()), ("max", number.into())]),
        loot: Value::List((0..number % 4).map(drop).collect()),
        skills: map([("archery", map([("level", number.into())]))]),
        effect: effect,
        cost: cost,
        place: [1.0, 2.0, 3.0],
        note: map([("a", [1, 2].into())]),
    }
}
