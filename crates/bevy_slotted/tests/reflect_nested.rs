//! Structs inside reflected structs: nested records, optional ones, and lists of them.
#![cfg(feature = "reflect")]

mod reflect_support;

use std::error::Error;

use bevy_reflect::list::DynamicList;
use bevy_reflect::structs::{DynamicStruct, Struct};
use bevy_reflect::{FromReflect, Reflect, Typed};
use bevy_slotted::reflect::{
    AnyValue, Reference, SlotDefault, SlotName, SlotRange, SlotReferences, read_into, record_of,
    schema_of, schema_with_defaults_of, spawn_reflected,
};
use slotted::glam::Vec2;
use slotted::{List, ObjectId, Schema, Slotted, Store, Value, record};

use reflect_support::{message, slots, spawned};

type Outcome = Result<(), Box<dyn Error>>;

/// Spawns the object, reads it back into `back` and returns that.
fn through_store<T: Reflect + Typed>(object: &T, mut back: T) -> Result<T, Box<dyn Error>> {
    let (store, id) = spawned(object)?;
    read_into(&store, id, back.as_partial_reflect_mut())?;
    Ok(back)
}

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq)]
enum Element {
    #[default]
    Fire,
    ColdIron,
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Damage {
    min: u16,
    #[reflect(@SlotName("most"), @SlotRange::new(0..=100), @SlotDefault::new(9))]
    max: u16,
    element: Element,
    at: Vec2,
    bonus: Option<u8>,
    tags: Vec<String>,
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Weapon {
    weight: f32,
    damage: Damage,
}

fn damage() -> Damage {
    let (at, tags) = (Vec2::new(1.0, 2.0), vec!["sharp".into(), "rusty".into()]);
    Damage { min: 1, max: 4, element: Element::ColdIron, at, bonus: Some(2), tags }
}

#[test]
fn a_struct_is_a_nested_record() -> Outcome {
    assert_eq!(
        slots(&schema_of::<Weapon>()?),
        [
            "weight: f32",
            "damage.min: u16",
            "damage.most: u16, default 9, range 0 to 100",
            "damage.element: enum(fire, cold_iron)",
            "damage.at: vec2",
            "damage.bonus: u8, optional",
            "damage.tags: list(text)",
        ]
    );
    let axe = Weapon { weight: 2.5, damage: damage() };
    let (mut store, id) = spawned(&axe)?;
    assert_eq!(record_of(&axe)?.get("damage"), Some(&store.get_value(id, "damage")?));
    assert_eq!(store.get_value(id, "damage.most")?, 4.into());

    let mut back = Weapon::default();
    read_into(&store, id, &mut back)?;
    assert_eq!(back, axe);
    // Lists and options of the target are replaced.
    let other = Damage { bonus: None, tags: vec![], ..damage() };
    assert_eq!(
        through_store(&Weapon { damage: other.clone(), ..axe.clone() }, axe.clone())?.damage,
        other
    );

    for (slot, value) in record_of(&Weapon::default())? {
        store.set_value(id, &slot, value)?;
    }
    read_into(&store, id, &mut back)?;
    assert_eq!(back, Weapon::default());
    Ok(())
}

#[test]
fn constraints_of_parts_are_checked() -> Outcome {
    let mut axe = Weapon { weight: 2.5, damage: damage() };
    let (mut store, _) = spawned(&axe)?;
    axe.damage.max = 101;
    assert_eq!(
        message(spawn_reflected(&mut store, &axe)),
        "slot 'damage.most' of 'weapon' expects 0 to 100, found 101"
    );
    Ok(())
}

#[test]
fn the_schema_is_that_of_the_derive() -> Outcome {
    #[derive(Reflect, Slotted, Clone, Copy)]
    struct Range {
        min: u16,
        #[slot(default = 3)]
        #[reflect(@SlotDefault::new(3))]
        max: u16,
    }
    #[derive(Reflect, Slotted, Clone, Copy)]
    struct Strike {
        #[slot(nested)]
        range: Range,
        speed: Option<f32>,
    }
    #[derive(Reflect, Slotted, Clone, Copy)]
    struct Sword {
        #[slot(nested, name = "hit")]
        #[reflect(@SlotName("hit"))]
        strike: Strike,
    }
    assert_eq!(schema_of::<Sword>()?, <Sword as Slotted>::schema()?);
    assert_eq!(schema_of::<Sword>()?.slots()[1].to_string(), "hit.range.max: u16, default 3");
    Ok(())
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Deep {
    one: One,
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct One {
    two: Two<u8>,
    other: Two<Vec2>,
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Two<T> {
    value: T,
}

#[test]
fn structs_in_structs_round_trip() -> Outcome {
    assert_eq!(
        slots(&schema_of::<Deep>()?),
        ["one.two.value: u8", "one.other.value: vec2"],
        "generic structs have no name of their own"
    );
    let deep = Deep { one: One { two: Two { value: 7 }, other: Two { value: Vec2::X } } };
    assert_eq!(through_store(&deep, Deep::default())?, deep);
    Ok(())
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Guard {
    damage: Option<Damage>,
    post: Option<Post>,
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Post {
    name: String,
    inner: One,
    gate: Option<Two<u8>>,
    drops: Vec<Drop>,
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Drop {
    item: String,
    #[reflect(@SlotRange::new(0.0..=1.0))]
    chance: Option<f32>,
    tags: Vec<u8>,
}

fn drops() -> Vec<Drop> {
    let drop = |item: &str, chance, tags: &[u8]| Drop {
        item: item.to_owned(),
        chance,
        tags: tags.to_vec(),
    };
    vec![drop("bone", Some(0.5), &[1, 2]), drop("hide", None, &[]), drop("", Some(1.0), &[3])]
}

#[test]
fn optional_structs_round_trip() -> Outcome {
    let schema = schema_of::<Guard>()?;
    assert!(schema.slots().iter().all(|slot| slot.is_optional() && slot.default().is_none()));
    assert_eq!(
        schema.slots()[1].to_string(),
        "damage.most: u16, optional, needed in damage, default 9 there, range 0 to 100"
    );
    let none = Guard::default();
    let post = Post { name: "gate".into(), gate: Some(Two { value: 1 }), ..Post::default() };
    let some =
        Guard { damage: Some(damage()), post: Some(Post { drops: drops(), ..post.clone() }) };
    let other = Guard { damage: Some(Damage::default()), post: Some(Post { gate: None, ..post }) };
    let all = [&none, &some, &other];
    for guard in all {
        for target in all {
            assert_eq!(through_store(guard, target.clone())?, *guard);
        }
    }
    assert_eq!(record_of(&none)?, record! { damage: Value::Unset, post: Value::Unset });
    let (mut store, id) = spawned(&some)?;
    for guard in all {
        for (slot, value) in record_of(guard)? {
            store.set_value(id, &slot, value)?;
        }
        let mut back = some.clone();
        read_into(&store, id, &mut back)?;
        assert_eq!(back, *guard);
    }
    Ok(())
}

#[test]
fn an_optional_struct_without_set_parts_is_read_as_none() -> Outcome {
    #[derive(Reflect, Clone, Debug, Default, PartialEq)]
    struct Maybe {
        a: Option<u8>,
        b: Option<u8>,
    }
    #[derive(Reflect, Clone, Debug, Default, PartialEq)]
    struct Outer {
        plain: Maybe,
        option: Option<Maybe>,
    }
    let outer = Outer { plain: Maybe::default(), option: Some(Maybe::default()) };
    let full = Maybe { a: Some(1), b: Some(2) };
    let back = Outer { plain: full.clone(), option: Some(full) };
    assert_eq!(through_store(&outer, back)?, Outer::default());
    let half = Maybe { a: Some(1), b: None };
    let outer = Outer { plain: half.clone(), option: Some(half) };
    assert_eq!(through_store(&outer, Outer::default())?, outer);
    Ok(())
}

#[test]
fn half_an_optional_struct_is_an_error() -> Outcome {
    let guard = Guard { damage: Some(damage()), post: Some(Post::default()) };
    let (mut store, id) = spawned(&guard)?;
    store.set_value(id, "damage.min", Value::Unset)?;
    store.set_value(id, "post.inner.two.value", Value::Unset)?;
    let mut back = Guard { damage: Some(Damage::default()), ..Guard::default() };
    let before = back.clone();
    let expected = "'Guard' has 2 problems:\
        \n  field 'damage.min' is unset in the object, but 'u16' is not an 'Option'; set all parts of the struct, or use an 'Option'\
        \n  field 'post.inner.two.value' is unset in the object, but 'u8' is not an 'Option'; set all parts of the struct, or use an 'Option'";
    assert_eq!(message(read_into(&store, id, &mut back)), expected);
    assert_eq!(back, before);
    Ok(())
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Unit {
    name: String,
    drops: Vec<Drop>,
    pair: [Two<u8>; 2],
    spare: Option<Vec<Two<f32>>>,
    orders: Vec<Order>,
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Order {
    at: Two<Vec2>,
    then: Option<Two<u8>>,
    steps: Vec<Step>,
    #[reflect(@SlotReferences("unit"))]
    target: Option<Reference>,
    #[reflect(ignore)]
    cache: u8,
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Step {
    element: Element,
    more: Option<Vec<u8>>,
}

fn unit() -> Unit {
    let step = |more| Step { element: Element::ColdIron, more };
    let steps = vec![step(None), step(Some(vec![])), step(Some(vec![1, 2]))];
    let order = Order { at: Two { value: Vec2::Y }, steps, ..Order::default() };
    let orders =
        vec![Order::default(), order.clone(), Order { then: Some(Two { value: 3 }), ..order }];
    let pair = [Two { value: 1 }, Two { value: 2 }];
    Unit { name: "Ada".into(), drops: drops(), pair, spare: Some(vec![Two { value: 0.5 }]), orders }
}

#[test]
fn lists_of_structs_round_trip() -> Outcome {
    assert_eq!(
        slots(&schema_of::<Unit>()?)[1..8],
        [
            "drops[].item: list(text)",
            "drops[].chance: list(f32), default [], range 0.0 to 1.0",
            "drops[].chance?: list(bool), default []",
            "drops[].tags: list(u8)",
            "drops[].tags#: list(u32)",
            "pair[].value: list(u8)",
            "spare[].value: list(f32), optional",
        ]
    );
    let empty = Unit { spare: Some(vec![]), ..Unit::default() };
    let all = [&unit(), &Unit::default(), &empty];
    for object in all {
        for target in all {
            assert_eq!(through_store(object, target.clone())?, *object);
        }
    }
    let (store, id) = spawned(&unit())?;
    assert_eq!(
        store.get_value(id, "drops")?,
        [
            map([("item", "bone".into()), ("chance", 0.5_f32.into()), ("tags", [1, 2].into())]),
            map([("item", "hide".into()), ("tags", Value::List([].into()))]),
            map([("item", "".into()), ("chance", 1.0_f32.into()), ("tags", [3].into())]),
        ]
        .into()
    );
    let chances = store.get(id, store.key::<List<f32>>("unit", "drops[].chance")?).ok_or("dead")?;
    assert_eq!(store.resolve_list(chances), Some(&[0.5, 1.0][..]));
    Ok(())
}

#[test]
fn references_in_structs_are_checked() -> Outcome {
    let (mut store, id) = spawned(&Unit::default())?;
    let order = Order { target: Some(id.into()), ..Order::default() };
    let mut unit = Unit { orders: vec![Order::default(), order], ..Unit::default() };
    let other = spawn_reflected(&mut store, &unit)?;
    let mut back = Unit::default();
    read_into(&store, other, &mut back)?;
    assert_eq!(back, unit);
    let never = ObjectId::from_bits(id.to_bits() + (4 << 32)).ok_or("odd")?;
    unit.orders[1].target = Some(never.into());
    let error = message(spawn_reflected(&mut store, &unit));
    assert!(error.contains("slot 'orders[].target' of 'unit' refers to object"), "{error}");
    Ok(())
}

#[test]
fn ignored_fields_of_structs_stay_unchanged() -> Outcome {
    #[derive(Reflect, Clone, Debug, Default, PartialEq)]
    struct Cached {
        value: u8,
        #[reflect(ignore)]
        cache: u8,
    }
    #[derive(Reflect, Clone, Debug, Default, PartialEq)]
    struct Outer {
        plain: Cached,
        option: Option<Cached>,
        array: [Cached; 1],
        list: Vec<Cached>,
    }
    let all = |value, cache| {
        let cached = Cached { value, cache };
        let (option, array) = (Some(cached.clone()), [cached.clone()]);
        Outer { plain: cached.clone(), option, array, list: vec![cached] }
    };
    let back = through_store(&all(1, 2), all(3, 4))?;
    let list = vec![Cached { value: 1, cache: 0 }];
    assert_eq!(back, Outer { list, ..all(1, 4) }, "elements of lists are new");
    Ok(())
}

#[test]
fn lists_whose_parts_do_not_fit_together_are_not_read() -> Outcome {
    let (mut store, id) = spawned(&unit())?;
    let tags = store.key::<List<u8>>("unit", "drops[].tags")?;
    let short = store.intern_list(&[1_u8])?;
    store.set(id, tags, short)?;
    let mut back = Unit { name: "old".into(), ..Unit::default() };
    assert_eq!(
        message(read_into(&store, id, &mut back)),
        "'Unit': field 'drops' has parts with lists of different lengths in the object; set 'drops' \
         as a whole, or all its parts"
    );
    assert_eq!(back, Unit { name: "old".into(), ..Unit::default() });

    store.set_value(id, "drops", Value::List([].into()))?;
    store.set_value(id, "pair", [map([("value", 1.into())])])?;
    assert_eq!(
        message(read_into(&store, id, &mut back)),
        "'Unit': field 'pair' expects 2 elements, found 1"
    );
    Ok(())
}

#[test]
fn objects_with_other_parts_are_not_read() -> Outcome {
    let mut store = Store::new();
    let drop = Schema::builder("drop").slot("item", slotted::Kind::Text).optional();
    let drop = drop.slot("chance", slotted::Kind::F64).optional().build()?;
    let pair = Schema::builder("pair").slot("value", slotted::Kind::U16).build()?;
    let builder = Schema::builder("unit").slot("name", slotted::Kind::Text);
    let builder = builder.nested_list("drops", &drop).nested("pair", &pair);
    store.register_schema(builder.build()?)?;
    #[derive(Reflect, Clone, Debug, Default, PartialEq)]
    struct Loot {
        name: String,
        drops: Vec<Named>,
        pair: Two<u8>,
        chance: Two<u8>,
    }
    #[derive(Reflect, Clone, Debug, Default, PartialEq)]
    struct Named {
        item: String,
    }
    let pair = map([("value", 1.into())]);
    let nameless = map([("chance", 0.5.into())]);
    let bone = map([("item", "bone".into())]);
    let values = record! { name: "a", drops: [bone, nameless], pair: pair };
    let id = store.spawn_record("unit", values)?;
    let mut loot = Loot::default();
    assert_eq!(
        message(read_into(&store, id, &mut loot)),
        "'Loot' has 3 problems:\
         \n  field 'drops[1].item' is unset in the object, but 'String' is not an 'Option'; set all parts of the struct, or use an 'Option'\
         \n  field 'pair.value' is u8, but slot 'pair.value' of the object is u16\
         \n  field 'chance.value' cannot be read: 'unit' object has no slot 'chance.value'"
    );
    assert_eq!(
        message(read_into(&store, id, &mut Unit::default())),
        "'Unit' has 4 problems:\
         \n  field 'drops' is list(f32), but slot 'drops[].chance' of the object is list(f64)\
         \n  field 'pair' cannot be read: 'unit' object has no slot 'pair[].value'; did you mean \
         'pair.value'?\
         \n  field 'spare' cannot be read: 'unit' object has no slot 'spare[].value'\
         \n  field 'orders' cannot be read: 'unit' object has no slot 'orders[].at.value'"
    );
    assert_eq!(loot, Loot::default());
    Ok(())
}

#[test]
fn values_of_any_sort_round_trip() -> Outcome {
    #[derive(Reflect, Clone, Debug, Default, PartialEq)]
    struct Item {
        on_use: AnyValue,
        notes: Option<AnyValue>,
        all: Vec<AnyValue>,
        uses: Vec<Two<AnyValue>>,
        nested: Option<Two<Option<AnyValue>>>,
    }
    assert_eq!(
        slots(&schema_of::<Item>()?)[..3],
        ["on_use: any", "notes: any, optional", "all: list(any)"]
    );
    let heal = AnyValue(map([("type", "heal".into()), ("amount", [1, 2].into())]));
    let text = AnyValue("nothing".into());
    let item = Item {
        on_use: heal.clone(),
        notes: Some(heal.clone()),
        all: vec![heal.clone(), text.clone()],
        uses: vec![Two { value: text.clone() }, Two { value: heal.clone() }],
        nested: Some(Two { value: Some(heal) }),
    };
    let plain =
        Item { on_use: text.clone(), nested: Some(Two { value: Some(text) }), ..Item::default() };
    for (object, target) in [(&item, &plain), (&plain, &item), (&item, &Item::default())] {
        assert_eq!(through_store(object, target.clone())?, *object);
    }
    Ok(())
}

#[test]
fn static_texts_in_structs_must_be_equal() -> Outcome {
    #[derive(Reflect, Clone, Debug, PartialEq)]
    struct Named {
        name: &'static str,
        size: Option<u8>,
    }
    #[derive(Reflect, Clone, Debug, PartialEq)]
    struct Outer {
        size: u8,
        plain: Named,
        option: Option<Named>,
        list: Vec<Named>,
    }
    let all = |size, name, inner| {
        let named = Named { name, size: inner };
        Outer { size, plain: named.clone(), option: Some(named.clone()), list: vec![named] }
    };
    let mut back = through_store(&all(1, "a", None), all(2, "a", None))?;
    assert_eq!(back, all(1, "a", None));
    let other = all(3, "b", Some(1));
    let (store, id) = spawned(&other)?;
    let error = message(read_into(&store, id, &mut back));
    let text = "is a `&'static str`, which cannot hold a text of a store; use `String` or \
        `Cow<'static, str>`";
    assert_eq!(
        error,
        format!(
            "'Outer' has 3 problems:\n  field 'plain.name' {text}\n  field 'option' {text}\n  \
             field 'list' {text}"
        )
    );
    assert_eq!(back, all(1, "a", None));
    Ok(())
}

#[test]
fn the_type_s_default_values_become_those_of_the_parts() -> Outcome {
    #[derive(Reflect)]
    struct Outer {
        damage: Damage,
        deep: One,
        option: Option<One>,
        drops: Vec<Drop>,
    }
    impl Default for Outer {
        fn default() -> Self {
            let option = Some(One::default());
            Self { damage: damage(), deep: One::default(), option, drops: drops() }
        }
    }
    let schema = schema_with_defaults_of::<Outer>()?;
    assert_eq!(
        slots(&schema)[..10],
        [
            "damage.min: u16, default 1",
            "damage.most: u16, default 9, range 0 to 100",
            "damage.element: enum(fire, cold_iron), default \"cold_iron\"",
            "damage.at: vec2, default [1.0, 2.0]",
            "damage.bonus: u8, optional, default 2",
            "damage.tags: list(text), default [\"sharp\", \"rusty\"]",
            "deep.two.value: u8, default 0",
            "deep.other.value: vec2, default [0.0, 0.0]",
            "option.two.value: u8, optional, needed in option",
            "option.other.value: vec2, optional, needed in option",
        ]
    );
    let mut store = Store::new();
    store.register_schema(schema)?;
    let id = store.spawn_record("outer", record! { drops: Value::List([].into()) })?;
    let mut back = Outer::default();
    read_into(&store, id, &mut back)?;
    assert_eq!(back.damage, Damage { max: 9, ..damage() });
    assert_eq!((back.option, back.drops.len()), (None, 0));
    Ok(())
}

mod dynamic {
    use super::*;

    #[test]
    fn dynamic_structs_in_structs_are_read() -> Outcome {
        let unit = unit();
        let (mut store, id) = spawned(&unit)?;
        let dynamic = unit.to_dynamic_struct()?;
        assert_eq!(record_of(&dynamic)?, record_of(&unit)?);
        let other = spawn_reflected(&mut store, &dynamic)?;
        assert_eq!(store.get_record(id)?, store.get_record(other)?);

        let mut target = Unit::default().to_dynamic_struct()?;
        read_into(&store, id, &mut target)?;
        assert_eq!(Unit::from_reflect(&target), Some(unit));

        let guard = Guard { damage: Some(damage()), post: None };
        let (store, id) = spawned(&guard)?;
        let mut target =
            Guard { damage: Some(Damage::default()), ..guard.clone() }.to_dynamic_struct()?;
        read_into(&store, id, &mut target)?;
        assert_eq!(Guard::from_reflect(&target), Some(guard));
        Ok(())
    }

    #[test]
    fn missing_parts_get_the_slots_defaults() -> Outcome {
        let axe = Weapon { weight: 2.5, damage: damage() };
        let (mut store, _) = spawned(&axe)?;
        let mut dynamic = axe.to_dynamic_struct()?;
        let mut inner = damage().to_dynamic_struct()?;
        inner.remove_by_name("max");
        dynamic.insert("damage", inner);
        let id = spawn_reflected(&mut store, &dynamic)?;
        assert_eq!(store.get_value(id, "damage.most")?, 9.into());

        // Absent parts of a target stay absent.
        read_into(&store, id, &mut dynamic)?;
        let mut inner = DynamicStruct::default();
        inner.set_represented_type(Some(Damage::type_info()));
        inner.insert("min", 2_u16);
        dynamic.insert("damage", inner);
        assert_eq!(
            message(spawn_reflected(&mut store, &dynamic)),
            "3 problems:\
             \n  'weapon' object needs a value for slot 'damage.element' (enum(fire, cold_iron))\
             \n  'weapon' object needs a value for slot 'damage.at' (vec2)\
             \n  'weapon' object needs a value for slot 'damage.tags' (list(text))"
        );
        Ok(())
    }

    #[test]
    fn wrong_parts_are_named() -> Outcome {
        let mut inner = damage().to_dynamic_struct()?;
        inner.insert("min", "one");
        inner.insert("mni", 1_u16);
        let mut weapon = Weapon::default().to_dynamic_struct()?;
        weapon.insert("damage", inner);
        assert_eq!(
            message(record_of(&weapon)),
            "'Weapon' has 2 problems:\
             \n  field 'damage.mni' is not a field of the type\
             \n  field 'damage.min' expects a complete 'u16', found '&str'"
        );

        let mut unit = unit().to_dynamic_struct()?;
        let mut bone = drops()[0].to_dynamic_struct()?;
        bone.insert("item", 1_u8);
        let mut list = DynamicList::default();
        list.push(drops()[1].clone());
        list.push(bone);
        unit.insert("drops", list);
        unit.insert("spare", Some(Drop::default()));
        assert_eq!(
            message(record_of(&unit)),
            "'Unit' has 2 problems:\
             \n  field 'drops[1].item' expects a complete 'String', found 'u8'\
             \n  field 'spare' expects a complete 'Option<Vec<Two<f32>>>', found \
             'core::option::Option<reflect_nested::Drop>'"
        );
        Ok(())
    }

    #[test]
    fn structs_without_a_type_are_maps() -> Outcome {
        let mut inner = DynamicStruct::default();
        inner.insert("min", 1_u16);
        let mut outer = DynamicStruct::default();
        outer.insert("damage", inner);
        outer.insert("drops", vec![Two { value: 1_u8 }]);
        let expected = record! {
            damage: map([("min", 1.into())]), drops: [map([("value", 1.into())])],
        };
        assert_eq!(record_of(&outer)?, expected);
        outer.insert("damage", DynamicStruct::default());
        assert_eq!(
            message(record_of(&outer)),
            "'DynamicStruct': field 'damage' cannot be a slot: 'DynamicStruct' is a struct without \
             fields, so it has no slots; use a bool, or `#[reflect(ignore)]`"
        );
        Ok(())
    }
}

#[test]
fn elements_that_leave_a_part_out_have_its_default() -> Outcome {
    #[derive(Reflect, Default)]
    struct Loot {
        item: String,
        #[reflect(@SlotDefault::new(9))]
        most: u16,
    }
    #[derive(Reflect, Default)]
    struct Chest {
        loot: Vec<Loot>,
    }
    let mut store = Store::new();
    store.register_schema(schema_of::<Chest>()?)?;
    let bone: Value = [("item", "bone")].into_iter().collect();
    let chest = store.spawn_record("chest", record! { loot: [bone] })?;
    assert_eq!(store.get_value(chest, "loot[].most")?, [9_u16].into());
    Ok(())
}
