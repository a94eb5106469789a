//! The preludes of Bevy and of this crate can be glob-imported together.

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::bytemuck::{CheckedBitPattern, NoUninit};

/// Stands for the prelude of the umbrella crate `bevy`, which exports a component of this name.
mod umbrella {
    #[derive(bevy_ecs::component::Component)]
    pub(crate) struct Text(pub(crate) &'static str);
}
use umbrella::*;

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy, PartialEq, Debug)]
#[bytemuck(crate = "bevy_slotted::slotted::bytemuck")]
#[repr(u8)]
enum Job {
    Farmer,
}

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    job: Job,
    owner: EntitySlot,
}

#[derive(View)]
struct Healing<'a> {
    id: ObjectId,
    health: &'a mut f32,
}

#[derive(View)]
struct Watching<'a> {
    id: ObjectId,
    health: &'a f32,
}

#[derive(Resource, Default)]
struct Seen {
    changes: usize,
    spawned: usize,
    despawned: usize,
    linked: usize,
}

fn spawn(mut store: StoreMut, mut commands: Commands) -> Result {
    let owner = EntitySlot::NONE;
    let unit = store.spawn(Unit { health: 80.0, job: Job::Farmer, owner })?;
    commands.spawn((Name::new("Ada"), Text("Ada"), ObjectLink::new(unit)));
    commands.spawn_object(Unit { health: 1.0, job: Job::Farmer, owner });
    Ok(())
}

fn heal(mut units: Slots<Healing>, mut healed: Local<Option<ObjectId>>) {
    units.for_each(|unit| {
        *unit.health += 1.0;
        *healed = Some(unit.id);
    });
}

fn bury(units: SlotsRef<Watching>, mut commands: Commands) {
    for unit in units.iter().filter(|unit| *unit.health < 10.0) {
        commands.try_despawn_object(unit.id);
    }
}

fn count(
    mut changes: MessageReader<SlotChanged<f32>>,
    mut spawned: MessageReader<ObjectSpawned>,
    mut despawned: MessageReader<ObjectDespawned>,
    links: ObjectLinks,
    store: StoreRef,
    texts: Query<&Text, With<Name>>,
    mut seen: ResMut<Seen>,
) {
    seen.changes += changes.read().count();
    seen.spawned += spawned.read().count();
    seen.despawned += despawned.read().count();
    let entities = store.ids().filter_map(|id| links.entity_of(id));
    seen.linked =
        entities.filter(|entity| texts.get(*entity).is_ok_and(|text| text.0 == "Ada")).count();
}

#[test]
fn all_names_can_be_used_beside_bevys_preludes() {
    let mut app = App::new();
    app.add_plugins(SlottedPlugin::default());
    app.register_slotted::<Unit>();
    app.add_slot_messages::<f32>("unit", "health").add_object_messages("unit");
    app.init_resource::<Seen>();
    app.add_systems(Startup, spawn).add_systems(Update, (heal, bury).chain());
    app.add_systems(Last, count.after(SlottedSystems::WriteMessages));
    app.update();
    app.update();
    let seen = app.world().resource::<Seen>();
    // The weak unit was spawned and despawned within the first frame.
    assert_eq!((seen.changes, seen.spawned, seen.despawned, seen.linked), (1, 1, 0, 1));
    assert_eq!(app.world().store().len(), 1);
}
