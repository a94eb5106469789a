//! Written schemas load to the same schemas, in all formats.

#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

use std::ops::Bound;
use std::sync::Arc;

use proptest::prelude::*;
use slotted::{Kind, Schema, Store, Value, glam::Vec3, schema::Number, schema::NumberKind};
use slotted_definitions::write::{SchemaDocs, SlotDocs, schemas_to_text};
use slotted_definitions::{Format, Loader};

const FORMATS: [Format; 4] = [Format::Json, Format::Toml, Format::Ron, Format::Yaml];

/// Texts that need quotes and escapes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,12}",
        "[ -~]{0,12}",
        "[\\PC\n\t\r\"\\\\\u{7f}\u{85}\u{1}\u{2028}]{0,12}",
        Just("true".to_owned()),
        prop::sample::select(vec![
            "12", "no", "~", "null", "0x1", "1.5", ".inf", "- a", "a: b", "#", "<<",
        ])
        .prop_map(str::to_owned),
    ]
}

fn single_kind() -> impl Strategy<Value = Kind> {
    let named = Kind::named().filter(|kind| !matches!(kind, Kind::Number(_)));
    let variants = prop::collection::hash_set(text(), 1..30);
    prop_oneof![
        3 => prop::sample::select(NumberKind::ALL).prop_map(Kind::Number),
        2 => prop::sample::select(named.collect::<Vec<_>>()),
        1 => variants.prop_map(Kind::enumeration),
        1 => (prop::sample::select(NumberKind::ALL), 1..40_u32)
            .prop_map(|(number, length)| Kind::Array(number, length)),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![3 => single_kind(), 1 => single_kind().prop_map(Kind::list)]
}

/// Returns a number as in a file.
fn number(kind: NumberKind) -> BoxedStrategy<Value> {
    match kind {
        NumberKind::I8 => any::<i8>().prop_map(Value::from).boxed(),
        NumberKind::I16 => any::<i16>().prop_map(Value::from).boxed(),
        NumberKind::I32 => any::<i32>().prop_map(Value::from).boxed(),
        NumberKind::I64 => any::<i64>().prop_map(Value::from).boxed(),
        NumberKind::U8 => any::<u8>().prop_map(Value::from).boxed(),
        NumberKind::U16 => any::<u16>().prop_map(Value::from).boxed(),
        NumberKind::U32 => any::<u32>().prop_map(Value::from).boxed(),
        NumberKind::U64 => any::<u64>().prop_map(Value::from).boxed(),
        NumberKind::F32 => prop_oneof![
            prop::num::f32::NORMAL.prop_map(|number| Value::from(f64::from(number))),
            (-1000..1000_i64).prop_map(|number| Value::from(number as f64 / 10.0)),
        ]
        .boxed(),
        NumberKind::F64 => prop::num::f64::NORMAL.prop_map(Value::from).boxed(),
    }
}

/// Returns a value of the kind as in a file, or `None` if files cannot contain one.
fn value(kind: &Kind) -> BoxedStrategy<Option<Value>> {
    let several = |number_kind: NumberKind, length: usize| {
        prop::collection::vec(number(number_kind), length).prop_map(|list| Some(list.into()))
    };
    match kind {
        Kind::Bool => any::<bool>().prop_map(|truth| Some(truth.into())).boxed(),
        Kind::Number(kind) => number(*kind).prop_map(Some).boxed(),
        Kind::Vector(kind) => several(kind.component(), kind.components()).boxed(),
        Kind::Array(kind, length) => several(*kind, *length as usize).boxed(),
        Kind::Text => text().prop_map(|text| Some(text.into())).boxed(),
        Kind::Any => (text(), number(NumberKind::I64))
            .prop_map(|(name, number)| Some([(name, number)].into_iter().collect()))
            .boxed(),
        Kind::Enum(kind) => prop::sample::select(kind.variants().to_vec())
            .prop_map(|variant| Some(variant.into()))
            .boxed(),
        Kind::List(list) => prop::collection::vec(value(list.element()), 0..5)
            .prop_map(|list| Some(list.into_iter().collect::<Option<Vec<_>>>()?.into()))
            .boxed(),
        _ => Just(None).boxed(),
    }
}

/// The parts of a slot. Its kind may not allow all of them.
#[derive(Clone, Debug)]
struct Parts {
    kind: Kind,
    default: Option<Value>,
    is_optional: bool,
    is_finite: bool,
    step: Option<Number>,
    range: (Bound<Number>, Bound<Number>),
    docs: SlotDocs,
}

fn parts() -> impl Strategy<Value = Parts> {
    let kind = kind().prop_flat_map(|kind| {
        let default = prop::option::of(value(&kind)).prop_map(Option::flatten);
        let end = kind.component().unwrap_or(NumberKind::U8);
        (Just(kind), default, bound(end), bound(end), bound(end))
    });
    let text = || prop::option::of(text().prop_map(Arc::from));
    (kind, any::<bool>(), any::<bool>(), text(), text()).prop_map(
        |((kind, default, min, max, step), is_optional, is_finite, doc, unit)| {
            let step = match step {
                Bound::Included(step) => Some(step),
                _ => None,
            };
            let docs = SlotDocs { doc, unit, ..SlotDocs::default() };
            Parts { kind, default, is_optional, is_finite, step, range: (min, max), docs }
        },
    )
}

fn bound(kind: NumberKind) -> impl Strategy<Value = Bound<Number>> {
    (0..3_usize, number(kind)).prop_map(|(sort, value)| {
        let number: Number = match value {
            Value::Int(number) => number.into(),
            Value::UInt(number) => number.into(),
            Value::F64(number) => number.into(),
            _ => return Bound::Unbounded,
        };
        [Bound::Included(number), Bound::Excluded(number), Bound::Unbounded][sort]
    })
}

/// Builds a schema with all slots, each with every valid part.
fn schema(name: &str, base: Option<&str>, names: &[String], parts: &[Parts]) -> Schema {
    let mut builder = Schema::builder(name);
    if let Some(base) = base {
        builder = builder.extends(base);
    }
    for (slot, parts) in names.iter().zip(parts) {
        // Random defaults are rarely in random ranges.
        let forms = [(true, true), (true, false), (false, true), (false, false)];
        let forms = forms.map(|(has_range, has_default)| {
            let add = |mut builder: slotted::schema::SchemaBuilder| {
                builder = builder.slot(slot.as_str(), parts.kind.clone());
                if parts.is_optional {
                    builder = builder.optional();
                }
                if parts.is_finite && parts.kind.component().is_some() {
                    builder = builder.finite();
                }
                if has_range {
                    builder = builder.range::<Number>(parts.range);
                    if let Some(step) = parts.step {
                        builder = builder.step(step);
                    }
                }
                match parts.default.clone().filter(|_| has_default) {
                    Some(default) => builder.default(default),
                    None => builder,
                }
            };
            add(Schema::builder("one")).build().is_ok().then(|| add(builder.clone()))
        });
        builder = forms.into_iter().flatten().next().expect("a slot needs only a kind");
    }
    builder.build().expect("every slot is valid")
}

/// Makes the texts unique.
fn names(texts: Vec<String>, after: &str) -> Vec<String> {
    let clean = |text: String| text.chars().filter(|c| !c.is_control()).collect::<String>();
    texts
        .into_iter()
        .enumerate()
        .map(|(number, text)| format!("{}{after}{number}", clean(text)))
        .collect()
}

fn assert_comes_back(schemas: &[(&Schema, &SchemaDocs)], format: Format) -> Result<(), String> {
    let text = schemas_to_text(schemas.iter().copied(), format).map_err(|e| e.to_string())?;
    let path = format!("schemas.{}", format.extension());
    let loaded = Loader::new().text(&path, &*text).load(&Store::new());
    let loaded = loaded.map_err(|report| format!("{report}\nin\n{text}"))?;
    // The parts of a value with several records have schemas of their own.
    let is_written = |own: &&Schema| schemas.iter().any(|(schema, _)| schema.name() == own.name());
    let read: Vec<&Schema> = loaded.schemas().filter(is_written).collect();
    let written: Vec<&Schema> = schemas.iter().map(|(schema, _)| *schema).collect();
    // The slots of a nested value come together.
    let sorted = |schemas: &[&Schema]| {
        let slots = |schema: &&Schema| {
            let mut slots: Vec<String> =
                schema.slots().iter().map(|slot| format!("{slot:?}")).collect();
            slots.sort_unstable();
            (schema.name().to_owned(), schema.extends().map(str::to_owned), slots)
        };
        schemas.iter().map(slots).collect::<Vec<_>>()
    };
    if sorted(&read) != sorted(&written) {
        return Err(format!("{read:#?}\nis not\n{written:#?}\nin\n{text}"));
    }
    for (schema, docs) in schemas {
        if loaded.schema_docs(schema.name()) != **docs {
            return Err(format!("{docs:?} is lost in\n{text}"));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_comes_back(
        base_parts in prop::collection::vec(parts(), 0..6),
        own_parts in prop::collection::vec(parts(), 0..6),
        slot_texts in prop::collection::vec(text(), 12),
        schema_texts in prop::collection::vec(text(), 2),
        doc in prop::option::of(text()),
    ) {
        let slots = names(slot_texts, "_");
        let schema_names = names(schema_texts, "/");
        let (base_slots, own_slots) = slots.split_at(6);
        let base = schema(&schema_names[0], None, base_slots, &base_parts);
        let own = schema(&schema_names[1], Some(&schema_names[0]), own_slots, &own_parts);
        let docs = |slots: &[String], parts: &[Parts]| SchemaDocs {
            doc: doc.as_deref().map(Arc::from),
            comment: None,
            slots: slots
                .iter()
                .zip(parts)
                .filter(|(_, parts)| parts.docs != SlotDocs::default())
                .map(|(slot, parts)| (slot.as_str().into(), parts.docs.clone()))
                .collect(),
            ..SchemaDocs::default()
        };
        let (base_docs, own_docs) = (docs(base_slots, &base_parts), docs(own_slots, &own_parts));
        for format in FORMATS {
            let outcome = assert_comes_back(&[(&base, &base_docs), (&own, &own_docs)], format);
            prop_assert!(outcome.is_ok(), "{format}: {}", outcome.unwrap_err());
        }
    }
}

#[test]
fn nested_values_have_one_declaration() -> Result<(), Box<dyn std::error::Error>> {
    let file = r#"
        [schemas.item.slots]
        [schemas.mana.slots]
        amount = { kind = "u8", range = [1, 100] }
        [schemas.drop.slots]
        item = { kind = "object", references = "item" }
        chance = { kind = "f32", range = [0, 1], optional = true }
        count = { kind = "u8", default = 1 }
        sort = { variants = ["x y", "z"], default = "z" }
        sorts = { kind = "list(enum)", variants = ["x y", "z"], optional = true }
        marks = { kind = "list(u8)", default = [1, 2] }
        tags = { kind = "list(text)", optional = true }
        [schemas.drop.slots.rolls]
        kind = "list"
        optional = true
        slots = { sides = "u8", bonus = { kind = "i8", optional = true } }
        [schemas.unit.slots]
        health = { kind = "f32", default = 3.0, optional = true }
        damage = { optional = true, slots = { min = "u8", max = "u8" } }
        drops = { kind = "list(drop)", default = [] }
        protection = { kind = "list((text, i32))", optional = true, range = [0, 9] }
        grid = { kind = "list(list(i32))", optional = true }
        size = { kind = "(u8, u8)", optional = true }
        skills = { kind = "map(u8)", default = {} }
        likes = { kind = "map(object, i8)", optional = true, references = "item" }
        cost = { kind = "f32 | text | bool", optional = true, range = [0, 10] }
        uses = { kind = "list(text | record | list(u8))", slots = { level = "u8", deep = { kind = "mana", optional = true } } }
        shape = { optional = true, variants = { point = {}, circle = "f32", box = { x = "f32" } } }
        [schemas.unit.slots.effect]
        tag = "type"
        variants.heal = { amount = { kind = "f32", default = 5.0 }, area = { kind = "u8", optional = true } }
        variants.buff = { bonus = { slots = { strength = "i8" } }, targets = { kind = "list", optional = true, slots = { name = "text" } } }
        variants.rest = {}
        [schemas.unit.slots.senses]
        kind = "map"
        keys = "object"
        optional = true
        slots = { range = "f32", keen = { kind = "bool", optional = true } }
    "#;
    let loaded = Loader::new().text("a.toml", file).load(&Store::new())?;
    let schemas: Vec<_> = loaded.schemas().map(|schema| (schema, SchemaDocs::default())).collect();
    for format in FORMATS {
        let schemas: Vec<_> = schemas.iter().map(|(schema, docs)| (*schema, docs)).collect();
        assert_comes_back(&schemas, format)?;
        let text = schemas_to_text(schemas, format)?;
        assert!(!text.contains("[].") && !text.contains('#') && !text.contains('@'), "{text}");
    }
    Ok(())
}

#[test]
fn inherited_defaults_are_written() -> Result<(), Box<dyn std::error::Error>> {
    let file = "schemas.unit.slots.hp = { kind = 'f32', default = 1.5 }\n\
        schemas.orc = { extends = 'unit', slots = { hp = { default = 2.5 }, rage = 'u8' } }";
    let loaded = Loader::new().text("a.toml", file).load(&Store::new())?;
    let docs = SchemaDocs::default();
    let schemas: Vec<_> = loaded.schemas().map(|schema| (schema, &docs)).collect();
    for format in FORMATS {
        let text = schemas_to_text(schemas.iter().copied(), format)?;
        let path = format!("a.{}", format.extension());
        let again = Loader::new().text(&path, text).load(&Store::new())?;
        assert_eq!(again.schemas().collect::<Vec<_>>(), loaded.schemas().collect::<Vec<_>>());
        let orc = again.schemas().last().ok_or("no orc")?;
        assert_eq!(orc.inherited_defaults().next(), Some(("hp", &2.5.into())));
    }
    Ok(())
}

#[test]
fn values_of_several_records_have_schemas_for_their_parts() -> Result<(), Box<dyn std::error::Error>>
{
    let file = "schemas.a.slots.x = 'u8'\nschemas.b.slots.y = 'u8'\n\
        schemas.unit.slots.pair = '(a, b)'\nschemas.unit.slots.more = 'list((u8, b, a))'";
    let loaded = Loader::new().text("a.toml", file).load(&Store::new())?;
    let docs = SchemaDocs::default();
    let schemas: Vec<_> = loaded.schemas().map(|schema| (schema, &docs)).collect();
    FORMATS.iter().try_for_each(|format| assert_comes_back(&schemas, *format))?;
    Ok(())
}

#[test]
fn comments_do_not_change_the_schema() -> Result<(), Box<dyn std::error::Error>> {
    let schema = Schema::builder("unit").slot("health", Kind::F32).build()?;
    let comment = Some("one \u{7}\r\ntwo = 2\n\n[three] */ \" }".to_owned());
    let slot = SlotDocs { comment: comment.clone(), ..SlotDocs::default() };
    let slots = [("health".into(), slot)].into();
    let docs = SchemaDocs { comment, slots, ..SchemaDocs::default() };
    for format in FORMATS {
        let text = schemas_to_text([(&schema, &docs)], format)?;
        assert_eq!(text.contains("two = 2"), format != Format::Json);
        let path = format!("unit.{}", format.extension());
        let loaded = Loader::new().text(&path, text).load(&Store::new())?;
        assert_eq!(loaded.schemas().collect::<Vec<_>>(), [&schema]);
    }
    Ok(())
}

#[test]
fn defaults_of_rust_types_survive() -> Result<(), Box<dyn std::error::Error>> {
    let schema = Schema::builder("unit")
        .slot("health", Kind::F32)
        .default(0.1_f32)
        .slot("position", Kind::Vec3)
        .default(Vec3::new(0.1, -0.0, 3e-5))
        .slot("count", Kind::U64)
        .default(u64::MAX)
        .slot("target", Kind::Object)
        .references("unit")
        .optional()
        .build()?;
    let mut original = Store::new();
    original.register_schema(schema.clone())?;
    let original_id = original.spawn_record("unit", slotted::Record::new())?;
    for format in FORMATS {
        let text = schemas_to_text([(&schema, &SchemaDocs::default())], format)?;
        let path = format!("unit.{}", format.extension());
        let loaded = Loader::new().text(&path, text).load(&Store::new())?;
        let mut store = Store::new();
        loaded.register(&mut store)?;
        let id = store.spawn_record("unit", slotted::Record::new())?;
        for slot in schema.slots() {
            let (own, other) = (store.get_value(id, slot.name())?, slot.name());
            assert_eq!(own, original.get_value(original_id, other)?, "{format} {slot}");
        }
    }
    Ok(())
}

#[test]
fn unwritable_slots_are_errors() -> Result<(), Box<dyn std::error::Error>> {
    let not_a_number =
        Schema::builder("unit").slot("speed", Kind::F64).default(f64::NAN).build()?;
    let pod = Schema::builder("unit").slot("flags", Kind::pod::<[u8; 3]>()).build()?;
    let error = |schema: &Schema, format| {
        let written = schemas_to_text([(schema, &SchemaDocs::default())], format);
        written.unwrap_or_else(|error| error.to_string())
    };
    assert_eq!(
        error(&not_a_number, Format::Json),
        "slot 'speed' of 'unit' cannot be written to a JSON file: JSON cannot represent its default"
    );
    assert!(error(&not_a_number, Format::Ron).contains("default: NaN"));
    assert!(error(&pod, Format::Ron).contains("only the program can create values of"));
    Ok(())
}
