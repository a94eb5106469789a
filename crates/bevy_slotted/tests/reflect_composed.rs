//! Tuples, maps, enums with data and lists of these in reflected structs.
#![cfg(feature = "reflect")]

mod reflect_support;

use std::collections::{BTreeMap, HashMap};
use std::error::Error;

use bevy_reflect::enums::{DynamicEnum, DynamicVariant};
use bevy_reflect::map::DynamicMap;
use bevy_reflect::structs::DynamicStruct;
use bevy_reflect::tuple::DynamicTuple;
use bevy_reflect::{Reflect, Typed};
use bevy_slotted::reflect::{
    AnyValue, Reference, SlotDefault, SlotName, SlotRange, read_into, record_of, schema_of,
    schema_with_defaults_of, spawn_reflected,
};
use slotted::glam::Vec2;
use slotted::{Schema, Store, Value, record};

use reflect_support::{message, slots, spawned};

type Outcome = Result<(), Box<dyn Error>>;

/// Puts each object through a store into itself and others, by spawning and by setting its slots.
fn round_trip<T: Reflect + Typed + Clone + PartialEq + std::fmt::Debug>(all: &[T]) -> Outcome {
    for (at, object) in all.iter().enumerate() {
        for step in [0, 1, 2] {
            let target = &all[(at + step) % all.len()];
            let (store, id) = spawned(object)?;
            let mut back = target.clone();
            read_into(&store, id, back.as_partial_reflect_mut())?;
            assert_eq!(back, *object);

            let (mut store, id) = spawned(target)?;
            for (slot, value) in record_of(object.as_partial_reflect())? {
                store.set_value(id, &slot, value)?;
            }
            read_into(&store, id, back.as_partial_reflect_mut())?;
            assert_eq!(back, *object);
            assert_eq!(store.validate(), Ok(()));

            // A dynamic value of the type spawns the same object, and takes it.
            let dynamic = object.to_dynamic()?;
            let copy = spawn_reflected(&mut store, &*dynamic)?;
            assert_eq!(store.get_record(copy)?, store.get_record(id)?);
            let mut dynamic = target.to_dynamic()?;
            read_into(&store, copy, &mut *dynamic)?;
            let mut back = target.clone();
            back.try_apply(&*dynamic)?;
            assert_eq!(record_of(&*dynamic)?, record_of(object.as_partial_reflect())?);
        }
    }
    Ok(())
}

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Burn {
    time: f32,
    tags: Vec<String>,
    color: Option<u8>,
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Tuples {
    pair: (f32, String),
    one: (u8,),
    mixed: (Vec<u8>, Option<Vec2>, Burn),
    maybe: Option<(i16, Vec<u16>)>,
    inner: ((u8, u8), AnyValue),
}

fn tuples() -> Vec<Tuples> {
    let burn = Burn { time: 1.0, tags: vec!["hot".into()], color: None };
    let some = Tuples {
        pair: (1.5, "long".into()),
        one: (3,),
        mixed: (vec![1, 2, 3], Some(Vec2::X), burn),
        maybe: Some((-1, vec![7])),
        inner: ((1, 2), AnyValue(map([("any", [1].into())]))),
    };
    let longer = Some((2, vec![8, 9]));
    let inner = ((0, 0), AnyValue("x".into()));
    let none = Tuples { inner: inner.clone(), ..Tuples::default() };
    vec![none, Tuples { maybe: longer, inner, ..some.clone() }, some]
}

#[test]
fn tuples_have_a_slot_for_each_field() -> Outcome {
    assert_eq!(
        slots(&schema_of::<Tuples>()?),
        [
            "pair.0: f32",
            "pair.1: text",
            "one.0: u8",
            "mixed.0: list(u8)",
            "mixed.1: vec2, optional",
            "mixed.2.time: f32",
            "mixed.2.tags: list(text)",
            "mixed.2.color: u8, optional",
            "maybe.0: i16, optional, needed in maybe",
            "maybe.1: list(u16), optional, needed in maybe",
            "inner.0.0: u8",
            "inner.0.1: u8",
            "inner.1: any",
        ]
    );
    let (store, id) = spawned(&tuples()[2])?;
    assert_eq!(store.get_value(id, "pair")?, Value::List([1.5_f32.into(), "long".into()].into()));
    round_trip(&tuples())
}

#[derive(Reflect, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[reflect(Hash, PartialEq)]
enum Element {
    Fire,
    ColdIron,
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Maps {
    levels: HashMap<String, u8>,
    burns: BTreeMap<String, Burn>,
    resists: BTreeMap<Element, (f32, Vec<u8>)>,
    likes: HashMap<Reference, i8>,
    maybe: Option<HashMap<String, Vec<u8>>>,
    nested: BTreeMap<String, BTreeMap<String, Element>>,
}

fn maps() -> Vec<Maps> {
    let burn = |time| Burn { time, tags: vec!["a".into(), "b".into()], color: Some(1) };
    let some = Maps {
        levels: (0..9).map(|level| (format!("skill {level}"), level)).collect(),
        burns: [("hot".into(), burn(1.0)), (String::new(), Burn::default())].into(),
        resists: [(Element::ColdIron, (0.5, vec![1])), (Element::Fire, (1.0, vec![]))].into(),
        likes: HashMap::new(),
        maybe: Some([("a".into(), vec![1, 2]), ("b".into(), vec![])].into()),
        nested: [("x".into(), [("y".into(), Element::Fire)].into()), ("z".into(), [].into())]
            .into(),
    };
    let other = Maps {
        levels: [("skill 3".into(), 200)].into(),
        burns: [("hot".into(), burn(2.0))].into(),
        maybe: Some(HashMap::new()),
        ..Maps::default()
    };
    vec![some, other, Maps::default()]
}

#[test]
fn maps_have_lists_of_keys_and_values() -> Outcome {
    assert_eq!(
        slots(&schema_of::<Maps>()?)[..8],
        [
            "levels{}.key: list(text)",
            "levels{}.value: list(u8)",
            "burns{}.key: list(text)",
            "burns{}.value.time: list(f32)",
            "burns{}.value.tags: list(text)",
            "burns{}.value.tags#: list(u32)",
            "burns{}.value.color: list(u8), default []",
            "burns{}.value.color?: list(bool), default []",
        ]
    );
    let (store, id) = spawned(&maps()[0])?;
    let resists = map([
        ("cold_iron", Value::List([0.5_f32.into(), [1].into()].into())),
        ("fire", Value::List([1.0_f32.into(), Value::List([].into())].into())),
    ]);
    assert_eq!(store.get_value(id, "resists")?, resists);
    round_trip(&maps())
}

#[test]
fn equal_maps_are_equal_worlds() -> Outcome {
    let (one, other) = (maps().swap_remove(0), maps().swap_remove(0));
    let (mut one, mut other) = (spawned(&one)?.0, spawned(&other)?.0);
    assert_eq!(one.state_hash(), other.state_hash(), "whatever the order of the hash maps is");
    Ok(())
}

#[test]
fn keys_may_be_references() -> Outcome {
    let (mut store, first) = spawned(&Maps::default())?;
    let second = spawn_reflected(&mut store, &Maps::default())?;
    let likes: HashMap<Reference, i8> = [(second.into(), -3), (first.into(), 5)].into();
    let id = spawn_reflected(&mut store, &Maps { likes: likes.clone(), ..Maps::default() })?;
    let mut back = maps().swap_remove(0);
    read_into(&store, id, &mut back)?;
    assert_eq!(back, Maps { likes, ..Maps::default() });
    assert_eq!(store.get_value(id, "likes{}.key")?, [first, second].into());
    Ok(())
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
enum Effect {
    #[default]
    Rest,
    Heal {
        #[reflect(@SlotRange::new(0..=100))]
        amount: u8,
        area: Option<u8>,
        #[reflect(@SlotName("of"), @SlotDefault::new("all"))]
        target: String,
        tags: Vec<String>,
    },
    #[reflect(@SlotName("set fire"))]
    Burn(Burn),
    Wait(f32),
    Move(i8, Vec<i8>),
    Say(Option<String>),
    All(Vec<Burn>),
    Nested(Inner),
}

#[derive(Reflect, Clone, Debug, PartialEq)]
enum Inner {
    None,
    Some { value: Option<u8> },
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Spell {
    cost: u8,
    effect: Effect,
    maybe: Option<Effect>,
    list: Vec<Effect>,
    by_name: BTreeMap<String, Effect>,
}

fn effects() -> Vec<Effect> {
    let burn = || Burn { time: 2.0, tags: vec!["x".into()], color: Some(3) };
    let heal = |area, tags: &[&str]| Effect::Heal {
        amount: 5,
        area,
        target: "me".into(),
        tags: tags.iter().map(ToString::to_string).collect(),
    };
    vec![
        Effect::Rest,
        heal(None, &[]),
        heal(Some(2), &["a", "b"]),
        heal(None, &["c"]),
        Effect::Burn(Burn::default()),
        Effect::Burn(burn()),
        Effect::Wait(0.5),
        Effect::Move(-1, vec![1, 2]),
        Effect::Move(1, vec![]),
        Effect::Say(Some("hm".into())),
        Effect::Say(None),
        Effect::All(vec![]),
        Effect::All(vec![burn(), Burn::default()]),
        Effect::Nested(Inner::None),
        Effect::Nested(Inner::Some { value: Some(1) }),
        Effect::Nested(Inner::Some { value: None }),
    ]
}

fn spells() -> Vec<Spell> {
    let spells = effects().into_iter().enumerate().map(|(at, effect)| Spell {
        cost: at as u8,
        maybe: (at % 3 > 0).then(|| effect.clone()),
        list: effects().split_off(at),
        by_name: [("a".into(), effect.clone()), ("b".into(), Effect::Rest)].into(),
        effect,
    });
    spells.collect()
}

#[test]
fn enums_with_data_are_unions() -> Outcome {
    let schema = schema_of::<Spell>()?;
    let slots = slots(&schema);
    assert_eq!(
        slots[1..16],
        [
            "effect@: enum(rest, heal, set fire, wait, move, say, all, nested)",
            "effect@heal.amount: u8, optional, range 0 to 100",
            "effect@heal.area: u8, optional",
            "effect@heal.area?: bool, optional",
            "effect@heal.of: text, optional, default \"all\" of the part",
            "effect@heal.tags: list(text), optional",
            "effect@set fire.time: f32, optional",
            "effect@set fire.tags: list(text), optional",
            "effect@set fire.color: u8, optional",
            "effect@set fire.color?: bool, optional",
            "effect@wait: f32, optional",
            "effect@move.0: i8, optional",
            "effect@move.1: list(i8), optional",
            "effect@say: text, optional",
            "effect@say?: bool, optional",
        ]
    );
    let listed = "list[]@heal.amount: list(u8), default [], range 0 to 100";
    assert!(slots.contains(&listed.to_owned()), "{slots:#?}");
    let (mut store, id) = spawned(&spells()[2])?;
    let heal = map([
        ("amount", 5.into()),
        ("area", 2.into()),
        ("of", "me".into()),
        ("tags", ["a", "b"].into()),
    ]);
    assert_eq!(store.get_value(id, "effect")?, map([("heal", heal)]));
    // A record may leave the part with a default out.
    let short = map([("heal", map([("amount", 1.into()), ("tags", Value::List([].into()))]))]);
    store.set_value(id, "effect", short)?;
    let mut back = Spell::default();
    read_into(&store, id, &mut back)?;
    let target = "all".into();
    assert_eq!(back.effect, Effect::Heal { amount: 1, area: None, target, tags: vec![] });
    Ok(())
}

#[test]
fn enums_with_data_round_trip() -> Outcome {
    round_trip(&spells())
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Lists {
    grid: Vec<Vec<u8>>,
    deep: Vec<Vec<Vec<String>>>,
    pairs: Vec<(u8, Option<f32>, Vec<u8>)>,
    maps: Vec<BTreeMap<String, u8>>,
    squares: Vec<[Burn; 2]>,
    rows: [Vec<Burn>; 2],
    maybe: Option<Vec<Vec<Element>>>,
}

#[test]
fn lists_of_composed_values_round_trip() -> Outcome {
    let burn = |time| Burn { time, tags: vec!["a".into()], color: None };
    let some = Lists {
        grid: vec![vec![1, 2], vec![], vec![3]],
        deep: vec![vec![], vec![vec![], vec!["a".into(), "b".into()]]],
        pairs: vec![(1, None, vec![1, 2]), (2, Some(0.5), vec![])],
        maps: vec![[("a".into(), 1)].into(), BTreeMap::new()],
        squares: vec![[burn(1.0), burn(2.0)], [burn(3.0), Burn::default()]],
        rows: [vec![], vec![burn(4.0)]],
        maybe: Some(vec![vec![Element::ColdIron], vec![]]),
    };
    let other = Lists { grid: vec![vec![]], maybe: Some(vec![]), ..Lists::default() };
    assert_eq!(
        slots(&schema_of::<Lists>()?)[..4],
        ["grid[]: list(u8)", "grid[]#: list(u32)", "deep[][]: list(text)", "deep[]#: list(u32)"]
    );
    round_trip(&[some, other, Lists::default()])
}

#[test]
fn values_without_a_type_may_be_tuples() -> Outcome {
    let mut pair = DynamicTuple::default();
    pair.insert(1.5_f32);
    pair.insert("long".to_owned());
    let mut object = DynamicStruct::default();
    object.insert("pair", pair);
    let pair = Value::List([1.5_f32.into(), "long".into()].into());
    assert_eq!(record_of(&object)?, record! { pair: pair });
    let mut object = DynamicStruct::default();
    object.insert("levels", DynamicMap::default());
    assert_eq!(
        message(record_of(&object)),
        "'DynamicStruct': field 'levels' cannot be a slot: 'DynamicMap' has no type information; use a static \
         type, or call `set_represented_type` on a value"
    );
    Ok(())
}

/// Returns a dynamic struct of the type with one field.
fn with<T: Typed>(field: &str, value: impl Reflect) -> DynamicStruct {
    let mut object = DynamicStruct::default();
    object.set_represented_type(Some(T::type_info()));
    object.insert(field, value);
    object
}

#[test]
fn dynamic_values_of_another_form_are_refused() -> Outcome {
    let mut short = DynamicTuple::default();
    short.insert(1.5_f32);
    let mut object = DynamicStruct::default();
    object.set_represented_type(Some(Tuples::type_info()));
    object.insert("pair", short);
    assert_eq!(
        message(record_of(&object)),
        "'Tuples': field 'pair' expects a complete '(f32, String)', found 'bevy_reflect::DynamicTuple'"
    );
    assert_eq!(
        message(record_of(&with::<Tuples>("pair", (1_u8, 2_u8)))),
        "'Tuples': field 'pair' expects a complete '(f32, String)', found '(u8, u8)'"
    );
    let mut wrong = DynamicMap::default();
    wrong.insert("hunt".to_owned(), 1_u16);
    let mut object = DynamicStruct::default();
    object.set_represented_type(Some(Maps::type_info()));
    object.insert("levels", wrong);
    assert_eq!(
        message(record_of(&object)),
        "'Maps': field 'levels' expects a complete 'u8', found 'u16'"
    );
    let mut missing = DynamicStruct::default();
    missing.insert("amount", 3_u8);
    for (variant, expected) in [
        (DynamicEnum::new("Heal", DynamicVariant::Struct(missing)), "expects a complete 'Effect'"),
        (DynamicEnum::new("Rset", DynamicVariant::Unit), "expects a complete 'Effect'"),
        (DynamicEnum::new("Wait", DynamicVariant::Unit), "expects a complete 'Effect'"),
    ] {
        let mut object = DynamicStruct::default();
        object.set_represented_type(Some(Spell::type_info()));
        object.insert("effect", variant);
        let message = message(record_of(&object));
        assert!(message.contains(expected), "{message}");
    }
    Ok(())
}

#[test]
fn parts_that_do_not_fit_are_refused_and_nothing_is_written() -> Outcome {
    let (mut store, id) = spawned(&spells()[2])?;
    let before = store.snapshot();
    let key = store.key::<Option<u8>>("spell", "effect@heal.amount")?;
    store.set(id, key, None)?;
    let mut back = Spell::default();
    assert_eq!(
        message(read_into(&store, id, &mut back)),
        "'Spell': field 'effect' has parts that do not fit together in the object; set 'effect' as a whole"
    );
    assert_eq!(back, Spell::default());
    store.restore(&before)?;
    let key = store.key::<slotted::List<u8>>("spell", "list[]@heal.amount")?;
    store.set(id, key, slotted::List::EMPTY)?;
    assert_eq!(
        message(read_into(&store, id, &mut back)),
        "'Spell': field 'list' has parts that do not fit together in the object; set 'list' as a whole"
    );
    assert_eq!(back, Spell::default());

    let (mut store, id) = spawned(&tuples()[2])?;
    store.set_value(id, "maybe.0", Value::Unset)?;
    let (mut back, before) = (tuples().swap_remove(1), tuples().swap_remove(1));
    assert_eq!(
        message(read_into(&store, id, &mut back)),
        "'Tuples': field 'maybe.0' is unset in the object, but 'i16' is not an 'Option'; set all parts of the struct, \
         or use an 'Option'"
    );
    assert_eq!(back, before);
    Ok(())
}

#[test]
fn objects_of_other_kinds_are_refused() -> Outcome {
    let mut store = Store::new();
    let tuples = Schema::builder("tuples").slot("pair.0", slotted::Kind::F32);
    store.register_schema(tuples.slot("pair.1", slotted::Kind::U8).build()?)?;
    let id = store.spawn_record("tuples", record! { "pair.0": 1, "pair.1": 2 })?;
    #[derive(Reflect, Default, Debug, PartialEq)]
    struct Pairs {
        pair: (f32, String),
    }
    let mut back = Pairs::default();
    assert_eq!(
        message(read_into(&store, id, &mut back)),
        "'Pairs': field 'pair' is text, but slot 'pair.1' of the object is u8"
    );
    assert_eq!(back, Pairs::default());
    Ok(())
}

#[test]
fn attributes_and_names_that_do_not_apply_are_refused() {
    #[derive(Reflect)]
    enum Odd {
        #[reflect(@SlotName("a.b"))]
        Dot(u8),
        Size(usize),
        Self_(Vec<Odd>),
    }
    #[derive(Reflect)]
    struct Bad {
        #[reflect(@SlotRange::new(0..=1))]
        pair: (u8, u8),
        #[reflect(@SlotDefault::new(1))]
        levels: HashMap<String, u8>,
        odd: Odd,
    }
    assert_eq!(
        message(schema_of::<Bad>()),
        "'Bad' has 5 problems:\
         \n  field 'pair' cannot be a slot: the nested record 'pair' of schema 'pair' cannot have a \
         constraint; set it on the slots of the nested schema\
         \n  field 'levels' cannot be a slot: the nested record 'levels' of schema 'levels' cannot have a \
         default; set it on the slots of the nested schema\
         \n  field 'odd.Dot' names slot 'a.b', which cannot be a part of a nested record; use a name that is \
         not a number and has no '.', '?', '#', '@', '|' or bracket\
         \n  field 'odd.Size.0' cannot be a slot: 'usize' has a platform-dependent width; use 'u32' or 'u64'\
         \n  field 'odd.Self_.0' cannot be a slot: 'Odd' contains itself, so its slots have no end; use a \
         'Reference' to an object of its own"
    );
}

#[test]
fn defaults_of_structs_pass_composed_fields_over() -> Outcome {
    let schema = schema_with_defaults_of::<Spell>()?;
    assert_eq!(slots(&schema)[0], "cost: u8, default 0");
    assert_eq!(slots(&schema)[1..], slots(&schema_of::<Spell>()?)[1..]);
    Ok(())
}
