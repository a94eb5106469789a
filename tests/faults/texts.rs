//! Fault 5: texts of another store, in every call that takes one.

use slotted::{List, SlotKey, Store, Text, View};

use crate::lists::{ITEM, Item};
use crate::{Outcome, UNIT, Unit, dump, refusal, store};

const REFUSED: &str = "slot 'name' of 'unit' has a text of another store";

#[derive(View)]
struct Names<'a> {
    name: &'a mut Text,
}

fn name_key(store: &Store) -> SlotKey<Text> {
    store.key("unit", "name").expect("units have names")
}

/// Returns a text of a store with more texts than any other of this file.
fn foreign() -> Text {
    let mut other = Store::new();
    for number in 0..100 {
        other.intern_text(&number.to_string()).expect("there is room");
    }
    other.intern_text("only there").expect("there is room")
}

#[test]
fn fault_05_a_text_that_the_store_lacks_is_refused_by_every_call() -> Outcome {
    let mut store = store();
    let unit = store.spawn(UNIT)?;
    let (name, foreign) = (name_key(&store), foreign());
    let named = Unit { name: foreign, ..UNIT };
    let before = dump(&store);
    assert_eq!(refusal(store.spawn(named)), REFUSED);
    assert!(refusal(store.spawn_batch([UNIT, named]).map(|ids| ids.len())).ends_with(REFUSED));
    assert_eq!(refusal(store.set(unit, name, foreign)), REFUSED);
    assert_eq!(refusal(store.set_object(unit, named)), REFUSED);
    let mut recorded = [store.commands(), store.commands(), store.commands()];
    recorded[0].spawn(named)?;
    recorded[1].set_object(unit, named);
    recorded[2].set(unit, name, foreign);
    for commands in recorded {
        let error = refusal(commands.apply(&mut store));
        assert!(error.contains(REFUSED), "{error}");
    }
    assert_eq!(dump(&store), before);

    store.register::<Item>()?;
    let tags = store.intern_list(&[Text::EMPTY, foreign])?;
    assert_eq!(
        refusal(store.spawn(Item { tags: Some(tags), ..ITEM })),
        "element 1 of slot 'tags' of 'item' has a text of another store"
    );
    Ok(())
}

#[test]
fn fault_05_a_text_that_the_store_lacks_has_no_string() -> Outcome {
    let mut store = store();
    let unit = store.spawn(UNIT)?;
    let foreign = foreign();
    assert_eq!(store.resolve(foreign), None);
    assert_eq!(store.split().resolve(foreign), None);
    assert_eq!(store.snapshot().resolve(foreign), None);
    assert_eq!(store.snapshot().to_store().resolve(foreign), None);
    // Views do not check what they write: it reads as the empty text, and `validate` finds it.
    store.view::<Names>()?.for_each(|unit| *unit.name = foreign);
    assert_eq!(store.get_value(unit, "name")?, "".into());
    assert_eq!(store.get_record(unit)?.get("name"), Some(&"".into()));
    let copy = store.duplicate(unit).map(|copy| store.get_value(copy, "name"));
    assert!(copy.is_ok_and(|name| name == Ok("".into())));
    store.state_hash();
    assert_eq!(problems(&store), [REFUSED, REFUSED], "of the unit and its copy");
    Ok(())
}

fn problems(store: &Store) -> Vec<String> {
    let problems = store.validate().err().unwrap_or_default();
    problems.iter().map(|(_, problem)| problem.to_string()).collect()
}

#[test]
fn fault_05_validate_finds_handles_of_another_store_in_lists() -> Outcome {
    let (mut store, mut other) = (Store::new(), Store::new());
    store.register::<Item>()?;
    let item = store.spawn(ITEM)?;
    assert_eq!(store.validate(), Ok(()));
    for number in 0..100 {
        other.intern_list(&[number])?;
    }
    let (drops, tags) = (store.key("item", "drops")?, store.key("item", "tags")?);
    assert!(store.column_mut::<List<u16>>(drops)?.set(item, other.intern_list(&[1_u16, 2])?));
    assert_eq!(problems(&store), ["slot 'drops' of 'item' has a list of another store"]);
    assert!(store.column_mut(drops)?.set(item, List::EMPTY));
    let foreign = store.intern_list(&[Text::EMPTY, foreign()])?;
    assert!(store.column_mut::<Option<List<Text>>>(tags)?.set(item, Some(foreign)));
    let expected = "element 1 of slot 'tags' of 'item' has a text of another store";
    assert_eq!(problems(&store), [expected]);
    assert!(store.column_mut(tags)?.set(item, None));
    assert_eq!(store.validate(), Ok(()));
    Ok(())
}

#[test]
fn fault_05_a_text_that_the_store_has_too_means_its_own_in_every_call() -> Outcome {
    let (mut here, mut there) = (store(), Store::new());
    let own = here.intern_text("here")?;
    let foreign = there.intern_text("there")?;
    assert_eq!(foreign, own, "both are the first text of their store");
    assert_eq!(here.resolve(foreign), Some("here"));
    assert_eq!(here.snapshot().resolve(foreign), Some("here"));
    assert_eq!(here.split().resolve(foreign), Some("here"));
    let unit = here.spawn(Unit { name: foreign, ..UNIT })?;
    assert_eq!(here.get_value(unit, "name")?, "here".into());
    let list: List<Text> = here.intern_list(&[foreign])?;
    assert_eq!(here.resolve_list(list), Some(&[own][..]));
    Ok(())
}

#[test]
fn fault_05_clones_and_snapshots_share_the_texts_from_before() -> Outcome {
    let mut store = store();
    let shared = store.intern_text("shared")?;
    let (snapshot, mut clone) = (store.snapshot(), store.clone());
    let late = store.intern_text("late")?;
    for other in [&*snapshot, &clone] {
        assert_eq!(other.resolve(shared), Some("shared"));
        assert_eq!(other.resolve(late), None);
    }
    assert_eq!(clone.intern_text("another")?, late);
    assert_eq!((store.resolve(late), clone.resolve(late)), (Some("late"), Some("another")));
    Ok(())
}
