//! What the players do, and what is known of it.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::game::BORDER;

pub(crate) const PLAYERS: usize = 4;

/// What one player does in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// Where the player's units are drawn to.
    pub(crate) pull: [i32; 2],
    /// Whether the player strikes the units of others that are there.
    pub(crate) strikes: bool,
}

/// The inputs of all players in a frame.
pub(crate) type FrameInputs = [Input; PLAYERS];

/// What players do until they do something.
const NOTHING: FrameInputs = [Input { pull: [0; 2], strikes: false }; PLAYERS];

/// What everybody really does in each frame.
pub(crate) struct Inputs {
    frames: Vec<FrameInputs>,
}

impl Inputs {
    /// Players go on for some frames with what they do, and then do something else.
    pub(crate) fn new(frames: u64, seed: u64) -> Self {
        let random = &mut StdRng::seed_from_u64(seed ^ 0x1234_5678);
        let mut inputs = NOTHING;
        let frames = (0..frames).map(|_| {
            for input in &mut inputs {
                if random.random_ratio(1, 12) {
                    let pull = std::array::from_fn(|_| random.random_range(-BORDER..BORDER));
                    *input = Input { pull, strikes: random.random() };
                }
            }
            inputs
        });
        Self { frames: frames.collect() }
    }

    /// What everybody really does.
    pub(crate) fn of(&self, frame: u64) -> FrameInputs {
        self.frames[frame as usize]
    }

    /// What is known where the others' inputs have arrived up to a frame: they are expected to go on as they
    /// were. The first player is the one who sits here.
    pub(crate) fn predicted(&self, frame: u64, known: Option<u64>) -> FrameInputs {
        let mut inputs = known.map_or(NOTHING, |known| self.of(known));
        inputs[0] = self.of(frame)[0];
        inputs
    }
}
