//! The model of a store: a map of attributes, and the rows of each table.

use std::collections::BTreeMap;

use slotted::{ByName, MapStore, ObjectId, Record, Store, Value, exactly};

pub(super) const SCHEMAS: [&str; 2] = ["unit", "orc"];
pub(super) const ROWS: u32 = 12;
pub(super) const GENERATIONS: u16 = 3;

/// Everything that a snapshot preserves.
#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) map: MapStore,
    /// The ids in the store and in the map, by schema and row.
    pub(super) objects: BTreeMap<(usize, u32), (ObjectId, ObjectId)>,
    /// The number of objects that each row had.
    pub(super) uses: BTreeMap<(usize, u32), u16>,
}

pub(super) fn place(id: ObjectId) -> (usize, u32) {
    (id.schema().index(), id.row())
}

fn sorted(record: Record) -> BTreeMap<String, Value> {
    let values = record.into_iter().map(|(name, value)| (name.into_owned(), value));
    values.filter(|(_, value)| !value.is_unset()).collect()
}

impl Model {
    pub(super) fn ids(&self) -> Vec<ObjectId> {
        self.objects.values().map(|(id, _)| *id).collect()
    }

    /// Returns the object's id in the map.
    pub(super) fn living(&self, id: ObjectId) -> Option<ObjectId> {
        self.objects.get(&place(id)).filter(|(own, _)| *own == id).map(|(_, map)| *map)
    }

    /// Returns the row that the next object takes, and its generation.
    pub(super) fn next_row(&self, schema: usize) -> Option<(u32, u16)> {
        (0..ROWS).find_map(|row| {
            let uses = self.uses.get(&(schema, row)).copied().unwrap_or(0);
            let is_free = !self.objects.contains_key(&(schema, row)) && uses < GENERATIONS;
            is_free.then_some((row, uses * 2 + 1))
        })
    }

    pub(super) fn add(&mut self, schema: usize, id: ObjectId, record: Record) {
        assert_eq!(Some((id.row(), id.generation())), self.next_row(schema), "the lowest free row");
        assert_eq!(id.schema().index(), schema);
        let map = self.map.spawn_record(SCHEMAS[schema], record).expect("a map takes anything");
        self.objects.insert(place(id), (id, map));
        *self.uses.entry(place(id)).or_default() += 1;
    }

    pub(super) fn set(&mut self, id: ObjectId, name: &str, value: Value) {
        let map = self.living(id).expect("it is alive");
        self.map.set_value(map, name, value).expect("a map takes anything");
    }

    pub(super) fn remove(&mut self, id: ObjectId) {
        if let Some(map) = self.living(id) {
            self.map.despawn(map).expect("it is alive");
            self.objects.remove(&place(id));
        }
    }

    /// Compares all objects.
    pub(super) fn check(&self, store: &Store) {
        assert!(store.ids().eq(self.ids()), "ids are sorted by schema and row");
        assert_eq!((store.len(), self.map.len()), (self.objects.len(), self.objects.len()));
        for (id, map) in self.objects.values().copied() {
            assert_eq!(store.schema_name(id), Ok(SCHEMAS[id.schema().index()]));
            let record = store.get_record(id).expect("it is alive");
            let held = self.map.get_record(map).expect("it is alive");
            assert_eq!(sorted(record), sorted(held), "{id:?}");
        }
        for (index, schema) in SCHEMAS.iter().enumerate() {
            let own = self.objects.keys().filter(|(schema, _)| *schema == index).count();
            assert_eq!(store.len_of(exactly(schema)), Ok(own));
        }
        let health = store.key::<f32>("unit", "health").expect("the slot exists");
        for (id, map) in self.objects.values().copied() {
            let held = store.get(id, health).map(Value::from);
            assert_eq!(held, self.map.get_value(map, "health").ok());
        }
    }
}
