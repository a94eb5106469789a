//! The real inputs of all players, and the inputs that are known so far.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::game::BORDER;

pub(crate) const PLAYERS: usize = 4;

/// One player's input in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// The point that the player's units move towards.
    pub(crate) pull: [i32; 2],
    /// `true` if the player strikes the others' units at that point.
    pub(crate) strikes: bool,
}

/// The inputs of all players in a frame.
pub(crate) type FrameInputs = [Input; PLAYERS];

/// The input of players before their first action.
const NOTHING: FrameInputs = [Input { pull: [0; 2], strikes: false }; PLAYERS];

/// All players' real inputs in each frame.
pub(crate) struct Inputs {
    frames: Vec<FrameInputs>,
}

impl Inputs {
    /// Creates random inputs. Players repeat an input for some frames, then change it.
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

    /// Returns all players' real inputs in a frame.
    pub(crate) fn of(&self, frame: u64) -> FrameInputs {
        self.frames[frame as usize]
    }

    /// Returns the predicted inputs of a frame, when the others' inputs have arrived up to `known`: the
    /// others are expected to repeat their last input. The first player is local.
    pub(crate) fn predicted(&self, frame: u64, known: Option<u64>) -> FrameInputs {
        let mut inputs = known.map_or(NOTHING, |known| self.of(known));
        inputs[0] = self.of(frame)[0];
        inputs
    }
}
