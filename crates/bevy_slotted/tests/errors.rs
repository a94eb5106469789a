//! `Debug` of every public error prints its message, since `main` and `unwrap` print `Debug`.

use std::error::Error;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_slotted::prelude::*;
use bevy_slotted::rollback::{frame_hash, restore_frame};
use bevy_slotted::slotted::{SnapshotError, Store};
use bevy_slotted::transfer::{export_objects, export_records};
use bevy_slotted::{MessageRequestError, NoStore, RollbackError, StoreFrames};

/// The error's `Debug`, its `Display` and the expected text.
type Row = (String, String, String);

fn row(error: &dyn Error, expected: &str) -> Row {
    (format!("{error:?}"), error.to_string(), expected.to_owned())
}

fn check(rows: impl IntoIterator<Item = Row>) {
    for (debug, display, expected) in rows {
        assert_eq!(debug, expected);
        assert_eq!(display, expected);
    }
}

#[derive(Slotted, Clone, Copy)]
struct Tile {
    height: f32,
}

#[derive(Component)]
struct Height(#[expect(dead_code, reason = "only spawned")] f32);

#[test]
fn debug_of_store_and_rollback_errors_prints_the_message() {
    let no_store = "the world has no store: add `SlottedPlugin` to the app";
    let mut world = World::new();
    let no_frames = frame_hash(&world, 1).unwrap_err();
    world.insert_resource(StoreFrames::new(2));
    let no_store_to_restore = restore_frame(&mut world, 1).unwrap_err();
    let unusable = RollbackError::Unusable { frame: 1, source: SnapshotError::OtherStore };
    let unusable_message =
        format!("frame 1 of the store cannot be restored: {}", SnapshotError::OtherStore);
    check([
        row(&NoStore, no_store),
        row(&no_store_to_restore, no_store),
        row(
            &no_frames,
            "the world keeps no frames of its store: insert the resource `StoreFrames`",
        ),
        row(&frame_hash(&world, 1).unwrap_err(), "frame 1 of the store is not kept; no frame is"),
        row(&unusable, &unusable_message),
        row(
            &RollbackError::NoNumber { type_name: "game::Frame" },
            "the world has no resource `game::Frame` to read the frame's number from",
        ),
    ]);
}

#[test]
fn debug_of_transfer_errors_prints_the_message() {
    let mut world = World::new();
    let missing = export_objects(&mut world, |_, _, tile: Tile| Height(tile.height)).unwrap_err();
    world.insert_store(Store::new());
    let unknown = export_records(&mut world, "tile", |_, _, _| Height(0.0)).unwrap_err();
    check([
        row(&missing, "the world has no store: add `SlottedPlugin` to the app"),
        row(&unknown, "no schema 'tile' is registered"),
    ]);
}

#[test]
fn debug_of_a_message_request_error_prints_the_message() {
    use std::sync::Mutex;

    static ROWS: Mutex<Vec<Row>> = Mutex::new(Vec::new());
    let mut app = App::new();
    app.add_plugins(SlottedPlugin::default()).add_object_messages("tile");
    app.insert_resource(bevy_ecs::error::FallbackErrorHandler(|error, _| {
        let error = error.downcast_ref::<MessageRequestError>().expect("a request error");
        let expected =
            "requested change messages are impossible:\n  no schema 'tile' is registered";
        ROWS.lock().expect("no panic").push(row(error, expected));
    }));
    app.update();
    let rows = std::mem::take(&mut *ROWS.lock().expect("no panic"));
    assert_eq!(rows.len(), 1);
    check(rows);
}

#[cfg(feature = "reflect")]
#[test]
fn debug_of_reflect_errors_prints_the_message() {
    use bevy_reflect::Reflect;
    use bevy_slotted::reflect::{NotASlot, ReflectError, schema_of};

    #[derive(Reflect)]
    struct Chest {
        size: usize,
    }

    #[derive(Reflect)]
    struct Meters(f32);

    let error = schema_of::<Chest>().unwrap_err();
    let ReflectError::Fields { problems, .. } = &error else { panic!("{error}") };
    let reason = "has a platform-dependent width; use 'u32' or 'u64'";
    check([
        row(&error, &format!("'Chest': field 'size' cannot be a slot: 'usize' {reason}")),
        row(&problems[0], &format!("field 'size' cannot be a slot: 'usize' {reason}")),
        row(&problems[0].what, &format!("cannot be a slot: 'usize' {reason}")),
        row(&NotASlot::PointerSized { instead: 'u' }, reason),
        row(
            &schema_of::<Meters>().unwrap_err(),
            "'Meters' is not a struct with named fields; a schema needs one",
        ),
    ]);
}
