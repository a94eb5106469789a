//! Tests columns as memory: runs with their rows, whole blocks, blocks that changed.

use std::error::Error;

use slotted::memory::BLOCK_ROWS;
use slotted::view::SlotColumn;
use slotted::{Epoch, Kind, ObjectId, Schema, SlotKey, Slotted, Store, exactly, record};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: u32,
    armor: u32,
}

/// The values of a column by schema and row, as a renderer keeps them on the GPU.
type Mirror = Vec<Vec<Option<u32>>>;

type Units = (Store, Vec<ObjectId>, SlotKey<u32>);

fn store(units: u32) -> Result<Units, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.register_schema(Schema::builder("tree").slot("health", Kind::U32).build()?)?;
    store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    let ids = store.spawn_batch((0..units).map(|health| Unit { health, armor: 0 }))?.collect();
    let key = store.key("unit", "health")?;
    Ok((store, ids, key))
}

/// Copies the blocks to the mirror. Returns their number.
fn upload(column: &SlotColumn<'_, u32>, since: Epoch, mirror: &mut Mirror) -> usize {
    let mut count = 0;
    for block in column.blocks_changed_since(since) {
        count += 1;
        let (schema, first) = (block.schema().index(), block.first_row() as usize);
        assert_eq!(first % BLOCK_ROWS, 0);
        mirror.resize_with(mirror.len().max(schema + 1), Vec::new);
        let rows = &mut mirror[schema];
        let end = first + block.living().len().min(BLOCK_ROWS / 64) * 64;
        rows.resize(rows.len().max(end), None);
        rows[first..end].fill(None);
        for row in block.living_rows() {
            assert!(block.is_alive(row));
            rows[row as usize] = Some(block.values()[row as usize - first]);
        }
        assert!(block.is_alive(first as u32) == rows[first].is_some());
        assert!(!block.is_alive((first + BLOCK_ROWS) as u32));
        assert!(first == 0 || !block.is_alive(first as u32 - 1));
    }
    count
}

fn assert_mirrors(mirror: &Mirror, store: &Store, key: SlotKey<u32>) {
    let mut values = 0;
    for id in store.ids_of("unit").expect("a schema") {
        assert_eq!(mirror[id.schema().index()][id.row() as usize], store.get(id, key), "{id}");
        values += 1;
    }
    assert_eq!(mirror.iter().flatten().filter(|value| value.is_some()).count(), values);
}

#[test]
fn holes_do_not_split_blocks() -> Outcome {
    let (mut store, ids, key) = store(1_000_000)?;
    let dead: Vec<_> = ids.iter().copied().step_by(100).collect();
    store.despawn_batch(&dead)?;
    let column = store.column(key)?;
    assert_eq!(column.blocks().count(), 123);
    assert_eq!(column.runs().count(), 10_118);
    for block in column.blocks() {
        assert_eq!(block.values().len(), BLOCK_ROWS.min(1_000_000 - block.first_row() as usize));
        for (row, value) in (block.first_row()..).zip(block.values()) {
            assert_eq!(*value, row, "dead rows hold old values");
            assert_eq!(block.is_alive(row), row % 100 != 0);
        }
    }
    Ok(())
}

#[test]
fn runs_know_their_rows() -> Outcome {
    let (mut store, ids, key) = store(3 * BLOCK_ROWS as u32 + 9)?;
    let orc = store.spawn_record("orc", record! { health: 7, armor: 1 })?;
    let dead: Vec<_> = ids.iter().copied().skip(5).step_by(1000).collect();
    store.despawn_batch(&dead)?;
    let column = store.column(key)?;
    let mut living = store.ids_of("unit")?;
    for run in column.runs() {
        for (row, value) in (run.first_row()..).zip(run) {
            let id = living.next().ok_or("a living object")?;
            assert_eq!((id.schema(), id.row()), (run.schema(), row));
            assert_eq!(store.get(id, key), Some(*value));
        }
    }
    assert!(living.next().is_none());
    assert_eq!(
        column.runs().last().map(|run| (run.schema(), run.to_vec())),
        Some((orc.schema(), vec![7]))
    );
    Ok(())
}

#[test]
fn changed_blocks_keep_a_mirror_up_to_date() -> Outcome {
    let (mut store, ids, key) = store(5 * BLOCK_ROWS as u32)?;
    let armor = store.key::<u32>("unit", "armor")?;
    let mut mirror = Mirror::new();
    assert_eq!(upload(&store.column(key)?, Epoch::default(), &mut mirror), 5);
    assert_mirrors(&mirror, &store, key);

    let epoch = store.advance_epoch();
    assert_eq!(upload(&store.column(key)?, epoch, &mut mirror), 0);
    store.set(ids[0], armor, 9)?;
    assert_eq!(upload(&store.column(key)?, epoch, &mut mirror), 0, "another slot was written");
    store.set(ids[3 * BLOCK_ROWS], key, 5)?;
    assert_eq!(upload(&store.column(key)?, epoch, &mut mirror), 1);
    assert_mirrors(&mirror, &store, key);

    let epoch = store.advance_epoch();
    store.despawn(ids[BLOCK_ROWS])?;
    let orc = store.spawn_record("orc", record! { health: 3, armor: 1 })?;
    let exact = store.key::<u32>(exactly("unit"), "health")?;
    assert_eq!(store.column(exact)?.blocks_changed_since(epoch).count(), 1);
    assert_eq!(upload(&store.column(key)?, epoch, &mut mirror), 2);
    assert_mirrors(&mirror, &store, key);

    // A block whose last object dies changes, and is no longer among the blocks with objects.
    let epoch = store.advance_epoch();
    store.despawn(orc)?;
    store.despawn_batch(&ids[2 * BLOCK_ROWS..3 * BLOCK_ROWS])?;
    assert_eq!(store.column(key)?.blocks().count(), 4);
    assert_eq!(upload(&store.column(key)?, epoch, &mut mirror), 2);
    assert_mirrors(&mirror, &store, key);
    store.release_memory();
    assert_eq!(store.column(key)?.blocks().count(), 4);
    let mut whole = Mirror::new();
    upload(&store.column(key)?, Epoch::default(), &mut whole);
    assert_mirrors(&whole, &store, key);

    // A restore counts as a write to what it changes.
    let before = store.snapshot();
    let epoch = store.epoch();
    store.set(ids[0], key, 77)?;
    assert_eq!(upload(&store.column(key)?, epoch, &mut mirror), 1);
    store.restore(&before)?;
    let since = store.column(key)?.blocks_changed_since(epoch).count();
    assert!((1..3).contains(&since), "{since}");
    upload(&store.column(key)?, epoch, &mut mirror);
    assert_mirrors(&mirror, &store, key);
    Ok(())
}

#[test]
fn a_refused_batch_leaves_nothing_in_blocks() -> Outcome {
    let mut store = Store::new();
    let tile = Schema::builder("tile").slot("height", Kind::U32).range(0..=9);
    store.register_schema(tile.build()?)?;
    let key = store.key::<u32>("tile", "height")?;
    store.spawn_record("tile", record! { height: 1 })?;
    let batch = [record! { height: 2 }, record! { height: 3 }, record! { height: 10 }];
    assert!(store.spawn_records("tile", batch).is_err());
    let column = store.column(key)?;
    let blocks: Vec<_> = column.blocks().map(|block| block.values().to_vec()).collect();
    assert_eq!(blocks, [[1]]);
    assert_eq!(column.blocks().next().map(|block| block.living().to_vec()), Some(vec![1]));
    store.clear();
    assert_eq!(store.column(key)?.blocks().count(), 0);
    Ok(())
}

#[test]
fn an_empty_store_has_no_blocks() -> Outcome {
    let (store, _, key) = store(0)?;
    let column = store.column(key)?;
    assert_eq!((column.blocks().count(), column.runs().count()), (0, 0));
    assert_eq!(column.blocks_changed_since(Epoch::default()).count(), 0);
    Ok(())
}
