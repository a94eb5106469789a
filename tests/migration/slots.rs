//! Tests each change that a migration makes to a slot.

use slotted::bytemuck::{CheckedBitPattern, NoUninit};
use slotted::glam::Vec3;
use slotted::{
    Kind, ObjectId, Schema, SlotValue, Slotted, Store, Value, memory::BLOCK_ROWS,
    migration::MigrationStep, record, schema::NumberKind,
};

use crate::{Outcome, migrate, objects, plan, store_of};

#[test]
fn a_slot_is_added_with_its_default_or_unset() -> Outcome {
    let (mut store, ids) = store_of(Schema::builder("unit"), [record! {}, record! {}, record! {}])?;
    store.despawn(ids[1])?;
    let schema = Schema::builder("unit")
        .slot("name", Kind::Text)
        .default("nobody")
        .slot("path", Kind::Array(NumberKind::U16, 3))
        .default([1, 2, 3])
        .slot("target", Kind::Object)
        .optional()
        .slot("shield", Kind::F32)
        .optional()
        .default(2.5);
    let plan = migrate(&mut store, [schema])?;
    assert_eq!(
        plan.to_string(),
        "schema 'unit' changes (2 objects):\
         \n  slot 'name' is added: text, default \"nobody\"\
         \n  slot 'path' is added: [u16; 3], default [1, 2, 3]\
         \n  slot 'target' is added, unset: object, optional\
         \n  slot 'shield' is added: f32, optional, default 2.5"
    );
    let expected = record! { name: "nobody", path: [1, 2, 3], shield: 2.5_f32 };
    assert_eq!(objects(&store), [(ids[0], expected.clone()), (ids[2], expected)]);
    store.set_value(ids[0], "target", ids[2])?;
    assert_eq!(store.spawn_record("unit", record! {})?.row(), ids[1].row());
    Ok(())
}

#[test]
fn a_slot_is_removed_and_its_values_are_counted() -> Outcome {
    let schema = Schema::builder("unit").slot("hp", Kind::U8).slot("age", Kind::U8).optional();
    let records = [record! { hp: 1, age: 5 }, record! { hp: 2 }];
    let (mut store, ids) = store_of(schema, records)?;
    let plan = migrate(&mut store, [Schema::builder("unit").slot("hp", Kind::U8)])?;
    let age = MigrationStep::Removed { slot: "age".into(), values: 1 };
    assert_eq!(plan.schemas()[0].steps(), [age]);
    assert_eq!(objects(&store), [(ids[0], record! { hp: 1 }), (ids[1], record! { hp: 2 })]);
    let plan = migrate(&mut store, [Schema::builder("unit")])?;
    assert_eq!(
        plan.to_string(),
        "schema 'unit' changes (2 objects):\
         \n  slot 'hp' is removed with 2 values"
    );
    assert_eq!(objects(&store), [(ids[0], record! {}), (ids[1], record! {})]);
    Ok(())
}

#[test]
fn a_declared_rename_keeps_values_and_happens_once() -> Outcome {
    let schema = || Schema::builder("unit").slot("hp", Kind::U8).slot("name", Kind::Text);
    let (mut store, ids) = store_of(schema(), [record! { hp: 7, name: "Ada" }])?;
    let next = || Schema::builder("unit").slot("name", Kind::Text).slot("health", Kind::U8);
    let plan = migrate(&mut store, [next().renamed_from("hp")])?;
    assert_eq!(
        plan.to_string(),
        "schema 'unit' changes (1 object):\
         \n  slot 'hp' is renamed to 'health'\
         \n  2 slots move; their keys are invalidated"
    );
    assert_eq!(store.get_record(ids[0])?, record! { name: "Ada", health: 7 });
    // The note can stay, because schemas that differ only in it are equal.
    for same in [next().renamed_from("hp"), next(), next().renamed_from("nothing")] {
        let plan = migrate(&mut store, [same.clone()])?;
        assert!(plan.is_empty() && plan.to_string() == "nothing changes");
        store.register_schema(same.build()?)?;
    }
    // Without the note the slot is a new one.
    let health = Schema::builder("unit").slot("life", Kind::U8).default(1);
    migrate(&mut store, [health])?;
    assert_eq!(store.get_record(ids[0])?, record! { life: 1 });
    Ok(())
}

#[test]
fn a_former_name_has_no_effect_on_a_new_schema() -> Outcome {
    let mut store = Store::new();
    let schema = Schema::builder("unit").slot("health", Kind::U8).renamed_from("hp").build()?;
    assert_eq!(schema.slots()[0].renamed_from(), Some("hp"));
    store.register_schema(schema.clone())?;
    assert!(store.plan_migration([schema])?.is_empty());
    Ok(())
}

#[test]
fn numbers_are_widened_and_narrowed_if_all_fit() -> Outcome {
    let number = |kind| Schema::builder("unit").slot("x", kind);
    let (mut store, ids) = store_of(number(Kind::U8), [record! { x: 100 }, record! { x: 3 }])?;
    for (kind, is_possible) in [
        (Kind::U16, true),
        (Kind::I32, true),
        (Kind::I64, true),
        (Kind::U8, true),
        (Kind::F64, true),
        (Kind::F32, true),
        (Kind::Text, false),
        (Kind::U64, false),
        (Kind::F64, true),
        (Kind::F32, true),
    ] {
        let plan = plan(&store, [number(kind.clone())])?;
        assert_eq!(plan.is_possible(), is_possible, "{kind}");
        if is_possible {
            store.migrate(&plan)?;
            let steps = plan.schemas()[0].steps();
            assert!(matches!(steps, [MigrationStep::Kind { values: 2, .. }]), "{steps:?}");
        }
    }
    // Floats do not become integers, as in records.
    assert_eq!(store.get_value(ids[0], "x")?, Value::F32(100.0));
    assert_eq!(store.get_value(ids[1], "x")?, Value::F32(3.0));
    Ok(())
}

#[test]
fn arrays_convert_to_vectors_and_slots_without_values_to_any_kind() -> Outcome {
    let array = Schema::builder("unit").slot("at", Kind::Array(NumberKind::F64, 3));
    let (mut store, ids) = store_of(array, [record! { at: [0.5, 1.0, -2.0] }])?;
    migrate(&mut store, [Schema::builder("unit").slot("at", Kind::Vec3)])?;
    assert_eq!(store.get_value(ids[0], "at")?, Vec3::new(0.5, 1.0, -2.0).into());
    store.despawn(ids[0])?;
    let plan = migrate(&mut store, [Schema::builder("unit").slot("at", Kind::Text)])?;
    assert_eq!(
        plan.to_string(),
        "schema 'unit' changes (no living objects):\n  slot 'at' changes from vec3 to text"
    );
    let id = store.spawn_record("unit", record! { at: "home" })?;
    assert_eq!(store.get_record(id)?, record! { at: "home" });
    Ok(())
}

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
enum Job {
    Smith,
    Farmer,
    Guard,
}

#[test]
fn variants_are_mapped_by_name() -> Outcome {
    let job = |kind| Schema::builder("unit").slot("job", kind);
    let records = [record! { job: "farmer" }, record! { job: "guard" }];
    let (mut store, ids) = store_of(job(Kind::enumeration(["farmer", "guard"])), records)?;
    // New variants at the end keep the memory; another order converts the values.
    let longer = migrate(&mut store, [job(Kind::enumeration(["farmer", "guard", "smith"]))])?;
    let converted = migrate(&mut store, [job(Job::kind())])?;
    for (plan, expected) in [(longer, 0), (converted, 2)] {
        let [MigrationStep::Kind { values, .. }] = plan.schemas()[0].steps() else {
            panic!("one step: {plan}")
        };
        assert_eq!(*values, expected);
    }
    let key = store.key::<Job>("unit", "job")?;
    assert_eq!(
        ids.iter().map(|id| store.get(*id, key)).collect::<Vec<_>>(),
        [Some(Job::Farmer), Some(Job::Guard)]
    );
    // Convert to text and back, without an unused variant.
    migrate(&mut store, [job(Kind::Text)])?;
    assert_eq!(store.get_value(ids[1], "job")?, "guard".into());
    migrate(&mut store, [job(Kind::enumeration(["guard", "farmer"]))])?;
    assert_eq!(store.get_value(ids[0], "job")?, "farmer".into());
    Ok(())
}

#[test]
fn slots_become_optional_and_required() -> Outcome {
    let slot = || Schema::builder("unit").slot("x", Kind::I16);
    let (mut store, ids) = store_of(slot(), [record! { x: 1 }, record! { x: 2 }])?;
    migrate(&mut store, [slot().optional()])?;
    assert_eq!(objects(&store), [(ids[0], record! { x: 1 }), (ids[1], record! { x: 2 })]);
    // Without unset values the slot becomes required again.
    migrate(&mut store, [slot()])?;
    migrate(&mut store, [slot().optional()])?;
    store.set_value(ids[0], "x", Value::Unset)?;
    let x = store.key::<Option<i16>>("unit", "x")?;
    assert_eq!((store.get(ids[0], x), store.get(ids[1], x)), (Some(None), Some(Some(2))));
    // The default replaces unset values, even if the kind changes too.
    let filled = Schema::builder("unit").slot("x", Kind::I32).default(9);
    let plan = migrate(&mut store, [filled])?;
    assert_eq!(
        plan.to_string(),
        "schema 'unit' changes (2 objects):\
         \n  slot 'x' changes from i16 to i32, 1 value is converted\
         \n  slot 'x' becomes required; 1 object gets the default\
         \n  slot 'x' has default 9 for new objects"
    );
    assert_eq!(objects(&store), [(ids[0], record! { x: 9 }), (ids[1], record! { x: 2 })]);
    Ok(())
}

#[test]
fn an_unset_value_of_an_optional_slot_stays_unset() -> Outcome {
    let slot = |kind| Schema::builder("unit").slot("x", kind).optional();
    let (mut store, ids) = store_of(slot(Kind::U8), [record! {}, record! { x: 2 }])?;
    migrate(&mut store, [slot(Kind::F32).default(7.0)])?;
    assert_eq!(store.get_value(ids[0], "x")?, Value::Unset);
    assert_eq!(store.get_value(ids[1], "x")?, Value::F32(2.0));
    Ok(())
}

#[test]
fn new_defaults_and_constraints_apply_to_new_objects() -> Outcome {
    let slot = || Schema::builder("unit").slot("x", Kind::F32);
    let (mut store, ids) = store_of(slot().default(1.0), [record! {}])?;
    let plan = migrate(&mut store, [slot().default(2.0).range(0.0..=5.0).finite()])?;
    assert_eq!(
        plan.to_string(),
        "schema 'unit' changes (1 object):\
         \n  slot 'x' has default 2.0 for new objects\
         \n  slot 'x' was f32, default 1.0; it becomes f32, default 2.0, range 0.0 to 5.0, finite"
    );
    assert_eq!(store.get_value(ids[0], "x")?, Value::F32(1.0));
    let new = store.spawn_record("unit", record! {})?;
    assert_eq!(store.get_value(new, "x")?, Value::F32(2.0));
    assert!(store.set_value(new, "x", 6.0).is_err());
    let plan = migrate(&mut store, [slot()])?;
    assert!(plan.to_string().contains("slot 'x' no longer has a default"));
    assert!(store.spawn_record("unit", record! {}).is_err());
    store.set_value(new, "x", f32::INFINITY)?;
    Ok(())
}

#[test]
fn a_changed_base_changes_all_its_extensions() -> Outcome {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("hp", Kind::U8);
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32);
    let boss = Schema::builder("boss").extends("orc").slot("title", Kind::Text);
    for schema in [unit, orc, boss] {
        store.register_schema(schema.build()?)?;
    }
    let ids = [
        store.spawn_record("unit", record! { hp: 1 })?,
        store.spawn_record("orc", record! { hp: 2, rage: 0.5 })?,
        store.spawn_record("boss", record! { hp: 3, rage: 1.5, title: "the Grim" })?,
    ];
    let schemas: Vec<_> = store.schemas().map(|schema| schema.id()).collect();
    let unit = Schema::builder("unit")
        .slot("name", Kind::Text)
        .default("x")
        .slot("health", Kind::U32)
        .renamed_from("hp");
    let orc = Schema::builder("orc").extends("unit").slot("anger", Kind::F32).renamed_from("rage");
    // Schemas come in any order, and a registered one can extend a new one.
    let chief = Schema::builder("chief").extends("orc").slot("medals", Kind::U8).default(1);
    let boss = Schema::builder("boss").extends("chief").slot("title", Kind::Text);
    let plan = migrate(&mut store, [boss, chief, orc, unit])?;
    let changed: Vec<_> =
        plan.schemas().iter().map(|schema| (schema.name(), schema.objects())).collect();
    assert_eq!(changed, [("unit", 1), ("orc", 1), ("boss", 1), ("chief", 0)]);
    assert!(plan.schemas()[3].is_new());
    assert!(plan.to_string().contains("the schema extends 'chief' instead of 'orc'"), "{plan}");
    assert_eq!(
        objects(&store),
        [
            (ids[0], record! { name: "x", health: 1 }),
            (ids[1], record! { name: "x", health: 2, anger: 0.5_f32 }),
            (
                ids[2],
                record! {
                    name: "x",
                    health: 3,
                    anger: 1.5_f32,
                    medals: 1,
                    title: "the Grim",
                }
            ),
        ]
    );
    assert!(store.schemas().map(|schema| schema.id()).take(3).eq(schemas));
    // One key of the base reads all of them.
    let health = store.key::<u32>("unit", "health")?;
    assert_eq!(ids.map(|id| store.get(id, health)), [Some(1), Some(2), Some(3)]);
    Ok(())
}

#[test]
fn a_slot_moves_from_a_schema_to_its_base_and_back() -> Outcome {
    let mut store = Store::new();
    let unit = || Schema::builder("unit").slot("hp", Kind::U8);
    let orc = || Schema::builder("orc").extends("unit");
    store.register_schema(unit().build()?)?;
    store.register_schema(orc().slot("rage", Kind::U8).build()?)?;
    let id = store.spawn_record("orc", record! { hp: 1, rage: 2 })?;
    let plan = migrate(&mut store, [unit().slot("rage", Kind::U8), orc()])?;
    assert_eq!(plan.schemas().len(), 1, "the orcs do not change");
    assert_eq!(store.get_record(id)?, record! { hp: 1, rage: 2 });
    migrate(&mut store, [unit(), orc().slot("rage", Kind::U8)])?;
    assert_eq!(store.get_record(id)?, record! { hp: 1, rage: 2 });
    store.register_schema(orc().slot("rage", Kind::U8).build()?)?;
    Ok(())
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    health: f32,
    target: Option<ObjectId>,
}

#[test]
fn a_rust_type_keeps_its_slots_while_its_constraints_and_extensions_change() -> Outcome {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::U8);
    store.register_schema(orc.build()?)?;
    let orc = store.spawn_record("orc", record! { health: 5.0, rage: 1 })?;
    let unit = Schema::builder("unit")
        .slot("health", Kind::F32)
        .default(3.0)
        .range(0.0..=10.0)
        .slot("target", Kind::Object)
        .optional();
    let orcs = Schema::builder("orc").extends("unit").slot("rage", Kind::U64);
    migrate(&mut store, [unit, orcs])?;
    assert_eq!(store.get_object::<Unit>(orc)?, Unit { health: 5.0, target: None });
    assert!(store.spawn(Unit { health: 11.0, target: None }).is_err());
    store.register::<Unit>()?;
    Ok(())
}

#[test]
fn blocks_without_objects_stay_empty_and_are_reused() -> Outcome {
    let slot = |kind| Schema::builder("unit").slot("x", kind);
    let records = (0..3 * BLOCK_ROWS as u32).map(|x| record! { x });
    let (mut store, ids) = store_of(slot(Kind::U32), records)?;
    store.despawn_batch(&ids[BLOCK_ROWS..2 * BLOCK_ROWS])?;
    store.despawn_batch(&ids[2 * BLOCK_ROWS + 5..])?;
    store.despawn(ids[0])?;
    store.release_memory();
    let next = slot(Kind::U64).slot("y", Kind::Bool).default(true);
    migrate(&mut store, [next.slot("z", Kind::U8).optional()])?;
    let row = |id: ObjectId| (id, record! { x: id.row(), y: true });
    let living = ids[1..BLOCK_ROWS].iter().chain(&ids[2 * BLOCK_ROWS..2 * BLOCK_ROWS + 5]);
    assert!(objects(&store).into_iter().eq(living.map(|id| row(*id))));
    let more = (0..2 * BLOCK_ROWS as u32).map(|x| record! { x, y: false, z: 3 });
    let more: Vec<_> = store.spawn_records("unit", more)?.collect();
    assert_eq!(more[0].row(), 0);
    for (x, id) in (0_u32..).zip(&more) {
        assert_eq!(store.get_record(*id)?, record! { x, y: false, z: 3 });
    }
    Ok(())
}
