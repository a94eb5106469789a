//! Data of every shape goes through a proposal, the loader and the writer, in each format, and is compared as values.

#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

mod data_files;

use std::sync::Arc;

use data_files::{FORMATS, Shape, objects_of, shape, written};
use proptest::prelude::*;
use slotted::{Store, Value};
use slotted_definitions::infer::{InferenceOptions, Naming, SameData, Survey, SurveyedGroup};
use slotted_definitions::write::{WriteError, schemas_to_text};
use slotted_definitions::{
    Format, LoadLimits, Loader, Objects, read_data, read_data_with_variants,
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
    let mut store = Store::new();
    let loader = Loader::new().pack_of_texts("game", files.iter().cloned());
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
            let is_there = !is_optional || data_files::next(&mut seed) % 2 == 0;
            let value = shape.value(&mut seed);
            is_there.then(|| (name.clone(), value))
        });
        std::iter::once(id).chain(parts).collect()
    };
    seeds.iter().enumerate().map(object).collect()
}

fn shapes() -> impl Strategy<Value = Vec<(String, Shape, bool)>> {
    let name = prop::sample::select(vec!["a", "b", "größe", "日本", "with space", "x-1", "unset"]);
    let attributes = prop::collection::btree_map(name, (shape(), any::<bool>()), 1..4);
    attributes.prop_map(|attributes| {
        let named = attributes.into_iter();
        named.map(|(name, (shape, is_optional))| (name.to_owned(), shape, is_optional)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn data_of_every_shape_comes_out_as_the_same_values(
        shapes in shapes(),
        seeds in prop::collection::vec(any::<u64>(), 1..14),
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
