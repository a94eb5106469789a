//! Optional nested records and tuples: a record gives none of the parts, or all that are needed.

use slotted::{Schema, Store, Value};
use slotted_definitions::write::{SchemaDocs, schemas_to_text};
use slotted_definitions::{Format, Undeclared};

use crate::refused;
use crate::support::{Outcome, load, load_as, map};

const SCHEMAS: &str = r#"
[schemas.burn.slots]
time = "f32"
color = { kind = "text", default = "red" }
[schemas.damage.slots]
min = "u16"
max = { kind = "u16", default = 9 }
sound = { kind = "text", optional = true }
burn = { kind = "burn", optional = true }
[schemas.loot.slots]
item = "text"
damage = { kind = "damage", optional = true }
bag = { kind = "bag", optional = true }
[schemas.bag.slots]
size = "u8"
items = { kind = "list", slots = { name = "text", color = "text" } }
[schemas.weapon.slots]
bag = { kind = "bag", optional = true }
damage = { kind = "damage", optional = true }
size = { kind = "(text, u8)", optional = true }
drops = { kind = "list(loot)", default = [] }
maker = { optional = true, slots = { name = "text", town = "text" } }
"#;

/// Values of a weapon with half an optional value, and the slot that lacks its value.
const HALVES: [(&str, &str); 11] = [
    ("drops = [{ item = 'bone', bag = { size = 1 } }]", "drops[].bag.items"),
    ("bag = { size = 1 }", "bag.items"),
    ("damage = { max = 4 }", "damage.min"),
    ("damage = { sound = 'crack' }", "damage.min"),
    ("damage = { burn = { time = 1 } }", "damage.min"),
    ("damage = { min = 1, burn = { color = 'blue' } }", "damage.burn.time"),
    ("size = ['big']", "size.1"),
    ("maker = { name = 'Ada' }", "maker.town"),
    ("maker = { town = 'York' }", "maker.name"),
    ("drops = [{ item = 'bone', damage = { max = 4 } }]", "drops[].damage.min"),
    ("drops = [{ item = 'bone', damage = { min = 1, burn = {} } }]", "drops[].damage.burn.time"),
];

/// Returns a file with a weapon of these values, which are TOML.
fn records(format: Format, values: &str) -> (String, String) {
    let name = format!("r.{}", format.extension());
    if format == Format::Toml {
        return (name, format!("[records.weapon.axe]\n{values}\n"));
    }
    let mut json = String::new();
    let mut parts = values.trim().replace('\'', "\"").replace('\n', ", ");
    while let Some((before, after)) = parts.split_once(" = ") {
        let key = before.rfind([' ', '{', ',']).map_or(0, |at| at + 1);
        json += &format!("{}\"{}\": ", &before[..key], &before[key..]);
        parts = after.to_owned();
    }
    // JSON is YAML too, and RON but for the outermost braces.
    let text = format!("{{ \"records\": {{ \"weapon\": {{ \"axe\": {{ {json}{parts} }} }} }} }}");
    match format {
        Format::Ron => (name, format!("(records{})", &text["{ \"records\"".len()..text.len() - 1])),
        _ => (name, text),
    }
}

#[test]
fn half_an_optional_value_is_refused_in_every_format() {
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        for (values, lacking) in HALVES {
            let (name, text) = records(format, values);
            let report = refused(&[("s.toml", SCHEMAS), (&name, &text)]);
            let messages: Vec<_> = report.diagnostics().iter().map(|one| one.message()).collect();
            let [message] = &messages[..] else { panic!("{format} {values}: {messages:?}") };
            let part = lacking.rsplit('.').next().unwrap_or(lacking);
            let names_it =
                [lacking, part].iter().any(|name| message.contains(&format!("'{name}'")));
            assert!(names_it, "{format} {values}: {message}");
            let is_clear =
                message.contains("needs a value") || message.contains("may not be unset");
            assert!(is_clear, "{format} {values}: {message}");
        }
    }
}

#[test]
fn parts_by_default_are_those_of_values_that_are_there() -> Outcome {
    let values = "damage = { min = 1, burn = { time = 2 } }\nsize = ['big', 3]\n\
                  drops = [{ item = 'bone', damage = { min = 1 } }, { item = 'hide' }]\n";
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let (name, text) = records(format, values);
        let definitions = load(&[("s.toml", SCHEMAS), (&name, &text)])?;
        let mut store = Store::new();
        let objects = definitions.spawn(&mut store)?;
        let axe = objects.id("weapon", "axe").ok_or("no axe")?;
        let burn = map([("time", 2.0_f32.into()), ("color", "red".into())]);
        let damage = map([("min", 1.into()), ("max", 9.into()), ("burn", burn)]);
        assert_eq!(store.get_value(axe, "damage")?, damage);
        let damage = map([("min", 1.into()), ("max", 9.into())]);
        let bone = map([("item", "bone".into()), ("damage", damage)]);
        assert_eq!(
            store.get_value(axe, "drops")?,
            Value::from([bone, map([("item", "hide".into())])])
        );
        assert!(store.get_value(axe, "maker")?.is_unset());
        // A record that a game makes half is not written as a file that its loader refuses.
        assert!(objects.to_files(&store, format).is_ok());
        store.set_value(axe, "damage.min", Value::Unset)?;
        let error = objects.to_files(&store, format).unwrap_err().to_string();
        assert!(error.contains("'axe'") && error.contains("'damage.min'"), "{error}");
    }
    Ok(())
}

#[test]
fn heirs_and_patches_give_the_parts_that_are_left() -> Outcome {
    let text = "[records.weapon.base]\nabstract = true\nmaker = { name = 'Ada' }\n\
                [records.weapon.axe]\ninherits = 'base'\nmaker = { town = 'York' }\n\
                [records.weapon.saw]\nmaker = { name = 'Bob' }\n\
                [patches.records.weapon.saw]\nmaker = { town = 'Hull' }\n";
    let definitions = load(&[("s.toml", SCHEMAS), ("r.toml", text)])?;
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store)?;
    for (name, maker, town) in [("axe", "Ada", "York"), ("saw", "Bob", "Hull")] {
        let id = objects.id("weapon", name).ok_or(name)?;
        let whole = map([("name", maker.into()), ("town", town.into())]);
        assert_eq!(store.get_value(id, "maker")?, whole);
    }
    let unset = "[records.weapon.axe]\nmaker = { name = 'Ada', town = 'York' }\n\
                 [patches.records.weapon.axe]\nunset = ['maker.town']\n";
    let report = refused(&[("s.toml", SCHEMAS), ("r.toml", unset)]);
    assert!(report.to_string().contains("'maker.town'"), "{report}");
    Ok(())
}

#[test]
fn a_wrong_part_is_reported_once() {
    for values in ["maker = { name = 5, town = 'York' }", "size = [5, 1]", "damage = 5"] {
        let text = format!("[records.weapon.axe]\n{values}\n");
        let report = refused(&[("s.toml", SCHEMAS), ("r.toml", &text)]);
        assert_eq!(report.diagnostics().len(), 1, "{report}");
    }
}

#[test]
fn a_part_that_is_kept_aside_leaves_the_others() -> Outcome {
    let schemas = "[schemas.weapon.slots]\nmaker = { optional = true, slots = { town = 'text', \
                   guild = { kind = 'object', references = 'weapon' } } }\n";
    let text = "[records.weapon.axe]\nmaker = { town = 'York', guild = 'lost' }\n";
    let files = [("s.toml", schemas), ("r.toml", text)];
    let definitions = load_as(Undeclared::Quarantine, &files)?;
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store)?;
    let written = objects.to_files(&store, Format::Json)?;
    assert!(written[0].1.contains("\"lost\"") && written[0].1.contains("\"York\""), "{written:?}");
    Ok(())
}

/// The builder's record is that of a file.
#[test]
fn schemas_of_files_and_of_rust_are_the_same() -> Outcome {
    let definitions = load(&[("s.toml", SCHEMAS)])?;
    let part = |name: &str| definitions.schemas().find(|own| own.name() == name).cloned().unwrap();
    let text = || slotted::Kind::Text;
    let burn = Schema::builder("burn").slot("time", slotted::Kind::F32).slot("color", text());
    let burn = burn.default("red").build()?;
    assert_eq!(part("burn"), burn);
    let damage = Schema::builder("damage").slot("min", slotted::Kind::U16);
    let damage = damage.slot("max", slotted::Kind::U16).default(9).slot("sound", text()).optional();
    let damage = damage.nested("burn", &burn).optional().build()?;
    assert_eq!(part("damage"), damage);
    let loot = Schema::builder("loot").slot("item", text()).nested("damage", &damage).optional();
    let item = Schema::builder("item").slot("name", text()).slot("color", text()).build()?;
    let bag = Schema::builder("bag").slot("size", slotted::Kind::U8).nested_list("items", &item);
    let bag = bag.build()?;
    assert_eq!(part("bag"), bag);
    let loot = loot.nested("bag", &bag).optional().build()?;
    assert_eq!(part("loot"), loot);
    let size = Schema::builder("size").slot("0", text()).slot("1", slotted::Kind::U8).build()?;
    let maker = Schema::builder("maker").slot("name", text()).slot("town", text()).build()?;
    let drops = Schema::builder("weapon").nested_list("drops", &loot).build()?;
    let weapon = Schema::builder("weapon").nested("bag", &bag).optional();
    let weapon = weapon.nested("damage", &damage).optional();
    let weapon = weapon.nested("size", &size).optional();
    let weapon = weapon.nested_list("drops", &loot).nested("maker", &maker).optional().build()?;
    let needs = |schema: &Schema| -> Vec<(String, Option<String>, Option<Value>)> {
        let slots = schema.slots().iter();
        slots
            .map(|slot| {
                let need = slot.needed_in().map(ToOwned::to_owned);
                (slot.name().to_owned(), need, slot.needed_default().cloned())
            })
            .collect()
    };
    assert_eq!(needs(&part("weapon")), needs(&weapon));
    assert_eq!(
        drops.slots()[0],
        *weapon.slots().iter().find(|own| own.name() == "drops[].item").ok_or("no item")?
    );
    Ok(())
}

#[test]
fn schemas_with_optional_records_are_written_and_read_again() -> Outcome {
    let definitions = load(&[("s.toml", SCHEMAS)])?;
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let docs = SchemaDocs::default();
        let schemas = definitions.schemas().map(|schema| (schema, &docs));
        let text = schemas_to_text(schemas, format)?;
        let again = load(&[(&format!("s.{}", format.extension()), &text)])?;
        let schemas: Vec<&Schema> = definitions.schemas().collect();
        assert_eq!(again.schemas().collect::<Vec<_>>(), schemas, "{text}");
        assert!(!text.contains("drops[]"), "{text}");
    }
    Ok(())
}
