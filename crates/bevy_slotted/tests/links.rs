//! Links between entities and objects, and entities in slots.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::sync::Once;

use bevy_app::{App, Last, Update};
use bevy_ecs::entity::{Entities, EntityHashMap, MapEntities};
use bevy_ecs::prelude::*;
use bevy_ecs::system::RunSystemOnce;
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::{Kind, LimitError, Limits, List, Schema, SnapshotRing, Store, record};
use bevy_slotted::{Fate, map_entity_slots};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[derive(View)]
struct Health<'a> {
    health: &'a mut f32,
}

const RUNS: &str = "the system runs";

const UNIT: Unit = Unit { health: 80.0 };

fn store() -> Store {
    let mut store = Store::new();
    store.register::<Unit>().expect("valid schema");
    store
}

fn world() -> World {
    let mut world = World::new();
    world.insert_store(store());
    world
}

fn app() -> App {
    let mut app = App::new();
    app.add_plugins(SlottedPlugin::default()).register_slotted::<Unit>();
    app
}

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

thread_local! {
    static WARNINGS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Collects the log messages of each thread, and so of each test.
struct Warnings;

impl log::Log for Warnings {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if record.level() <= log::Level::Warn {
            WARNINGS.with_borrow_mut(|warnings| warnings.push(record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

fn warnings(of: impl FnOnce()) -> Vec<String> {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        log::set_logger(&Warnings).expect("no other logger is set");
        log::set_max_level(log::LevelFilter::Warn);
    });
    WARNINGS.take();
    of();
    WARNINGS.take()
}

#[test]
fn the_object_dies_with_its_entity() {
    let mut world = world();
    let (object, entity) = linked(&mut world);
    assert_eq!(world.entity_of(object), Some(entity));
    world.despawn(entity);
    assert!(!world.store().contains(object));
    assert_eq!(world.entity_of(object), None);
}

#[test]
fn the_entity_dies_with_its_object() -> Outcome {
    let mut app = app();
    let (object, entity) = linked(app.world_mut());
    let (_, other) = linked(app.world_mut());
    app.update();
    assert!(is_there(app.world(), entity));
    app.world_mut().store_mut().despawn(object)?;
    app.update();
    assert!(!is_there(app.world(), entity));
    assert!(is_there(app.world(), other));
    assert_eq!(app.world().entity_of(object), None);
    Ok(())
}

#[test]
fn an_object_can_outlive_its_entity() {
    let mut world = world();
    let object = unit(&mut world);
    let entity = world.spawn(ObjectLink::new(object).with_object_fate(Fate::Free)).id();
    world.despawn(entity);
    assert!(world.store().contains(object));
    assert_eq!(world.entity_of(object), None);
    let next = world.spawn(ObjectLink::new(object)).id();
    assert_eq!(world.entity_of(object), Some(next));
}

#[test]
fn an_entity_can_outlive_its_object() -> Outcome {
    let mut world = world();
    let object = unit(&mut world);
    let link = ObjectLink::new(object).with_entity_fate(Fate::Free);
    let entity = world.spawn((link, Name::new("Ada"))).id();
    world.store_mut().despawn(object)?;
    world.sync_links();
    assert!(!world.entity(entity).contains::<ObjectLink>());
    assert!(world.entity(entity).contains::<Name>());
    assert_eq!(world.entity_of(object), None);
    Ok(())
}

#[test]
fn removing_the_link_despawns_neither() -> Outcome {
    let mut world = world();
    let (object, entity) = linked(&mut world);
    world.entity_mut(entity).remove::<ObjectLink>();
    assert_eq!(world.entity_of(object), None);
    world.store_mut().despawn(object)?;
    world.sync_links();
    assert!(is_there(&world, entity));

    let (object, entity) = linked(&mut world);
    world.entity_mut(entity).remove::<ObjectLink>();
    world.despawn(entity);
    assert!(world.store().contains(object));
    Ok(())
}

#[test]
fn another_link_replaces_the_object_of_an_entity() {
    let mut world = world();
    let (first, entity) = linked(&mut world);
    let second = unit(&mut world);
    world.entity_mut(entity).insert(ObjectLink::new(second));
    assert_eq!([world.entity_of(first), world.entity_of(second)], [None, Some(entity)]);
    world.despawn(entity);
    assert!(world.store().contains(first) && !world.store().contains(second));
}

#[test]
fn inserting_the_link_again_changes_the_fate() {
    let mut world = world();
    let (object, entity) = linked(&mut world);
    world.entity_mut(entity).insert(ObjectLink::new(object).with_object_fate(Fate::Free));
    assert_eq!(world.entity_of(object), Some(entity));
    world.despawn(entity);
    assert!(world.store().contains(object));
}

#[test]
fn the_last_link_owns_the_object() {
    let mut world = world();
    let (object, first) = linked(&mut world);
    let second = world.spawn(ObjectLink::new(object)).id();
    assert_eq!(world.entity_of(object), Some(second));
    assert!(!world.entity(first).contains::<ObjectLink>());
    world.despawn(first);
    assert!(world.store().contains(object));
    world.despawn(second);
    assert!(!world.store().contains(object));
}

#[test]
fn in_a_batch_one_entity_owns_the_object() {
    let mut world = world();
    let object = unit(&mut world);
    let entities: Vec<_> = world.spawn_batch([ObjectLink::new(object); 5]).collect();
    assert_eq!(world.entity_of(object), entities.last().copied());
    assert_eq!(world.query::<&ObjectLink>().iter(&world).count(), 1);
}

#[test]
fn an_entity_that_takes_the_object_back_at_once_keeps_it() {
    let mut world = world();
    let object = unit(&mut world);
    let [first, second] = [(); 2].map(|()| world.spawn_empty().id());
    world.insert_batch([first, second, first].map(|entity| (entity, ObjectLink::new(object))));
    world.flush();
    assert_eq!(world.entity_of(object), Some(first));
    assert!(world.entity(first).contains::<ObjectLink>());
    assert!(!world.entity(second).contains::<ObjectLink>());
}

#[test]
fn an_entity_that_lost_its_object_does_not_despawn_it() {
    let mut world = world();
    let (object, first) = linked(&mut world);
    // Both commands are queued before the first one's component is removed.
    let mut commands = world.commands();
    let second = commands.spawn(ObjectLink::new(object)).id();
    commands.entity(first).despawn();
    world.flush();
    assert!(world.store().contains(object));
    assert_eq!(world.entity_of(object), Some(second));
}

#[test]
fn an_object_can_move_to_another_entity_while_its_entity_is_despawned() {
    let mut world = world();
    world.add_observer(
        |event: On<Despawn<ObjectLink>>, links: Query<&ObjectLink>, mut commands: Commands| {
            let link = links.get(event.event().entity).copied();
            commands.spawn((link.expect("the link is still there"), Name::new("Heir")));
        },
    );
    let (object, entity) = linked(&mut world);
    world.despawn(entity);
    assert!(world.store().contains(object));
    let heir = world.entity_of(object).expect("the heir is linked");
    assert!(world.entity(heir).contains::<Name>());
}

#[test]
fn a_link_to_a_dead_object_is_removed_with_a_warning() -> Outcome {
    let mut world = world();
    let dead = unit(&mut world);
    world.store_mut().despawn(dead)?;
    let warnings = warnings(|| {
        let entity = world.spawn((ObjectLink::new(dead), Name::new("Ada"))).id();
        assert!(!world.entity(entity).contains::<ObjectLink>());
        assert!(world.entity(entity).contains::<Name>());
    });
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("relates to object 0:0:1, which is not alive"), "{warnings:?}");
    assert_eq!(world.entity_of(dead), None);
    Ok(())
}

#[test]
fn a_link_without_a_store_is_removed_with_a_warning() {
    let id = linked(&mut world()).0;
    let mut world = World::new();
    let warnings = warnings(|| {
        let entity = world.spawn(ObjectLink::new(id)).id();
        assert!(!world.entity(entity).contains::<ObjectLink>());
    });
    assert!(
        warnings.len() == 1 && warnings[0].contains("but the world has no store"),
        "{warnings:?}"
    );
}

#[test]
fn clones_of_an_entity_have_no_link() {
    let mut world = world();
    let (object, entity) = linked(&mut world);
    world.entity_mut(entity).insert(Name::new("Ada"));
    let clone = world.entity_mut(entity).clone_and_spawn();
    assert!(world.entity(clone).contains::<Name>());
    assert!(!world.entity(clone).contains::<ObjectLink>());
    assert_eq!(world.entity_of(object), Some(entity));
}

#[test]
fn children_die_with_the_entity_of_an_object() -> Outcome {
    let mut world = world();
    let (object, entity) = linked(&mut world);
    let (of_child, child) = linked(&mut world);
    world.entity_mut(entity).add_child(child);
    world.store_mut().despawn(object)?;
    world.sync_links();
    assert!(!is_there(&world, child));
    assert!(!world.store().contains(of_child));
    Ok(())
}

#[test]
fn object_links_conflict_with_no_access_to_the_store() {
    fn despawn_linked(mut store: StoreMut, links: ObjectLinks) {
        let linked: Vec<_> = store.ids().filter(|id| links.entity_of(*id).is_some()).collect();
        store.despawn_batch(&linked).expect("all are alive");
        assert_eq!(links.iter().map(|(object, _)| object).collect::<Vec<_>>(), linked);
        assert!(!links.is_empty());
        assert_eq!(links.len(), 1);
    }
    fn count_beside_views(_: Slots<Health>, links: ObjectLinks) -> usize {
        links.len()
    }
    let mut world = world();
    let (object, _) = linked(&mut world);
    let free = unit(&mut world);
    assert_eq!(world.run_system_once(count_beside_views).expect(RUNS), 1);
    world.run_system_once(despawn_linked).expect(RUNS);
    assert!(!world.store().contains(object) && world.store().contains(free));
}

#[test]
fn object_links_are_empty_without_links() {
    let count = World::new().run_system_once(|links: ObjectLinks| links.len()).expect(RUNS);
    assert_eq!(count, 0);
    let id = linked(&mut world()).0;
    assert_eq!(World::new().entity_of(id), None);
    World::new().sync_links();
}

#[test]
fn an_object_lives_on_until_the_commands_of_its_entitys_despawn() {
    #[derive(Resource, Default)]
    struct Seen(Vec<bool>);
    let mut world = world();
    world.init_resource::<Seen>();
    world.add_observer(
        |event: On<Remove<ObjectLink>>,
         links: Query<&ObjectLink>,
         store: StoreRef,
         mut seen: ResMut<Seen>| {
            let link = links.get(event.event().entity).expect("the link is still there");
            seen.0.push(store.contains(link.object()));
        },
    );
    let (_, entity) = linked(&mut world);
    world.despawn(entity);
    assert_eq!(world.resource::<Seen>().0, [true]);
    assert!(world.store().is_empty());
}

#[test]
fn the_system_runs_in_last_in_its_set() -> Outcome {
    #[derive(Resource, Default)]
    struct Seen(Vec<bool>);
    let mut app = app();
    app.init_resource::<Seen>();
    let (object, entity) = linked(app.world_mut());
    let look = move |entities: &Entities, mut seen: ResMut<Seen>| {
        seen.0.push(entities.contains_spawned(entity));
    };
    app.add_systems(Update, move |mut store: StoreMut| {
        if store.contains(object) {
            store.despawn(object).expect("it is alive");
        }
    });
    app.add_systems(Last, look.before(SlottedSystems::SyncLinks));
    app.add_systems(Last, look.after(SlottedSystems::SyncLinks));
    app.update();
    assert_eq!(app.world().resource::<Seen>().0, [true, false]);
    Ok(())
}

#[test]
fn a_rollback_that_removes_an_object_despawns_its_entity() -> Outcome {
    let mut app = app();
    let (old, of_old) = linked(app.world_mut());
    let before = app.world_mut().store_mut().snapshot();
    let (young, of_young) = linked(app.world_mut());
    app.update();
    app.world_mut().store_mut().restore(&before)?;
    app.update();
    assert_eq!(app.world().entity_of(old), Some(of_old));
    assert_eq!(app.world().entity_of(young), None);
    assert!(is_there(app.world(), of_old) && !is_there(app.world(), of_young));
    Ok(())
}

#[test]
fn a_rollback_that_restores_an_object_before_the_sync_keeps_its_entity() -> Outcome {
    let mut app = app();
    let (object, entity) = linked(app.world_mut());
    let before = app.world_mut().store_mut().snapshot();
    app.world_mut().store_mut().despawn(object)?;
    app.world_mut().store_mut().restore(&before)?;
    app.update();
    assert_eq!(app.world().entity_of(object), Some(entity));

    app.world_mut().store_mut().despawn(object)?;
    app.update();
    assert!(!is_there(app.world(), entity));
    app.world_mut().store_mut().restore(&before)?;
    app.update();
    assert!(app.world().store().contains(object));
    assert_eq!(app.world().entity_of(object), None);
    let next = app.world_mut().spawn(ObjectLink::new(object)).id();
    assert_eq!(app.world().entity_of(object), Some(next));
    Ok(())
}

#[test]
fn a_reused_row_is_another_object() -> Outcome {
    let mut world = world();
    let (old, entity) = linked(&mut world);
    world.store_mut().despawn(old)?;
    let new = unit(&mut world);
    assert_eq!(old.row(), new.row());
    assert_eq!(world.entity_of(new), None);
    world.sync_links();
    assert!(!is_there(&world, entity));
    assert!(world.store().contains(new));
    Ok(())
}

#[test]
fn objects_that_were_loaded_again_get_their_entities_back() -> Outcome {
    let mut world = world();
    let (first, hero) = linked(&mut world);
    let (second, villain) = linked(&mut world);
    let (lost, extra) = linked(&mut world);
    let free = unit(&mut world);
    let shade = world.spawn(ObjectLink::new(free).with_entity_fate(Fate::Free)).id();
    let mut loaded = store();
    // Loaded in reverse order, so that the ids are swapped.
    let ids = HashMap::from([(second, loaded.spawn(UNIT)?), (first, loaded.spawn(UNIT)?)]);
    assert_eq!(ids[&second], first);
    world.insert_store(loaded);
    assert_eq!(world.entity_of(first), None);
    let mut asked = Vec::new();
    world.relink(|id| {
        asked.push(id);
        ids.get(&id).copied()
    });
    assert_eq!(asked, [first, second, lost, free]);
    assert_eq!(world.entity_of(ids[&first]), Some(hero));
    assert_eq!(world.entity_of(ids[&second]), Some(villain));
    assert!(!is_there(&world, extra));
    assert!(is_there(&world, shade) && !world.entity(shade).contains::<ObjectLink>());
    assert_eq!(world.store().len(), 2);
    Ok(())
}

#[test]
fn relinking_changes_only_links_to_missing_objects() -> Outcome {
    let mut world = world();
    let (kept, of_kept) = linked(&mut world);
    let (old, entity) = linked(&mut world);
    world.store_mut().despawn(old)?;
    let new = unit(&mut world);
    world.relink(|id| {
        assert_eq!(id, old);
        Some(new)
    });
    assert_eq!(world.entity_of(kept), Some(of_kept));
    assert_eq!(world.entity_of(new), Some(entity));
    Ok(())
}

#[test]
fn a_link_keeps_its_fates_when_it_gets_another_object() -> Outcome {
    let mut world = world();
    let old = unit(&mut world);
    let link = ObjectLink::new(old).with_object_fate(Fate::Free).with_entity_fate(Fate::Free);
    let entity = world.spawn(link).id();
    world.store_mut().despawn(old)?;
    let new = unit(&mut world);
    world.relink(|_| Some(new));
    let link = world.get::<ObjectLink>(entity).ok_or("it has a link")?;
    assert_eq!(
        (link.object(), link.object_fate(), link.entity_fate()),
        (new, Fate::Free, Fate::Free)
    );
    Ok(())
}

#[test]
fn relinking_to_a_dead_object_removes_the_link() -> Outcome {
    let mut world = world();
    let (old, entity) = linked(&mut world);
    world.store_mut().despawn(old)?;
    let warnings = warnings(|| world.relink(Some));
    assert_eq!(warnings.len(), 1);
    assert!(is_there(&world, entity) && !world.entity(entity).contains::<ObjectLink>());
    Ok(())
}

#[test]
fn links_follow_objects_that_a_compaction_moved() -> Outcome {
    let mut app = app();
    let world = app.world_mut();
    let linked: Vec<_> = (0..6).map(|_| linked(world)).collect();
    let free = ObjectLink::new(linked[5].0).with_object_fate(Fate::Free);
    world.entity_mut(linked[5].1).insert(free);
    world.store_mut().despawn(linked[0].0)?;
    world.store_mut().despawn(linked[2].0)?;
    let moved = world.store_mut().compact()?;
    world.relink_moved(&moved);
    assert_eq!(moved.iter().len(), 2);
    for (number, (object, entity)) in linked.iter().enumerate() {
        match number {
            0 | 2 => assert!(!is_there(world, *entity)),
            _ => assert_eq!(world.entity_of(moved.new_id(*object)), Some(*entity)),
        }
    }
    assert_eq!(
        world.get::<ObjectLink>(linked[5].1).map(|link| link.object_fate()),
        Some(Fate::Free)
    );
    app.update();
    assert_eq!(app.world().store().len(), 4, "nothing is taken for dead");
    assert!(is_there(app.world(), linked[5].1));
    Ok(())
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Bullet {
    shooter: EntitySlot,
    target: Option<EntitySlot>,
    bystanders: List<EntitySlot>,
    witnesses: Option<List<EntitySlot>>,
}

#[derive(View)]
struct Shooters<'a> {
    shooter: &'a mut EntitySlot,
    target: Option<&'a EntitySlot>,
}

#[test]
fn entities_in_slots_round_trip() {
    let mut world = World::new();
    let old = world.spawn_empty().id();
    world.despawn(old);
    let entity = world.spawn_empty().id();
    for entity in [old, entity] {
        let slot = EntitySlot::from(entity);
        assert_eq!(slot.entity(), Some(entity));
        assert_eq!(Option::<Entity>::from(slot), Some(entity));
        assert_eq!(format!("{slot:?}"), format!("EntitySlot(Some({entity:?}))"));
    }
    assert_eq!(EntitySlot::default(), EntitySlot::NONE);
    assert_eq!(EntitySlot::from(None), EntitySlot::NONE);
    assert_eq!(EntitySlot::NONE.entity(), None);
    assert_eq!(EntitySlot::from(Entity::PLACEHOLDER).entity(), None);
}

#[test]
fn only_living_entities_are_resolved() {
    let mut world = World::new();
    let [alive, dead] = [world.spawn_empty().id(), world.spawn_empty().id()];
    let again = world.entity_mut(dead).despawn_no_free();
    world.spawn_empty_at(again).expect("the index is free");
    let resolve = |entity: Entity| EntitySlot::from(entity).resolve(world.entities());
    assert_eq!(resolve(alive), Some(alive));
    assert_eq!(resolve(dead), None);
    assert_eq!(resolve(again), Some(again));
    let unspawned = world.entity_allocator().alloc();
    assert_eq!(EntitySlot::from(unspawned).resolve(world.entities()), None);
    assert_eq!(EntitySlot::NONE.resolve(world.entities()), None);
}

#[test]
fn systems_resolve_the_entities_in_slots() -> Outcome {
    let mut world = World::new();
    let mut store = Store::new();
    store.register::<Bullet>()?;
    let [shooter, target] = [world.spawn_empty().id(), world.spawn_empty().id()];
    let bullet = store.spawn(Bullet {
        shooter: target.into(),
        target: Some(target.into()),
        bystanders: List::EMPTY,
        witnesses: None,
    })?;
    world.insert_store(store);
    world
        .run_system_once(move |mut bullets: Slots<Shooters>, entities: &Entities| {
            bullets.for_each(|bullet| {
                assert_eq!(bullet.target.and_then(|slot| slot.resolve(entities)), Some(target));
                *bullet.shooter = shooter.into();
            });
        })
        .expect(RUNS);
    assert_eq!(world.store().get_object::<Bullet>(bullet)?.shooter.entity(), Some(shooter));
    Ok(())
}

#[test]
fn all_entities_in_slots_are_mapped() -> Outcome {
    let mut world = World::new();
    let [a, b, c, d] = [(); 4].map(|()| world.spawn_empty().id());
    let mut store = Store::new();
    store.register::<Bullet>()?;
    store.register::<Unit>()?;
    let rocket = Schema::builder("rocket").extends("bullet").slot("owner", EntitySlot::kind());
    store.register_schema(rocket.slot("speed", Kind::U64).build()?)?;
    let slot = EntitySlot::from;
    let bystanders = store.intern_list(&[slot(a), slot(c), EntitySlot::NONE])?;
    let witnesses = Some(store.intern_list(&[slot(b)])?);
    let full = Bullet { shooter: slot(a), target: Some(slot(b)), bystanders, witnesses };
    let empty = Bullet {
        shooter: EntitySlot::NONE,
        target: None,
        bystanders: List::EMPTY,
        witnesses: None,
    };
    let [full, empty] = [store.spawn(full)?, store.spawn(empty)?];
    let rocket = store.spawn_record(
        "rocket",
        record! { shooter: slot(d), bystanders: Vec::<i32>::new(), owner: slot(b), speed: a.to_bits() },
    )?;

    let mut map = EntityHashMap::from_iter([(a, b), (b, c)]);
    map_entity_slots(&mut store, &mut map)?;

    let object: Bullet = store.get_object(full)?;
    assert_eq!((object.shooter, object.target), (slot(b), Some(slot(c))));
    let list = store.resolve_list(object.bystanders).ok_or("a list")?;
    assert_eq!(list, [slot(b), slot(c), EntitySlot::NONE]);
    let list = store.resolve_list(object.witnesses.ok_or("witnesses")?).ok_or("a list")?;
    assert_eq!(list, [slot(c)]);
    let object: Bullet = store.get_object(empty)?;
    assert_eq!((object.shooter, object.target, object.witnesses), (EntitySlot::NONE, None, None));
    assert_eq!(store.get_object::<Bullet>(rocket)?.shooter, slot(d));
    assert_eq!(store.get_value(rocket, "owner")?, slot(c).into());
    assert_eq!(store.get_value(rocket, "speed")?, a.to_bits().into());
    Ok(())
}

#[test]
fn a_map_that_changes_nothing_writes_nothing() -> Outcome {
    #[derive(Slotted, Clone, Copy)]
    struct Bullet {
        shooter: EntitySlot,
    }
    let mut world = World::new();
    let entity = world.spawn_empty().id();
    let mut store = Store::new();
    store.register::<Bullet>()?;
    store.spawn_batch([Bullet { shooter: entity.into() }; 100])?;
    let mut ring = SnapshotRing::new(1);
    ring.save(0, &mut store);
    let bytes = ring.heap_bytes(&store);
    map_entity_slots(&mut store, &mut EntityHashMap::<Entity>::default())?;
    assert_eq!(ring.heap_bytes(&store), bytes, "all blocks are shared");
    map_entity_slots(&mut store, &mut (entity, world.spawn_empty().id()))?;
    assert!(ring.heap_bytes(&store) > bytes, "one block was copied");
    Ok(())
}

#[test]
fn mapping_without_room_for_new_lists_changes_nothing() -> Outcome {
    let mut world = World::new();
    let [a, b] = [(); 2].map(|()| world.spawn_empty().id());
    let mut limits = Limits::default();
    // One list of one entity, and half of another.
    limits.list_bytes = 40 + 12;
    let mut store = Store::with_limits(limits);
    store.register::<Bullet>()?;
    let bystanders = store.intern_list(&[EntitySlot::from(a)])?;
    let bullet = Bullet { shooter: a.into(), target: None, bystanders, witnesses: None };
    let id = store.spawn(bullet)?;
    let mapped = map_entity_slots(&mut store, &mut (a, b));
    assert!(matches!(mapped, Err(LimitError::List { .. })), "{mapped:?}");
    assert_eq!(store.get_object::<Bullet>(id)?, bullet);
    Ok(())
}

#[test]
fn a_slots_value_is_mapped_like_an_entity() {
    let mut world = World::new();
    let [a, b] = [(); 2].map(|()| world.spawn_empty().id());
    let mut slots = [Some(EntitySlot::from(a)), Some(b.into()), Some(EntitySlot::NONE), None];
    slots.map_entities(&mut (a, b));
    assert_eq!(slots, [Some(b.into()), Some(b.into()), Some(EntitySlot::NONE), None]);
}
