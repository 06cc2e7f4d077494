//! The loop: waits for signals, keys, sources and time, gives them to the application, does what it asks, and draws.
//! Everything concurrent, the clock and the terminal live here. Not for: state (see `app`), systems (see `source`).

pub mod act;
pub mod actor;
pub mod audit;
pub mod browse;
pub mod clock;
pub mod effects;
pub mod env;
pub mod guard;
pub mod keys;
pub mod listen;
pub mod logging;
pub mod orders;
pub mod paint;
pub mod poll;
pub mod save;
pub mod schedule;
pub mod screen;
pub mod scroll;
pub mod shell;
pub mod signals;
pub mod terminal;
pub mod watchdog;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures_util::{Stream, StreamExt};
use ratatui::{Frame, Terminal};
use rustix::process::Signal;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::app;
use crate::domain::{Order, Rules};
use crate::msg::{Effect, Msg};
use crate::source::Source;
use act::Gate;
use audit::Audit;
use clock::Clock;
use effects::{Effects, Wanted};
use env::Env;
use poll::Bounds;
use screen::{Canvas, Pace, Surface};
use signals::{Heard, Signals};
use terminal::{TerminalError, Tty};

/// What the loop drives. The one place where `runtime` calls `app`; tests bring smaller ones.
pub trait App {
    /// Applies one message.
    fn update(&mut self, msg: Msg) -> Vec<Effect>;
    /// Draws.
    fn view(&mut self, frame: &mut Frame<'_>);
    /// Whether the picture may have changed since this was last asked.
    fn take_dirty(&mut self) -> bool;
    /// How often `Msg::Ticked` is needed for what is on screen; `None`: nothing there depends on the time.
    fn tick(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }
}

impl App for app::Model {
    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        app::update(self, msg)
    }

    fn view(&mut self, frame: &mut Frame<'_>) {
        app::draw(self, frame);
    }

    fn take_dirty(&mut self) -> bool {
        Self::take_dirty(self)
    }

    fn tick(&self) -> Option<Duration> {
        Some(Self::tick(self))
    }
}

/// What comes while the program runs and is not a source's answer.
pub enum Arrival {
    /// One more system was found.
    Found(Arc<dyn Source>),
    /// Something to tell the application: a source that could not be made, what was looked for in vain.
    Told(Msg),
}

/// Systems found and things to tell, as they come.
pub type Arrivals = Pin<Box<dyn Stream<Item = Arrival> + Send>>;

/// How the loop behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most frames per second; `None`: 10 here, 4 over SSH. Keys are drawn at once all the same.
    pub frames_per_s: Option<f64>,
    /// Brackets larger frames so that terminals show them whole (CSI ? 2026).
    pub synchronized: bool,
    /// Mouse reporting from the start.
    pub mouse: bool,
    /// Folder for what a person saves.
    pub state_dir: Option<PathBuf>,
    /// The terminal's side of the environment.
    pub env: Env,
    /// How polling is bounded.
    pub bounds: Bounds,
    /// What may be changed.
    pub rules: Rules,
}

impl Options {
    /// As the environment suggests.
    pub fn new(env: Env) -> Self {
        Self {
            frames_per_s: None,
            synchronized: true,
            mouse: false,
            state_dir: logging::state_dir(),
            env,
            bounds: Bounds::default(),
            rules: Rules::default(),
        }
    }

    fn pace(&self) -> Pace {
        let own = self.frames_per_s.filter(|frames| frames.is_finite() && *frames > 0.0);
        Pace::new(own.unwrap_or(if self.env.is_remote() { 4.0 } else { 10.0 }))
    }
}

/// Everything the loop listens to.
pub struct Inlets<I> {
    /// Configured sources.
    pub sources: Vec<Arc<dyn Source>>,
    /// What comes later.
    pub arrivals: Arrivals,
    /// Keys and the like. When it ends, nobody types any more; the loop goes on.
    pub input: I,
    /// Signals.
    pub signals: Signals,
    /// Time of day.
    pub clock: Clock,
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The person left.
    Quit,
    /// A signal asked for it; its number.
    Signal(i32),
}

/// Messages that wait between sources and loop; a source that is faster waits.
const WAITING_MAX: usize = 256;
/// How long what is under way may take when the program ends.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// Messages taken between two frames.
const BURST: usize = 512;

/// Runs the application on the real terminal of this process until it ends, and leaves the terminal as it was.
pub async fn run_here(
    app: &mut impl App,
    sources: Vec<Arc<dyn Source>>,
    arrivals: Arrivals,
    options: Options,
) -> Result<Ending, TerminalError> {
    terminal::check(&options.env)?;
    let failed = |doing| move |error| TerminalError::Io { doing, error };
    terminal::restore_on_panic();
    let signals = Signals::listen().map_err(failed("listening to signals"))?;
    watchdog::start(signals.doom()).map_err(failed("starting the watchdog"))?;
    let mut canvas = Canvas::new(Tty, options.synchronized);
    let entered = canvas.enter().map_err(failed("taking it over"));
    let ended = match entered {
        Ok(()) => {
            let inlets = Inlets { sources, arrivals, input: EventStream::new(), signals, clock: Clock::system() };
            match run(app, canvas, inlets, options).await {
                Err(_) if terminal::is_gone() => Ok(Ending::Signal(Signal::HUP.as_raw())),
                ended => ended.map_err(failed("drawing or reading keys")),
            }
        }
        Err(error) => Err(error),
    };
    terminal::restore();
    ended
}

/// Runs the application on any surface.
pub async fn run<A, S, I>(app: &mut A, surface: S, inlets: Inlets<I>, options: Options) -> io::Result<Ending>
where
    A: App,
    S: Surface,
    I: Stream<Item = io::Result<Event>> + Unpin,
{
    let Inlets { sources, mut arrivals, mut input, mut signals, clock } = inlets;
    let (out, mut messages) = mpsc::channel(WAITING_MAX);
    let gate = Gate::new(options.rules.clone(), Audit::new(options.state_dir.clone(), clock.clone()));
    let wishes = poll::start(out.clone(), clock.clone(), options.bounds);
    let mut turn = Turn {
        app,
        terminal: Terminal::new(surface).map_err(io::Error::other)?,
        effects: Effects::new(out, wishes, options.env.clone(), gate, options.state_dir.clone()),
        pace: options.pace(),
        ending: None,
        stopping: false,
        shell: None,
    };
    turn.tell(Msg::Ticked(clock.now()))?;
    turn.resized()?;
    turn.add(sources)?;
    if options.mouse {
        turn.terminal.backend_mut().mouse(true)?;
    }
    let (mut typing, mut finding) = (true, true);
    let mut tick_at = next_tick(turn.app.tick(), &clock);
    loop {
        turn.draw_if_due()?;
        let frame_at = turn.pace.due();
        tokio::select! {
            biased;
            heard = signals.next() => turn.heard(heard)?,
            event = input.next(), if typing => {
                let mut next = event;
                for _ in 0..BURST {
                    let Some(event) = next else { typing = false; break };
                    turn.typed(event?)?;
                    match ready(&mut input).await {
                        Poll::Ready(event) => next = event,
                        Poll::Pending => break,
                    }
                }
            }
            Some(msg) = messages.recv() => turn.tell(msg)?,
            arrival = arrivals.next(), if finding => match arrival {
                Some(Arrival::Found(source)) => turn.add(vec![source])?,
                Some(Arrival::Told(msg)) => turn.tell(msg)?,
                None => finding = false,
            },
            () = until(tick_at) => {}
            () = until(frame_at) => {}
        }
        for _ in 0..BURST {
            let Ok(msg) = messages.try_recv() else { break };
            turn.tell(msg)?;
        }
        if tick_at.is_some_and(|at| at <= Instant::now()) {
            turn.tell(Msg::Ticked(clock.now()))?;
            tick_at = None;
        }
        tick_at = tick_at.or_else(|| next_tick(turn.app.tick(), &clock));
        if std::mem::take(&mut turn.stopping) {
            turn.stop(&mut signals).await?;
        }
        if let Some(order) = turn.shell.take() {
            turn.lend(*order, &mut input, &mut signals).await?;
        }
        if let Some(ending) = turn.ending {
            turn.effects.orders().finish(LAST_PATIENCE).await;
            return Ok(ending);
        }
    }
}

/// What one turn of the loop works on.
struct Turn<'a, A, S: Surface> {
    app: &'a mut A,
    terminal: Terminal<S>,
    effects: Effects,
    pace: Pace,
    ending: Option<Ending>,
    stopping: bool,
    shell: Option<Box<Order>>,
}

impl<A: App, S: Surface> Turn<'_, A, S> {
    fn heard(&mut self, heard: Heard) -> io::Result<()> {
        match heard {
            Heard::End(signal) => self.ending = Some(Ending::Signal(signal)),
            Heard::Continued => self.enter()?,
        }
        Ok(())
    }

    fn typed(&mut self, event: Event) -> io::Result<()> {
        if let Event::Resize(..) = event {
            self.pace.change(false);
            return self.resized();
        }
        let Some(msg) = keys::message(event) else { return Ok(()) };
        self.update(msg, true)
    }

    /// Tells the size there is now, not the one of an event that others may have overtaken.
    fn resized(&mut self) -> io::Result<()> {
        let size = self.terminal.size().map_err(io::Error::other)?;
        self.tell(Msg::Resized(size.width, size.height))
    }

    fn add(&mut self, sources: Vec<Arc<dyn Source>>) -> io::Result<()> {
        self.effects.add(sources);
        let infos = self.effects.sources().iter().map(|source| source.info().clone()).collect();
        self.tell(Msg::Configured(infos))
    }

    fn tell(&mut self, msg: Msg) -> io::Result<()> {
        self.update(msg, false)
    }

    fn update(&mut self, msg: Msg, at_once: bool) -> io::Result<()> {
        let mut waiting = VecDeque::from([msg]);
        while let Some(msg) = waiting.pop_front() {
            for effect in self.app.update(msg) {
                for wanted in self.effects.run(effect) {
                    self.grant(wanted, &mut waiting)?;
                }
            }
        }
        if self.app.take_dirty() {
            self.pace.change(at_once);
        }
        Ok(())
    }

    fn grant(&mut self, wanted: Wanted, waiting: &mut VecDeque<Msg>) -> io::Result<()> {
        match wanted {
            Wanted::Tell(msg) => waiting.push_back(msg),
            Wanted::Copy(text) => self.terminal.backend_mut().copy(&text)?,
            Wanted::Mouse(on) => self.terminal.backend_mut().mouse(on)?,
            Wanted::Suspend => self.stopping = true,
            Wanted::Shell(order) => self.shell = Some(order),
            Wanted::Redraw => self.redraw()?,
            Wanted::Quit => self.ending = Some(Ending::Quit),
        }
        Ok(())
    }

    fn redraw(&mut self) -> io::Result<()> {
        self.terminal.clear().map_err(io::Error::other)?;
        self.pace.change(true);
        Ok(())
    }

    fn enter(&mut self) -> io::Result<()> {
        self.terminal.backend_mut().enter()?;
        self.resized()?;
        self.redraw()
    }

    async fn stop(&mut self, signals: &mut Signals) -> io::Result<()> {
        self.terminal.backend_mut().leave()?;
        match signals::stop(signals).await {
            Some(Heard::End(signal)) => self.ending = Some(Ending::Signal(signal)),
            Some(Heard::Continued) | None => self.enter()?,
        }
        Ok(())
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        if self.pace.due().is_none_or(|due| due > Instant::now()) {
            return Ok(());
        }
        let size = self.terminal.size().map_err(io::Error::other)?;
        if size.width > 0 && size.height > 0 {
            let app = &mut *self.app;
            self.terminal.draw(|frame| app.view(frame)).map_err(io::Error::other)?;
        }
        self.pace.drawn();
        Ok(())
    }
}

/// The next item if it is there already; its waker is the task's own, as crossterm's stream keeps the first it sees.
async fn ready<I: Stream + Unpin>(input: &mut I) -> Poll<Option<I::Item>> {
    poll_fn(|context| Poll::Ready(input.poll_next_unpin(context))).await
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Ticks fall on whole seconds (or whole multiples of what is wanted), so that a clock on screen jumps when clocks jump.
fn next_tick(every: Option<Duration>, clock: &Clock) -> Option<Instant> {
    let every = u64::try_from(every?.as_millis()).unwrap_or(u64::MAX).max(100);
    let now = u64::try_from(clock.now().ms()).unwrap_or(0);
    Some(Instant::now() + Duration::from_millis(every - now % every))
}
