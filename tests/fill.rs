//! Tables that are filled from memory, by copies and by blocks that were read into.

use slotted::raw::FillError;
use slotted::{Kind, ObjectId, Schema, SchemaId, Store, Value, bytemuck};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn world() -> Result<(Store, SchemaId), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    // The handles of texts that come later are not the first ones.
    store.intern_text("known before")?;
    let unit = Schema::builder("unit")
        .slot("health", Kind::F32)
        .slot("job", Kind::enumeration(["farmer", "smith"]))
        .slot("rage", Kind::U32)
        .optional()
        .slot("name", Kind::Text);
    let unit = store.register_schema(unit.build()?)?;
    Ok((store, unit))
}

const HEALTH: [f32; 4] = [1.5, 2.5, f32::NAN, 4.5];
const RAGE: [u32; 4] = [7, 8, 9, 10];

/// Fills a block of four rows, of which the third is free and the last has no rage.
fn fill(is_moved: bool, jobs: [u8; 4]) -> Result<Store, Box<dyn std::error::Error>> {
    let (mut store, unit) = world()?;
    let mut table = store.fill_table(unit)?;
    let names = [table.text("Ada")?, table.text("")?, u32::MAX, table.text("Bob")?];
    table.next_block(&[1, 3, 4, 1])?;
    let set = Some(&[0b0011][..]);
    let columns: [&[u8]; 3] = [bytemuck::cast_slice(&HEALTH), &jobs, bytemuck::cast_slice(&RAGE)];
    for (slot, bytes) in columns.into_iter().enumerate() {
        let set = if slot == 2 { set } else { None };
        if is_moved {
            let mut memory = table.memory(slot, 4).ok_or("any bytes are a value")?;
            assert_eq!(memory.bytes(), vec![0; bytes.len()]);
            memory.bytes_mut().copy_from_slice(bytes);
            table.block(slot, memory, set)?;
        } else {
            table.cells(slot, bytes, set)?;
        }
    }
    assert!(table.memory(3, 4).is_none(), "not any bytes are the handle of a text");
    table.cells(3, bytemuck::cast_slice(&names), None)?;
    table.finish()?;
    Ok(store)
}

/// Fillers of dead rows and unset slots, seen as another engine sees them.
fn memory(store: &mut Store, slot: usize) -> Vec<u8> {
    let snapshot = store.snapshot();
    let table = snapshot.raw().tables().next();
    let cells = table.and_then(|table| table.cells(slot, 0));
    cells.map(|cells| cells.as_ref().to_vec()).unwrap_or_default()
}

#[test]
fn moved_blocks_and_copies_are_the_same() -> Outcome {
    // A dead row may have any byte.
    let (mut copied, mut moved) = (fill(false, [0, 1, 77, 1])?, fill(true, [0, 1, 77, 1])?);
    assert_eq!(copied.state_hash(), moved.state_hash());
    for slot in 0..4 {
        assert_eq!(memory(&mut copied, slot), memory(&mut moved, slot), "slot {slot}");
    }
    let health = [1.5_f32, 2.5, 0.0, 4.5];
    assert_eq!(memory(&mut moved, 0), bytemuck::cast_slice::<_, u8>(&health));
    assert_eq!(memory(&mut moved, 1), [0, 1, 0, 1]);
    assert_eq!(memory(&mut moved, 2), bytemuck::cast_slice::<u32, u8>(&[7, 8, 0, 0]));
    let ids: Vec<ObjectId> = moved.ids().collect();
    let names = ids.iter().map(|id| moved.get_value(*id, "name"));
    assert_eq!(names.collect::<Result<Vec<_>, _>>()?, ["Ada".into(), "".into(), "Bob".into()]);
    assert_eq!(moved.get_value(ids[2], "rage")?, Value::Unset);
    Ok(())
}

#[test]
fn a_variant_that_does_not_exist_is_refused_in_a_living_row() {
    for is_moved in [false, true] {
        let error = fill(is_moved, [0, 1, 0, 2]).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("slot 'job' has no valid value in row 3"));
    }
}

#[test]
fn handles_that_nobody_returned_are_refused() -> Outcome {
    let (mut store, unit) = world()?;
    let mut table = store.fill_table(unit)?;
    let known = table.text("known before")?;
    let new = table.text("new")?;
    table.next_block(&[1, 1, 1])?;
    for (names, bad) in [([known, new + 1, 0], 1), ([0, new, u32::MAX], 2)] {
        let error = table.cells(3, bytemuck::cast_slice(&names), None).unwrap_err();
        assert_eq!(error.to_string(), format!("slot 'name' has no valid value in row {bad}"));
    }
    table.cells(3, bytemuck::cast_slice(&[new, known, 0]), None)?;
    Ok(())
}

#[test]
fn memory_that_does_not_fit_is_refused() -> Outcome {
    let (mut store, unit) = world()?;
    let mut table = store.fill_table(unit)?;
    let memory = |table: &slotted::raw::TableFill<'_>, slot, rows| {
        table.memory(slot, rows).ok_or("any bytes are a value")
    };
    let early = memory(&table, 0, 2)?;
    assert_eq!(table.block(0, early, None), Err(FillError::Unknown), "no block yet");
    table.next_block(&[1, 1])?;
    let other = memory(&table, 2, 2)?;
    let error = table.block(0, other, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the memory is not for slot 'health': its values have another type"
    );
    let short = memory(&table, 0, 1)?;
    let error = table.block(0, short, None).unwrap_err();
    assert_eq!(error.to_string(), "slot 'health' has 1 rows, expected 2");
    let right = memory(&table, 0, 2)?;
    table.block(0, right.for_rows(2), None)?;
    assert!(table.block(0, right, None).is_err(), "it has its values");
    assert_eq!(memory(&table, 0, 1 << 40)?.bytes().len(), 4 * slotted::memory::BLOCK_ROWS);
    assert!(table.memory(99, 1).is_none());
    Ok(())
}
