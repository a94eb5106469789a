//! `#[slotted(crate = "...")]` in a package that has no dependency of the name `slotted`.

use engine::bytemuck::{CheckedBitPattern, NoUninit, Pod, Zeroable};
use engine::{List, SlotUnion, SlotValue, Slotted, Store, View};

/// The re-export of a crate that builds on slotted.
mod facade {
    pub(crate) use engine as slotted;
}

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy, Debug, PartialEq)]
#[slotted(crate = "engine")]
#[bytemuck(crate = "engine::bytemuck")]
#[repr(u8)]
enum Job {
    Farmer,
    Guard,
}

#[derive(SlotValue, Pod, Zeroable, Clone, Copy, Debug, PartialEq)]
#[slotted(crate = "facade::slotted")]
#[bytemuck(crate = "engine::bytemuck")]
#[repr(C)]
struct Color {
    r: u8,
    g: u8,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
#[slotted(crate = "facade::slotted")]
struct Person {
    job: Job,
    color: Option<Color>,
    #[slot(default = [])]
    children: List<u32>,
}

#[derive(SlotUnion, Clone, Copy, Debug, PartialEq)]
#[slotted(tag = "by", variants = "Means", keys = "ClaimSlots", crate = "facade::slotted")]
enum Claim {
    Birth { year: Option<i16> },
    Sword,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
#[slotted(name = "king", crate = "engine")]
struct Ruler {
    #[slot(base)]
    person: Person,
    #[slot(nested)]
    claim: Claim,
    #[slot(range = 0..=9, default = 3)]
    crowns: u8,
}

#[derive(View)]
#[slotted(crate = "engine")]
struct Crowned<'a> {
    crowns: &'a mut u8,
    job: &'a Job,
}

#[test]
fn all_derives_work_under_another_crate_name() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Ruler>()?;
    let person =
        Person { job: Job::Guard, color: Some(Color { r: 1, g: 2 }), children: List::EMPTY };
    let claim = Claim::Birth { year: Some(1066) };
    let king = store.spawn(Ruler { person, claim, crowns: 2 })?;
    store.view::<Crowned>()?.for_each(|king| *king.crowns += u8::from(*king.job == Job::Guard));
    assert_eq!(store.get_object::<Ruler>(king)?, Ruler { person, claim, crowns: 3 });
    let claim: ClaimSlots = store.keys::<Ruler>()?.claim;
    assert_eq!(store.get(king, claim.variant), Some(Means::Birth));
    assert_eq!(store.get(king, claim.birth.year), Some(Some(1066)));
    assert_eq!(Claim::Sword.variant(), Means::Sword);
    assert_eq!(store.schema_and_bases(king.schema()).count(), 2);
    assert_ne!(Job::Farmer, Job::Guard);
    Ok(())
}
