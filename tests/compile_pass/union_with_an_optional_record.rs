//! The twin of the case that does not compile.

use slotted::{SlotUnion, Slotted};

#[derive(Slotted, Clone, Copy)]
struct Bonus {
    strength: Option<i8>,
}

#[derive(SlotUnion, Clone, Copy)]
enum Effect {
    Buff {
        #[slot(nested)]
        bonus: Bonus,
    },
    Rest,
}

#[test]
fn a_record_with_optional_fields_is_a_part_of_a_variant() {
    let buff = Effect::Buff { bonus: Bonus { strength: None } };
    assert_eq!(buff.variant(), EffectVariant::Buff);
    assert_eq!(Effect::Rest.variant(), EffectVariant::Rest);
}
