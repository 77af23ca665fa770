//! The program in a real terminal, made by `script` of util-linux; elsewhere there is nothing to run.
#![cfg(target_os = "linux")]

use std::io::Write;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Sandbox, leak, program};

/// keyhook in a terminal of 80 by 24.
struct Screen {
    script: Child,
    pid: String,
    output: std::path::PathBuf,
}

/// How long the slowest machine may take.
const PATIENCE: Duration = Duration::from_secs(60);

impl Screen {
    /// Starts it and waits for the first question.
    fn open(sandbox: &Sandbox) -> Screen {
        let (pid, output) = (sandbox.beside("pid"), sandbox.beside("typescript"));
        let command = format!(
            "stty cols 80 rows 24; echo $$ > '{}'; exec '{}' audit",
            pid.display(),
            program().display()
        );
        let mut script = sandbox.command("script", sandbox.root());
        script.args(["--quiet", "--flush", "--return", "--command", &command]).arg(&output);
        script.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        let script =
            script.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut screen = Screen { script: script.unwrap(), pid: String::new(), output };
        screen.wait_for("Is this a real secret?");
        // Keys before the tree was looked through are refused.
        screen.wait_for("****************AA");
        screen.pid = std::fs::read_to_string(pid).unwrap().trim().to_owned();
        screen
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    #[track_caller]
    fn wait_for(&self, text: &str) {
        self.wait(&format!("{text} on the screen"), || self.text().contains(text));
    }

    #[track_caller]
    fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < PATIENCE, "no {what}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn keys(&mut self, keys: &str) {
        let input = self.script.stdin.as_mut().unwrap();
        input.write_all(keys.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    fn signal(&self, name: &str) {
        let kill = std::process::Command::new("kill").args(["-s", name, &self.pid]).status();
        assert!(kill.unwrap().success());
    }

    fn end(mut self) -> (i32, String) {
        let code = self.script.wait().unwrap().code().unwrap_or(-1);
        (code, self.text())
    }
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit("app.py", leak(1));
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    sandbox.git(&["commit", "-q", "--no-verify", "-m", "baseline"]);
    sandbox.git(&["mv", "app.py", "new.py"]);
    sandbox.keyhook(&["baseline", "update"]).expect(0);
    sandbox
}

/// What leaves the terminal as it was: the pasting mode, the other screen, the hidden cursor.
const RESTORED: [&str; 3] = ["\u{1b}[?2004l", "\u{1b}[?1049l", "\u{1b}[?25h"];

fn is_restored(text: &str) -> bool {
    RESTORED.iter().all(|code| text.contains(code))
}

#[test]
fn a_killed_screen_loses_no_verdict() {
    let sandbox = sandbox();
    let mut screen = Screen::open(&sandbox);
    screen.keys("f");
    // The screen shows it only after the disk has it.
    screen.wait_for("Saved");
    screen.signal("KILL");
    screen.end();
    assert!(sandbox.read(".secrets.baseline").contains("\"false-positive\""));
    let left: Vec<_> = std::fs::read_dir(sandbox.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    sandbox.keyhook(&["audit", "--list"]).expect(0).says("false-positive");
}

#[test]
fn a_screen_that_is_ended_gives_the_terminal_back_and_stages() {
    let sandbox = sandbox();
    let mut screen = Screen::open(&sandbox);
    screen.keys("r");
    screen.wait_for("Saved");
    screen.keys("q");
    let (code, text) = screen.end();
    assert_eq!(code, 0);
    assert!(is_restored(&text), "{text:?}");
    assert!(text.contains("1 of 1 entries of the baseline are judged"), "{text}");
    assert_eq!(sandbox.git(&["diff", "--name-only"]), "");
    assert!(!text.contains(&crate::support::key(1)[20..40]), "no secret was ever drawn");
}

#[test]
fn a_signal_gives_the_terminal_back_and_is_told_to_the_shell() {
    for (signal, number) in [("TERM", 15), ("INT", 2), ("HUP", 1)] {
        let sandbox = sandbox();
        let mut screen = Screen::open(&sandbox);
        screen.keys("v");
        screen.wait_for("Saved");
        screen.signal(signal);
        let (code, text) = screen.end();
        assert!(is_restored(&text), "{signal}: {text:?}");
        assert_eq!(code, 128 + number, "{signal}");
        assert!(sandbox.read(".secrets.baseline").contains("\"revoked\""), "{signal}");
        assert_eq!(sandbox.git(&["diff", "--name-only"]), "", "{signal}: it is staged");
    }
}
