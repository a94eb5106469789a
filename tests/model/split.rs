//! Random borrows of a split store: the model knows which of them conflict.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::glam::Vec3;
use slotted::schema::SchemaSelector;
use slotted::view::{SlotColumn, SlotColumnMut, SplitError, ViewMut, ViewRef};
use slotted::{ObjectId, SchemaId, SlotKey, Value, View, exactly};

use crate::world::World;

#[derive(View)]
struct Moving<'a> {
    id: ObjectId,
    position: &'a mut Vec3,
    health: &'a f32,
}

#[derive(View)]
struct Healthy<'a> {
    id: ObjectId,
    health: &'a f32,
}

/// Something borrowed, all used at the end.
enum Held<'s> {
    Healths(SlotColumn<'s, f32>),
    HealthsMut(SlotColumnMut<'s, f32>),
    PositionsMut(SlotColumnMut<'s, Vec3>),
    Moving(ViewMut<'s, Moving<'static>>),
    Healthy(ViewRef<'s, Healthy<'static>>),
}

/// A borrow that is tried: what, and of which schema.
struct Try {
    what: u32,
    schema: &'static str,
    is_exact: bool,
}

impl Try {
    fn random(rng: &mut StdRng) -> Self {
        let what = rng.random_range(0..5);
        let schema = if rng.random() { "unit" } else { "orc" };
        // A column belongs to the schema of its key and to those that extend it.
        Self { what, schema, is_exact: what > 2 && rng.random() }
    }

    /// The slots, each with `true` if it is written.
    const fn slots(&self) -> &'static [(&'static str, bool)] {
        match self.what {
            0 | 4 => &[("health", false)],
            1 => &[("health", true)],
            2 => &[("position", true)],
            _ => &[("position", true), ("health", false)],
        }
    }

    fn selector(&self) -> SchemaSelector<'static> {
        if self.is_exact { exactly(self.schema) } else { self.schema.into() }
    }
}

impl World {
    pub(crate) fn borrow_split(&mut self, seed: u64) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let tries: Vec<Try> = (0..rng.random_range(1..8)).map(|_| Try::random(rng)).collect();
        let health = self.store.key::<f32>("unit", "health").expect("the slot exists");
        let old = self
            .objects
            .values()
            .filter_map(|object| Some((object.id, self.store.get(object.id, health)?.to_bits())));
        let old: BTreeMap<ObjectId, u32> = old.collect();
        let families: Vec<Vec<SchemaId>> = tries.iter().map(|wanted| self.family(wanted)).collect();
        let keys: Vec<_> = tries.iter().map(|wanted| self.keys_of(wanted.schema)).collect();

        let mut borrowed: BTreeMap<(SchemaId, &str), bool> = BTreeMap::new();
        let mut written: Vec<(ObjectId, &str, Value)> = Vec::new();
        let mut split = self.store.split();
        let mut held = Vec::new();
        for ((wanted, family), (health, position)) in tries.iter().zip(&families).zip(keys) {
            let uses = |schema: &SchemaId| {
                let schema = *schema;
                wanted.slots().iter().map(move |(slot, writes)| ((schema, *slot), *writes))
            };
            let conflict = family.iter().flat_map(uses).any(|(place, writes)| {
                borrowed.get(&place).is_some_and(|written| *written || writes)
            });
            let got = match wanted.what {
                0 => split.column(health).map(Held::Healths),
                1 => split.column_mut(health).map(Held::HealthsMut),
                2 => split.column_mut(position).map(Held::PositionsMut),
                3 => split.view_of(wanted.selector()).map(Held::Moving),
                _ => split.view_ref_of(wanted.selector()).map(Held::Healthy),
            };
            match got {
                Ok(got) => {
                    assert!(!conflict);
                    borrowed.extend(family.iter().flat_map(uses));
                    held.push((got, family));
                }
                Err(error) => {
                    assert!(conflict && matches!(error, SplitError::Borrowed { .. }), "{error}");
                }
            }
        }
        // All are alive at the same time, and each is used.
        let ids = self.objects.values().map(|object| object.id);
        for (got, family) in held {
            let ids = ids.clone().filter(|id| family.contains(&id.schema()));
            got.check_or_write(&ids.collect::<Vec<_>>(), &old, rng, &mut written);
        }
        self.note_all(written);
    }

    fn family(&self, wanted: &Try) -> Vec<SchemaId> {
        let schemas = self.store.schemas_of(wanted.selector()).expect("a schema");
        schemas.map(|schema| schema.id()).collect()
    }

    fn keys_of(&self, schema: &str) -> (SlotKey<f32>, SlotKey<Vec3>) {
        let health = self.store.key(schema, "health").expect("the slot exists");
        (health, self.store.key(schema, "position").expect("the slot exists"))
    }
}

impl Held<'_> {
    /// Compares what is read with the values from before, and writes new values to the rest.
    fn check_or_write(
        self,
        ids: &[ObjectId],
        old: &BTreeMap<ObjectId, u32>,
        rng: &mut StdRng,
        written: &mut Vec<(ObjectId, &str, Value)>,
    ) {
        match self {
            Self::Healths(column) => {
                for id in ids {
                    assert_eq!(column.get(*id).map(f32::to_bits), old.get(id).copied());
                }
            }
            Self::HealthsMut(mut column) => {
                for id in ids {
                    let health = rng.random_range(0.0..500.0_f32);
                    assert!(column.set(*id, health));
                    written.push((*id, "health", health.into()));
                }
            }
            Self::PositionsMut(mut column) => {
                for id in ids {
                    let position = Vec3::splat(rng.random());
                    *column.get_mut(*id).expect("it is alive") = position;
                    written.push((*id, "position", position.into()));
                }
            }
            Self::Moving(view) => {
                let mut visited = Vec::new();
                for unit in view {
                    *unit.position = Vec3::splat(rng.random());
                    written.push((unit.id, "position", (*unit.position).into()));
                    visited.push(unit.id);
                }
                assert_eq!(visited, ids);
            }
            Self::Healthy(view) => {
                let healths = view.iter().map(|unit| (unit.id, unit.health.to_bits()));
                assert!(healths.eq(ids.iter().map(|id| (*id, old[id]))));
            }
        }
    }
}
