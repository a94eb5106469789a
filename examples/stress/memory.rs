//! The memory of the machine and of this process. The figures exist on Linux only.

use std::fs;

pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

/// Returns the bytes that this process may still use without swapping.
pub(crate) fn available() -> Option<u64> {
    let machine = field(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")?;
    Some(group().map_or(machine, |group| machine.min(group)))
}

/// Returns the bytes that a container leaves, if it has a limit.
fn group() -> Option<u64> {
    let number = |name: &str| -> Option<u64> {
        fs::read_to_string(format!("/sys/fs/cgroup/memory.{name}")).ok()?.trim().parse().ok()
    };
    Some(number("max")?.saturating_sub(number("current")?))
}

/// Returns the most bytes that this process has had in memory.
pub(crate) fn process_peak() -> Option<u64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// Reads a line such as `MemAvailable:   23068672 kB`, in bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_bytes() {
        let text = "MemTotal:       24616964 kB\nMemAvailable:   23068672 kB\n";
        assert_eq!(field(text, "MemAvailable:"), Some(23_068_672 * 1024));
        assert_eq!(field(text, "MemFree:"), None);
        assert_eq!(field("VmHWM: many kB", "VmHWM:"), None);
    }
}
