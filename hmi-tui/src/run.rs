//! The terminal, and the loop that joins it to the client.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::panic;
use std::sync::Arc;
use std::time::Duration;

use crate::client::Client;
use crate::event::{ApiEvent, Effect, Event};
use crate::state::{Settings, State};
use crate::{HmiError, Options, Zone, draw, update};
use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, Event as TerminalEvent, EventStream, KeyCode, KeyEvent,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use futures_util::StreamExt;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// Data is drawn at most so often; a key is drawn at once.
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// Half of the 1 Hz in which badges blink.
const TICK: Duration = Duration::from_millis(500);
/// Some seconds of frames, so that a slow terminal holds up the socket and not the memory.
const EVENTS_MOST: usize = 64;

/// Runs the HMI until the person leaves or the terminal goes away.
pub async fn run(options: Options) -> Result<(), HmiError> {
    if !io::stdout().is_terminal() {
        return Err(HmiError::NoTerminal);
    }
    let (sender, events) = mpsc::channel(EVENTS_MOST);
    let client = Client::start(&options, sender)?;
    let settings = Settings {
        url: options.url.clone(),
        user: options.user.clone(),
        theme: options.theme,
        glyphs: options.glyphs,
        reduced_motion: options.reduced_motion,
        view_only: options.view_only,
        zone: Zone::Local,
    };
    let asks = options.user.is_none() || options.password.is_none();
    let state = State::new(settings, asks);
    let guard = TerminalGuard::take()?;
    let result = serve(state, &client, events).await;
    drop(guard);
    client.log_out().await;
    if let Some(footer) = &options.footer {
        // A terminal that has gone away takes no farewell.
        let _ = writeln!(io::stdout(), "{footer}");
    }
    result
}

type Hook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync>;

/// Gives the terminal back, whatever happens.
struct TerminalGuard {
    /// What stood in the place of our panic hook.
    before: Arc<Hook>,
}

impl TerminalGuard {
    fn take() -> Result<Self, HmiError> {
        let before: Arc<Hook> = Arc::new(panic::take_hook());
        let kept = Arc::clone(&before);
        panic::set_hook(Box::new(move |info| {
            // First the terminal, so that the message can be read.
            restore();
            kept(info);
        }));
        let guard = Self { before };
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        Ok(guard)
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        restore();
        // The hook cannot be changed while it runs.
        if !std::thread::panicking() {
            let before = Arc::clone(&self.before);
            panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}

/// Nothing can be done about a terminal that does not let itself be restored.
fn restore() {
    let _ = disable_raw_mode();
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = io::stdout().flush();
}

async fn serve(
    mut state: State,
    client: &Client,
    mut events: mpsc::Receiver<ApiEvent>,
) -> Result<(), HmiError> {
    let mut terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let size = terminal.size()?;
    let start = Instant::now();
    let now = || u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    update(&mut state, 0, Event::Resize(size.width, size.height));
    let mut keys = EventStream::new();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut ends = Ends::new()?;
    let mut drawn = Instant::now();
    let mut dirty = true;
    loop {
        let (batch, at_once) = tokio::select! {
            biased;
            () = ends.asked() => return Ok(()),
            key = keys.next() => match key {
                None => return Ok(()),
                Some(event) => (terminal_events(event?, state.takes_text()), true),
            },
            event = events.recv() => match event {
                None => return Ok(()),
                Some(event) => (vec![Event::Api(event)], false),
            },
            _ = ticks.tick() => (vec![Event::Tick], false),
            () = sleep_until(drawn + DRAW_EVERY), if dirty => (vec![], true),
        };
        for event in batch {
            let mut effects = VecDeque::from(update(&mut state, now(), event));
            while let Some(effect) = effects.pop_front() {
                if effect == Effect::Quit {
                    return Ok(());
                }
                if let Some(answer) = client.carry_out(effect) {
                    effects.extend(update(&mut state, now(), Event::Api(answer)));
                }
            }
        }
        dirty = true;
        if at_once || drawn.elapsed() >= DRAW_EVERY {
            terminal.draw(|frame| draw(&state, frame))?;
            drawn = Instant::now();
            dirty = false;
        }
    }
}

/// A key, a new size, or a pasted text as the keys that it is made of, without its ends of line:
/// nothing that was pasted may carry out a command.
fn terminal_events(event: TerminalEvent, takes_text: bool) -> Vec<Event> {
    match event {
        TerminalEvent::Key(key) => vec![Event::Key(key)],
        TerminalEvent::Resize(width, height) => vec![Event::Resize(width, height)],
        TerminalEvent::Paste(text) if takes_text => text
            .chars()
            .filter(|letter| !letter.is_control())
            .take(200)
            .map(|letter| Event::Key(KeyEvent::from(KeyCode::Char(letter))))
            .collect(),
        TerminalEvent::Paste(_)
        | TerminalEvent::FocusGained
        | TerminalEvent::FocusLost
        | TerminalEvent::Mouse(_) => vec![],
    }
}

/// The system asks to end.
struct Ends {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

#[cfg(unix)]
impl Ends {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
        let [first, second, third] = kinds.map(signal);
        Ok(Self { signals: [first?, second?, third?] })
    }

    async fn asked(&mut self) {
        let [first, second, third] = &mut self.signals;
        tokio::select! {
            _ = first.recv() => {}
            _ = second.recv() => {}
            _ = third.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Ends {
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    async fn asked(&mut self) {
        std::future::pending().await
    }
}
