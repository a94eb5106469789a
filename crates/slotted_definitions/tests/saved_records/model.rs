//! A save and a load between two versions of the definitions change nothing about a reload.

use std::fmt::Write;

use proptest::prelude::*;
use slotted::{Store, Value};
use slotted_definitions::saved::SavedObjects;
use slotted_definitions::{Definitions, Loader, Objects};

const NAMES: [&str; 4] = ["ada", "bob", "cid", "dan"];

#[derive(Clone, Debug)]
struct Unit {
    is_orc: bool,
    is_abstract: bool,
    health: Option<u8>,
    tags: Option<u8>,
    target: Option<usize>,
    rage: Option<u8>,
}

/// One version of the files.
#[derive(Clone, Debug)]
struct Version {
    health_kind: &'static str,
    default: u8,
    limit: u8,
    is_renamed: bool,
    has_shield: bool,
    units: [Option<Unit>; 4],
    /// Some units have another of their name in the other schema.
    has_twins: bool,
    tiles: Vec<i8>,
}

impl Version {
    fn is_target(&self, number: usize) -> bool {
        self.units[number].as_ref().is_some_and(|unit| !unit.is_abstract)
    }

    fn file(&self) -> String {
        let mut file = String::new();
        let Self { health_kind, default, limit, .. } = self;
        let health = if self.is_renamed { "hp" } else { "health" };
        let former =
            if self.is_renamed { ", renamed_from = 'health'" } else { ", renamed_from = 'hp'" };
        let _ = writeln!(
            file,
            "schemas.unit.slots.{health} = {{ kind = '{health_kind}', default = {default}, \
             range = [0, {limit}]{former} }}\n\
             schemas.unit.slots.tags = {{ kind = 'list(text)', default = [] }}\n\
             schemas.unit.slots.target = {{ kind = 'object', references = 'unit', optional = true }}\n\
             schemas.orc.extends = 'unit'\n\
             schemas.orc.slots.rage = {{ kind = 'f32', default = 0.1 }}\n\
             schemas.tile.slots.height = 'i8'"
        );
        if self.has_shield {
            file.push_str("schemas.unit.slots.shield = { kind = 'bool', default = true }\n");
        }
        for (name, unit) in NAMES.iter().zip(&self.units) {
            let Some(unit) = unit else { continue };
            let schema = if unit.is_orc { "orc" } else { "unit" };
            let _ = writeln!(file, "[records.{schema}.{name}]");
            if unit.is_abstract {
                file.push_str("abstract = true\n");
            }
            if let Some(value) = unit.health {
                let _ = writeln!(file, "{health} = {}", value.min(*limit));
            }
            if let Some(tags) = unit.tags {
                let _ = writeln!(file, "tags = {:?}", &["x", "y", "z"][..usize::from(tags)]);
            }
            if let Some(target) = unit.target.filter(|target| self.is_target(*target)) {
                let of = self.units[target].as_ref().is_some_and(|unit| unit.is_orc);
                let _ = writeln!(
                    file,
                    "target = '{}/{}'",
                    if of { "orc" } else { "unit" },
                    NAMES[target]
                );
            }
            if let Some(rage) = unit.rage.filter(|_| unit.is_orc) {
                let _ = writeln!(file, "rage = 0.{rage}");
            }
            if self.has_twins {
                let _ =
                    writeln!(file, "[records.{}.{name}]", if unit.is_orc { "unit" } else { "orc" });
            }
        }
        for height in &self.tiles {
            let _ = writeln!(file, "[[records.tile]]\nheight = {height}");
        }
        file
    }

    fn load(&self) -> Result<Definitions, Box<dyn std::error::Error>> {
        Ok(Loader::new().text("model.toml", self.file()).load(&Store::new())?)
    }
}

fn unit() -> impl Strategy<Value = Unit> {
    let optional = |range: std::ops::Range<u8>| prop::option::of(range);
    let values = (optional(0..3), optional(0..3), prop::option::of(0_usize..4), optional(0..3));
    (any::<bool>(), prop::bool::weighted(0.15), values).prop_map(
        |(is_orc, is_abstract, (health, tags, target, rage))| Unit {
            is_orc,
            is_abstract,
            health,
            tags,
            target,
            rage,
        },
    )
}

fn version() -> impl Strategy<Value = Version> {
    let kind = prop_oneof![3 => Just("u8"), 2 => Just("u16"), 1 => Just("f32")];
    let units = prop::array::uniform4(prop::option::weighted(0.8, unit()));
    let tiles = prop::collection::vec(0_i8..3, 0..3);
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.3));
    let limit = prop_oneof![3 => Just(255_u8), 1 => Just(100)];
    (kind, 0_u8..3, limit, flags, units, tiles).prop_map(
        |(health_kind, default, limit, (is_renamed, has_shield, has_twins), units, tiles)| {
            Version { health_kind, default, limit, is_renamed, has_shield, units, has_twins, tiles }
        },
    )
}

/// A change of the game to the object of this number.
#[derive(Clone, Debug)]
enum Step {
    Despawn(usize),
    Health(usize, u8),
    Target(usize, usize),
    Spawn,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0_usize..8).prop_map(Step::Despawn),
        2 => (0_usize..8, prop_oneof![Just(7_u8), Just(200)]).prop_map(|(at, to)| Step::Health(at, to)),
        1 => (0_usize..8, 0_usize..8).prop_map(|(at, to)| Step::Target(at, to)),
        1 => Just(Step::Spawn),
    ]
}

fn play(store: &mut Store, steps: &[Step]) {
    for step in steps {
        let ids: Vec<_> = store.ids().collect();
        let id = |number: usize| ids.get(number).copied();
        // Some steps do nothing: the value is out of range, or the object is missing.
        match *step {
            Step::Despawn(number) => {
                id(number).map(|id| store.despawn(id));
            }
            Step::Health(number, to) => {
                for slot in ["health", "hp"] {
                    id(number).map(|id| store.set_value(id, slot, to));
                }
            }
            Step::Target(number, to) => {
                let to = id(to).map_or(Value::Unset, Value::from);
                id(number).map(|id| store.set_value(id, "target", to));
            }
            Step::Spawn => {
                store.spawn_record("orc", slotted::Record::new()).expect("all slots have defaults");
            }
        }
    }
}

fn sorted(changes: &slotted_definitions::reload::Reload) -> Vec<String> {
    let mut lines: Vec<_> = changes.changes().iter().map(ToString::to_string).collect();
    lines.sort();
    lines
}

fn reload(
    objects: &mut Objects,
    store: &mut Store,
    next: &Definitions,
) -> Result<Vec<String>, String> {
    let plan = objects.plan_reload(store, next).map_err(|error| error.to_string())?;
    objects.apply_reload(store, &plan).map_err(|error| error.to_string())?;
    Ok(sorted(&plan))
}

fn are_equal(a: (&mut Store, &Objects), b: (&mut Store, &Objects)) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.0.state_hash(), b.0.state_hash());
    prop_assert_eq!(a.0.future_ids_hash(), b.0.future_ids_hash());
    prop_assert_eq!(a.1.ids().collect::<Vec<_>>(), b.1.ids().collect::<Vec<_>>());
    prop_assert_eq!(a.1.to_saved(), b.1.to_saved());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 5000 }))]

    #[test]
    fn a_save_between_two_versions_is_as_a_reload(
        versions in prop::array::uniform3(version()),
        steps in prop::collection::vec(step(), 0..6),
        more_steps in prop::collection::vec(step(), 0..6),
        as_json in any::<bool>(),
    ) {
        let load = |version: &Version| version.load().map_err(|error| TestCaseError::fail(error.to_string()));
        let [first, second, third] = &versions;
        let (first, second, third) = (load(first)?, load(second)?, load(third)?);
        let mut store = Store::new();
        let mut objects = first.spawn(&mut store).expect("the store is empty");
        play(&mut store, &steps);
        let mut loaded = store.snapshot().to_store();
        let saved = objects.to_saved();
        let saved: SavedObjects = if as_json {
            serde_json::from_str(&serde_json::to_string(&saved).expect("plain data")).expect("just written")
        } else {
            postcard::from_bytes(&postcard::to_allocvec(&saved).expect("plain data")).expect("just written")
        };

        let reloaded = reload(&mut objects, &mut store, &second);
        let resumed = second.resume(&saved, &mut loaded);
        let (mut resumed, changes) = match (&reloaded, resumed) {
            (Ok(changes), Ok((resumed, applied))) => {
                prop_assert_eq!(&sorted(&applied), changes);
                (resumed, changes)
            }
            (Err(error), Err(other)) => {
                prop_assert_eq!(error, &other.to_string());
                prop_assert_eq!(store.state_hash(), loaded.state_hash());
                return Ok(());
            }
            (reloaded, resumed) => {
                return Err(TestCaseError::fail(format!("{reloaded:?}, {resumed:?}")));
            }
        };
        are_equal((&mut store, &objects), (&mut loaded, &resumed))?;
        prop_assert!(changes.len() < 100);

        for store in [&mut store, &mut loaded] {
            play(store, &more_steps);
        }
        let reloaded = reload(&mut objects, &mut store, &third);
        prop_assert_eq!(&reloaded, &reload(&mut resumed, &mut loaded, &third));
        are_equal((&mut store, &objects), (&mut loaded, &resumed))?;
    }
}
