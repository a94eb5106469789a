//! Hot reload of values that are in several slots before or after.
#![cfg(feature = "toml")]

use slotted::{Store, Value};
use slotted_definitions::Loader;
use slotted_definitions::infer::SameData;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn a_value_stays_when_a_nested_value_becomes_one_slot_and_back() -> Outcome {
    for (slots, record, own) in [
        (["'u8 | text'", "'u8'"], "5", Value::from(7)),
        (["'text | list(u8)'", "'list(u8)'"], "[1, 2]", [3, 4].into()),
        (
            ["{ slots = { min = 'u8', max = 'u8' } }", "'any'"],
            "{ min = 1, max = 4 }",
            [("min", 2), ("max", 8)].into_iter().collect(),
        ),
        (
            ["{ tag = 'type', variants = { gold = { worth = 'u8' } } }", "'any'"],
            "{ type = 'gold', worth = 5 }",
            [("type", Value::from("gold")), ("worth", 7.into())].into_iter().collect(),
        ),
    ] {
        let file = |slot: &str, record: &str| {
            format!("schemas.unit.slots.cost = {slot}\nrecords.unit.wolf.cost = {record}")
        };
        for [before, after] in [slots, [slots[1], slots[0]]] {
            let loader = |text: String| Loader::new().text("units.toml", text);
            let mut store = Store::new();
            let definitions = loader(file(before, record)).load(&store)?;
            let mut objects = definitions.spawn(&mut store)?;
            let wolf = objects.id("unit", "wolf").ok_or("no wolf")?;
            // The game's own change stays.
            store.set_value(wolf, "cost", own.clone())?;
            let next = loader(file(after, record)).load_again(&definitions)?;
            let plan = objects.plan_reload(&store, &next)?;
            objects.apply_reload(&mut store, &plan)?;
            let plan = plan.to_string();
            assert!(!plan.contains("record"), "{before} to {after}: {plan}");
            let kept = store.get_value(wolf, "cost")?;
            assert!(kept.is_same_data(&own), "{before} to {after}: {kept}");
        }
    }
    Ok(())
}
