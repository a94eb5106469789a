//! The parts of a store that an engine lends to views by its own rules.

use std::error::Error;

use slotted::lend::{StoreParts, ViewColumns, Wanted};
use slotted::{Kind, List, Schema, SchemaId, Slotted, Store, Text, View};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    name: Text,
    health: f32,
}

#[derive(View)]
#[allow(dead_code, reason = "nothing is lent to it")]
struct Healing<'a> {
    health: &'a mut f32,
    name: Option<&'a Text>,
}

/// Returns the schemas whose rows the view wants.
fn schemas(columns: &ViewColumns<Healing<'_>>) -> Vec<SchemaId> {
    let rows = columns.wanted().iter().filter_map(|wanted| match wanted {
        Wanted::Rows(schema) => Some(*schema),
        _ => None,
    });
    rows.collect()
}

/// Registers a schema with a slot `health` and without names.
fn register(store: &mut Store, name: &str) -> Result<SchemaId, Box<dyn Error>> {
    let schema = Schema::builder(name).slot("height", Kind::F32).slot("health", Kind::F32);
    Ok(store.register_schema(schema.build()?)?)
}

#[test]
fn the_parts_know_the_texts_lists_and_schemas_of_their_store() -> Outcome {
    let mut store = Store::new();
    let unit = store.register::<Unit>()?;
    let (name, list) = (store.intern_text("Ada")?, store.intern_list(&[1_u16, 2])?);
    let parts: StoreParts = store.parts();
    store.intern_text("later")?;
    let later = store.register_schema(Schema::builder("later").build()?)?;
    assert_eq!((parts.find_text("Ada"), parts.find_text("Bob")), (Some(name), None));
    assert_eq!((parts.find_text(""), parts.find_text("later")), (Some(Text::EMPTY), None));
    assert_eq!(parts.resolve(name), Some("Ada"));
    assert_eq!(parts.resolve_list(list), Some(&[1, 2][..]));
    assert_eq!(parts.resolve_list(List::<u16>::EMPTY), Some(&[][..]));
    assert_eq!(parts.schema("unit").map(|schema| schema.id()), Some(unit));
    assert_eq!(parts.schema_by_id(unit).map(|schema| schema.name()), Some("unit"));
    assert!(parts.schema("later").is_none() && parts.schema_by_id(later).is_none());
    assert_eq!(parts.schemas().map(|schema| schema.id()).collect::<Vec<_>>(), [unit]);
    assert_eq!((parts.rows(unit).is_some(), parts.rows(later).is_some()), (true, false));
    let columns = [0, 1, 2].map(|slot| parts.column(unit, slot));
    assert!(columns[0].is_some() && columns[1].is_some() && columns[2].is_none());
    assert_ne!(columns[0], columns[1]);
    Ok(())
}

#[test]
fn an_update_examines_new_schemas_once() -> Outcome {
    let mut store = Store::new();
    let unit = store.register::<Unit>()?;
    let mut columns = ViewColumns::<Healing>::default();
    assert_eq!(columns.wanted(), []);
    assert_eq!(columns.update(&store.parts()), Ok(true));
    let own = [Wanted::Rows(unit), Wanted::Read(unit, 0), Wanted::Written(unit, 1)];
    assert_eq!(columns.wanted(), own);
    assert_eq!(columns.update(&store.parts()), Ok(false));
    assert_eq!(columns.wanted(), own);

    store.register_schema(Schema::builder("marker").build()?)?;
    assert_eq!(columns.update(&store.parts()), Ok(true));
    assert_eq!(columns.wanted(), own, "it does not match");
    let wall = register(&mut store, "wall")?;
    assert_eq!(columns.update(&store.parts()), Ok(true));
    assert_eq!(columns.wanted()[..3], own);
    assert_eq!(columns.wanted()[3..], [Wanted::Rows(wall), Wanted::Written(wall, 1)]);
    assert_eq!(format!("{columns:?}"), "ViewColumns { schemas: 2, .. }");
    assert_eq!(columns.update(&store.parts()), Ok(false));
    Ok(())
}

#[test]
fn slots_of_another_kind_are_skipped_as_the_view_skips_them() -> Outcome {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.register_schema(Schema::builder("wall").slot("health", Kind::U8).build()?)?;
    let mut columns = ViewColumns::<Healing>::default();
    columns.update(&store.parts())?;
    assert_eq!(columns.skipped().len(), 1);
    assert_eq!(columns.skipped(), store.view_report::<Healing>().skipped());
    Ok(())
}

/// The flags of an optional slot are read to find the set values, which are written.
#[test]
fn a_slot_that_is_tested_and_written_is_wanted_for_writing() -> Outcome {
    #[derive(View)]
    #[allow(dead_code, reason = "nothing is lent to it")]
    struct Mending<'a> {
        #[slot(set)]
        shield: &'a mut f32,
    }
    let mut store = Store::new();
    let schema = Schema::builder("unit").slot("shield", Kind::F32).optional();
    let unit = store.register_schema(schema.build()?)?;
    let mut columns = ViewColumns::<Mending>::default();
    columns.update(&store.parts())?;
    assert_eq!(columns.wanted(), [Wanted::Rows(unit), Wanted::Written(unit, 0)]);
    Ok(())
}

#[test]
fn an_update_begins_again_for_another_store_and_after_a_migration() -> Outcome {
    let (mut store, mut other) = (Store::new(), Store::new());
    let unit = store.register::<Unit>()?;
    // All names of the view must be known, so another schema has texts.
    other.register_schema(Schema::builder("sign").slot("name", Kind::Text).build()?)?;
    let wall = register(&mut other, "wall")?;
    let mut columns = ViewColumns::<Healing>::default();
    columns.update(&store.parts())?;
    assert_eq!(schemas(&columns), [unit]);
    assert_eq!(columns.update(&other.parts()), Ok(true));
    assert_eq!(schemas(&columns), [wall]);
    assert_eq!(columns.update(&other.parts()), Ok(false));

    let shorter = Schema::builder("wall").slot("health", Kind::F32).build()?;
    let plan = other.plan_migration([shorter])?;
    other.migrate(&plan)?;
    assert_eq!(columns.update(&other.parts()), Ok(true));
    assert_eq!(columns.wanted(), [Wanted::Rows(wall), Wanted::Written(wall, 0)]);
    assert_eq!(columns.update(&store.parts()), Ok(true));
    assert_eq!(schemas(&columns), [unit]);
    Ok(())
}

#[test]
fn an_update_fails_as_the_view_would() -> Outcome {
    let mut store = Store::new();
    let mut columns = ViewColumns::<Healing>::default();
    assert!(columns.update(&store.parts()).is_err(), "no schemas");
    store.register_schema(Schema::builder("marker").build()?)?;
    assert!(columns.update(&store.parts()).is_err(), "no schema matches");
    assert_eq!(columns.wanted(), []);
    store.register::<Unit>()?;
    assert_eq!(columns.update(&store.parts()), Ok(true));
    Ok(())
}
