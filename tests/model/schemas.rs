//! The schemas of the model test.

use slotted::bytemuck::{CheckedBitPattern, NoUninit, Pod, Zeroable};
use slotted::glam::Vec3;
use slotted::schema::{NumberKind, VectorKind};
use slotted::{Kind, List, ObjectId, Schema, SchemaError, SlotValue, Slotted, Text};

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub(crate) enum Job {
    Farmer,
    #[slot(name = "royal guard")]
    Guard,
    Smith,
}

#[derive(SlotValue, Pod, Zeroable, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub(crate) struct Color {
    pub(crate) channels: [u8; 3],
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
pub(crate) struct Unit {
    pub(crate) position: Vec3,
    #[slot(default = 100.0, range = 0.0..=500.0)]
    pub(crate) health: f32,
    #[slot(references = "unit")]
    pub(crate) target: Option<ObjectId>,
    #[slot(default = Job::Farmer)]
    pub(crate) job: Job,
    pub(crate) name: Text,
    pub(crate) shield: Option<f32>,
    pub(crate) marks: [u16; 3],
    pub(crate) color: Color,
    #[slot(default = true)]
    pub(crate) awake: bool,
    pub(crate) drops: List<u16>,
    pub(crate) titles: Option<List<Text>>,
    #[slot(references = "unit")]
    pub(crate) allies: List<ObjectId>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
pub(crate) struct Orc {
    #[slot(base)]
    pub(crate) unit: Unit,
    #[slot(default = 0.0, finite)]
    pub(crate) rage: f32,
}

/// Returns the schemas that are registered at the start.
pub(crate) fn first() -> Result<Vec<Schema>, SchemaError> {
    let tile = Schema::builder("tile")
        .slot("height", Kind::F64)
        .slot("ground", Kind::enumeration(["grass", "rock"]))
        .default("rock")
        .slot("owner", Kind::Object)
        .optional()
        .slot("label", Kind::Text)
        .optional()
        .slot("depth", Kind::I8)
        .range(-5..=5)
        .default(-1)
        .slot("depths", Kind::list(Kind::I8))
        .range(-5..=5)
        .default([-1, 5])
        .slot("visitors", Kind::list(Kind::Object))
        .optional();
    let kit = [
        ("i16", Kind::I16),
        ("i32", Kind::I32),
        ("i64", Kind::I64),
        ("u8", Kind::U8),
        ("u16", Kind::U16),
        ("u32", Kind::U32),
        ("u64", Kind::U64),
        ("floats", Kind::Array(NumberKind::F64, 5)),
        ("bytes", Kind::Array(NumberKind::U8, 2)),
        ("color", Color::kind()),
        ("floats of any number", Kind::list(Kind::F32)),
        ("arrays", Kind::list(Kind::Array(NumberKind::F32, 3))),
        ("colors", Kind::list(Color::kind())),
        ("jobs", Kind::list(Job::kind())),
        ("extra", Kind::Any),
        ("extras", Kind::list(Kind::Any)),
        ("hit.min", Kind::U8),
        ("hit.max", Kind::U8),
    ];
    let vectors = VectorKind::ALL.iter().map(|kind| (kind.name(), Kind::Vector(*kind)));
    let kit = kit.into_iter().chain(vectors).enumerate().fold(
        Schema::builder("kit"),
        |builder, (position, (name, kind))| {
            let builder = builder.slot(name, kind);
            if position % 3 == 0 { builder.optional() } else { builder }
        },
    );
    Ok(vec![tile.build()?, kit.build()?, Schema::builder("marker").build()?])
}

/// Returns the schemas that calls register. The last one extends another of them.
pub(crate) fn later() -> Result<Vec<Schema>, SchemaError> {
    let veteran = Schema::builder("veteran").extends("unit").slot("medals", Kind::U8).default(0);
    let boss = Schema::builder("boss").extends("orc").slot("title", Kind::Text).optional();
    let hill = Schema::builder("hill").extends("tile").slot("slope", Kind::F64);
    let crag = Schema::builder("crag").extends("hill").slot("shield", Kind::F32);
    [veteran, boss, hill, crag].into_iter().map(slotted::schema::SchemaBuilder::build).collect()
}

/// Returns a schema whose name is already registered.
pub(crate) fn conflicting() -> Result<Schema, SchemaError> {
    Schema::builder("tile").slot("height", Kind::F32).build()
}
