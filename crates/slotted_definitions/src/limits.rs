//! Limits of a load.

/// Limits of a load: sizes of files, nesting, and the number of values.
///
/// A load that reaches a limit fails with [`Code::Limit`](crate::diagnostic::Code::Limit).
///
/// # Example
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
    /// Number of files of all packs: 100,000 by default.
    pub files: usize,
    /// Nesting of folders in a pack: 16 levels by default.
    pub folder_levels: usize,
    /// Nesting of values in a file: 32 levels by default, at most 64.
    pub levels: usize,
    /// Number of values of all files, inherited ones included: 64 million by default, about 3 GB.
    pub values: usize,
    /// Number of slots of all schemas, inherited ones included: 1,000,000 by default.
    pub slots: usize,
    /// Number of problems in a report: 1,000 by default. Further problems are only counted.
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
    /// Clamps the limits to the range of [`Place`](crate::diagnostic::Place) and to the stack.
    pub(super) fn possible(self) -> Self {
        Self {
            file_bytes: self.file_bytes.min(u64::from(u32::MAX) - 1),
            levels: self.levels.clamp(1, 64),
            problems: self.problems.max(1),
            ..self
        }
    }
}
