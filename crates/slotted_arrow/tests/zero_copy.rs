//! Record batches share the memory of the store: the same addresses, block by block.

use arrow_array::{Array, RecordBatch};
use slotted::bytemuck::{CheckedBitPattern, NoUninit};
use slotted::glam::{Mat4, Quat, Vec3};
use slotted::{Kind, ObjectId, Schema, SlotValue, Store, Text, Value, record};
use slotted_arrow::{SchemaBatches, record_batches};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Two blocks of units, the second one only in part.
fn world() -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit")
        .slot("health", Kind::F32)
        .slot("age", Kind::U16)
        .slot("position", Kind::Vec3)
        .slot("turn", Kind::Quat)
        .slot("place", Kind::Mat4)
        .slot("name", Kind::Text)
        .slot("home", Kind::Object);
    store.register_schema(unit.build()?)?;
    store.register_schema(Schema::builder("town").build()?)?;
    let home = store.spawn_record("town", record! {})?;
    let unit = record! {
        home: home, health: 1.0, age: 3, position: Vec3::X, turn: Quat::IDENTITY, place: Mat4::IDENTITY, name: "Ada",
    };
    store.spawn_records("unit", vec![unit; 9000])?;
    Ok(store)
}

/// Returns the addresses of a column's blocks in the store.
fn of_store<T: SlotValue>(
    store: &Store,
    slot: &str,
) -> Result<Vec<usize>, Box<dyn std::error::Error>> {
    let column = store.column(store.key::<T>("unit", slot)?)?;
    Ok(column.blocks().map(|block| block.values().as_ptr().addr()).collect())
}

/// Returns the addresses of a column's values in batches: of the innermost numbers or keys.
fn of_batches(batches: &[RecordBatch], slot: &str) -> Vec<usize> {
    let address = |batch: &RecordBatch| {
        let mut data = batch.column_by_name(slot).expect("a column").to_data();
        while data.buffers().is_empty() {
            data = data.child_data()[0].clone();
        }
        data.buffers()[0].as_ptr().addr() + data.offset()
    };
    batches.iter().map(address).collect()
}

#[test]
fn numbers_vectors_handles_and_references_are_not_copied() -> Outcome {
    let mut store = world()?;
    let batches = record_batches(&store.snapshot(), "unit")?;
    assert_eq!(batches.len(), 2);
    for (slot, addresses) in [
        ("health", of_store::<f32>(&store, "health")?),
        ("age", of_store::<u16>(&store, "age")?),
        ("position", of_store::<Vec3>(&store, "position")?),
        ("turn", of_store::<Quat>(&store, "turn")?),
        ("place", of_store::<Mat4>(&store, "place")?),
        ("name", of_store::<Text>(&store, "name")?),
        ("home", of_store::<ObjectId>(&store, "home")?),
    ] {
        assert_eq!(of_batches(&batches, slot), addresses, "{slot}");
    }
    Ok(())
}

#[test]
fn a_write_after_the_snapshot_copies_its_block_alone() -> Outcome {
    let mut store = world()?;
    let snapshot = store.snapshot();
    let batches = record_batches(&snapshot, "unit")?;
    let id = store.ids_of("unit")?.next().ok_or("no unit")?;
    store.set_value(id, "health", 2.0_f32)?;
    let (in_store, in_batches) =
        (of_store::<f32>(&store, "health")?, of_batches(&batches, "health"));
    assert_ne!(in_store[0], in_batches[0], "the store wrote to a copy");
    assert_eq!(in_store[1], in_batches[1]);
    assert_eq!(of_store::<Vec3>(&store, "position")?, of_batches(&batches, "position"));
    Ok(())
}

#[test]
fn columns_with_dead_rows_and_projections_are_not_copied() -> Outcome {
    let mut store = world()?;
    let ids: Vec<ObjectId> = store.ids_of("unit")?.collect();
    store.despawn_batch(&ids[10..20])?;
    let batches = SchemaBatches::new(&store.snapshot(), "unit").ok_or("no unit")?;
    let batches = batches.with_ids().project(&[3, 1])?;
    let batches: Vec<RecordBatch> = batches.batches(0..2).collect::<Result<_, _>>()?;
    assert_eq!(batches[0].column(0).null_count(), 10);
    assert_eq!(of_batches(&batches, "health"), of_store::<f32>(&store, "health")?);
    assert_eq!(of_batches(&batches, "position"), of_store::<Vec3>(&store, "position")?);
    Ok(())
}

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(u8)]
enum Sort {
    Grass,
    Rock,
}

#[test]
fn numbers_of_each_width_arrays_and_enums_are_not_copied() -> Outcome {
    macro_rules! test {
        ($($slot:ident: $type:ty = $value:expr),*) => {
            let mut unit = Schema::builder("unit");
            $(unit = unit.slot(stringify!($slot), <$type as SlotValue>::kind());)*
            let mut store = Store::new();
            store.register_schema(unit.build()?)?;
            store.spawn_records("unit", vec![record! { $($slot: $value),* }; 9000])?;
            let batches = record_batches(&store.snapshot(), "unit")?;
            $(
                let slot = stringify!($slot);
                assert_eq!(of_batches(&batches, slot), of_store::<$type>(&store, slot)?, "{slot}");
            )*
        };
    }
    let list = |values: [i32; 3]| Value::from(values);
    test! {
        a: i8 = 1, b: u8 = 1, c: i16 = 1, d: u16 = 1, e: i32 = 1, f: u32 = 1, g: i64 = 1, h: u64 = 1, i: f32 = 1,
        j: f64 = 1, k: [u8; 3] = list([1, 2, 3]), l: [f64; 3] = list([1, 2, 3]), m: Sort = "rock"
    }
    Ok(())
}
