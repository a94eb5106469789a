//! Groups of objects that refer to one another: their proposals load their own data.

#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

use std::error::Error;
use std::sync::Arc;

use proptest::prelude::*;
use slotted::schema::SIGNS;
use slotted::{SchemaError, Store, Value};
use slotted_definitions::infer::{
    InferenceOptions, Naming, ProposalNote, SameData, Survey, SurveyedGroup, Unslottable,
};
use slotted_definitions::write::{SchemaDocs, WriteError, schemas_to_text};
use slotted_definitions::{Format, LoadLimits, Loader, Objects, Undeclared, read_data};

type Outcome = Result<(), Box<dyn Error>>;
type Object = Vec<(Arc<str>, Value)>;

fn object(json: &str) -> Object {
    let data = read_data("a.json", json, Format::Json, &LoadLimits::default());
    let Value::Map(map) = data.expect("an object") else { panic!("a map") };
    map.to_vec()
}

fn survey(groups: &[(&str, Vec<Object>)]) -> Result<Vec<SurveyedGroup>, SchemaError> {
    let mut survey = Survey::new(InferenceOptions::default());
    let each = |pass: &mut dyn FnMut(&str, &Object)| {
        groups.iter().for_each(|(group, objects)| objects.iter().for_each(|one| pass(group, one)));
    };
    each(&mut |group, object| survey.observe(group, None, object));
    let mut measure = survey.measure()?;
    each(&mut |group, object| measure.observe(group, None, object));
    measure.finish()
}

fn slots(group: &SurveyedGroup) -> Vec<String> {
    group.proposal.schema().slots().iter().map(ToString::to_string).collect()
}

fn numbered(count: usize, json: impl Fn(usize) -> String) -> Vec<Object> {
    (0..count).map(|at| object(&json(at))).collect()
}

#[test]
fn texts_that_are_all_names_become_references() -> Outcome {
    let items = numbered(20, |at| format!("{{ id: 'i{at}', next: 'i{}' }}", (at + 1) % 20));
    let units = numbered(20, |at| {
        let known = if at < 15 { format!("i{at}") } else { format!("x{at}") };
        format!("{{ weapon: 'i{at}', drops: ['i1', 'i{at}'], pet: '{known}', nick: 'n{at}' }}")
    });
    let [item, unit] = &survey(&[("item", items), ("unit", units)])?[..] else { panic!() };
    assert_eq!((&item.naming, &unit.naming), (&Naming::Attribute("id"), &Naming::None));
    assert_eq!(slots(item), ["id: text", "next: object, optional, references 'item'"]);
    assert_eq!(
        slots(unit),
        [
            "weapon: object, optional, references 'item'",
            "drops: list(object), references 'item'",
            "pet: text",
            "nick: text"
        ]
    );
    let shown = unit.proposal.to_string();
    let note =
        "'pet': 15 of 20 values (75.0%) are names of 'item'; the first that is no name: \"x15\"";
    assert!(shown.contains(note), "{shown}");
    Ok(())
}

#[test]
fn the_own_name_is_no_reference() -> Outcome {
    let items = numbered(9, |at| format!("{{ id: 'i{at}', key: 'i{at}' }}"));
    let [item] = &survey(&[("item", items)])?[..] else { panic!() };
    assert_eq!(slots(item), ["id: text", "key: text"]);
    Ok(())
}

#[test]
fn values_that_most_objects_share_are_defaults_only_if_none_is_missing() -> Outcome {
    let objects = numbered(20, |at| {
        let rare = if at == 3 { String::new() } else { "stack: 64,".to_owned() };
        format!("{{ {rare} solid: {}, size: {}, glow: 7 }}", at > 2, if at > 8 { 0.5 } else { 1.5 })
    });
    let [tile] = &survey(&[("tile", objects)])?[..] else { panic!() };
    let expected =
        ["stack: u8, optional", "solid: bool, default true", "size: f32", "glow: u8, default 7"];
    assert_eq!(slots(tile), expected);
    let notes = &tile.proposal.attributes()[1].notes;
    assert_eq!(notes[..], [ProposalNote::Shared { value: true.into(), objects: 17 }]);
    Ok(())
}

#[test]
fn objects_that_fit_whole_are_counted_with_reasons() -> Outcome {
    let objects =
        ["{ a: 1 }", "{ a: 2, b: [{}] }", "{ a: 3, b: [{}], c: [1, [[]], 2] }", "{ a: 4, c: [2] }"];
    let objects = objects.map(object).to_vec();
    let [thing] = &survey(&[("thing", objects)])?[..] else { panic!() };
    let fit = &thing.fit;
    assert_eq!((fit.objects, fit.whole, fit.whole_without_any), (4, 4, 1));
    let reasons: Vec<_> =
        thing.fit.reasons.iter().map(|(reason, count)| (*reason, *count)).collect();
    assert_eq!(reasons, [(Unslottable::RecordLists, 2), (Unslottable::MixedLists, 2)]);
    Ok(())
}

/// Writes the objects, and loads them again with the schemas.
fn written_is_the_same(
    (store, objects): (&Store, &Objects),
    format: Format,
    schemas: &(String, String),
) -> Result<(), TestCaseError> {
    let files = match objects.to_files(store, format) {
        Ok(files) => files,
        // Nothing can refer to such an object in a file.
        Err(WriteError::NamelessReference { .. }) => return Ok(()),
        // TOML has no null.
        Err(WriteError::Value { .. }) if format == Format::Toml => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(format!("{format}: {error}"))),
    };
    let all = files.iter().chain([schemas]).cloned();
    let loader = Loader::new().pack_of_texts("saved", all).undeclared(Undeclared::Quarantine);
    let mut again = Store::new();
    let definitions = loader.load(&again);
    let definitions =
        definitions.map_err(|report| TestCaseError::fail(format!("{report}\n{files:?}")))?;
    let loaded = definitions.spawn(&mut again).expect("there is room");
    prop_assert_eq!(loaded.to_files(&again, format).expect("as before"), files);
    prop_assert_eq!(again.len(), store.len());
    Ok(())
}

/// A map whose tag decides its other parts.
fn tagged() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["a", "b", "c", "d", "e"]);
    prop_oneof![
        name().prop_map(|name| format!("{{ tag: 'p', at: '{name}' }}")),
        (0..9_u8, name()).prop_map(|(n, name)| format!("{{ tag: 'q', n: {n}, of: ['{name}'] }}")),
        (0..9_u8).prop_map(|n| format!("{{ tag: 'q', n: {n} }}")),
        Just("{ tag: 'r' }".to_owned()),
    ]
}

/// A few objects with texts that often are names.
fn objects() -> impl Strategy<Value = Vec<String>> {
    let name = || prop::sample::select(vec!["a", "b", "c", "d", "e"]);
    let value = prop_oneof![
        name().prop_map(|name| format!("'{name}'")),
        prop::collection::vec(name(), 0..3).prop_map(|names| format!("{names:?}")),
        (0..3_u8).prop_map(|number| number.to_string()),
        Just("null".to_owned()),
        Just("{ deep: 1 }".to_owned()),
        (0..3_u8).prop_map(|n| format!("{{ add: [{n}] }}")),
        prop::collection::vec(0..9_u8, 0..3)
            .prop_map(|list| format!("[{{ remove: {list:?}, add: [] }}]")),
        name().prop_map(|name| format!("['{name}', 3, {{ at: '{name}', n: [1, 'x'] }}, [2]]")),
        (0..2_u8).prop_map(|n| format!("{{ deep: {n}, '{n}': ['x', [{n}]] }}")),
        Just("[true, null]".to_owned()),
        tagged(),
        prop::collection::vec(tagged(), 0..9).prop_map(|maps| format!("[{}]", maps.join(","))),
        name().prop_map(|name| format!("[['{name}', 4]]")),
        prop::collection::vec(name(), 0..3).prop_map(|names| format!(
            "[{}]",
            names.iter().map(|name| format!("{{ at: '{name}' }},")).collect::<String>()
        )),
    ];
    // Enough maps with a tag, and nothing else beside them.
    let tags =
        prop::collection::vec(tagged(), 0..9).prop_map(|maps| format!("[{}]", maps.join(",")));
    // Words of definition files are attributes of games too.
    let names = vec!["x", "y", "z", "x", "y", "z", "abstract", "inherits", "unset", "if_pack"];
    let rest = prop::collection::btree_map(prop::sample::select(names), value, 0..4);
    let rest = (rest, tags, tagged(), 0..3_u8).prop_map(|(mut rest, tags, tag, few)| {
        if few > 0 {
            rest.extend([("tags", tags), ("tag", tag)]);
        }
        rest
    });
    let object = (name(), rest).prop_map(|(id, rest)| {
        let rest: String = rest.iter().map(|(name, value)| format!(", {name}: {value}")).collect();
        format!("{{ id: '{id}'{rest} }}")
    });
    prop::collection::vec(object, 1..16)
}

proptest! {
    #[test]
    fn proposals_load_their_own_data(
        first in objects(),
        second in objects(),
        format in prop::sample::select(vec![Format::Json, Format::Toml, Format::Ron, Format::Yaml]),
    ) {
        let groups = [("first", &first), ("second", &second)];
        let parsed = groups.map(|(group, objects)| (group, objects.iter().map(|json| object(json)).collect()));
        let proposals = survey(&parsed).expect("valid names");
        let docs: Vec<SchemaDocs> = proposals.iter().map(|group| group.proposal.docs()).collect();
        let schemas = proposals.iter().map(|group| group.proposal.schema()).zip(&docs);
        let mut files =
            vec![("schemas.toml".to_owned(), schemas_to_text(schemas, Format::Toml).expect("writable"))];
        // No person writes the names of the slots of parts.
        let is_internal = |line: &&str| {
            line.starts_with('"') && line.split_once(" = ").is_some_and(|(name, _)| name.contains(SIGNS))
        };
        let internal: Vec<&str> = files[0].1.lines().filter(|line| !line.starts_with('#')).filter(is_internal).collect();
        // Kinds with a list of tagged maps beside other maps have no declaration.
        let has_none = internal.iter().any(|line| line.contains("|list[]@"));
        prop_assert!(has_none || internal.is_empty(), "{internal:?}\n{}", files[0].1);
        let mut manifest = "[objects]\n".to_owned();
        for ((name, objects), group) in groups.iter().zip(&proposals) {
            files.push((format!("{name}.json"), format!("[{}]", objects.join(","))));
            let name_from = match group.naming {
                Naming::Attribute(attribute) => format!(", name_from = '{attribute}'"),
                _ => String::new(),
            };
            let words: Vec<_> = group.words.iter().map(|word| format!("{word} = false")).collect();
            let words = words.join(", ");
            manifest.push_str(&format!(
                "'{name}.json' = {{ schema = '{name}'{name_from}, words = {{ {words} }} }}\n"
            ));
        }
        let schema_file = files[0].clone();
        files.push(("pack.toml".to_owned(), manifest));
        let loader = Loader::new().pack_of_texts("mod", files).undeclared(Undeclared::Quarantine);
        let mut store = Store::new();
        let definitions = loader.load(&store).unwrap_or_else(|report| panic!("{report}"));
        let spawned = definitions.spawn(&mut store).expect("there is room");
        // Each object has the values of its file.
        for (id, (_, object)) in spawned.ids().zip(parsed.iter().flat_map(|(group, objects)| {
            let objects: &Vec<Object> = objects;
            objects.iter().map(move |object| (group, object))
        })) {
            let record = spawned.to_record(&store, id);
            // A nameless target cannot be written, and a name may need its schema.
            let Ok(record) = record else { continue };
            for (name, value) in object {
                let found = record.get(name).cloned();
                let found = found.unwrap_or_else(|| store.get_value(id, name).unwrap_or_default());
                let is_reference = format!("{found}").contains('/') || format!("{found}").contains("object ");
                let single = Value::from(vec![value.clone()]);
                let is_same = found.is_same_data(value) || found.is_same_data(&single);
                prop_assert!(is_reference || is_same, "{name}: {found} {value}");
            }
        }
        written_is_the_same((&store, &spawned), format, &schema_file)?;
    }
}
