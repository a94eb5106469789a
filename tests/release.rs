//! Texts and lists come back when nothing refers to them any more.

use std::error::Error;

use slotted::{List, ObjectId, Slotted, Store, Text, View, memory::BLOCK_ROWS, record};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy)]
struct Item {
    name: Text,
    #[slot(default = "nobody")]
    owner: Option<Text>,
    drops: List<u16>,
    tags: Option<List<Text>>,
}

#[derive(View)]
struct Drops<'a> {
    drops: &'a mut List<u16>,
}

const ITEM: Item = Item { name: Text::EMPTY, owner: None, drops: List::EMPTY, tags: None };

fn items() -> Store {
    let mut store = Store::new();
    store.register::<Item>().expect("a good schema");
    store
}

/// Spawns an item whose texts and lists no other item has.
fn unlike(store: &mut Store, number: u16) -> Result<ObjectId, Box<dyn Error>> {
    let mut text = |part: &str| store.intern_text(&format!("{part} {number}"));
    let (name, owner) = (text("name")?, Some(text("owner")?));
    let tag = text("tag")?;
    let tags = Some(store.intern_list(&[tag])?);
    let drops = store.intern_list(&[number, number])?;
    Ok(store.spawn(Item { name, owner, drops, tags })?)
}

/// Returns the parts of the item that `unlike` made and that the store still knows.
fn known(store: &Store, number: u16) -> Vec<&'static str> {
    let texts = ["name", "owner", "tag"];
    let texts =
        texts.into_iter().filter(|part| store.find_text(&format!("{part} {number}")).is_some());
    let drops = store.find_list(&[number, number]).map(|_| "drops");
    texts.chain(drops).collect()
}

const ALL: [&str; 4] = ["name", "owner", "tag", "drops"];

/// Releases all interned values in small pieces.
fn release_in_pieces(store: &mut Store) {
    let pieces = (1..).find(|number| store.release_interned(number % 2));
    assert!(pieces > Some(3), "it was not done at once");
}

#[test]
fn values_of_living_objects_stay_and_others_are_released() -> Outcome {
    for release in [Store::release_memory, release_in_pieces] {
        let mut store = items();
        let ids =
            (0..200).map(|number| unlike(&mut store, number)).collect::<Result<Vec<_>, _>>()?;
        let before = store.memory_report();
        ids.iter().skip(1).step_by(2).try_for_each(|id| store.despawn(*id))?;
        release(&mut store);
        for number in 0..200 {
            let expected = if number % 2 == 0 { &ALL[..] } else { &[] };
            assert_eq!(known(&store, number), expected, "of {number}");
        }
        let item = store.get_object::<Item>(ids[0])?;
        assert_eq!(store.resolve(item.name), Some("name 0"));
        let tags = item.tags.and_then(|tags| store.resolve_list(tags)).ok_or("living")?;
        assert_eq!(store.resolve(tags[0]), Some("tag 0"));

        store.clear();
        release(&mut store);
        assert!((0..200).all(|number| known(&store, number).is_empty()));
        let after = store.memory_report();
        assert!(before.texts > 20_000 && after.texts < 2500, "{after}");
        assert!(before.lists > 10_000 && after.lists < 3000, "{after}");
    }
    Ok(())
}

#[test]
fn a_list_that_changes_a_hundred_thousand_times_leaves_no_memory_behind() -> Outcome {
    let mut store = items();
    let item = store.spawn(ITEM)?;
    let key = store.key::<List<u16>>("item", "drops")?;
    let before = store.memory_report().lists;
    for number in 0..100_000_u32 {
        let [a, b, c, d] = number.to_le_bytes().map(u16::from);
        let drops = store.intern_list(&[a, b, c, d, 1, 2, 3, 4])?;
        store.set(item, key, drops)?;
        store.release_interned(256);
    }
    let during = store.memory_report().lists;
    assert!(during < 150_000, "{during} bytes for lists that were replaced");
    store.release_memory();
    let after = store.memory_report().lists;
    assert!(after < before + 4000, "{after} bytes for one list");
    let drops = store.get(item, key).and_then(|drops| store.resolve_list(drops));
    assert_eq!(drops, Some(&[159, 134, 1, 0, 1, 2, 3, 4][..]));
    Ok(())
}

#[test]
fn values_of_snapshots_stay_until_the_last_one_is_dropped() -> Outcome {
    for release in [Store::release_memory, release_in_pieces] {
        let mut store = items();
        let item = unlike(&mut store, 1)?;
        let snapshot = store.snapshot();
        store.set_object(item, ITEM)?;
        release(&mut store);
        assert_eq!(known(&store, 1), ALL);
        store.restore(&snapshot)?;
        assert_eq!(store.get_value(item, "name")?, "name 1".into());
        store.clear();
        release(&mut store);
        assert_eq!(known(&store, 1), ALL);
        let clone = snapshot.clone();
        drop(snapshot);
        release(&mut store);
        assert_eq!(known(&store, 1), ALL);
        drop(clone);
        release(&mut store);
        assert_eq!(known(&store, 1), [""; 0]);
    }
    Ok(())
}

#[test]
fn a_snapshot_reads_values_that_its_store_has_released() -> Outcome {
    let mut store = items();
    let item = unlike(&mut store, 1)?;
    // Not restorable in the store, so its texts need not stay there.
    let inner = store.transaction(|store| Ok::<_, Box<dyn Error>>(store.snapshot()))?;
    let what_if = inner.to_store();
    drop(inner);
    store.clear();
    store.release_memory();
    assert_eq!((known(&store, 1).len(), known(&what_if, 1).len()), (0, ALL.len()));
    assert_eq!(what_if.get_value(item, "name")?, "name 1".into());
    Ok(())
}

#[test]
fn values_that_come_or_move_during_a_search_stay() -> Outcome {
    for pieces in 0..12 {
        let mut store = items();
        let (name, drops) =
            (store.key::<Text>("item", "name")?, store.key::<List<u16>>("item", "drops")?);
        let ids =
            (0..100).map(|number| unlike(&mut store, number)).collect::<Result<Vec<_>, _>>()?;
        store.intern_text("found again")?;
        store.intern_text("in a list")?;
        let held = store.intern_text("held")?;
        for _ in 0..pieces {
            store.release_interned(1);
        }
        // The last object's handle moves to the first one, and the last one is gone.
        let moved = store.get(ids[99], drops).ok_or("alive")?;
        store.view::<Drops>()?.for_each(|item| *item.drops = moved);
        store.despawn(ids[99])?;
        let found = store.find_text("found again").or(store.intern_text("found again").ok());
        store.set(ids[1], name, found.ok_or("there is room")?)?;
        store.set_value(ids[2], "tags", ["in a list"])?;
        store.set_value(ids[3], "name", "new")?;
        if store.resolve(held).is_some() {
            store.set(ids[4], name, held)?;
        }
        let spawned = store.transaction(|store| {
            store.spawn_record("item", record! { name: "spawned", drops: [1, 2] })
        });
        let snapshot = store.snapshot();
        store.set_value(ids[3], "name", "")?;
        while !store.release_interned(1) {}
        assert_eq!(store.get_value(ids[0], "drops")?, [99, 99].into());
        assert_eq!(store.get_value(ids[1], "name")?, "found again".into());
        assert_eq!(store.get_value(ids[2], "tags")?, ["in a list"].into());
        assert_eq!(store.get_value(spawned?, "name")?, "spawned".into());
        store.restore(&snapshot)?;
        assert_eq!(store.get_value(ids[3], "name")?, "new".into());
        assert_eq!(store.validate(), Ok(()));
    }
    Ok(())
}

#[test]
fn each_snapshot_keeps_its_own_values() -> Outcome {
    let mut store = items();
    let item = store.spawn(ITEM)?;
    let mut snapshots = Vec::new();
    for number in 0..4 {
        store.set_value(item, "name", format!("name {number}"))?;
        snapshots.push((number, store.snapshot()));
    }
    store.clear();
    for dropped in [1, 0, 1, 0] {
        let (number, _) = snapshots.remove(dropped);
        store.release_memory();
        assert_eq!(known(&store, number), [""; 0], "{number}");
        assert!(snapshots.iter().all(|(number, _)| known(&store, *number) == ["name"]));
    }
    // The numbers of dropped snapshots are used again.
    store.intern_text("name 9")?;
    assert_eq!(snapshots.len(), 0);
    Ok(())
}

#[test]
fn a_piece_is_bounded_by_the_number_of_values() -> Outcome {
    let mut store = items();
    // Two blocks of names; the optional columns and those of lists have two blocks each too.
    store.spawn_batch(std::iter::repeat_n(ITEM, BLOCK_ROWS + 1))?;
    for number in 0..639 {
        store.intern_text(&format!("word {number}"))?;
    }
    let mut pieces = |values: usize| {
        let pieces = (1..).find(|_| store.release_interned(values));
        store.intern_text("new").expect("there is room");
        pieces.expect("it ends")
    };
    // Four columns of two blocks, ten chunks of 64 texts, and the piece that sees the end.
    assert_eq!(pieces(1), 8 + 10 + 1);
    // The chunks in the middle were released, which does not end a search before them.
    assert_eq!(pieces(64), 8 + 11 + 1);
    assert_eq!(pieces(BLOCK_ROWS), 8 + 1);
    assert_eq!(pieces(BLOCK_ROWS + 1), 4 + 1);
    assert_eq!(pieces(usize::MAX), 1);
    Ok(())
}

#[test]
fn a_handle_of_a_released_value_is_refused_and_never_means_another() -> Outcome {
    let mut store = items();
    let item = store.spawn(ITEM)?;
    let (name, list) = (store.intern_text("gone")?, store.intern_list(&[7_u16])?);
    store.release_memory();
    assert_eq!((store.resolve(name), store.resolve_list(list)), (None, None));
    for number in 0..1000 {
        store.intern_text(&number.to_string())?;
        store.intern_list(&[number])?;
    }
    assert_eq!((store.resolve(name), store.resolve_list(list)), (None, None));
    assert!(store.set_object(item, Item { name, ..ITEM }).is_err());
    assert!(store.spawn(Item { drops: list, ..ITEM }).is_err());
    assert!(!store.keep_text(name) && !store.keep_list(list));
    assert_ne!(store.intern_text("gone")?, name);
    Ok(())
}

#[test]
fn kept_handles_stay() -> Outcome {
    let mut store = items();
    let (name, tag) = (store.intern_text("name")?, store.intern_text("tag")?);
    let tags = store.intern_list(&[tag])?;
    assert!(store.keep_text(name) && store.keep_list(tags));
    store.release_memory();
    for store in [&store, &store.clone()] {
        assert_eq!((store.resolve(name), store.resolve(tag)), (Some("name"), Some("tag")));
        assert_eq!(store.resolve_list(tags), Some(&[tag][..]));
    }
    let mut clone = store.clone();
    clone.release_memory();
    assert_eq!((clone.find_text("name"), clone.find_text("tag")), (Some(name), Some(tag)));
    Ok(())
}

#[test]
fn a_failed_transaction_that_replaced_its_store_leaves_the_texts_as_they_were() -> Outcome {
    let mut store = items();
    let item = unlike(&mut store, 1)?;
    let name = store.get_object::<Item>(item)?.name;
    let failed = store.transaction(|store| {
        *store = items();
        store.intern_text("of another store").map_err(|_| "full")?;
        Err::<(), _>("fails")
    });
    assert_eq!((failed, known(&store, 1)), (Err("fails"), ALL.to_vec()));
    assert_eq!(store.intern_text("name 1")?, name);
    assert_eq!(store.find_text("of another store"), None);
    Ok(())
}

#[test]
fn a_transaction_may_release_and_may_fail() -> Outcome {
    let mut store = items();
    let item = unlike(&mut store, 1)?;
    let snapshot = store.snapshot();
    let failed = store.transaction(|store| {
        store.intern_text("of a failed transaction").map_err(|_| "full")?;
        store.clear();
        store.release_memory();
        Err::<(), _>("fails")
    });
    assert_eq!((failed, known(&store, 1)), (Err("fails"), ALL.to_vec()));
    assert_eq!(store.find_text("of a failed transaction"), None);
    let failed = store.transaction(|store| {
        store.intern_text("of a failed transaction").map_err(|_| "full")?;
        Err::<(), _>("fails")
    });
    assert_eq!((failed, store.find_text("of a failed transaction")), (Err("fails"), None));
    let text = store.intern_text("after it")?;
    assert_eq!(store.find_text("after it"), Some(text));

    store.transaction(|store| {
        store.clear();
        store.release_memory();
        Ok::<_, Box<dyn Error>>(())
    })?;
    assert_eq!(known(&store, 1), ALL, "the snapshot of before has them");
    store.restore(&snapshot)?;
    assert_eq!(store.get_value(item, "name")?, "name 1".into());
    Ok(())
}
