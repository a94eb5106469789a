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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_order_with_and_without_another_thread() -> io::Result<()> {
        for parts in [0, 1, 2 * AHEAD, 2 * AHEAD + 1, 100] {
            let (mut used, mut others) = (Vec::new(), 0);
            let own = std::thread::current().id();
            let prepare = |part: usize| (part, std::thread::current().id());
            ahead(parts, prepare, |(part, thread)| {
                others += usize::from(thread != own);
                used.push(part);
                Ok(())
            })?;
            assert!(used.into_iter().eq(0..parts));
            assert_eq!(others, if parts > 2 * AHEAD { parts } else { 0 });
        }
        Ok(())
    }

    #[test]
    fn an_error_ends_the_other_thread() {
        for fails_at in [0, 3, 99] {
            let fail = |part| match part == fails_at {
                true => Err(io::Error::other("full")),
                false => Ok(()),
            };
            assert!(ahead(100, |part| part, fail).is_err());
        }
    }
}
