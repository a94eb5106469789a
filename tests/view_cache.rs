//! Views of stores with many schemas: names are looked up once, through a store, a shared store and a snapshot.

use std::cell::Cell;
use std::error::Error;

use slotted::derive_support::{Filter, Request, TableColumns};
use slotted::view::{SharedView, ViewError};
use slotted::{Kind, Schema, Store, View, record};

type Outcome = Result<(), Box<dyn Error>>;

const SCHEMAS: usize = 5_000;

#[derive(View)]
struct Healths<'a> {
    health: &'a f32,
}

#[derive(View)]
struct Wealths<'a> {
    wealth: &'a f32,
}

#[derive(View)]
struct Misspelt<'a> {
    healht: &'a f32,
}

thread_local! {
    /// The number of times that a counted view was asked for its names.
    static LOOK_UPS: Cell<usize> = const { Cell::new(0) };
}

/// Declares a view that works as another one and counts the look-ups of its names.
macro_rules! counted {
    ($name:ident: $view:ident, $run:ident) => {
        struct $name;

        impl View for $name {
            const NAME: &'static str = stringify!($view);
            const IS_LENIENT: bool = false;
            const FILTERS: &'static [Filter<'static>] = &[];
            const HAS_TESTS: bool = false;
            const HAS_ENUMS: bool = false;

            type Item<'t> = $view<'t>;
            type Run<'t> = $run<'t>;
            type Blocks<'t> = <$view<'static> as View>::Blocks<'t>;
            type Items<'t> = <$view<'static> as View>::Items<'t>;
            type Static = Self;

            fn requests() -> Vec<(&'static str, Option<Request>)> {
                LOOK_UPS.set(LOOK_UPS.get() + 1);
                $view::requests()
            }

            fn blocks<'t>(columns: TableColumns<'t, '_>) -> Self::Blocks<'t> {
                $view::blocks(columns)
            }

            fn next_block<'t>(blocks: &mut Self::Blocks<'t>, rows: usize) -> Option<Self::Run<'t>> {
                $view::next_block(blocks, rows)
            }

            fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize) {
                $view::skip_blocks(blocks, count);
            }

            fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t> {
                $view::take_block(blocks)
            }

            fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t> {
                $view::split(run, skip, rows)
            }

            fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
                $view::item(run, row)
            }

            fn read<'t>(run: &Self::Run<'t>, row: usize) -> Self::Item<'t> {
                $view::read(run, row)
            }

            fn empty<'t>() -> Self::Run<'t> {
                $view::empty()
            }

            fn items<'t>(run: Self::Run<'t>) -> Self::Items<'t> {
                $view::items(run)
            }

            fn finish<'t>(item: <Self::Items<'t> as Iterator>::Item) -> Self::Item<'t> {
                $view::finish(item)
            }

            fn rows<'t>(
                blocks: Self::Blocks<'t>,
                rows: impl Iterator<Item = u32> + Clone,
            ) -> impl Iterator<Item = Self::Item<'t>> {
                $view::rows(blocks, rows)
            }
        }

        impl SharedView for $name {}
    };
}
counted! { CountedHealths: Healths, HealthsRun }
counted! { CountedWealths: Wealths, WealthsRun }
counted! { CountedMisspelt: Misspelt, MisspeltRun }

/// Returns a store in which every second schema has health.
fn store() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    for number in 0..SCHEMAS {
        let schema = Schema::builder(format!("schema {number}")).slot("size", Kind::U8).default(0);
        let schema = match number % 2 {
            0 => schema.slot("health", Kind::F32).default(1.0),
            _ => schema.slot("wealth", Kind::F64).default(1.0),
        };
        store.register_schema(schema.build()?)?;
    }
    store.spawn_record("schema 8", record! {})?;
    Ok(store)
}

/// Returns the number of look-ups in a thousand calls.
fn look_ups(mut call: impl FnMut()) -> usize {
    let before = LOOK_UPS.get();
    (0..1_000).for_each(|_| call());
    LOOK_UPS.get() - before
}

#[test]
fn a_shared_store_looks_the_names_of_a_view_up_once() -> Outcome {
    let mut store = store()?;
    let snapshot = store.snapshot();
    // The snapshot finds what the store looked up.
    for (shared, expected) in [(&store, 1), (&*snapshot, 0)] {
        let healths = || assert!(shared.view_ref::<CountedHealths>().is_ok());
        assert_eq!(look_ups(healths), expected);
        let refused = || {
            let refused = shared.view_ref::<CountedMisspelt>();
            assert!(matches!(refused, Err(ViewError::Undeclared { .. })));
        };
        assert_eq!(look_ups(refused), expected);
        let of_another_type = || {
            let refused = shared.view_ref::<CountedWealths>();
            assert!(matches!(refused, Err(ViewError::WrongType { .. })));
        };
        assert_eq!(look_ups(of_another_type), expected);
        let of_one = || assert!(shared.view_ref_of::<CountedHealths>("schema 8").is_ok());
        assert_eq!(look_ups(of_one), 0);
        assert_eq!(shared.view_ref::<CountedHealths>()?.count(), 1);
    }
    Ok(())
}

#[test]
fn many_snapshots_of_one_store_share_what_one_of_them_looked_up() -> Outcome {
    let mut store = store()?;
    assert_eq!(store.snapshot().view_ref::<CountedHealths>()?.count(), 1);
    let snapshots: Vec<_> = (0..20).map(|_| store.snapshot()).collect();
    let mut snapshots = snapshots.iter().cycle();
    let found = look_ups(|| {
        assert!(snapshots.next().is_some_and(|one| one.view_ref::<CountedHealths>().is_ok()));
    });
    assert_eq!(found, 0);
    Ok(())
}

#[test]
fn a_new_schema_is_seen_by_the_store_and_not_by_its_snapshots() -> Outcome {
    let mut store = store()?;
    let before = store.snapshot();
    assert_eq!(store.view_ref::<Healths>()?.count(), 1);
    assert_eq!(before.view_ref::<Healths>()?.count(), 1);
    store.register_schema(Schema::builder("orc").slot("health", Kind::F32).build()?)?;
    let orc = store.spawn_record("orc", record! { health: 2.0 })?;
    let after = store.snapshot();
    for _ in 0..2 {
        assert_eq!(store.view_ref::<Healths>()?.count(), 2);
        assert_eq!(after.view_ref::<Healths>()?.count(), 2);
        assert_eq!(before.view_ref::<Healths>()?.count(), 1);
        assert_eq!(store.view::<Healths>()?.count(), 2);
    }
    assert!(before.view_ref::<Healths>()?.get(orc).is_none());
    assert!(after.view_ref::<Healths>()?.get(orc).is_some());

    // A migration gives one slot another name: stores before and after it read their own columns.
    let renamed = Schema::builder("orc").slot("vigour", Kind::F32).renamed_from("health");
    let plan = store.plan_migration([renamed.build()?])?;
    store.migrate(&plan)?;
    assert_eq!(store.view_ref::<Healths>()?.count(), 1);
    assert_eq!(after.view_ref::<Healths>()?.count(), 2);

    // So do a transaction that fails and one that does not.
    let elf = || Schema::builder("elf").slot("health", Kind::F32).default(1.0).build();
    let failed = store.transaction(|store| -> Result<(), Box<dyn Error>> {
        store.register_schema(elf()?)?;
        store.spawn_record("elf", record! {})?;
        assert_eq!(store.view_ref::<Healths>()?.count(), 2);
        Err("enough".into())
    });
    assert!(failed.is_err());
    assert_eq!(store.view_ref::<Healths>()?.count(), 1);
    store.transaction(|store| -> Result<(), Box<dyn Error>> {
        store.register_schema(elf()?)?;
        store.spawn_record("elf", record! {})?;
        Ok(())
    })?;
    assert_eq!(store.view_ref::<Healths>()?.count(), 2);
    Ok(())
}

#[test]
fn threads_that_read_a_snapshot_find_the_same_objects() -> Outcome {
    let mut store = store()?;
    let snapshot = store.snapshot();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let snapshot = &snapshot;
            scope.spawn(move || {
                for _ in 0..10 {
                    match number % 2 {
                        0 => assert_eq!(snapshot.view_ref::<Healths>().unwrap().count(), 1),
                        _ => assert!(snapshot.view_ref::<Wealths>().is_err()),
                    }
                }
            });
        }
    });
    Ok(())
}

#[derive(View)]
#[view(lenient)]
struct Required<'a> {
    health: &'a u32,
}

#[derive(View)]
#[view(lenient)]
struct IfSet<'a> {
    #[slot(set)]
    health: &'a u32,
}

#[derive(View)]
#[view(lenient)]
struct WithLongName<'a> {
    health: &'a u32,
    #[slot(name = "shield_of_health_1")]
    _short: Option<&'a u32>,
    #[slot(name = "abcdefgh_one_abcdefgh")]
    long: &'a u32,
}

/// Returns a schema of one of many layouts. Its slots have the schema's number as default.
fn layout(number: u32) -> Result<Schema, Box<dyn Error>> {
    let mut schema = Schema::builder(format!("layout {number}"));
    for filler in 0..number % 20 {
        schema = schema.slot(format!("filler {filler}"), Kind::U8).default(0);
    }
    let health = match number % 7 {
        0 => "hearth",
        _ => "health",
    };
    schema = match number % 5 {
        0 => schema.slot(health, Kind::F32).default(0.0),
        1 => schema.slot(health, Kind::U32).optional().default(number),
        _ => schema.slot(health, Kind::U32).default(number),
    };
    // Equal ends, equal lengths.
    let long = match number % 3 {
        0 => "abcdefgh_one_abcdefgh",
        _ => "abcdefgh_two_abcdefgh",
    };
    schema = schema.slot(long, Kind::U32).default(number);
    Ok(schema.build()?)
}

#[test]
fn schemas_of_many_layouts_match_by_name_and_kind() -> Outcome {
    let mut store = Store::new();
    let mut expected = [const { Vec::new() }; 3];
    // The views are used in between, with some schemas and with many more.
    for known in [0..37, 37..45, 45..700] {
        for number in known {
            store.register_schema(layout(number)?)?;
            store.spawn_record(&format!("layout {number}"), record! {})?;
            let is_health = number % 7 != 0 && number % 5 != 0;
            let is_required = is_health && number % 5 != 1;
            let matches = [is_required, is_health, is_required && number % 3 == 0];
            for (expected, _) in expected.iter_mut().zip(matches).filter(|(_, matches)| *matches) {
                expected.push(number);
            }
        }
        let [required, if_set, long] = &expected;
        let mut found = Vec::new();
        store.view::<Required>()?.for_each(|object| found.push(*object.health));
        assert_eq!(found, *required);
        let healths = store.view_ref::<IfSet>()?.into_iter().map(|object| *object.health);
        assert_eq!(healths.collect::<Vec<_>>(), *if_set);
        let healths = store.view_ref::<WithLongName>()?.into_iter();
        let healths = healths.map(|object| {
            assert_eq!(object.health, object.long);
            *object.health
        });
        assert_eq!(healths.collect::<Vec<_>>(), *long);
        let report = store.view_report::<Required>();
        let names: Vec<_> = required.iter().map(|number| format!("layout {number}")).collect();
        assert_eq!(report.schemas().collect::<Vec<_>>(), names);
        let numbers = (0..store.schemas().count() as u32).filter(|number| number % 7 != 0);
        assert_eq!(report.skipped().len(), numbers.filter(|number| number % 5 < 2).count());
    }
    Ok(())
}
