//! Work on parts of a file while another thread writes those before.

use std::io;
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, scope};

/// The blocks that one thread prepares while another writes: more would only use memory.
const AHEAD: usize = 2;

/// Prepares parts on another thread while this one uses those before, in order. Few parts are not worth a thread.
pub(crate) fn ahead<T: Send>(
    parts: usize,
    prepare: impl Fn(usize) -> T + Sync,
    mut use_part: impl FnMut(T) -> io::Result<()>,
) -> io::Result<()> {
    if parts <= 2 * AHEAD {
        return (0..parts).try_for_each(|part| use_part(prepare(part)));
    }
    scope(|threads| {
        let (sender, receiver) = sync_channel(AHEAD);
        let prepare_all = || {
            // The receiver is gone after an error.
            let _ = (0..parts).map(&prepare).try_for_each(move |part| sender.send(part));
        };
        match Builder::new().spawn_scoped(threads, prepare_all) {
            Ok(_) => receiver.into_iter().try_for_each(use_part),
            // No threads in browsers.
            Err(_) => (0..parts).try_for_each(|part| use_part(prepare(part))),
        }
    })
}
