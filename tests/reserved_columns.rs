//! Values of reserved objects by columns: what is checked, and what is written.

use std::error::Error;

use slotted::bytemuck::cast_slice;
use slotted::raw::{ColumnCells, WriteColumnsError};
use slotted::{Kind, ObjectId, Schema, Store, Value, View, record};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(View)]
struct Numbers<'a> {
    x: &'a u32,
}

/// Creates a store with `unit`, which has one slot of this kind.
fn store(kind: Kind) -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register_schema(Schema::builder("unit").slot("x", kind).build()?)?;
    Ok(store)
}

const fn all(cells: &[u8]) -> Option<ColumnCells<'_>> {
    Some(ColumnCells { cells, given: None })
}

/// Writes one column of `unit`, and returns the bits of the refused objects.
fn refused(store: &mut Store, objects: usize, cells: &[u8]) -> Result<Vec<u64>, Box<dyn Error>> {
    let mut reserved = store.reserve_ids(vec!["unit"; objects])?;
    match reserved.write_columns(0..objects, |_, _| all(cells)) {
        Ok(()) => Ok(Vec::new()),
        Err(WriteColumnsError::Refused(refused)) => Ok(refused.of_slot(0).to_vec()),
        Err(error) => Err(error.into()),
    }
}

#[test]
fn memory_that_is_no_value_is_refused() -> Outcome {
    assert_eq!(refused(&mut store(Kind::Bool)?, 3, &[0, 2, 1])?, [0b010]);
    let jobs = Kind::enumeration(["farmer", "soldier"]);
    assert_eq!(refused(&mut store(jobs)?, 3, &[1, 0, 2])?, [0b100]);
    assert_eq!(refused(&mut store(Kind::Object)?, 1, &[0; 8])?, [1], "no id has these bits");

    let mut texts = store(Kind::Text)?;
    let ada: u32 = slotted::bytemuck::cast(texts.intern_text("Ada")?);
    assert_eq!(refused(&mut texts, 3, cast_slice(&[ada, 0, ada + 1]))?, [0b100]);

    let mut lists = store(Kind::list(Kind::U16))?;
    lists.intern_list(&[1_u16])?;
    lists.intern_list(&[1_i16])?;
    let (right, other) = (1_u32, 2_u32);
    assert_eq!(refused(&mut lists, 3, cast_slice(&[other, right, 0]))?, [0b001]);
    Ok(())
}

#[test]
fn columns_of_the_wrong_length_are_errors() -> Outcome {
    let mut store = store(Kind::F32)?;
    for bytes in [0, 7, 12] {
        let error = refused(&mut store, 2, &vec![0; bytes]).unwrap_err().to_string();
        assert_eq!(error, format!("slot 'x' has {bytes} bytes of values, expected 8"));
    }
    Ok(())
}

#[test]
fn constraints_hold_for_numbers_arrays_and_elements_of_lists() -> Outcome {
    let mut store = Store::new();
    let unit = Schema::builder("unit")
        .slot("health", Kind::F32)
        .range(0.0..=100.0)
        .slot("pair", Kind::Array(slotted::schema::NumberKind::I16, 2))
        .step(5)
        .slot("drops", Kind::list(Kind::U8))
        .range(..=10);
    let unit = store.register_schema(unit.build()?)?;
    let mut reserved = store.reserve_ids(["unit"; 3])?;
    let health = [1.0_f32, f32::NAN, 100.5];
    let pairs = [5_i16, 10, 0, 0, 15, 16];
    let mut drops = Vec::new();
    for list in [&[][..], &[10, 11], &[10]] {
        drops.push(reserved.list(unit, 2, list)?.ok_or("bytes are u8")?);
    }
    let columns: [&[u8]; 3] = [cast_slice(&health), cast_slice(&pairs), cast_slice(&drops)];
    let written = reserved.write_columns(0..3, |slot, _| all(columns[slot]));
    let Err(WriteColumnsError::Refused(refused)) = written else { return Err("refused".into()) };
    assert_eq!([0, 1, 2].map(|slot| refused.of_slot(slot)), [&[0b110][..], &[0b100], &[0b010]]);
    assert_eq!(refused.count(), 4);
    assert_eq!(refused.to_string(), "slots refuse 4 values of these columns");
    Ok(())
}

#[test]
fn references_lead_to_reserved_and_living_objects_of_the_right_schema() -> Outcome {
    let mut store = Store::new();
    store.register_schema(Schema::builder("tile").build()?)?;
    let unit = Schema::builder("unit").slot("friend", Kind::Object).references("unit").optional();
    store.register_schema(unit.build()?)?;
    let tile = store.spawn_record("tile", record! {})?;
    let old = store.spawn_record("unit", record! {})?;
    let mut reserved = store.reserve_ids(["unit"; 4])?;
    let ids = reserved.ids().to_vec();
    let never = ObjectId::from_bits(old.to_bits() + 1000).ok_or("an id")?;
    let friends = [ids[3], tile, never, old].map(ObjectId::to_bits);
    let written = reserved.write_columns(0..4, |_, _| all(cast_slice(&friends)));
    let Err(WriteColumnsError::Refused(refused)) = written else { return Err("refused".into()) };
    assert_eq!(refused.of_slot(0), [0b0110]);
    let problem = reserved.problem(1, 0, &tile.into()).ok_or("a tile")?;
    assert!(problem.to_string().starts_with("record 1: slot 'friend' of 'unit'"), "{problem}");

    let given = Some(&[0b1001_u64][..]);
    reserved
        .write_columns(0..4, |_, _| Some(ColumnCells { cells: cast_slice(&friends), given }))?;
    reserved.spawn()?;
    let friends = ids.iter().map(|id| store.get_value(*id, "friend"));
    let friends = friends.collect::<Result<Vec<_>, _>>()?;
    assert_eq!(friends, [ids[3].into(), Value::Unset, Value::Unset, old.into()]);
    Ok(())
}

#[test]
fn objects_without_a_value_get_the_default_or_are_unset() -> Outcome {
    let mut store = Store::new();
    let unit = Schema::builder("unit")
        .slot("name", Kind::Text)
        .default("Bob")
        .slot("rage", Kind::U8)
        .default(7)
        .optional()
        .slot("age", Kind::U8);
    store.register_schema(unit.build()?)?;
    let mut reserved = store.reserve_ids(["unit"; 2])?;
    let none = [0_u64];
    let nothing = |slot: usize, _: &slotted::schema::Slot| match slot {
        0 => None,
        1 => Some(ColumnCells { cells: &[1, 1], given: Some(&none) }),
        _ => all(&[1, 2]),
    };
    reserved.write_columns(0..2, nothing)?;
    let missing = reserved.write_columns(1..2, |slot, slots| match slot {
        2 => None,
        _ => nothing(slot, slots).filter(|_| slot != 1),
    });
    assert!(
        matches!(missing, Err(WriteColumnsError::Refused(refused)) if refused.of_slot(2) == [1])
    );
    let error = reserved.spawn().unwrap_err();
    assert_eq!(error.to_string(), "record 1: 'unit' object needs a value for slot 'age' (u8)");

    let mut reserved = store.reserve_ids(["unit"; 2])?;
    reserved.write_columns(0..1, |slot, _| all(&[9]).filter(|_| slot == 2))?;
    reserved.write_columns(1..2, |slot, _| match slot {
        1 => Some(ColumnCells { cells: &[1], given: Some(&none) }),
        _ => all(&[8]).filter(|_| slot == 2),
    })?;
    let ids = reserved.spawn()?;
    assert_eq!(store.get_record(ids[0])?, record! { name: "Bob", rage: 7, age: 9 });
    assert_eq!(store.get_record(ids[1])?, record! { name: "Bob", age: 8 });
    Ok(())
}

#[test]
#[should_panic(expected = "the objects have one schema")]
fn objects_of_several_schemas_have_no_columns_in_common() {
    let mut store = store(Kind::U8).expect("valid");
    store.register_schema(Schema::builder("tile").build().expect("valid")).expect("new");
    let mut reserved = store.reserve_ids(["unit", "tile"]).expect("few");
    let _ = reserved.write_columns(0..2, |_, _| all(&[1, 1]));
}

#[test]
fn holes_and_new_rows_of_shared_blocks_are_written_and_tracked() -> Outcome {
    let mut store = store(Kind::U32)?;
    store.track_changes("unit", "x")?;
    let ids: Vec<_> = store.spawn_records("unit", vec![record! { x: 1 }; 10_000])?.collect();
    ids.iter().step_by(3).try_for_each(|id| store.despawn(*id))?;
    let snapshot = store.snapshot();
    let epoch = snapshot.epoch();
    let mut reserved = store.reserve_ids(vec!["unit"; 9000])?;
    let numbers: Vec<u32> = (0..9000).collect();
    reserved.write_columns(0..9000, |_, _| all(cast_slice(&numbers)))?;
    let new = reserved.spawn()?;
    for (number, id) in new.iter().enumerate() {
        assert_eq!(store.get_value(*id, "x")?, (number as u32).into());
    }
    assert_eq!(store.get_value(ids[1], "x")?, 1.into(), "others keep their values");
    assert_eq!(store.view::<Numbers>()?.changed_since(epoch).count(), new.len());
    store.restore(&snapshot)?;
    assert_eq!(store.len(), 10_000 - ids.iter().step_by(3).count());
    Ok(())
}
