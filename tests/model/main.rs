//! Compares the store with its model.
//!
//! Random calls go to a `Store` and, if it accepts them, to both attribute maps. All three must have equal
//! objects, and rejected calls must not change the store.

mod check;
mod commands;
mod habits;
mod history;
mod schemas;
mod side;
mod split;
mod values;
mod world;

use bench_support::cases;
use proptest::prelude::*;
use proptest::sample::Index;
use slotted::memory::BLOCK_ROWS;

use history::Past;
use world::{World, dump};

/// One call. `seed` selects values, `pick` selects objects.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    SpawnRecord { schema: Index, seed: u64, flaw: bool },
    SpawnRecords { schema: Index, count: usize, seed: u64, flaw: Option<Index> },
    SpawnUnits { count: usize, seed: u64, flaw: Option<Index> },
    SpawnOrc { seed: u64 },
    Despawn { pick: Index },
    DespawnStale { pick: Index },
    DespawnBatch { picks: Vec<Index>, stale: Option<Index> },
    DespawnShare { seed: u64, of: u32 },
    SetValue { pick: Index, slot: Index, seed: u64, flaw: bool },
    SetByKey { pick: Index, seed: u64 },
    SetObject { pick: Index, seed: u64, flaw: bool },
    WriteThroughViews { seed: u64 },
    WriteThroughColumns { seed: u64 },
    UseSideTable { seed: u64 },
    BorrowSplit { seed: u64 },
    Commands { seed: u64, flaw: bool },
    Remove { pick: Index },
    Duplicate { pick: Index },
    TryDespawnBatch { picks: Vec<Index> },
    Retain { of: u32 },
    Drain,
    CopyByRecord { pick: Index },
    WriteBack { pick: Index },
    Clear,
    ClearOf { schema: Index },
    ReleaseMemory,
    Reserve { rows: usize },
    Register { which: Index },
    RegisterConflicting,
    Snapshot,
    Restore { which: Index },
    ReuseMemory { which: Index },
    CompareWithPast { which: Index, seed: u64 },
    AdvanceEpoch,
    Track { which: Index, stops: bool },
    StateHash,
}

impl Call {
    /// Returns `true` for calls that use snapshots or schemas.
    fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::Register { .. }
                | Self::Snapshot
                | Self::Restore { .. }
                | Self::ReuseMemory { .. }
                | Self::CompareWithPast { .. }
        )
    }
}

fn call() -> impl Strategy<Value = Call> {
    let (index, seed, flaw) = (any::<Index>, any::<u64>, || prop::bool::weighted(0.3));
    let count = || {
        let block = BLOCK_ROWS - 50..BLOCK_ROWS + 50;
        prop_oneof![20 => 0..40_usize, 1 => block, 1 => Just(BLOCK_ROWS)]
    };
    let place = || prop::option::weighted(0.3, any::<Index>());
    prop_oneof![
        6 => (index(), seed(), flaw())
            .prop_map(|(schema, seed, flaw)| Call::SpawnRecord { schema, seed, flaw }),
        3 => (index(), count(), seed(), place())
            .prop_map(|(schema, count, seed, flaw)| Call::SpawnRecords { schema, count, seed, flaw }),
        3 => (count(), seed(), place())
            .prop_map(|(count, seed, flaw)| Call::SpawnUnits { count, seed, flaw }),
        2 => seed().prop_map(|seed| Call::SpawnOrc { seed }),
        4 => index().prop_map(|pick| Call::Despawn { pick }),
        1 => index().prop_map(|pick| Call::DespawnStale { pick }),
        3 => (prop::collection::vec(index(), 0..8), prop::option::weighted(0.2, index()))
            .prop_map(|(picks, stale)| Call::DespawnBatch { picks, stale }),
        2 => (seed(), 2..5_u32).prop_map(|(seed, of)| Call::DespawnShare { seed, of }),
        6 => (index(), index(), seed(), flaw())
            .prop_map(|(pick, slot, seed, flaw)| Call::SetValue { pick, slot, seed, flaw }),
        3 => (index(), seed()).prop_map(|(pick, seed)| Call::SetByKey { pick, seed }),
        3 => (index(), seed(), flaw())
            .prop_map(|(pick, seed, flaw)| Call::SetObject { pick, seed, flaw }),
        2 => seed().prop_map(|seed| Call::WriteThroughViews { seed }),
        2 => seed().prop_map(|seed| Call::WriteThroughColumns { seed }),
        4 => seed().prop_map(|seed| Call::UseSideTable { seed }),
        3 => seed().prop_map(|seed| Call::BorrowSplit { seed }),
        4 => (seed(), flaw()).prop_map(|(seed, flaw)| Call::Commands { seed, flaw }),
        2 => index().prop_map(|pick| Call::Remove { pick }),
        3 => index().prop_map(|pick| Call::Duplicate { pick }),
        2 => prop::collection::vec(index(), 0..8)
            .prop_map(|picks| Call::TryDespawnBatch { picks }),
        1 => (2..5_u32).prop_map(|of| Call::Retain { of }),
        1 => Just(Call::Drain),
        2 => index().prop_map(|pick| Call::CopyByRecord { pick }),
        2 => index().prop_map(|pick| Call::WriteBack { pick }),
        1 => Just(Call::Clear),
        1 => index().prop_map(|schema| Call::ClearOf { schema }),
        2 => Just(Call::ReleaseMemory),
        1 => (0..3 * BLOCK_ROWS).prop_map(|rows| Call::Reserve { rows }),
        2 => index().prop_map(|which| Call::Register { which }),
        1 => Just(Call::RegisterConflicting),
        3 => Just(Call::Snapshot),
        2 => index().prop_map(|which| Call::Restore { which }),
        1 => index().prop_map(|which| Call::ReuseMemory { which }),
        1 => (index(), seed()).prop_map(|(which, seed)| Call::CompareWithPast { which, seed }),
        2 => Just(Call::AdvanceEpoch),
        1 => (index(), flaw()).prop_map(|(which, stops)| Call::Track { which, stops }),
        1 => Just(Call::StateHash),
    ]
}

/// Calls that write values and restore snapshots, without spawning or despawning.
fn call_of_values() -> impl Strategy<Value = Call> {
    let (index, seed) = (any::<Index>, any::<u64>);
    prop_oneof![
        4 => (index(), seed()).prop_map(|(pick, seed)| Call::SetByKey { pick, seed }),
        2 => (index(), index(), seed())
            .prop_map(|(pick, slot, seed)| Call::SetValue { pick, slot, seed, flaw: false }),
        1 => seed().prop_map(|seed| Call::WriteThroughColumns { seed }),
        3 => Just(Call::Snapshot),
        3 => index().prop_map(|which| Call::Restore { which }),
        1 => index().prop_map(|which| Call::ReuseMemory { which }),
        1 => (index(), seed()).prop_map(|(which, seed)| Call::CompareWithPast { which, seed }),
        4 => Just(Call::AdvanceEpoch),
        2 => (index(), any::<bool>()).prop_map(|(which, stops)| Call::Track { which, stops }),
        3 => Just(Call::StateHash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(32)))]

    #[test]
    fn the_store_and_the_maps_agree(calls in prop::collection::vec(call(), 1..60)) {
        let mut world = World::new();
        for call in &calls {
            world.apply(call);
            world.check_quickly();
        }
        world.check();
        world.check_pasts();
    }

    #[test]
    fn values_alone_are_restored_too(seed in 0..1000_u64, calls in prop::collection::vec(call_of_values(), 1..50)) {
        let mut world = World::new();
        world.apply(&Call::SpawnUnits { count: 6, seed, flaw: None });
        (0..3).for_each(|schema| world.spawn_one_of_each(seed + schema));
        for call in &calls {
            world.apply(call);
            world.check_quickly();
        }
        world.check_pasts();
    }

    /// A restored world behaves like one that was never changed.
    #[test]
    fn a_restored_world_behaves_like_an_unchanged_one(
        before in prop::collection::vec(call(), 0..20),
        between in prop::collection::vec(call(), 1..20),
        after in prop::collection::vec(call(), 1..20),
    ) {
        let mut world = World::new();
        before.iter().for_each(|call| world.apply(call));
        let past = Past::of(&mut world);
        let mut stayed = past.to_world();
        between.iter().filter(|call| !call.is_lasting()).for_each(|call| world.apply(call));
        past.restore(&mut world);
        world.check_quickly();
        assert_eq!(world.store.state_hash(), stayed.store.state_hash());
        for call in after.iter().filter(|call| !call.is_lasting()) {
            world.apply(call);
            stayed.apply(call);
            assert!(dump(&world.store) == dump(&stayed.store), "{call:?} leads to another world");
        }
        assert_eq!(world.store.state_hash(), stayed.store.state_hash());
    }
}
