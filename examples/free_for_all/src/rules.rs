//! The rules that both games share: random numbers, and the search for the nearest unit.

use glam::IVec2;

/// Returns the units of a new game, from position, speed, health and damage. The field grows with their number: about
/// one unit for every four places.
pub fn new_units<U>(
    count: u32,
    unit: impl Fn(IVec2, i32, i32, i32) -> U,
) -> impl Iterator<Item = U> {
    let side = (f64::from(count) * 4.0).sqrt() as i32 / 2 + 5;
    (0..count).map(move |number| {
        let mut random = Random::new(0, number);
        let position = IVec2::new(random.between(-side, side), random.between(-side, side));
        unit(position, random.between(1, 5), random.between(30, 50), random.between(1, 10))
    })
}

/// Returns the step of a unit in a frame.
#[inline]
pub fn step(frame: u32, unit: u32, speed: i32) -> IVec2 {
    let mut random = Random::new(frame + 1, unit);
    IVec2::new(random.between(-speed, speed), random.between(-speed, speed))
}

/// Random numbers that depend on the frame and the unit alone, not on the order of units: SplitMix64 (Steele, Lea
/// and Flood, 2014).
struct Random(u64);

impl Random {
    fn new(frame: u32, unit: u32) -> Self {
        Self((u64::from(frame) << 32) | u64::from(unit))
    }

    /// Returns a number from `low` to below `high`.
    #[inline]
    fn between(&mut self, low: i32, high: i32) -> i32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        low + (((bits >> 32) * (high - low) as u64) >> 32) as i32
    }
}

/// The units by their place, for the search of neighbors.
#[derive(Debug)]
pub struct Grid<I> {
    low: IVec2,
    /// The number of cells along each axis.
    cells: IVec2,
    /// The end of each cell in `units`.
    ends: Vec<u32>,
    units: Vec<(IVec2, I)>,
}

impl<I> Default for Grid<I> {
    fn default() -> Self {
        Self { low: IVec2::ZERO, cells: IVec2::ZERO, ends: Vec::new(), units: Vec::new() }
    }
}

/// The side of a cell.
const CELL: i32 = 4;

impl<I: Copy + PartialEq> Grid<I> {
    /// Sorts all units into cells.
    pub fn rebuild(&mut self, units: impl Iterator<Item = (IVec2, I)>) {
        let units: Vec<_> = units.collect();
        let bounds = |pick: fn(IVec2, IVec2) -> IVec2| units.iter().map(|unit| unit.0).reduce(pick);
        self.low = bounds(IVec2::min).unwrap_or_default();
        let size = bounds(IVec2::max).unwrap_or_default() - self.low;
        self.cells = size / CELL + 1;
        self.ends.clear();
        self.ends.resize((self.cells.x * self.cells.y) as usize + 1, 0);
        for (position, _) in &units {
            let cell = self.cell(*position);
            self.ends[cell + 1] += 1;
        }
        for cell in 1..self.ends.len() {
            self.ends[cell] += self.ends[cell - 1];
        }
        self.units.clear();
        let Some(first) = units.first() else { return };
        self.units.resize(units.len(), *first);
        for unit in &units {
            let cell = self.cell(unit.0);
            let place = &mut self.ends[cell];
            self.units[*place as usize] = *unit;
            *place += 1;
        }
    }

    #[inline]
    fn cell(&self, position: IVec2) -> usize {
        let cell = (position - self.low) / CELL;
        (cell.y * self.cells.x + cell.x) as usize
    }

    /// Returns the nearest other unit by Manhattan distance; of several the one that was sorted in first.
    #[inline]
    pub fn nearest(&self, own: I, position: IVec2) -> Option<I> {
        let center = (position - self.low) / CELL;
        let (mut nearest, mut distance) = (None, i32::MAX);
        for ring in 0..=self.cells.max_element() {
            // The units of farther rings are at least this far away.
            if nearest.is_some() && distance <= (ring - 1) * CELL {
                break;
            }
            let (low, high) = (center - ring, center + ring);
            for y in low.y.max(0)..=high.y.min(self.cells.y - 1) {
                let is_edge = y == low.y || y == high.y;
                let step = if is_edge || ring == 0 { 1 } else { 2 * ring };
                for x in (low.x..=high.x).step_by(step as usize) {
                    if !(0..self.cells.x).contains(&x) {
                        continue;
                    }
                    let cell = (y * self.cells.x + x) as usize;
                    let start = if cell == 0 { 0 } else { self.ends[cell - 1] };
                    for (other, id) in &self.units[start as usize..self.ends[cell] as usize] {
                        let away = (*other - position).abs().element_sum();
                        if away < distance && *id != own {
                            (nearest, distance) = (Some(*id), away);
                        }
                    }
                }
            }
        }
        nearest
    }
}
