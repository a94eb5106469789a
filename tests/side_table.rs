//! Tests values beside a store: against a map, and for values that are dropped exactly once.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::rc::Rc;

use slotted::side::DeadObject;
use slotted::{Kind, MapStore, ObjectId, Schema, SideTable, Store, record};

type Outcome = Result<(), Box<dyn Error>>;

const SCHEMAS: [&str; 3] = ["tree", "orc", "stone"];

fn store() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    for name in SCHEMAS {
        store.register_schema(Schema::builder(name).slot("health", Kind::U32).build()?)?;
    }
    Ok(store)
}

/// A sequence of numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit
    }
}

fn assert_same(table: &mut SideTable<u32>, map: &HashMap<ObjectId, u32>, store: &Store) {
    let living: BTreeMap<(u16, u32), (ObjectId, u32)> = map
        .iter()
        .filter(|(id, _)| store.contains(**id))
        .map(|(id, value)| ((id.schema().index() as u16, id.row()), (*id, *value)))
        .collect();
    let expected: Vec<_> = living.into_values().collect();
    assert_eq!(table.iter(store).map(|(id, value)| (id, *value)).collect::<Vec<_>>(), expected);
    let changed: Vec<_> = table.iter_mut(store).map(|(id, value)| (id, *value)).collect();
    assert_eq!(changed, expected);
}

#[test]
fn a_table_answers_as_a_map_that_forgets_dead_objects() -> Outcome {
    let (mut store, mut random) = (store()?, Random(0x9e37_79b9_7f4a_7c15));
    let (mut table, mut map) = (SideTable::new(), HashMap::new());
    let mut ids: Vec<ObjectId> = Vec::new();
    for step in 0..20_000_u32 {
        let known = if ids.is_empty() { 0 } else { random.below(ids.len()) };
        match (random.below(10), ids.get(known).copied()) {
            (0..=2, _) | (_, None) => {
                let schema = SCHEMAS[random.below(SCHEMAS.len())];
                ids.push(store.spawn_record(schema, record! { health: 1 })?);
            }
            (3, Some(id)) if store.contains(id) => store.despawn(id)?,
            (3, Some(id)) => assert_eq!(table.get(&store, id), None, "{id} is dead"),
            (4..=5, Some(id)) => {
                let inserted = table.insert(&store, id, step);
                match store.contains(id) {
                    true => assert_eq!(inserted, Ok(map.insert(id, step)), "{id}"),
                    false => assert_eq!(inserted, Err(DeadObject { id, value: step })),
                }
            }
            (6, Some(id)) => {
                let expected = store.contains(id).then(|| map.entry(id).or_insert(step)).copied();
                let found = table.get_or_insert_with(&store, id, || step).copied();
                assert_eq!(found, expected, "{id}");
            }
            (7, Some(id)) if store.contains(id) => assert_eq!(table.remove(id), map.remove(&id)),
            (8, Some(id)) => {
                let expected = map.get_mut(&id).filter(|_| store.contains(id));
                let found = table.get_mut(&store, id);
                assert_eq!(found, expected);
                if let (Some(found), Some(expected)) = (found, expected) {
                    (*found, *expected) = (step, step);
                }
            }
            (_, Some(id)) => {
                let expected = map.get(&id).filter(|_| store.contains(id));
                assert_eq!(table.get(&store, id), expected, "{id}");
                assert_eq!(table.contains(&store, id), expected.is_some());
            }
        }
        if step % 1000 == 999 {
            assert_same(&mut table, &map, &store);
            let dead = table.remove_dead(&store);
            assert!(dead.iter().all(|(id, value)| !store.contains(*id) && map[id] == *value));
            map.retain(|id, _| store.contains(*id));
            assert_eq!((table.len(), table.is_empty()), (map.len(), map.is_empty()));
            let limit = random.below(step as usize) as u32 / 2;
            table.retain(|_, value| *value > limit);
            map.retain(|_, value| *value > limit);
            assert_same(&mut table, &map, &store);
        }
    }
    assert!(map.len() > 50, "{}", map.len());
    let mut all: Vec<_> = map.into_iter().collect();
    all.sort_by_key(|(id, _)| (id.schema().index(), id.row()));
    assert_eq!(table.into_iter().collect::<Vec<_>>(), all);
    Ok(())
}

#[test]
fn each_value_is_dropped_once_at_the_stated_call() -> Outcome {
    let mut store = store()?;
    let counted = Rc::new(());
    let living = || Rc::strong_count(&counted) - 1;
    let mut table = SideTable::new();
    let spawn = |store: &mut Store| store.spawn_record("orc", record! { health: 1 });
    let ids = (0..200).map(|_| spawn(&mut store)).collect::<Result<Vec<_>, _>>()?;
    for id in &ids {
        table.insert(&store, *id, Rc::clone(&counted))?;
    }
    assert_eq!((living(), table.len()), (200, 200));

    drop(table.insert(&store, ids[0], Rc::clone(&counted))?);
    assert_eq!(living(), 200, "the replaced value was returned");
    store.despawn_batch(&ids[..100])?;
    assert_eq!(living(), 200, "a despawn drops nothing");
    assert!(table.insert(&store, ids[0], Rc::clone(&counted)).is_err());
    assert_eq!(living(), 200, "a refused value is returned");

    // The row of a dead object is used again: its value is dropped when the new object gets one.
    let new = spawn(&mut store)?;
    assert_eq!((new.row(), table.get(&store, new)), (ids[0].row(), None));
    assert_eq!(table.insert(&store, new, Rc::clone(&counted))?, None);
    assert_eq!(living(), 200);
    assert_eq!(table.remove(ids[0]), None, "its value is gone");

    let dead = table.remove_dead(&store);
    assert_eq!(dead.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids[1..100]);
    assert_eq!(living(), 200, "the values of dead objects were returned");
    drop(dead);
    assert_eq!((living(), table.len()), (101, 101));
    table.retain(|id, _| id.row() % 2 == 0);
    assert_eq!(living(), table.len());
    let clone = table.clone();
    assert_eq!(living(), 2 * table.len());
    table.clear();
    assert_eq!((table.len(), living()), (0, clone.len()));
    let mut rest = clone.into_iter();
    assert!(rest.next().is_some());
    drop(rest);
    assert_eq!(living(), 0);
    Ok(())
}

#[test]
fn a_restore_brings_back_objects_and_not_values() -> Outcome {
    let mut store = store()?;
    let [old, gone] = [1, 2].map(|health| store.spawn_record("tree", record! { health: health }));
    let (old, gone) = (old?, gone?);
    let mut table = SideTable::new();
    table.insert(&store, old, "old")?;
    table.insert(&store, gone, "gone")?;
    let before = store.snapshot();
    store.despawn(old)?;
    store.despawn(gone)?;
    assert_eq!((table.get(&store, old), table.get(&before, old)), (None, Some(&"old")));
    assert_eq!(table.remove(gone), Some("gone"));
    store.restore(&before)?;
    assert_eq!((table.get(&store, old), table.get(&store, gone)), (Some(&"old"), None));

    // An object that a restore undoes leaves its value until `remove_dead`.
    let undone = store.spawn_record("tree", record! { health: 3 })?;
    table.insert(&store, undone, "undone")?;
    store.restore(&before)?;
    assert_eq!(table.remove_dead(&store), [(undone, "undone")]);
    let again = store.spawn_record("tree", record! { health: 3 })?;
    assert_eq!((again, table.get(&store, again)), (undone, None));
    Ok(())
}

#[test]
fn a_table_works_beside_a_split_store_and_a_map_store() -> Outcome {
    let mut store = store()?;
    let tree = store.spawn_record("tree", record! { health: 1 })?;
    let mut names = SideTable::new();
    names.insert(&store, tree, String::from("oak"))?;
    let key = store.key::<u32>("tree", "health")?;
    let mut split = store.split();
    let mut healths = split.column_mut(key)?;
    assert!(healths.set(tree, names.get(&split, tree).map_or(0, String::len) as u32));
    assert_eq!(store.get(tree, key), Some(3));

    use slotted::ByName;
    let mut map = MapStore::new();
    let id = ByName::spawn_record(&mut map, "tree", record! {})?;
    let mut names = SideTable::new();
    names.insert(&map, id, "elm")?;
    ByName::despawn(&mut map, id)?;
    assert_eq!((names.get(&map, id), names.len()), (None, 1));
    assert_eq!(format!("{names:?}"), format!("{{{id:?}: \"elm\"}}"));
    Ok(())
}
