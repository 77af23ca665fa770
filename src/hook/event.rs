//! The moments at which git calls a hook that keyhook serves.

use std::fmt;

/// A moment at which git calls keyhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// Before a commit is made: the staged change.
    PreCommit,
    /// Before a clean merge becomes a commit; git does not call `pre-commit` then.
    PreMergeCommit,
    /// When the message of a commit is written.
    CommitMsg,
    /// Before commits leave: also those that skipped the other hooks.
    PrePush,
    /// After a commit was made; it can only warn.
    PostCommit,
    /// On a server, before a push is taken.
    PreReceive,
}

/// Every moment, in the order in which a change meets them.
pub const EVENTS: [Event; 6] = [
    Event::PreCommit,
    Event::PreMergeCommit,
    Event::CommitMsg,
    Event::PostCommit,
    Event::PrePush,
    Event::PreReceive,
];

impl Event {
    /// Finds the moment by the name of its hook.
    pub fn parse(name: &str) -> Option<Event> {
        EVENTS.into_iter().find(|event| event.name() == name)
    }

    /// Returns the name of the hook.
    pub fn name(self) -> &'static str {
        match self {
            Event::PreCommit => "pre-commit",
            Event::PreMergeCommit => "pre-merge-commit",
            Event::CommitMsg => "commit-msg",
            Event::PrePush => "pre-push",
            Event::PostCommit => "post-commit",
            Event::PreReceive => "pre-receive",
        }
    }

    /// Returns the moments that `install` takes when none is named.
    ///
    /// `post-commit` is left out: it cannot block, it runs for every commit of a rebase, and what it
    /// would warn of is blocked by `pre-push`. A bare repository may be a server, so it gets
    /// `pre-receive` too; it may also carry worktrees, so it gets the others as well.
    pub fn defaults(is_bare: bool) -> Vec<Event> {
        let is_meant = |event: &Event| match event {
            Event::PostCommit => false,
            Event::PreReceive => is_bare,
            _ => true,
        };
        EVENTS.into_iter().filter(is_meant).collect()
    }

    /// Returns every moment that can occur in such a repository.
    pub fn all(is_bare: bool) -> Vec<Event> {
        EVENTS.into_iter().filter(|event| is_bare || *event != Event::PreReceive).collect()
    }

    /// Returns whether git writes a list of refs to the hook's standard input.
    pub fn has_input(self) -> bool {
        matches!(self, Event::PrePush | Event::PreReceive)
    }

    /// Says what is held up when keyhook cannot look.
    pub(super) fn blocked(self) -> &'static str {
        match self {
            Event::PreCommit | Event::CommitMsg => "commit blocked",
            Event::PreMergeCommit => "merge blocked",
            Event::PrePush => "push blocked",
            Event::PostCommit => "this commit was not looked at",
            Event::PreReceive => "push refused",
        }
    }

    /// The commit of a `post-commit` hook is made already.
    pub(super) fn code_without_program(self) -> u8 {
        if self == Event::PostCommit { 0 } else { 2 }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_again() {
        assert!(EVENTS.iter().all(|event| Event::parse(event.name()) == Some(*event)));
        assert_eq!(Event::parse("post-checkout"), None);
    }

    #[test]
    fn only_a_bare_repository_may_be_a_server() {
        let has_receive = |events: Vec<Event>| events.contains(&Event::PreReceive);
        assert!(has_receive(Event::defaults(true)) && !has_receive(Event::defaults(false)));
        assert!(has_receive(Event::all(true)) && !has_receive(Event::all(false)));
        assert!(!Event::defaults(true).contains(&Event::PostCommit));
    }
}
