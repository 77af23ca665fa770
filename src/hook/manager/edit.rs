//! The lines for each manager's file, and where they go.
//!
//! The files are edited as text, so that comments, order and style stay as their owner wrote them.
//! A form that is not recognised with certainty is refused; the lines are then for the user to add.

use super::super::event::Event;

/// Puts text at the end, on a line of its own.
pub(super) fn appended(text: &str, lines: &str) -> String {
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{gap}{lines}")
}

/// Takes out the first of these blocks that stands in the text, then the next …
pub(super) fn without_lines(text: &str, blocks: &[String]) -> String {
    let mut text = text.to_owned();
    for block in blocks.iter().filter(|block| !block.is_empty()) {
        let starts_line = |at: usize, text: &str| {
            !block.ends_with('\n') || at == 0 || text.as_bytes()[at - 1] == b'\n'
        };
        let is_whole =
            |at: &usize| starts_line(*at, &text) && !has_more(block, &text[at + block.len()..]);
        if let Some(at) = text.find(block.as_str()).filter(is_whole) {
            text.replace_range(at..at + block.len(), "");
        }
    }
    text
}

/// Returns whether a YAML key of the block has children that are not in it.
fn has_more(block: &str, rest: &str) -> bool {
    let head = block.lines().next().unwrap_or_default();
    let is_key = head.ends_with(':') || head.trim_start().starts_with("- ");
    let next = rest.lines().find(|line| !line.trim().is_empty());
    is_key && next.is_some_and(|next| indent_of(next) > indent_of(head))
}

// --- husky: one script of sh for each hook, run with `sh -e` ---

/// The forms of the line: for a script that reads standard input further down, and alone.
pub(super) fn husky_forms(event: Event) -> Vec<String> {
    let name = event.name();
    let arguments = if matches!(event, Event::CommitMsg | Event::PrePush) { " \"$@\"" } else { "" };
    let alone = format!("keyhook hook {name}{arguments}\n");
    let shared = format!(
        "keyhook_input=$(cat)\n\
         printf '%s\\n' \"$keyhook_input\" | keyhook hook {name}{arguments} || exit\n\
         exec <<KEYHOOK\n$keyhook_input\nKEYHOOK\n"
    );
    vec![shared, alone]
}

/// Puts the line first: a later command may stage more, but must not run before keyhook has looked.
pub(super) fn add_husky(text: &str, event: Event) -> String {
    let has_code = super::lines_of_code(text).any(|line| !line.is_empty());
    let [shared, alone] = &husky_forms(event)[..] else { return text.to_owned() };
    // Two readers of one standard input: the second would find it empty.
    let line = if event.has_input() && has_code { shared } else { alone };
    let head = text.lines().take_while(|line| {
        // The shebang, and what husky before version 9 needs at the start.
        line.starts_with("#!") || line.contains("husky.sh")
    });
    let at: usize = head.map(|line| line.len() + 1).sum::<usize>().min(text.len());
    let (head, rest) = text.split_at(at);
    format!("{}{rest}", appended(head, line))
}

// --- lefthook: YAML, a key for each hook ---

fn lefthook_entry(event: Event, indent: usize) -> String {
    let arguments = match event {
        Event::CommitMsg => " {1}",
        Event::PrePush => " {0}",
        _ => "",
    };
    let input = if event.has_input() { "  use_stdin: true\n" } else { "" };
    indented(&format!("keyhook:\n  run: keyhook hook {}{arguments}\n{input}", event.name()), indent)
}

fn lefthook_job(event: Event, indent: usize) -> String {
    let entry = lefthook_entry(event, 0).replace("keyhook:\n", "- name: keyhook\n");
    indented(&entry, indent)
}

pub(super) fn lefthook_block(event: Event) -> String {
    format!("{}:\n  commands:\n{}", event.name(), lefthook_entry(event, 4))
}

pub(super) fn lefthook_forms(event: Event) -> Vec<String> {
    let mut forms = vec![lefthook_block(event)];
    for indent in (2..=8).rev() {
        forms.push(format!(
            "{}commands:\n{}",
            " ".repeat(indent),
            lefthook_entry(event, indent + 2)
        ));
    }
    forms.extend((2..=8).rev().map(|indent| lefthook_entry(event, indent)));
    forms.extend((2..=8).rev().map(|indent| lefthook_job(event, indent)));
    forms
}

pub(super) fn add_lefthook(text: &str, events: &[Event]) -> Result<String, String> {
    let mut text = text.to_owned();
    for event in events {
        let Some(hook) = Block::find(&text, event.name(), 0..text.len())? else {
            text = appended(&text, &lefthook_block(*event));
            continue;
        };
        let child = |name: &str| Block::find(&text, name, hook.inside.clone());
        let (at, lines) = if let Some(commands) = child("commands")? {
            (commands.inside.start, lefthook_entry(*event, commands.indent))
        } else if let Some(jobs) = child("jobs")? {
            (jobs.inside.start, lefthook_job(*event, jobs.indent))
        } else {
            let indent = " ".repeat(hook.indent);
            let entry = lefthook_entry(*event, hook.indent + 2);
            (hook.inside.start, format!("{indent}commands:\n{entry}"))
        };
        text = inserted(&text, at, &lines);
    }
    Ok(text)
}

// --- pre-commit and prek: YAML, a list of repositories ---

pub(super) fn pre_commit_block(events: &[Event], indent: usize) -> String {
    let mut text = "- repo: local\n  hooks:\n".to_owned();
    let stages: Vec<&str> =
        events.iter().filter(|e| **e != Event::CommitMsg).map(|e| e.name()).collect();
    if !stages.is_empty() {
        text.push_str(&format!(
            "    - id: keyhook\n      name: keyhook\n      entry: keyhook hook pre-commit\n      \
             language: system\n      always_run: true\n      pass_filenames: false\n      \
             stages: [{}]\n",
            stages.join(", ")
        ));
    }
    if events.contains(&Event::CommitMsg) {
        text.push_str(
            "    - id: keyhook-message\n      name: keyhook (message)\n      \
             entry: keyhook hook commit-msg\n      language: system\n      stages: [commit-msg]\n",
        );
    }
    indented(&text, indent)
}

pub(super) fn add_pre_commit(text: &str, events: &[Event]) -> Result<String, String> {
    let Some(repos) = Block::find(text, "repos", 0..text.len())? else {
        return Err("it has no list `repos:`".to_owned());
    };
    Ok(inserted(text, repos.inside.end, &pre_commit_block(events, repos.indent)))
}

pub(super) fn prek_block(events: &[Event]) -> String {
    let mut hooks = Vec::new();
    let stages: Vec<String> = events
        .iter()
        .filter(|e| **e != Event::CommitMsg)
        .map(|e| format!("\"{}\"", e.name()))
        .collect();
    if !stages.is_empty() {
        hooks.push(format!(
            "  {{ id = \"keyhook\", name = \"keyhook\", entry = \"keyhook hook pre-commit\", \
             language = \"system\", always_run = true, pass_filenames = false, stages = [{}] }},\n",
            stages.join(", ")
        ));
    }
    if events.contains(&Event::CommitMsg) {
        hooks.push(
            "  { id = \"keyhook-message\", name = \"keyhook (message)\", entry = \"keyhook hook \
             commit-msg\", language = \"system\", stages = [\"commit-msg\"] },\n"
                .to_owned(),
        );
    }
    format!("\n[[repos]]\nrepo = \"local\"\nhooks = [\n{}]\n", hooks.concat())
}

// --- simple-git-hooks: JSON, a command for each hook ---

fn simple_command(event: Event) -> String {
    let arguments =
        if matches!(event, Event::CommitMsg | Event::PrePush) { " \\\"$@\\\"" } else { "" };
    format!("keyhook hook {}{arguments}", event.name())
}

pub(super) fn simple_pair(event: Event) -> String {
    format!("\"{}\": \"{}\"", event.name(), simple_command(event))
}

pub(super) fn simple_forms(event: Event) -> Vec<String> {
    let pair = simple_pair(event);
    let mut forms: Vec<String> = (0..=8).map(|i| format!("\n{}{pair},", " ".repeat(i))).collect();
    forms.extend((0..=8).map(|i| format!("\n{}{pair}", " ".repeat(i))));
    forms.push(format!("{} && ", simple_command(event)));
    forms
}

pub(super) fn add_simple(text: &str, events: &[Event], is_package: bool) -> Result<String, String> {
    let mut text = text.to_owned();
    for event in events {
        let open = match (is_package, text.find("\"simple-git-hooks\"")) {
            (true, Some(key)) => text[key..].find('{').map(|at| key + at),
            (true, None) => None,
            (false, _) => text.find('{'),
        };
        let open = open.ok_or("the hooks are not an object")?;
        let close = text[open..].find('}').map_or(text.len(), |at| open + at);
        let key = format!("\"{}\"", event.name());
        if let Some(at) = text[open..close].find(&key) {
            if event.has_input() {
                return Err(format!("it has a {event} command, and both need standard input"));
            }
            let value = open + at + key.len();
            let quote = text[value..close].find('"').ok_or("a command is no string")?;
            text.insert_str(value + quote + 1, &format!("{} && ", simple_command(*event)));
        } else {
            let is_empty = text[open + 1..close].trim().is_empty();
            let line = text[..open].rfind('\n').map_or(0, |at| at + 1);
            let outer = text[line..].len() - text[line..].trim_start_matches(' ').len();
            let comma = if is_empty { "" } else { "," };
            let pair = format!("\n{}{}{comma}", " ".repeat(outer + 2), simple_pair(*event));
            text.insert_str(open + 1, &pair);
        }
    }
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err("it is not plain JSON".to_owned()),
    }
}

// --- overcommit: YAML, a key for each hook in another spelling ---

fn overcommit_entry(event: Event, indent: usize) -> String {
    // overcommit adds file names; sh takes them for its own and drops them.
    let text = format!(
        "Keyhook:\n  enabled: true\n  required_executable: 'keyhook'\n  \
         command: ['sh', '-c', 'keyhook hook {}']\n",
        event.name()
    );
    indented(&text, indent)
}

pub(super) fn overcommit_block(event: Event) -> String {
    format!("PreCommit:\n{}", overcommit_entry(event, 2))
}

pub(super) fn overcommit_forms(event: Event) -> Vec<String> {
    let mut forms = vec![overcommit_block(event)];
    forms.extend((1..=8).rev().map(|indent| overcommit_entry(event, indent)));
    forms
}

pub(super) fn add_overcommit(text: &str, events: &[Event]) -> Result<String, String> {
    let mut text = text.to_owned();
    for event in events {
        text = match Block::find(&text, "PreCommit", 0..text.len())? {
            Some(block) => {
                inserted(&text, block.inside.start, &overcommit_entry(*event, block.indent))
            }
            None => appended(&text, &overcommit_block(*event)),
        };
    }
    Ok(text)
}

// --- a YAML mapping or list in block style, seen as lines ---

/// The lines below a key.
struct Block {
    /// From the line behind the key to the last line that belongs to it.
    inside: std::ops::Range<usize>,
    /// How far its children are indented.
    indent: usize,
}

impl Block {
    /// Finds a key among the direct children of a part of the text.
    fn find(text: &str, key: &str, part: std::ops::Range<usize>) -> Result<Option<Block>, String> {
        let lines = lines_with_places(text, part.clone());
        let content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let Some(level) = lines.iter().find(|(_, l)| content(l)).map(|(_, l)| indent_of(l)) else {
            return Ok(None);
        };
        let is_key = |line: &str| {
            let rest = line.trim_start().trim_start_matches(['"', '\'']).strip_prefix(key);
            let rest = rest.map(|rest| rest.trim_start_matches(['"', '\'']).trim_start());
            indent_of(line) == level && rest.is_some_and(|rest| rest.starts_with(':'))
        };
        let mut keys = lines.iter().enumerate().filter(|(_, (_, line))| is_key(line));
        let Some((number, (place, line))) = keys.next() else { return Ok(None) };
        if keys.next().is_some() {
            return Err(format!("`{key}` stands in it twice"));
        }
        let value = line.split_once(':').map_or("", |(_, value)| value).trim();
        if !value.is_empty() && !value.starts_with('#') {
            return Err(format!("the value of `{key}` stands on its line"));
        }
        let start = (place + line.len() + 1).min(part.end);
        // A list may stand at the level of its key.
        let belongs = |line: &str| {
            indent_of(line) > level
                || indent_of(line) == level && line.trim_start().starts_with("- ")
        };
        let (mut end, mut indent) = (start, None);
        for (place, line) in &lines[number + 1..] {
            if !content(line) {
                continue;
            }
            if !belongs(line) {
                break;
            }
            if line.trim_start() != line.trim_start_matches(' ') {
                return Err("it is indented with tabs".to_owned());
            }
            indent.get_or_insert(indent_of(line));
            end = (place + line.len() + 1).min(part.end);
        }
        Ok(Some(Block { inside: start..end, indent: indent.unwrap_or(level + 2) }))
    }
}

fn lines_with_places(text: &str, part: std::ops::Range<usize>) -> Vec<(usize, &str)> {
    let mut place = part.start;
    let lines = text[part].split('\n').map(|line| {
        let here = place;
        place += line.len() + 1;
        (here, line)
    });
    lines.collect()
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn inserted(text: &str, at: usize, lines: &str) -> String {
    let (head, tail) = text.split_at(at.min(text.len()));
    format!("{}{tail}", appended(head, lines))
}

fn indented(text: &str, indent: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const BOTH: [Event; 2] = [Event::PreCommit, Event::PrePush];

    #[test]
    fn lefthook_lines_go_where_they_belong() {
        let text = "# ours\npre-commit:\n  parallel: true\n  commands:\n    lint:\n      run: x\n\ncommit-msg:\n  jobs:\n    - name: y\n      run: z\n";
        let added = add_lefthook(text, &[Event::PreCommit, Event::CommitMsg, Event::PrePush]);
        expect![[r#"
            # ours
            pre-commit:
              parallel: true
              commands:
                keyhook:
                  run: keyhook hook pre-commit
                lint:
                  run: x

            commit-msg:
              jobs:
                - name: keyhook
                  run: keyhook hook commit-msg {1}
                - name: y
                  run: z
            pre-push:
              commands:
                keyhook:
                  run: keyhook hook pre-push {0}
                  use_stdin: true
        "#]]
        .assert_eq(added.as_ref().unwrap());
        let all: Vec<String> = [Event::PreCommit, Event::CommitMsg, Event::PrePush]
            .into_iter()
            .flat_map(lefthook_forms)
            .collect();
        assert_eq!(without_lines(&added.unwrap(), &all), text);
    }

    #[test]
    fn what_others_added_stays_whole() {
        let text = "pre-commit:\n  commands:\n    lint:\n      run: x\n";
        let added = add_lefthook(text, &[Event::PreCommit]).unwrap();
        assert_eq!(without_lines(&added, &lefthook_forms(Event::PreCommit)), text);
        let changed = added.replace("pre-commit\n    lint", "pre-commit\n      tags: y\n    lint");
        assert_ne!(changed, added);
        assert_eq!(without_lines(&changed, &lefthook_forms(Event::PreCommit)), changed);
    }

    #[test]
    fn a_form_that_is_not_understood_is_refused() {
        for text in [
            "pre-commit: {commands: {lint: {run: x}}}\n",
            "pre-commit:\n\tcommands:\n",
            "pre-commit:\n  commands:\n    a:\n      run: b\npre-commit:\n  parallel: true\n",
        ] {
            assert!(add_lefthook(text, &BOTH).is_err(), "{text}");
        }
        for text in ["repos: []\n", "exclude: x\n", ""] {
            assert!(add_pre_commit(text, &BOTH).is_err(), "{text}");
        }
        for text in ["[]", "{\"simple-git-hooks\": \"x\"}", "{\n// x\n\"simple-git-hooks\": {}}"] {
            assert!(add_simple(text, &BOTH, true).is_err(), "{text}");
        }
    }

    #[test]
    fn pre_commit_lines_go_to_the_end_of_the_list() {
        for (indent, text) in [
            (0, "repos:\n- repo: a\n  hooks:\n  - id: b\n"),
            (2, "repos:\n  - repo: a\n    hooks:\n      - id: b\n\n# end\nci:\n  skip: []\n"),
        ] {
            let events = [Event::PreCommit, Event::CommitMsg];
            let block = pre_commit_block(&events, indent);
            let added = add_pre_commit(text, &events).unwrap();
            assert!(added.contains(&format!("- id: b\n{block}")), "{added}");
            assert_eq!(without_lines(&added, &[block]), text);
        }
    }

    #[test]
    fn package_json_keeps_its_style() {
        let text = "{\n  \"name\": \"x\",\n  \"simple-git-hooks\": {\n    \"pre-commit\": \"npx lint-staged\"\n  }\n}\n";
        let added = add_simple(text, &BOTH, true).unwrap();
        expect![[r#"
            {
              "name": "x",
              "simple-git-hooks": {
                "pre-push": "keyhook hook pre-push \"$@\"",
                "pre-commit": "keyhook hook pre-commit && npx lint-staged"
              }
            }
        "#]]
        .assert_eq(&added);
        let forms: Vec<String> = BOTH.into_iter().flat_map(simple_forms).collect();
        assert_eq!(without_lines(&added, &forms), text);
    }

    #[test]
    fn husky_runs_keyhook_first_and_shares_what_git_says() {
        let text = "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\n\nnpm test\n";
        let added = add_husky(text, Event::PreCommit);
        assert!(added.contains("husky.sh\"\nkeyhook hook pre-commit\n\nnpm test\n"), "{added}");
        assert_eq!(without_lines(&added, &husky_forms(Event::PreCommit)), text);
        assert_eq!(add_husky("", Event::PrePush), "keyhook hook pre-push \"$@\"\n");
        let shared = add_husky("git lfs pre-push \"$@\"", Event::PrePush);
        assert!(shared.starts_with("keyhook_input=$(cat)\n"), "{shared}");
        assert_eq!(without_lines(&shared, &husky_forms(Event::PrePush)), "git lfs pre-push \"$@\"");
    }
}
