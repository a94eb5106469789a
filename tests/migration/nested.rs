//! Nested values whose slots change keep what they say.

use slotted::schema::SchemaBuilder;
use slotted::{Kind, ObjectId, Schema, SchemaError, Store, Value};

use crate::Outcome;

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

fn unit() -> SchemaBuilder {
    Schema::builder("unit").slot("hp", Kind::U8).default(1)
}

/// A unit with a list of drops.
fn with_drops(drop: SchemaBuilder) -> Result<Schema, slotted::SchemaError> {
    unit().nested_list("drops", &drop.build()?).build()
}

fn drop_of() -> SchemaBuilder {
    Schema::builder("drop").slot("item", Kind::Text)
}

/// Registers the schema and creates an object of each value.
fn store(
    schema: Schema,
    slot: &'static str,
    values: &[Value],
) -> Result<(Store, Vec<ObjectId>), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register_schema(schema)?;
    let records = values.iter().map(|value| [(slot, value.clone())].into_iter().collect());
    let ids = store.spawn_records("unit", records.collect::<Vec<slotted::Record>>())?.collect();
    Ok((store, ids))
}

/// Migrates objects with these values, and returns what they have then.
fn migrated(
    before: Schema,
    after: Schema,
    slot: &'static str,
    values: &[Value],
) -> Result<Vec<Value>, Box<dyn std::error::Error>> {
    let (mut store, ids) = store(before, slot, values)?;
    let plan = store.plan_migration([after])?;
    store.migrate(&plan)?;
    Ok(ids.iter().map(|id| store.get_value(*id, slot)).collect::<Result<_, _>>()?)
}

fn refused(before: Schema, after: Schema, slot: &'static str, values: &[Value]) -> String {
    let (mut store, ids) = store(before, slot, values).unwrap();
    let plan = store.plan_migration([after]).unwrap();
    let records: Vec<_> = ids.iter().map(|id| store.get_record(*id).unwrap()).collect();
    let error = store.migrate(&plan).expect_err("must be refused").to_string();
    // Nothing has changed.
    let after: Vec<_> = ids.iter().map(|id| store.get_record(*id).unwrap()).collect();
    assert_eq!(after, records);
    error
}

fn item(name: &str) -> Value {
    map([("item", name.into())])
}

fn item_at(name: &str, chance: f32) -> Value {
    map([("item", name.into()), ("chance", chance.into())])
}

#[test]
fn a_part_of_elements_becomes_optional_and_back() -> Outcome {
    let required = || with_drops(drop_of().slot("chance", Kind::F32));
    let optional = || with_drops(drop_of().slot("chance", Kind::F32).optional());
    let values = [[item_at("bone", 0.5), item_at("hide", 1.0)].into(), Value::List([].into())];
    assert_eq!(migrated(required()?, optional()?, "drops", &values)?, values);
    assert_eq!(migrated(optional()?, required()?, "drops", &values)?, values);
    let lacking = [values[0].clone(), [item_at("bone", 0.5), item("hide")].into()];
    assert_eq!(
        refused(optional()?, required()?, "drops", &lacking),
        "living objects block the migration: slot 'drops[].chance' of 'unit' needs a default or must be optional for \
         objects without a value (1 object, such as 0:1:1)"
    );
    Ok(())
}

#[test]
fn a_part_is_renamed_while_others_come() -> Outcome {
    let before = with_drops(drop_of().slot("chance", Kind::F32))?;
    let odds = drop_of().slot("odds", Kind::F32).renamed_from("chance");
    let after = with_drops(odds.slot("count", Kind::U8).default(1))?;
    let values = [[item_at("bone", 0.5)].into()];
    let bone = [("item", "bone".into()), ("odds", 0.5_f32.into()), ("count", 1.into())];
    assert_eq!(migrated(before, after, "drops", &values)?, [[map(bone)].into()]);
    Ok(())
}

#[test]
fn an_optional_part_becomes_one_with_a_default() -> Outcome {
    let optional = || with_drops(drop_of().slot("chance", Kind::F32).optional());
    let default = || drop_of().slot("chance", Kind::F32).default(0.25);
    let values = [[item("bone"), item_at("hide", 1.0)].into(), Value::List([].into())];
    let filled = [[item_at("bone", 0.25), item_at("hide", 1.0)].into(), values[1].clone()];
    assert_eq!(migrated(optional()?, with_drops(default())?, "drops", &values)?, filled);

    let spell = |area: fn(SchemaBuilder) -> SchemaBuilder| {
        let tag = Kind::enumeration(["heal", "rest"]);
        let unit = unit().slot("effect@type", tag).slot("effect@heal.area", Kind::U8).optional();
        area(unit).build()
    };
    let before = spell(|unit| unit.slot("effect@heal.area?", Kind::Bool).optional())?;
    let heal = |area: &[(&'static str, Value)]| -> Value {
        [("type", "heal".into())].into_iter().chain(area.iter().cloned()).collect()
    };
    let rest: Value = [("type", "rest")].into_iter().collect();
    let values = [heal(&[]), heal(&[("area", 3.into())]), rest.clone()];
    let filled = [heal(&[("area", 5.into())]), values[1].clone(), rest];
    assert_eq!(migrated(before, spell(|unit| unit.part_default(5))?, "effect", &values)?, filled);

    // It may get another name too.
    let odds = drop_of().slot("odds", Kind::F32).renamed_from("chance").default(0.25);
    let values = [[item("bone"), item_at("hide", 1.0)].into(), Value::List([].into())];
    let with_odds = |name: &str, odds: f32| map([("item", name.into()), ("odds", odds.into())]);
    let filled = [[with_odds("bone", 0.25), with_odds("hide", 1.0)].into(), values[1].clone()];
    assert_eq!(migrated(optional()?, with_drops(odds)?, "drops", &values)?, filled);

    let unit = unit().slot("effect@type", Kind::enumeration(["heal", "rest"]));
    let size = unit.slot("effect@heal.size", Kind::U8).renamed_from("effect@heal.area").optional();
    let before = spell(|unit| unit.slot("effect@heal.area?", Kind::Bool).optional())?;
    let values = [heal(&[]), heal(&[("area", 3.into())])];
    let filled = [heal(&[("size", 5.into())]), heal(&[("size", 3.into())])];
    let after = size.part_default(5).build()?;
    assert_eq!(migrated(before, after, "effect", &values)?, filled);
    Ok(())
}

#[test]
fn elements_gain_and_lose_parts() -> Outcome {
    let (one, two) = (with_drops(drop_of())?, with_drops(drop_of().slot("chance", Kind::F32))?);
    let optional = with_drops(drop_of().slot("chance", Kind::F32).optional())?;
    let values: [Value; 2] = [[item("bone"), item("hide")].into(), Value::List([].into())];
    assert_eq!(migrated(one.clone(), optional, "drops", &values)?, values);
    let error = refused(one.clone(), two.clone(), "drops", &values);
    assert!(
        error.contains("slot 'drops[].chance' of 'unit' needs a default or must be optional"),
        "{error}"
    );
    // A default is the part of all of them.
    let given = with_drops(drop_of().slot("chance", Kind::F32).default(0.25))?;
    let filled = [[item_at("bone", 0.25), item_at("hide", 0.25)].into(), values[1].clone()];
    assert_eq!(migrated(one.clone(), given, "drops", &values)?, filled);
    // No element lacks the part.
    assert_eq!(migrated(one.clone(), two.clone(), "drops", &values[1..])?, values[1..]);
    let full = [[item_at("bone", 0.5), item_at("hide", 1.0)].into()];
    assert_eq!(migrated(two, one, "drops", &full)?, values[..1]);
    Ok(())
}

#[test]
fn a_renamed_list_gains_a_part() -> Outcome {
    let (mut store, ids) =
        store(with_drops(drop_of())?, "drops", &[[item("bone"), item("hide")].into()])?;
    let loot = drop_of().slot("chance", Kind::F32).optional().build()?;
    let after = unit().nested_list("loot", &loot).renamed_from("drops").build()?;
    let plan = store.plan_migration([after])?;
    store.migrate(&plan)?;
    assert_eq!(store.get_value(ids[0], "loot")?, [item("bone"), item("hide")].into());
    Ok(())
}

#[test]
fn a_variant_gains_parts() -> Outcome {
    let spell = || {
        let tag = Kind::enumeration(["heal", "rest"]);
        unit().slot("effect@type", tag).slot("effect@heal.amount", Kind::F32).optional()
    };
    let area = || spell().slot("effect@heal.area", Kind::U8).optional();
    let optional = area().slot("effect@heal.area?", Kind::Bool).optional().build()?;
    let heal = map([("type", "heal".into()), ("amount", 5_f32.into())]);
    let rest = map([("type", "rest".into())]);
    let values = [heal, rest];
    assert_eq!(migrated(spell().build()?, optional.clone(), "effect", &values)?, values);
    let error = refused(spell().build()?, area().build()?, "effect", &values);
    assert!(
        error.contains("slot 'effect@heal.area' of 'unit' needs a default or must be optional"),
        "{error}"
    );
    assert!(error.contains("(1 object, such as 0:0:1)"), "{error}");
    let rests = &values[1..];
    assert_eq!(migrated(spell().build()?, area().build()?, "effect", rests)?, rests);
    // Back again, and then the part is one that the variant must have.
    assert_eq!(migrated(optional.clone(), spell().build()?, "effect", &values)?, values);
    let wide = map([("type", "heal".into()), ("amount", 5_f32.into()), ("area", 2.into())]);
    let values = [wide, values[1].clone()];
    assert_eq!(migrated(optional, area().build()?, "effect", &values)?, values);
    Ok(())
}

#[test]
fn a_slot_becomes_a_union_and_back() -> Outcome {
    let plain = unit().slot("cost", Kind::F32).build()?;
    let union = unit()
        .slot("cost|", Kind::enumeration(["number", "text"]))
        .slot("cost|number", Kind::F32)
        .optional()
        .slot("cost|text", Kind::Text)
        .optional()
        .build()?;
    let numbers = [2.5_f32.into(), Value::from(3_f32)];
    assert_eq!(migrated(plain.clone(), union.clone(), "cost", &numbers)?, numbers);
    assert_eq!(migrated(union.clone(), plain.clone(), "cost", &numbers)?, numbers);
    let error = refused(union.clone(), plain.clone(), "cost", &[2_f32.into(), "all".into()]);
    assert!(
        error.contains("slot 'cost' of 'unit' expects f32, found text \"all\" (1 object"),
        "{error}"
    );
    let (store, _) = store(plain, "cost", &numbers)?;
    assert_eq!(
        store.plan_migration([union])?.to_string(),
        "schema 'unit' changes (2 objects):\
         \n  slot 'cost' is divided into its parts\
         \n  slot 'cost|' is added for 'cost': enum(number, text)\
         \n  slot 'cost|number' is added for 'cost': f32, optional\
         \n  slot 'cost|text' is added for 'cost': text, optional"
    );
    Ok(())
}

#[test]
fn a_list_becomes_one_of_values_of_several_sorts() -> Outcome {
    let plain = unit().slot("uses", Kind::list(Kind::Text)).build()?;
    let union = unit()
        .slot("uses[]|", Kind::list(Kind::enumeration(["text", "map"])))
        .slot("uses[]|text", Kind::list(Kind::Text))
        .slot("uses[]|map.level", Kind::list(Kind::U8))
        .build()?;
    let values = [["sit", "stand"].into()];
    assert_eq!(migrated(plain.clone(), union, "uses", &values)?, values);
    let error = refused(plain, with_uses()?, "uses", &values);
    assert!(
        error.contains("slot 'uses[]' of 'unit' expects a map of item; found text \"sit\""),
        "{error}"
    );
    Ok(())
}

fn with_uses() -> Result<Schema, slotted::SchemaError> {
    unit().nested_list("uses", &drop_of().build()?).build()
}

#[test]
fn parts_keep_their_constraints() -> Outcome {
    let plain = unit().slot("cost", Kind::U8).build()?;
    let union = unit()
        .slot("cost|", Kind::enumeration(["number", "text"]))
        .slot("cost|number", Kind::U8)
        .optional()
        .range(0..=9)
        .slot("cost|text", Kind::Text)
        .optional()
        .build()?;
    let error = refused(plain, union, "cost", &[3.into(), 10.into()]);
    assert!(error.contains("slot 'cost|number' of 'unit' expects 0 to 9, found 10"), "{error}");
    Ok(())
}

#[test]
fn nested_records_become_values_of_any_sort() -> Outcome {
    let range = Schema::builder("range").slot("min", Kind::U8).slot("max", Kind::U8).build()?;
    let nested = unit().nested("damage", &range).build()?;
    let any = unit().slot("damage", Kind::Any).build()?;
    let values = [map([("min", 1.into()), ("max", 4.into())])];
    assert_eq!(migrated(nested.clone(), any.clone(), "damage", &values)?, values);
    assert_eq!(migrated(any.clone(), nested.clone(), "damage", &values)?, values);
    let more = map([("min", 1.into()), ("max", 4.into()), ("sort", "fire".into())]);
    let error = refused(any, nested, "damage", &[values[0].clone(), more]);
    assert!(error.contains("'unit' object has no slot 'damage.sort'"), "{error}");
    Ok(())
}

#[test]
fn an_optional_record_gains_parts_that_it_needs() -> Outcome {
    let min = || Schema::builder("damage").slot("min", Kind::U8);
    let with = |damage: SchemaBuilder| -> Result<Schema, SchemaError> {
        unit().nested("damage", &damage.build()?).optional().build()
    };
    let one = |min: u8| map([("min", min.into())]);
    let both = |min: u8, max: u8| map([("min", min.into()), ("max", max.into())]);
    let values = [one(1), Value::Unset, one(2)];
    let filled = [both(1, 9), Value::Unset, both(2, 9)];
    let after = with(min().slot("max", Kind::U8).default(9))?;
    assert_eq!(migrated(with(min())?, after, "damage", &values)?, filled);
    assert_eq!(
        refused(with(min())?, with(min().slot("max", Kind::U8))?, "damage", &values),
        "living objects block the migration: slot 'damage.max' of 'unit' needs a default for \
         objects without a value (2 objects, such as 0:0:1)"
    );
    let none = [Value::Unset, Value::Unset];
    let after = with(min().slot("max", Kind::U8))?;
    assert_eq!(migrated(with(min())?, after, "damage", &none)?, none);
    // A part that was optional by itself comes to be needed.
    let optional = || with(min().slot("max", Kind::U8).optional());
    let values = [one(1), Value::Unset, both(2, 3)];
    let filled = [both(1, 9), Value::Unset, both(2, 3)];
    let after = with(min().slot("max", Kind::U8).default(9))?;
    assert_eq!(migrated(optional()?, after, "damage", &values)?, filled);
    assert_eq!(
        refused(optional()?, with(min().slot("max", Kind::U8))?, "damage", &values),
        "living objects block the migration: slot 'damage.max' of 'unit' needs a default for \
         objects without a value (1 object, such as 0:0:1)"
    );
    // A record that was required is there in all objects.
    let required = unit().nested("damage", &min().build()?).build()?;
    let values = [one(1), one(2)];
    let after = with(min().slot("max", Kind::U8).default(9))?;
    assert_eq!(migrated(required, after, "damage", &values)?, [both(1, 9), both(2, 9)]);
    // In elements too.
    let loot = |damage: SchemaBuilder| -> Result<Schema, SchemaError> {
        with_drops(drop_of().nested("damage", &damage.build()?).optional())
    };
    let bone = |damage: Value| map([("item", "bone".into()), ("damage", damage)]);
    let after = loot(min().slot("max", Kind::U8).default(9))?;
    let values = [[bone(one(1)), item("hide")].into()];
    let filled = [[bone(both(1, 9)), item("hide")].into()];
    assert_eq!(migrated(loot(min())?, after, "drops", &values)?, filled);
    Ok(())
}
