//! The game around the rules: the player's steps, undo, quick-save and replay.

use std::collections::VecDeque;
use std::error::Error;
use std::f32::consts::TAU;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::glam::Vec2;
use slotted::{Delta, ObjectId, SideTable, Snapshot, Store};
use slotted_definitions::{Definitions, Loader};

use crate::objects::{Colonist, Colony, Tower, Tree, new_store};
use crate::rules::{Outcome, play_frame};

const TOWER_COST: u32 = 6;
const MOST_UNDO: usize = 50;

/// All that a player can do. The steps of a game are its replay.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Frame,
    Build { position: Vec2, burns: bool },
    Demolish(ObjectId),
    Undo,
    QuickSave,
    QuickLoad,
}

/// Names of colonists. A slot would keep each text for ever; a side table frees it.
type Names = SideTable<Arc<str>>;

pub struct Game {
    pub store: Store,
    pub names: Names,
    pub steps: Vec<Step>,
    prototypes: Definitions,
    colony: ObjectId,
    raid_size: u32,
    /// The worlds before the player built or demolished something.
    undo: VecDeque<(Snapshot, Names)>,
    saved: Vec<u8>,
}

impl std::fmt::Debug for Game {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Game").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Game {
    /// Returns a new game. Raids grow with `raid_size`, and so does the colony.
    pub fn new(raid_size: u32) -> Result<Self, Box<dyn Error>> {
        let mut store = new_store()?;
        let file = include_str!("../prototypes.toml");
        let prototypes = Loader::new().text("prototypes.toml", file).load(&store)?;
        let colony = store.spawn(Colony { frame: 0, wood: 10 * TOWER_COST, killed: 0, lost: 0 })?;
        let random = &mut StdRng::seed_from_u64(0);
        store.spawn_batch((0..raid_size * 4).map(|_| {
            let angle = Vec2::from_angle(random.random_range(0.0..TAU));
            Tree { position: angle * random.random_range(5.0..40.0), wood: 20 }
        }))?;
        let colonist = Colonist { position: Vec2::ZERO, tree: None, carries: 0 };
        let settlers: Vec<_> = store.spawn_batch((0..raid_size).map(|_| colonist))?.collect();
        let mut game = Self {
            store,
            names: Names::new(),
            steps: Vec::new(),
            prototypes,
            colony,
            raid_size,
            undo: VecDeque::new(),
            saved: Vec::new(),
        };
        game.name(&settlers)?;
        Ok(game)
    }

    /// Plays the steps of another game.
    pub fn replay(raid_size: u32, steps: &[Step]) -> Result<Self, Box<dyn Error>> {
        let mut game = Self::new(raid_size)?;
        steps.iter().try_for_each(|step| game.play(*step))?;
        Ok(game)
    }

    pub fn colony(&self) -> Result<Colony, Box<dyn Error>> {
        Ok(self.store.get_object(self.colony)?)
    }

    /// Carries a step out, and records it. A step that is refused leaves the game as it was.
    pub fn play(&mut self, step: Step) -> Outcome {
        self.carry_out(step)?;
        self.steps.push(step);
        Ok(())
    }

    fn carry_out(&mut self, step: Step) -> Outcome {
        match step {
            Step::Frame => {
                let newborn =
                    play_frame(&mut self.store, &self.prototypes, self.colony, self.raid_size)?;
                self.names.remove_dead(&self.store);
                self.name(&newborn)
            }
            Step::Build { position, burns } => self.build(position, burns),
            Step::Demolish(tower) => {
                let before = self.store.snapshot();
                self.store.remove::<Tower>(tower)?;
                self.remember(before);
                Ok(())
            }
            Step::Undo => {
                if let Some((snapshot, names)) = self.undo.pop_back() {
                    self.store.restore(&snapshot)?;
                    self.names = names;
                }
                Ok(())
            }
            Step::QuickSave => self.save(),
            Step::QuickLoad => self.load(),
        }
    }

    /// Keeps the world before a change. A snapshot shares its memory with the store; the names are copied.
    fn remember(&mut self, before: Snapshot) {
        if self.undo.len() == MOST_UNDO {
            self.undo.pop_front();
        }
        self.undo.push_back((before, self.names.clone()));
    }

    fn build(&mut self, position: Vec2, burns: bool) -> Outcome {
        let mut colony = self.colony()?;
        let Some(wood) = colony.wood.checked_sub(TOWER_COST) else { return Ok(()) };
        colony.wood = wood;
        let before = self.store.snapshot();
        // Both changes or none.
        let mut commands = self.store.commands();
        commands.set_object(self.colony, colony);
        commands.spawn(Tower { position, target: None, reload: 0, burns })?;
        commands.apply(&mut self.store)?;
        self.remember(before);
        Ok(())
    }

    fn save(&mut self) -> Outcome {
        let world = Delta::full(&self.store.snapshot());
        let names: Vec<(ObjectId, &Arc<str>)> = self.names.iter(&self.store).collect();
        self.saved = postcard::to_allocvec(&(world, names))?;
        Ok(())
    }

    /// Replaces the world with the saved one. Keys stay valid.
    fn load(&mut self) -> Outcome {
        let (world, names): (Delta, Vec<(ObjectId, Arc<str>)>) = postcard::from_bytes(&self.saved)?;
        // A save of another version of the game may have its schemas in another order.
        let id = |id| world.translate(id, &self.store).ok_or("an object of an unknown schema");
        let names = names.into_iter().map(|(saved, name)| Ok((id(saved)?, name)));
        let names = names.collect::<Result<Vec<_>, &str>>()?;
        self.store.replace_with(&world)?;
        self.names = Names::new();
        for (id, name) in names {
            self.names.insert(&self.store, id, name)?;
        }
        Ok(())
    }

    fn name(&mut self, colonists: &[ObjectId]) -> Outcome {
        const FIRST: [&str; 6] = ["Ada", "Bo", "Cleo", "Dan", "Edda", "Finn"];
        const LAST: [&str; 7] = ["Ash", "Birch", "Elm", "Hazel", "Oak", "Rowan", "Yew"];
        for id in colonists {
            let number = id.row() as usize + usize::from(id.generation());
            let name = format!("{} {}", FIRST[number % 6], LAST[number % 7]);
            self.names.insert(&self.store, *id, name.into())?;
        }
        Ok(())
    }
}
