//! Random worlds: a save that is loaded equals the store, and after a migration equals the migrated store.

mod common;

use bench_support::cases;
use common::Folder;
use proptest::prelude::*;
use slotted::{Kind, ObjectId, Record, Schema, Store, Value};
use slotted_arrow::{
    Aside, Compression, LoadOptions, LoadReport, Migrations, SaveOptions, SaveReport,
};

/// A change of the world.
#[derive(Clone, Debug)]
enum Operation {
    Spawn {
        schema: usize,
        values: [u8; 4],
    },
    Despawn {
        object: usize,
    },
    Set {
        object: usize,
        slot: usize,
        value: u8,
    },
    Compact,
    Release,
    /// Saves and goes on with the loaded store.
    Save {
        is_folder: bool,
        compression: u8,
    },
    /// Loads a save under other schemas, and migrates the store to them.
    Migrate {
        version: usize,
        is_folder: bool,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => (0..3_usize, any::<[u8; 4]>()).prop_map(|(schema, values)| Operation::Spawn { schema, values }),
        3 => any::<usize>().prop_map(|object| Operation::Despawn { object }),
        6 => (any::<usize>(), 0..10_usize, any::<u8>())
            .prop_map(|(object, slot, value)| Operation::Set { object, slot, value }),
        1 => Just(Operation::Compact),
        1 => Just(Operation::Release),
        4 => (any::<bool>(), 0..3_u8)
            .prop_map(|(is_folder, compression)| Operation::Save { is_folder, compression }),
        1 => (0..VERSIONS, any::<bool>())
            .prop_map(|(version, is_folder)| Operation::Migrate { version, is_folder }),
    ]
}

const SCHEMAS: [&str; 3] = ["unit", "orc", "tile"];
const VERSIONS: usize = 5;

/// The first version that declares its changes as steps of a load, not in its schemas.
const STEPS: usize = 4;

/// Returns the steps of a load to the last version.
fn steps() -> Migrations {
    let steps = Migrations::new().map("unit", "distance", distance).rename("tile", "is_wet", "wet");
    steps.remove("unit", "rage")
}

/// Returns the new value that a step computes from an old object: of a vector, a part of a nested record, and a value of any sort.
fn distance(old: &Record) -> Value {
    let x = old.get("position").and_then(Value::numbers).map(|numbers| numbers[0].clone());
    match (x, old.get("damage.max")) {
        (Some(Value::F32(x)), Some(Value::UInt(max))) => (x + *max as f32).into(),
        (Some(Value::F32(x)), Some(Value::Int(max))) => (x - *max as f32).into(),
        _ => Value::Unset,
    }
}

/// Returns the schemas of a version. A later one adds, renames and widens slots.
fn schemas(version: usize) -> Vec<Schema> {
    declared(version, false)
}

/// Returns the schemas of a version, with the renames of the steps if these are to be declared.
fn declared(version: usize, with_renames: bool) -> Vec<Schema> {
    let health = [Kind::U8, Kind::U8, Kind::U16, Kind::I64, Kind::I64][version].clone();
    let mut unit = Schema::builder("unit").slot("health", health);
    unit = if version < 2 {
        unit.slot("title", Kind::Text)
    } else {
        unit.slot("name", Kind::Text).renamed_from("title")
    };
    unit = unit.slot("target", Kind::Object).optional();
    if (1..STEPS).contains(&version) {
        unit = unit.slot("rage", Kind::F32).default(0.5);
    }
    let max = if version < 2 { Kind::U8 } else { Kind::U16 };
    let range = Schema::builder("range").slot("min", Kind::U8).slot("max", max);
    let drop = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32);
    let drop = if version < 3 { drop } else { drop.slot("count", Kind::U8).optional() };
    let skill = Schema::builder("skill").slot("level", Kind::U8);
    unit = unit
        .slot("position", Kind::Vec3)
        .slot("path", Kind::list(Kind::Vec2))
        .default(Value::List([].into()))
        .slot("note", Kind::Any)
        .optional()
        .nested("damage", &range.build().expect("valid"))
        .nested_list("drops", &drop.build().expect("valid"))
        .nested_map("skills", Kind::Text, &skill.build().expect("valid"))
        .slot("effect@type", Kind::enumeration(["heal", "rest"]))
        .slot("effect@heal.amount", Kind::F32)
        .optional();
    if version >= STEPS {
        unit = unit.slot("distance", Kind::F32).default(0);
    }
    let variants = if version < 3 { &["a", "b", "c"][..] } else { &["c", "a", "d", "b"] };
    let orc = Schema::builder("orc").extends("unit");
    let orc = orc.slot("job", Kind::enumeration(variants.iter().copied())).default("a");
    let tile = Schema::builder("tile")
        .slot("tags", Kind::list(Kind::Text))
        .default(Value::List([].into()));
    let tile = match version {
        1 => tile.slot("is_wet", Kind::Bool).optional(),
        STEPS.. if with_renames => tile.slot("wet", Kind::Bool).optional().renamed_from("is_wet"),
        STEPS.. => tile.slot("wet", Kind::Bool).optional(),
        _ => tile,
    };
    [unit.build(), orc.build(), tile.build()]
        .into_iter()
        .map(|schema| schema.expect("valid"))
        .collect()
}

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

fn drops(number: u8) -> Value {
    let drop = |at: u8| {
        let (item, chance) = (format!("item {}", (number ^ at) % 5), f32::from(at) * 0.25);
        map([("item", item.into()), ("chance", chance.into())])
    };
    Value::List((0..number % 4).map(drop).collect())
}

fn damage(number: u8) -> Value {
    map([("min", (number / 2).into()), ("max", number.into())])
}

fn effect(number: u8) -> Value {
    match number % 2 {
        0 => map([("type", "rest".into())]),
        _ => map([("type", "heal".into()), ("amount", f32::from(number).into())]),
    }
}

fn note(number: u8) -> Value {
    match number % 5 {
        0 => Value::Unset,
        1 => number.into(),
        2 => format!("note {}", number % 20).into(),
        3 => [0.5_f32, f32::NAN].into(),
        _ => map([("$vec2", effect(number))]),
    }
}

fn new_folder() -> Folder {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    Folder::new(&format!("model-{}", NUMBER.fetch_add(1, Ordering::Relaxed)))
}

struct World {
    store: Store,
    ids: Vec<ObjectId>,
    version: usize,
    folder: Folder,
    last: Option<SaveReport>,
}

impl World {
    fn new() -> Self {
        let folder = new_folder();
        Self { store: store_of(0), ids: Vec::new(), version: 0, folder, last: None }
    }

    fn text(&self) -> &'static str {
        if self.version < 2 { "title" } else { "name" }
    }

    fn run(&mut self, operation: &Operation) -> Result<(), Box<dyn std::error::Error>> {
        match *operation {
            Operation::Spawn { schema, values } => {
                let mut record = Record::with_capacity(4);
                if schema == 2 {
                    let tags = (0..values[0] % 4).map(|tag| format!("tag {}", tag % 3).into());
                    record.push("tags", Value::List(tags.collect()));
                } else {
                    record.push("position", [f32::from(values[3]), -0.0, 1.0]);
                    record.push("note", note(values[0]));
                    record.push("damage", damage(values[1]));
                    record.push("drops", drops(values[2]));
                    record.push("skills", map([("archery", map([("level", values[3].into())]))]));
                    record.push("effect", effect(values[3]));
                    record.push("health", values[0]);
                    record.push(self.text(), format!("text {}", values[1] % 20));
                    if let Some(target) = self.ids.get(usize::from(values[2])) {
                        record.push("target", *target);
                    }
                }
                self.ids.push(self.store.spawn_record(SCHEMAS[schema], record)?);
            }
            Operation::Despawn { object } if !self.ids.is_empty() => {
                let position = object % self.ids.len();
                self.store.despawn(self.ids.swap_remove(position))?;
            }
            Operation::Set { object, slot, value } if !self.ids.is_empty() => {
                let id = self.ids[object % self.ids.len()];
                let (name, value) = match slot {
                    0 => ("health", Value::from(value)),
                    1 => (self.text(), format!("text {value}").into()),
                    2 => ("target", Value::Unset),
                    3 => ("job", ["a", "b", "c"][usize::from(value % 3)].into()),
                    4 => ("position", [f32::from(value), 0.5, f32::INFINITY].into()),
                    5 => ("note", note(value)),
                    6 => ("drops", drops(value)),
                    7 => ("effect", effect(value)),
                    8 => ("path", vec![[f32::from(value), 2.0]; usize::from(value % 3)].into()),
                    _ => ("tags", Value::List([format!("tag {value}").into()].into())),
                };
                // Tiles have no health.
                let _ = self.store.set_value(id, name, value);
            }
            Operation::Compact => {
                self.store.compact()?;
                self.ids = self.store.ids().collect();
            }
            Operation::Release => self.store.release_memory(),
            Operation::Save { is_folder, compression } => self.save(is_folder, compression)?,
            Operation::Migrate { version, is_folder } if version >= self.version => {
                self.migrate(version, is_folder)?
            }
            _ => {}
        }
        Ok(())
    }

    fn save(&mut self, is_folder: bool, compression: u8) -> Result<(), Box<dyn std::error::Error>> {
        let compression =
            [None, Some(Compression::Lz4), Some(Compression::Zstd)][usize::from(compression)];
        let (snapshot, options) =
            (self.store.snapshot(), SaveOptions::new().compression(compression));
        let (mut loaded, report) = if is_folder {
            let options = match &self.last {
                Some(last) => options.since(last),
                None => options,
            };
            self.last = Some(options.save(&snapshot, &self.folder.0)?);
            LoadOptions::new().load(&self.folder.0)?
        } else {
            let mut bytes = Vec::new();
            options.write(&snapshot, &mut bytes)?;
            LoadOptions::new().read(&bytes[..])?
        };
        assert!(report.migration().is_none() && report.objects() == self.store.len());
        assert_eq!(loaded.state_hash(), self.store.state_hash());
        assert_eq!(loaded.future_ids_hash(), self.store.future_ids_hash());
        if !is_folder {
            self.store = loaded;
        }
        Ok(())
    }

    /// Saves the store in one of the forms, with what was kept aside, and loads it into another one.
    fn load_into(
        store: &mut Store,
        into: &mut Store,
        aside: &Aside,
        options: &LoadOptions,
        is_folder: bool,
    ) -> Result<LoadReport, Box<dyn std::error::Error>> {
        let (snapshot, save) = (store.snapshot(), SaveOptions::new().aside(aside));
        if is_folder {
            let folder = new_folder();
            save.save(&snapshot, &folder.0)?;
            return Ok(options.load_into(into, &folder.0)?);
        }
        let mut bytes = Vec::new();
        save.write(&snapshot, &mut bytes)?;
        Ok(options.read_into(into, &bytes[..])?)
    }

    fn migrate(
        &mut self,
        version: usize,
        is_folder: bool,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let mut loaded = store_of(version);
        let has_steps = version >= STEPS && self.version < STEPS;
        let options = match version >= STEPS {
            true => LoadOptions::new().migrations(steps()),
            false => LoadOptions::new(),
        };
        let (none, store) = (Aside::default(), &mut self.store);
        let report = Self::load_into(store, &mut loaded, &none, &options, is_folder)?;
        let ids = self.store.ids_of("unit")?.filter(|_| has_steps);
        let computed = ids.map(|id| Ok((id, distance(&self.store.get_record(id)?))));
        let computed = computed.collect::<Result<Vec<_>, slotted::AccessError>>()?;
        let plan = self.store.plan_migration(declared(version, has_steps))?;
        if !has_steps {
            assert_eq!(
                report.migration().map(ToString::to_string),
                (!plan.is_empty()).then(|| plan.to_string())
            );
        }
        self.store.migrate(&plan)?;
        for (id, distance) in computed {
            self.store.set_value(id, "distance", distance)?;
        }
        self.version = version;
        assert_eq!(loaded.state_hash(), self.store.state_hash());
        assert_eq!(loaded.future_ids_hash(), self.store.future_ids_hash());
        for id in self.store.ids() {
            let (loaded, expected) = (loaded.get_record(id)?, self.store.get_record(id)?);
            // NaN differs from itself.
            assert_eq!(format!("{loaded:?}"), format!("{expected:?}"));
        }
        // Values that the migration dropped were kept aside, unless a step removes them.
        let is_dropped = report.aside().values().any(|(_, slot, _)| slot == "rage");
        assert!(!is_dropped, "'rage' was removed");
        let mut again = store_of(version);
        Self::load_into(&mut loaded, &mut again, report.aside(), &options, !is_folder)?;
        assert_eq!(again.state_hash(), self.store.state_hash());
        Ok(())
    }
}

fn store_of(version: usize) -> Store {
    let mut store = Store::new();
    for schema in schemas(version) {
        store.register_schema(schema).expect("new");
    }
    store
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(40)))]

    #[test]
    fn saves_equal_the_store_at_every_step(operations in prop::collection::vec(operation(), 1..60)) {
        let mut world = World::new();
        for operation in &operations {
            if let Err(error) = world.run(operation) {
                return Err(TestCaseError::fail(format!("{operation:?}: {error}")));
            }
        }
    }
}
