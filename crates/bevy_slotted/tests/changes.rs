//! Messages about changes, the frames they come in, and requests for missing slots.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Mutex;

use bevy_app::{App, Last, Update};
use bevy_ecs::error::{BevyError, FallbackErrorHandler, Severity};
use bevy_ecs::message::Messages;
use bevy_ecs::prelude::*;
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::slot_value::SlotField;
use bevy_slotted::slotted::{Kind, Schema, SnapshotError, Store, record};
use bevy_slotted::{ChangesLost, MessageRequestError};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    health: f32,
    armour: f32,
    level: Option<u32>,
}

const UNIT: Unit = Unit { health: 80.0, armour: 1.0, level: None };

#[derive(View)]
struct Health<'a> {
    health: &'a mut f32,
}

fn app() -> App {
    let mut app = App::new();
    app.add_plugins(SlottedPlugin::default()).register_slotted::<Unit>();
    app
}

/// Returns the messages of the last frame.
fn written<M: Message + Clone>(app: &App) -> Vec<M> {
    let messages = app.world().resource::<Messages<M>>();
    messages.iter_current_update_messages().cloned().collect()
}

fn changed<F: SlotField>(app: &App) -> Vec<(ObjectId, String, F, F)> {
    let messages = written::<SlotChanged<F>>(app).into_iter();
    messages.map(|m| (m.id, m.slot.to_string(), m.before, m.after)).collect()
}

fn spawned(app: &App) -> Vec<ObjectId> {
    written::<ObjectSpawned>(app).into_iter().map(|message| message.id).collect()
}

fn despawned(app: &App) -> Vec<ObjectId> {
    written::<ObjectDespawned>(app).into_iter().map(|message| message.id).collect()
}

fn store(app: &mut App) -> &mut Store {
    app.world_mut().store_mut()
}

/// Collects the errors that Bevy's handler gets in one test.
macro_rules! keep_errors {
    ($app:expr) => {{
        static ERRORS: Mutex<Vec<BevyError>> = Mutex::new(Vec::new());
        $app.insert_resource(FallbackErrorHandler(|error, _| {
            ERRORS.lock().expect("no panic").push(error);
        }));
        || std::mem::take(&mut *ERRORS.lock().expect("no panic"))
    }};
}

#[test]
fn messages_have_the_old_and_the_new_value() -> Outcome {
    let mut app = app();
    app.add_slot_messages::<f32>("unit", "health");
    app.add_slot_messages::<Option<u32>>("unit", "level");
    let ids: Vec<ObjectId> = store(&mut app).spawn_batch([UNIT; 5])?.collect();
    app.update();
    assert_eq!(changed::<f32>(&app), []);

    let store = store(&mut app);
    store.set_value(ids[3], "health", 5.0)?;
    store.set_value(ids[1], "health", 80.0)?; // the same value
    store.set_value(ids[2], "armour", 7.0)?; // not requested
    store.set_value(ids[4], "level", 2)?;
    app.update();
    assert_eq!(changed::<f32>(&app), [(ids[3], "health".to_owned(), 80.0, 5.0)]);
    assert_eq!(changed::<Option<u32>>(&app), [(ids[4], "level".to_owned(), None, Some(2))]);

    app.update();
    assert_eq!(changed::<f32>(&app), []);
    assert_eq!(changed::<Option<u32>>(&app), []);
    Ok(())
}

#[test]
fn values_are_compared_bit_for_bit() -> Outcome {
    let mut app = app();
    app.add_slot_messages::<f32>("unit", "health");
    let zero = store(&mut app).spawn(Unit { health: 0.0, ..UNIT })?;
    let nan = store(&mut app).spawn(Unit { health: f32::NAN, ..UNIT })?;
    app.update();
    let view = store(&mut app).view::<Health>()?;
    view.for_each(|unit| *unit.health = if *unit.health == 0.0 { -0.0 } else { f32::NAN });
    app.update();
    let changes = changed::<f32>(&app);
    assert_eq!(changes.len(), 1, "{nan} has not changed");
    assert_eq!((changes[0].0, changes[0].3.is_sign_negative()), (zero, true));
    Ok(())
}

#[test]
fn spawned_and_despawned_objects_get_messages() -> Outcome {
    let mut app = app();
    app.add_object_messages("unit").add_slot_messages::<f32>("unit", "health");
    let old: Vec<ObjectId> = store(&mut app).spawn_batch([UNIT; 3])?.collect();
    app.update();
    assert_eq!(spawned(&app), old, "the first frame reports all objects");

    store(&mut app).despawn(old[1])?;
    let new = store(&mut app).spawn(Unit { health: 3.0, ..UNIT })?;
    assert_eq!(new.row(), old[1].row());
    let shortlived = store(&mut app).spawn(UNIT)?;
    store(&mut app).despawn(shortlived)?;
    app.update();
    assert_eq!((despawned(&app), spawned(&app)), (vec![old[1]], vec![new]));
    assert_eq!(changed::<f32>(&app), [], "another object in the row is not a change");

    app.update();
    assert_eq!((despawned(&app), spawned(&app)), (vec![], vec![]));
    Ok(())
}

#[test]
fn a_restore_writes_messages_too() -> Outcome {
    let mut app = app();
    app.add_object_messages("unit").add_slot_messages::<f32>("unit", "health");
    let ids: Vec<ObjectId> = store(&mut app).spawn_batch([UNIT; 3])?.collect();
    let past = store(&mut app).snapshot();
    app.update();
    store(&mut app).set_value(ids[0], "health", 1.0)?;
    store(&mut app).despawn(ids[2])?;
    let new = store(&mut app).spawn(UNIT)?;
    app.update();

    store(&mut app).restore(&past)?;
    app.update();
    assert_eq!(changed::<f32>(&app), [(ids[0], "health".to_owned(), 1.0, 80.0)]);
    assert_eq!((despawned(&app), spawned(&app)), (vec![new], vec![ids[2]]));

    store(&mut app).set_value(ids[0], "health", 1.0)?;
    store(&mut app).restore(&past)?;
    app.update();
    assert_eq!(changed::<f32>(&app), [], "changed and restored within one frame");
    Ok(())
}

#[test]
fn a_request_covers_extending_schemas_but_not_the_base() -> Outcome {
    let mut app = app();
    let orc = Schema::builder("orc").extends("unit").build()?;
    let chief = Schema::builder("chief").extends("orc").build()?;
    app.register_schema(orc)?.register_schema(chief)?;
    app.add_object_messages("orc").add_slot_messages::<f32>("orc", "health");
    let record = record! { health: 1.0, armour: 1.0 };
    let chief = store(&mut app).spawn_record("chief", record)?;
    let unit = store(&mut app).spawn(UNIT)?;
    app.update();
    assert_eq!(spawned(&app), [chief]);
    store(&mut app).set_value(chief, "health", 2.0)?;
    store(&mut app).set_value(unit, "health", 2.0)?;
    app.update();
    assert_eq!(changed::<f32>(&app), [(chief, "health".to_owned(), 1.0, 2.0)]);
    store(&mut app).despawn_batch(&[unit, chief])?;
    app.update();
    assert_eq!(despawned(&app), [chief]);
    Ok(())
}

#[test]
fn overlapping_requests_write_one_message_for_an_object() -> Outcome {
    let mut app = app();
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32);
    app.register_schema(orc.build()?)?;
    app.add_slot_messages::<f32>("orc", "health")
        .add_slot_messages::<f32>("unit", "health")
        .add_slot_messages::<f32>("unit", "health")
        .add_slot_messages::<f32>("orc", "rage")
        .add_object_messages("unit")
        .add_object_messages("orc");
    let record = record! { health: 1.0, armour: 1.0, rage: 0.0 };
    let orc = store(&mut app).spawn_record("orc", record)?;
    let unit = store(&mut app).spawn(UNIT)?;
    app.update();
    assert_eq!(spawned(&app), [unit, orc]);
    store(&mut app).set_value(orc, "health", 2.0)?;
    store(&mut app).set_value(orc, "rage", 3.0)?;
    store(&mut app).set_value(unit, "health", 4.0)?;
    app.update();
    let expected = [
        (unit, "health".to_owned(), 80.0, 4.0),
        (orc, "health".to_owned(), 1.0, 2.0),
        (orc, "rage".to_owned(), 0.0, 3.0),
    ];
    assert_eq!(changed::<f32>(&app), expected);
    Ok(())
}

#[derive(Resource, Default)]
struct Read {
    early: Vec<f32>,
    late: Vec<f32>,
}

#[test]
fn two_readers_read_each_message_once() -> Outcome {
    fn early(mut changes: MessageReader<SlotChanged<f32>>, mut read: ResMut<Read>) {
        read.early.extend(changes.read().map(|change| change.after));
    }
    fn late(mut changes: MessageReader<SlotChanged<f32>>, mut read: ResMut<Read>) {
        read.late.extend(changes.read().map(|change| change.after));
    }
    let mut app = app();
    app.init_resource::<Read>().add_slot_messages::<f32>("unit", "health");
    app.add_systems(Update, early).add_systems(Last, late.after(SlottedSystems::WriteMessages));
    let unit = store(&mut app).spawn(UNIT)?;
    for frame in 0..4 {
        store(&mut app).set_value(unit, "health", frame as f32)?;
        app.update();
    }
    let read = app.world().resource::<Read>();
    assert_eq!((&read.late[..], &read.early[..]), (&[1.0, 2.0, 3.0][..], &[1.0, 2.0][..]));
    Ok(())
}

#[test]
fn an_unregistered_schema_is_warned_of_once_and_works_when_it_is_registered() -> Outcome {
    let mut app = app();
    let errors = keep_errors!(app);
    app.add_slot_messages::<f32>("units", "speed").add_object_messages("units");
    for _ in 0..3 {
        app.update();
    }
    let found = errors();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity(), Severity::Warning);
    let error =
        found[0].downcast_ref::<MessageRequestError>().ok_or("not a MessageRequestError")?;
    assert_eq!(error.problems().len(), 2);
    assert!(error.to_string().contains("no schema 'units' is registered; did you mean 'unit'?"));

    let late = Schema::builder("units").slot("speed", Kind::F32).build()?;
    app.register_schema(late)?;
    let id = store(&mut app).spawn_record("units", record! { speed: 1.0 })?;
    app.update();
    assert_eq!(spawned(&app), [id]);
    store(&mut app).set_value(id, "speed", 2.0)?;
    app.update();
    assert_eq!(changed::<f32>(&app), [(id, "speed".to_owned(), 1.0, 2.0)]);
    assert_eq!(errors().len(), 0);
    Ok(())
}

#[test]
fn a_missing_slot_is_an_error_once_and_other_slots_still_get_messages() -> Outcome {
    let mut app = app();
    let errors = keep_errors!(app);
    app.add_slot_messages::<f32>("unit", "helth")
        .add_slot_messages::<u8>("unit", "health")
        .add_slot_messages::<u32>("unit", "level")
        .add_slot_messages::<f32>("unit", "health");
    let unit = store(&mut app).spawn(UNIT)?;
    app.update();
    let found = errors();
    assert_eq!((found.len(), found[0].severity()), (1, Severity::Panic));
    let error =
        found[0].downcast_ref::<MessageRequestError>().ok_or("not a MessageRequestError")?;
    let problems: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
    let expected = [
        "'unit' object has no slot 'helth'; did you mean 'health'?",
        "slot 'health' of 'unit' is f32, not u8",
        "slot 'level' of 'unit' is optional u32, not u32; use an `Option`, or `#[slot(set)]` on the field of a view",
    ];
    assert_eq!(problems, expected);

    store(&mut app).set_value(unit, "health", 2.0)?;
    // Registering a schema reports no problem again.
    app.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
    app.update();
    assert_eq!(changed::<f32>(&app).len(), 1);
    assert_eq!(errors().len(), 0);
    Ok(())
}

#[test]
fn another_store_or_a_migration_loses_the_changes_of_one_frame() -> Outcome {
    let mut app = app();
    app.add_slot_messages::<f32>("unit", "health").add_object_messages("unit");
    store(&mut app).spawn(UNIT)?;
    app.update();

    let mut other = Store::new();
    other.register::<Unit>()?;
    let unit = other.spawn(Unit { health: 1.0, ..UNIT })?;
    app.world_mut().insert_store(other);
    app.update();
    assert_eq!(written::<ChangesLost>(&app), [ChangesLost { reason: SnapshotError::OtherStore }]);
    assert_eq!((spawned(&app), despawned(&app), changed::<f32>(&app)), (vec![], vec![], vec![]));
    store(&mut app).set_value(unit, "health", 2.0)?;
    app.update();
    assert_eq!(changed::<f32>(&app), [(unit, "health".to_owned(), 1.0, 2.0)]);
    Ok(())
}

#[test]
fn a_migration_resolves_the_requested_slots_again() -> Outcome {
    let mut app = App::new();
    app.add_plugins(SlottedPlugin::default());
    let errors = keep_errors!(app);
    let orc = Schema::builder("orc").slot("rage", Kind::F32).slot("health", Kind::F32);
    app.register_schema(orc.build()?)?;
    app.add_slot_messages::<f32>("orc", "health").add_slot_messages::<f32>("orc", "rage");
    let orc = store(&mut app).spawn_record("orc", record! { rage: 1.0, health: 1.0 })?;
    app.update();

    // One slot has moved, the other one is removed.
    let next = Schema::builder("orc").slot("health", Kind::F32).build()?;
    let plan = store(&mut app).plan_migration([next])?;
    store(&mut app).migrate(&plan)?;
    app.update();
    assert_eq!(written::<ChangesLost>(&app), [ChangesLost { reason: SnapshotError::OtherSchemas }]);
    let found = errors();
    assert_eq!(found.len(), 1);
    assert!(found[0].to_string().contains("'orc' object has no slot 'rage'"), "{}", found[0]);

    store(&mut app).set_value(orc, "health", 2.0)?;
    app.update();
    assert_eq!(changed::<f32>(&app), [(orc, "health".to_owned(), 1.0, 2.0)]);
    assert_eq!(errors().len(), 0);
    Ok(())
}

/// The missing schema is reported first, its missing slot after the schema was registered.
#[test]
fn a_misspelt_slot_of_a_schema_registered_later_is_reported() -> Outcome {
    let mut app = app();
    let errors = keep_errors!(app);
    app.add_slot_messages::<f32>("later", "helth");
    app.update();
    assert!(errors()[0].to_string().contains("no schema 'later'"));
    let later = Schema::builder("later").slot("health", Kind::F32);
    app.register_schema(later.build()?)?;
    app.update();
    app.update();
    let found = errors();
    assert_eq!(found.len(), 1);
    let said = found[0].to_string();
    assert!(said.contains("'later' object has no slot 'helth'; did you mean 'health'?"), "{said}");
    Ok(())
}

#[test]
fn a_removed_store_is_compared_when_it_is_inserted_again() -> Outcome {
    let mut app = app();
    let errors = keep_errors!(app);
    app.add_slot_messages::<f32>("unit", "health");
    let unit = store(&mut app).spawn(UNIT)?;
    app.update();
    let mut away = app.world_mut().remove_store().ok_or("no store")?;
    away.set_value(unit, "health", 2.0)?;
    app.update();
    assert_eq!(errors().len(), 0);
    app.world_mut().insert_store(away);
    app.update();
    assert_eq!(changed::<f32>(&app), [(unit, "health".to_owned(), 80.0, 2.0)]);
    Ok(())
}

#[test]
fn one_snapshot_is_taken_each_frame_and_none_without_requests() {
    // Each snapshot begins an epoch.
    let epochs = |mut app: App| {
        let epoch = |app: &mut App| {
            app.update();
            store(app).epoch()
        };
        [epoch(&mut app), epoch(&mut app), epoch(&mut app)]
    };
    let [first, .., last] = epochs(app());
    assert_eq!(first, last);

    let mut one = app();
    one.add_object_messages("unit");
    let mut many = app();
    many.add_slot_messages::<f32>("unit", "health")
        .add_slot_messages::<f32>("unit", "armour")
        .add_slot_messages::<Option<u32>>("unit", "level")
        .add_object_messages("unit");
    let mut twin = Store::new();
    let each = [twin.advance_epoch(), twin.advance_epoch(), twin.advance_epoch()];
    assert_eq!((epochs(one), epochs(many)), (each, each));
}

/// A small random number generator with the same sequence on every run.
fn random(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

/// Compares the messages of random changes with a copy of all values of the last frame.
#[test]
fn messages_match_the_differences_from_a_copy() -> Outcome {
    let mut app = app();
    app.add_slot_messages::<f32>("unit", "health").add_object_messages("unit");
    let mut state = 7;
    let mut past = vec![store(&mut app).snapshot()];
    let mut model: BTreeMap<ObjectId, f32> = BTreeMap::new();
    for _ in 0..200 {
        for _ in 0..random(&mut state) % 20 {
            let ids: Vec<ObjectId> = model_of(&mut app)?.into_keys().collect();
            let store = store(&mut app);
            match (random(&mut state) % 10, ids.get(random(&mut state) % ids.len().max(1))) {
                (0..4, Some(id)) => {
                    store.set_value(*id, "health", (random(&mut state) % 3) as f32)?
                }
                (4..6, Some(id)) => store.despawn(*id)?,
                (6, _) => past.push(store.snapshot()),
                (7, _) => store.restore(&past[random(&mut state) % past.len()])?,
                _ => drop(store.spawn(UNIT)?),
            }
        }
        app.update();
        let now = model_of(&mut app)?;
        let changes = now.iter().filter_map(|(id, after)| {
            let before = *model.get(id)?;
            (before != *after).then(|| (*id, "health".to_owned(), before, *after))
        });
        let mut changes: Vec<_> = changes.collect();
        changes.sort_by_key(|(id, ..)| id.row());
        assert_eq!(changed::<f32>(&app), changes);
        let gone = model.keys().filter(|id| !now.contains_key(id)).copied();
        assert_eq!(by_bits(despawned(&app)), gone.collect::<Vec<_>>());
        let new = now.keys().filter(|id| !model.contains_key(id)).copied();
        assert_eq!(by_bits(spawned(&app)), new.collect::<Vec<_>>());
        model = now;
    }
    Ok(())
}

fn by_bits(mut ids: Vec<ObjectId>) -> Vec<ObjectId> {
    ids.sort();
    ids
}

fn model_of(app: &mut App) -> Result<BTreeMap<ObjectId, f32>, Box<dyn Error>> {
    let units = app.world().store().objects::<Unit>()?;
    Ok(units.map(|(id, unit)| (id, unit.health)).collect())
}
