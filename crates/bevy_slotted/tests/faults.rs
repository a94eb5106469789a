//! Fault 46: despawns inside hooks and observers, stale maps between entities and ids, worlds dropped first, systems
//! that panic, two worlds.

use std::any::Any;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bevy_app::{App, AppLabel, Main, MainSchedulePlugin, SubApp, Update};
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{Schedule, ScheduleLabel, SingleThreadedExecutor};
use bevy_ecs::system::{IntoSystem, RunSystemOnce, System};
use bevy_slotted::Fate;
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::{Kind, Schema, Store, record};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    health: u32,
}

#[derive(View)]
struct Health<'a> {
    health: &'a mut u32,
}

#[derive(View)]
struct Healthy<'a> {
    health: &'a u32,
}

const UNIT: Unit = Unit { health: 80 };

fn store() -> Store {
    let mut store = Store::new();
    store.register::<Unit>().expect("valid");
    store
}

fn world() -> World {
    let mut world = World::new();
    world.insert_store(store());
    world.init_resource::<Despawned>();
    world.add_observer(|event: On<Despawn<ObjectLink>>, mut despawned: ResMut<Despawned>| {
        despawned.0.push(event.event().entity);
    });
    world
}

/// The linked entities that were despawned.
#[derive(Resource, Default)]
struct Despawned(Vec<Entity>);

fn unit(world: &mut World) -> ObjectId {
    world.store_mut().spawn(UNIT).expect("the store has room")
}

fn linked(world: &mut World) -> (ObjectId, Entity) {
    let object = unit(world);
    (object, world.spawn(ObjectLink::new(object)).id())
}

fn is_there(world: &World, entity: Entity) -> bool {
    world.get_entity(entity).is_ok()
}

/// Returns the panic message of the closure.
fn panic_of<T>(of: impl FnOnce() -> T) -> String {
    let payload: Box<dyn Any + Send> = catch_unwind(AssertUnwindSafe(of)).err().expect("it panics");
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[test]
fn fault_46_an_object_despawned_by_an_observer_of_its_entity_dies_once() -> Outcome {
    #[derive(Resource)]
    struct Next(ObjectId);
    let mut world = world();
    world.add_observer(
        |event: On<Despawn<ObjectLink>>,
         links: Query<&ObjectLink>,
         mut store: StoreMut,
         mut commands: Commands| {
            let object =
                links.get(event.event().entity).expect("the component is still there").object();
            store.despawn(object).expect("it is alive");
            // The next object in the row must not be despawned instead.
            commands.insert_resource(Next(store.spawn(UNIT).expect("the store has room")));
        },
    );
    let (object, entity) = linked(&mut world);
    world.despawn(entity);
    let next = world.resource::<Next>().0;
    assert_eq!(next.row(), object.row());
    assert!(world.store().contains(next) && !world.store().contains(object));
    assert_eq!(world.resource::<Despawned>().0, [entity]);
    Ok(())
}

#[test]
fn fault_46_an_entity_despawned_for_its_object_may_despawn_both_again() -> Outcome {
    let mut world = world();
    world.add_observer(
        |event: On<Despawn<ObjectLink>>, links: Query<&ObjectLink>, mut commands: Commands| {
            let entity = event.event().entity;
            let object = links.get(entity).expect("the component is still there").object();
            commands.entity(entity).try_despawn();
            commands.queue(move |world: &mut World| {
                assert!(world.store_mut().despawn(object).is_err());
                world.sync_links();
            });
        },
    );
    let pairs = [(); 3].map(|()| linked(&mut world));
    for (object, _) in pairs {
        world.store_mut().despawn(object)?;
    }
    world.sync_links();
    assert_eq!(world.resource::<Despawned>().0, pairs.map(|(_, entity)| entity));
    assert!(pairs.iter().all(|(object, _)| world.entity_of(*object).is_none()));
    Ok(())
}

#[test]
fn fault_46_entities_that_despawn_each_other_do_not_recurse_forever() {
    #[derive(Component)]
    struct Takes(Entity);
    let mut world = world();
    world.add_observer(
        |event: On<Despawn<ObjectLink>>, takes: Query<&Takes>, mut commands: Commands| {
            let Takes(other) =
                takes.get(event.event().entity).expect("the component is still there");
            commands.entity(*other).try_despawn();
        },
    );
    let pairs = [(); 50].map(|()| linked(&mut world));
    for (number, (_, entity)) in pairs.iter().enumerate() {
        let (_, other) = pairs[(number + 1) % pairs.len()];
        world.entity_mut(*entity).insert(Takes(other));
    }
    let (_, bystander) = linked(&mut world);
    world.despawn(pairs[7].1);
    let mut despawned = world.resource::<Despawned>().0.clone();
    despawned.sort_unstable();
    let mut expected = pairs.map(|(_, entity)| entity);
    expected.sort_unstable();
    assert_eq!(despawned, expected);
    assert_eq!(world.store().len(), 1);
    assert!(is_there(&world, bystander));
}

#[test]
fn fault_46_a_link_renewed_by_an_observer_of_the_sync_is_kept() -> Outcome {
    let mut world = world();
    let (first, of_first) = linked(&mut world);
    let (second, of_second) = linked(&mut world);
    let heir = unit(&mut world);
    world.store_mut().despawn_batch(&[first, second])?;
    world.add_observer(move |event: On<Despawn<ObjectLink>>, mut commands: Commands| {
        if event.event().entity == of_first {
            commands.entity(of_second).insert(ObjectLink::new(heir));
        }
    });
    world.sync_links();
    assert_eq!(world.resource::<Despawned>().0, [of_first]);
    assert_eq!(world.entity_of(heir), Some(of_second));
    Ok(())
}

#[test]
fn fault_46_an_object_that_an_observer_of_the_sync_brings_back_keeps_its_entity() -> Outcome {
    let mut world = world();
    let (first, of_first) = linked(&mut world);
    let (second, of_second) = linked(&mut world);
    let before = world.store_mut().snapshot();
    world.store_mut().despawn_batch(&[first, second])?;
    world.add_observer(move |_: On<Despawn<ObjectLink>>, mut store: StoreMut| {
        store.restore(&before).expect("it is of this store");
    });
    world.sync_links();
    assert_eq!(world.resource::<Despawned>().0, [of_first]);
    assert_eq!(world.entity_of(second), Some(of_second));
    assert!(world.store().contains(second) && is_there(&world, of_second));
    Ok(())
}

#[test]
fn fault_46_an_observer_that_takes_the_store_away_leaves_the_object_in_it() -> Outcome {
    #[derive(Resource)]
    struct Aside(Option<Store>);
    let mut world = world();
    world.add_observer(|_: On<Despawn<ObjectLink>>, mut commands: Commands| {
        commands.queue(|world: &mut World| {
            if let Some(store) = world.remove_store() {
                world.insert_resource(Aside(Some(store)));
            }
        });
    });
    let (object, entity) = linked(&mut world);
    let (gone, of_gone) = linked(&mut world);
    world.despawn(entity);
    assert!(!is_there(&world, entity) && world.get_store().is_none());

    let store = world.resource_mut::<Aside>().0.take().ok_or("no store was set aside")?;
    assert!(store.contains(object));
    world.insert_store(store);
    assert_eq!([world.entity_of(object), world.entity_of(gone)], [None, Some(of_gone)]);
    world.store_mut().despawn(gone)?;
    world.sync_links();
    assert!(!is_there(&world, of_gone));
    Ok(())
}

#[test]
fn fault_46_links_stay_while_the_store_is_removed() -> Outcome {
    let mut world = world();
    let (object, entity) = linked(&mut world);
    let (free, of_free) = linked(&mut world);
    let store = world.remove_store().ok_or("no store")?;
    assert_eq!(world.entity_of(object), None);
    world.sync_links();
    assert!(is_there(&world, entity));
    world.despawn(of_free);
    world.insert_store(store);
    assert_eq!([world.entity_of(object), world.entity_of(free)], [Some(entity), None]);
    world.sync_links();
    world.despawn(entity);
    assert!(!world.store().contains(object));
    assert!(world.store().contains(free), "the world had no store to despawn it from");
    Ok(())
}

#[test]
fn fault_46_an_id_of_the_old_store_resolves_to_nothing_in_the_new_one() -> Outcome {
    let mut world = world();
    let (old, entity) = linked(&mut world);
    let (_, other) = linked(&mut world);
    world.insert_store(store());
    let new = unit(&mut world);
    assert_eq!(old, new, "both stores assign the same ids");
    assert_eq!(world.entity_of(new), None);
    let found = world.run_system_once(move |links: ObjectLinks| links.entity_of(new));
    assert_eq!(found.expect("the system runs"), None);
    world.despawn(entity);
    assert!(world.store().contains(new), "the entity was never linked to it");
    world.sync_links();
    assert!(!is_there(&world, other));
    assert!(world.store().contains(new));
    Ok(())
}

#[test]
fn fault_46_an_assigned_store_is_distinguished_from_the_old_one() -> Outcome {
    let mut world = world();
    let (old, entity) = linked(&mut world);
    let (_, other) = linked(&mut world);
    *world.store_mut() = store();
    let new = unit(&mut world);
    assert_eq!((old, world.entity_of(new)), (new, None));
    world.despawn(entity);
    assert!(world.store().contains(new));

    let of_new = world.spawn(ObjectLink::new(new)).id();
    assert_eq!(world.entity_of(new), Some(of_new));
    world.sync_links();
    assert_eq!(world.entity_of(new), Some(of_new));
    assert!(is_there(&world, of_new) && !is_there(&world, other));
    Ok(())
}

#[test]
fn fault_46_a_store_that_returns_before_the_sync_gets_its_links_back() -> Outcome {
    let mut world = world();
    let (object, entity) = linked(&mut world);
    let (untied, of_untied) = linked(&mut world);
    let before = world.insert_store(store()).ok_or("no store")?;
    let (new, of_new) = linked(&mut world);
    assert_eq!(new, object);
    world.entity_mut(of_untied).remove::<ObjectLink>();
    let between = world.insert_store(before).ok_or("no store")?;
    assert_eq!(world.entity_of(object), Some(entity));
    assert_eq!(world.entity_of(untied), None);
    world.insert_store(between);
    assert_eq!(world.entity_of(new), Some(of_new));
    world.sync_links();
    assert!(is_there(&world, of_new) && !is_there(&world, entity));
    Ok(())
}

#[test]
fn fault_46_a_copy_of_the_store_is_another_store() {
    let mut world = world();
    let (object, entity) = linked(&mut world);
    let copy = world.store().clone();
    world.insert_store(copy);
    assert_eq!(world.entity_of(object), None);
    world.relink(Some);
    assert_eq!(world.entity_of(object), Some(entity), "a program may map equal ids");
}

#[test]
fn fault_46_links_that_outlive_all_resources_are_removed() {
    let mut world = world();
    let (object, entity) = linked(&mut world);
    let link = ObjectLink::new(unit(&mut world)).with_entity_fate(Fate::Free);
    let freed = world.spawn(link).id();
    world.clear_resources();
    assert!(is_there(&world, entity) && world.get_store().is_none());
    assert_eq!(world.entity_of(object), None);
    world.sync_links();

    world.insert_store(store());
    world.init_resource::<Despawned>();
    let (new, of_new) = linked(&mut world);
    assert_eq!((object, world.entity_of(new)), (new, Some(of_new)));
    world.sync_links();
    assert!(!is_there(&world, entity) && is_there(&world, of_new));
    assert!(is_there(&world, freed) && !world.entity(freed).contains::<ObjectLink>());
    assert!(world.store().contains(new));
}

#[test]
fn fault_46_a_world_without_entities_has_no_links() {
    for clear in [World::clear_entities, World::clear_all] {
        let mut world = world();
        let (object, entity) = linked(&mut world);
        clear(&mut world);
        assert!(world.get_store().is_none() && !is_there(&world, entity));
        assert_eq!(world.entity_of(object), None);
        world.sync_links();
        let again = world.spawn(ObjectLink::new(object)).id();
        assert!(!world.entity(again).contains::<ObjectLink>());
        world.despawn(again);
    }
}

#[test]
fn fault_46_an_entity_that_reuses_an_index_is_another_entity() {
    let mut world = world();
    let (object, entity) = linked(&mut world);
    let other = unit(&mut world);
    // The removal from `entity` is queued while another entity reuses its index.
    let mut commands = world.commands();
    let heir = commands.spawn(ObjectLink::new(object)).id();
    commands.queue(move |world: &mut World| {
        let next = world.entity_mut(entity).despawn_no_free();
        assert_eq!((next.index(), next == entity), (entity.index(), false));
        world.spawn_at(next, ObjectLink::new(other)).expect("the index is free");
    });
    world.flush();
    let next = world.entity_of(other).expect("the link was not removed");
    assert_eq!(next.index(), entity.index());
    assert_eq!(world.entity_of(object), Some(heir));
    world.despawn(next);
    assert!(world.store().contains(object) && !world.store().contains(other));
}

#[test]
fn fault_46_dropping_the_world_first_leaks_nothing() {
    #[derive(Component)]
    struct Counted(#[expect(dead_code, reason = "only counted")] Arc<str>);
    let counter: Arc<str> = "counted".into();
    let mut world = world();
    let mut store = Store::new();
    // A store keeps the names of an enum's variants.
    let schema = Schema::builder("unit").slot("rank", Kind::enumeration([Arc::clone(&counter)]));
    store.register_schema(schema.build().expect("valid")).expect("valid");
    let object = store.spawn_record("unit", record! { rank: "counted" }).expect("valid");
    world.insert_store(store);
    world.spawn((ObjectLink::new(object), Counted(Arc::clone(&counter))));
    world.commands().spawn((ObjectLink::new(object), Counted(Arc::clone(&counter))));
    assert!(Arc::strong_count(&counter) > 3);
    drop(world);
    assert_eq!(Arc::strong_count(&counter), 1);
}

#[derive(Resource, Default)]
struct Rounds(u32);

/// Runs the schedule until the system that panicked runs again: Bevy's executors skip it the first time.
fn run_twice_more(schedule: &mut Schedule, world: &mut World) {
    schedule.run(world);
    schedule.run(world);
    assert!(world.resource::<Rounds>().0 > 1);
}

fn panicking_schedules() -> [Schedule; 2] {
    let mut single = Schedule::default();
    single.set_executor(SingleThreadedExecutor::new());
    [single, Schedule::default()]
}

#[test]
fn fault_46_a_system_that_panics_in_a_view_leaves_the_store_usable() -> Outcome {
    #[derive(Resource, Default)]
    struct Heals(u32);
    for mut schedule in panicking_schedules() {
        let mut world = world();
        world.init_resource::<Rounds>();
        world.init_resource::<Heals>();
        let ids: Vec<_> = world.store_mut().spawn_batch([UNIT; 100])?.collect();
        let hurt = |mut units: Slots<Health>, mut rounds: ResMut<Rounds>| {
            rounds.0 += 1;
            let (mut left, is_first) = (30, rounds.0 == 1);
            units.for_each(|unit| {
                assert!(!is_first || left > 0, "the thirty-first");
                left -= 1;
                *unit.health -= 1;
            });
        };
        let heal = |mut units: Slots<Health>, mut heals: ResMut<Heals>| {
            heals.0 += 1;
            units.for_each(|unit| *unit.health += 1000);
        };
        schedule.add_systems((hurt, heal).chain());
        let assert_consistent = |world: &World| -> Outcome {
            let (hurts, heals) = (world.resource::<Rounds>().0 - 1, world.resource::<Heals>().0);
            let all = 80 + 1000 * heals - hurts;
            for (number, id) in ids.iter().enumerate() {
                let health = world.store().get_object::<Unit>(*id)?.health;
                assert_eq!(health, if number < 30 { all - 1 } else { all });
            }
            Ok(())
        };
        assert_eq!(panic_of(|| schedule.run(&mut world)), "the thirty-first");
        assert_consistent(&world)?;
        let heals = world.resource::<Heals>().0;
        run_twice_more(&mut schedule, &mut world);
        assert!(world.resource::<Heals>().0 > heals);
        assert_consistent(&world)?;
        world.store_mut().despawn_batch(&ids)?;
        assert!(world.store().is_empty());
    }
    Ok(())
}

#[test]
fn fault_46_a_system_that_panics_with_the_store_leaves_nothing_half_done() -> Outcome {
    for mut schedule in panicking_schedules() {
        let mut world = world();
        world.init_resource::<Rounds>();
        let (object, entity) = linked(&mut world);
        let hash = world.store_mut().state_hash();
        let spawn = |mut store: StoreMut, mut rounds: ResMut<Rounds>| {
            rounds.0 += 1;
            let is_first = rounds.0 == 1;
            let units = (0..10).map(|number| {
                assert!(!is_first || number < 5, "the sixth");
                UNIT
            });
            store.spawn_batch(units).expect("the store has room");
        };
        schedule.add_systems(spawn);
        assert_eq!(panic_of(|| schedule.run(&mut world)), "the sixth");
        assert_eq!(world.store_mut().state_hash(), hash);
        assert_eq!(world.entity_of(object), Some(entity));
        run_twice_more(&mut schedule, &mut world);
        let spawns = world.resource::<Rounds>().0 - 1;
        assert_eq!(world.store().len(), 1 + 10 * spawns as usize);
    }
    Ok(())
}

#[test]
fn fault_46_links_left_by_an_observer_that_panics_are_synced_the_next_time() -> Outcome {
    let mut world = world();
    let pairs = [(); 3].map(|()| linked(&mut world));
    let second = pairs[1].1;
    world.init_resource::<Rounds>();
    world.add_observer(move |event: On<Despawn<ObjectLink>>, mut rounds: ResMut<Rounds>| {
        if event.event().entity == second {
            rounds.0 += 1;
            assert!(rounds.0 > 1, "once");
        }
    });
    let ids = pairs.map(|(object, _)| object);
    world.store_mut().despawn_batch(&ids)?;
    assert_eq!(panic_of(|| world.sync_links()), "once");
    assert!(is_there(&world, pairs[2].1));
    world.sync_links();
    assert!(pairs.iter().all(|(_, entity)| !is_there(&world, *entity)));
    assert!(ids.iter().all(|object| world.entity_of(*object).is_none()));
    Ok(())
}

#[test]
fn fault_46_a_system_of_one_world_is_rejected_by_another_one() {
    fn check<M>(system: impl IntoSystem<(), (), M>) {
        let [mut one, mut other] = [world(), world()];
        unit(&mut other);
        let mut system = IntoSystem::into_system(system);
        system.initialize(&mut one);
        let panic = panic_of(|| system.run((), &mut other));
        assert!(panic.contains("World"), "{panic}");
        assert_eq!(other.store().len(), 1);
    }
    check(|mut units: Slots<Health>| units.for_each(|unit| *unit.health = 0));
    check(|units: SlotsRef<Healthy>| units.for_each(|unit| assert_eq!(*unit.health, 0)));
    check(|store: StoreRef| assert!(store.is_empty()));
    check(|mut store: StoreMut| store.clear());
    check(|links: ObjectLinks| assert!(links.is_empty()));
}

#[test]
fn fault_46_ids_of_one_world_resolve_to_nothing_in_another_one() -> Outcome {
    let [mut one, mut other] = [world(), world()];
    let mut last = unit(&mut one);
    for _ in 0..3 {
        one.store_mut().despawn(last)?;
        last = unit(&mut one);
    }
    let (shared, of_one) = linked(&mut other);
    assert_eq!(last.row(), shared.row());
    assert!(!other.store().contains(last));
    assert!(other.store_mut().despawn(last).is_err());
    assert_eq!(other.entity_of(last), None);
    let found =
        other.run_system_once(move |mut units: Slots<Health>| units.get_mut(last).is_some());
    assert!(!found.expect("the system runs"));
    let entity = other.spawn(ObjectLink::new(last)).id();
    assert!(!other.entity(entity).contains::<ObjectLink>());
    assert_eq!(other.entity_of(shared), Some(of_one));
    Ok(())
}

#[test]
fn fault_46_the_links_of_two_worlds_are_independent() -> Outcome {
    let [mut one, mut other] = [world(), world()];
    let (object, entity) = linked(&mut one);
    let (same, of_same) = linked(&mut other);
    assert_eq!((object, entity), (same, of_same), "both worlds assign the same ids");
    one.despawn(entity);
    assert!(other.store().contains(same));
    assert_eq!(other.entity_of(same), Some(of_same));
    other.store_mut().despawn(same)?;
    one.sync_links();
    assert!(is_there(&other, of_same));
    other.sync_links();
    assert!(!is_there(&other, of_same));
    Ok(())
}

/// A store moves to another world, whose entities with the same bits must not be linked to its objects.
#[test]
fn fault_46_a_store_that_moves_to_another_world_brings_no_links() -> Outcome {
    let [mut one, mut other] = [world(), world()];
    let (object, _) = linked(&mut one);
    let (_, entity) = linked(&mut other);
    let store = one.remove_store().ok_or("no store")?;
    other.insert_store(store);
    assert_eq!(other.entity_of(object), None);
    other.despawn(entity);
    assert!(other.store().contains(object));
    Ok(())
}

#[test]
fn fault_46_two_sub_apps_have_a_store_each() -> Outcome {
    #[derive(AppLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
    enum Label {
        One,
        Other,
    }
    let mut app = App::new();
    app.add_plugins(SlottedPlugin::default()).register_slotted::<Unit>();
    let (of_main, entity_of_main) = linked(app.world_mut());
    let mut pairs = Vec::new();
    for label in [Label::One, Label::Other] {
        let mut sub_app = SubApp::new();
        sub_app.update_schedule = Some(Main.intern());
        sub_app.add_plugins((MainSchedulePlugin, SlottedPlugin::default()));
        sub_app.world_mut().store_mut().register::<Unit>()?;
        sub_app.add_systems(Update, |mut units: Slots<Health>| {
            units.for_each(|unit| *unit.health += 1);
        });
        pairs.push((label, linked(sub_app.world_mut())));
        app.insert_sub_app(label, sub_app);
    }
    let (_, (object, entity)) = pairs[0];
    app.sub_app_mut(Label::One).world_mut().store_mut().despawn(object)?;
    app.update();
    assert!(!is_there(app.sub_app(Label::One).world(), entity));

    let (_, (object, entity)) = pairs[1];
    let other = app.sub_app(Label::Other).world();
    assert_eq!(other.entity_of(object), Some(entity));
    assert_eq!(other.store().get_object::<Unit>(object)?.health, 81);
    assert_eq!(app.world().entity_of(of_main), Some(entity_of_main));
    assert_eq!(app.world().store().get_object::<Unit>(of_main)?, UNIT);
    Ok(())
}
