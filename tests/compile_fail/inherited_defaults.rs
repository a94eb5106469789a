//! Defaults for slots of a base, in wrong places and forms.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    #[slot(default(health = 100.0))]
    health: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Orc {
    #[slot(base, default(health = 150.0, health = 160.0))]
    unit: Unit,
}

#[derive(Slotted, Clone, Copy)]
struct Elf {
    #[slot(base, default())]
    unit: Unit,
}

#[derive(Slotted, Clone, Copy)]
struct Dwarf {
    #[slot(base, default(damage.min = 2))]
    unit: Unit,
}

#[derive(Slotted, Clone, Copy)]
struct Giant {
    #[slot(base, default(health))]
    unit: Unit,
}

#[derive(Slotted, Clone, Copy)]
struct Carrier {
    #[slot(nested, default(health = 150.0))]
    unit: Unit,
}

fn main() {}
