//! Data of every shape goes through a proposal, the loader and the writer, in each format, and is compared as values.

#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

mod data_files;

use std::sync::Arc;

use data_files::{FORMATS, Shape, objects_of, shape, written};
use proptest::prelude::*;
use slotted::schema::Slot;
use slotted::{Kind, ObjectId, Store, Value};
use slotted_definitions::infer::{
    InferenceOptions, Naming, SameData, Survey, SurveyedGroup, Unslottable,
};
use slotted_definitions::write::{WriteError, schemas_to_text};
use slotted_definitions::{
    Format, LoadLimits, Loader, Objects, Undeclared, read_data, read_data_with_variants,
};

type Parts = Vec<(Arc<str>, Value)>;
/// The path and the text of a file.
type File = (String, String);

/// A game's data file, with its objects.
struct DataFile {
    group: &'static str,
    file: File,
    objects: Vec<Parts>,
}

impl DataFile {
    /// Writes the objects as a game would. Returns `None` if the format cannot say them.
    fn new(group: &'static str, objects: &[Value], format: Format) -> Option<Self> {
        let text = written(objects, format)?;
        let parts = |object: &Value| match object {
            Value::Map(map) => map.to_vec(),
            _ => unreachable!("objects are maps"),
        };
        let file = (format!("{group}.{}", format.extension()), text);
        Some(Self { group, file, objects: objects.iter().map(parts).collect() })
    }
}

fn failed(error: impl std::fmt::Display) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

/// Reads and surveys the files as `slotted infer` does.
fn survey(files: &[DataFile], format: Format) -> Result<Vec<SurveyedGroup>, TestCaseError> {
    let mut survey = Survey::new(InferenceOptions::default());
    for DataFile { group, file: (path, text), objects } in files {
        let read = read_data_with_variants(path, text, format, &LoadLimits::default());
        let (data, variants) = read.map_err(|report| failed(format!("{report}\n{text}")))?;
        let read = objects_of(&data);
        prop_assert_eq!(read.len(), objects.len(), "{}", text);
        for (read, object) in read.iter().zip(objects) {
            let object = Value::Map(object.clone().into());
            prop_assert!(read.is_same_data(&object), "{read} is not {object}\n{text}");
        }
        survey.add_variants(variants);
        objects.iter().for_each(|object| survey.observe(group, None, object));
    }
    let mut measure = survey.measure().map_err(failed)?;
    for DataFile { group, objects, .. } in files {
        objects.iter().for_each(|object| measure.observe(group, None, object));
    }
    measure.finish().map_err(failed)
}

fn load(files: &[File]) -> Result<(Store, Objects), TestCaseError> {
    load_as(Undeclared::Refuse, files)
}

fn load_as(undeclared: Undeclared, files: &[File]) -> Result<(Store, Objects), TestCaseError> {
    let mut store = Store::new();
    let loader = Loader::new().pack_of_texts("game", files.iter().cloned()).undeclared(undeclared);
    let show =
        || files.iter().map(|(path, text)| format!("--- {path}\n{text}")).collect::<String>();
    let definitions =
        loader.load(&store).map_err(|report| failed(format!("{report}\n{}", show())))?;
    let objects = definitions.spawn(&mut store).map_err(failed)?;
    Ok((store, objects))
}

/// Returns the name of an object.
fn name_of(object: &Parts) -> &str {
    match &object[0].1 {
        Value::Text(name) => name,
        _ => unreachable!("the first attribute is the name"),
    }
}

/// Returns the entry of a map.
fn entry<'v>(data: &'v Value, name: &str) -> Option<&'v Value> {
    match data {
        Value::Map(map) => map.iter().find(|(own, _)| **own == *name).map(|(_, value)| value),
        _ => None,
    }
}

/// Compares the values in a written file with those of the objects.
fn are_written(
    (path, text): &File,
    format: Format,
    files: &[DataFile],
) -> Result<(), TestCaseError> {
    let data = read_data(path, text, format, &LoadLimits::default());
    let data = data.map_err(|report| failed(format!("{report}\n{text}")))?;
    for DataFile { group, objects, .. } in files {
        for object in objects {
            let records = entry(&data, "records").and_then(|records| entry(records, group));
            let found = records.and_then(|records| entry(records, name_of(object)));
            let found = found.ok_or_else(|| failed(format!("no {}\n{text}", name_of(object))))?;
            let expected = Value::Map(object.clone().into());
            prop_assert!(found.is_same_data(&expected), "{found}\nis not\n{expected}\n{text}");
        }
    }
    Ok(())
}

/// Infers, checks, loads, writes in each format, loads again, and compares with the objects.
fn round_trip(groups: &[(&'static str, &[Value])], format: Format) -> Result<(), TestCaseError> {
    let files: Option<Vec<DataFile>> =
        groups.iter().map(|(group, objects)| DataFile::new(group, objects, format)).collect();
    let Some(files) = files else { return Ok(()) };
    let proposals = survey(&files, format)?;
    let docs: Vec<_> = proposals.iter().map(|group| group.proposal.docs()).collect();
    let schemas = proposals.iter().map(|group| group.proposal.schema()).zip(&docs);
    let schemas = schemas_to_text(schemas, format).map_err(failed)?;
    let schemas = (format!("schemas.{}", format.extension()), schemas);
    let mut manifest = "[objects]\n".to_owned();
    for (file, group) in files.iter().zip(&proposals) {
        prop_assert_eq!(group.fit.whole, group.fit.objects, "{}", group.proposal);
        let name_from = match group.naming {
            Naming::Attribute(attribute) => format!(", name_from = '{attribute}'"),
            _ => String::new(),
        };
        let words: Vec<_> = group.words.iter().map(|word| format!("{word} = false")).collect();
        let (schema, words) = (file.group, words.join(", "));
        let entry = format!("{{ schema = '{schema}'{name_from}, words = {{ {words} }} }}");
        manifest.push_str(&format!("'{}' = {entry}\n", file.file.0));
    }
    let mut pack = vec![schemas.clone(), ("pack.toml".to_owned(), manifest)];
    pack.extend(files.iter().map(|file| file.file.clone()));
    let (store, loaded) = load(&pack)?;
    let objects = || files.iter().flat_map(|file| &file.objects);
    prop_assert_eq!(loaded.len(), objects().count());
    let needs_any = |id: &ObjectId| {
        let record = store.get_record(*id).expect("it is alive");
        let schema = store.schema_by_id(id.schema()).expect("it is registered");
        let is_used = |slot: &Slot| match record.get(slot.name()) {
            None | Some(Value::Unset) => false,
            Some(Value::List(list)) => *slot.kind() == Kind::Any || !list.is_empty(),
            Some(_) => true,
        };
        let mut any = schema.slots().iter().filter(|slot| *slot.kind().element() == Kind::Any);
        any.any(is_used)
    };
    let without_any: u64 = proposals.iter().map(|group| group.fit.whole_without_any).sum();
    prop_assert_eq!(without_any as usize, loaded.ids().filter(|id| !needs_any(id)).count());
    for format in FORMATS {
        let written = match loaded.to_files(&store, format) {
            Ok(written) => written,
            // TOML has no null.
            Err(WriteError::Value { .. }) if format == Format::Toml => continue,
            Err(error) => return Err(failed(format!("{format}: {error}\n{pack:?}"))),
        };
        prop_assert_eq!(written.len(), 1, "all objects have names");
        are_written(&written[0], format, &files)?;
        let again: Vec<File> = [schemas.clone()].into_iter().chain(written).collect();
        let (other, copies) = load(&again)?;
        for (file, object) in
            files.iter().flat_map(|file| file.objects.iter().map(move |object| (file, object)))
        {
            let record = |store: &Store, objects: &Objects| {
                let id = objects.id(file.group, name_of(object)).ok_or("no object")?;
                let record = objects.to_record(store, id).map_err(|error| error.to_string())?;
                let schema = store.schema(file.group).ok_or("no schema")?;
                // TOML has the tables of a map behind its other values.
                Ok::<_, String>(schema.gather(&record))
            };
            let before = record(&store, &loaded).map_err(failed)?;
            let after = record(&other, &copies).map_err(failed)?;
            prop_assert!(before.is_same_data(&after), "{before:?}\nis not\n{after:?}\n{again:?}");
        }
    }
    Ok(())
}

/// Returns objects with values of these shapes, some of which some objects lack.
fn objects(shapes: &[(String, Shape, bool)], seeds: &[u64]) -> Vec<Value> {
    let object = |(at, seed): (usize, &u64)| {
        let mut seed = *seed;
        let id = ("id".to_owned(), Value::from(format!("o{at}")));
        let parts = shapes.iter().filter_map(|(name, shape, is_optional)| {
            let is_there = !is_optional || data_files::is_heads(&mut seed);
            let value = shape.value(&mut seed);
            is_there.then(|| (name.clone(), value))
        });
        std::iter::once(id).chain(parts).collect()
    };
    seeds.iter().enumerate().map(object).collect()
}

fn shapes() -> impl Strategy<Value = Vec<(String, Shape, bool)>> {
    let name = prop::sample::select(vec![
        "a",
        "b",
        "größe",
        "日本",
        "with space",
        "x-1",
        "unset",
        "b?",
        "0",
    ]);
    let attributes = prop::collection::btree_map(name, (shape(), any::<bool>()), 1..4);
    attributes.prop_map(|attributes| {
        let named = attributes.into_iter();
        named.map(|(name, (shape, is_optional))| (name.to_owned(), shape, is_optional)).collect()
    })
}

/// Returns objects in JSON, each with a name.
fn named(objects: &[&str]) -> Vec<Value> {
    let named = |(at, json): (usize, &&str)| {
        let json = format!("{{\"id\": \"o{at}\", {json}}}");
        let data = read_data("a.json", &json, Format::Json, &LoadLimits::default());
        data.expect("an object")
    };
    objects.iter().enumerate().map(named).collect()
}

/// Returns the proposed schema of the things, after they made their way through each format.
fn proposed(things: &[&str], written_in: Format) -> Result<String, TestCaseError> {
    let items: Vec<Value> =
        data_files::IDS.iter().map(|id| Value::from_iter([("id", *id)])).collect();
    let things = named(things);
    let groups: [(&'static str, &[Value]); 2] = [("item", &items), ("thing", &things)];
    for format in FORMATS {
        round_trip(&groups, format)?;
    }
    let files = groups.map(|(group, objects)| DataFile::new(group, objects, written_in));
    let files: Vec<DataFile> = files.into_iter().flatten().collect();
    let proposals = survey(&files, written_in)?;
    let proposal = &proposals[1].proposal;
    let text = schemas_to_text([(proposal.schema(), &proposal.docs())], Format::Toml);
    Ok(text.map_err(failed)?.replace("[schemas.thing.slots]\nid = \"text\"\n", ""))
}

#[test]
fn names_in_ron_are_variants_and_names_in_json_are_records() -> Result<(), TestCaseError> {
    let one = [
        r#""at": {"Pos": {"x": 1}}, "n": {"Own": 3}"#,
        r#""at": {"Pos": {"x": 2}}, "n": {"Own": 4}"#,
    ];
    assert_eq!(
        proposed(&one, Format::Ron)?,
        "at = { variants = { Pos = { x = \"u8\" } } }\nn = { variants = { Own = \"u8\" } }\n"
    );
    assert_eq!(
        proposed(&one, Format::Json)?,
        "at = { slots = { Pos = { slots = { x = \"u8\" } } } }\nn = { slots = { Own = \"u8\" } }\n"
    );
    let several = [r#""at": {"Pos": {"x": 1}}"#, r#""at": {"Cell": 2}"#, r#""at": "Rest""#];
    assert_eq!(
        proposed(&several, Format::Ron)?,
        "at = { variants = { Cell = \"u8\", Pos = { x = \"u8\" }, Rest = {} } }\n"
    );
    // A part beside a name is no variant.
    let mixed = [r#""at": {"Pos": {"x": 1}}"#, r#""at": {"Pos": {"x": 1}, "y": 2}"#];
    let found = proposed(&mixed, Format::Ron)?;
    assert!(found.starts_with("at = { slots = { Pos = { slots = {"), "{found}");
    Ok(())
}

#[test]
fn a_list_may_lack_its_brackets_around_records() -> Result<(), TestCaseError> {
    let (one, two) = (r#"{"item": "a", "n": 1}"#, r#"{"item": "b", "n": 300, "of": ["x"]}"#);
    let single = format!("\"drops\": {one}");
    let list = format!("\"drops\": [{one}, {two}]");
    let only = format!("\"drops\": [{two}]");
    for objects in [[&single, &list, &only], [&list, &only, &single], [&single, &single, &list]] {
        assert_eq!(
            proposed(&objects.map(String::as_str), Format::Json)?,
            "drops.kind = \"list\"\ndrops.one_or_list = true\n\
             drops.slots = { item = \"text\", n = \"u16\", of = { kind = \"list(text)\", optional = true } }\n"
        );
    }
    // Texts and records, alone and in lists.
    let steps =
        ["\"s\": \"wait\"", "\"s\": {\"to\": \"inn\"}", "\"s\": [\"wait\", {\"to\": \"x\"}]"];
    assert_eq!(
        proposed(&steps, Format::Json)?,
        "s = { kind = \"list(text | record)\", one_or_list = true, slots = { to = \"text\" } }\n"
    );
    let numbers = ["\"n\": 3", "\"n\": [0.5, 1]"];
    let found = proposed(&numbers, Format::Json)?;
    assert_eq!(found, "n = { kind = \"list(f32)\", one_or_list = true }\n");
    // Texts alone and records in lists tell themselves apart.
    let sorts = ["\"s\": \"wait\"", "\"s\": [{\"to\": \"x\"}]"];
    let found = proposed(&sorts, Format::Json)?;
    assert_eq!(found, "s = { kind = \"text | list(record)\", slots = { to = \"text\" } }\n");
    Ok(())
}

#[test]
fn values_of_several_records_have_schemas_for_their_parts() -> Result<(), TestCaseError> {
    let inner = [
        r#""k": {"drops": {"item": "a"}}"#,
        r#""k": {"drops": [{"item": "a", "n": 2}]}"#,
        r#""pair": [{"x": 1}, [{"y": 2}]]"#,
    ];
    assert_eq!(
        proposed(&inner, Format::Json)?,
        "# Part of thing: k.drops.\n[schemas.thing_k_drops.slots]\nitem = \"text\"\n\n\
         # Part of thing: k.drops[].\n[schemas.thing_k_drops_2.slots]\nitem = \"text\"\nn = \"u8\"\n\n\
         # Part of thing: pair[0].\n[schemas.thing_pair_0.slots]\nx = \"u8\"\n\n\
         # Part of thing: pair[1][].\n[schemas.thing_pair_1.slots]\ny = \"u8\"\n\n\
         k = { optional = true, slots = { drops = \"thing_k_drops | list(thing_k_drops_2)\" } }\n\
         pair = { kind = \"(thing_pair_0, list(thing_pair_1))\", optional = true }\n"
    );
    Ok(())
}

#[test]
fn keys_of_maps_refer_to_records() -> Result<(), TestCaseError> {
    let melee = ["\"melee\": {\"bash\": 6, \"cut\": 2}", "\"melee\": {\"stab\": 1}", "\"n\": 1"];
    let expected = "melee = { kind = \"map(object, u8)\", optional = true, references = \"item\" }";
    let found = proposed(&melee, Format::Json)?;
    assert!(found.starts_with(expected), "{found}");
    // A part that is no name, maps that all have the same names, and values of several sorts.
    for (others, is_record) in [
        (["\"m\": {\"bash\": 6, \"own\": 2}", "\"m\": {\"stab\": 1}"], true),
        (["\"m\": {\"bash\": 6, \"cut\": 2}", "\"m\": {\"cut\": 1, \"bash\": 2}"], true),
        (["\"m\": {\"bash\": 6, \"cut\": \"x\"}", "\"m\": {\"stab\": 1}"], true),
        (["\"m\": {\"bash\": [6], \"cut\": [2]}", "\"m\": {\"stab\": []}"], false),
    ] {
        let found = proposed(&others, Format::Json)?;
        assert_eq!(found.contains("slots"), is_record, "{found}");
        assert_eq!(found.contains("references"), !is_record, "{found}");
    }
    Ok(())
}

#[test]
fn most_keys_that_are_names_are_noted() -> Result<(), TestCaseError> {
    let many: Vec<String> = (0..20)
        .map(|at| match at % 4 {
            3 => format!("\"melee\": {{\"k{at}\": 1}}"),
            at => format!("\"melee\": {{\"{}\": {at}}}", data_files::IDS[at]),
        })
        .collect();
    let things = named(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let items: Vec<Value> =
        data_files::IDS.iter().map(|id| Value::from_iter([("id", *id)])).collect();
    let files = [("item", &items), ("thing", &things)]
        .map(|(group, objects)| DataFile::new(group, objects, Format::Json));
    let files: Vec<DataFile> = files.into_iter().flatten().collect();
    let shown = survey(&files, Format::Json)?[1].proposal.to_string();
    let note =
        "'melee': 15 of 20 keys (75.0%) are names of 'item'; the first that is no name: \"k3\"";
    assert!(shown.contains(note), "{shown}");
    round_trip(&[("item", &items), ("thing", &things)], Format::Yaml)
}

#[test]
fn a_name_like_that_of_a_part_keeps_a_value_whole() -> Result<(), TestCaseError> {
    let objects = ["\"b\": {\"p\": false}, \"b@c\": false", "\"b\": \"x\", \"b@c\": true"];
    assert_eq!(proposed(&objects, Format::Json)?, "b = \"any\"\n\"b@c\" = \"bool\"\n");
    Ok(())
}

#[test]
fn empty_names_are_keys_of_maps_or_kept_aside() -> Result<(), TestCaseError> {
    let inner = ["\"m\": {\"\": 1, \"a\": 2}, \"l\": [{\"\": 1}]", "\"m\": {\"a\": 3}, \"l\": []"];
    let found = proposed(&inner, Format::Json)?;
    assert_eq!(found, "m = \"map(u8)\"\nl = \"list(map(u8))\"\n");

    let things = named(&["\"\": 7, \"a\": 1", "\"a\": 2"]);
    let file = DataFile::new("thing", &things, Format::Json).ok_or_else(|| failed("no file"))?;
    let path_and_text = file.file.clone();
    let proposals = survey(&[file], Format::Json)?;
    let group = &proposals[0];
    assert_eq!((group.fit.objects, group.fit.whole), (2, 1));
    assert_eq!(group.fit.reasons.keys().collect::<Vec<_>>(), [&Unslottable::Name]);
    let schemas =
        schemas_to_text([(group.proposal.schema(), &group.proposal.docs())], Format::Toml);
    let schemas = ("schemas.toml".to_owned(), schemas.map_err(failed)?);
    let manifest = "objects.'thing.json' = { schema = 'thing', name_from = 'id' }".to_owned();
    let pack = [schemas.clone(), ("pack.toml".to_owned(), manifest), path_and_text];
    let (store, loaded) = load_as(Undeclared::Quarantine, &pack)?;
    for format in FORMATS {
        let written = loaded.to_files(&store, format).map_err(failed)?;
        let (path, text) = &written[0];
        let data = read_data(path, text, format, &LoadLimits::default()).map_err(failed)?;
        let records = entry(&data, "records").and_then(|records| entry(records, "thing"));
        let first = records.and_then(|records| entry(records, "o0"));
        assert!(first.is_some_and(|first| first.is_same_data(&things[0])), "{text}");
        load_as(Undeclared::Quarantine, &[schemas.clone(), written[0].clone()])?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn data_of_every_shape_comes_out_as_the_same_values(
        shapes in shapes(),
        seeds in prop::collection::vec(any::<u64>(), 1..24),
        format in prop::sample::select(FORMATS.to_vec()),
    ) {
        let items: Vec<Value> = data_files::IDS
            .iter()
            .map(|id| Value::from_iter([("id", Value::from(*id)), ("weight", 3.into())]))
            .collect();
        let objects = objects(&shapes, &seeds);
        round_trip(&[("item", &items), ("thing", &objects)], format)?;
    }
}
