//! Answers the questions of the screen, in a thread of its own: what the tree holds, what stands
//! around a finding, whether its value was committed and pushed.

use std::sync::mpsc::Receiver;

use super::look;
use crate::audit::{Answer, Ask, History};
use crate::finding::{Excerpt, Secret};
use crate::git::{Entry, GitError, Missing, Reader, Repository, Version};
use crate::scan::{Excerpts, holds};
use crate::source::{Chunk, TrackedSource};

/// How many lines are handed out on each side of a secret.
const RADIUS: usize = 60;

/// Of a file with more versions than this the newest are looked at.
const VERSIONS_MAX: usize = 3000;

/// Serves until nobody listens; `answer` returns whether somebody does.
pub(super) fn serve(asks: &Receiver<Ask>, answer: &dyn Fn(Answer) -> bool) {
    let repository = match Repository::open(Reader::Auto) {
        Ok(repository) => repository,
        Err(error) => {
            answer(Answer::Failed(error.to_string()));
            return;
        }
    };
    if !answer(locate(&repository)) {
        return;
    }
    let excerpts = TrackedSource::open(&repository)
        .map_err(|unread| unread.problem)
        .and_then(|source| Excerpts::open(&source).map_err(|problem| problem.problem));
    let Ok(excerpts) = excerpts else { return };
    let desk = Desk { repository: &repository, excerpts: &excerpts };
    let mut waiting: Vec<Ask> = Vec::new();
    loop {
        if waiting.is_empty() {
            match asks.recv() {
                Ok(ask) => waiting.push(ask),
                Err(_) => return,
            }
        }
        waiting.extend(asks.try_iter());
        // The newest is what the person looks at; what they only passed is asked for again if they
        // come back.
        let Some(ask) = waiting.pop() else { continue };
        waiting.retain(|ask| ask.is_deep);
        let is_heard = if ask.is_deep {
            answer(Answer::History(ask.key.clone(), desk.deep(&ask)))
        } else {
            let is_heard = answer(Answer::Excerpt(ask.key.clone(), desk.excerpt(&ask)));
            waiting.extend(asks.try_iter());
            // Who has gone on already does not wait for this.
            is_heard
                && (!waiting.is_empty()
                    || answer(Answer::History(ask.key.clone(), desk.quick(&ask))))
        };
        if !is_heard {
            return;
        }
    }
}

fn locate(repository: &Repository) -> Answer {
    match look(repository) {
        Err(problem) => Answer::Failed(format!("{problem}; {}", problem.hint)),
        Ok(looked) => {
            let unread = looked.problems.iter().map(|problem| match &problem.hint[..] {
                "" => problem.to_string(),
                hint => format!("{problem}; {hint}"),
            });
            let problems = unread.chain(looked.notes).collect();
            Answer::Located { tree: looked.tree, own_rules: looked.own_rules, problems }
        }
    }
}

struct Desk<'a> {
    repository: &'a Repository,
    excerpts: &'a Excerpts,
}

impl Desk<'_> {
    fn excerpt(&self, ask: &Ask) -> Option<Excerpt> {
        let path = ask.key.path.as_bytes();
        let entry = self.repository.staged_entry(&ask.key.path).ok()??;
        let bytes = self.repository.read_staged(path, entry).ok()?;
        let chunk = Chunk { path: path.to_vec(), bytes, id: 0 };
        self.excerpts.look(&chunk).excerpt(&ask.secret, &ask.location, RADIUS)
    }

    /// Looks where little work says most: HEAD, and what remotes are known to have.
    fn quick(&self, ask: &Ask) -> History {
        let text = |text: String| History { text, is_pushed: false, is_deep: false };
        if self.repository.missing_history() == Missing::Contents {
            return text("not looked: in this partial clone that would fetch old contents".into());
        }
        match self.tips_with(ask) {
            Ok(tips) => quick_answer(&tips),
            Err(error) => text(format!("not looked: {error}")),
        }
    }

    /// Returns the tips, each with whether it holds the secret in this file.
    fn tips_with(&self, ask: &Ask) -> Result<Vec<(String, bool, bool)>, GitError> {
        let mut tips = Vec::new();
        for tip in self.repository.tips()? {
            let mut has = false;
            for path in paths(ask) {
                let entry = self.repository.entry_at(&tip, path.as_bytes())?;
                has = has || entry.is_some_and(|entry| self.is_in(entry, &ask.secret));
            }
            tips.push((tip.name, tip.is_remote, has));
        }
        Ok(tips)
    }

    fn is_in(&self, entry: Entry, secret: &Secret) -> bool {
        self.repository.read_object(entry.id).is_ok_and(|bytes| holds(&bytes, secret))
    }

    /// Looks through every version of the file.
    fn deep(&self, ask: &Ask) -> History {
        let history = |text: String, is_pushed| History { text, is_pushed, is_deep: true };
        let missing = self.repository.missing_history();
        if missing == Missing::Contents {
            return History { is_deep: true, ..self.quick(ask) };
        }
        let mut versions = Vec::new();
        for path in paths(ask) {
            match self.repository.versions(path.as_bytes()) {
                Ok(more) => versions.extend(more),
                Err(error) => return history(format!("not looked: {error}"), false),
            }
        }
        let rest = versions.len().saturating_sub(VERSIONS_MAX);
        versions.truncate(VERSIONS_MAX);
        let mut limits = String::new();
        if missing == Missing::Commits {
            limits.push_str("; this shallow clone has no older commits");
        }
        if rest > 0 {
            limits.push_str(&format!("; {rest} older versions were not looked at"));
        }
        match self.first_with(&versions, &ask.secret) {
            Err(error) => history(format!("not looked: {error}"), false),
            Ok(None) => {
                let count = versions.len();
                let text = format!("in none of {count} committed versions of this file{limits}");
                history(text, false)
            }
            Ok(Some(first)) => {
                let remotes = self.repository.remotes_with(&first.commit).unwrap_or_default();
                let is_pushed = !remotes.is_empty();
                let pushed = match is_pushed {
                    true => format!("pushed: {}", remotes.join(", ")),
                    false => "no remote branch has it, as last fetched".to_owned(),
                };
                let Version { commit, day, author, .. } = first;
                let commit = &commit[..commit.len().min(10)];
                history(
                    format!("committed {day} in {commit} by {author}; {pushed}{limits}"),
                    is_pushed,
                )
            }
        }
    }

    /// Returns the oldest version that holds the secret.
    fn first_with<'v>(
        &self,
        versions: &'v [Version],
        secret: &Secret,
    ) -> Result<Option<&'v Version>, GitError> {
        for version in versions.iter().rev() {
            if holds(&self.repository.read_object(version.id)?, secret) {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }
}

fn paths(ask: &Ask) -> impl Iterator<Item = &String> {
    std::iter::once(&ask.key.path).chain(&ask.from)
}

fn quick_answer(tips: &[(String, bool, bool)]) -> History {
    let names = |is_remote: bool, has: bool| {
        let fit = tips.iter().filter(|tip| tip.1 == is_remote && tip.2 == has);
        fit.map(|tip| tip.0.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (pushed, unpushed) = (names(true, true), names(true, false));
    let is_pushed = !pushed.is_empty();
    let older = "h looks at older versions";
    let text = match (names(false, true).is_empty(), is_pushed, unpushed.is_empty()) {
        (_, true, _) => format!("committed and pushed: it stands in {pushed}"),
        (false, false, true) => format!("committed, in HEAD; no remote branch is known; {older}"),
        (false, false, false) => format!("committed, in HEAD; not in {unpushed}; {older}"),
        (true, false, true) => format!("not in HEAD; {older}"),
        (true, false, false) => format!("not in HEAD, not in {unpushed}; {older}"),
    };
    History { text, is_pushed, is_deep: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_answer_says_no_more_than_was_looked_at() {
        let said = |tips: &[(&str, bool, bool)]| {
            let tips: Vec<_> = tips.iter().map(|(n, r, h)| ((*n).to_owned(), *r, *h)).collect();
            quick_answer(&tips).text
        };
        let older = "h looks at older versions";
        assert_eq!(said(&[]), format!("not in HEAD; {older}"));
        let head = said(&[("HEAD", false, true)]);
        assert_eq!(head, format!("committed, in HEAD; no remote branch is known; {older}"));
        let unpushed = said(&[("HEAD", false, true), ("origin/main", true, false)]);
        assert_eq!(unpushed, format!("committed, in HEAD; not in origin/main; {older}"));
        let pushed = said(&[("HEAD", false, false), ("origin/main", true, true)]);
        assert_eq!(pushed, "committed and pushed: it stands in origin/main");
    }
}
