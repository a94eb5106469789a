//! Tests the conflicts of living objects with new schemas.

use slotted::bytemuck::{Pod, Zeroable};
use slotted::glam::Vec3;
use slotted::{
    Kind, Limits, MigrationError, ObjectId, Schema, SlotValue, Slotted, Store,
    migration::MigrationRejection, migration::Overwrites, record, schema::NumberKind,
    schema::SchemaBuilder,
};

use crate::{Outcome, migrate, objects, plan, refused, store_of};

const WHY: &str = "living objects block the migration: ";

fn slot(kind: Kind) -> SchemaBuilder {
    Schema::builder("unit").slot("x", kind)
}

#[test]
fn values_that_do_not_fit_are_counted() -> Outcome {
    let records = (0..1000).map(|x| record! { x });
    let (mut store, _) = store_of(slot(Kind::U32), records)?;
    for (schema, why) in [
        (slot(Kind::U8), "expects u8, which cannot hold 256 (744 objects, such as 0:256:1)"),
        (slot(Kind::Text), "expects text, found integer 0 (1000 objects, such as 0:0:1)"),
        (slot(Kind::U16).range(..=998), "expects up to 998, found 999 (1 object, such as 0:999:1)"),
        (slot(Kind::U32).range(1..), "expects at least 1, found 0 (1 object, such as 0:0:1)"),
    ] {
        assert_eq!(refused(&mut store, [schema]), format!("{WHY}slot 'x' of 'unit' {why}"));
    }
    Ok(())
}

#[test]
fn no_number_is_rounded() -> Outcome {
    let numbers = [0.5, 0.1, f64::NAN, f64::INFINITY, 1e300, 1e-300];
    let (mut store, _) = store_of(slot(Kind::F64), numbers.map(|x| record! { x }))?;
    assert_eq!(
        refused(&mut store, [slot(Kind::F32)]),
        format!(
            "{WHY}slot 'x' of 'unit' expects f32, which cannot hold 0.1 (3 objects, such as 0:1:1)"
        )
    );
    let (mut store, _) = store_of(slot(Kind::I64), [record! { x: 16_777_217 }])?;
    assert!(refused(&mut store, [slot(Kind::F32)]).contains("which cannot hold 16777217"));
    migrate(&mut store, [slot(Kind::F64)])?;
    assert!(refused(&mut store, [slot(Kind::F32)]).contains("which cannot hold 16777217.0"));
    let array = slot(Kind::Array(NumberKind::F64, 3));
    let (mut store, _) = store_of(array, [record! { x: [0.0, 0.1, 0.0] }])?;
    assert!(refused(&mut store, [slot(Kind::Vec3)]).contains("vec3, which cannot hold [0.0, 0.1"));
    Ok(())
}

#[test]
fn infinities_are_rejected_if_a_slot_becomes_finite() -> Outcome {
    let (mut store, _) = store_of(slot(Kind::Vec3), [record! { x: Vec3::INFINITY }])?;
    let error = refused(&mut store, [slot(Kind::Vec3).finite()]);
    assert!(error.contains("expects finite numbers"), "{error}");
    Ok(())
}

#[test]
fn values_of_removed_variants_are_rejected() -> Outcome {
    let job = |variants: &[&'static str]| slot(Kind::enumeration(variants.iter().copied()));
    let records = ["guard", "smith", "guard"].map(|x| record! { x });
    let (mut store, _) = store_of(job(&["smith", "guard"]), records)?;
    let error = "slot 'x' of 'unit' expects one of smith, guards; found 'guard'; \
                 did you mean 'guards'? (2 objects, such as 0:0:1)";
    assert_eq!(refused(&mut store, [job(&["smith", "guards"])]), format!("{WHY}{error}"));
    migrate(&mut store, [slot(Kind::Text)])?;
    assert_eq!(refused(&mut store, [job(&["smith", "guards"])]), format!("{WHY}{error}"));
    Ok(())
}

#[test]
fn values_that_are_overwritten_cannot_conflict_and_others_can() -> Outcome {
    let records = [1, 300, 301, 302].map(|x| record! { x });
    let (mut store, ids) = store_of(slot(Kind::U32), records)?;
    let (narrow, mut overwrites) = (slot(Kind::U8).build()?, Overwrites::default());
    overwrites.set(ids[1], "x");
    overwrites.set(ids[2], "y");
    overwrites.despawn(ids[3]);
    let plan = store.plan_migration_with([narrow.clone()], overwrites.clone())?;
    let conflict = "which cannot hold 301 (1 object, such as 0:2:1)";
    assert!(store.migrate(&plan).unwrap_err().to_string().ends_with(conflict));
    overwrites.set(ids[2], "x");
    let plan = store.plan_migration_with([narrow], overwrites)?;
    store.migrate(&plan)?;
    assert_eq!(
        objects(&store),
        ids.into_iter().zip([1, 0, 0, 0].map(|x| record! { x })).collect::<Vec<_>>()
    );
    Ok(())
}

#[test]
fn a_required_slot_needs_values() -> Outcome {
    let (mut store, ids) = store_of(slot(Kind::U8).optional(), [record! { x: 1 }, record! {}])?;
    let why = "of 'unit' needs a default for objects without a value";
    assert_eq!(
        refused(&mut store, [slot(Kind::U8)]),
        format!("{WHY}slot 'x' {why} (1 object, such as 0:1:1)")
    );
    let added = slot(Kind::U8).optional().slot("y", Kind::Text);
    assert_eq!(
        refused(&mut store, [added.clone()]),
        format!("{WHY}slot 'y' {why} (2 objects, such as 0:0:1)")
    );
    store.despawn_batch(&ids)?;
    migrate(&mut store, [added])?;
    Ok(())
}

#[test]
fn all_conflicts_are_reported_at_once_and_shown_with_the_plan() -> Outcome {
    let schema = slot(Kind::U16).slot("y", Kind::Text).slot("z", Kind::U8);
    let (mut store, _) = store_of(schema, [record! { x: 300, y: "a", z: 1 }])?;
    let next = || slot(Kind::U8).slot("y", Kind::Bool).slot("w", Kind::U8);
    let shown = "\n  slot 'x' of 'unit' expects u8, which cannot hold 300 (1 object, such as 0:0:1)\
                 \n  slot 'y' of 'unit' expects bool, found text \"a\" (1 object, such as 0:0:1)\
                 \n  slot 'w' of 'unit' needs a default for objects without a value (1 object, such as 0:0:1)";
    assert_eq!(refused(&mut store, [next()]), format!("{WHY}{shown}"));
    let plan = plan(&store, [next()])?;
    assert_eq!(plan.rejections().len(), 3);
    assert!(
        plan.to_string().ends_with(&format!("\nconflicts with living objects:{shown}")),
        "{plan}"
    );
    assert!(plan.to_string().contains("\n  slot 'z' is removed with 1 value\n"), "{plan}");
    Ok(())
}

#[test]
fn a_former_name_must_be_unambiguous() -> Outcome {
    let (mut store, _) = store_of(slot(Kind::U8), [record! { x: 1 }])?;
    let kept = slot(Kind::U8).slot("y", Kind::U8).default(0).renamed_from("x");
    let why = "cannot be renamed from 'x': a slot of that name is still declared, or another slot is renamed from it too";
    let y = format!("slot 'y' of 'unit' {why}");
    assert_eq!(refused(&mut store, [kept]), format!("{WHY}{y}"));
    let both = Schema::builder("unit")
        .slot("y", Kind::U8)
        .renamed_from("x")
        .slot("z", Kind::U8)
        .renamed_from("x");
    let z = format!("slot 'z' of 'unit' {why}");
    assert_eq!(refused(&mut store, [both]), format!("{WHY}\n  {y}\n  {z}"));
    Ok(())
}

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Orc {
    #[slot(base)]
    unit: Unit,
    rage: u8,
}

#[test]
fn a_rust_type_whose_slots_would_change_is_named() -> Outcome {
    let mut store = Store::new();
    store.register::<Orc>()?;
    let id = store.spawn(Orc { unit: Unit { health: 1.0 }, rage: 2 })?;
    let unit = Schema::builder("unit").slot("health", Kind::F64);
    let error = refused(&mut store, [unit]);
    let name = std::any::type_name::<Unit>();
    let unit = format!(
        "schema 'unit' comes from the Rust type {name}, which would no longer match; change the type instead"
    );
    let orc = unit.replace("unit", "orc").replace("Unit", "Orc");
    assert_eq!(error, format!("{WHY}\n  {unit}\n  {orc}"));
    let health = || Schema::builder("unit").slot("health", Kind::F32);
    let changes = [
        health().slot("mana", Kind::U8).default(0),
        Schema::builder("unit").slot("hp", Kind::F32).renamed_from("health"),
        health().optional(),
    ];
    for changed in changes {
        assert_eq!(refused(&mut store, [changed]), error);
    }
    // It cannot extend another schema with the same slots either.
    let base = Schema::builder("base").slot("health", Kind::F32);
    let orc = Schema::builder("orc").extends("base").slot("rage", Kind::U8);
    assert!(refused(&mut store, [base, orc]).contains("Rust type"));
    assert_eq!(store.get_object::<Orc>(id)?.unit.health, 1.0);
    Ok(())
}

#[derive(SlotValue, Pod, Zeroable, Clone, Copy)]
#[repr(C)]
struct Color {
    channels: [u8; 3],
}

#[derive(SlotValue, Pod, Zeroable, Clone, Copy)]
#[repr(C)]
struct Tile {
    at: [u8; 3],
}

#[test]
fn bytes_of_one_type_do_not_convert_to_another_type() -> Outcome {
    let mut store = Store::new();
    store.register_schema(slot(Color::kind()).optional().build()?)?;
    let id = store.spawn_record("unit", record! {})?;
    migrate(&mut store, [slot(Tile::kind()).optional()])?;
    let key = store.key::<Option<Tile>>("unit", "x")?;
    store.set(id, key, Some(Tile { at: [1, 2, 3] }))?;
    assert!(refused(&mut store, [slot(Color::kind()).optional()]).contains("found bytes 3 bytes"));
    Ok(())
}

#[test]
fn references_are_checked_against_the_new_bases() -> Outcome {
    let mut store = Store::new();
    let unit = Schema::builder("unit");
    let orc = || Schema::builder("orc");
    let aim = || Schema::builder("tower").slot("aim", Kind::Object).references("unit");
    for schema in [unit, orc().extends("unit"), aim()] {
        store.register_schema(schema.build()?)?;
    }
    let orc_id = store.spawn_record("orc", record! {})?;
    let unit_id = store.spawn_record("unit", record! {})?;
    let tower = store.spawn_record("tower", record! { aim: orc_id })?;
    let dead = store.spawn_record("tower", record! { aim: unit_id })?;
    store.despawn(unit_id)?;
    let error = "slot 'aim' of 'tower' refers to an object of 'orc', expected one of 'unit' (1 object, such as 2:0:1)";
    assert_eq!(refused(&mut store, [orc()]), format!("{WHY}{error}"));
    // Both changes together are valid. A reference to a dead object does not block a migration.
    let plan = plan(&store, [orc(), aim().references("orc")])?;
    store.migrate(&plan)?;
    assert_eq!(store.get_value(tower, "aim")?, orc_id.into());
    assert_eq!(store.get_value(dead, "aim")?, unit_id.into());
    store.set_value(dead, "aim", unit_id)?; // unchanged, whatever the slot expects now
    let error = refused(&mut store, [aim()]);
    assert!(error.contains("refers to an object of 'orc', expected one of 'unit'"), "{error}");
    Ok(())
}

#[test]
fn a_dead_reference_hides_no_other_one() -> Outcome {
    let mut store = Store::new();
    let crew = || Schema::builder("crew").slot("members", Kind::list(Kind::Object));
    for schema in [Schema::builder("unit"), Schema::builder("rock"), crew()] {
        store.register_schema(schema.build()?)?;
    }
    let [unit, dead] = [(); 2].map(|()| store.spawn_record("unit", record! {}).expect("a unit"));
    let rock = store.spawn_record("rock", record! {})?;
    let id = store.spawn_record("crew", record! { members: [dead, rock, unit] })?;
    store.despawn(dead)?;
    let error = refused(&mut store, [crew().references("unit")]);
    assert!(
        error.contains("element 1 of slot 'members' of 'crew' refers to an object of 'rock'"),
        "{error}"
    );
    store.set_value(id, "members", [dead, unit])?;
    migrate(&mut store, [crew().references("unit")])?;
    assert_eq!(store.get_value(id, "members")?, [dead, unit].into());
    store.set_value(id, "members", [unit, dead])?;
    Ok(())
}

#[test]
fn contradictory_schemas_have_no_plan() -> Outcome {
    let mut limits = Limits::default();
    (limits.schemas, limits.slots_per_schema) = (3, 3);
    let mut store = Store::with_limits(limits);
    let (a, b) = (|| Schema::builder("a").slot("x", Kind::U8), || Schema::builder("b"));
    store.register_schema(a().build()?)?;
    store.register_schema(b().extends("a").build()?)?;
    let y = |schema: SchemaBuilder| schema.slot("y", Kind::U8);
    for (schemas, error) in [
        (vec![a().extends("b")], "schema 'a' extends itself through 'b'"),
        (vec![a().extends("a")], "schema 'a' extends itself through 'a'"),
        (
            vec![b().extends("c")],
            "schema 'b' extends 'c', which is not registered; register 'c' first",
        ),
        (vec![y(a()), y(b().extends("a"))], "schema 'b' declares slot 'y' twice"),
        (
            vec![a(), y(a())],
            "schema 'a' is declared twice, and differently: it has no slot 'y'; \
             keep one declaration",
        ),
        (
            vec![y(a()).slot("z", Kind::U8).slot("w", Kind::U8)],
            "schema 'a' has 4 slots; the limit is 3, raise 'Limits::slots_per_schema'",
        ),
        (
            vec![Schema::builder("c"), Schema::builder("d")],
            "schema 'd' exceeds the limit of 3 schemas; raise 'Limits::schemas'",
        ),
    ] {
        let error_of_plan = plan(&store, schemas).expect_err("there is no plan").to_string();
        assert_eq!(error_of_plan, error);
    }
    Ok(())
}

#[test]
fn a_plan_applies_to_its_own_store_until_that_changes() -> Outcome {
    let (mut store, ids) = store_of(slot(Kind::U8).optional(), [record! {}, record! {}])?;
    let (gone, kept) = (plan(&store, [Schema::builder("unit")])?, plan(&store, [slot(Kind::U16)])?);
    assert_eq!(kept.rejections().len(), 1);
    // A plan stays valid with more objects, but not if one would lose a value.
    store.spawn_record("unit", record! {})?;
    store.clone().migrate(&gone)?;
    store.set_value(ids[0], "x", 5)?;
    assert_eq!(store.migrate(&gone), Err(MigrationError::Outdated));
    // The conflict may be resolved before the migration.
    ids[1..].iter().try_for_each(|id| store.despawn(*id))?;
    let before = objects(&store);
    let Err(MigrationError::Rejected(rejections)) = store.migrate(&kept) else {
        panic!("one object has no value")
    };
    assert!(matches!(&*rejections, [MigrationRejection::NoValue { objects: 1, .. }]));
    assert_eq!(objects(&store), before);
    store.set_value(before[1].0, "x", 6)?;
    store.migrate(&kept)?;
    assert_eq!(store.migrate(&kept), Err(MigrationError::Outdated), "already migrated");
    Ok(())
}

#[test]
fn a_reference_that_was_never_given_out_is_refused() -> Outcome {
    let target = || Schema::builder("unit").slot("target", Kind::Object).optional();
    let (mut store, _) = store_of(target(), [record! {}])?;
    let unit = store.ids().next().ok_or("no unit")?;
    let key = store.key::<Option<ObjectId>>("unit", "target")?;
    let forged = ObjectId::from_bits(7 << 32).ok_or("an odd generation")?;
    store.column_mut(key)?.set(unit, Some(forged));
    assert!(store.validate().is_err());
    let why = refused(&mut store, [target().references("unit")]);
    assert!(why.contains("target") && why.contains("never"), "{why}");
    Ok(())
}
