//! Watches that a push is not looked at for longer than there is time, whatever is in it.
//!
//! A source looks at its clock between two texts, and then everything that was found is reported.
//! But reading one huge object, or looking through it, or judging what was found in it, may take
//! minutes. Asking for the time inside of all that would cost more than it is worth; so a thread
//! waits beside it, and ends the process if that comes too late. The push is rejected then as it is
//! for everything that could not be looked at.

use std::process;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Exit, problem, report};
use crate::report::Occasion;
use crate::scan::{Outcome, without_secrets};
use crate::source::Clock;

/// How long the orderly end may take, which also tells what was found: a tenth of the time, and at
/// least this.
const GRACE_MIN: Duration = Duration::from_secs(1);

/// Ends the process after the time of a clock, unless it is dropped before.
pub(super) struct Watch {
    is_over: Arc<(Mutex<bool>, Condvar)>,
}

impl Watch {
    /// Begins to wait.
    pub(super) fn begin(clock: &Clock) -> Watch {
        let is_over = Arc::new((Mutex::new(false), Condvar::new()));
        let (clock, shared) = (clock.clone(), Arc::clone(&is_over));
        // Where no thread can be had, the source still looks at its clock.
        let _ = thread::Builder::new().spawn(move || wait(&clock, &shared));
        Watch { is_over }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let (lock, changed) = &*self.is_over;
        *lock.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }
}

fn wait(clock: &Clock, (lock, changed): &(Mutex<bool>, Condvar)) {
    let end = clock.end() + (clock.budget() / 10).max(GRACE_MIN);
    let left = end.saturating_duration_since(Instant::now());
    let is_over = lock.lock().unwrap_or_else(PoisonError::into_inner);
    let (is_over, _) = changed
        .wait_timeout_while(is_over, left, |is_over| !*is_over)
        .unwrap_or_else(PoisonError::into_inner);
    // The lock is held to the end: whoever is about to report waits, and there is one report.
    if !*is_over {
        let unread = vec![without_secrets(problem(clock.unread()))];
        report(Occasion::Receive, &Outcome { unread, ..Outcome::default() });
        process::exit(Exit::Failed as i32);
    }
}
