//! The time that commits may be looked at for, and how far that has come.
//!
//! A source looks at the clock between two texts. One text may take longer than all of the time, so
//! the clock can be shared with somebody who watches from outside.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Unread;
use super::path_text;
use crate::git::ObjectId;

/// When to stop, and what was being looked at last.
#[derive(Clone, Debug)]
pub struct Clock {
    end: Instant,
    budget: Duration,
    stage: Arc<Mutex<Option<Stage>>>,
}

/// How far a source has come.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    /// How many items are not finished, of how many, and the first of them.
    pub(super) left: usize,
    pub(super) total: usize,
    pub(super) first: ObjectId,
    /// The text that is being looked at; empty between two.
    pub(super) path: Vec<u8>,
}

impl Clock {
    /// Starts a clock that runs for so long since `start`.
    pub fn new(start: Instant, budget: Duration) -> Clock {
        Clock { end: start + budget, budget, stage: Arc::default() }
    }

    /// Returns when the time is over.
    pub fn end(&self) -> Instant {
        self.end
    }

    /// Returns how long it runs.
    pub fn budget(&self) -> Duration {
        self.budget
    }

    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }

    pub(super) fn set_stage(&self, stage: Option<Stage>) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    /// Returns what was not looked at when the time was over.
    pub fn unread(&self) -> Unread {
        let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut problem = format!("the time of {} is over", seconds(self.budget));
        match stage {
            None => problem.push_str(" before everything was looked at"),
            Some(Stage { left, total, first, path }) => {
                let first = &first.to_string()[..12];
                problem.push_str(&format!(
                    ": {left} of {total} commits were not looked at, the first is {first}"
                ));
                if !path.is_empty() {
                    let path = path_text(&path);
                    problem.push_str(&format!(", in which {path} was not finished"));
                }
            }
        }
        let hint = "push fewer commits at once, or give it more time: --time-budget SECONDS";
        Unread { path: Vec::new(), problem, hint: hint.to_owned() }
    }
}

fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds.fract() == 0.0 => format!("{seconds:.0} s"),
        seconds => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_far_it_has_come() {
        let clock = Clock::new(Instant::now(), Duration::from_millis(2500));
        assert!(!clock.is_over());
        let said = |clock: &Clock| clock.unread().problem;
        assert_eq!(said(&clock), "the time of 2.5 s is over before everything was looked at");
        let first = ObjectId::from_bytes(&[0xab; 20]).unwrap();
        let stage = |path: &[u8]| Some(Stage { left: 2, total: 3, first, path: path.to_vec() });
        // Whoever watches has a clone.
        clock.clone().set_stage(stage(b""));
        let text = "the time of 2.5 s is over: 2 of 3 commits were not looked at, \
                    the first is abababababab";
        assert_eq!(said(&clock), text);
        clock.set_stage(stage(b"a/\xff.sql"));
        assert_eq!(said(&clock), format!("{text}, in which a/\\xFF.sql was not finished"));
    }
}
