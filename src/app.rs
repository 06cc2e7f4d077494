//! The application: `update` turns a message into a new model and effects, `view` draws the model. Routing only.
//! Not for: I/O, clocks, tasks (see `runtime`); what a pane shows (see `pane`).

mod act;
mod input;
mod order;
mod overlay;
mod palette;
mod screen;
mod upkeep;

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::config::Keymap;
use crate::domain::{Rules, Shown, Text, Timestamp};
use crate::msg::{Action, Context, Effect, LogView, Mode, Msg, Notice};
use crate::pane::audit::Audit;
use crate::pane::chart::Chart;
use crate::pane::derived::Derived;
use crate::pane::detail::Detail;
use crate::pane::logs::Logs;
use crate::pane::sections::Sections;
use crate::pane::{Look, Pane, Tab};
use crate::store::Store;
use crate::ui;
use input::Input;
use order::Desk;
use palette::Palette;
pub use screen::{draw, view};

/// So many replaced entities are freed at once; more go to the runtime.
const FREED_HERE: usize = 256;

/// Seconds a word to the person stays.
const TOAST_S: f64 = 5.0;

/// What the person chose before the program began.
#[derive(Debug)]
pub struct Settings {
    /// Keys.
    pub keymap: Keymap,
    /// Theme, signs, zone of the reader.
    pub look: ui::Look,
    /// Times in UTC.
    pub utc: bool,
    /// Mouse reporting.
    pub mouse: bool,
    /// What may be changed, and how much is confirmed.
    pub rules: Rules,
    /// Nothing is sent: orders only say what they would do.
    pub dry_run: bool,
    /// Who sits here, as systems and the audit log are told.
    pub actor: Text,
}

/// All state there is.
#[derive(Debug)]
pub struct Model {
    /// What the sources said.
    pub store: Store,
    settings: Settings,
    local_zone: TimeZone,
    derived: Derived,
    now: Timestamp,
    shown_at: Timestamp,
    seen: Option<u64>,
    size: (u16, u16),
    tab: Tab,
    tabs: Vec<Sections>,
    views: Vec<View>,
    mode: Mode,
    input: Input,
    palette: Palette,
    scroll: usize,
    toast: Option<(Notice, Timestamp)>,
    desk: Desk,
    /// The store as it was when the picture was frozen; entities are shared, so this is a list of handles.
    held: Option<Box<Store>>,
    on_screen: Shown,
    log_views: u32,
    upkeep: upkeep::Upkeep,
    dirty: bool,
}

/// A view over the tab.
#[derive(Debug)]
enum View {
    Detail(Box<Detail>),
    Logs(Box<Logs>),
    Chart(Box<Chart>),
    Table(Box<Sections>),
    Audit(Box<Audit>),
}

impl View {
    fn pane(&self) -> &dyn Pane {
        match self {
            Self::Detail(pane) => pane.as_ref(),
            Self::Logs(pane) => pane.as_ref(),
            Self::Chart(pane) => pane.as_ref(),
            Self::Table(pane) => pane.as_ref(),
            Self::Audit(pane) => pane.as_ref(),
        }
    }

    fn pane_mut(&mut self) -> &mut dyn Pane {
        match self {
            Self::Detail(pane) => pane.as_mut(),
            Self::Logs(pane) => pane.as_mut(),
            Self::Chart(pane) => pane.as_mut(),
            Self::Table(pane) => pane.as_mut(),
            Self::Audit(pane) => pane.as_mut(),
        }
    }
}

impl Model {
    /// A model that knows nothing yet.
    pub fn new(settings: Settings) -> Self {
        let local_zone = settings.look.zone.clone();
        let mut model = Self {
            store: Store::default(),
            local_zone,
            derived: Derived::default(),
            now: Timestamp::default(),
            shown_at: Timestamp::default(),
            seen: None,
            size: (80, 24),
            tab: Tab::default(),
            tabs: Tab::ALL.iter().map(|tab| tab.pane()).collect(),
            views: Vec::new(),
            mode: Mode::Normal,
            input: Input::default(),
            palette: Palette::default(),
            scroll: 0,
            toast: None,
            desk: Desk::default(),
            held: None,
            on_screen: Shown::default(),
            log_views: 0,
            upkeep: upkeep::Upkeep::default(),
            dirty: true,
            settings,
        };
        model.apply_zone();
        model
    }

    /// Whether the picture may have changed since this was last asked.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    fn apply_zone(&mut self) {
        self.settings.look.zone = if self.settings.utc { TimeZone::UTC } else { self.local_zone.clone() };
    }

    fn pane(&self) -> &dyn Pane {
        self.views.last().map_or_else(|| &self.tabs[self.tab as usize] as &dyn Pane, View::pane)
    }

    /// The pane with the keys, and what it may look at.
    fn focused(&mut self) -> (&mut dyn Pane, Look<'_>) {
        let store = self.held.as_deref().unwrap_or(&self.store);
        let look = Look { store, derived: &self.derived, now: self.shown_at, ui: &self.settings.look, actor: &self.settings.actor };
        let pane: &mut dyn Pane = match self.views.last_mut() {
            Some(view) => view.pane_mut(),
            None => &mut self.tabs[self.tab as usize],
        };
        (pane, look)
    }

    fn look(&self) -> Look<'_> {
        Look { store: self.shown(), derived: &self.derived, now: self.shown_at, ui: &self.settings.look, actor: &self.settings.actor }
    }

    /// The store that is on screen.
    fn shown(&self) -> &Store {
        self.held.as_deref().unwrap_or(&self.store)
    }

    /// Brings what is on screen up to date with the store; once before each frame, however many messages came.
    fn catch_up(&mut self) {
        if self.held.is_some() {
            return;
        }
        self.shown_at = self.now;
        self.derived.follow(&self.store, self.now);
        if self.seen != Some(self.store.revision()) {
            self.seen = Some(self.store.revision());
            let (pane, look) = self.focused();
            pane.refresh(&look);
        }
    }

    /// Shows the pane that has just come to the front.
    fn bring_up(&mut self) {
        if self.held.is_none() {
            self.derived.follow(&self.store, self.now);
        }
        let area = screen::body(self.size);
        let (pane, look) = self.focused();
        pane.refresh(&look);
        pane.resize(area, &look);
        self.seen = None;
    }

    fn say(&mut self, notice: Notice) {
        self.say_for(notice, TOAST_S);
    }

    fn say_for(&mut self, notice: Notice, seconds: f64) {
        self.toast = Some((notice, self.now.plus(seconds)));
    }

    /// How often time must be told.
    pub fn tick(&self) -> Duration {
        Duration::from_millis(if self.desk.is_counting() { 100 } else { 1000 })
    }

    fn next_log_view(&mut self) -> LogView {
        self.log_views += 1;
        LogView(self.log_views)
    }

    /// Tells the runtime what is on screen, when that has changed.
    fn show(&mut self, effects: &mut Vec<Effect>) {
        let pane = self.pane();
        let shown = Shown { numbers: pane.draws_numbers(), ..Shown::from(pane.kinds().as_slice()) };
        if shown != self.on_screen {
            self.on_screen.clone_from(&shown);
            effects.push(Effect::Show(shown));
        }
    }
}

/// Applies one message.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    model.dirty = true;
    let mut effects = match msg {
        Msg::Ticked(now) => tick(model, now),
        Msg::Pressed(key) => act::press(model, key),
        Msg::Pasted(text) => act::paste(model, &text),
        Msg::Resized(width, height) => {
            model.size = (width, height);
            model.bring_up();
            Vec::new()
        }
        Msg::Scrolled { down, .. } if model.mode == Mode::Dialog => {
            order::keys::scroll(model, isize::from(down));
            Vec::new()
        }
        Msg::Scrolled { down, .. } => {
            let action = if down > 0 { Action::Down } else { Action::Up };
            (0..down.unsigned_abs()).flat_map(|_| act::perform(model, action)).collect()
        }
        Msg::Clicked { column, row } => act::click(model, column, row),
        Msg::Configured(infos) => {
            model.store.configure(infos, model.now);
            Vec::new()
        }
        Msg::Misconfigured { source, failure } => {
            model.store.misconfigure(&source, failure, model.now);
            Vec::new()
        }
        Msg::Asked { source, poll } => {
            model.store.sources.asked(&source, &poll);
            // nothing of it shows until it comes back, but on its own page
            model.dirty = model.tab == Tab::Sources;
            Vec::new()
        }
        Msg::Fetched(fetched) => {
            let replaced = model.store.merge(*fetched);
            if replaced.len() < FREED_HERE { Vec::new() } else { vec![Effect::Discard(replaced)] }
        }
        Msg::Answered { .. } | Msg::Logged { .. } => act::hear(model, &msg),
        Msg::Offered { .. } | Msg::Formed { .. } | Msg::Previewed { .. } | Msg::Acting { .. } | Msg::Acted { .. } | Msg::Audited(_) => {
            let mut effects = order::news::hear(model, &msg);
            effects.extend(act::hear(model, &msg));
            effects
        }
        Msg::Discovered { missing } => {
            model.store.not_found = Some(missing);
            model.seen = None;
            Vec::new()
        }
        Msg::Noted(notice) => {
            model.say(notice);
            Vec::new()
        }
    };
    model.show(&mut effects);
    order::look_ahead(model, &mut effects);
    effects
}

fn tick(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    model.now = now;
    if model.toast.as_ref().is_some_and(|(_, until)| now >= *until) {
        model.toast = None;
    }
    let mut effects = order::news::tick(model, now);
    effects.extend(act::hear(model, &Msg::Ticked(now)));
    effects.extend(upkeep::keep(model));
    effects
}

/// The contexts that keys are looked up in, innermost first.
fn contexts(model: &Model) -> &'static [Context] {
    model.pane().contexts()
}
