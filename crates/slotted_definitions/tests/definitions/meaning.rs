//! The meaning of valid files: values and their places, order of packs, references.

use slotted::schema::UnionBy;
use slotted::{Limits, ObjectId, Records, Schema, SlotUnion, Slotted, Store, Value, exactly};
use slotted_definitions::{Definitions, Loader, RecordView, Undeclared};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const BASE: &str = "\
[schemas.unit.slots]
health = { kind = 'f32', default = 100.0 }
level = { kind = 'u8', default = 1 }
name = { kind = 'text', default = '' }
target = { kind = 'object', references = 'unit', optional = true }
friends = { kind = 'list(object)', references = 'unit', default = [] }

[records.unit.orc]
abstract = true
level = 2
health = 80.0

[records.unit.grunt]
inherits = 'orc'
name = 'Grunt'
";

const MORE: &str = "\
[schemas.boss]
extends = 'unit'
slots.rage = { kind = 'f32', default = 1.0 }

[records.boss.thrall]
inherits = 'grunt'
rage = 2.0

[patches.records.unit.orc]
level = 3

[patches.schemas.unit.slots]
name = { default = 'nobody' }
speed = { kind = 'f32', default = 5.0 }
";

const LAST: &str = "\
[patches.records.unit.orc]
level = 4

[patches.records.unit.grunt]
health = 70.0
";

fn three_packs() -> Definitions {
    let packs = [
        ("last", "requires = ['more']", LAST),
        ("base", "", BASE),
        ("more", "after = ['base']\nversion = '1.2'", MORE),
    ];
    let pack = |loader: Loader, (name, manifest, text): (&str, &str, &str)| {
        loader.pack_of_texts(name, [("pack.toml", manifest), ("a.toml", text)])
    };
    let result = packs.into_iter().fold(Loader::new(), pack).load(&Store::new());
    result.unwrap_or_else(|report| panic!("{report}"))
}

/// Returns the origin of a slot's value.
fn origin(definitions: &Definitions, record: RecordView<'_>, slot: &str) -> String {
    let at = record.origin(slot).and_then(|place| definitions.location(place));
    at.map_or_else(|| "nowhere".to_owned(), |at| at.to_string())
}

#[test]
fn packs_load_after_their_dependencies() {
    let definitions = three_packs();
    let packs: Vec<_> = definitions.packs().iter().map(|pack| &*pack.name).collect();
    assert_eq!(packs, ["base", "more", "last"]);
    assert_eq!(definitions.packs()[1].version.as_deref(), Some("1.2"));
}

#[test]
fn patches_apply_in_the_order_of_packs_and_before_inheritance() -> Outcome {
    let definitions = three_packs();
    let grunt = definitions.record("unit", "grunt").ok_or("no grunt")?;
    assert_eq!(grunt.get("level")?, Value::from(4));
    assert_eq!(grunt.get("health")?, Value::F64(70.0));
    let thrall = definitions.record("boss", "thrall").ok_or("no thrall")?;
    assert_eq!(thrall.get("level")?, Value::from(4));
    assert_eq!(thrall.get("health")?, Value::F64(70.0));
    assert_eq!(thrall.get("name")?, Value::from("Grunt"));
    assert_eq!(thrall.get("rage")?, Value::F64(2.0));
    let orc = definitions.record("unit", "orc").ok_or("no orc")?;
    assert!(orc.is_abstract());
    assert_eq!(orc.get("name")?, Value::from("nobody"));
    assert_eq!(orc.get("speed")?, Value::F64(5.0));
    Ok(())
}

#[test]
fn every_value_knows_its_origin() -> Outcome {
    let definitions = three_packs();
    let thrall = definitions.record("boss", "thrall").ok_or("no thrall")?;
    let origin = |slot| origin(&definitions, thrall, slot);
    assert_eq!(origin("rage"), "more/a.toml:7:8", "set by the record");
    assert_eq!(origin("name"), "base/a.toml:15:8", "inherited");
    assert_eq!(origin("health"), "last/a.toml:5:10", "inherited and patched");
    assert_eq!(origin("level"), "last/a.toml:2:9", "inherited from an abstract one and patched");
    assert_eq!(origin("speed"), "more/a.toml:14:35", "the default of a patch");
    assert_eq!(origin("target"), "nowhere");
    assert_eq!(origin("no such slot"), "nowhere");
    let values: Vec<_> =
        thrall.values().map(|(slot, value, _)| format!("{slot}: {value}")).collect();
    assert_eq!(values, ["health: 70.0", "level: 4", "name: \"Grunt\"", "rage: 2.0"]);
    let place = definitions.schema_place("boss").and_then(|place| definitions.location(place));
    assert_eq!(place.ok_or("no place")?.to_string(), "more/a.toml:1:10");
    assert_eq!(
        definitions.location(thrall.place()).ok_or("no place")?.to_string(),
        "more/a.toml:5:15"
    );
    Ok(())
}

#[test]
fn references_go_forward_back_and_in_cycles() -> Outcome {
    let file = "\
[schemas.elf]
extends = 'unit'
[records.unit.a]
target = 'b'
friends = ['c', 'a', 'elf/b']
[records.unit.c]
target = 'a'
[records.elf.b]
target = 'c'
";
    let mut store = Store::new();
    let schema = BASE.split("[records").next().unwrap_or_default();
    let definitions = crate::load(&[("s.toml", schema), ("a.toml", file)])?;
    assert_eq!(definitions.record("unit", "a").ok_or("no a")?.get("target")?, "b".into());
    let objects = definitions.spawn(&mut store)?;
    let id = |schema, name| objects.id(schema, name).ok_or("it is there");
    let (a, b, c) = (id("unit", "a")?, id("elf", "b")?, id("unit", "c")?);
    assert_eq!(store.get_value(a, "target")?, b.into());
    assert_eq!(store.get_value(b, "target")?, c.into());
    assert_eq!(store.get_value(c, "target")?, a.into());
    let friends: Value =
        [Value::from(c), a.into(), b.into()].into_iter().collect::<Vec<_>>().into();
    assert_eq!(store.get_value(a, "friends")?, friends);
    assert_eq!(objects.record(b).ok_or("no record")?.name(), Some("b"));
    Ok(())
}

#[test]
fn ids_follow_the_order_of_records_and_spawning_twice_adds_objects() -> Outcome {
    let file =
        "[[records.unit]]\nlevel = 1\n[[records.unit]]\nlevel = 2\n[[records.unit]]\nlevel = 3\n";
    let more =
        r#"{ "records": { "unit": { "x": { "level": 4 }, "a": { "level": 5, "target": "x" } } } }"#;
    let schema = BASE.split("[records").next().unwrap_or_default();
    let definitions = crate::load(&[("s.toml", schema), ("a.toml", file), ("b.json", more)])?;
    assert_eq!(definitions.record("unit", "").map(|record| record.place()), None);
    let mut store = Store::new();
    let first = definitions.spawn(&mut store)?;
    let levels = |ids: &[ObjectId]| -> Result<Vec<Value>, slotted::AccessError> {
        ids.iter().map(|id| store.get_value(*id, "level")).collect()
    };
    let ids: Vec<ObjectId> = first.ids().collect();
    assert_eq!(levels(&ids)?, [1, 2, 3, 4, 5].map(Value::from));
    assert!(ids.is_sorted());
    let second = definitions.spawn(&mut store)?;
    assert_eq!((first.len(), second.len(), store.len()), (5, 5, 10));
    assert!(second.ids().all(|id| !ids.contains(&id)));
    let target = store.get_value(second.id("unit", "a").ok_or("no a")?, "target")?;
    assert_eq!(target, second.id("unit", "x").into());
    Ok(())
}

#[test]
fn manifests_list_files_of_plain_objects() -> Outcome {
    let manifest =
        r#"(name: "things", objects: { "deep/units.json": "unit", "more.ron": "unit" })"#;
    let schema = BASE.split("[records").next().unwrap_or_default();
    let files = [
        ("pack.ron", manifest),
        ("a.toml", schema),
        ("deep/units.json", r#"[{ "level": 7 }, {}]"#),
        ("more.ron", "[(level: 8)]"),
        // The same file name in another folder.
        ("other/deep/units.json", "{}"),
    ];
    let definitions = crate::load(&files)?;
    let levels: Result<Vec<_>, _> =
        definitions.records().map(|record| record.get("level")).collect();
    assert_eq!(levels?, [7, 1, 8].map(Value::from));
    assert!(definitions.records().all(|record| record.name().is_none()));
    Ok(())
}

#[test]
fn quarantine_keeps_undeclared_values() -> Outcome {
    let file = "[records.unit.a]\nlevel = 7\nmana = [1, { deep = 'x' }]\ntarget = 'gone'\n";
    let schema = BASE.split("[records").next().unwrap_or_default();
    let loader = || Loader::new().pack_of_texts("mod", [("s.toml", schema), ("a.toml", file)]);
    let definitions = loader().undeclared(Undeclared::Quarantine).load(&Store::new())?;
    let record = definitions.record("unit", "a").ok_or("no a")?;
    let kept: Vec<_> =
        record.quarantined().map(|(name, value, _)| format!("{name}: {value}")).collect();
    assert_eq!(kept, ["mana: [1, {\"deep\": \"x\"}]", "target: \"gone\""]);
    assert_eq!(record.get("level")?, 7.into());
    assert_eq!(definitions.warnings().warnings(), 2);
    let definitions = loader().undeclared(Undeclared::Ignore).load(&Store::new())?;
    assert_eq!(definitions.record("unit", "a").ok_or("no a")?.quarantined().len(), 0);
    assert_eq!(definitions.warnings().warnings(), 2);
    Ok(())
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Tile {
    #[slot(default = 1.5)]
    height: f32,
    wet: bool,
}

#[test]
fn files_use_and_extend_the_programs_schemas() -> Outcome {
    let mut store = Store::new();
    store.register::<Tile>()?;
    let file = "\
[schemas.road]
extends = 'tile'
slots.width = { kind = 'u8', default = 2 }
[records.tile.meadow]
wet = true
[records.road.track]
inherits = 'meadow'
height = 3.0
";
    let definitions = crate::load_into(&store, &[("a.toml", file)])?;
    assert_eq!(definitions.schemas().len(), 1);
    let objects = definitions.spawn(&mut store)?;
    let meadow = objects.id("tile", "meadow").ok_or("no meadow")?;
    assert_eq!(store.get_object::<Tile>(meadow)?, Tile { height: 1.5, wet: true });
    let track = objects.id("road", "track").ok_or("no track")?;
    assert_eq!(store.get_value(track, "wet")?, true.into());
    assert_eq!(store.get_value(track, "width")?, 2.into());
    // A store with a different schema accepts nothing.
    let mut other = Store::new();
    other.register_schema(slotted::Schema::builder("tile").build()?)?;
    assert!(definitions.spawn(&mut other).is_err());
    assert_eq!((other.len(), other.schemas().len()), (0, 1));
    // A store without these schemas gets all of them.
    let mut empty = Store::new();
    let objects = definitions.spawn(&mut empty)?;
    assert_eq!((objects.len(), empty.len(), empty.schemas().len()), (2, 2, 2));
    empty.register::<Tile>()?;
    let track = objects.id("road", "track").ok_or("no track")?;
    assert_eq!(empty.get_value(track, "height")?, Value::F32(3.0));
    Ok(())
}

#[derive(SlotUnion, Clone, Copy, Debug, PartialEq)]
#[slotted(tag = "type")]
enum Effect {
    Heal {
        #[slot(default = 2)]
        amount: f32,
        area: Option<u8>,
    },
    Throw(#[slot(nested)] Tile),
    Chain {
        #[slot(nested)]
        steps: Records<Tile>,
        #[slot(nested)]
        by: Speed,
    },
    Rest,
}

#[derive(SlotUnion, Clone, Copy, Debug, PartialEq)]
enum Speed {
    Fixed(u16),
    Slow,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Spell {
    #[slot(nested)]
    effect: Effect,
    #[slot(nested)]
    second: Option<Effect>,
}

/// Both are the same schema: neither refuses the other, and each reads the objects of the other.
#[test]
fn enums_of_rust_and_unions_of_files_are_the_same() -> Outcome {
    let variants = "\
variants.heal = { amount = { kind = 'f32', default = 2 }, area = { kind = 'u8', optional = true } }
variants.throw = { height = { kind = 'f32', default = 1.5 }, wet = 'bool' }
variants.chain = { steps = 'list(tile)', by = { variants = { fixed = 'u16', slow = {} } } }
variants.rest = {}
";
    let file = format!(
        "\
[schemas.tile.slots]
height = {{ kind = 'f32', default = 1.5 }}
wet = 'bool'
[schemas.spell.slots.effect]
tag = 'type'
{variants}
[schemas.spell.slots.second]
tag = 'type'
optional = true
{variants}
[records.spell]
balm = {{ effect = {{ type = 'heal', area = 3 }}, second = {{ type = 'rest' }} }}
stone = {{ effect = {{ type = 'throw', wet = true }} }}
run = {{ effect = {{ type = 'chain', steps = [{{ wet = true }}], by = {{ fixed = 7 }} }} }}
"
    );
    let mut store = Store::new();
    store.register::<Spell>()?;
    let definitions = crate::load_into(&Store::new(), &[("a.toml", &*file)])?;
    let objects = definitions.spawn(&mut store)?;
    let spell = |name: &str| -> Result<Spell, Box<dyn std::error::Error>> {
        Ok(store.get_object(objects.id("spell", name).ok_or("no spell")?)?)
    };
    let heal = Effect::Heal { amount: 2.0, area: Some(3) };
    assert_eq!(spell("balm")?, Spell { effect: heal, second: Some(Effect::Rest) });
    let throw = Effect::Throw(Tile { height: 1.5, wet: true });
    assert_eq!(spell("stone")?, Spell { effect: throw, second: None });
    let Effect::Chain { steps, by: Speed::Fixed(7) } = spell("run")?.effect else {
        return Err("no chain".into());
    };
    let steps = store.resolve_records(steps).ok_or("another store's")?;
    assert_eq!(steps.map(|step| step.height).collect::<Vec<_>>(), [1.5]);
    Ok(())
}

/// The builder makes the same slots of each nested value in a variant as a file: neither schema refuses the other.
#[test]
fn variants_of_the_builder_and_of_files_are_the_same() -> Outcome {
    let file = "\
[schemas.burn.slots]
time = { kind = 'f32', default = 2 }
color = { kind = 'u8', optional = true }
[schemas.heal.slots]
amount = { kind = 'f32', default = 1, range = { min = 0 } }
area = { kind = 'u8', optional = true }
burn = { kind = 'burn', optional = true }
cold = 'burn'
drops = { kind = 'list(burn)', optional = true }
more = 'list(burn)'
prices = 'map(u16)'
place = '(f32, f32)'
tags = 'list(text)'
inner = { variants = { fast = { speed = 'u8' }, slow = {} } }
perhaps = { tag = 'type', optional = true, variants = { fast = { speed = 'u8' }, slow = {} } }
[schemas.spell.slots.effect]
kind = 'heal | burn'
tag = 'type'
[schemas.scroll.slots.effect]
kind = 'heal | burn'
tag = 'type'
optional = true
";
    let definitions = crate::load_into(&Store::new(), &[("a.toml", file)])?;
    let mut store = Store::new();
    definitions.register(&mut store)?;
    let schema = |name: &str| -> Result<Schema, Box<dyn std::error::Error>> {
        let known = definitions.schemas().find(|schema| schema.name() == name);
        Ok(known.ok_or("no schema")?.clone())
    };
    let (heal, burn) = (schema("heal")?, schema("burn")?);
    let union = |name: &str| {
        let variants = [("heal", Some(&heal)), ("burn", Some(&burn))];
        Schema::builder(name).nested_union("effect", UnionBy::Tag("type".into()), variants)
    };
    assert_eq!(union("spell").build()?, schema("spell")?);
    assert_eq!(union("scroll").optional().build()?, schema("scroll")?);
    Ok(())
}

#[test]
fn loading_leaves_the_store_unchanged_and_spawning_stops_at_limits() -> Outcome {
    let mut limits = Limits::default();
    limits.rows_per_schema = 1;
    let mut store = Store::with_limits(limits);
    let schema = BASE.split("[records").next().unwrap_or_default();
    let file = "[records.unit.a]\n[records.unit.b]\n";
    let definitions = crate::load_into(&store, &[("s.toml", schema), ("a.toml", file)])?;
    assert_eq!((store.schemas().len(), store.len()), (0, 0));
    assert!(definitions.spawn(&mut store).is_err());
    assert_eq!(store.len(), 0);
    Ok(())
}

#[test]
fn names_can_be_of_any_language() -> Outcome {
    let file = "[schemas.\"Воин\".slots]\n\"здоровье\" = { kind = 'f32', default = 1.0 }\n\
        [records.\"Воин\".\"Илья Муромец\"]\n[schemas.\"ユニット\"]\n[schemas.\"القائد\"]\n";
    let definitions = crate::load(&[("a.toml", file)])?;
    assert!(definitions.warnings().is_empty());
    assert!(definitions.record("Воин", "Илья Муромец").is_some());
    Ok(())
}

#[test]
fn comments_blanks_and_line_ends_are_ignored() -> Outcome {
    let schema = "[schemas.unit.slots]\njob = { variants = ['farmer', 'smith'], default = 'farmer' }\nlevel = { kind = 'u8', optional = true }\n";
    let ron = "// A comment.\r\n(records: { \"unit\": [( // one\r\n  job: smith // its job\r\n  , level: Some(3) /* three */), (job: /* no */ farmer /* yes */, level: None)] })\r\n";
    let toml = "# A comment.\r\n[[records.unit]] # one\r\njob = 'smith' # its job\r\n";
    let json =
        "\r\n{\t\"records\" : { \"unit\" : [ { \"job\" : \"smith\" , \"level\" : null } ] } }\r\n";
    let yaml = "# A comment.\r\n---\r\nrecords: # all\r\n  unit:\r\n\r\n  - job: smith # its job\r\n    level: ~\r\n...\r\n";
    for file in [("a.ron", ron), ("a.toml", toml), ("a.json", json), ("a.yaml", yaml)] {
        let definitions = crate::load(&[("s.toml", schema), file])?;
        let first = definitions.records().next().ok_or("no record")?;
        assert_eq!(first.get("job")?, "smith".into(), "{}", file.0);
    }
    Ok(())
}

#[test]
fn a_record_is_found_by_its_schema_and_its_bases() -> Outcome {
    let file = "\
[schemas]
unit.slots.health = { kind = 'f32' }
orc.extends = 'unit'
elf.extends = 'unit'
rock.slots.weight = { kind = 'f32' }
[records]
unit.shared.health = 1.0
orc.shared.health = 2.0
orc.grunt.health = 3.0
orc.twin.health = 4.0
elf.twin.health = 5.0
rock.boulder.weight = 6.0
";
    let mut store = Store::new();
    let definitions = crate::load_into(&store, &[("a.toml", file)])?;
    let schema_of = |schema: &str, name: &str| {
        definitions.record(schema, name).map(|record| record.schema().name().to_owned())
    };
    assert_eq!(schema_of("orc", "grunt").as_deref(), Some("orc"));
    assert_eq!(schema_of("unit", "grunt").as_deref(), Some("orc"), "an orc is a unit");
    assert_eq!(schema_of("unit", "shared").as_deref(), Some("unit"), "the exact schema wins");
    assert_eq!(schema_of("orc", "shared").as_deref(), Some("orc"));
    assert_eq!(schema_of("unit", "twin"), None, "an orc and an elf");
    assert_eq!(schema_of("elf", "twin").as_deref(), Some("elf"));
    assert_eq!(schema_of("unit", "boulder"), None);
    assert_eq!(schema_of("nothing", "grunt"), None);
    assert!(definitions.record(exactly("unit"), "grunt").is_none());
    assert!(definitions.record(exactly("orc"), "grunt").is_some());

    let objects = definitions.spawn(&mut store)?;
    let grunt = objects.id("unit", "grunt").ok_or("an orc is a unit")?;
    assert_eq!(store.get_value(grunt, "health")?, 3.0_f32.into());
    assert_eq!(objects.id("orc", "grunt"), Some(grunt));
    assert_eq!(objects.id(exactly("unit"), "grunt"), None);
    assert_eq!(objects.id("unit", "twin"), None);
    Ok(())
}

#[test]
fn a_dump_shows_objects_by_the_names_of_their_records() -> Outcome {
    let file = "schemas.unit.slots = { leader = { kind = 'object', optional = true } }\n\
        schemas.orc.extends = 'unit'\n\
        records.unit = { grom = {}, twin = { leader = 'grom' } }\n\
        records.orc = { twin = { leader = 'unit/twin' } }";
    let mut store = Store::new();
    let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    let grom = objects.id("unit", "grom").ok_or("no grom")?;
    let copy = store.duplicate(grom)?;
    store.despawn(grom)?;
    assert_eq!(objects.name(copy), None);
    let dump = store.dump().with_names(|id| objects.name(id));
    let orcs = r#"{"orc":{"orc/twin":{"leader":"unit/twin"}},"#;
    let units = format!(r#""unit":{{"{copy}":{{}},"unit/twin":{{"leader":"grom (dead)"}}}}}}"#);
    assert_eq!(serde_json::to_string(&dump)?, orcs.to_owned() + &units);
    Ok(())
}

#[test]
fn a_schema_may_change_the_defaults_that_it_inherits() -> Outcome {
    let files = "[schemas.unit.slots]\nhealth = { kind = 'f32', default = 100.0, range = [0, 500] }\n\
        target = { kind = 'text', optional = true, default = 'none' }\ndamage.slots = { min = { kind = 'u8', default = 1 }, max = 'u8' }\n\
        [schemas.orc]\nextends = 'unit'\nslots.health.default = 150\nslots.damage.slots.max.default = 9\nslots.rage = 'u8'\n\
        [schemas.boss]\nextends = 'orc'\nslots.health = { default = 300 }\n\
        [patches.schemas.orc.slots.target]\ndefault = 'nobody'\n\
        [records.orc.grunt]\nrage = 1\n[records.boss.chief]\nrage = 2\ndamage.min = 3\n[records.unit.elf]\ndamage.max = 4\n";
    let mut store = Store::new();
    let definitions = Loader::new().text("a.toml", files).load(&store)?;
    let objects = definitions.spawn(&mut store)?;
    let get = |schema: &str, record: &str, slot: &str| {
        store.get_value(objects.id(schema, record).expect("is there"), slot)
    };
    assert_eq!(get("orc", "grunt", "health")?, 150.0_f32.into());
    assert_eq!(get("boss", "chief", "health")?, 300.0_f32.into());
    assert_eq!(get("unit", "elf", "health")?, 100.0_f32.into());
    assert_eq!(get("orc", "grunt", "target")?, "nobody".into());
    assert_eq!(get("boss", "chief", "damage")?, [("min", 3), ("max", 9)].into_iter().collect());
    let grunt = definitions.record("orc", "grunt").ok_or("no grunt")?;
    let origin = grunt.origin("health").and_then(|place| definitions.location(place));
    assert_eq!(origin.ok_or("no place")?.line, 7);
    let mut store = Store::new();
    definitions.register(&mut store)?;
    let orc = store.spawn_record("orc", slotted::record! { rage: 3 })?;
    assert_eq!(store.get_value(orc, "health")?, 150.0_f32.into());
    Ok(())
}
