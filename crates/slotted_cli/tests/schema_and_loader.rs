//! The JSON Schema accepts and refuses what the loader does: words, changes and parts of nested values.

mod common;

use common::Outcome;
use serde_json::{Value, json};
use slotted::Store;
use slotted_definitions::Loader;

const CORE: &str = r#"
[schemas.drop.slots]
item = "text"
count = { kind = "u8", default = 1 }
[schemas.burn.slots]
time = "f32"
color = { kind = "text", default = "red" }
[schemas.hit.slots]
min = "u8"
max = { kind = "u8", default = 9 }
sound = { kind = "text", optional = true }
burn = { kind = "burn", optional = true }
[schemas.trap.slots]
item = "text"
hit = { kind = "hit", optional = true }
[schemas.unit.slots]
hit = { kind = "hit", optional = true }
traps = { kind = "list(trap)", default = [] }
hp = { kind = "u8", default = 1 }
shield = { kind = "u8", optional = true }
tags = { kind = "list(text)", default = [] }
flags = { kind = "list(text)", default = [], one_or_list = true }
drops = { kind = "list(drop)", default = [] }
loot = { kind = "list(drop)", default = [], one_or_list = true }
skills = { kind = "map(u8)", default = {} }
lists = { kind = "map(list(u8))", default = {} }
chests = { kind = "map(drop)", default = {} }
friends = { kind = "map(object, u8)", default = {} }
cost = { kind = "u8 | text | drop", optional = true }
[schemas.unit.slots.damage]
optional = true
slots = { min = "u8", max = "u8", note = { kind = "text", optional = true } }
[schemas.unit.slots.size]
slots = { x = "u8", y = "u8", tags = { kind = "list(text)", default = [] }, ones = { kind = "list(text)", default = [], one_or_list = true }, found = { kind = "list", default = [], one_or_list = true, slots = { item = "text", marks = { kind = "list(u8)", optional = true, one_or_list = true } } }, drops = { kind = "list(drop)", default = [] }, skills = { kind = "map(u8)", default = {} } }
[schemas.unit.slots.effect]
tag = "type"
variants.heal = { amount = "u8", area = { kind = "f32", optional = true }, words = { kind = "list(text)", optional = true } }
variants.burn = { amount = "f32", spot = { slots = { x = "u8" } } }
variants.hit = { types = { kind = "list(text)", one_or_list = true } }
variants.rest = {}
[schemas.unit.slots.form]
variants = { point = {}, circle = { r = "u8" }, other = "f32" }
optional = true
[schemas.unit.slots.pair]
kind = "(text, u8)"
optional = true
[schemas.unit.slots.aura]
optional = true
slots.effect = { tag = "type", variants = { heal = { amount = "u8" }, rest = {} } }
[schemas.unit.slots.outer]
optional = true
slots.inner = { slots = { x = "u8" } }
slots.n = "u8"
slots.pair = "(text, u8)"
slots.drops = { kind = "list(drop)" }
slots.tags = { kind = "list(text)", default = [] }
slots.more = { kind = "list(drop)", default = [] }
slots.maybe = { optional = true, slots = { a = "u8", b = "u8" } }
[records.unit.base]
drops = [{ item = "bone" }]
shield = 2
skills = { hunt = 3 }
lists = { a = [1] }
chests = { c = { item = "gem" } }
effect = { type = "heal", amount = 2, words = ["x"] }
form = { circle = { r = 1 } }
cost = { item = "coin" }
size = { x = 1, y = 1 }
damage = { min = 1, max = 2 }
pair = ["x", 1]
aura = { effect = { type = "heal", amount = 1 } }
"#;

/// Other words, in a file of the core.
const WORDS: &str = r#"
words = { inherits = "copy-from", abstract = "is base", unset = "without", if_pack = "with", add = "append", remove = false, times = "scale" }
[records.unit.other]
"copy-from" = "base"
"#;

struct Checker {
    validator: jsonschema::Validator,
}

impl Checker {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let core = [("core.toml", CORE), ("words.toml", WORDS)];
        let loader = Loader::new().pack_of_texts("core", core);
        let schema: Value = serde_json::from_str(&loader.load(&Store::new())?.json_schema())?;
        if let Err(error) = jsonschema::meta::validate(&schema) {
            panic!("{error} at {}", error.instance_path());
        }
        Ok(Self { validator: jsonschema::validator_for(&schema)? })
    }

    /// Returns whether both accept the document, with the problems of each.
    fn check(&self, document: &Value) -> [(bool, String); 2] {
        let problems: Vec<String> =
            self.validator.iter_errors(document).map(|error| error.to_string()).collect();
        let loader = Loader::new()
            .pack_of_texts("core", [("core.toml", CORE), ("words.toml", WORDS)])
            .pack_of_texts("mod", [("mod.json", document.to_string())]);
        let report = loader.load(&Store::new()).err().map(|report| report.to_string());
        [(problems.is_empty(), problems.join("\n")), (report.is_none(), report.unwrap_or_default())]
    }

    /// Asserts that both accept the right documents, and refuse the wrong ones.
    fn agree(&self, right: Vec<Value>, wrong: Vec<Value>) {
        let right = right.into_iter().map(|document| (document, true));
        let mut failed = Vec::new();
        for (document, is_right) in right.chain(wrong.into_iter().map(|wrong| (wrong, false))) {
            for (who, (accepts, problems)) in ["schema", "loader"].iter().zip(self.check(&document))
            {
                if accepts != is_right {
                    failed.push(format!("the {who}: {accepts} for {document}\n{problems}"));
                }
            }
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }
}

fn with(mut values: Value, more: Value) -> Value {
    if let (Value::Object(values), Value::Object(more)) = (&mut values, more) {
        for (name, value) in more {
            values.entry(name).or_insert(value);
        }
    }
    values
}

/// A record that inherits nothing, with the values that it needs.
fn fresh(values: Value) -> Value {
    let needed = json!({ "effect": { "type": "rest" }, "size": { "x": 1, "y": 1 } });
    own(with(values, needed))
}

fn own(values: Value) -> Value {
    json!({ "records": { "unit": { "own": values } } })
}

fn heir(values: Value) -> Value {
    json!({ "records": { "unit": { "heir": with(values, json!({ "inherits": "base" })) } } })
}

fn patch(values: Value) -> Value {
    json!({ "patches": { "records": { "unit": { "base": values } } } })
}

fn changes() -> (Vec<Value>, Vec<Value>) {
    let right = vec![
        json!({ "hp": { "times": 2, "plus": 0.5 } }),
        json!({ "shield": { "plus": 1 } }),
        json!({ "tags": { "add": ["x"], "remove": [] } }),
        json!({ "flags": { "add": ["x"] } }),
        json!({ "drops": { "add": [{ "item": "hide" }], "remove": [{ "item": "bone" }] } }),
        json!({ "loot": { "add": [{ "item": "hide" }] } }),
        json!({ "skills": { "add": { "swim": 2 }, "remove": ["hunt"] } }),
        json!({ "skills": { "remove": { "hunt": 3 } } }),
        json!({ "lists": { "add": { "b": [1] } } }),
        json!({ "chests": { "add": { "d": { "item": "x", "count": 2 } }, "remove": ["c"] } }),
        json!({ "friends": { "add": { "base": 2 } } }),
        json!({ "effect": { "amount": { "plus": 1 } } }),
        json!({ "effect": { "type": "heal", "amount": { "times": 2 }, "words": { "add": ["y"] } } }),
        json!({ "effect": { "words": { "remove": ["x"] } } }),
        json!({ "form": { "circle": { "r": { "plus": 1 } } } }),
        json!({ "cost": { "count": { "plus": 1 } } }),
        json!({ "size": { "x": { "plus": 1 } } }),
        json!({ "size": { "tags": { "add": ["x"] } } }),
        json!({ "size": { "drops": { "add": [{ "item": "hide" }] } } }),
        json!({ "aura": { "effect": { "amount": { "plus": 1 } } } }),
    ];
    let wrong = vec![
        json!({ "hp": { "add": [1] } }),
        json!({ "hp": { "times": "2" } }),
        json!({ "hp": {} }),
        json!({ "tags": { "plus": 1 } }),
        json!({ "tags": { "add": "x" } }),
        json!({ "drops": { "add": [{ "count": 2 }] } }),
        json!({ "drops": { "add": { "item": "hide" } } }),
        json!({ "skills": { "add": { "swim": "x" } } }),
        json!({ "skills": { "add": { "swim": 2 }, "other": 3 } }),
        json!({ "skills": { "plus": { "x": 1 } } }),
        json!({ "skills": { "remove": [[1]] } }),
        json!({ "chests": { "add": { "d": { "count": 2 } } } }),
        json!({ "effect": { "amount": { "add": [1] } } }),
        json!({ "effect": { "type": "rest", "amount": { "plus": 1 } } }),
        json!({ "effect": { "other": { "plus": 1 } } }),
        json!({ "effect": { "amount": "x" } }),
        json!({ "effect": {} }),
        json!({ "form": { "circle": { "x": { "plus": 1 } } } }),
        json!({ "form": { "square": { "r": { "plus": 1 } } } }),
        json!({ "cost": { "times": 2 } }),
        json!({ "size": { "skills": { "add": { "swim": 2 } } } }),
        json!({ "size": { "z": { "plus": 1 } } }),
    ];
    (right, wrong)
}

#[test]
fn changes_are_those_of_patches_and_heirs() -> Outcome {
    let checker = Checker::new()?;
    let (right, wrong) = changes();
    let both = |values: &[Value]| {
        values.iter().cloned().flat_map(|value| [patch(value.clone()), heir(value)]).collect()
    };
    checker.agree(both(&right), both(&wrong));
    // A record of its own has nothing to change.
    let own = right.into_iter().map(fresh).collect();
    checker
        .agree(vec![fresh(json!({})), fresh(json!({ "lists": { "a": [1] }, "flags": "x" }))], own);
    Ok(())
}

#[test]
fn heirs_and_patches_give_parts() -> Outcome {
    let checker = Checker::new()?;
    let parts = [
        json!({ "damage": { "min": 3 } }),
        json!({ "damage": { "note": "x" } }),
        json!({ "damage": {} }),
        json!({ "size": { "y": 3 } }),
        json!({ "pair": ["y"] }),
        json!({ "pair": null }),
    ];
    let right = parts.iter().cloned().flat_map(|value| [patch(value.clone()), heir(value)]);
    checker.agree(right.collect(), vec![patch(json!({ "damage": { "mid": 3 } }))]);
    checker.agree(
        vec![
            fresh(json!({ "damage": { "min": 1, "max": 2 } })),
            fresh(json!({ "damage": null, "pair": null })),
            fresh(json!({ "pair": ["x", 1] })),
            fresh(json!({ "abstract": true, "size": { "x": 1 } })),
            fresh(json!({ "size": { "x": 1 }, "size.y": 1 })),
            own(json!({ "size.x": 1, "size.y": 1, "effect": { "type": "rest" } })),
        ],
        vec![
            fresh(json!({ "size": { "x": 1 } })),
            fresh(json!({ "size": { "x": 1, "y": null } })),
            fresh(json!({ "pair": ["x", 1, 2] })),
            own(json!({ "size": { "x": 1, "y": 1 } })),
            own(json!({ "effect": { "type": "rest" } })),
        ],
    );
    Ok(())
}

#[test]
fn lists_in_nested_values_may_lack_brackets() -> Outcome {
    let checker = Checker::new()?;
    let right = [
        json!({ "size": { "x": 1, "y": 1, "ones": "x" } }),
        json!({ "size": { "x": 1, "y": 1, "ones": ["x"] } }),
        json!({ "size": { "x": 1, "y": 1, "found": { "item": "x", "marks": 1 } } }),
        json!({ "size": { "x": 1, "y": 1, "found": [{ "item": "x", "marks": [1, 2] }, { "item": "y", "marks": null }] } }),
        json!({ "effect": { "type": "hit", "types": "cut" } }),
        json!({ "effect": { "type": "hit", "types": ["cut"] } }),
    ];
    let wrong = [
        json!({ "size": { "x": 1, "y": 1, "ones": 1 } }),
        json!({ "size": { "x": 1, "y": 1, "tags": "x" } }),
        json!({ "size": { "x": 1, "y": 1, "found": { "marks": 1 } } }),
        json!({ "size": { "x": 1, "y": 1, "found": { "item": "x", "marks": "y" } } }),
        json!({ "effect": { "type": "hit", "types": 1 } }),
        json!({ "effect": { "type": "heal", "amount": 1, "words": "x" } }),
    ];
    for form in [fresh, heir, patch] {
        let all = |values: &[Value]| values.iter().cloned().map(form).collect();
        checker.agree(all(&right), all(&wrong));
    }
    let changes = [
        json!({ "size": { "ones": { "add": ["x"] }, "found": { "add": [{ "item": "x", "marks": 1 }] } } }),
    ];
    checker.agree(
        changes.iter().cloned().flat_map(|value| [patch(value.clone()), heir(value)]).collect(),
        vec![],
    );
    Ok(())
}

#[test]
fn an_optional_nested_value_has_all_that_it_needs() -> Outcome {
    let checker = Checker::new()?;
    let outer = |more: Value| {
        let outer = json!({ "inner": { "x": 1 }, "n": 1, "pair": ["x", 1], "drops": [] });
        json!({ "outer": with(more, outer) })
    };
    let halves = vec![
        json!({ "damage": { "min": 1 } }),
        json!({ "damage": { "min": 1, "max": null } }),
        json!({ "damage": { "note": "x" } }),
        json!({ "pair": ["x"] }),
        json!({ "pair": ["x", null] }),
        json!({ "hit": { "max": 4 } }),
        json!({ "hit": { "min": 4, "max": null } }),
        outer(json!({ "tags": null })),
        json!({ "hit": { "sound": "x" } }),
        json!({ "hit": { "burn": { "time": 1 } } }),
        json!({ "hit": { "min": 1, "burn": { "color": "blue" } } }),
        json!({ "outer": { "n": 1 } }),
        json!({ "outer": { "inner": { "x": 1 }, "n": 1, "pair": ["x", 1] } }),
        outer(json!({ "inner": null })),
        outer(json!({ "pair": ["x"] })),
        outer(json!({ "maybe": { "a": 1 } })),
    ];
    let whole = vec![
        json!({ "damage": { "min": 1, "max": 2 }, "pair": ["x", 1] }),
        json!({ "damage": {}, "pair": [] }),
        json!({ "damage": { "min": null, "max": null }, "pair": [null, null] }),
        json!({ "hit": { "min": 1 } }),
        json!({ "hit": { "min": 1, "sound": null, "burn": null } }),
        json!({ "hit": { "min": 1, "burn": { "time": 1 } } }),
        outer(json!({})),
        outer(json!({ "tags": ["x"], "more": [], "maybe": null })),
        outer(json!({ "maybe": { "a": 1, "b": 2 } })),
        json!({ "traps": [{ "item": "x" }, { "item": "x", "hit": { "min": 1 } }, { "item": "x", "hit": null }] }),
    ];
    let all = |values: &[Value], of: fn(Value) -> Value| values.iter().cloned().map(of).collect();
    checker.agree(all(&whole, fresh), all(&halves, fresh));
    // An abstract record leaves parts to its heirs, which have the other ones of their parents, as the patched record has.
    let of_abstract = |half| fresh(with(half, json!({ "abstract": true })));
    checker.agree(all(&halves, of_abstract), vec![]);
    let parts = [json!({ "damage": { "min": 1 } }), json!({ "pair": ["x"] })];
    checker.agree(all(&parts, heir), vec![]);
    checker.agree(all(&parts, patch), vec![]);
    let elements = vec![
        json!({ "traps": [{ "item": "x", "hit": { "max": 1 } }] }),
        json!({ "traps": [{ "item": "x", "hit": {} }] }),
        json!({ "traps": [{ "item": "x", "hit": { "min": null } }] }),
        json!({ "traps": [{ "item": "x", "hit": { "min": 1, "burn": {} } }] }),
    ];
    checker.agree(vec![], all(&elements, fresh));
    checker.agree(vec![], all(&elements, patch));
    Ok(())
}

#[test]
fn an_abstract_record_gives_parts_and_changes_nothing() -> Outcome {
    let checker = Checker::new()?;
    let (changed, _) = changes();
    let is_abstract = |values: Value| own(with(values, json!({ "abstract": true })));
    let heirs =
        changed.iter().cloned().map(|values| heir(with(values, json!({ "abstract": true }))));
    let right = [
        json!({}),
        json!({ "damage": { "min": 1 }, "size": { "x": 1 } }),
        json!({ "effect": { "type": "heal", "amount": 2 } }),
        json!({ "size": { "tags": ["x"], "found": { "item": "x" } }, "drops": [{ "item": "x" }] }),
        json!({ "skills": { "add": 3 } }),
        json!({ "cost": { "item": "x" }, "form": "point" }),
        json!({ "abstract": false, "effect": { "type": "rest" }, "size": { "x": 1, "y": 1 } }),
    ];
    let right = right.into_iter().map(is_abstract).chain(heirs).collect();
    checker.agree(right, changed.into_iter().map(is_abstract).collect());
    Ok(())
}

/// An entry of a manifest, a file of it, the right documents and the wrong ones.
type Entry = (&'static str, &'static str, Vec<Value>, Vec<Value>);

fn objects() -> Vec<Entry> {
    let item = json!({ "weight": 2 });
    let named = json!({ "id": "sword", "weight": 2 });
    vec![
        (
            r#"'items.json' = "item""#,
            "items.json",
            vec![
                json!({}),
                json!({ "sword": item, "axe": {} }),
                json!([item, { "tags": "sharp" }, { "hit": { "min": 1 } }]),
                item.clone(),
                json!({ "tags": [], "weight": 3 }),
                json!({ "sword": { "abstract": true }, "axe": { "inherits": "sword", "weight": { "plus": 1 } } }),
            ],
            vec![
                json!({ "sword": { "weight": "x" } }),
                json!({ "sword": { "wieght": 1 } }),
                json!({ "sword": item, "axe": 3 }),
                json!([item, 3]),
                json!([[item]]),
                json!([{ "weight": { "plus": 1 } }]),
                json!({ "weight": 300 }),
                json!({ "swords": [item] }),
                json!(3),
            ],
        ),
        (
            "'many' = { schema = 'item', name_from = 'id', words = { inherits = 'like', abstract = false } }",
            "many/a.json",
            vec![
                json!([named, { "id": "axe", "like": "sword" }, { "id": 7 }, item]),
                json!({ "id": "sword", "weight": 2 }),
                json!({ "one": item, "two": named }),
                // One object, whose name is no text.
                json!({ "id": { "weight": 2 } }),
            ],
            vec![
                json!([{ "id": "sword", "inherits": "sword" }]),
                json!([{ "id": "sword", "abstract": true }]),
                json!([{ "name": "sword" }]),
            ],
        ),
        (
            "'**/*.obj.json' = { schema = 'item', schema_from = 'type' }",
            "x/y/all.obj.json",
            vec![
                json!([item, { "type": "item" }, { "type": "gun", "ammo": 3 }, { "type": 3 }]),
                json!({ "a": { "type": "gun", "weight": 1 }, "b": {} }),
                json!({ "type": "gun", "ammo": 3 }),
            ],
            vec![
                json!([{ "ammo": 3 }]),
                json!([{ "type": "item", "ammo": 3 }]),
                json!([{ "type": "bow" }]),
                json!({ "type": "gun", "ammo": "x" }),
            ],
        ),
        (
            "'told.json' = { schema_from = 'type' }",
            "told.json",
            vec![json!([{ "type": "gun" }]), json!({ "a": { "type": "item" } }), json!([])],
            vec![json!([{ "ammo": 3 }]), json!([{ "type": 3 }]), json!({ "a": {} })],
        ),
    ]
}

/// Entries that say the form of their files, and records with numbers for names.
fn objects_of_one_form() -> Vec<Entry> {
    let item = json!({ "weight": 2 });
    vec![
        (
            "'one.json' = { schema = 'item', single = true }",
            "one.json",
            vec![json!({ "hit": { "min": 1 } }), json!({ "$schema": "x.json", "weight": 2 })],
            vec![json!({ "sword": item }), json!({ "$schema": "x.json", "sword": item })],
        ),
        (
            "'map.json' = { schema = 'item', single = false }",
            "map.json",
            vec![
                json!({ "$schema": "x.json", "sword": item }),
                json!({ "hit": { "weight": 1 }, "tags": {} }),
            ],
            vec![json!({ "weight": 2 }), json!({ "sword": item, "axe": 3 })],
        ),
        (
            "'links.json' = { schema = 'link', name_from = 'id' }",
            "links.json",
            vec![
                json!([{ "id": 1, "next": 2 }, { "id": 2, "next": "1", "all": [1, "2"] }]),
                json!({ "$schema": "x.json", "a": { "id": 1, "all": [1] } }),
            ],
            vec![json!([{ "id": 1, "next": true }]), json!([{ "id": 1, "all": 1 }])],
        ),
    ]
}

#[test]
fn files_of_objects_have_schemas_of_their_own() -> Outcome {
    let core = "[schemas.item.slots]\nweight = { kind = 'u8', default = 1 }\n\
        tags = { kind = 'list(text)', one_or_list = true, default = [] }\n\
        hit = { optional = true, slots = { min = 'u8', max = { kind = 'u8', default = 3 } } }\n\
        [schemas.gun]\nextends = 'item'\nslots.ammo = { kind = 'u8', default = 1 }\n\
        [schemas.link.slots]\nid = 'u8'\nnext = { kind = 'object', references = 'link', optional = true }\n\
        all = { kind = 'list(object)', references = 'link', default = [] }\n";
    let mut failed = Vec::new();
    for (entry, file, right, wrong) in objects().into_iter().chain(objects_of_one_form()) {
        let load = |document: &Value| {
            let manifest = ("pack.toml", format!("[objects]\n{entry}\n"));
            let files = [manifest, ("core.toml", core.to_owned()), (file, document.to_string())];
            Loader::new().pack_of_texts("core", files).load(&Store::new())
        };
        let schemas = load(&right[0])?.json_schemas_of_objects();
        let [schema] = &schemas[..] else { panic!("one entry") };
        assert!(entry.contains(&format!("'{}'", schema.files)), "{}", schema.files);
        let schema: Value = serde_json::from_str(&schema.text)?;
        if let Err(error) = jsonschema::meta::validate(&schema) {
            panic!("{error} at {}", error.instance_path());
        }
        let validator = jsonschema::validator_for(&schema)?;
        let right = right.into_iter().map(|document| (document, true));
        for (document, is_right) in right.chain(wrong.into_iter().map(|wrong| (wrong, false))) {
            let report = load(&document).err().map(|report| report.to_string());
            let problems: Vec<String> =
                validator.iter_errors(&document).map(|error| error.to_string()).collect();
            if (report.is_none(), problems.is_empty()) != (is_right, is_right) {
                failed.push(format!("{file}, {is_right}: {document}\n{problems:?}\n{report:?}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

#[test]
fn toml_files_of_objects_have_lists_of_them() -> Outcome {
    let core = "[schemas.item.slots]\nweight = { kind = 'u8', default = 1 }\n";
    let manifest = "[objects]\n'trees.toml' = 'item'\n";
    let files =
        [("pack.toml", manifest), ("core.toml", core), ("trees.toml", "[[pine]]\nweight = 2\n")];
    let definitions = Loader::new().pack_of_texts("core", files).load(&Store::new())?;
    let schema: Value = serde_json::from_str(&definitions.json_schemas_of_objects()[0].text)?;
    let validator = jsonschema::validator_for(&schema)?;
    let item = json!({ "weight": 2 });
    assert!(validator.is_valid(&json!({ "pine": [item, {}], "oak": item })));
    assert!(!validator.is_valid(&json!({ "pine": [{ "wieght": 2 }] })));
    Ok(())
}

#[test]
fn each_file_has_its_own_words() -> Outcome {
    let checker = Checker::new()?;
    let words = json!({ "inherits": "copy-from", "abstract": "is base", "unset": "without", "if_pack": "with",
                        "add": "append", "remove": false, "times": "scale" });
    let file = |document: Value| with(document, json!({ "words": words }));
    let own = |values: Value| file(own(values));
    let right = vec![
        own(
            json!({ "copy-from": "base", "hp": { "scale": 2, "plus": 1 }, "without": ["shield"], "with": "core" }),
        ),
        own(
            json!({ "copy-from": "base", "tags": { "append": ["x"] }, "effect": { "amount": { "scale": 2 } } }),
        ),
        own(json!({ "is base": true })),
        file(patch(json!({ "skills": { "append": { "x": 1 } }, "without": ["shield"] }))),
        file(fresh(json!({}))),
    ];
    let wrong = vec![
        own(json!({ "inherits": "base" })),
        own(json!({ "copy-from": "base", "abstract": true })),
        own(json!({ "copy-from": "base", "unset": [] })),
        own(json!({ "copy-from": "base", "hp": { "times": 2 } })),
        own(json!({ "copy-from": "base", "tags": { "remove": ["x"] } })),
        own(json!({ "hp": 1 })),
        file(patch(json!({ "copy-from": "base" }))),
        file(patch(json!({ "skills": { "add": { "x": 1 } } }))),
        heir(json!({ "copy-from": "base" })),
        heir(json!({ "tags": { "append": ["x"] } })),
        json!({ "words": { "unset": "" } }),
    ];
    checker.agree(right, wrong);
    // Names that no loaded file has are accepted: the schema cannot know them.
    let other = json!({ "words": { "inherits": "like" }, "records": { "unit": { "own": { "like": "base" } } } });
    let usual = json!({ "words": { "inherits": "inherits" }, "records": { "unit": { "own": { "inherits": "base" } } } });
    checker.agree(vec![other, usual], vec![]);
    Ok(())
}
