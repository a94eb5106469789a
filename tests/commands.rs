//! Commands: what they record, the order in which it is applied, and that it is all or nothing.

use slotted::commands::{CommandKind, Commands, CommandsError, ParallelCommands};
use slotted::{
    AccessError, Kind, Limits, ObjectId, Schema, Slotted, SpawnError, Store, Text, Value, View,
    exactly, record,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    #[slot(default = 100.0, range = 0.0..=500.0)]
    health: f32,
    #[slot(references = "unit")]
    target: Option<ObjectId>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Strict {
    #[slot(references = "strict")]
    own: ObjectId,
}

#[derive(Slotted, Clone, Copy, Debug)]
struct Named {
    name: Text,
}

#[derive(View)]
struct Units<'a> {
    id: ObjectId,
    health: &'a mut f32,
}

fn unit(health: f32) -> Unit {
    Unit { health, target: None }
}

fn store() -> Store {
    let mut store = Store::new();
    store.register::<Unit>().unwrap();
    store.register::<Strict>().unwrap();
    store.register::<Named>().unwrap();
    let orc = Schema::builder("orc").extends("unit").slot("nick", Kind::Text).optional();
    store.register_schema(orc.build().unwrap()).unwrap();
    store
}

/// A store with holes in its tables: of every three rows, one is free.
fn ragged() -> Store {
    let mut store = store();
    let units: Vec<_> = store.spawn_batch((0..300).map(|n| unit(n as f32))).unwrap().collect();
    let dead: Vec<_> = units.iter().copied().step_by(3).collect();
    store.despawn_batch(&dead).unwrap();
    store
}

#[test]
fn ids_are_those_that_spawning_at_once_would_give() -> Outcome {
    let (mut now, mut later) = (ragged(), ragged());
    let mut commands = later.commands();
    for n in 0..250 {
        let id = now.spawn(unit(n as f32))?;
        assert_eq!(commands.spawn(unit(n as f32))?, id);
        assert!(!later.contains(id), "nothing changes before the commands are applied");
    }
    let strict = commands.spawn_with(|own| Strict { own })?;
    assert_eq!(format!("{commands:?}"), "Commands { spawns: 251, sets: 0, despawns: 0, .. }");
    commands.apply(&mut later)?;
    assert!(later.contains(strict));
    assert_eq!(now.len_of("unit")?, later.len_of("unit")?);
    let units = |store: &Store| store.objects::<Unit>().unwrap().collect::<Vec<_>>();
    assert_eq!(units(&now), units(&later));
    Ok(())
}

#[test]
fn new_objects_refer_to_one_another_and_to_themselves() -> Outcome {
    let mut store = store();
    let mut commands = store.commands();
    let own = commands.spawn_with(|own| Strict { own })?;
    let (a, b) = (commands.reserve::<Strict>()?, commands.reserve_of("strict")?);
    commands.write(a, Strict { own: b })?;
    commands.write_record(b, record! { own: a })?;
    let orc = commands.spawn_record("orc", record! { nick: "Zog" })?;
    let first = commands.spawn(Unit { health: 1.0, target: Some(orc) })?;
    commands.set_value(orc, "target", first);
    commands.apply(&mut store)?;
    assert_eq!(store.get_object::<Strict>(own)?.own, own);
    assert_eq!(store.get_object::<Strict>(a)?.own, b);
    assert_eq!(store.get_object::<Strict>(b)?.own, a);
    assert_eq!(store.get_object::<Unit>(orc)?, Unit { health: 100.0, target: Some(first) });
    assert_eq!(store.get_value(orc, "nick")?, "Zog".into());
    assert_eq!(store.validate(), Ok(()));
    Ok(())
}

#[test]
fn spawns_come_first_then_sets_in_order_then_despawns() -> Outcome {
    let mut store = store();
    let health = store.key::<f32>("unit", "health")?;
    let old = store.spawn(unit(1.0))?;
    let mut commands = store.commands();
    commands.despawn(old);
    commands.set(old, health, 2.0);
    let new = commands.spawn(unit(3.0))?;
    commands.set(new, health, 4.0);
    commands.set_value(new, "health", 5.0);
    commands.set_object(new, unit(6.0));
    commands.set(new, health, 7.0);
    let short = commands.spawn(Unit { health: 0.0, target: Some(old) })?;
    commands.despawn(short);
    commands.despawn(short);
    commands.despawn(old);
    commands.apply(&mut store)?;
    assert_ne!(new.row(), old.row(), "the row of `old` is free after the spawns only");
    assert!(!store.contains(old) && !store.contains(short));
    assert_eq!(store.get(new, health), Some(7.0));
    assert_eq!(store.len(), 1);
    Ok(())
}

#[test]
fn commands_of_views_are_recorded_while_they_borrow_the_store() -> Outcome {
    let mut store = ragged();
    let before = store.len();
    let mut commands = store.commands();
    let mut killed = 0;
    for unit in store.view::<Units>()?.iter() {
        *unit.health -= 50.0;
        if *unit.health < 0.0 {
            *unit.health = 0.0;
            commands.despawn(unit.id);
            killed += 1;
        }
    }
    commands.apply(&mut store)?;
    assert!(killed > 10);
    assert_eq!(store.len(), before - killed);
    Ok(())
}

/// Each closure records one command that cannot be applied, and its message.
type Wrong = (&'static str, fn(&mut slotted::Commands, ObjectId, ObjectId));

#[test]
fn each_problem_is_named_and_nothing_changes() -> Outcome {
    const WRONG: &[Wrong] = &[
        (
            "spawn of 0:2:1: slot 'health' of 'unit' expects 0.0 to 500.0, found -1.0",
            |commands, _, _| {
                commands.spawn(Unit { health: -1.0, target: None }).unwrap();
            },
        ),
        (
            "spawn of 3:0:1: 'orc' object has no slot 'nik'; did you mean 'nick'?",
            |commands, _, _| {
                commands.spawn_record("orc", record! { nik: "Zog" }).unwrap();
            },
        ),
        (
            "set of 0:0:1: slot 'health' of 'unit' expects 0.0 to 500.0, found 501.0",
            |commands, unit, _| {
                commands.set_value(unit, "health", 501.0);
            },
        ),
        ("set of 0:0:1: 'unit' object has no slot 'height'", |commands, unit, _| {
            commands.set_value(unit, "height", 1.0);
        }),
        ("set of 0:1:1: object 0:1:1 is not alive", |commands, _, dead| {
            commands.set_value(dead, "health", 1.0);
        }),
        (
            "set of 0:0:1: object 0:0:1 has schema 'unit', not 'strict' or a schema that extends it",
            |commands, unit, _| commands.set_object(unit, Strict { own: unit }),
        ),
        ("despawn of 0:1:1: object 0:1:1 is not alive", |commands, _, dead| commands.despawn(dead)),
    ];
    let fresh = || {
        let mut store = store();
        let (living, dead) = (store.spawn(unit(1.0)).unwrap(), store.spawn(unit(1.0)).unwrap());
        store.spawn(unit(3.0)).unwrap();
        store.despawn(dead).unwrap();
        store.spawn(unit(2.0)).unwrap();
        store.despawn(ObjectId::from_bits(2 | 1 << 32).unwrap()).unwrap();
        (store, living, dead)
    };
    for (message, wrong) in WRONG {
        let (mut store, living, dead) = fresh();
        let before = (store.state_hash(), store.len());
        let mut commands = store.commands();
        let id = commands.spawn_record("orc", record! { nick: "a text that nobody has" })?;
        commands.set_value(id, "nick", "another one");
        commands.set_value(living, "health", 33.0);
        commands.despawn(living);
        wrong(&mut commands, living, dead);
        let message = message.replace("0:2:1: slot", "0:2:3: slot").replace("3:0:1", "3:1:1");
        assert_eq!(commands.apply(&mut store).unwrap_err().to_string(), message);
        assert_eq!((store.state_hash(), store.len()), before);
        assert_eq!(store.find_text("a text that nobody has"), None);
        assert_eq!(store.find_text("another one"), None);
    }

    let (mut store, living, dead) = fresh();
    let mut commands = store.commands();
    WRONG.iter().for_each(|(_, wrong)| wrong(&mut commands, living, dead));
    let Err(CommandsError::Rejected(problems)) = commands.apply(&mut store) else {
        panic!("the commands are wrong");
    };
    let kinds = problems.iter().map(|problem| problem.command).collect::<Vec<_>>();
    let (spawn, set) = (CommandKind::Spawn, CommandKind::Set);
    assert_eq!(kinds, [spawn, spawn, set, set, set, set, CommandKind::Despawn]);
    assert_eq!(problems[4].id, dead);
    Ok(())
}

#[test]
fn keys_are_checked_like_values() -> Outcome {
    let mut store = store();
    let unit = store.spawn(unit(1.0))?;
    let orc = store.spawn_record("orc", record! {})?;
    let (health, only_orcs) =
        (store.key::<f32>("unit", "health")?, store.key::<f32>(exactly("orc"), "health")?);
    let apply = |store: &mut Store, id, key, value| {
        let mut commands = store.commands();
        commands.set(id, key, value);
        commands.apply(store).map_err(|error| error.to_string())
    };
    assert_eq!(apply(&mut store, orc, health, 5.0), Ok(()));
    assert_eq!(apply(&mut store, orc, only_orcs, 6.0), Ok(()));
    assert_eq!(
        apply(&mut store, unit, only_orcs, 6.0).unwrap_err(),
        "set of 0:0:1: object 0:0:1 has schema 'unit', not 'orc' or a schema that extends it",
    );
    assert_eq!(
        apply(&mut store, unit, health, f32::NAN).unwrap_err(),
        "set of 0:0:1: slot 'health' of 'unit' expects 0.0 to 500.0, found NaN",
    );
    assert_eq!(store.get(orc, health), Some(6.0));
    Ok(())
}

#[test]
fn any_command_and_any_reserved_id_end_the_emptiness() -> Outcome {
    let mut store = store();
    let id = store.spawn(unit(1.0))?;
    let records: [fn(&mut Commands, ObjectId); 5] = [
        |commands, id| commands.set_value(id, "health", 2.0),
        |commands, id| commands.despawn(id),
        |commands, id| commands.try_despawn(id),
        |commands, _| assert!(commands.spawn(unit(1.0)).is_ok()),
        |commands, _| assert!(commands.reserve_of("unit").is_ok()),
    ];
    for record in records {
        let mut commands = store.commands();
        assert!(commands.is_empty());
        record(&mut commands, id);
        assert!(!commands.is_empty());
    }
    Ok(())
}

#[test]
fn a_reserved_id_without_values_is_dead_for_ever() -> Outcome {
    let mut store = ragged();
    let mut commands = store.commands();
    // As many as fill all holes, and some fresh rows.
    let reserved = (0..120).map(|_| commands.reserve::<Unit>()).collect::<Result<Vec<_>, _>>()?;
    let spawned = commands.spawn(unit(1.0))?;
    commands.write(reserved[7], unit(7.0))?;
    let again = commands.write(reserved[7], unit(8.0)).unwrap_err();
    assert!(matches!(again, SpawnError::NotReserved { id, .. } if id == reserved[7]));
    assert!(commands.write(reserved[8], Strict { own: reserved[8] }).is_err());
    assert!(commands.write(spawned, unit(8.0)).is_err());
    commands.apply(&mut store)?;
    assert_eq!(store.len_of("unit")?, 202);
    for id in &reserved {
        assert_eq!(store.contains(*id), *id == reserved[7]);
    }
    let later: Vec<_> = store.spawn_batch((0..200).map(|_| unit(1.0)))?.collect();
    assert!(later.iter().all(|id| !reserved.contains(id)), "an id never comes back");
    Ok(())
}

#[test]
fn a_reference_to_an_id_without_values_is_refused() -> Outcome {
    let mut store = store();
    let mut commands = store.commands();
    let nobody = commands.reserve::<Unit>()?;
    commands.spawn(Unit { health: 1.0, target: Some(nobody) })?;
    assert!(matches!(commands.apply(&mut store), Err(CommandsError::Rejected(_))));
    assert!(store.is_empty());
    Ok(())
}

#[test]
fn rows_that_others_took_are_found() -> Outcome {
    for fill in [false, true] {
        let mut store = ragged();
        if fill {
            store.spawn_batch((0..100).map(|_| unit(1.0)))?;
        }
        let mut commands = store.commands();
        let id = commands.spawn(unit(5.0))?;
        assert_eq!(store.spawn(unit(1.0))?, id);
        assert_eq!(commands.apply(&mut store), Err(CommandsError::Taken { id }));

        // Despawns in between do no harm, and other schemas neither.
        let mut commands = store.commands();
        let id = commands.spawn(unit(5.0))?;
        store.despawn(ObjectId::from_bits(1 | 1 << 32).unwrap())?;
        let text = store.intern_text("Ada")?;
        store.spawn(Named { name: text })?;
        commands.apply(&mut store)?;
        assert!(store.contains(id));
    }
    Ok(())
}

#[test]
fn commands_belong_to_their_store_and_its_schemas() -> Outcome {
    let (mut store, mut other) = (store(), store());
    let commands = store.commands();
    assert_eq!(commands.apply(&mut other), Err(CommandsError::Foreign));
    let commands = store.commands();
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).default(0.0);
    let plan = store.plan_migration([orc.build()?])?;
    store.migrate(&plan)?;
    assert_eq!(commands.apply(&mut store), Err(CommandsError::Foreign));
    // Schemas that are registered in between are no problem.
    let mut commands = store.commands();
    store.register_schema(Schema::builder("tree").slot("height", Kind::F32).build()?)?;
    assert!(matches!(
        commands.spawn_record("tree", record! {}),
        Err(SpawnError::UnknownSchema { .. })
    ));
    commands.spawn_record("unit", record! {})?;
    commands.apply(&mut store)?;
    Ok(())
}

#[test]
fn limits_are_errors_and_nothing_changes() -> Outcome {
    let mut limits = Limits::default();
    limits.rows_per_schema = 3;
    limits.text_bytes = 200;
    let mut store = Store::with_limits(limits);
    store.register::<Unit>()?;
    store.register_schema(Schema::builder("sign").slot("text", Kind::Text).build()?)?;
    let sign = store.spawn_record("sign", record! { text: "old" })?;
    let mut commands = store.commands();
    for n in 0..3 {
        commands.spawn(unit(n as f32))?;
    }
    assert!(matches!(commands.spawn(unit(4.0)), Err(SpawnError::Limit(_))));
    let long = "x".repeat(150);
    commands.spawn_record("sign", record! { text: long.as_str() })?;
    commands.set_value(sign, "text", "y".repeat(150));
    assert!(matches!(commands.apply(&mut store), Err(CommandsError::Limit(_))));
    assert_eq!((store.len(), store.find_text(&long)), (1, None));
    assert_eq!(store.get_value(sign, "text")?, "old".into());
    let mut commands = store.commands();
    commands.spawn(unit(1.0))?;
    commands.set_value(sign, "text", "z".repeat(250));
    assert!(matches!(commands.apply(&mut store), Err(CommandsError::Limit(_))));
    assert_eq!(store.len(), 1);
    assert_eq!(store.get_value(sign, "text")?, "old".into());
    Ok(())
}

#[test]
fn dead_objects_may_be_despawned_where_that_is_said() -> Outcome {
    let mut store = store();
    let id = store.spawn(unit(1.0))?;
    let (mut first, mut second) = (store.commands(), store.commands());
    first.try_despawn(id);
    second.try_despawn(id);
    first.apply(&mut store)?;
    second.apply(&mut store)?;
    let mut third = store.commands();
    assert!(third.is_empty());
    third.despawn(id);
    assert!(!third.is_empty());
    let error = third.apply(&mut store).unwrap_err();
    assert!(matches!(error, CommandsError::Rejected(problems)
        if matches!(problems[0].error, AccessError::Despawned { .. })));
    Ok(())
}

#[test]
fn threads_give_one_world() -> Outcome {
    let run = |threads: usize| -> Result<_, Box<dyn std::error::Error>> {
        let mut store = ragged();
        let ids: Vec<ObjectId> = store.ids_of("unit")?.collect();
        let mut commands = store.commands();
        let parallel = ParallelCommands::new();
        std::thread::scope(|scope| {
            for chunk in ids.chunks(ids.len().div_ceil(threads)) {
                let parallel = &parallel;
                scope.spawn(move || {
                    for id in chunk {
                        parallel.at(*id, move |commands| {
                            let child = commands.spawn(Unit { health: 1.0, target: Some(*id) })?;
                            commands.set_value(*id, "target", child);
                            Ok(())
                        });
                        if id.row() % 5 == 0 {
                            parallel.at(*id, |commands| {
                                commands.despawn(*id);
                                Ok(())
                            });
                        }
                    }
                });
            }
        });
        parallel.record(&mut commands)?;
        commands.apply(&mut store)?;
        let objects: Vec<(ObjectId, Unit)> = store.objects::<Unit>()?.collect();
        Ok((store.state_hash(), objects))
    };
    let expected = run(1)?;
    assert_eq!(expected.1.len(), 360);
    for round in 0..40 {
        assert_eq!(run(1 + round % 8)?, expected);
    }
    Ok(())
}

#[test]
fn an_error_of_a_closure_is_returned() {
    let mut store = store();
    let parallel = ParallelCommands::new();
    parallel.at(1_u64, |commands| commands.spawn_record("tree", record! {}).map(|_| ()));
    let mut commands = store.commands();
    assert!(matches!(parallel.record(&mut commands), Err(SpawnError::UnknownSchema { .. })));
    commands.apply(&mut store).unwrap();
    assert!(store.is_empty());
}

#[test]
fn texts_and_unset_values_are_recorded() -> Outcome {
    let mut store = store();
    let orc = store.spawn_record("orc", record! { nick: "Zog" })?;
    let mut commands = store.commands();
    commands.set_value(orc, "nick", "Grom");
    commands.apply(&mut store)?;
    assert_eq!(store.get_value(orc, "nick")?, "Grom".into());
    let mut commands = store.commands();
    commands.set_value(orc, "nick", Value::Unset);
    commands.apply(&mut store)?;
    assert_eq!(store.get_value(orc, "nick")?, Value::Unset);
    Ok(())
}

#[test]
fn copies_have_the_values_from_before_the_commands() -> Outcome {
    let mut store = ragged();
    let orc = store.spawn_record("orc", record! { health: 5.0_f32, nick: "Zog" })?;
    let mut commands = store.commands();
    commands.set_value(orc, "nick", Value::Unset);
    let (first, second) = (commands.duplicate(orc)?, commands.duplicate(orc)?);
    commands.set_value(second, "health", 6.0);
    commands.despawn(orc);
    commands.apply(&mut store)?;
    assert_eq!(store.get_record(first)?, record! { health: 5.0_f32, nick: "Zog" });
    assert_eq!(store.get_record(second)?, record! { health: 6.0_f32, nick: "Zog" });

    let mut commands = store.commands();
    let copy = commands.duplicate(orc)?;
    let message = commands.apply(&mut store).unwrap_err().to_string();
    assert_eq!(message, format!("spawn of {copy}: object {orc} is not alive"));
    Ok(())
}

#[test]
fn a_row_in_its_last_generation_is_found_taken() -> Outcome {
    let mut store = store();
    let mut id = store.spawn(unit(1.0))?;
    // The last object of the row gets the largest generation.
    while id.generation() < u16::MAX - 2 {
        store.despawn(id)?;
        id = store.spawn(unit(1.0))?;
    }
    store.despawn(id)?;
    let mut commands = store.commands();
    let reserved = commands.spawn(unit(2.0))?;
    assert_eq!(reserved.generation(), u16::MAX);
    assert_eq!(store.spawn(unit(3.0))?, reserved);
    assert_eq!(commands.apply(&mut store), Err(CommandsError::Taken { id: reserved }));
    Ok(())
}

#[test]
fn a_panic_in_the_closure_of_a_spawn_leaves_an_id_without_values() -> Outcome {
    let mut store = store();
    let mut commands = store.commands();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = commands.spawn_with(|_| -> Unit { panic!("no unit") });
    }));
    assert!(panic.is_err());
    let id = commands.spawn(unit(5.0))?;
    commands.apply(&mut store)?;
    assert_eq!(store.objects::<Unit>()?.collect::<Vec<_>>(), [(id, unit(5.0))]);
    Ok(())
}

#[test]
fn reserved_ids_may_be_written_in_any_order() -> Outcome {
    for holes in [false, true] {
        let mut store = if holes { ragged() } else { store() };
        let mut commands = store.commands();
        let ids = (0..150).map(|_| commands.reserve::<Unit>()).collect::<Result<Vec<_>, _>>()?;
        let order: Vec<usize> = (0..150).map(|n| n * 77 % 150).collect();
        for n in &order {
            let target = (n % 2 == 0).then_some(ids[149 - n]);
            commands.write(ids[*n], Unit { health: *n as f32, target })?;
        }
        commands.apply(&mut store)?;
        for (n, id) in ids.iter().enumerate() {
            let target = (n % 2 == 0).then_some(ids[149 - n]);
            assert_eq!(store.get_object::<Unit>(*id)?, Unit { health: n as f32, target });
        }
    }
    Ok(())
}
