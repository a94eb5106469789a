//! Everything that a load changes is in its report.

use slotted::schema::SchemaBuilder;
use slotted::{Kind, Record, Schema, Store, Value, record};
use slotted_arrow::{LoadOptions, LoadReport, LoadStep, Migrations, SaveOptions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A save, a program, and the lines that the report of the load must have.
struct Case {
    name: &'static str,
    saved: Vec<SchemaBuilder>,
    objects: Vec<(&'static str, Record)>,
    program: Vec<SchemaBuilder>,
    options: LoadOptions,
    report: &'static str,
}

impl Case {
    fn new(name: &'static str, report: &'static str) -> Self {
        let (saved, objects, program) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, saved, objects, program, options: LoadOptions::new(), report }
    }

    fn saved(mut self, schema: SchemaBuilder) -> Self {
        self.saved.push(schema);
        self
    }

    fn object(mut self, schema: &'static str, record: Record) -> Self {
        self.objects.push((schema, record));
        self
    }

    fn program(mut self, schema: SchemaBuilder) -> Self {
        self.program.push(schema);
        self
    }

    fn migrations(mut self, migrations: Migrations) -> Self {
        self.options = self.options.migrations(migrations);
        self
    }

    fn allow_loss(mut self) -> Self {
        self.options = self.options.allow_loss();
        self
    }

    fn load(&self) -> Result<LoadReport, Box<dyn std::error::Error>> {
        let mut store = store(&self.program)?;
        Ok(self.options.read_into(&mut store, &self.save()?[..])?)
    }

    fn save(&self) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let mut store = store(&self.saved)?;
        for (schema, record) in &self.objects {
            store.spawn_record(schema, record.clone())?;
        }
        let mut save = Vec::new();
        SaveOptions::new().write(&store.snapshot(), &mut save)?;
        Ok(save)
    }
}

fn store(schemas: &[SchemaBuilder]) -> Result<Store, slotted::SchemaError> {
    let mut store = Store::new();
    for schema in schemas {
        store.register_schema(schema.clone().build()?)?;
    }
    Ok(store)
}

fn unit() -> SchemaBuilder {
    Schema::builder("unit")
}

fn with(slot: &'static str, kind: Kind) -> SchemaBuilder {
    unit().slot(slot, kind)
}

fn map<const N: usize>(parts: [(&'static str, Value); N]) -> Value {
    parts.into_iter().collect()
}

#[test]
fn every_step_of_a_migration_is_reported() -> Outcome {
    let cases = [names(), slots(), kinds(), variants(), values(), needs()?, nested()?, aside()];
    let mut wrong = String::new();
    for case in cases.into_iter().flatten() {
        let found = case.load().map_err(|error| format!("{}: {error}", case.name))?.to_string();
        if found != case.report {
            wrong +=
                &format!("{}\n--- expected\n{}\n--- found\n{found}\n\n", case.name, case.report);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    Ok(())
}

fn names() -> Vec<Case> {
    let pod = |name: &'static str| with("color", Kind::opaque_pod(name, 4, 1));
    vec![
        Case::new("nothing", "nothing changes").saved(unit()).program(unit()),
        Case::new("a renamed schema", "schema 'soldier' is renamed to 'unit'")
            .saved(Schema::builder("soldier"))
            .program(unit())
            .migrations(Migrations::new().rename_schema("soldier", "unit")),
        Case::new("a schema that was renamed twice", "schema 'soldier' is renamed to 'unit'")
            .saved(Schema::builder("soldier"))
            .program(unit())
            .migrations(
                Migrations::new().rename_schema("soldier", "fighter").rename_schema("fighter", "unit"),
            ),
        Case::new(
            "a renamed schema of a mod",
            "schema 'orc' is renamed to 'mod.orc'\n1 object of schema 'mod.orc' is kept aside",
        )
        .saved(Schema::builder("orc"))
        .object("orc", record! {})
        .migrations(Migrations::new().rename_schema("orc", "mod.orc")),
        Case::new("a renamed type", "type 'game::old::Color' is renamed to 'game::Color'")
            .saved(pod("game::old::Color").slot("second", Kind::opaque_pod("game::old::Color", 4, 1)))
            .program(pod("game::Color").slot("second", Kind::opaque_pod("game::Color", 4, 1)))
            .migrations(Migrations::new().rename_type("game::old::Color", "game::Color")),
        Case::new("steps that concern nothing", "nothing changes").saved(unit()).program(unit()).migrations(
            Migrations::new()
                .rename_schema("soldier", "unit")
                .rename_type("game::old::Color", "game::Color")
                .rename("unit", "hp", "health")
                .remove("unit", "feet")
                .map("unit", "metres", |_| Value::Unset),
        ),
        Case::new("a new schema", "schema 'orc' is new")
            .saved(unit())
            .program(unit())
            .program(Schema::builder("orc")),
        Case::new(
            "another base",
            "schema 'orc' changes (no living objects):\n  the schema extends 'unit' instead of nothing",
        )
        .saved(unit())
        .saved(Schema::builder("orc"))
        .program(unit())
        .program(Schema::builder("orc").extends("unit")),
    ]
}

fn slots() -> Vec<Case> {
    let two =
        |first: &'static str, second: &'static str| with(first, Kind::U8).slot(second, Kind::U8);
    vec![
        Case::new(
            "an added slot",
            "schema 'unit' changes (1 object):\n  slot 'rage' is added: u8, default 5\n  \
             slot 'mana' is added, unset: u8, optional",
        )
        .saved(unit())
        .object("unit", record! {})
        .program(with("rage", Kind::U8).default(5).slot("mana", Kind::U8).optional()),
        Case::new(
            "a renamed slot",
            "schema 'unit' changes (no living objects):\n  slot 'hp' is renamed to 'health'",
        )
        .saved(with("hp", Kind::U8))
        .program(with("health", Kind::U8))
        .migrations(Migrations::new().rename("unit", "hp", "health")),
        Case::new(
            "a slot that declares its former name, here and in a schema that extends it",
            "schema 'unit' changes (no living objects):\n  slot 'hp' is renamed to 'health'\n\
             schema 'orc' changes (no living objects):\n  slot 'hp' is renamed to 'health'",
        )
        .saved(with("hp", Kind::U8))
        .saved(Schema::builder("orc").extends("unit"))
        .program(with("health", Kind::U8).renamed_from("hp"))
        .program(Schema::builder("orc").extends("unit")),
        Case::new(
            "moved slots",
            "schema 'unit' changes (no living objects):\n  2 slots move; their keys are invalidated",
        )
        .saved(two("a", "b"))
        .program(two("b", "a")),
        Case::new(
            "a dropped slot",
            "schema 'unit' changes (1 object):\n  slot 'feet' is removed with 1 value\n\
             1 value of slot 'feet' of 'unit' is dropped",
        )
        .saved(with("feet", Kind::U8))
        .object("unit", record! { feet: 6 })
        .program(unit())
        .migrations(Migrations::new().remove("unit", "feet")),
        Case::new(
            "a removed slot without values",
            "schema 'unit' changes (1 object):\n  slot 'feet' is removed; no object has a value",
        )
        .saved(with("feet", Kind::U8).optional())
        .object("unit", record! {})
        .program(unit()),
        Case::new(
            "a computed slot",
            "schema 'unit' changes (2 objects):\n  slot 'metres' is added, unset: f32\n\
             slot 'metres' of 'unit' is computed for 2 objects",
        )
        .saved(unit())
        .object("unit", record! {})
        .object("unit", record! {})
        .program(with("metres", Kind::F32))
        .migrations(Migrations::new().map("unit", "metres", |_| 2.into())),
    ]
}

fn kinds() -> Vec<Case> {
    vec![
        Case::new(
            "a wider slot",
            "schema 'unit' changes (1 object):\n  slot 'age' changes from u8 to u16, 1 value is converted",
        )
        .saved(with("age", Kind::U8))
        .object("unit", record! { age: 30 })
        .program(with("age", Kind::U16)),
        Case::new(
            "a narrower slot whose values fit",
            "schema 'unit' changes (1 object):\n  slot 'age' changes from u16 to u8, 1 value is converted",
        )
        .saved(with("age", Kind::U16))
        .object("unit", record! { age: 30 })
        .program(with("age", Kind::U8)),
        Case::new(
            "values that do not fit",
            "schema 'unit' changes (3 objects):\n  slot 'age' changes from u16 to u8\n  \
             slot 'age' has default 20 for new objects\n\
             slot 'age' of 'unit' loses values: 2 are replaced by the default 20",
        )
        .saved(with("age", Kind::U16))
        .object("unit", record! { age: 30 })
        .object("unit", record! { age: 300 })
        .object("unit", record! { age: 301 })
        .program(with("age", Kind::U8).default(20))
        .allow_loss(),
        Case::new(
            "values that are rounded, under another name",
            "schema 'unit' changes (2 objects):\n  slot 'size' is renamed to 'height'\n  \
             slot 'height' changes from f64 to f32\n\
             slot 'height' of 'unit' loses values: 1 is rounded",
        )
        .saved(with("size", Kind::F64))
        .object("unit", record! { size: 0.5 })
        .object("unit", record! { size: 0.1 })
        .program(with("height", Kind::F32).renamed_from("size"))
        .allow_loss(),
        Case::new(
            "values that are removed and rounded",
            "schema 'unit' changes (2 objects):\n  slot 'size' changes from f64 to f32\n  \
             slot 'size' was f64, optional; it becomes f32, optional, range 0.0 to 1.0\n\
             slot 'size' of 'unit' loses values: 1 is rounded, 1 is removed",
        )
        .saved(with("size", Kind::F64).optional())
        .object("unit", record! { size: 7.0 })
        .object("unit", record! { size: 0.1 })
        .program(with("size", Kind::F32).optional().range(0.0..=1.0))
        .allow_loss(),
    ]
}

fn variants() -> Vec<Case> {
    let job = |variants: &[&str]| with("job", Kind::enumeration(variants.iter().copied()));
    vec![
        Case::new(
            "a variant more",
            "schema 'unit' changes (1 object):\n  slot 'job' changes from enum(a, b) to enum(a, b, c)",
        )
        .saved(job(&["a", "b"]))
        .object("unit", record! { job: "b" })
        .program(job(&["a", "b", "c"])),
        Case::new(
            "variants in another order",
            "schema 'unit' changes (1 object):\n  \
             slot 'job' changes from enum(a, b) to enum(b, a), 1 value is converted",
        )
        .saved(job(&["a", "b"]))
        .object("unit", record! { job: "b" })
        .program(job(&["b", "a"])),
        Case::new(
            "a variant that is gone",
            "schema 'unit' changes (2 objects):\n  slot 'job' changes from enum(a, b) to enum(a, z)\n  \
             slot 'job' has default \"z\" for new objects\n\
             slot 'job' of 'unit' loses values: 1 is replaced by the default \"z\"",
        )
        .saved(job(&["a", "b"]))
        .object("unit", record! { job: "a" })
        .object("unit", record! { job: "b" })
        .program(job(&["a", "z"]).default("z"))
        .allow_loss(),
    ]
}

fn values() -> Vec<Case> {
    vec![
        Case::new(
            "a slot that becomes optional",
            "schema 'unit' changes (no living objects):\n  slot 'age' becomes optional",
        )
        .saved(with("age", Kind::U8))
        .program(with("age", Kind::U8).optional()),
        Case::new(
            "a slot that becomes required",
            "schema 'unit' changes (1 object):\n  slot 'age' becomes required; 1 object gets the default\n  \
             slot 'age' has default 3 for new objects",
        )
        .saved(with("age", Kind::U8).optional())
        .object("unit", record! {})
        .program(with("age", Kind::U8).default(3)),
        Case::new(
            "another range",
            "schema 'unit' changes (no living objects):\n  \
             slot 'age' was u8; it becomes u8, range 0 to 9",
        )
        .saved(with("age", Kind::U8))
        .program(with("age", Kind::U8).range(0..=9)),
        Case::new(
            "a default of an extension",
            "schema 'orc' changes (no living objects):\n  slot 'age' has default 4 for new objects",
        )
        .saved(with("age", Kind::U8).default(3))
        .saved(Schema::builder("orc").extends("unit"))
        .program(with("age", Kind::U8).default(3))
        .program(Schema::builder("orc").extends("unit").inherited_default("age", 4)),
    ]
}

/// Optional records come to need a slot.
fn needs() -> Result<Vec<Case>, slotted::SchemaError> {
    let min = || Schema::builder("damage").slot("min", Kind::U8);
    let damage = |damage: SchemaBuilder| {
        damage.build().map(|damage| unit().nested("damage", &damage).optional())
    };
    let one = || record! { damage: map([("min", 1.into())]) };
    let both = || record! { damage: map([("min", 1.into()), ("max", 3.into())]) };
    let needing = || damage(min().slot("max", Kind::U8).default(9));
    Ok(vec![
        Case::new(
            "a new part that records need",
            "schema 'unit' changes (2 objects):\n  \
             slot 'damage.max' is added, unset: u8, optional, needed in damage, default 9 there\n  \
             slot 'damage.max' becomes required in 'damage'; 1 object gets the default",
        )
        .saved(damage(min())?)
        .object("unit", one())
        .object("unit", record! {})
        .program(needing()?),
        Case::new(
            "a part that records come to need",
            "schema 'unit' changes (3 objects):\n  \
             slot 'damage.max' has default 9 for new objects\n  \
             slot 'damage.max' was u8, optional; it becomes u8, optional, needed in damage, default 9 there\n  \
             slot 'damage.max' becomes required in 'damage'; 2 objects get the default",
        )
        .saved(damage(min().slot("max", Kind::U8).optional())?)
        .object("unit", one())
        .object("unit", one())
        .object("unit", both())
        .program(needing()?),
    ])
}

fn nested() -> Result<Vec<Case>, slotted::SchemaError> {
    let drop = || Schema::builder("drop").slot("item", Kind::Text);
    let drops = |drop: SchemaBuilder| drop.build().map(|drop| unit().nested_list("drops", &drop));
    let bone = || record! { drops: [map([("item", "bone".into())])] };
    Ok(vec![
        Case::new(
            "a part of elements",
            "schema 'unit' changes (1 object):\n  \
             slot 'drops[].count' is added for 'drops': list(u8), default 2 of the part",
        )
        .saved(drops(drop())?)
        .object("unit", bone())
        .program(drops(drop().slot("count", Kind::U8).default(2))?),
        Case::new(
            "a part that elements must have by now",
            "schema 'unit' changes (1 object):\n  \
             slot 'drops[].count?' is removed; the other slots of 'drops' have its values\n  \
             slot 'drops[].count' no longer has a default\n  \
             slot 'drops[].count' has default 2 for new objects\n  \
             slot 'drops[].count' becomes required; 1 object gets the default",
        )
        .saved(drops(drop().slot("count", Kind::U8).optional())?)
        .object("unit", bone())
        .program(drops(drop().slot("count", Kind::U8).default(2))?),
        Case::new(
            "a slot that becomes a record",
            "schema 'unit' changes (1 object):\n  slot 'damage' is divided into its parts\n  \
             slot 'damage.min' is added for 'damage': u8",
        )
        .saved(with("damage", Kind::Any))
        .object("unit", record! { damage: map([("min", 1.into())]) })
        .program(unit().nested("damage", &Schema::builder("d").slot("min", Kind::U8).build()?)),
        Case::new(
            "a renamed record",
            "schema 'unit' changes (no living objects):\n  \
             slot 'hurt.min' is renamed to 'damage.min'",
        )
        .saved(unit().nested("hurt", &Schema::builder("d").slot("min", Kind::U8).build()?))
        .program(
            unit()
                .nested("damage", &Schema::builder("d").slot("min", Kind::U8).build()?)
                .renamed_from("hurt"),
        ),
    ])
}

fn aside() -> Vec<Case> {
    vec![
        Case::new("a missing schema", "2 objects of schema 'orc' are kept aside")
            .saved(with("age", Kind::U8))
            .saved(Schema::builder("orc").extends("unit"))
            .object("orc", record! { age: 1 })
            .object("orc", record! { age: 2 })
            .program(with("age", Kind::U8)),
        Case::new(
            "a missing slot",
            "schema 'unit' changes (1 object):\n  slot 'age' is removed with 1 value\n\
             1 value of slot 'age' of 'unit' is kept aside",
        )
        .saved(with("age", Kind::U8))
        .object("unit", record! { age: 1 })
        .program(unit()),
    ]
}

#[test]
fn a_load_without_schemas_reports_new_names() -> Outcome {
    let case = Case::new("names", "").saved(
        Schema::builder("soldier").slot("color", Kind::opaque_pod("game::old::Color", 4, 1)),
    );
    let migrations = Migrations::new()
        .rename_schema("soldier", "unit")
        .rename_type("game::old::Color", "game::Color");
    let options = LoadOptions::new().opaque_types().migrations(migrations);
    let (store, report) = options.read(&case.save()?[..])?;
    assert!(store.schema("unit").is_some());
    assert_eq!(
        report.to_string(),
        "schema 'soldier' is renamed to 'unit'\n\
         type 'game::old::Color' is renamed to 'game::Color'"
    );
    assert_eq!(report.steps().len(), 2);
    Ok(())
}

#[test]
fn steps_have_their_numbers() -> Outcome {
    let case = Case::new("all", "")
        .saved(with("age", Kind::U16).slot("feet", Kind::F32))
        .object("unit", record! { age: 300, feet: 6.0 })
        .object("unit", record! { age: 30, feet: 6.0 })
        .program(with("age", Kind::U8).default(20).slot("metres", Kind::F32))
        .migrations(Migrations::new().map("unit", "metres", |_| 2.into()).remove("unit", "feet"))
        .allow_loss();
    let report = case.load()?;
    let (unit, age) = ("unit".to_owned(), "age".to_owned());
    let [LoadStep::Schema(schema), rest @ ..] = report.steps() else {
        return Err(format!("no steps of a schema: {report}").into());
    };
    assert_eq!((schema.name(), schema.objects()), ("unit", 2));
    let (metres, feet) = ("metres".to_owned(), "feet".to_owned());
    assert_eq!(
        rest,
        [
            LoadStep::Computed { schema: unit.clone(), slot: metres, objects: 2 },
            LoadStep::Loss {
                schema: unit.clone(),
                slot: age,
                rounded: 0,
                replaced: 1,
                by: 20.into()
            },
            LoadStep::Dropped { schema: unit, slot: feet, values: 2 },
        ]
    );
    Ok(())
}

#[test]
fn damage_is_displayed() -> Outcome {
    let case =
        Case::new("damage", "").saved(with("age", Kind::U8)).object("unit", record! { age: 1 });
    let mut save = case.save()?;
    let middle = save.len() / 2;
    save[middle] ^= 1;
    let (_, report) = LoadOptions::new().salvage().read(&save[..])?;
    assert_eq!(
        report.to_string(),
        "'unit-90fd33b833fd0132dbe761aba738673e.slotted.arrow' is damaged: the header at byte 384 \
         cannot be read\n1 row of schema 'unit' is lost"
    );
    Ok(())
}
