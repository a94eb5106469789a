//! The machine, versions and command that belong to published figures.

use std::fs;
use std::process::Command;

const LOCK_FILE: &str = include_str!("../../../Cargo.lock");

/// Names and their texts, in the order of printing.
pub type Description = Vec<(&'static str, String)>;

/// Describes the machine, the versions of these packages, and the command line.
///
/// `bench` is the command that runs the bench, without options.
#[must_use]
pub fn describe(packages: &[&str], bench: &str) -> Description {
    vec![
        ("CPU", processor()),
        ("system", system()),
        ("compiler", compiler()),
        ("versions", versions(packages)),
        ("command", command_line(bench)),
    ]
}

fn processor() -> String {
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == "model name")
        .map_or(std::env::consts::ARCH, |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores")
}

fn system() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or(std::env::consts::OS, |name| name.trim_matches('"'));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{name}, {} {}", std::env::consts::OS, kernel.trim()).trim_end().to_owned()
}

fn compiler() -> String {
    let version = Command::new("rustc").arg("--version").output();
    let version = version.map_or_else(
        |_| "rustc of unknown version".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    let build = if cfg!(target_feature = "avx2") {
        "built with vector features that a default build lacks"
    } else {
        "default build"
    };
    format!("{version}, {build}")
}

fn versions(packages: &[&str]) -> String {
    let versions: Vec<String> =
        packages.iter().map(|package| format!("{package} {}", version(package))).collect();
    versions.join(", ")
}

fn version(package: &str) -> &'static str {
    let line = format!("name = \"{package}\"");
    let mut lines = LOCK_FILE.lines().skip_while(|&other| other != line);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
    version.map_or("of unknown version", |version| version.trim_matches('"'))
}

/// The command as the user types it, not as cargo passes it on.
fn command_line(bench: &str) -> String {
    let mut command = bench.to_owned();
    let options = std::env::args().skip(1).filter(|option| option != "--bench");
    for (index, option) in options.enumerate() {
        let separator = if index == 0 { " -- " } else { " " };
        let quote = if option.contains(' ') { "\"" } else { "" };
        command.push_str(&format!("{separator}{quote}{option}{quote}"));
    }
    command
}
