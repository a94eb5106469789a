//! Suggestions of known names: errors that nobody reads cost the same however many names are known, and messages
//! stay bounded.

use std::error::Error;

use slotted::error::{AccessError, Rejection, SpawnError, UnknownSchema};
use slotted::schema::{ProblemKind, Suggestion, nearest_name};
use slotted::view::ViewError;
use slotted::{ByName, Kind, MapStore, Record, Schema, Slotted, Store, View, exactly, record};

type Outcome = Result<(), Box<dyn Error>>;

const SLOTS: usize = 4_095;
const SCHEMAS: usize = 4_096;

/// Names of one length and the same letters, so that no cheap comparison tells them apart.
fn name(number: usize) -> String {
    format!("abcdefghijklmnopqrst_0123456789_{number:0>12b}")
}

fn misspelt(number: usize) -> String {
    format!("0123456789_abcdefghijklmnopqrst_{number:0>12b}")
}

/// Returns a store with a schema of many slots, and many schemas.
fn store() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    let wide = Schema::builder("wide").slot("variant", Kind::enumeration((0..256).map(name)));
    let wide = wide.default(name(0)).slot("health", Kind::F32).default(0.0);
    let wide = (1..SLOTS).fold(wide, |wide, number| wide.slot(name(number), Kind::U8).default(0));
    store.register_schema(wide.build()?)?;
    for number in 1..SCHEMAS {
        store.register_schema(Schema::builder(name(number)).build()?)?;
    }
    Ok(store)
}

#[derive(Slotted, Clone, Copy)]
struct Absent {
    health: f32,
}

#[derive(View)]
struct Misspelt<'a> {
    healht: &'a f32,
}

#[derive(View)]
#[view(with = "healht")]
struct Filtered<'a> {
    health: &'a f32,
}

/// An error with a suggestion.
trait Suggests {
    fn suggestion(&self) -> &Suggestion;
}

impl Suggests for Rejection {
    fn suggestion(&self) -> &Suggestion {
        match &self.problems()[0].kind {
            ProblemKind::Undeclared { suggestion }
            | ProblemKind::UnknownVariant { suggestion, .. } => suggestion,
            kind => panic!("no suggestion: {kind:?}"),
        }
    }
}

impl Suggests for UnknownSchema {
    fn suggestion(&self) -> &Suggestion {
        &self.suggestion
    }
}

impl Suggests for AccessError {
    fn suggestion(&self) -> &Suggestion {
        match self {
            Self::UnknownSchema { suggestion, .. } => suggestion,
            Self::Rejected(rejection) => rejection.suggestion(),
            error => panic!("no suggestion: {error}"),
        }
    }
}

impl Suggests for SpawnError {
    fn suggestion(&self) -> &Suggestion {
        match self {
            Self::UnknownSchema { suggestion, .. } => suggestion,
            Self::Rejected(rejection) => rejection.suggestion(),
            error => panic!("no suggestion: {error}"),
        }
    }
}

impl Suggests for ViewError {
    fn suggestion(&self) -> &Suggestion {
        match self {
            Self::Undeclared { suggestion, .. } | Self::UndeclaredFilter { suggestion, .. } => {
                suggestion
            }
            Self::Access(error) => error.suggestion(),
            error => panic!("no suggestion: {error}"),
        }
    }
}

/// Runs a call that fails, and asserts that its error has not searched for a suggestion.
fn assert_unread<T, E: Suggests>(what: &str, call: impl FnOnce(&str) -> Result<T, E>) {
    let Err(error) = call(&misspelt(7)) else { panic!("{what} accepts a misspelt name") };
    let shown = format!("{:?}", error.suggestion());
    assert!(shown.contains("uninit"), "{what} has searched: {shown}");
}

#[test]
fn an_error_that_nobody_reads_searches_no_names() -> Outcome {
    let mut store = store()?;
    let id = store.spawn_record("wide", record! {})?;
    assert_unread("get_value", |name| store.get_value(id, name));
    assert_unread("key", |name| store.key::<u8>("wide", name));
    assert_unread("key of a schema", |name| store.key::<u8>(name, "x"));
    assert_unread("len_of", |name| store.len_of(name));
    assert_unread("view_of", |name| store.view_of::<Misspelt>(exactly(name)).map(|_| ()));
    assert_unread("view", |_| store.view::<Misspelt>().map(|_| ()));
    assert_unread("filtered view", |_| store.view::<Filtered>().map(|_| ()));
    assert_unread("set_value", |name| store.set_value(id, name, 1));
    assert_unread("spawn_record", |name| store.spawn_record(name, record! {}));
    let mut commands = store.commands();
    assert_unread("commands", |name| commands.spawn_record(name, record! {}));
    Ok(())
}

#[test]
fn an_unknown_slot_of_a_record_searches_no_names() -> Outcome {
    // A record's check is as long as its schema, so that this schema is short and its names are long.
    let mut store = Store::new();
    let kind = Kind::enumeration((0..256).map(name));
    store.register_schema(Schema::builder("unit").slot("job", kind).build()?)?;
    assert_unread("a variant", |name| store.spawn_record("unit", record! { job: name }));
    assert_unread("a slot", |name| {
        let mut record = Record::new();
        record.push(name.to_owned(), 1);
        store.spawn_record("unit", record)
    });
    Ok(())
}

#[test]
fn a_suggestion_is_there_when_it_is_read() -> Outcome {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("health", Kind::F32).default(0.0);
    store.register_schema(unit.slot("job", Kind::enumeration(["farmer", "guard"])).build()?)?;
    let id = store.spawn_record("unit", record! { job: "guard" })?;
    let ends = [
        store.get_value(id, "helth").unwrap_err().to_string(),
        store.key::<f32>("unit", "helth").unwrap_err().to_string(),
        store.len_of("unti").unwrap_err().to_string(),
        store.view::<Misspelt>().unwrap_err().to_string(),
        store.view::<Filtered>().unwrap_err().to_string(),
        store.set_value(id, "job", "gaurd").unwrap_err().to_string(),
    ]
    .map(|message| message.rsplit_once("; ").map(|(_, end)| end.to_owned()));
    let question = |name: &str| Some(format!("did you mean '{name}'?"));
    let expected = ["health", "health", "unit", "health", "health", "guard"].map(question);
    assert_eq!(ends, expected);

    // Also after the store has changed, and in a clone of the error.
    let error = store.len_of("unti").unwrap_err();
    let access: AccessError = error.clone().into();
    store.register_schema(Schema::builder("untie").build()?)?;
    assert_eq!(error.suggestion.name(), Some("unit"));
    assert!(access.to_string().ends_with("did you mean 'unit'?"));
    assert!(store.register::<Absent>().is_ok());
    Ok(())
}

#[test]
fn the_message_of_many_problems_is_bounded() -> Outcome {
    let mut store = store()?;
    let mut record = Record::new();
    (0..1_000).for_each(|number| record.push(format!("{}x", name(number)), 1));
    let error = store.spawn_record("wide", record).unwrap_err();
    let message = error.to_string();
    assert_eq!(message.lines().count(), 1_001);
    assert_eq!(message.matches("did you mean").count(), 16);
    Ok(())
}

#[test]
fn attribute_maps_search_when_the_error_is_read() -> Outcome {
    let mut store = MapStore::new();
    let id = store.spawn_record("unit", record! { health: 1.0 })?;
    let error = store.get_value(id, "helth").unwrap_err();
    store.despawn(id)?;
    assert!(error.to_string().ends_with("did you mean 'health'?"), "{error}");
    Ok(())
}

#[test]
fn errors_with_suggestions_can_be_sent_to_threads() {
    fn is_send_and_sync<T: Send + Sync + 'static>() {}
    is_send_and_sync::<Suggestion>();
    is_send_and_sync::<AccessError>();
    is_send_and_sync::<slotted::SpawnError>();
    is_send_and_sync::<slotted::view::ViewError>();
    assert!(Misspelt::NAME.starts_with('M'));
    assert_eq!(nearest_name("", &[]), None);
}
