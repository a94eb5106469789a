//! Lists of records in Rust types: written and read by type, as columns and element by element.

use std::error::Error;

use slotted::error::RecordsError;
use slotted::records::Element;
use slotted::{
    Kind, List, ObjectId, Records, Schema, SlotKey, SlotValue, Slotted, Store, Text, Value, View,
    record,
};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Burn {
    time: f32,
    color: Option<u8>,
}

#[derive(
    SlotValue,
    slotted::bytemuck::NoUninit,
    slotted::bytemuck::CheckedBitPattern,
    Clone,
    Copy,
    Debug,
    PartialEq,
)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(u8)]
enum Rarity {
    Common,
    Rare,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Loot {
    item: Text,
    #[slot(range = 0..=1)]
    chance: f32,
    level: Option<u8>,
    tags: List<Text>,
    rolls: Option<List<u8>>,
    rarity: Rarity,
    #[slot(nested)]
    burn: Burn,
    #[slot(references = "beast")]
    of: Option<ObjectId>,
    offset: [i16; 2],
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Beast {
    health: f32,
    #[slot(nested)]
    drops: Records<Loot>,
    #[slot(nested, name = "hidden")]
    secrets: Option<Records<Loot>>,
    price: u32,
}

fn store() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Beast>()?;
    Ok(store)
}

fn loot(store: &mut Store, of: Option<ObjectId>) -> Result<[Loot; 3], Box<dyn Error>> {
    let (bone, hide) = (store.intern_text("bone")?, store.intern_text("hide")?);
    let tags = store.intern_list(&[hide, bone])?;
    let bone = Loot {
        item: bone,
        chance: 0.5,
        level: None,
        tags,
        rolls: Some(store.intern_list(&[6, 20])?),
        rarity: Rarity::Common,
        burn: Burn { time: 1.0, color: Some(2) },
        of,
        offset: [1, -1],
    };
    let burn = Burn { time: 2.0, color: None };
    let hide = Loot { item: hide, chance: 1.0, level: Some(7), rolls: None, burn, ..bone };
    let empty = Some(List::EMPTY);
    let none = Loot { tags: List::EMPTY, rolls: empty, of: None, rarity: Rarity::Rare, ..hide };
    Ok([bone, hide, none])
}

/// Returns the loot with its own lists, as it was given to the store.
fn whole(store: &Store, element: &Element<'_, Loot>) -> Loot {
    Loot {
        item: element.item,
        chance: element.chance,
        level: element.level,
        tags: store.find_list(element.tags).unwrap_or_default(),
        rolls: element.rolls.map(|rolls| store.find_list(rolls).unwrap_or_default()),
        rarity: element.rarity,
        burn: Burn { time: element.burn.time, color: element.burn.color },
        of: element.of,
        offset: element.offset,
    }
}

fn all(store: &Store, records: Records<Loot>) -> Vec<Loot> {
    let elements = store.resolve_records(records).expect("is its own");
    let count = elements.len();
    let all: Vec<_> = elements.map(|element| whole(store, &element)).collect();
    assert_eq!(all.len(), count);
    all
}

#[test]
fn the_schema_is_that_of_a_nested_list() -> Outcome {
    let beast = Schema::builder("beast")
        .slot("health", Kind::F32)
        .nested_list("drops", &Loot::schema()?)
        .nested_list("hidden", &Loot::schema()?)
        .optional()
        .slot("price", Kind::U32);
    assert_eq!(Beast::schema()?, beast.build()?);
    Ok(())
}

#[test]
fn records_are_read_as_they_were_given_in_each_way() -> Outcome {
    let mut store = store()?;
    let first =
        store.spawn(Beast { health: 1.0, drops: Records::empty(), secrets: None, price: 1 })?;
    let loot = loot(&mut store, Some(first))?;
    let (some, other) = (store.intern_records(&loot)?, store.intern_records(&loot[1..])?);
    let empty = Records::default();
    let mut beasts = Vec::new();
    for drops in [some, other, empty] {
        for secrets in [None, Some(empty), Some(some)] {
            beasts.push(Beast { health: 2.0, drops, secrets, price: beasts.len() as u32 });
        }
    }
    let mut ids = Vec::new();
    for beast in &beasts {
        ids.push(store.spawn(*beast)?);
    }
    ids.extend(store.spawn_batch(beasts.clone())?);
    let mut commands = store.commands();
    for beast in &beasts {
        ids.push(commands.spawn(*beast)?);
    }
    commands.apply(&mut store)?;
    for (id, beast) in ids.iter().zip(beasts.iter().cycle()) {
        assert_eq!(store.get_object::<Beast>(*id)?, *beast);
        store.set_object(first, *beast)?;
        assert_eq!(store.get_object::<Beast>(first)?, *beast);
    }
    let beast = store.get_object::<Beast>(ids[2])?;
    assert_eq!(all(&store, beast.drops), loot);
    assert_eq!(all(&store, beast.secrets.ok_or("unset")?), loot);
    assert_eq!(store.validate(), Ok(()));

    // By name it is a list of maps.
    let drops = store.get_value(ids[2], "drops")?;
    let copy = record! { health: 2.0, drops: drops.clone(), hidden: drops, price: 2 };
    let copy = store.spawn_record("beast", copy)?;
    assert_eq!(store.get_object::<Beast>(copy)?, beast);
    let Value::List(drops) = store.get_value(ids[2], "drops")? else { panic!("a list") };
    assert_eq!(
        drops[1].to_string(),
        format!(
            "{{\"item\": \"hide\", \"chance\": 1.0, \"level\": 7, \"tags\": [\"hide\", \"bone\"], \
             \"rarity\": \"common\", \"burn\": {{\"time\": 2.0}}, \"of\": object {first}, \"offset\": [1, -1]}}"
        )
    );
    Ok(())
}

#[derive(View)]
struct Chances<'a> {
    #[slot(name = "drops[].chance")]
    chance: &'a List<f32>,
    #[slot(name = "drops[].level?")]
    has_level: &'a List<bool>,
}

#[test]
fn parts_are_columns_by_type_key_and_view() -> Outcome {
    let mut store = store()?;
    let loot = loot(&mut store, None)?;
    let drops = store.intern_records(&loot)?;
    let id = store.spawn(Beast { health: 1.0, drops, secrets: Some(drops), price: 1 })?;
    let chances = &[0.5, 1.0, 1.0][..];
    assert_eq!(store.resolve_list(drops.chance.values()), Some(chances));
    assert_eq!(store.resolve_list(drops.burn.color.values()), Some(&[2][..]));
    assert_eq!(
        drops.burn.color.is_set().map(|list| store.resolve_list(list)),
        Some(Some(&[true, false, false][..]))
    );
    assert_eq!(drops.chance.is_set(), None);
    assert_eq!(
        drops.tags.lengths().map(|list| store.resolve_list(list)),
        Some(Some(&[2, 2, 0][..]))
    );
    assert_eq!(drops.rolls.lengths().map(|list| store.resolve_list(list)), Some(Some(&[2, 0][..])));

    let keys = store.keys::<Beast>()?;
    let chance: SlotKey<List<f32>> = keys.drops.chance.values;
    let hidden: SlotKey<Option<List<[i16; 2]>>> = keys.secrets.offset.values;
    assert_eq!(store.get(id, chance), Some(drops.chance.values()));
    assert_eq!(store.get(id, hidden), Some(Some(drops.offset.values())));
    assert_eq!(store.get(id, keys.price), Some(1), "keys after the parts are right");
    let view = store.view_ref::<Chances<'_>>()?;
    let found: Vec<_> = view.iter().map(|found| (*found.chance, *found.has_level)).collect();
    assert_eq!(found, [(drops.chance.values(), drops.level.is_set().ok_or("optional")?)]);
    Ok(())
}

#[test]
fn elements_are_checked_like_other_values() -> Outcome {
    let mut store = store()?;
    let mut loot = loot(&mut store, None)?;
    loot[1].chance = 2.0;
    let drops = store.intern_records(&loot)?;
    let beast = Beast { health: 1.0, drops, secrets: None, price: 1 };
    let wrong = "element 1 of slot 'drops[].chance' of 'beast' expects 0.0 to 1.0, found 2.0";
    assert_eq!(store.spawn(beast).map_err(|error| error.to_string()), Err(wrong.into()));
    let right = Beast { drops: Records::empty(), ..beast };
    let batch = store.spawn_batch([right, beast]).map(|_| ());
    let error = batch.unwrap_err().to_string();
    assert!(error.contains(wrong), "{error}");
    assert!(store.spawn(Beast { secrets: Some(drops), ..right }).is_err());
    assert!(store.is_empty());
    Ok(())
}

#[test]
fn lists_of_other_stores_are_refused() -> Outcome {
    let (mut own, mut other) = (store()?, Store::new());
    let mut loot = loot(&mut own, None)?;
    for number in 0..50_u8 {
        let texts = [other.intern_text(&number.to_string())?];
        loot[2].tags = other.intern_list(&texts)?;
    }
    let error = own.intern_records(&loot).unwrap_err();
    assert_eq!(error, RecordsError::ForeignList { element: 2 });
    assert_eq!(
        error.to_string(),
        "record 2 has a list of another store; use lists from this store's `intern_list`"
    );
    let before = own.memory_report().lists;
    assert!(own.intern_records(&loot).is_err());
    assert_eq!(own.memory_report().lists, before);
    loot[2].tags = List::EMPTY;
    let drops = own.intern_records(&loot)?;
    assert_eq!(store()?.resolve_records(drops).map(|drops| drops.len()), None);
    Ok(())
}

#[test]
fn lists_of_different_lengths_are_no_records() -> Outcome {
    let mut store = store()?;
    let loot = loot(&mut store, None)?;
    let drops = store.intern_records(&loot)?;
    let id = store.spawn(Beast { health: 1.0, drops, secrets: None, price: 1 })?;
    let keys = store.keys::<Beast>()?;
    let drops = |store: &Store| store.get_object::<Beast>(id).map(|beast| beast.drops);
    let (shorter, longer) = (store.intern_list(&[0.5_f32])?, store.intern_list(&[7_u8, 8, 9])?);
    for restored in [true, false] {
        let before = store.snapshot();
        match restored {
            true => store.set(id, keys.drops.chance.values, shorter)?,
            false => store.set(id, keys.drops.level.values, longer)?,
        };
        assert!(store.resolve_records(drops(&store)?).is_none());
        store.restore(&before)?;
        assert_eq!(all(&store, drops(&store)?), loot);
    }
    let flags = store.intern_list(&[true])?;
    let key = store.key::<List<bool>>("beast", "drops[].level?")?;
    store.set(id, key, flags)?;
    assert!(store.resolve_records(drops(&store)?).is_none());
    Ok(())
}

#[test]
fn a_limit_of_lists_is_an_error() -> Outcome {
    let mut limits = slotted::Limits::default();
    limits.list_bytes = 16;
    let mut store = Store::with_limits(limits);
    let burn = Burn { time: 1.0, color: None };
    let error = store.intern_records(&[burn; 100]).unwrap_err();
    assert!(matches!(error, RecordsError::Limit(_)), "{error}");
    Ok(())
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Skill {
    key: Text,
    value: u8,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Area {
    #[slot(name = "0")]
    x: f32,
    #[slot(name = "1")]
    y: Option<f32>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Place {
    key: ObjectId,
    #[slot(nested)]
    value: Area,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Elf {
    #[slot(nested, name = "skills{}")]
    skills: Records<Skill>,
    #[slot(nested, name = "places{}")]
    places: Option<Records<Place>>,
    #[slot(nested)]
    areas: Records<Area>,
}

#[test]
fn maps_and_tuples_are_records_by_their_names() -> Outcome {
    let mut store = Store::new();
    store.register::<Elf>()?;
    let skill = |value: i64| Value::from(value);
    let skills: Value = [("hunt", skill(3)), ("cook", skill(1))].into_iter().collect();
    let areas = [Value::from([1.0_f32]), Value::from([2.0_f32, 3.0])];
    let elf = record! { skills: skills.clone(), areas: areas.clone() };
    let id = store.spawn_record("elf", elf)?;
    let elf = store.get_object::<Elf>(id)?;
    let found = store.resolve_records(elf.skills).ok_or("of another store")?;
    let found: Vec<_> = found.map(|skill| (store.resolve(skill.key), skill.value)).collect();
    assert_eq!(found, [(Some("hunt"), 3), (Some("cook"), 1)]);

    let places = [Place { key: id, value: Area { x: 1.0, y: None } }];
    let places = store.intern_records(&places)?;
    let area = [Area { x: 1.0, y: None }, Area { x: 2.0, y: Some(3.0) }];
    assert_eq!(store.intern_records(&area)?, elf.areas);
    let other = store.spawn(Elf { places: Some(places), ..elf })?;
    assert_eq!(store.get_value(other, "skills")?, skills);
    assert_eq!(store.get_value(other, "areas")?, areas.into());
    let place = Value::from_iter([("key", id.into()), ("value", Value::from([1.0_f32]))]);
    assert_eq!(store.get_value(other, "places")?, [place].into());
    Ok(())
}

#[derive(Slotted, Clone, Copy)]
struct NoMap {
    #[slot(nested, name = "burns{}")]
    burns: Records<Burn>,
}

#[test]
fn entries_of_maps_have_a_key_and_a_value() {
    assert_eq!(
        NoMap::schema().unwrap_err().to_string(),
        "schema 'burn' cannot be an entry of the map 'burns' of schema 'no_map'; its first slot must be 'key' (a text, \
         an object or an enum, not optional), and the others 'value' or parts of it"
    );
}
