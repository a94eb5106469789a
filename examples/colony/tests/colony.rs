//! The colony's promises: replays, undo and saves give the same world.

use std::collections::BTreeSet;
use std::error::Error;

use colony::game::{Game, Step};
use slotted::glam::Vec2;

type Outcome = Result<(), Box<dyn Error>>;

fn frames(game: &mut Game, count: u32) -> Outcome {
    (0..count).try_for_each(|_| game.play(Step::Frame))
}

fn build(x: f32, burns: bool) -> Step {
    Step::Build { position: Vec2::new(x, 2.0), burns }
}

fn hashes(game: &mut Game) -> (u64, u64) {
    (game.store.state_hash(), game.store.future_ids_hash())
}

fn names(game: &Game) -> Vec<String> {
    game.names.iter(&game.store).map(|(id, name)| format!("{id} {name}")).collect()
}

/// A game with every kind of step.
fn full_game() -> Result<Game, Box<dyn Error>> {
    let mut game = Game::new(8)?;
    game.play(build(0.0, false))?;
    game.play(build(5.0, true))?;
    frames(&mut game, 300)?;
    game.play(build(-5.0, true))?;
    game.play(Step::QuickSave)?;
    frames(&mut game, 100)?;
    let tower = game.store.ids_of("tower")?.next().ok_or("no tower")?;
    game.play(Step::Demolish(tower))?;
    frames(&mut game, 20)?;
    game.play(Step::Undo)?;
    frames(&mut game, 50)?;
    game.play(Step::QuickLoad)?;
    frames(&mut game, 400)?;
    Ok(game)
}

#[test]
fn a_replay_gives_the_same_world() -> Outcome {
    let mut game = full_game()?;
    let steps = game.steps.clone();
    let mut replayed = Game::replay(8, &steps)?;
    assert_eq!(hashes(&mut replayed), hashes(&mut game));
    assert_eq!(names(&replayed), names(&game));

    let mut other = Game::replay(8, &steps[1..])?;
    assert_ne!(hashes(&mut other), hashes(&mut game), "one tower less is another world");
    Ok(())
}

#[test]
fn much_happens() -> Outcome {
    let game = full_game()?;
    let colony = game.colony()?;
    assert!(colony.killed > 10 && colony.lost > 0, "{colony:?}");
    let (mut game, mut seen) = (Game::new(8)?, BTreeSet::new());
    game.play(build(5.0, true))?;
    for _ in 0..250 {
        game.play(Step::Frame)?;
        let schemas = game.store.schemas().map(|schema| schema.name().to_owned());
        seen.extend(schemas.filter(|name| game.store.len_of(&**name).is_ok_and(|len| len > 0)));
        let burns = |id| game.store.get_value(id, "burning").is_ok_and(|value| !value.is_unset());
        if game.store.ids_of("raider")?.any(burns) {
            seen.insert("burning".to_owned());
        }
    }
    assert_eq!(seen.len(), 8, "{seen:?}");
    assert_eq!(game.names.len(), game.store.len_of("colonist")?);
    game.store.validate().map_err(|problems| format!("{problems:?}"))?;
    Ok(())
}

#[test]
fn undo_brings_the_world_and_its_names_back() -> Outcome {
    let mut game = Game::new(8)?;
    frames(&mut game, 100)?;
    let before = (hashes(&mut game), names(&game));
    game.play(build(0.0, false))?;
    frames(&mut game, 150)?;
    assert_ne!((hashes(&mut game), names(&game)), before);
    game.play(Step::Undo)?;
    assert_eq!((hashes(&mut game), names(&game)), before);
    Ok(())
}

#[test]
fn a_loaded_game_goes_on_like_the_saved_one() -> Outcome {
    let mut game = Game::new(8)?;
    game.play(build(0.0, true))?;
    frames(&mut game, 200)?;
    game.play(Step::QuickSave)?;
    frames(&mut game, 100)?;
    let went_on = (hashes(&mut game), names(&game));
    frames(&mut game, 57)?;
    game.play(Step::QuickLoad)?;
    frames(&mut game, 100)?;
    assert_eq!((hashes(&mut game), names(&game)), went_on);
    Ok(())
}

#[test]
fn a_refused_step_changes_nothing_and_is_not_replayed() -> Outcome {
    let mut game = Game::new(8)?;
    game.play(build(0.0, false))?;
    let tower = game.store.ids_of("tower")?.next().ok_or("no tower")?;
    game.play(Step::Demolish(tower))?;
    let (before, steps) = (hashes(&mut game), game.steps.len());
    let colony = game.store.ids_of("colony")?.next().ok_or("no colony")?;
    for refused in [Step::Demolish(tower), Step::Demolish(colony), Step::QuickLoad] {
        assert!(game.play(refused).is_err(), "{refused:?}");
        assert_eq!((hashes(&mut game), game.steps.len()), (before, steps), "{refused:?}");
    }
    game.play(Step::Undo)?;
    assert!(game.store.contains(tower), "refused steps are not undone");
    let steps = game.steps.clone();
    assert_eq!(hashes(&mut Game::replay(8, &steps)?), hashes(&mut game));
    Ok(())
}
