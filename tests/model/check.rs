//! Compares the observable state of the three stores.

use std::collections::{BTreeMap, BTreeSet};

use slotted::glam::Vec3;
use slotted::{
    ByName, Kind, ObjectId, Record, Value, View,
    error::Despawned,
    exactly,
    memory::BLOCK_ROWS,
    schema::{ProblemKind, SchemaSelector},
    slot_value::SlotField,
};

use crate::schemas::{Orc, Unit};
use crate::world::{Object, World, has_required, unit_record};

/// Stores with at most this many objects are compared completely after each call.
const FEW: usize = 150;

#[derive(View)]
struct Placed<'a> {
    id: ObjectId,
    position: &'a Vec3,
    health: &'a f32,
    shield: Option<&'a f32>,
    rage: Option<&'a f32>,
    target: Option<&'a ObjectId>,
}

#[derive(View)]
struct High<'a> {
    height: &'a f64,
    id: ObjectId,
    owner: Option<&'a ObjectId>,
    shield: Option<&'a f32>,
}

#[derive(View)]
struct Everything {
    id: ObjectId,
}

/// Returns the set values of a record, sorted by name.
fn sorted(record: Record) -> BTreeMap<String, Value> {
    let values = record.into_iter().map(|(name, value)| (name.into_owned(), value));
    values.filter(|(_, value)| !value.is_unset()).collect()
}

impl World {
    pub(crate) fn check_quickly(&self) {
        let ids: Vec<ObjectId> = self.store.ids().collect();
        assert!(self.ids().eq(ids), "ids are sorted by schema and row");
        let len = self.objects.len();
        assert_eq!((self.store.len(), self.map.len(), self.naive.len()), (len, len, len));
        if len <= FEW {
            self.check();
        }
    }

    fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.objects.values().map(|object| object.id)
    }

    pub(crate) fn check(&self) {
        self.objects.values().for_each(|object| self.check_object(object));
        self.check_counts();
        self.check_stale();
        self.check_dead_references();
        self.check_futures();
        self.check_placed();
        self.check_high();
        self.check_everything();
        self.check_column::<f32>("unit", "health");
        self.check_column::<Option<f32>>("unit", "shield");
        self.check_column::<bool>("orc", "awake");
        self.check_column::<[u16; 3]>("unit", "marks");
        self.check_column::<f64>("tile", "height");
        self.check_column::<Option<ObjectId>>("tile", "owner");
        self.check_memory();
        self.check_side_table();
    }

    fn check_object(&self, object: &Object) {
        let id = object.id;
        assert!(self.store.contains(id) && self.map.contains(object.map));
        assert_eq!(self.store.schema_name(id), Ok(&*object.schema));
        assert_eq!(self.map.schema_name(object.map), Ok(&*object.schema));
        let record = sorted(self.store.get_record(id).expect("it is alive"));
        assert_eq!(record, sorted(self.map.get_record(object.map).expect("it is alive")));
        assert_eq!(record, sorted(self.naive.get_record(object.naive).expect("it is alive")));
        for slot in self.store.schema(&object.schema).expect("a schema").slots() {
            let value = self.store.get_value(id, slot.name()).expect("the slot is declared");
            assert_eq!(value, self.expected(object, slot.name()));
        }
        if self.extends(&object.schema, "unit") {
            let unit = self.store.get_object::<Unit>(id).expect("it is a unit");
            let values = sorted(unit_record(&unit, &self.store));
            assert!(values.iter().all(|(name, value)| record.get(name) == Some(value)));
            let health = self.store.key::<f32>("unit", "health").expect("the slot exists");
            assert_eq!(self.store.get(id, health).map(f32::to_bits), Some(unit.health.to_bits()));
        } else {
            assert!(self.store.get_object::<Unit>(id).is_err());
        }
        assert_eq!(self.store.get_object::<Orc>(id).is_ok(), self.extends(&object.schema, "orc"));
    }

    /// Returns the value that the map holds.
    fn expected(&self, object: &Object, slot: &str) -> Value {
        self.map.get_value(object.map, slot).unwrap_or_default()
    }

    fn check_counts(&self) {
        for schema in self.store.schemas() {
            let name = schema.name();
            let own = self.objects.values().filter(|object| object.schema == name);
            let family = self.objects.values().filter(|object| self.extends(&object.schema, name));
            assert_eq!(self.store.len_of(exactly(name)), Ok(own.clone().count()));
            assert_eq!(self.store.len_of(name), Ok(family.clone().count()));
            let ids = self.store.ids_of(exactly(name)).expect("the schema exists");
            assert!(ids.eq(own.map(|object| object.id)));
            let ids = self.store.ids_of(name).expect("the schema exists");
            assert!(ids.eq(family.map(|object| object.id)));
        }
    }

    fn check_stale(&self) {
        let health = self.store.key::<f32>("unit", "health").expect("the slot exists");
        let column = self.store.column(health).expect("the key is the store's");
        for id in self.stale.iter().rev().step_by(self.stale.len() / 20 + 1).copied() {
            let dead = Despawned { id };
            assert!(!self.store.contains(id));
            assert_eq!((self.store.get(id, health), column.get(id)), (None, None));
            assert_eq!(self.store.get_value(id, "health"), Err(dead.into()));
            assert_eq!(self.store.get_record(id), Err(dead));
        }
    }

    fn check_dead_references(&self) {
        let living: BTreeSet<_> = self.objects.values().map(|object| object.id).collect();
        let is_dead = |id: &ObjectId| !living.contains(id);
        let mut expected = Vec::new();
        for object in self.objects.values() {
            for slot in self.store.schema(&object.schema).expect("a schema").slots() {
                let references = match self.expected(object, slot.name()) {
                    Value::List(list) => list.to_vec(),
                    single => vec![single],
                };
                let dead = references.iter().filter_map(|value| match value {
                    Value::Object(id) if is_dead(id) => Some((object.id, slot.name(), *id)),
                    _ => None,
                });
                expected.extend(dead);
            }
        }
        let found = self.store.dead_references().map(|(id, slot, dead)| (id, slot.name(), dead));
        let mut found: Vec<_> = found.collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        let problems = self.store.validate().err().unwrap_or_default();
        let is_reference = |kind: &ProblemKind| {
            let kind = if let ProblemKind::Element { kind, .. } = kind { kind } else { kind };
            matches!(
                kind,
                ProblemKind::DeadReference { .. }
                    | ProblemKind::UnknownReference { .. }
                    | ProblemKind::WrongReference { .. }
            )
        };
        assert!(!problems.iter().any(|(_, problem)| is_reference(&problem.kind)));
    }

    /// Returns the objects that a view matches, in its order.
    fn seen(&self, has: impl Fn(&str) -> bool) -> impl Iterator<Item = &Object> {
        self.objects.values().filter(move |object| has(&object.schema))
    }

    fn check_placed(&self) {
        let has = |schema: &str| {
            has_required(&self.store, schema, "position", &Kind::Vec3)
                && has_required(&self.store, schema, "health", &Kind::F32)
        };
        let view = || self.store.view_ref::<Placed>().expect("the kinds are right");
        let mut expected = self.seen(has);
        for item in view().iter() {
            let object = expected.next().expect("the view has too many objects");
            let value = |slot: &str| self.expected(object, slot);
            assert_eq!(item.id, object.id);
            assert_eq!(Value::from(*item.position), value("position"));
            assert_eq!(Value::from(*item.health), value("health"));
            assert_eq!(Value::from(item.shield.copied()), value("shield"));
            assert_eq!(Value::from(item.rage.copied()), value("rage"));
            assert_eq!(Value::from(item.target.copied()), value("target"));
        }
        assert!(expected.next().is_none(), "the view misses objects");
        assert_eq!(view().count(), self.seen(has).count());
        let mut ids = Vec::new();
        for run in view().runs() {
            assert_run(&run.id.iter().collect::<Vec<_>>());
            let lengths = [run.position.len(), run.health.len(), run.shield.len(), run.rage.len()];
            assert_eq!(lengths, [run.id.len(); 4]);
            assert_eq!(run.target.iter().count(), run.id.len());
            ids.extend(run.id.iter());
        }
        assert!(self.seen(has).map(|object| object.id).eq(ids));
    }

    fn check_high(&self) {
        let has = |schema: &str| has_required(&self.store, schema, "height", &Kind::F64);
        let mut expected = self.seen(has);
        self.store.view_ref::<High>().expect("the kinds are right").for_each(|item| {
            let object = expected.next().expect("the view has too many objects");
            assert_eq!(item.id, object.id);
            assert_eq!(Value::from(*item.height), self.expected(object, "height"));
            assert_eq!(Value::from(item.owner.copied()), self.expected(object, "owner"));
            assert_eq!(Value::from(item.shield.copied()), self.expected(object, "shield"));
        });
        assert!(expected.next().is_none(), "the view misses objects");
    }

    fn check_everything(&self) {
        let mut ids = Vec::new();
        self.store.view_ref::<Everything>().expect("all match").for_each_run(|run| {
            assert_run(&run.id.iter().collect::<Vec<_>>());
            ids.extend(run.id.iter());
        });
        assert!(self.ids().eq(ids));
        for schema in self.store.schemas() {
            for selector in [schema.name().into(), exactly(schema.name())] {
                let view = self.store.view_ref_of::<Everything>(selector).expect("it matches");
                let ids = self.store.ids_of(selector).expect("the schema exists");
                assert!(view.iter().map(|item| item.id).eq(ids));
            }
        }
    }

    fn check_column<F: SlotField + Into<Value>>(&self, schema: &str, slot: &str) {
        for selector in [SchemaSelector::from(schema), exactly(schema)] {
            let key = self.store.key::<F>(selector, slot).expect("the slot exists");
            let column = self.store.column(key).expect("the key is the store's");
            for object in self.objects.values() {
                let is_served = match selector.is_exact() {
                    true => object.schema == schema,
                    false => self.extends(&object.schema, schema),
                };
                let expected = is_served.then(|| self.expected(object, slot));
                assert_eq!(self.store.get(object.id, key).map(Into::into), expected);
                assert_eq!(column.get(object.id).map(Into::into), expected);
            }
        }
    }

    fn check_memory(&self) {
        let report = self.store.memory_report();
        assert_eq!(report.schemas.len(), self.store.schemas().len());
        for schema in &report.schemas {
            assert_eq!(self.store.len_of(exactly(&schema.schema)), Ok(schema.objects));
            assert!(schema.slots.iter().all(|slot| slot.living <= slot.reserved));
        }
        let heights = self.store.key::<f64>("tile", "height").expect("the slot exists");
        let column = self.store.column(heights).expect("the key is the store's");
        let values = column.runs().flatten().map(|height| Value::from(*height));
        let tiles = self.objects.values().filter(|object| self.extends(&object.schema, "tile"));
        assert!(values.eq(tiles.map(|tile| self.expected(tile, "height"))));
        assert!(column.runs().all(|run| !run.is_empty() && run.len() <= BLOCK_ROWS));
    }
}

/// Checks that a run is not empty, and that its objects are in adjacent rows of one block.
fn assert_run(ids: &[ObjectId]) {
    let [first, ..] = ids else { panic!("a run has objects") };
    let last = ids[ids.len() - 1];
    assert_eq!(first.row() as usize / BLOCK_ROWS, last.row() as usize / BLOCK_ROWS);
    assert!(ids.windows(2).all(|pair| pair[0].row() + 1 == pair[1].row()));
    assert!(ids.iter().all(|id| id.schema() == first.schema()));
}
