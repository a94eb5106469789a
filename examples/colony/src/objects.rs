//! The schemas of the colony's objects.

use slotted::glam::Vec2;
use slotted::{ObjectId, Slotted, Store};

/// The one object whose values belong to the whole game. Snapshots, saves and hashes contain it like any other.
#[derive(Slotted, Clone, Copy, Debug)]
pub struct Colony {
    pub frame: u32,
    pub wood: u32,
    pub killed: u32,
    pub lost: u32,
}

#[derive(Slotted, Clone, Copy, Debug)]
pub struct Tree {
    pub position: Vec2,
    pub wood: u32,
}

#[derive(Slotted, Clone, Copy, Debug)]
pub struct Colonist {
    pub position: Vec2,
    #[slot(references = "tree")]
    pub tree: Option<ObjectId>,
    /// The number of items that name it as their carrier.
    pub carries: u8,
}

/// A thing in an inventory. An inventory is a query: all items with the same carrier.
#[derive(Slotted, Clone, Copy, Debug)]
pub struct Item {
    #[slot(references = "colonist")]
    pub carrier: ObjectId,
    pub wood: u32,
}

#[derive(Slotted, Clone, Copy, Debug)]
pub struct Tower {
    pub position: Vec2,
    #[slot(references = "raider")]
    pub target: Option<ObjectId>,
    /// Frames until the next shot.
    pub reload: u8,
    pub burns: bool,
}

#[derive(Slotted, Clone, Copy, Debug)]
pub struct Bullet {
    pub position: Vec2,
    #[slot(references = "raider")]
    pub target: ObjectId,
    pub burns: bool,
}

#[derive(Slotted, Clone, Copy, Debug)]
pub struct Raider {
    pub position: Vec2,
    pub speed: f32,
    pub health: f32,
    #[slot(references = "raider")]
    pub leader: Option<ObjectId>,
    /// An effect that few have: the frames for which it still burns.
    pub burning: Option<u8>,
}

pub fn new_store() -> Result<Store, slotted::SchemaError> {
    let mut store = Store::new();
    store.register::<Colony>()?;
    store.register::<Tree>()?;
    store.register::<Colonist>()?;
    store.register::<Item>()?;
    store.register::<Tower>()?;
    store.register::<Raider>()?;
    store.register::<Bullet>()?;
    Ok(store)
}
