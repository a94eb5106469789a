//! Maps with a tag, and values with names around them, are proposed as unions where a union says more than a record.

#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use proptest::prelude::*;
use slotted::{ObjectId, Record, Store, Value};
use slotted_definitions::infer::{Inference, InferenceOptions, Proposal, SameData, Survey};
use slotted_definitions::write::{SchemaDocs, schemas_to_text};
use slotted_definitions::{Format, LoadLimits, Loader, read_data};

type Outcome = Result<(), Box<dyn Error>>;
type Parts = Vec<(Arc<str>, Value)>;

fn object(json: &str) -> Record {
    let data = read_data("a.json", json, Format::Json, &LoadLimits::default());
    let Value::Map(map) = data.expect("an object") else { panic!("a map") };
    map.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
}

/// Returns `count` objects: the first of these, the second and so on, then the first again.
fn repeated(count: usize, objects: &[&str]) -> Vec<Record> {
    objects.iter().cycle().take(count).map(|json| object(json)).collect()
}

fn infer(objects: &[Record]) -> Proposal {
    infer_with(InferenceOptions::default(), objects)
}

fn infer_with(options: InferenceOptions, objects: &[Record]) -> Proposal {
    let mut inference = Inference::new(options);
    objects.iter().for_each(|object| inference.observe(object));
    inference.finish("spell").expect("the schema is possible")
}

/// Returns the proposed slots, after all objects were spawned and read back.
#[track_caller]
fn slots(objects: &[Record]) -> Vec<String> {
    let proposal = infer(objects);
    loads(&proposal, objects);
    proposal.schema().slots().iter().map(ToString::to_string).collect()
}

#[track_caller]
fn loads(proposal: &Proposal, objects: &[Record]) {
    let mut store = Store::new();
    store.register_schema(proposal.schema().clone()).expect("a valid schema");
    for object in objects {
        let (slots, rest) = proposal.split(object.clone());
        let object = whole(&slots, &rest, object);
        let id = store.spawn_record("spell", slots).unwrap_or_else(|error| panic!("{error}"));
        let mut back = store.get_record(id).expect("it is alive");
        back.extend(rest);
        let schema = store.schema("spell").expect("it is registered");
        let (back, object) = (schema.spread(&back), schema.spread(&object));
        assert!(back.is_same_data(&object), "{object:?}\nis read as\n{back:?}");
    }
}

/// Returns the values of slots with the rest: those of the object, of which some may have got the brackets of a list.
#[track_caller]
fn whole(slots: &Record, rest: &Record, object: &Record) -> Record {
    let mut whole = slots.clone();
    whole.extend(rest.clone());
    assert_eq!(whole.len(), object.len());
    for (name, value) in object.iter() {
        let mut own = whole.iter().filter(|(own, _)| *own == name).map(|(_, value)| value);
        let single = Value::from(vec![value.clone()]);
        assert!(own.any(|own| own == value || *own == single), "{name}: {value}");
    }
    whole
}

fn is_union(objects: &[Record]) -> bool {
    slots(objects).iter().any(|slot| slot.contains('@'))
}

/// Returns the proposal as a definition file, after the objects were loaded by it.
#[track_caller]
fn declared(objects: &[&str]) -> String {
    let records: Vec<Record> = objects.iter().map(|json| object(json)).collect();
    let proposal = infer(&records);
    let docs = SchemaDocs::default();
    let text = schemas_to_text([(proposal.schema(), &docs)], Format::Toml).expect("writable");
    let manifest = "[objects]\n'spells.json' = { schema = 'spell' }\n".to_owned();
    let files = [
        ("schemas.toml".to_owned(), text.clone()),
        ("spells.json".to_owned(), format!("[{}]", objects.join(","))),
        ("pack.toml".to_owned(), manifest),
    ];
    let mut store = Store::new();
    let loader = Loader::new().pack_of_texts("mod", files);
    let definitions = loader.load(&store).unwrap_or_else(|report| panic!("{report}\n{text}"));
    let spawned = definitions.spawn(&mut store).expect("there is room");
    for (id, record) in spawned.ids().zip(&records) {
        let back = store.schema("spell").unwrap().gather(&store.get_record(id).unwrap());
        assert!(back.is_same_data(record), "{record:?}\nis read as\n{back:?}");
    }
    text
}

const EFFECTS: [&str; 2] = [
    "{ effect: { type: 'heal', amount: 5 } }",
    "{ effect: { type: 'teleport', to: 'home', range: 2.5 } }",
];

#[test]
fn a_map_whose_tag_decides_its_parts_is_a_union() {
    assert_eq!(
        slots(&repeated(10, &EFFECTS)),
        [
            "effect@type: enum(heal, teleport)",
            "effect@heal.amount: u8, optional",
            "effect@teleport.to: text, optional",
            "effect@teleport.range: f32, optional",
        ]
    );
    let [heal, teleport] = EFFECTS;
    let missing = [heal, teleport, "{}", "{ effect: null }"];
    assert_eq!(slots(&repeated(20, &missing))[0], "effect@type: enum(heal, teleport), optional");
    // The order of the objects does not matter.
    let mut sorted = repeated(5, &[teleport]);
    sorted.extend(repeated(50, &[heal]));
    assert_eq!(slots(&sorted)[0], "effect@type: enum(heal, teleport)");
}

#[test]
fn the_tag_is_the_part_that_decides_the_most() {
    let objects: Vec<Record> = (0..24)
        .map(|at| {
            let (icon, note) = (["red", "blue", "red"][at % 3], ["a", "b", "c", "d"][at % 4]);
            let pay = match at % 2 {
                0 => "pay: 'mana', amount: 5",
                _ => "pay: 'gold', coins: 5, change: true",
            };
            object(&format!("{{ cost: {{ icon: '{icon}', note: '{note}', {pay} }} }}"))
        })
        .collect();
    // Each note goes with one way to pay, but two variants say as much as four.
    assert_eq!(slots(&objects)[0], "cost@pay: enum(gold, mana)");
}

#[test]
fn elements_of_lists_and_values_of_maps_are_unions() {
    let uses = [
        "{ uses: [{ kind: 'rest' }, { kind: 'heal', amount: 5, area: 3 }] }",
        "{ uses: [{ kind: 'heal', amount: 500 }, { kind: 'call', who: ['wolf', 'bear'] }] }",
        "{ uses: [] }",
    ];
    assert_eq!(
        slots(&repeated(18, &uses)),
        [
            "uses[]@kind: list(enum(call, heal, rest))",
            "uses[]@heal.amount: list(u16), default []",
            "uses[]@heal.area: list(u8), default []",
            "uses[]@heal.area?: list(bool), default []",
            "uses[]@call.who: list(text), default []",
            "uses[]@call.who#: list(u32), default []",
        ]
    );
    let skills: Vec<String> = (0..12)
        .map(|at| match at % 2 {
            0 => format!("{{ skills: {{ s{at}: {{ does: 'hit', by: {at} }} }} }}"),
            _ => format!("{{ skills: {{ s{at}: {{ does: 'say', text: 'a' }} }} }}"),
        })
        .collect();
    let skills: Vec<Record> = skills.iter().map(|json| object(json)).collect();
    assert_eq!(
        slots(&skills),
        [
            "skills{}.key: list(text)",
            "skills{}.value@does: list(enum(hit, say))",
            "skills{}.value@hit.by: list(u8), default []",
            "skills{}.value@say.text: list(text), default []",
        ]
    );
}

#[test]
fn each_variant_has_its_own_kinds() {
    let objects = [
        "{ pay: { by: 'some', amount: 5 } }",
        "{ pay: { by: 'all', amount: 'everything' } }",
        "{ pay: { by: 'each', amount: { of: 'gold', least: 1 } } }",
    ];
    assert_eq!(
        slots(&repeated(15, &objects)),
        [
            "pay@by: enum(all, each, some)",
            "pay@some.amount: u8, optional",
            "pay@all.amount: text, optional",
            "pay@each.amount.of: text, optional",
            "pay@each.amount.least: u8, optional",
        ]
    );
}

#[test]
fn unions_have_unions_as_parts_and_as_one_of_several_sorts() {
    let objects = [
        "{ effect: { type: 'all', of: [{ type: 'heal', by: 1 }, { type: 'call', who: 'a' }] } }",
        "{ effect: { type: 'heal', by: 2 } }",
        "{ effect: 'none' }",
    ];
    assert_eq!(
        slots(&repeated(30, &objects)),
        [
            "effect|: enum(map, text)",
            "effect|map@type: enum(all, heal), optional",
            "effect|text: text, optional",
            "effect|map@all.of[]@type: list(enum(call, heal)), optional",
            "effect|map@heal.by: u8, optional",
            "effect|map@all.of[]@heal.by: list(u8), optional",
            "effect|map@all.of[]@call.who: list(text), optional",
        ]
    );
}

#[test]
fn a_record_stays_one_if_a_union_says_no_more() {
    let [heal, teleport] = EFFECTS;
    let others = [
        // Too few maps, one variant alone, and a tag that is missing or no text.
        repeated(8, &EFFECTS),
        repeated(20, &[heal]),
        repeated(20, &[heal, teleport, "{ effect: { amount: 5 } }"]),
        repeated(20, &[heal, teleport, "{ effect: { type: 3, amount: 5 } }"]),
        // The same parts, and parts that come and go.
        repeated(20, &["{ a: { t: 'x', b: 1 } }", "{ a: { t: 'y', b: 2 } }"]),
        repeated(
            24,
            &[
                "{ a: { t: 'x', b: 1 } }",
                "{ a: { t: 'x' } }",
                "{ a: { t: 'y' } }",
                "{ a: { t: 'y', b: 2 } }",
            ],
        ),
        // One rare variant tells nothing about the others.
        repeated(
            21,
            &[
                "{ a: { t: 'x', b: 1 } }",
                "{ a: { t: 'x' } }",
                "{ a: { t: 'y' } }",
                "{ a: { t: 'y', b: 2 } }",
                "{ a: { t: 'x', b: 1 } }",
                "{ a: { t: 'y', b: 1 } }",
                "{ a: { t: 'z' } }",
            ],
        ),
        // The parts that all have outnumber those that the tag decides.
        repeated(20, &["{ a: { t: 'x', b: 1, c: 2, d: 3 } }", "{ a: { t: 'y', b: 2, c: 2 } }"]),
        // No names of variants.
        repeated(20, &["{ a: { t: 'x.y', b: 1 } }", "{ a: { t: 'z', c: 2 } }"]),
        repeated(20, &["{ a: { t: 't', b: 1 } }", "{ a: { t: 'z', c: 2 } }"]),
    ];
    for objects in others {
        assert!(!is_union(&objects), "{:?}", objects[0]);
    }
    // One of the rest would be.
    assert!(is_union(&repeated(20, &["{ a: { t: 'x', b: 1 } }", "{ a: { t: 'z', c: 2 } }"])));
}

#[test]
fn a_text_that_decides_nothing_in_a_thousand_maps_is_no_tag() {
    let (x, y) = ("{ a: { t: 'x', b: 1 } }", "{ a: { t: 'y', b: 1 } }");
    let other = repeated(900, &["{ a: { t: 'z', c: 2 } }"]);
    let then_other = |first: Vec<Record>| is_union(&[first, other.clone()].concat());
    assert!(!then_other(repeated(1024, &[x, y])));
    assert!(then_other(repeated(1000, &[x, y])));
    assert!(then_other(repeated(1024, &[x])), "one variant says nothing yet");
}

/// Returns objects with this number of variants, each with parts of its own.
fn wide(variants: usize, parts: usize) -> Vec<Record> {
    let variant = |at: usize| {
        let part = |part: usize| (format!("p{}", (at * 7 + part) % 60), Value::from(1));
        let tag = ("type".to_owned(), Value::from(format!("v{at:03}")));
        let map = std::iter::once(tag).chain((0..parts).map(part)).collect::<Value>();
        Record::from_iter([("a", map)])
    };
    (0..variants * 6).map(|at| variant(at % variants)).collect()
}

#[test]
fn beyond_its_bounds_a_union_is_a_record() {
    assert!(is_union(&wide(32, 7)), "32 variants, 224 parts");
    assert!(!is_union(&wide(33, 1)), "33 variants");
    assert!(!is_union(&wide(16, 20)), "320 parts");
    let objects = wide(4, 3);
    let mut options = InferenceOptions::default();
    // The map, its tag, and twelve parts: room for them, but not for those of the variants.
    options.attributes = 20;
    let proposal = infer_with(options, &objects);
    assert!(proposal.schema().slots().iter().all(|slot| !slot.name().contains('@')), "{proposal}");
    loads(&proposal, &objects);
    options.attributes = 40;
    let proposal = infer_with(options, &objects);
    assert_eq!(proposal.schema().slots()[0].name(), "a@type");
}

#[test]
fn texts_of_many_maps_take_bounded_memory() {
    // Each map has texts that could be tags, with as many variants as there may be.
    let mut inference = Inference::default();
    for at in 0..2_000_u32 {
        let map = |name: u32| {
            let part = |part: u32| (format!("t{part}"), Value::from(format!("v{}", at % 32)));
            (format!("m{name}"), (0..8).map(part).collect::<Value>())
        };
        inference.observe(&(0..20).map(map).collect());
    }
    let proposal = inference.finish("spell").expect("the schema is possible");
    assert_eq!(proposal.schema().slots().len(), 160);
}

#[test]
fn names_like_those_of_parts_forbid_a_union() {
    let [heal, teleport] = EFFECTS;
    for other in ["{ 'effect.type': 1 }", "{ 'effect@heal.amount': 1 }", "{ 'effect@new.to': 1 }"] {
        let objects = [other, heal, teleport, heal, teleport];
        let slots = slots(&repeated(50, &objects));
        assert!(slots.iter().all(|slot| !slot.starts_with("effect@type")), "{other}: {slots:?}");
        let mut last = repeated(20, &[heal, teleport]);
        last.extend(repeated(1, &[other]));
        loads(&infer(&last), &last);
    }
    let twice = Value::from_iter([("type", "heal"), ("type", "heal")]);
    let mut objects = repeated(20, &[heal, teleport]);
    objects.push(Record::from_iter([("effect", twice)]));
    assert!(!is_union(&objects));
}

#[test]
fn proposals_are_written_as_unions_and_load_their_data() {
    let objects =
        ["{ effect: { type: 'heal', amount: 5 } }", "{ effect: { type: 'teleport', to: 'home' } }"];
    let text = declared(&objects.repeat(6));
    let expected = "effect = { tag = \"type\", variants = { heal = { amount = \"u8\" }, \
                    teleport = { to = \"text\" } } }";
    assert!(text.contains(expected), "{text}");
    let objects = [
        "{ uses: [{ kind: 'rest' }, { kind: 'heal', amount: 5 }] }",
        "{ uses: [{ kind: 'heal', amount: 500, area: 2 }], effect: { type: 'a', b: 1 } }",
        "{ uses: [], effect: { type: 'big c', at: { x: 1, y: 'z' }, list: [1] } }",
    ];
    let text = declared(&objects.repeat(10));
    for part in [
        "uses.kind = \"list\"\nuses.tag = \"kind\"\n",
        "uses.variants = { heal = { amount = \"u16\", area = { kind = \"u8\", optional = true } }, ",
        "effect.tag = \"type\"",
        "effect.variants.\"big c\" = ",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let skills = (0..12).map(|at| match at % 2 {
        0 => format!("{{ skills: {{ s{at}: {{ does: 'hit', by: {at} }} }} }}"),
        _ => format!("{{ skills: {{ s{at}: {{ does: 'say', text: 'a' }} }} }}"),
    });
    let skills: Vec<String> = skills.collect();
    let text = declared(&skills.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(text.contains("tag = \"does\""), "{text}");
}

#[test]
fn a_survey_finds_references_in_variants() -> Outcome {
    let items: Vec<String> = (0..10).map(|at| format!("{{ id: 'i{at}' }}")).collect();
    let spells: Vec<String> = (0..20)
        .map(|at| match at % 2 {
            0 => format!("{{ effect: {{ type: 'make', item: 'i{}' }} }}", at / 2),
            _ => format!("{{ effect: {{ type: 'say', text: 't{at}', all: [{{}}] }} }}"),
        })
        .collect();
    let groups = [("item", items), ("spell", spells)];
    let each = |pass: &mut dyn FnMut(&str, &Parts)| {
        for (group, objects) in &groups {
            for json in objects {
                let record = object(json);
                let parts: Parts =
                    record.iter().map(|(name, value)| (name.into(), value.clone())).collect();
                pass(group, &parts);
            }
        }
    };
    let mut survey = Survey::new(InferenceOptions::default());
    each(&mut |group, parts| survey.observe(group, None, parts));
    let mut measure = survey.measure()?;
    each(&mut |group, parts| measure.observe(group, None, parts));
    let groups = measure.finish()?;
    let slots: Vec<String> =
        groups[1].proposal.schema().slots().iter().map(ToString::to_string).collect();
    assert_eq!(
        slots,
        [
            "effect@type: enum(make, say)",
            "effect@make.item: object, optional, references 'item'",
            "effect@say.text: text, optional",
            "effect@say.all: any, optional",
        ]
    );
    let fit = &groups[1].fit;
    assert_eq!((fit.objects, fit.whole, fit.whole_without_any), (20, 20, 10));
    Ok(())
}

/// A value of a part.
fn part() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Unset),
        any::<bool>().prop_map(Value::from),
        (-3_i64..300).prop_map(Value::from),
        "[a-c]{1,2}".prop_map(Value::from),
        any::<[f32; 3]>().prop_map(|list| Value::from(list.to_vec())),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let tagged = prop::sample::select(vec!["a", "b"]).prop_flat_map(move |tag| {
            let part = inner
                .clone()
                .prop_map(move |value| Value::from_iter([("t", Value::from(tag)), (tag, value)]));
            prop_oneof![part.clone(), prop::collection::vec(part, 0..4).prop_map(Value::from)]
        });
        prop_oneof![
            tagged,
            prop::collection::vec(("[a-c]", any::<u8>().prop_map(Value::from)), 0..3)
                .prop_map(Value::from_iter),
        ]
    })
}

/// A map whose tag decides the part `own`, and nothing about the others.
fn tagged() -> impl Strategy<Value = Value> {
    let tag = prop::sample::select(vec!["x", "y", "z"]);
    let parts = prop::collection::btree_map("[a-d]", part(), 0..3);
    (tag, parts).prop_map(|(tag, parts)| {
        let own = match tag {
            "x" => Some(("own".to_owned(), 1.into())),
            "y" => Some(("own".to_owned(), "text".into())),
            _ => None,
        };
        let tag = ("tag".to_owned(), Value::from(tag));
        std::iter::once(tag).chain(own).chain(parts).collect()
    })
}

#[test]
fn names_around_values_are_variants() {
    let effects = [
        r#"{"effect": {"heal": {"amount": 5}}, "steps": [{"walk": {"to": "inn"}}, "wait"], "dice": {"const": 3}}"#,
        r#"{"effect": "rest", "steps": ["wait", {"pause": 2}], "dice": {"range": [1, 6]}}"#,
        r#"{"effect": {"burn": 3}, "steps": [], "dice": {"even": 0.5}}"#,
        r#"{"effect": {"throw": ["rock", 3]}, "steps": [{"walk": {"to": "inn", "fast": true}}], "dice": {"const": 4}}"#,
    ];
    let effects: Vec<&str> = effects.into_iter().cycle().take(40).collect();
    assert_eq!(
        declared(&effects),
        "[schemas.spell.slots]\n\
         effect = { variants = { burn = \"u8\", heal = { amount = \"u8\" }, rest = {}, throw = \"(text, u8)\" } }\n\
         steps.kind = \"list\"\n\
         steps.variants.pause = \"u8\"\n\
         steps.variants.wait = {}\n\
         steps.variants.walk = { to = \"text\", fast = { kind = \"bool\", optional = true } }\n\
         dice = { variants = { const = \"u8\", even = \"f32\", range = \"list(u8)\" } }\n"
    );
}

#[test]
fn names_that_tell_nothing_apart_are_no_variants() {
    for objects in [
        // A map by name with one entry each, and one record with optional parts.
        [r#"{"e": {"archery": 3}}"#, r#"{"e": {"sword": 4}}"#],
        [r#"{"e": {"a": {"x": 1}}}"#, r#"{"e": {"b": {"x": 2}}}"#],
        // The sort of the value tells enough.
        [r#"{"e": {"gold": 3}}"#, r#"{"e": "free"}"#],
        // A variant always has values, or never.
        [r#"{"e": {"heal": {"x": 1}}}"#, r#"{"e": "heal"}"#],
        [r#"{"e": {"heal": {"x": 1}, "burn": 1}}"#, r#"{"e": "rest"}"#],
    ] {
        assert!(!is_union(&repeated(40, &objects)), "{objects:?}");
    }
    let many: Vec<String> = (0..100).map(|at| format!("{{\"e\": \"n{at}\"}}")).collect();
    let many = many.iter().map(|text| object(text));
    let shaped = repeated(100, &[r#"{"e": {"heal": {"x": 1}}}"#, r#"{"e": {"burn": 2}}"#]);
    assert!(!is_union(&many.chain(shaped).collect::<Vec<_>>()), "too many names");
}

#[test]
fn a_survey_counts_variants_by_name_as_fitting() -> Outcome {
    let objects = [r#"{"e": {"heal": {"x": 1}}}"#, r#"{"e": "rest"}"#, r#"{"e": {"burn": 2}}"#];
    let objects = repeated(30, &objects);
    let parts = |object: &Record| -> Parts {
        object.iter().map(|(name, value)| (name.into(), value.clone())).collect()
    };
    let mut survey = Survey::default();
    objects.iter().for_each(|object| survey.observe("spell", None, &parts(object)));
    let mut measure = survey.measure()?;
    objects.iter().for_each(|object| measure.observe("spell", None, &parts(object)));
    let groups = measure.finish()?;
    assert_eq!((groups[0].fit.objects, groups[0].fit.whole_without_any), (30, 30));
    assert!(groups[0].proposal.schema().slots().iter().any(|slot| slot.name() == "e@"));
    Ok(())
}

/// Returns the value with one entry for each name: files have no map with another.
fn without_repetitions(value: &Value) -> Value {
    match value {
        Value::List(list) => Value::List(list.iter().map(without_repetitions).collect()),
        Value::Map(map) => {
            let names: BTreeMap<&Arc<str>, &Value> =
                map.iter().map(|(name, value)| (name, value)).collect();
            let entries = names.into_iter();
            entries.map(|(name, value)| (&**name, without_repetitions(value))).collect()
        }
        single => single.clone(),
    }
}

/// Loads the objects by their proposal, and writes and loads them again in each format.
fn written_and_loaded(objects: &[Record]) -> Result<(), TestCaseError> {
    let failed = |error: &dyn std::fmt::Display| TestCaseError::fail(error.to_string());
    let proposal = infer(objects);
    let docs = SchemaDocs::default();
    let schemas = schemas_to_text([(proposal.schema(), &docs)], Format::Toml);
    let schemas = schemas.map_err(|error| failed(&error))?;
    let kept: Vec<Record> = objects.iter().map(|object| proposal.split(object.clone()).0).collect();
    let json = serde_json::to_string(&kept).map_err(|error| failed(&error))?;
    let load = |files: &[(String, String)]| {
        let mut store = Store::new();
        let loader = Loader::new().pack_of_texts("mod", files.iter().cloned());
        let definitions = loader.load(&store).map_err(|report| format!("{report}\n{schemas}"))?;
        let objects = definitions.spawn(&mut store).map_err(|error| error.to_string())?;
        Ok::<_, String>((store, objects))
    };
    let schemas = ("schemas.toml".to_owned(), schemas.clone());
    let manifest = "objects.'spells.json' = 'spell'".to_owned();
    let pack =
        [schemas.clone(), ("pack.toml".to_owned(), manifest), ("spells.json".to_owned(), json)];
    let (store, first) = load(&pack).map_err(|error| failed(&error))?;
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let files = match first.to_files(&store, format) {
            Ok(files) => files,
            // TOML has no null.
            Err(error) if format == Format::Toml => {
                prop_assert!(error.to_string().contains("TOML cannot represent"), "{error}");
                continue;
            }
            Err(error) => return Err(failed(&error)),
        };
        let pack: Vec<_> = std::iter::once(schemas.clone()).chain(files).collect();
        let (again, second) = load(&pack).map_err(|error| failed(&error))?;
        prop_assert_eq!(first.ids().count(), second.ids().count());
        for (before, after) in first.ids().zip(second.ids()) {
            // TOML has the tables of a map behind its other values.
            let whole = |store: &Store, id: ObjectId| -> Value {
                let record = store.get_record(id).expect("it is alive");
                let schema = store.schema("spell").expect("it is registered");
                let whole = schema.gather(&record).into_iter().collect();
                if format == Format::Toml { without_repetitions(&whole) } else { whole }
            };
            prop_assert_eq!(whole(&store, before), whole(&again, after), "{}", &pack[1].1);
        }
    }
    Ok(())
}

fn named() -> impl Strategy<Value = Value> {
    let bare = "[a-c]".prop_map(Value::from);
    let shaped = ("[d-g]", part()).prop_map(|(name, value)| Value::from_iter([(name, value)]));
    prop_oneof![2 => bare, 3 => shaped]
}

/// Infers objects of these values, one of which may be replaced by a stray one, and loads them.
fn loads_with_a_stray(single: Vec<Value>, lists: Vec<Vec<Value>>, stray: Option<(usize, Value)>) {
    let object = |(one, list)| Record::from_iter([("one", one), ("list", Value::from(list))]);
    let mut objects: Vec<Record> =
        single.into_iter().zip::<Vec<Vec<Value>>>(lists).map(object).collect();
    if let Some((at, value)) = stray {
        objects[at] = Record::from_iter([("one", value)]);
    }
    loads(&infer(&objects), &objects);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn values_with_names_load_and_come_out_the_same(
        single in prop::collection::vec(named(), 30),
        lists in prop::collection::vec(prop::collection::vec(named(), 0..4), 30),
        stray in prop::option::of((0..30_usize, part())),
    ) {
        loads_with_a_stray(single, lists, stray);
    }

    #[test]
    fn written_values_of_every_shape_load_and_are_the_same(
        single in prop::collection::vec(prop_oneof![named(), tagged(), part()], 20),
        lists in prop::collection::vec(
            prop::collection::vec(prop_oneof![named(), tagged()], 0..4), 20
        ),
        parts in prop::collection::vec(part(), 20),
    ) {
        let objects: Vec<Record> = single.into_iter().zip(lists).zip(parts).map(|((one, list), part)| {
            let values = [("one", one), ("list", Value::from(list)), ("part", part)];
            values.into_iter().map(|(name, value)| (name, without_repetitions(&value))).collect()
        }).collect();
        written_and_loaded(&objects)?;
    }

    #[test]
    fn tagged_maps_load_and_come_out_the_same(
        single in prop::collection::vec(tagged(), 20),
        lists in prop::collection::vec(prop::collection::vec(tagged(), 0..4), 20),
        stray in prop::option::of((0..20_usize, part())),
    ) {
        loads_with_a_stray(single, lists, stray);
    }
}
