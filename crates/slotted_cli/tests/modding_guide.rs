//! The modder's guide: every file is written, every command run, and every answer compared.

mod common;

use std::path::Path;

use common::{Outcome, empty_folder, tool};

const GUIDE: &str = include_str!("../../../docs/guide/modding.md");

/// A listing of the guide.
#[derive(Debug, PartialEq)]
enum Listing<'g> {
    File(&'g str, String),
    Command(&'g str),
    Answer(String),
}

/// Returns the listings in their order. A file has its path in the line before.
fn listings(guide: &str) -> Vec<Listing<'_>> {
    let mut listings = Vec::new();
    let mut lines = guide.lines();
    let mut path = None;
    while let Some(line) = lines.next() {
        if let Some(named) = line.strip_prefix("File `") {
            path = named.split('`').next();
        }
        let Some(language) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match language {
            "toml" => {
                let path = path.take().expect("a file has a path");
                listings.push(Listing::File(path, block.join("\n") + "\n"));
            }
            "sh" => listings.extend(block.into_iter().map(Listing::Command)),
            "text" => listings.push(Listing::Answer(block.join("\n") + "\n")),
            other => panic!("a listing of an unknown sort: {other:?}"),
        }
    }
    listings
}

#[test]
fn every_listing_does_what_the_guide_says() -> Outcome {
    let folder = empty_folder("modding_guide")?;
    let folder: &Path = folder.as_ref();
    let mut last = None;
    let (mut commands, mut answers) = (0, 0);
    for listing in listings(GUIDE) {
        match listing {
            Listing::File(path, text) => {
                let path = folder.join(path);
                std::fs::create_dir_all(path.parent().ok_or("a file in a folder")?)?;
                std::fs::write(path, text)?;
            }
            Listing::Command(command) => {
                let arguments = command.strip_prefix("slotted ").ok_or("a command of the tool")?;
                let output = tool().args(arguments.split(' ')).current_dir(folder).output()?;
                let text = [output.stdout, output.stderr].concat();
                last = Some(String::from_utf8(text)?);
                commands += 1;
            }
            Listing::Answer(expected) => {
                let found = last.as_deref().ok_or("an answer to a command")?;
                assert!(found.contains(&expected), "the guide says:\n{expected}\nfound:\n{found}");
                answers += 1;
            }
        }
    }
    assert_eq!((commands, answers), (7, 6), "all listings are found");
    Ok(())
}

#[test]
fn the_values_of_the_guide_are_right() -> Outcome {
    let folder = empty_folder("modding_values")?;
    let folder: &Path = folder.as_ref();
    for listing in listings(GUIDE) {
        if let Listing::File(path, text) = listing {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().ok_or("a file in a folder")?)?;
            std::fs::write(path, text)?;
        }
    }
    let mut store = slotted::Store::new();
    let loader = slotted_definitions::Loader::new();
    let loader = loader.pack(folder.join("core")).pack(folder.join("sharper"));
    let objects = loader.load(&store)?.spawn(&mut store)?;
    let get = |record: &str, slot: &str| {
        let id = objects.id("weapon", record).expect("the record is there");
        store.get_value(id, slot).expect("the slot is there").to_string()
    };
    assert_eq!(get("great_axe", "damage"), r#"{"min": 1, "max": 12}"#);
    assert_eq!(get("great_axe", "weight"), "2.5");
    assert_eq!(get("axe", "damage.max"), "8");
    assert_eq!(get("axe", "price"), "20");
    assert_eq!(get("axe", "tags"), r#"["iron", "wood", "sharp"]"#);
    assert_eq!(get("sabre", "range_in_metres"), "1.0");
    Ok(())
}
