//! Tests schema selectors: a name selects the schema and its extensions, `exactly` selects only the schema.

use std::error::Error;

use slotted::{
    AccessError, Kind, ObjectId, Schema, Slotted, Store, View, ViewError, exactly, record,
};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    #[slot(range = 0.0..=500.0)]
    health: f32,
    shield: Option<u8>,
}

#[derive(View)]
struct Healing<'a> {
    id: ObjectId,
    health: &'a mut f32,
}

#[derive(View)]
struct Healthy<'a> {
    id: ObjectId,
    health: &'a f32,
}

/// A store with a unit, a rock, an orc, which extends the unit, and a chief, which extends the orc.
struct World {
    store: Store,
    unit: ObjectId,
    rock: ObjectId,
    orc: ObjectId,
    chief: ObjectId,
}

fn world() -> Result<World, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let rock = Schema::builder("rock").slot("health", Kind::F32).slot("shield", Kind::U8);
    store.register_schema(rock.optional().build()?)?;
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).default(0.0);
    store.register_schema(orc.build()?)?;
    store.register_schema(Schema::builder("chief").extends("orc").build()?)?;
    Ok(World {
        unit: store.spawn(Unit { health: 1.0, shield: None })?,
        rock: store.spawn_record("rock", record! { health: 2.0 })?,
        orc: store.spawn_record("orc", record! { health: 3.0, shield: 7 })?,
        chief: store.spawn_record("chief", record! { health: 4.0 })?,
        store,
    })
}

#[test]
fn counts_ids_and_schemas() -> Outcome {
    let World { store, unit, orc, chief, .. } = world()?;
    assert_eq!(store.len_of("unit")?, 3);
    assert_eq!(store.len_of("orc")?, 2);
    assert_eq!(store.len_of(exactly("unit"))?, 1);
    assert_eq!(store.len_of(&String::from("chief"))?, 1);
    assert!(store.ids_of("unit")?.eq([unit, orc, chief]));
    assert!(store.ids_of("orc")?.eq([orc, chief]));
    assert!(store.ids_of(exactly("orc"))?.eq([orc]));
    let names = |schemas: Vec<&str>| schemas.join(" ");
    assert_eq!(names(store.schemas_of("unit")?.map(|one| one.name()).collect()), "unit orc chief");
    assert_eq!(names(store.schemas_of(exactly("orc"))?.map(|one| one.name()).collect()), "orc");
    for selector in ["orx".into(), exactly("orx")] {
        let error = store.len_of(selector).unwrap_err().to_string();
        assert_eq!(error, "no schema 'orx' is registered; did you mean 'orc'?");
    }
    Ok(())
}

#[test]
fn clearing() -> Outcome {
    let World { mut store, unit, rock, orc, chief } = world()?;
    store.clear_of(exactly("unit"))?;
    assert!(store.ids().eq([rock, orc, chief]));
    let World { mut store, .. } = world()?;
    store.clear_of("orc")?;
    assert!(store.ids().eq([unit, rock]));
    let World { mut store, .. } = world()?;
    store.clear_of("unit")?;
    assert!(store.ids().eq([rock]));
    Ok(())
}

#[test]
fn keys() -> Outcome {
    let World { mut store, unit, rock, orc, chief } = world()?;
    let family = store.key::<f32>("unit", "health")?;
    let values = [unit, rock, orc, chief].map(|id| store.get(id, family));
    assert_eq!(values, [Some(1.0), None, Some(3.0), Some(4.0)]);
    let exact = store.key::<f32>(exactly("unit"), "health")?;
    let values = [unit, rock, orc, chief].map(|id| store.get(id, exact));
    assert_eq!(values, [Some(1.0), None, None, None]);

    store.set(chief, family, 5.0)?;
    store.set(unit, exact, 6.0)?;
    let error = store.set(chief, exact, 7.0).unwrap_err();
    assert!(matches!(error, AccessError::WrongSchema { .. }), "{error}");
    assert!(matches!(store.set(rock, family, 7.0), Err(AccessError::WrongSchema { .. })));
    assert_eq!((store.get(unit, family), store.get(chief, family)), (Some(6.0), Some(5.0)));
    Ok(())
}

#[test]
fn columns() -> Outcome {
    let World { mut store, unit, rock, orc, chief } = world()?;
    let all = [unit, rock, orc, chief];
    let family = store.key::<f32>("unit", "health")?;
    let exact = store.key::<f32>(exactly("unit"), "health")?;
    let shields = store.key::<Option<u8>>("unit", "shield")?;

    let column = store.column(family)?;
    assert_eq!(all.map(|id| column.get(id)), [Some(1.0), None, Some(3.0), Some(4.0)]);
    assert_eq!(column.runs().map(|run| run.to_vec()).collect::<Vec<_>>(), [[1.0], [3.0], [4.0]]);
    assert_eq!(column.clone().get(chief), Some(4.0));
    let column = store.column(exact)?;
    assert_eq!(all.map(|id| column.get(id)), [Some(1.0), None, None, None]);
    assert_eq!(column.runs().map(|run| run.to_vec()).collect::<Vec<_>>(), [[1.0]]);
    let column = store.column(shields)?;
    assert_eq!(all.map(|id| column.get(id)), [Some(None), None, Some(Some(7)), Some(None)]);

    let mut column = store.column_mut(family)?;
    assert_eq!(all.map(|id| column.get(id)), [Some(1.0), None, Some(3.0), Some(4.0)]);
    assert_eq!(all.map(|id| column.set(id, 10.0)), [true, false, true, true]);
    *column.get_mut(chief).ok_or("it is a unit")? = 40.0;
    assert!(column.get_mut(rock).is_none());
    let mut seen = Vec::new();
    column.for_each_run(|run| {
        seen.extend_from_slice(run);
        run.iter_mut().for_each(|health| *health += 1.0);
    });
    assert_eq!(seen, [10.0, 10.0, 40.0]);
    let mut column = store.column_mut(exact)?;
    assert_eq!(all.map(|id| column.set(id, 20.0)), [true, false, false, false]);
    let mut column = store.column_mut(shields)?;
    assert_eq!(all.map(|id| column.set(id, Some(1))), [true, false, true, true]);

    let column = store.column(family)?;
    assert_eq!(all.map(|id| column.get(id)), [Some(20.0), None, Some(11.0), Some(41.0)]);
    store.despawn(orc)?;
    let column = store.column(family)?;
    assert_eq!(all.map(|id| column.get(id)), [Some(20.0), None, None, Some(41.0)]);
    Ok(())
}

#[test]
fn a_column_of_an_extension_excludes_its_base() -> Outcome {
    let World { mut store, unit, rock, orc, chief } = world()?;
    let key = store.key::<f32>("orc", "health")?;
    let column = store.column(key)?;
    let all = [unit, rock, orc, chief];
    assert_eq!(all.map(|id| column.get(id)), [None, None, Some(3.0), Some(4.0)]);
    let mut column = store.column_mut(key)?;
    assert_eq!(all.map(|id| column.set(id, 1.0)), [false, false, true, true]);
    Ok(())
}

#[test]
fn objects_as_rust_types() -> Outcome {
    let World { mut store, unit, rock, orc, chief } = world()?;
    let ids: Vec<ObjectId> = store.objects::<Unit>()?.map(|(id, _)| id).collect();
    assert_eq!(ids, [unit, orc, chief]);
    let healths: Vec<f32> = store.objects::<Unit>()?.map(|(_, unit)| unit.health).collect();
    assert_eq!(healths, [1.0, 3.0, 4.0]);
    assert!(store.objects_of::<Unit>(exactly("unit"))?.map(|(id, _)| id).eq([unit]));
    assert!(store.objects_of::<Unit>("orc")?.map(|(id, _)| id).eq([orc, chief]));
    let error = store.objects_of::<Unit>("rock").map(drop).unwrap_err();
    assert_eq!(error.to_string(), "schema 'rock' neither is nor extends 'unit'");

    assert_eq!(store.get_object::<Unit>(orc)?, Unit { health: 3.0, shield: Some(7) });
    store.set_object(chief, Unit { health: 9.0, shield: Some(1) })?;
    assert_eq!(store.get_object::<Unit>(chief)?, Unit { health: 9.0, shield: Some(1) });
    assert!(matches!(store.get_object::<Unit>(rock), Err(AccessError::WrongSchema { .. })));
    let set = store.set_object(rock, Unit { health: 9.0, shield: None });
    assert!(matches!(set, Err(AccessError::WrongSchema { .. })));
    Ok(())
}

#[test]
fn views_of_named_schemas() -> Outcome {
    let World { mut store, unit, rock, orc, chief } = world()?;
    assert_eq!(store.view::<Healing>()?.count(), 4, "a view matches by slots alone");
    let ids = |store: &mut Store, schema: &str| -> Result<Vec<ObjectId>, ViewError> {
        Ok(store.view_of::<Healing>(schema)?.iter().map(|one| one.id).collect())
    };
    assert_eq!(ids(&mut store, "unit")?, [unit, orc, chief]);
    assert_eq!(ids(&mut store, "rock")?, [rock]);
    assert_eq!(store.view_of::<Healing>(exactly("orc"))?.count(), 1);
    store.view_of::<Healing>("orc")?.for_each(|one| *one.health += 10.0);
    let healths: Vec<f32> =
        store.view_ref_of::<Healthy>("unit")?.iter().map(|one| *one.health).collect();
    assert_eq!(healths, [1.0, 13.0, 14.0]);
    assert!(store.view_ref_of::<Healthy>(exactly("unit"))?.iter().map(|one| one.id).eq([unit]));
    assert!(store.view_of::<Healing>("orc")?.get(chief).is_some());
    assert!(store.view_of::<Healing>("orc")?.get(unit).is_none());
    Ok(())
}

#[test]
fn a_snapshot_reads_by_the_same_rule() -> Outcome {
    let World { mut store, unit, orc, .. } = world()?;
    let health = store.key::<f32>("unit", "health")?;
    let before = store.snapshot();
    store.clear_of("unit")?;
    assert_eq!((store.len_of("unit")?, before.len_of("unit")?), (0, 3));
    let column = before.column(health)?;
    assert_eq!((column.get(unit), column.get(orc)), (Some(1.0), Some(3.0)));
    assert_eq!(before.objects::<Unit>()?.count(), 3);
    Ok(())
}

/// A migration lets a schema extend one that was registered later.
#[test]
fn a_base_can_be_registered_after_its_extensions() -> Outcome {
    let mut store = Store::new();
    let orc = || Schema::builder("orc");
    store.register_schema(orc().slot("health", Kind::F32).build()?)?;
    store.register_schema(Schema::builder("rock").slot("weight", Kind::F32).build()?)?;
    let orc_id = store.spawn_record("orc", record! { health: 3.0 })?;
    assert_eq!(store.len_of("orc")?, 1);
    let unit = Schema::builder("unit").slot("health", Kind::F32).build()?;
    let plan = store.plan_migration([unit, orc().extends("unit").build()?])?;
    store.migrate(&plan)?;
    let elf = Schema::builder("elf").extends("unit").build()?;
    store.register_schema(elf)?;
    let unit_id = store.spawn_record("unit", record! { health: 1.0 })?;
    let elf_id = store.spawn_record("elf", record! { health: 2.0 })?;

    assert!(store.ids_of("unit")?.eq([orc_id, unit_id, elf_id]), "in registration order");
    let key = store.key::<f32>("unit", "health")?;
    let column = store.column(key)?;
    let all = [orc_id, unit_id, elf_id];
    assert_eq!(all.map(|id| column.get(id)), [Some(3.0), Some(1.0), Some(2.0)]);
    assert!(column.runs().flatten().eq(&[3.0, 1.0, 2.0]));
    let mut seen = Vec::new();
    store.column_mut(key)?.for_each_run(|run| seen.extend_from_slice(run));
    assert_eq!(seen, [3.0, 1.0, 2.0]);

    let alone = orc().slot("health", Kind::F32).build()?;
    let plan = store.plan_migration([alone])?;
    store.migrate(&plan)?;
    assert!(store.ids_of("unit")?.eq([unit_id, elf_id]), "the orc no longer extends the unit");
    Ok(())
}

#[test]
fn an_extension_may_have_other_defaults() -> Outcome {
    let unit = || Schema::builder("unit").slot("health", Kind::F32).default(100);
    let orc = || Schema::builder("orc").extends("unit").inherited_default("health", 150);
    let mut store = Store::new();
    store.register_schema(unit().build()?)?;
    store.register_schema(orc().build()?)?;
    store.register_schema(Schema::builder("chief").extends("orc").build()?)?;
    let chief = store.spawn_record("chief", record! {})?;
    assert_eq!(store.get_value(chief, "health")?, 150.0_f32.into());
    assert_eq!(store.schema("orc").ok_or("no orc")?.to_schema(), orc().build()?);

    let error = store.register_schema(orc().inherited_default("health", 9).build()?).unwrap_err();
    assert_eq!(
        error.to_string(),
        "another schema 'orc' is registered: its default of 'health' is 150, the new one's is 9"
    );
    let elf = Schema::builder("elf").extends("unit").inherited_default("mana", 1).build()?;
    assert_eq!(
        store.register_schema(elf).unwrap_err().to_string(),
        "schema 'elf' inherits no slot 'mana' whose default it could change"
    );
    // New objects have the new default, living ones keep their values.
    let plan = store.plan_migration([orc().inherited_default("health", 9).build()?])?;
    store.migrate(&plan)?;
    assert_eq!(store.get_value(chief, "health")?, 150.0_f32.into());
    let grunt = store.spawn_record("orc", record! {})?;
    assert_eq!(store.get_value(grunt, "health")?, 9.0_f32.into());
    Ok(())
}
