//! `slotted inspect`: readable reports.
mod common;

use common::saves::{save, world};
use common::{Outcome, empty_folder, run};

#[test]
fn saves_are_readable() -> Outcome {
    let folder = empty_folder("inspect_readable")?;
    let (mut store, _) = world()?;
    save(&mut store, &folder)?;
    let path = folder.display().to_string();
    let answer = run(["inspect", &path])?;
    println!("{}{}", answer.output, answer.errors);
    let answer = run(["inspect", &path, "--format", "json"])?;
    println!("{}{}", answer.output, answer.errors);
    for format in ["--csv", "--json", "--parquet"] {
        let out = folder.join("out").display().to_string();
        let answer = run(["export", &path, format, "--out", &out])?;
        println!("{}{}", answer.output, answer.errors);
    }
    for file in ["unit.csv", "orc.csv", "unit.jsonl", "orc.jsonl"] {
        println!("{}", std::fs::read_to_string(folder.join("out").join(file))?);
    }
    Ok(())
}
