//! Rust enums as unions: `#[derive(SlotUnion)]`.

use proptest::prelude::*;
use slotted::error::SpawnError;
use slotted::schema::UnionBy;
use slotted::{
    Kind, List, ObjectId, Records, Schema, SchemaError, SlotUnion, SlotValue, Slotted, Store, Text,
    Value, View, record,
};

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Bonus {
    #[slot(range = -9..=9)]
    strength: i8,
    speed: Option<f32>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Target {
    level: u8,
    weight: Option<f32>,
}

#[derive(SlotUnion, Clone, Copy, Debug, PartialEq)]
enum Area {
    Circle {
        radius: f32,
    },
    #[slot(name = "whole map")]
    Everywhere,
    Tiles(u16),
}

#[derive(SlotUnion, Clone, Copy, Debug, PartialEq)]
#[slotted(tag = "type")]
enum Effect {
    Heal {
        #[slot(range = 0..=100, default = 5)]
        amount: f32,
        per_level: Option<u8>,
        tags: List<u8>,
    },
    Buff(#[slot(nested)] Bonus),
    Summon {
        #[slot(nested)]
        at: Area,
        #[slot(nested, name = "group")]
        targets: Records<Target>,
        #[slot(nested)]
        bonus: Bonus,
        #[slot(references = "spell")]
        then: Option<ObjectId>,
    },
    Rest,
}

#[derive(SlotUnion, Clone, Copy, Debug, PartialEq)]
#[slotted(untagged)]
enum Cost {
    Number(f64),
    Text(Text),
    Map(#[slot(nested)] Bonus),
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Spell {
    mana: u16,
    #[slot(nested)]
    effect: Effect,
    power: f32,
    #[slot(nested)]
    cost: Option<Cost>,
    #[slot(nested, renamed_from = "second")]
    other: Option<Effect>,
    level: u8,
}

fn store() -> Store {
    let mut store = Store::new();
    store.register::<Spell>().unwrap();
    store
}

const BONUS: Bonus = Bonus { strength: 2, speed: None };

fn spell(effect: Effect) -> Spell {
    Spell { mana: 3, effect, power: 0.5, cost: None, other: None, level: 7 }
}

fn heal() -> Effect {
    Effect::Heal { amount: 5.0, per_level: None, tags: List::EMPTY }
}

#[test]
fn the_derive_makes_the_slots_that_the_builder_makes() {
    let slots: Vec<_> =
        store().schema("spell").unwrap().slots().iter().map(ToString::to_string).collect();
    assert_eq!(
        &slots[..20],
        [
            "mana: u16",
            "effect@type: enum(heal, buff, summon, rest)",
            "effect@heal.amount: f32, optional, default 5 of the part, range 0.0 to 100.0",
            "effect@heal.per_level: u8, optional",
            "effect@heal.per_level?: bool, optional",
            "effect@heal.tags: list(u8), optional",
            "effect@buff.strength: i8, optional, range -9 to 9",
            "effect@buff.speed: f32, optional",
            "effect@buff.speed?: bool, optional",
            "effect@summon.at@: enum(circle, whole map, tiles), optional",
            "effect@summon.at@circle.radius: f32, optional",
            "effect@summon.at@tiles: u16, optional",
            "effect@summon.group[].level: list(u8), optional",
            "effect@summon.group[].weight: list(f32), optional",
            "effect@summon.group[].weight?: list(bool), optional",
            "effect@summon.bonus.strength: i8, optional, range -9 to 9",
            "effect@summon.bonus.speed: f32, optional",
            "effect@summon.bonus.speed?: bool, optional",
            "effect@summon.then: object, optional, references 'spell'",
            "effect@summon.then?: bool, optional",
        ]
    );
    let bonus = Bonus::schema().unwrap();
    let cost = Schema::builder("spell")
        .slot("cost|", Kind::enumeration(["number", "text", "map"]))
        .optional()
        .slot("cost|number", Kind::F64)
        .optional()
        .slot("cost|text", Kind::Text)
        .optional()
        .slot("cost|map.strength", Kind::I8)
        .optional()
        .range(-9..=9)
        .slot("cost|map.speed", Kind::F32)
        .optional()
        .slot("cost|map.speed?", Kind::Bool)
        .optional();
    let cost: Vec<_> = cost.build().unwrap().slots().iter().map(ToString::to_string).collect();
    assert_eq!(slots[21..27], cost);
    let former = store().schema("spell").unwrap().slot("other@buff.speed?").unwrap().clone();
    assert_eq!(former.renamed_from(), Some("second@buff.speed?"));

    #[derive(SlotUnion, Clone, Copy)]
    #[allow(dead_code)]
    enum Small {
        Buff(#[slot(nested)] Bonus),
        Rest,
    }
    #[derive(Slotted, Clone, Copy)]
    struct Charm {
        #[slot(nested)]
        #[allow(dead_code)]
        effect: Small,
    }
    let variants = [("buff", Some(&bonus)), ("rest", None)];
    let built = Schema::builder("charm").nested_union("effect", UnionBy::Name, variants);
    assert_eq!(Charm::schema().unwrap(), built.build().unwrap());
}

/// The parts of a spell, and the values of its slots.
type Case = (Effect, Option<Cost>, Option<Effect>, [Value; 3]);

/// Spells whose parts differ, and the values that records have for them: the effect, the cost and the other effect.
fn cases(store: &mut Store) -> [Case; 4] {
    let tags = store.intern_list(&[1_u8, 2]).unwrap();
    let targets = [Target { level: 1, weight: None }, Target { level: 2, weight: Some(0.5) }];
    let targets = store.intern_records(&targets).unwrap();
    let first = store.spawn(spell(heal())).unwrap();
    let summon = Effect::Summon { at: Area::Tiles(9), targets, bonus: BONUS, then: Some(first) };
    let ice = store.intern_text("ice").unwrap();
    let group =
        [map([("level", 1.into())]), map([("level", 2.into()), ("weight", 0.5_f32.into())])];
    let of = |variant: &str, parts: &[(&str, Value)]| {
        let parts = parts.iter().map(|(name, part)| (*name, part.clone()));
        [("type", Value::from(variant))].into_iter().chain(parts).collect::<Value>()
    };
    let strength = ("strength", Value::from(2));
    let tiles = map([("tiles", 9.into())]);
    let rest = of("rest", &[]);
    let healing = [("amount", 7.5_f32.into()), ("per_level", 0.into()), ("tags", [1, 2].into())];
    let buff = [strength.clone(), ("speed", 1.5_f32.into())];
    let bonus = map([strength.clone()]);
    let summoning =
        [("at", tiles), ("group", group.into()), ("bonus", bonus.clone()), ("then", first.into())];
    [
        (
            Effect::Heal { amount: 7.5, per_level: Some(0), tags },
            Some(Cost::Number(2.5)),
            Some(Effect::Rest),
            [of("heal", &healing), 2.5_f64.into(), rest.clone()],
        ),
        (
            Effect::Buff(Bonus { speed: Some(1.5), ..BONUS }),
            Some(Cost::Text(ice)),
            None,
            [of("buff", &buff), "ice".into(), Value::Unset],
        ),
        (
            summon,
            Some(Cost::Map(BONUS)),
            Some(Effect::Buff(BONUS)),
            [of("summon", &summoning), bonus, of("buff", &[strength])],
        ),
        (Effect::Rest, None, None, [rest, Value::Unset, Value::Unset]),
    ]
}

#[test]
fn records_and_structs_are_the_same_objects() {
    let mut store = store();
    for (effect, cost, other, values) in cases(&mut store) {
        let object = Spell { cost, other, ..spell(effect) };
        let id = store.spawn(object).unwrap();
        assert_eq!(store.get_object::<Spell>(id), Ok(object));
        assert_eq!(
            ["effect", "cost", "other"].map(|slot| store.get_value(id, slot).unwrap()),
            values
        );
        let [effect, cost, other] = values;
        let fields =
            record! { mana: 3, effect: effect, power: 0.5, cost: cost, other: other, level: 7 };
        let same = store.spawn_record("spell", fields).unwrap();
        assert_eq!(store.get_object::<Spell>(same), Ok(object));
        // The parts of the former variant are unset.
        store.set_object(same, spell(heal())).unwrap();
        assert_eq!(store.get_object::<Spell>(same), Ok(spell(heal())));
        assert_eq!(store.get_value(same, "effect@buff.strength"), Ok(Value::Unset));
        assert_eq!(store.get_value(same, "effect@buff.speed?"), Ok(Value::Unset));
        assert_eq!(store.get_value(same, "effect@heal.per_level?"), Ok(false.into()));
    }
}

#[test]
fn constraints_of_the_variant_are_checked_and_no_others() {
    let mut store = store();
    let problems = |error: SpawnError| {
        let SpawnError::Rejected(rejection) = error else { panic!("is wrong: {error}") };
        rejection.problems().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let wrong = Effect::Heal { amount: 500.0, per_level: None, tags: List::EMPTY };
    let error = store.spawn(Spell { other: Some(wrong), ..spell(wrong) }).unwrap_err();
    assert_eq!(
        problems(error),
        [
            "slot 'effect@heal.amount' of 'spell' expects 0.0 to 100.0, found 500.0",
            "slot 'other@heal.amount' of 'spell' expects 0.0 to 100.0, found 500.0",
        ]
    );
    store.register::<Bonus>().unwrap();
    let other = store.spawn(BONUS).unwrap();
    let targets = Records::empty();
    let bonus = Bonus { strength: 10, speed: None };
    let at = Area::Everywhere;
    let wrong = Effect::Summon { at, targets, bonus, then: Some(other) };
    let error = store.spawn_batch([spell(heal()), spell(wrong)]).unwrap_err();
    let found = problems(error);
    assert_eq!(
        found,
        [
            "record 1: slot 'effect@summon.bonus.strength' of 'spell' expects -9 to 9, found 10",
            "record 1: slot 'effect@summon.then' of 'spell' refers to an object of 'bonus', expected one of 'spell'",
        ]
    );
    assert_eq!(store.len(), 1);
    // The same number is right in another variant.
    let tiles = Effect::Summon { at: Area::Tiles(500), targets, bonus: BONUS, then: None };
    store.spawn(spell(tiles)).unwrap();
}

#[test]
fn keys_and_views_reach_the_parts() {
    let mut store = store();
    let batch = [heal(), Effect::Buff(BONUS), Effect::Rest].map(spell);
    let ids: Vec<_> = store.spawn_batch(batch).unwrap().collect();
    let keys = store.keys::<Spell>().unwrap();
    assert_eq!(store.get(ids[1], keys.effect.variant), Some(EffectVariant::Buff));
    assert_eq!(store.get(ids[1], keys.effect.buff.strength), Some(Some(2)));
    assert_eq!(store.get(ids[0], keys.effect.buff.strength), Some(None));
    assert_eq!(store.get(ids[0], keys.other.variant), Some(None));
    assert_eq!(store.get(ids[0], keys.level), Some(7));
    // A key's text is the position of its slot.
    let at = |name: &str| store.schema("spell").unwrap().slot_index(name).unwrap();
    let found = [
        (format!("{:?}", keys.effect.heal.per_level), "effect@heal.per_level"),
        (format!("{:?}", keys.other.heal.per_level), "other@heal.per_level"),
        (format!("{:?}", keys.effect.summon.at.tiles), "effect@summon.at@tiles"),
        (format!("{:?}", keys.cost.map.strength), "cost|map.strength"),
        (format!("{:?}", keys.other.summon.targets.weight.values), "other@summon.group[].weight"),
        (format!("{:?}", keys.other.summon.then), "other@summon.then"),
        (format!("{:?}", keys.level), "level"),
    ];
    for (key, name) in found {
        assert_eq!(key, format!("SlotKey(0:{})", at(name)), "{name}");
    }

    #[derive(View)]
    struct Healing<'a> {
        #[slot(name = "effect@type")]
        variant: &'a EffectVariant,
        #[slot(name = "effect@heal.amount")]
        amount: Option<&'a mut f32>,
    }
    let mut seen = Vec::new();
    store.view::<Healing>().unwrap().for_each(|spell| {
        seen.push((*spell.variant, spell.amount.is_some()));
        spell.amount.into_iter().for_each(|amount| *amount *= 2.0);
    });
    let (heal, buff, rest) = (EffectVariant::Heal, EffectVariant::Buff, EffectVariant::Rest);
    assert_eq!(seen, [(heal, true), (buff, false), (rest, false)]);
    let doubled = Effect::Heal { amount: 10.0, per_level: None, tags: List::EMPTY };
    assert_eq!(store.get_object::<Spell>(ids[0]).unwrap().effect, doubled);

    // A key writes the variant alone.
    store.set(ids[2], keys.effect.variant, EffectVariant::Buff).unwrap();
    let zero = Effect::Buff(Bonus { strength: 0, speed: None });
    assert_eq!(store.get_object::<Spell>(ids[2]).unwrap().effect, zero);
    store.set(ids[2], keys.other.variant, Some(EffectVariant::Buff)).unwrap();
    assert_eq!(store.get_object::<Spell>(ids[2]).unwrap().other, None);
    store.set(ids[2], keys.other.buff.strength, Some(4)).unwrap();
    let four = Effect::Buff(Bonus { strength: 4, speed: None });
    assert_eq!(store.get_object::<Spell>(ids[2]).unwrap().other, Some(four));
}

#[test]
fn variants_are_a_slot_value_of_their_own() {
    assert_eq!(EffectVariant::kind(), Kind::enumeration(["heal", "buff", "summon", "rest"]));
    assert_eq!(AreaVariant::kind(), Kind::enumeration(["circle", "whole map", "tiles"]));
    assert_eq!(Area::Circle { radius: 1.0 }.variant(), AreaVariant::Circle);
    assert_eq!(Effect::Rest.variant(), EffectVariant::Rest);
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Charm {
    weight: u8,
    #[slot(nested)]
    effect: Effect,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Sword {
    #[slot(nested)]
    charm: Option<Charm>,
    level: u8,
}

#[test]
fn an_optional_record_may_have_a_union() {
    let mut store = Store::new();
    store.register::<Sword>().unwrap();
    let slot = |name: &str| store.schema("sword").unwrap().slot(name).unwrap().clone();
    assert_eq!(slot("charm.effect@type").needed_in(), Some("charm"));
    assert_eq!(slot("charm.effect@heal.amount").needed_in(), None);
    let plain = Sword { charm: None, level: 2 };
    let swords = [heal(), Effect::Rest, Effect::Buff(BONUS)]
        .map(|effect| Sword { charm: Some(Charm { weight: 1, effect }), level: 3 });
    let all: Vec<Sword> = [plain].into_iter().chain(swords).collect();
    let ids: Vec<_> = store.spawn_batch(all.clone()).unwrap().collect();
    for (id, sword) in ids.iter().zip(&all) {
        assert_eq!(store.get_object::<Sword>(*id), Ok(*sword));
        let record = store.schema("sword").unwrap().gather(&store.get_record(*id).unwrap());
        let same = store.spawn_record("sword", record).unwrap();
        assert_eq!(store.get_object::<Sword>(same), Ok(*sword));
    }
    let keys = store.keys::<Sword>().unwrap();
    assert_eq!(store.get(ids[3], keys.charm.effect.buff.strength), Some(Some(2)));
    assert_eq!(store.get(ids[0], keys.charm.effect.variant), Some(None));
    assert_eq!(store.get(ids[3], keys.level), Some(3));
    // A charm needs its effect.
    let half = map([("weight", 1.into())]);
    let error = store.spawn_record("sword", record! { charm: half, level: 1 }).unwrap_err();
    assert!(error.to_string().contains("'charm.effect'"), "{error}");
}

#[test]
fn mistakes_that_the_compiler_cannot_see_are_errors() {
    #[derive(SlotUnion, Clone, Copy)]
    #[slotted(untagged)]
    #[allow(dead_code)]
    enum Cost {
        Number(Text),
    }
    #[derive(Slotted, Clone, Copy)]
    struct Item {
        #[slot(nested)]
        #[allow(dead_code)]
        cost: Cost,
    }
    let error = Item::schema().unwrap_err();
    assert!(matches!(error, SchemaError::BadVariant { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "'number' cannot be a variant or the tag of the union 'cost' of schema 'item': \
         a variant by sort is named after the sort of its value: bool, number, text, list or map"
    );
    let bonus = Bonus::schema().unwrap();
    let bad = |by, variant| {
        let schema = Schema::builder("item").nested_union("cost", by, [variant]);
        schema.build().unwrap_err().to_string()
    };
    let tag = |name: &str| UnionBy::Tag(name.into());
    assert!(bad(tag("a.b"), ("x", None)).starts_with("'a.b' cannot be"));
    assert!(bad(tag("type"), ("x?", None)).starts_with("'x?' cannot be"));
    assert!(
        bad(tag("speed"), ("x", Some(&bonus))).ends_with("it has a slot with the name of the tag")
    );
    let base = Schema::builder("orc").extends("unit").build().unwrap();
    assert!(bad(UnionBy::Name, ("x", Some(&base))).ends_with("its schema extends another one"));
    let empty = Schema::builder("orc").build().unwrap();
    assert!(bad(UnionBy::Name, ("x", Some(&empty))).ends_with("leave the schema out"));
    let no_variants = Schema::builder("item").nested_union("cost", UnionBy::Name, []);
    assert!(no_variants.build().is_err());
}

fn bonus() -> impl Strategy<Value = Bonus> {
    let speed = prop::option::of((0_u8..9).prop_map(f32::from));
    (-9_i8..=9, speed).prop_map(|(strength, speed)| Bonus { strength, speed })
}

fn area() -> impl Strategy<Value = Area> {
    prop_oneof![
        (0_u8..9).prop_map(|radius| Area::Circle { radius: radius.into() }),
        Just(Area::Everywhere),
        any::<u16>().prop_map(Area::Tiles),
    ]
}

fn effect() -> impl Strategy<Value = Effect> {
    prop_oneof![
        (0_u8..99, any::<Option<u8>>()).prop_map(|(amount, per_level)| Effect::Heal {
            amount: amount.into(),
            per_level,
            tags: List::EMPTY
        }),
        bonus().prop_map(Effect::Buff),
        (area(), bonus()).prop_map(|(at, bonus)| Effect::Summon {
            at,
            targets: Records::empty(),
            bonus,
            then: None
        }),
        Just(Effect::Rest),
    ]
}

fn cost() -> impl Strategy<Value = Cost> {
    prop_oneof![(0_u8..9).prop_map(|cost| Cost::Number(cost.into())), bonus().prop_map(Cost::Map)]
}

fn spells() -> impl Strategy<Value = Vec<Spell>> {
    let spell = (effect(), prop::option::of(cost()), prop::option::of(effect()));
    let spell =
        spell.prop_map(|(effect, cost, other)| Spell { cost, other, ..self::spell(effect) });
    prop::collection::vec(spell, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(bench_support::cases(64)) })]

    #[test]
    fn every_way_in_makes_the_same_world(spells in spells()) {
        let (mut batch, mut single, mut records) = (store(), store(), store());
        let ids: Vec<_> = batch.spawn_batch(spells.clone()).unwrap().collect();
        let mut commands = batch.commands();
        for (spell, id) in spells.iter().zip(&ids) {
            prop_assert_eq!(batch.get_object::<Spell>(*id), Ok(*spell));
            single.spawn(*spell).unwrap();
            let record = batch.schema("spell").unwrap().gather(&batch.get_record(*id).unwrap());
            records.spawn_record("spell", record).unwrap();
            commands.spawn(*spell).unwrap();
        }
        prop_assert_eq!(batch.state_hash(), single.state_hash());
        prop_assert_eq!(batch.state_hash(), records.state_hash());
        commands.apply(&mut batch).unwrap();
        single.spawn_batch(spells).unwrap();
        prop_assert_eq!(batch.state_hash(), single.state_hash());
        let snapshot = batch.snapshot();
        for id in ids {
            batch.set_object(id, spell(Effect::Rest)).unwrap();
        }
        batch.restore(&snapshot).unwrap();
        prop_assert_eq!(batch.state_hash(), single.state_hash());
    }
}
