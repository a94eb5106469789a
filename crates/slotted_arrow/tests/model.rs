//! Random worlds: a save that is loaded equals the store, and after a migration equals the migrated store.

mod common;

use common::Folder;
use proptest::prelude::*;
use slotted::{Kind, ObjectId, Record, Schema, Store, Value};
use slotted_arrow::{Compression, LoadOptions, SaveOptions, SaveReport};

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
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => (0..3_usize, any::<[u8; 4]>()).prop_map(|(schema, values)| Operation::Spawn { schema, values }),
        3 => any::<usize>().prop_map(|object| Operation::Despawn { object }),
        6 => (any::<usize>(), 0..5_usize, any::<u8>())
            .prop_map(|(object, slot, value)| Operation::Set { object, slot, value }),
        1 => Just(Operation::Compact),
        1 => Just(Operation::Release),
        4 => (any::<bool>(), 0..3_u8)
            .prop_map(|(is_folder, compression)| Operation::Save { is_folder, compression }),
        1 => (0..VERSIONS).prop_map(|version| Operation::Migrate { version }),
    ]
}

const SCHEMAS: [&str; 3] = ["unit", "orc", "tile"];
const VERSIONS: usize = 4;

/// Returns the schemas of a version. A later one adds, renames and widens slots.
fn schemas(version: usize) -> Vec<Schema> {
    let health = [Kind::U8, Kind::U8, Kind::U16, Kind::I64][version].clone();
    let mut unit = Schema::builder("unit").slot("health", health);
    unit = if version < 2 {
        unit.slot("title", Kind::Text)
    } else {
        unit.slot("name", Kind::Text).renamed_from("title")
    };
    unit = unit.slot("target", Kind::Object).optional();
    if version > 0 {
        unit = unit.slot("rage", Kind::F32).default(0.5);
    }
    let variants = if version < 3 { &["a", "b", "c"][..] } else { &["c", "a", "d", "b"] };
    let orc = Schema::builder("orc").extends("unit");
    let orc = orc.slot("job", Kind::enumeration(variants.iter().copied())).default("a");
    let tile = Schema::builder("tile")
        .slot("tags", Kind::list(Kind::Text))
        .default(Value::List([].into()));
    let tile = if version == 1 { tile.slot("is_wet", Kind::Bool).optional() } else { tile };
    [unit.build(), orc.build(), tile.build()]
        .into_iter()
        .map(|schema| schema.expect("valid"))
        .collect()
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
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let folder = Folder::new(&format!("model-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
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
            Operation::Migrate { version } if version >= self.version => self.migrate(version)?,
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

    fn migrate(&mut self, version: usize) -> Result<(), Box<dyn std::error::Error>> {
        let mut bytes = Vec::new();
        SaveOptions::new().write(&self.store.snapshot(), &mut bytes)?;
        let mut loaded = store_of(version);
        let report = LoadOptions::new().read_into(&mut loaded, &bytes[..])?;
        let plan = self.store.plan_migration(schemas(version))?;
        assert_eq!(
            report.migration().map(ToString::to_string),
            (!plan.is_empty()).then(|| plan.to_string())
        );
        self.store.migrate(&plan)?;
        self.version = version;
        assert_eq!(loaded.state_hash(), self.store.state_hash());
        assert_eq!(loaded.future_ids_hash(), self.store.future_ids_hash());
        // Values that the migration dropped were kept aside.
        let again = {
            let mut bytes = Vec::new();
            SaveOptions::new().aside(report.aside()).write(&loaded.snapshot(), &mut bytes)?;
            let mut again = store_of(version);
            LoadOptions::new().read_into(&mut again, &bytes[..])?;
            again.state_hash()
        };
        assert_eq!(again, self.store.state_hash());
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
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

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

/// Returns the number of cases: more by `SLOTTED_CASES`.
fn cases() -> u32 {
    std::env::var("SLOTTED_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(100)
}
