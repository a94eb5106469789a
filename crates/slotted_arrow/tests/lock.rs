//! A program that starts processes while it saves is not refused its next save.
//!
//! The lock of a folder was released by closing its file. A process that another thread had just forked still had the file
//! open until it ran its program, so the next save found the folder locked.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use slotted::{Schema, Store, record};

#[test]
fn processes_that_start_during_saves_keep_no_lock() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("slotted-lock-{}", std::process::id()));
    let mut store = Store::new();
    store.register_schema(Schema::builder("tile").build()?)?;
    store.spawn_record("tile", record! {})?;
    let snapshot = store.snapshot();
    let program = std::env::current_exe()?;
    let is_done = AtomicBool::new(false);
    let saved = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                // With this argument the test program lists nothing and ends.
                let child = Command::new(&program)
                    .args(["--list", "no such test"])
                    .stdout(Stdio::null())
                    .spawn();
                let _ = child.and_then(|mut child| child.wait());
            }
        });
        let saves = (0..300).map(|_| slotted_arrow::save(&snapshot, &folder).map(|_| ()));
        let saved: Result<(), _> = saves.collect();
        is_done.store(true, Ordering::Relaxed);
        saved
    });
    std::fs::remove_dir_all(folder)?;
    Ok(saved?)
}
