//! Faults 1, 9 to 11, 15 to 19, 25, 35, 37 and 38 in lists.

use slotted::bytemuck::{CheckedBitPattern, NoUninit};
use slotted::glam::Vec2;
use slotted::{
    AccessError, Kind, LimitError, Limits, List, ObjectId, Record, Schema, SlotValue, Slotted,
    SpawnError, Store, Text, Value, View, record, schema::NumberKind, schema::Problem,
    schema::ProblemKind,
};

use crate::{Outcome, refusal};

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub(crate) enum Craft {
    Mining,
    Smithing,
    #[slot(name = "siege engines")]
    Engines,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
pub(crate) struct Item {
    #[slot(range = 1..=999)]
    pub(crate) drops: List<u16>,
    pub(crate) tags: Option<List<Text>>,
    #[slot(default = ["mining"])]
    pub(crate) crafts: List<Craft>,
    #[slot(references = "item", default = Vec::<ObjectId>::new())]
    pub(crate) parts: List<ObjectId>,
    #[slot(finite, default = [[0.0, 0.5]])]
    pub(crate) path: List<Vec2>,
}

pub(crate) const ITEM: Item = Item {
    drops: List::EMPTY,
    tags: None,
    crafts: List::EMPTY,
    parts: List::EMPTY,
    path: List::EMPTY,
};

pub(crate) fn items() -> Store {
    items_of(|_| {})
}

fn items_of(adjust: impl FnOnce(&mut Limits)) -> Store {
    let mut limits = Limits::default();
    adjust(&mut limits);
    let mut store = Store::with_limits(limits);
    store.register::<Item>().expect("the schema is right");
    store
}

fn dump(store: &Store) -> Vec<(ObjectId, Record)> {
    store.ids().map(|id| (id, store.get_record(id).expect("it lives"))).collect()
}

fn empty() -> Value {
    Value::List([].into())
}

#[test]
fn lists_are_read_as_they_were_set() -> Outcome {
    let mut store = items();
    let first = store.spawn_record("item", record! { drops: [22, 7] })?;
    let given = record! {
        drops: empty(), tags: ["sharp", ""], crafts: ["siege engines", "mining"], parts: [first],
        path: [Value::from(Vec2::X), [1, 2].into()],
    };
    let second = store.spawn_record("item", given)?;
    let expected =
        record! { drops: [22, 7], crafts: ["mining"], parts: empty(), path: [Vec2::new(0.0, 0.5)] };
    assert_eq!(store.get_record(first)?, expected);
    let item = store.get_object::<Item>(second)?;
    assert!(item.drops.is_empty() && item.drops == List::EMPTY);
    let crafts = store.resolve_list(item.crafts);
    assert_eq!(crafts, Some(&[Craft::Engines, Craft::Mining][..]));
    assert_eq!(store.resolve_list(item.parts), Some(&[first][..]));
    assert_eq!(store.resolve_list(item.path), Some(&[Vec2::X, Vec2::new(1.0, 2.0)][..]));
    let tags = store.resolve_list(item.tags.unwrap_or_default()).unwrap_or_default();
    let tags: Vec<_> = tags.iter().map(|tag| store.resolve(*tag)).collect();
    assert_eq!(tags, [Some("sharp"), Some("")]);

    // Equal lists from a record and from Rust have the same handle.
    assert_eq!(store.intern_list(&[Craft::Engines, Craft::Mining])?, item.crafts);
    assert_eq!(store.find_list(&[22_u16, 7]), Some(store.get_object::<Item>(first)?.drops));
    assert_eq!(store.find_list(&[7_u16, 22]), None);
    Ok(())
}

#[test]
fn lists_of_every_kind_are_read_as_they_were_set() -> Outcome {
    let numbers: [Value; 2] = [[1, 2].into(), [3, 4].into()];
    let matrix = slotted::glam::Mat4::from_diagonal(slotted::glam::Vec4::new(1.0, 2.0, 3.0, 4.0));
    for (kind, values) in [
        (Kind::Bool, Value::from([true, false])),
        (Kind::I8, [-128, 127].into()),
        (Kind::U64, [0, u64::MAX].into()),
        (Kind::F64, [f64::NAN, -0.0].into()),
        (Kind::Mat4, [matrix, matrix].into()),
        (Kind::Text, ["a", "", "a"].into()),
        (Kind::enumeration(["a", "b"]), ["b", "a"].into()),
        (Kind::Array(NumberKind::I64, 2), numbers.into()),
        (Kind::pod::<[u32; 3]>(), [Value::Bytes([7; 12].into())].into()),
    ] {
        let mut store = Store::new();
        let schema = Schema::builder("single").slot("list", Kind::list(kind.clone())).build()?;
        store.register_schema(schema)?;
        let id = store.spawn_record("single", record! { list: values.clone() })?;
        assert_eq!(store.get_value(id, "list")?, values, "{kind}");
        let missing = refusal(store.spawn_record("single", record! {}));
        assert_eq!(
            missing,
            format!("'single' object needs a value for slot 'list' (list({kind}))")
        );
    }
    Ok(())
}

#[test]
fn views_and_keys_read_lists() -> Outcome {
    #[derive(View)]
    struct Dropping<'a> {
        drops: &'a mut List<u16>,
        tags: Option<&'a List<Text>>,
    }
    let mut store = items();
    let (few, many) = (store.intern_list(&[1_u16])?, store.intern_list(&[1_u16, 2, 3])?);
    let tags = store.intern_text("sharp")?;
    let tags = Some(store.intern_list(&[tags])?);
    let ids: Vec<ObjectId> =
        store.spawn_batch([Item { drops: few, ..ITEM }, Item { tags, ..ITEM }])?.collect();
    store.view::<Dropping>()?.for_each(|item| {
        if item.tags.is_some() {
            *item.drops = many;
        }
    });
    let drops = store.key::<List<u16>>("item", "drops")?;
    assert_eq!((store.get(ids[0], drops), store.get(ids[1], drops)), (Some(few), Some(many)));
    store.set(ids[0], drops, many)?;
    assert_eq!(store.get_value(ids[0], "drops")?, [1, 2, 3].into());
    let other = store.key::<List<u8>>("item", "drops").unwrap_err();
    assert_eq!(other.to_string(), "slot 'drops' of 'item' is list(u16), not list(u8)");
    assert!(store.memory_report().lists > 0);
    Ok(())
}

/// Checks the message of every call that sets the value.
fn refused_everywhere(slot: &'static str, value: impl Into<Value>, expected: &str) -> Outcome {
    let mut store = items();
    let id = store.spawn_record("item", record! { drops: [5] })?;
    let (before, value) = (dump(&store), value.into());
    let with = |value: Value| -> Record {
        let rest = [("drops", Value::from([5])), (slot, value)];
        rest.into_iter().skip(usize::from(slot == "drops")).collect()
    };
    assert_eq!(refusal(store.set_value(id, slot, value.clone())), expected);
    assert_eq!(refusal(store.spawn_record("item", with(value.clone()))), expected);
    let batch = [record! { drops: [6] }, with(value)];
    assert_eq!(refusal(store.spawn_records("item", batch)), format!("record 1: {expected}"));
    assert_eq!(dump(&store), before);
    assert_eq!(store.find_list(&[6_u16]), None, "a rejected batch leaves no lists");
    Ok(())
}

#[test]
fn fault_09_a_value_that_is_not_a_list_is_refused() -> Outcome {
    let text = "slot 'drops' of 'item' expects list(u16), found text \"22\"";
    refused_everywhere("drops", "22", text)?;
    refused_everywhere("drops", 22, "slot 'drops' of 'item' expects list(u16), found integer 22")?;
    let unset = "slot 'drops' of 'item' expects list(u16) and may not be unset";
    refused_everywhere("drops", Value::Unset, unset)
}

#[test]
fn fault_10_elements_of_another_kind_are_refused_by_position() -> Outcome {
    let mixed: [Value; 4] = [1.into(), 2.into(), 3.into(), "x".into()];
    let text = "element 3 of slot 'drops' of 'item' expects u16, found text \"x\"";
    refused_everywhere("drops", mixed, text)?;
    let unset = "element 1 of slot 'drops' of 'item' expects u16 and may not be unset";
    refused_everywhere("drops", [Value::from(1), Value::Unset], unset)?;
    let nested = "element 0 of slot 'drops' of 'item' expects u16, found list [1]";
    refused_everywhere("drops", [[1]], nested)?;
    let variant = "element 1 of slot 'crafts' of 'item' expects one of mining, smithing, siege \
                   engines; found 'smiting'; did you mean 'smithing'?";
    refused_everywhere("crafts", ["mining", "smiting"], variant)?;
    let number = "element 0 of slot 'tags' of 'item' expects text, found integer 1";
    refused_everywhere("tags", [1], number)
}

#[test]
fn fault_19_elements_are_not_truncated_and_keep_to_the_range() -> Outcome {
    let wide = "element 2 of slot 'drops' of 'item' expects u16, which cannot hold 70000";
    refused_everywhere("drops", [1, 2, 70_000], wide)?;
    let fraction = "element 0 of slot 'drops' of 'item' expects u16, found number 1.0";
    refused_everywhere("drops", [1.0], fraction)?;
    let low = "element 1 of slot 'drops' of 'item' expects 1 to 999, found 0";
    refused_everywhere("drops", [1, 0], low)
}

#[test]
fn fault_16_elements_of_a_finite_slot_are_finite() -> Outcome {
    let shown = "element 1 of slot 'path' of 'item' expects finite numbers, found [0.0, inf]";
    refused_everywhere("path", [Vec2::ZERO, Vec2::new(0.0, f32::INFINITY)], shown)?;
    let mut store = items();
    let path = store.intern_list(&[Vec2::NAN])?;
    let shown = "element 0 of slot 'path' of 'item' expects finite numbers, found [NaN, NaN]";
    assert_eq!(refusal(store.spawn(Item { path, ..ITEM })), shown);
    Ok(())
}

#[test]
fn fault_11_typed_lists_are_checked_against_the_slot() -> Outcome {
    let mut store = items();
    let id = store.spawn(ITEM)?;
    let drops = store.intern_list(&[999_u16, 1000])?;
    let bad = Item { drops, ..ITEM };
    let message = "element 1 of slot 'drops' of 'item' expects 1 to 999, found 1000";
    let key = store.key::<List<u16>>("item", "drops")?;
    assert_eq!(refusal(store.spawn(bad)), message);
    assert_eq!(refusal(store.set_object(id, bad)), message);
    assert_eq!(refusal(store.set(id, key, drops)), message);
    assert_eq!(refusal(store.spawn_batch([ITEM, bad])), format!("record 1: {message}"));
    assert_eq!(store.len(), 1);
    assert_eq!(store.get_object::<Item>(id)?, ITEM);

    // `validate` finds values written through a column.
    assert!(store.column_mut(key)?.set(id, drops));
    let range = slotted::schema::NumberRange::new(1..=999);
    let expected = slotted::schema::Constraint::Range(range);
    let kind = ProblemKind::Constraint { expected, found: 1000.into() };
    let kind = ProblemKind::Element { position: 1, kind: Box::new(kind) };
    let (schema, slot) = ("item".into(), "drops".into());
    assert_eq!(store.validate(), Err(vec![(id, Problem { record: None, schema, slot, kind })]));
    Ok(())
}

#[test]
fn fault_11_lists_and_texts_of_refused_records_are_forgotten() -> Outcome {
    let mut store = items();
    let tagged = |tags: [&str; 2]| record! { drops: [1, 2], tags };
    let bad = record! { drops: [Value::from(3), "x".into()], tags: ["e", "f"] };
    assert!(store.spawn_records("item", [tagged(["a", "b"]), tagged(["c", "d"]), bad]).is_err());
    assert!(["a", "d", "e"].iter().all(|text| store.find_text(text).is_none()));
    assert_eq!((store.find_list(&[1_u16, 2]), store.find_list(&[Craft::Mining])), (None, None));
    let item = store.spawn_record("item", tagged(["c", "a"]))?;
    assert_eq!(store.get_value(item, "tags")?, ["c", "a"].into());

    let doomed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let records = (0..).map(|number: u16| {
            assert!(number < 3, "user code");
            record! { drops: [number + 100] }
        });
        let _ = store.spawn_records("item", records);
    }));
    assert!(doomed.is_err());
    assert_eq!(store.find_list(&[100_u16]), None);
    Ok(())
}

#[test]
fn fault_01_references_in_lists_are_alive_and_of_the_schema() -> Outcome {
    let mut store = items();
    store.register_schema(Schema::builder("rock").build()?)?;
    let (part, gone) = (store.spawn(ITEM)?, store.spawn(ITEM)?);
    let rock = store.spawn_record("rock", record! {})?;
    store.despawn(gone)?;
    for (id, wrong) in [
        (gone, format!("refers to object {gone}, which is not alive")),
        (rock, "refers to an object of 'rock', expected one of 'item'".to_owned()),
    ] {
        let message = format!("element 1 of slot 'parts' of 'item' {wrong}");
        assert_eq!(refusal(store.set_value(part, "parts", [part, id])), message);
        let parts = store.intern_list(&[part, id])?;
        let key = store.key::<List<ObjectId>>("item", "parts")?;
        assert_eq!(refusal(store.set(part, key, parts)), message);
        assert_eq!(refusal(store.set_object(part, Item { parts, ..ITEM })), message);
    }
    let parts = store.intern_list(&[part, rock])?;
    assert!(store.spawn(Item { parts, ..ITEM }).is_err());
    Ok(())
}

#[test]
fn fault_01_a_list_keeps_dead_references() -> Outcome {
    let mut store = items();
    let [part, other, gone] = [store.spawn(ITEM)?, store.spawn(ITEM)?, store.spawn(ITEM)?];
    let whole = store.spawn_record("item", record! { drops: [1], parts: [part, other] })?;
    store.despawn_batch(&[part, gone])?;
    assert_eq!(store.validate(), Ok(()));
    let dead = store.dead_references().map(|(id, slot, dead)| (id, slot.name(), dead));
    assert_eq!(dead.collect::<Vec<_>>(), [(whole, "parts", part)]);

    // The other elements may change around it.
    let key = store.key::<List<ObjectId>>("item", "parts")?;
    store.set_value(whole, "parts", [other, whole, part])?;
    let parts = store.intern_list(&[part, whole])?;
    store.set(whole, key, parts)?;
    store.set_object(whole, Item { parts, ..ITEM })?;
    store.spawn_record("item", store.get_record(whole)?)?;
    let message =
        format!("element 0 of slot 'parts' of 'item' refers to object {gone}, which is not alive");
    assert_eq!(refusal(store.set_value(whole, "parts", [gone, part])), message);
    store.set_value(whole, "parts", [other])?;
    assert!(store.set(whole, key, parts).is_err(), "the list no longer holds it");

    // In a time that is not the square of the length.
    let many: Vec<ObjectId> = store.spawn_batch((0..30_000).map(|_| ITEM))?.collect();
    store.set_value(whole, "parts", many.clone())?;
    store.despawn_batch(&many)?;
    store.set_value(whole, "parts", many.into_iter().rev().collect::<Vec<_>>())?;
    assert_eq!(store.dead_references().count(), 30_001, "one is in the copy");
    Ok(())
}

#[test]
fn fault_25_lists_of_another_store_are_refused_or_read_as_empty() -> Outcome {
    let (mut store, mut other) = (items(), items());
    other.intern_list(&[Craft::Mining])?;
    let foreign = other.intern_list(&[1_u16, 2, 3])?;
    let id = store.spawn(ITEM)?;
    let message = "slot 'drops' of 'item' has a list of another store";
    assert_eq!(store.resolve_list(foreign), None);
    assert_eq!(refusal(store.spawn(Item { drops: foreign, ..ITEM })), message);
    let key = store.key::<List<u16>>("item", "drops")?;
    assert_eq!(refusal(store.set(id, key, foreign)), message);

    // A handle of a list with other elements, and one with an unknown variant.
    let foreign_crafts = other.intern_list(&[Craft::Engines])?;
    (0..5).try_for_each(|number| store.intern_list(&[200_u8, number]).map(|_| ()))?;
    assert_eq!(store.resolve_list(foreign), None);
    assert_eq!(store.resolve_list(foreign_crafts), None);
    assert_eq!(refusal(store.spawn(Item { drops: foreign, ..ITEM })), message);
    let crafts = store.key::<List<Craft>>("item", "crafts")?;
    assert!(store.column_mut(crafts)?.set(id, foreign_crafts));
    assert_eq!(
        store.get_value(id, "crafts")?,
        empty(),
        "reading a bad handle returns an empty list"
    );
    store.state_hash();

    // A text in a list.
    let text = other.intern_text("sharp")?;
    let tags = Some(store.intern_list(&[Text::EMPTY, text])?);
    let message = "element 1 of slot 'tags' of 'item' has a text of another store";
    assert_eq!(refusal(store.spawn(Item { tags, ..ITEM })), message);
    Ok(())
}

#[test]
fn fault_15_the_list_limit_is_an_error_that_changes_nothing() -> Outcome {
    let mut store = items_of(|limits| {
        limits.list_bytes = 17 + 4 * 40;
        limits.text_bytes = 8 + 2 * 32;
    });
    let full = LimitError::List { limit: 177 };
    // The default path takes 8 bytes, the default craft 1 and the drops 4: 4 bytes are left, and the place of one list.
    let id = store.spawn_record("item", record! { drops: [1, 2] })?;
    let before = dump(&store);
    assert_eq!(store.intern_list(&[1_u16, 2, 3]), Err(full.clone()));
    let record = |drops: [u16; 3]| record! { drops };
    assert_eq!(store.spawn_record("item", record([7; 3])), Err(full.clone().into()));
    assert_eq!(store.set_value(id, "drops", [7; 3]), Err(full.clone().into()));
    let batch = [record! { drops: [3, 4] }, record! { drops: [5] }];
    assert_eq!(store.spawn_records("item", batch).err(), Some(full.clone().into()));
    // Texts of a list without room, and a list of texts without room.
    let tags = ["a", "b"];
    assert_eq!(store.set_value(id, "tags", tags), Err(AccessError::from(full)));
    assert_eq!(store.find_text("a"), None);
    let full = LimitError::Text { limit: 72 };
    assert_eq!(store.set_value(id, "tags", ["longer".repeat(7)]), Err(full.clone().into()));
    let named = record! { drops: [1, 2], tags: ["1234567", "89"] };
    assert_eq!(store.spawn_record("item", named), Err(SpawnError::from(full)));
    assert_eq!((dump(&store), store.find_text("1234567")), (before, None));
    assert_eq!(store.find_list(&[3_u16, 4]), None);
    store.set_value(id, "drops", [3, 4])?;
    assert_eq!(store.get_value(id, "drops")?, [3, 4].into());
    Ok(())
}

#[test]
fn fault_35_lists_go_back_with_a_snapshot() -> Outcome {
    let mut store = items();
    let id = store.spawn_record("item", record! { drops: [1, 2], tags: ["old"] })?;
    let before = store.snapshot();
    let (hash, seen) = (store.state_hash(), dump(&store));
    store.set_value(id, "drops", [3, 4, 5])?;
    store.set_value(id, "tags", ["new", "old"])?;
    let after = store.snapshot();
    assert_ne!(store.state_hash(), hash);
    assert_eq!(before.get_value(id, "drops")?, [1, 2].into());
    let drops = after.get_object::<Item>(id)?.drops;
    assert_eq!(
        (before.resolve_list(drops), after.resolve_list(drops)),
        (None, Some(&[3, 4, 5][..]))
    );
    assert_eq!(slotted::snapshot::changes(&before, &after)?.slots().len(), 2);
    store.restore(&before)?;
    assert_eq!((store.state_hash(), dump(&store)), (hash, seen));
    Ok(())
}

#[test]
fn a_list_of_lists_and_a_bad_default_are_rejected() -> Outcome {
    let slot = |kind: Kind| Schema::builder("item").slot("drops", Kind::list(kind));
    let nested = slot(Kind::list(Kind::U8)).build();
    let message =
        "slot 'drops' of schema 'item' cannot be stored: the elements of a list cannot be lists";
    assert_eq!(refusal(nested), message);
    let empty = slot(Kind::Array(NumberKind::U8, 0)).build();
    assert!(refusal(empty).ends_with("an array has 1 to 4096 elements, not 0"));
    assert!(refusal(slot(Kind::enumeration(["a", "a"])).build()).ends_with("'a' is named twice"));
    let message = "bad default: element 1 of slot 'drops' of 'item' expects 1 to 9, found 10";
    assert_eq!(refusal(slot(Kind::U8).range(1..=9).default([9, 10]).build()), message);
    let message = "slot 'drops' of schema 'item' is list(bool): 'finite' does not apply";
    assert_eq!(refusal(slot(Kind::Bool).finite().build()), message);
    assert!(slot(Kind::U8).references("item").build().is_err());
    assert!(slot(Kind::Object).references("item").build().is_ok());
    Ok(())
}
