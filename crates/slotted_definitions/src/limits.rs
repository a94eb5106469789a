//! How much of what comes from files is read.

/// How much of what comes from files is read. Reaching a limit is an error that names it.
///
/// ```
/// let mut limits = slotted_definitions::LoadLimits::default();
/// limits.file_bytes = 1 << 20;
/// assert_eq!(limits.levels, 32);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadLimits {
    /// Bytes of one file: 64 MiB by default, at most 4 GiB.
    pub file_bytes: u64,
    /// Bytes of all files together: 1 GiB by default.
    pub all_bytes: u64,
    /// Files of all packs together: 100,000 by default.
    pub files: usize,
    /// How deep folders may be nested in a pack: 16 by default.
    pub folder_levels: usize,
    /// How deep values may be nested in a file: 32 by default, at most 64.
    pub levels: usize,
    /// Values of all files together, those included that records inherit: 64 million by default, which
    /// take some 3 GB.
    pub values: usize,
    /// Slots of all schemas together, those included that they inherit: 1,000,000 by default.
    pub slots: usize,
    /// Problems that are reported; the others are counted. 1,000 by default.
    pub problems: usize,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            all_bytes: 1 << 30,
            files: 100_000,
            folder_levels: 16,
            levels: 32,
            values: 64 << 20,
            slots: 1_000_000,
            problems: 1000,
        }
    }
}

impl LoadLimits {
    /// The limits as far as places can count and the stack goes.
    pub(super) fn possible(self) -> Self {
        Self {
            file_bytes: self.file_bytes.min(u64::from(u32::MAX) - 1),
            levels: self.levels.clamp(1, 64),
            problems: self.problems.max(1),
            ..self
        }
    }
}
