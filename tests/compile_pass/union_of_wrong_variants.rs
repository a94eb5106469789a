//! The twin of the case that does not compile.

use slotted::SlotUnion;

#[derive(SlotUnion, Clone, Copy)]
#[slotted(tag = "type")]
#[allow(dead_code)]
enum Effect {
    Heal { amount: f32 },
    Rest,
}

#[derive(SlotUnion, Clone, Copy)]
#[slotted(untagged)]
#[allow(dead_code)]
enum Cost {
    Number(f64),
    Text(slotted::Text),
}

#[test]
fn a_variant_has_named_fields_or_one_value() {
    assert_eq!(Effect::Heal { amount: 5.0 }.variant(), EffectVariant::Heal);
    assert_eq!(Cost::Number(2.0).variant(), CostVariant::Number);
}
