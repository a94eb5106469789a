//! `slotted schema`: readable schemas, and a JSON Schema for editors.

mod common;

use std::error::Error;
use std::fs;

use common::{Outcome, example_packs, folder_with, pack, run};
use serde_json::{Value, json};

fn json_schema() -> Result<Value, Box<dyn Error>> {
    let [core, more_orcs] = example_packs();
    let arguments = ["schema".as_ref(), core.as_os_str(), more_orcs.as_os_str()];
    let answer = run(arguments.into_iter().chain(["--json-schema".as_ref()]))?;
    assert_eq!((answer.status, &*answer.errors), (Some(0), ""));
    Ok(serde_json::from_str(&answer.output)?)
}

/// Returns the validator of a TOML file's schemas, which accepts the file.
fn validator_of(folder: &str, file: &str) -> Result<jsonschema::Validator, Box<dyn Error>> {
    let folder = folder_with(folder, "definitions.toml", file)?;
    let schema: Value = serde_json::from_str(&run(["schema", &folder, "--json-schema"])?.output)?;
    if let Err(error) = jsonschema::meta::validate(&schema) {
        panic!("{error} at {}", error.instance_path());
    }
    let validator = jsonschema::validator_for(&schema)?;
    assert_eq!(problems(&validator, &toml::from_str(file)?), [""; 0]);
    Ok(validator)
}

/// Checks which records are accepted, with the given document around each.
fn accepts_only(
    validator: &jsonschema::Validator,
    document: impl Fn(Value) -> Value,
    (right, wrong): (Vec<Value>, Vec<Value>),
) {
    for right in right {
        assert_eq!(problems(validator, &document(right)), [""; 0]);
    }
    for wrong in wrong {
        let document = document(wrong);
        assert!(!validator.is_valid(&document), "{document} is accepted");
    }
}

fn problems(validator: &jsonschema::Validator, document: &Value) -> Vec<String> {
    validator.iter_errors(document).map(|error| error.to_string()).collect()
}

#[test]
fn the_json_schema_accepts_the_files_of_the_packs() -> Outcome {
    let schema = json_schema()?;
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema)?;
    let [core, more_orcs] = example_packs();
    let json = |path| Ok::<_, Box<dyn Error>>(serde_json::from_str(&fs::read_to_string(path)?)?);
    let toml = |path| Ok::<_, Box<dyn Error>>(toml::from_str::<Value>(&fs::read_to_string(path)?)?);
    let files = [
        ("items.json", json(core.join("records/items.json"))?),
        ("units.toml", toml(core.join("records/units.toml"))?),
        ("schemas.toml", toml(core.join("schemas.toml"))?),
        ("patches.toml", toml(more_orcs.join("patches.toml"))?),
    ];
    for (file, document) in files {
        assert_eq!(problems(&validator, &document), [""; 0], "{file}");
    }
    Ok(())
}

#[test]
fn the_json_schema_rejects_invalid_files() -> Outcome {
    let validator = jsonschema::validator_for(&json_schema()?)?;
    let unit = |values: Value| json!({ "records": { "unit": { "x": values } } });
    let slot = |slot: Value| json!({ "schemas": { "s": { "slots": { "a": slot } } } });
    let right = [
        json!({}),
        json!({ "$schema": "packs.schema.json" }),
        unit(json!({ "name": "X", "health": 500, "follows": "an unknown unit", "home": [1, 2.5] })),
        unit(json!({ "name": "X", "follows": null, "carries": ["axe", "sword"] })),
        unit(json!({ "inherits": "guard" })),
        unit(json!({ "abstract": true, "job": "raider" })),
        json!({ "records": { "tile": [{ "terrain": "rock" }] } }),
        json!({ "patches": { "records": { "orc": { "grunt": { "rage": 1 } } } } }),
        json!({ "patches": { "schemas": { "orc": { "slots": { "rage": { "unit": "r" } } } } } }),
        json!({ "schemas": { "s": { "extends": "unit", "doc": "", "slots": {} } } }),
        slot(json!("list([f32; 3])")),
        slot(json!({ "variants": ["a", "b"], "default": "a" })),
        slot(json!({ "kind": "f32", "range": [null, 2], "finite": true, "unit": "m" })),
        slot(json!({ "kind": "f32", "range": { "above": 0 }, "renamed_from": "b" })),
    ];
    for document in right {
        assert_eq!(problems(&validator, &document), [""; 0], "{document}");
    }
    let grunt = |values: Value| json!({ "patches": { "records": { "orc": { "grunt": values } } } });
    let changes = [
        grunt(json!({ "rage": { "times": 1.5, "plus": -1 }, "if_pack": "more" })),
        grunt(json!({ "carries": { "add": ["axe"], "remove": ["sword"] }, "unset": [] })),
        unit(json!({ "inherits": "guard", "health": { "times": 2 } })),
        json!({ "patches": { "delete": { "orc": ["grunt"] } }, "if_pack": ["more", "core"] }),
        json!({ "patches": { "schemas": { "unit": { "slots": { "job": { "variants": { "add": ["cook"] } } } } } } }),
    ];
    for document in changes {
        assert_eq!(problems(&validator, &document), [""; 0], "{document}");
    }
    let wrong = [
        json!([]),
        grunt(json!({ "rage": { "add": [1] } })),
        grunt(json!({ "carries": { "append": ["axe"] } })),
        json!({ "patches": { "delete": { "orc": "grunt" } } }),
        json!({ "record": {} }),
        unit(json!({ "name": "X", "helth": 5 })),
        unit(json!({ "health": 5 })),
        unit(json!({ "abstract": false })),
        unit(json!({ "name": "X", "health": 801 })),
        unit(json!({ "name": "X", "speed": 20 })),
        unit(json!({ "name": "X", "health": "80" })),
        unit(json!({ "name": "X", "health": null })),
        unit(json!({ "name": "X", "job": "cook" })),
        unit(json!({ "name": "X", "home": [1, 2, 3] })),
        unit(json!({ "name": "X", "carries": "axe" })),
        json!({ "records": { "item": { "x": { "name": "X", "price": -1 } } } }),
        json!({ "records": { "item": { "x": { "name": "X", "price": 1.5 } } } }),
        json!({ "records": { "unti": {} } }),
        json!({ "patches": { "records": { "orc": { "grunt": { "inherits": "x" } } } } }),
        json!({ "schemas": { "s": { "slot": {} } } }),
        slot(json!("f23")),
        slot(json!({ "doc": "Of no kind." })),
        slot(json!({ "kind": "f32", "min": 0 })),
        slot(json!({ "kind": "f32", "range": [1] })),
    ];
    for document in wrong {
        assert!(!validator.is_valid(&document), "{document} is accepted");
    }
    Ok(())
}

#[test]
fn editors_show_docs_units_and_defaults() -> Outcome {
    let schema = json_schema()?;
    let defs = schema["$defs"].as_object().into_iter().flatten();
    let unit = defs.map(|(_, part)| part).find(|part| part["title"] == "orc");
    let slots = &unit.ok_or("there is no orc")?["properties"];
    assert_eq!(
        slots["health"]["description"],
        "Unit: hp\n\nhealth: f32, default 100.0, range 0.0 to 800.0"
    );
    assert_eq!(slots["health"]["default"], 100.0);
    assert_eq!(
        (&slots["health"]["minimum"], &slots["health"]["maximum"]),
        (&json!(0.0), &json!(800.0))
    );
    let rage = slots["rage"]["description"].as_str().unwrap_or_default();
    assert!(rage.starts_with("At 1 it attacks its own.\n\n"), "{rage}");
    let proposed = &slots["follows"]["anyOf"][0]["enum"];
    assert!(proposed.as_array().is_some_and(|names| names.contains(&json!("thrall"))));
    assert!(proposed.as_array().is_some_and(|names| !names.contains(&json!("warrior"))));
    Ok(())
}

#[test]
fn nested_lists_have_a_json_schema() -> Outcome {
    let file = r#"
        [schemas.drop.slots]
        item = "text"
        chance = { kind = "f32", range = [0, 1], optional = true }
        count = { kind = "u8", default = 1 }
        [schemas.beast.slots]
        spots = { kind = "list", default = [], slots = { at = { kind = "u8 | text", optional = true }, deep = { slots = { x = "u8" } } } }
        drops = { kind = "list(drop)", default = [], one_or_list = true }
        armour = { kind = "list((text, i32))", optional = true }
        grid = { kind = "list(list(u8))", optional = true }
        skills = { kind = "map(u8)", default = {} }
        [schemas.beast.slots.senses]
        kind = "map"
        optional = true
        slots = { range = "f32" }
        [records.beast.wolf]
    "#;
    let validator = validator_of("nested_lists_schema", file)?;
    let wolf = |wolf: Value| json!({ "records": { "beast": { "wolf": wolf } } });
    let right = vec![
        json!({ "drops": [{ "item": "bone", "chance": 0.5 }, { "item": "hide", "chance": null }] }),
        json!({ "drops": [{ "item": "bone", "count": 3 }, { "item": "bone", "count": null }] }),
        json!({ "spots": [{ "at": null, "deep": { "x": 1 } }, { "deep": { "x": 1 } }] }),
        json!({ "drops": { "item": "bone" }, "armour": [["arm", 4]], "grid": [[1], []] }),
        json!({ "inherits": "wolf", "drops": { "add": [{ "item": "fang" }] } }),
        json!({ "skills": { "hunt": 3 }, "grid": null }),
        json!({ "senses": { "smell": { "range": 9.5 } }, "unset": ["armour", "senses"] }),
    ];
    let wrong = vec![
        json!({ "drops": [{ "itme": "bone" }] }),
        json!({ "drops": { "add": [{ "item": "fang" }] } }),
        json!({ "drops": [{ "chance": 0.5 }] }),
        json!({ "drops": [{ "item": null }] }),
        json!({ "drops": null }),
        json!({ "spots": [{ "at": 1 }] }),
        json!({ "spots": [{ "deep": {} }] }),
        json!({ "armour": [["arm"]] }),
        json!({ "senses": { "smell": {} } }),
        json!({ "drops": [{ "item": "bone", "chance": 2 }] }),
        json!({ "armour": [["arm", "four"]] }),
        json!({ "armour": [["arm", 4, 5]] }),
        json!({ "grid": [1] }),
        json!({ "skills": { "hunt": "much" } }),
        json!({ "senses": { "smell": { "reach": 9.5 } } }),
        json!({ "unset": ["drops"] }),
    ];
    accepts_only(&validator, wolf, (right, wrong));
    Ok(())
}

#[test]
fn unions_have_a_json_schema() -> Outcome {
    let file = r#"
        [schemas.mana.slots]
        amount = { kind = "u8", range = [1, 100] }
        [schemas.spell.slots]
        cost = { kind = "f32 | text | mana", optional = true }
        uses = { kind = "list(text | mana)", default = [] }
        [schemas.spell.slots.effect]
        tag = "type"
        variants.heal = { amount = "f32", area = { kind = "u8", optional = true } }
        variants.rest = {}
        [schemas.spell.slots.shape]
        optional = true
        variants = { point = {}, circle = "f32" }
        [records.spell.cure]
        effect = { type = "heal", amount = 5 }
    "#;
    let validator = validator_of("unions_schema", file)?;
    let spell = |spell: Value| json!({ "records": { "spell": { "cure": spell } } });
    let right = vec![
        json!({ "effect": { "type": "heal", "amount": 5, "area": null }, "cost": 2, "shape": "point" }),
        json!({ "effect": { "type": "rest" }, "cost": { "amount": 3 }, "shape": { "circle": 2 } }),
        json!({ "effect": { "type": "rest" }, "cost": "all", "uses": ["x", { "amount": 2 }] }),
        json!({ "effect": { "type": "rest" }, "cost": null, "shape": { "point": {} } }),
    ];
    let wrong = vec![
        json!({ "effect": { "type": "rest", "amount": 5 } }),
        json!({ "effect": { "type": "heel", "amount": 5 } }),
        json!({ "effect": { "amount": 5 } }),
        json!({ "effect": { "type": "heal" } }),
        json!({ "effect": { "type": "rest" }, "shape": { "circle": null } }),
        json!({ "effect": { "type": "rest" }, "cost": true }),
        json!({ "effect": { "type": "rest" }, "cost": { "amount": 0 } }),
        json!({ "effect": { "type": "rest" }, "uses": [3] }),
        json!({ "effect": { "type": "rest" }, "shape": "circle" }),
        json!({ "effect": { "type": "rest" }, "shape": { "box": 2 } }),
    ];
    accepts_only(&validator, spell, (right, wrong));
    Ok(())
}

#[test]
fn slots_with_the_names_of_words_have_a_json_schema() -> Outcome {
    let file = "words = { abstract = false, inherits = 'copy-from' }\n\
                [schemas.item.slots]\nabstract = 'text'\ninherits = { kind = 'u8', default = 1 }\n\
                [records.item.a]\nabstract = 'x'\ninherits = 3\n";
    let validator = validator_of("words_schema", file)?;
    for (words, is_right) in [
        (json!({ "add": "append", "if_pack": false }), true),
        (json!({ "add": true }), false),
        (json!({ "copies": "x" }), false),
    ] {
        assert_eq!(validator.is_valid(&json!({ "words": words })), is_right);
    }
    Ok(())
}

#[test]
fn schemas_are_printed_as_a_definition_file() -> Outcome {
    let [core, more_orcs] = example_packs();
    let answer = run(["schema".as_ref(), core.as_os_str(), more_orcs.as_os_str()])?;
    assert_eq!(answer.status, Some(0));
    let orc = "\
/more_orcs/orcs.ron:3:10
[schemas.orc]
extends = \"unit\"
doc = \"A unit with a temper.\"

[schemas.orc.slots]
";
    assert!(answer.output.contains(orc), "{}", answer.output);
    let folder = folder_with("printed_schemas", "schemas.toml", &answer.output)?;
    assert_eq!(run(["check", &folder])?.output, "1 pack, 4 schemas, 0 records: no problems\n");
    Ok(())
}

#[test]
fn a_file_may_name_its_json_schema() -> Outcome {
    let text = r#"{"$schema": "../packs.schema.json", "schemas": {"unit": {}}}"#;
    let folder = folder_with("names_its_schema", "units.json", text)?;
    assert_eq!(run(["check", &folder])?.output, "1 pack, 1 schema, 0 records: no problems\n");
    Ok(())
}

#[test]
fn files_of_objects_have_a_json_schema() -> Outcome {
    let folder = folder_with("objects_schema", "schemas.toml", "schemas.item.slots.weight = 'u8'")?;
    let file = |name: &str, text: &str| fs::write(std::path::Path::new(&folder).join(name), text);
    file("pack.toml", "name = 'core'\nobjects = { 'items.json' = 'item' }")?;
    file("items.json", r#"{ "axe": { "weight": 2 } }"#)?;
    for files in ["items.json", "core/items.json"] {
        let answer = run(["schema", &folder, "--json-schema", "--objects", files])?;
        assert_eq!((answer.status, &*answer.errors), (Some(0), ""));
        let validator = jsonschema::validator_for(&serde_json::from_str(&answer.output)?)?;
        assert_eq!(problems(&validator, &json!({ "axe": { "weight": 2 } })), [""; 0]);
        assert!(!validator.is_valid(&json!({ "axe": { "wieght": 2 } })));
    }
    let answer = run(["schema", &folder, "--json-schema", "--objects", "item.json"])?;
    let known = "no manifest has 'item.json' under 'objects'; there are 'core/items.json'";
    assert!(answer.errors.contains(known), "{}", answer.errors);
    Ok(())
}

#[test]
fn packs_with_problems_have_no_schema() -> Outcome {
    let answer = run(["schema", &pack("misspelt"), "--json-schema"])?;
    assert_eq!((answer.status, &*answer.output), (Some(1), ""));
    assert!(answer.errors.contains("did you mean 'health'?"));
    assert_eq!(run(["schema", "nowhere"])?.status, Some(2));
    Ok(())
}
