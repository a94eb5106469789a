//! Files of objects as games have them: lists, maps by name, single objects; folders, patterns, names and schemas in attributes.

use slotted::Store;
use slotted_definitions::{Definitions, Loader, Report, Undeclared};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SCHEMAS: (&str, &str) = (
    "schemas.toml",
    "[schemas.item.slots]\nweight = { kind = \"u8\", default = 1 }\n\
     [schemas.gun]\nextends = \"item\"\n[schemas.gun.slots]\nid = { kind = \"text\", default = \"\" }\n\
     ammo = { kind = \"object\", references = \"item\", optional = true }\n",
);

fn load(manifest: &str, files: &[(&'static str, &'static str)]) -> Result<Definitions, Report> {
    let all = [("pack.toml", manifest), SCHEMAS].into_iter().chain(files.iter().copied());
    Loader::new().pack_of_texts("mod", all).load(&Store::new())
}

/// Returns the schema, the name and the weight of each object, in order.
fn objects(
    manifest: &str,
    files: &[(&'static str, &'static str)],
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let definitions = load(manifest, files)?;
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store)?;
    let ids: Vec<_> = objects.ids().collect();
    let object = |id: slotted::ObjectId| {
        let schema = store.schema_by_id(id.schema()).map(|schema| schema.name().to_owned());
        let name = objects.name(id).unwrap_or_else(|| "-".into());
        Ok(format!("{} {name} {}", schema.unwrap_or_default(), store.get_value(id, "weight")?))
    };
    ids.into_iter().map(object).collect()
}

fn refused(manifest: &str, files: &[(&'static str, &'static str)]) -> String {
    match load(manifest, files) {
        Ok(_) => panic!("no problems were found"),
        Err(report) => report.to_string(),
    }
}

const NAMED: [(&str, &str); 4] = [
    ("items.json", "{ \"sword\": { \"weight\": 2 }, \"axe\": { weight: 3, }, }"),
    ("items.toml", "sword.weight = 2\naxe.weight = 3\n"),
    ("items.ron", "{ \"sword\": (weight: 2), axe: Item(weight: 3) }"),
    ("items.yml", "sword:\n  weight: 2\naxe: { weight: 3 }\n"),
];

#[test]
fn maps_of_objects_by_name() -> Outcome {
    for (file, text) in NAMED {
        let manifest = format!("objects = {{ \"{file}\" = \"item\" }}");
        assert_eq!(objects(&manifest, &[(file, text)])?, ["item sword 2", "item axe 3"], "{file}");
    }
    Ok(())
}

#[test]
fn an_attribute_names_the_record_and_needs_no_slot() -> Outcome {
    let text = r#"[{ "id": "sword", "weight": 2 }, { "id": 7, "weight": 3 }, { "weight": 4 }]"#;
    let manifest = "objects.\"a.json\" = { schema = \"item\", name_from = \"id\" }";
    assert_eq!(objects(manifest, &[("a.json", text)])?, ["item sword 2", "item 7 3", "item - 4"]);
    // Without it, the attribute is one that the schema does not declare.
    let report = refused("objects.\"a.json\" = \"item\"", &[("a.json", text)]);
    assert!(report.contains("'item' object has no slot 'id'"), "{report}");
    // A slot of that name has its value too, and others refer to the name.
    let guns = r#"[{ "id": "rifle", "ammo": "sword" }]"#;
    let manifest =
        format!("{manifest}\nobjects.\"b.json\" = {{ schema = \"gun\", name_from = \"id\" }}");
    let definitions = load(&manifest, &[("a.json", text), ("b.json", guns)])?;
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store)?;
    let rifle = objects.id("gun", "rifle").ok_or("no rifle")?;
    let sword = objects.id("item", "sword").ok_or("no sword")?;
    assert_eq!(store.get_value(rifle, "id")?, "rifle".into());
    assert_eq!(store.get_value(rifle, "ammo")?, sword.into());
    Ok(())
}

#[test]
fn an_attribute_tells_the_schema() -> Outcome {
    let text =
        r#"[{ "type": "gun", "id": "rifle", "weight": 9 }, { "weight": 2 }, { "type": "item" }]"#;
    let manifest =
        "objects.\"a.json\" = { schema = \"item\", schema_from = \"type\", name_from = \"id\" }";
    assert_eq!(objects(manifest, &[("a.json", text)])?, ["gun rifle 9", "item - 2", "item - 1"]);
    let manifest = "objects.\"a.json\" = { schema_from = \"type\" }";
    assert_eq!(
        refused(manifest, &[("a.json", text)]),
        "error[missing-value]: an object has no 'type'\n --> mod/a.json:1:49\n  |\n\
         1 | [{ \"type\": \"gun\", \"id\": \"rifle\", \"weight\": 9 }, { \"weight\": 2 }, { \"type\": \"item\" }]\n  \
         |                                                 ^^^^^^^^^^^^^^^ its schema is unknown\n  |\n  \
         = help: add it, or give the files a 'schema' in the manifest\n\n1 error"
    );
    let report = refused(manifest, &[("a.json", "[{ \"type\": \"gnu\" }]")]);
    assert!(report.contains("unknown schema 'gnu'; did you mean 'gun'?"), "{report}");
    assert!(report.contains("mod/a.json:1:12"), "{report}");
    Ok(())
}

#[test]
fn a_toml_file_may_have_lists_of_objects() -> Outcome {
    let text = "[sword]\nweight = 2\n[[axe]]\nweight = 3\n[[axe]]\nweight = 4\n";
    let manifest = "objects.\"a.toml\" = \"item\"";
    assert_eq!(objects(manifest, &[("a.toml", text)])?, ["item sword 2", "item - 3", "item - 4"]);
    Ok(())
}

#[test]
fn one_object_is_named_after_its_file() -> Outcome {
    let files = [("items/sword.json", "{ \"weight\": 2 }"), ("items/big/axe.toml", "weight = 3\n")];
    let manifest = "objects.items = \"item\"";
    assert_eq!(objects(manifest, &files)?, ["item sword 2", "item axe 3"]);
    let named = [("items/a.json", "{ \"id\": \"sword\", \"weight\": 2 }")];
    let manifest = "objects.items = { schema = \"item\", name_from = \"id\" }";
    assert_eq!(objects(manifest, &named)?, ["item sword 2"]);
    Ok(())
}

#[test]
fn files_win_over_folders_and_folders_over_patterns() -> Outcome {
    let files = [
        ("data/a.json", "[{ \"weight\": 1 }]"),
        ("data/guns/b.json", "[{ \"weight\": 2 }]"),
        ("data/guns/c.json", "[{ \"weight\": 3 }]"),
        ("other/deep/d.json5", "[{ weight: 4 }]"),
        ("other/e.json", "{ \"records\": { \"item\": [{ \"weight\": 5 }] } }"),
    ];
    let manifest = "[objects]\n\"other/**/*.json5\" = \"gun\"\n\"**/*.json5\" = \"item\"\n\
                    \"data/**\" = \"gun\"\ndata = \"item\"\n\"data/guns/\" = \"gun\"\n\
                    \"data/guns/c.json\" = \"item\"\n";
    assert_eq!(
        objects(manifest, &files)?,
        ["item - 1", "gun - 2", "item - 3", "gun - 4", "item - 5"]
    );
    Ok(())
}

#[test]
fn entries_without_files_and_wrong_entries_are_named() {
    let file = [("items.json", "[]")];
    for (entry, message) in [
        (
            "\"item.json\" = \"item\"",
            "the pack has no file 'item.json'; did you mean 'items.json'?",
        ),
        ("\"data/*.json\" = \"item\"", "the pack has no file 'data/*.json'"),
        ("\"*/items.json\" = \"item\"", "the pack has no file '*/items.json'"),
        ("\"a[\" = \"item\"", "'a[' is no pattern of files: unclosed character class"),
        ("\"items.json\" = {}", "no schema is given for 'items.json'"),
        ("\"items.json\" = 3", "a schema name must be text, not an integer"),
        (
            "\"items.json\" = { schema = \"item\", name = \"id\" }",
            "unknown key 'name' in files of objects",
        ),
        ("\"items.json\" = { schema = \"item\", name_from = 3 }", "'name_from' must be text"),
    ] {
        let report = refused(&format!("[objects]\n{entry}\n"), &file);
        assert!(report.contains(message), "{entry}: {report}");
        assert!(report.contains("mod/pack.toml:2:"), "{entry}: {report}");
    }
    let report = refused("objects.\"items.json\" = \"item\"", &[("items.json", "3")]);
    let message =
        "a file of objects must be a list of objects, a map of objects by name, or one object";
    assert!(report.contains(message), "{report}");
    let twice = "objects.\"items.json\" = { schema = \"item\", name_from = \"id\" }";
    let report = refused(twice, &[("items.json", "[{ id: 'a' }, { id: 'a' }]")]);
    assert!(report.contains("record 'a' of 'item' is defined twice"), "{report}");
}

#[test]
fn a_file_of_objects_may_have_the_name_of_a_manifest() -> Outcome {
    let manifest = "objects.cards = \"item\"";
    let files = [("cards/pack.json", "[{ \"weight\": 4 }]")];
    assert_eq!(objects(manifest, &files)?, ["item - 4"]);
    Ok(())
}

/// A matcher that backtracks takes minutes for such patterns.
#[test]
fn hostile_patterns_and_many_of_them_cost_little() {
    let folders = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/".repeat(8);
    let path = format!("{folders}b.json");
    let hostile = format!("{}x.json", "*a*/".repeat(8));
    let mut manifest = format!("[objects]\n\"{hostile}\" = \"item\"\n");
    (0..300).for_each(|at| manifest += &format!("\"data{at}/**/*.json\" = \"item\"\n"));
    let files: Vec<(String, &str)> = (0..300)
        .map(|at| (format!("data{at}/{path}"), "[{ \"weight\": 2 }]"))
        .chain([(path.clone(), "{}")])
        .collect();
    let files = files.iter().map(|(path, text)| (&**path, *text));
    let all = [("pack.toml", &*manifest), SCHEMAS].into_iter().chain(files);
    let loaded = Loader::new().pack_of_texts("mod", all).load(&Store::new());
    let report = loaded.err().map(|report| report.to_string()).unwrap_or_default();
    assert!(report.contains(&format!("the pack has no file '{hostile}'")), "{report}");
    assert!(report.ends_with("1 error"), "{report}");
}

#[test]
fn objects_of_unknown_schemas_are_kept_aside() -> Outcome {
    let manifest = "objects.\"a.json\" = { schema_from = \"type\", name_from = \"id\" }";
    let all = [("pack.toml", manifest), ("a.json", "[{ type: 'spell', id: 'fire', cost: 3 }]")];
    let loader = Loader::new().pack_of_texts("mod", all).undeclared(Undeclared::Quarantine);
    let definitions = loader.load(&Store::new())?;
    assert_eq!(definitions.warnings().diagnostics().len(), 1, "{}", definitions.warnings());
    // They are written back with their names.
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store)?;
    let files = objects.to_files(&store, slotted_definitions::Format::Json)?;
    let text: String = files.into_iter().map(|(_, text)| text).collect();
    assert!(text.contains("\"fire\"") && text.contains("\"cost\": 3"), "{text}");
    Ok(())
}

#[test]
fn a_map_of_maps_is_one_object_if_the_manifest_says_so() -> Outcome {
    let schema = (
        "s.toml",
        "schemas.box.slots.size.slots.wide = 'u8'\nschemas.box.slots.weight = { kind = 'u8', default = 1 }",
    );
    for (file, text) in [
        ("box.json", "{ \"$schema\": \"box.schema.json\", \"size\": { \"wide\": 2 } }"),
        ("box.toml", "[size]\nwide = 2\n"),
        ("box.ron", "(size: (wide: 2))"),
        ("box.yaml", "size:\n  wide: 2\n"),
    ] {
        let manifest = format!("objects = {{ \"{file}\" = {{ schema = 'box', single = true }} }}");
        assert_eq!(objects(&manifest, &[schema, (file, text)])?, ["box box 1"], "{file}");
        let manifest = format!("objects = {{ \"{file}\" = 'box' }}");
        assert!(refused(&manifest, &[schema, (file, text)]).contains("has no slot 'wide'"));
    }
    let mixed = "{ \"a\": { \"weight\": 2 }, \"b\": 7 }";
    let manifest = "objects = { \"items.json\" = { schema = 'item', single = false } }";
    let report = refused(manifest, &[("items.json", mixed)]);
    assert!(
        report.contains("an object must be a map from slots to values, not an integer"),
        "{report}"
    );
    Ok(())
}

#[test]
fn the_address_of_a_json_schema_is_no_object() -> Outcome {
    let files = [("items.json", "{ \"$schema\": \"x.json\", \"axe\": { \"weight\": 3 } }")];
    assert_eq!(objects("objects = { \"items.json\" = 'item' }", &files)?, ["item axe 3"]);
    Ok(())
}

#[test]
fn numbers_name_records_and_refer_to_them() -> Outcome {
    let schema = (
        "s.toml",
        "[schemas.part.slots]\nid = 'u32'\nweight = { kind = 'u8', default = 1 }\n\
         next = { kind = 'object', references = 'part', optional = true }\n\
         all = { kind = 'list(object)', references = 'part', default = [] }\n",
    );
    for (file, text) in [
        (
            "p.json",
            "[{ \"id\": 1, \"next\": 20 }, { \"id\": 20, \"next\": \"1\", \"all\": [1, \"20\"] }]",
        ),
        ("p.yaml", "- { id: 1, next: 20 }\n- { id: 20, next: '1', all: [1, '20'] }\n"),
        ("p.ron", "[(id: 1, next: 20), (id: 20, next: \"1\", all: [1, \"20\"])]"),
        ("p.toml", "[[p]]\nid = 1\nnext = 20\n[[p]]\nid = 20\nnext = '1'\nall = [1, '20']\n"),
    ] {
        let manifest =
            format!("objects = {{ \"{file}\" = {{ schema = 'part', name_from = 'id' }} }}");
        let definitions = load(&manifest, &[schema, (file, text)])?;
        let mut store = Store::new();
        let objects = definitions.spawn(&mut store)?;
        let id = |name: &str| objects.id("part", name).ok_or("no such part");
        let (one, twenty) = (id("1")?, id("20")?);
        assert_eq!(store.get_value(one, "next")?, twenty.into(), "{file}");
        assert_eq!(store.get_value(twenty, "next")?, one.into());
        assert_eq!(store.get_value(twenty, "all")?, [one, twenty].into());
    }
    // Without numbers for names, a reference is in quotes.
    let report = refused("", &[("x.toml", "[records.gun.a]\nammo = 1\n")]);
    assert!(report.contains("expected the name of a record in quotes"), "{report}");
    Ok(())
}

#[test]
fn a_schema_that_is_no_text_is_named() {
    let manifest = "objects = { \"items.json\" = { schema_from = 'type' } }";
    let report = refused(manifest, &[("items.json", "[{ \"type\": 4 }]")]);
    assert!(report.contains("'type' of an object must be text, not an integer"), "{report}");
}
