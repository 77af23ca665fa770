//! The one file that owns the terminal, and gives it back: at the end, after a panic, at a signal, and
//! while the shell has stopped the program.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, EnableBracketedPaste, Event as Input, KeyEventKind,
};
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use ratatui::crossterm::{cursor, execute};

use super::session::{Event, Order, Session};
use super::theme::Theme;
use super::view::draw;
use crate::terminal::may_color;

/// How often the baseline is looked at for changes by others.
const TICK: Duration = Duration::from_millis(1000);

/// How the screen ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The person ended it.
    Quit,
    /// A signal did.
    Signal(i32),
    /// The terminal went away.
    Lost,
}

/// Returns whether there is a terminal that can show a screen, and its size.
pub fn terminal_size() -> Option<(u16, u16)> {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    // Windows names no terminal.
    (is_terminal && (!is_dumb || cfg!(windows))).then(|| size().ok())?
}

/// Shows the screen until it ends. `events` is where answers arrive; the terminal's own events join
/// them through `sender`.
pub fn run(
    session: &mut Session,
    events: &Receiver<Event>,
    sender: Sender<Event>,
) -> io::Result<Ending> {
    let theme = Theme { is_colored: may_color(true), is_unicode: is_unicode() };
    let guard = Guard::take()?;
    watch_signals(sender.clone())?;
    thread::spawn(move || read_input(&sender));
    let mut terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let ending = show(session, events, &mut terminal, theme);
    drop(guard);
    ending
}

fn show(
    session: &mut Session,
    events: &Receiver<Event>,
    terminal: &mut Terminal<CrosstermBackend<io::Stdout>>,
    theme: Theme,
) -> io::Result<Ending> {
    let mut is_stale = true;
    loop {
        if is_stale {
            terminal.draw(|frame| draw(&session.model, theme, frame))?;
        }
        is_stale = false;
        let mut next = match events.recv_timeout(TICK) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => Some(Event::Tick),
            Err(RecvTimeoutError::Disconnected) => return Ok(Ending::Lost),
        };
        // Whatever came meanwhile is taken before the next frame, so a held key never lags behind.
        while let Some(event) = next {
            let ending = match event {
                Event::Signal(signal) => Ending::Signal(signal),
                Event::Lost => Ending::Lost,
                _ => Ending::Quit,
            };
            let order = session.take(event);
            is_stale |= order != Some(Order::Rest);
            match order {
                Some(Order::Quit) => return Ok(ending),
                Some(Order::Redraw) => redraw(terminal)?,
                Some(Order::Suspend) => {
                    suspend()?;
                    redraw(terminal)?;
                }
                Some(Order::Rest) | None => {}
            }
            next = events.try_recv().ok();
        }
    }
}

/// Has the next frame drawn whole. `Terminal::clear` would ask the terminal for its cursor, and the
/// answer would go to whoever reads the keys.
fn redraw(terminal: &mut Terminal<CrosstermBackend<io::Stdout>>) -> io::Result<()> {
    let size = terminal.size()?;
    terminal.resize(size.into())
}

fn read_input(sender: &Sender<Event>) {
    loop {
        let event = match event::read() {
            Ok(Input::Key(key)) if key.kind != KeyEventKind::Release => Event::Key(key),
            Ok(Input::Paste(text)) => Event::Paste(text),
            Ok(Input::Resize(width, height)) => Event::Resize(width, height),
            Ok(_) => continue,
            Err(_) => Event::Lost,
        };
        let is_lost = matches!(event, Event::Lost);
        if sender.send(event).is_err() || is_lost {
            return;
        }
    }
}

/// Holds the terminal while it shows the screen.
struct Guard;

impl Guard {
    fn take() -> io::Result<Guard> {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            release();
            before(panic);
        }));
        claim()?;
        Ok(Guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        release();
    }
}

fn claim() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
}

/// Gives the terminal back as it was. Nothing more can be done if that fails.
fn release() {
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
}

/// Returns whether the terminal is known to show Unicode; an unset locale is taken for yes, since
/// terminals without it have become rare.
fn is_unicode() -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let set = names.iter().filter_map(|name| std::env::var(name).ok()).find(|v| !v.is_empty());
    set.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(unix)]
fn watch_signals(sender: Sender<Event>) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            if sender.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn watch_signals(_: Sender<Event>) -> io::Result<()> {
    Ok(())
}

/// Stops as the shell's job control expects; goes on when the shell says so.
#[cfg(unix)]
fn suspend() -> io::Result<()> {
    release();
    signal_hook::low_level::raise(signal_hook::consts::SIGTSTP)?;
    claim()
}

#[cfg(not(unix))]
fn suspend() -> io::Result<()> {
    Ok(())
}

/// Ends as the signal would have ended the program, so that the shell sees it.
#[cfg(unix)]
pub fn end_by(signal: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

/// Ends as the signal would have ended the program.
#[cfg(not(unix))]
pub fn end_by(_: i32) {}
