//! The table of actions: one row names an action once, and help, palette, hints, menu and keymap checks all derive from it.
//! Not for: the keys themselves (see `config/keymap.toml`), what an action does (see `app` and the panes).

/// Where an action can be pressed. A key bound in an inner context hides the same key of `Global`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// Everywhere but in text input.
    Global,
    /// An entity is selected in a table, or shown whole.
    Entity,
    /// A table of entities has the focus.
    List,
    /// One entity is shown whole.
    Detail,
    /// A log is shown.
    Log,
    /// A chart is shown.
    Chart,
}

impl Context {
    /// All of them, outermost first.
    pub const ALL: [Self; 6] = [Self::Global, Self::Entity, Self::List, Self::Detail, Self::Log, Self::Chart];

    /// Its table's name in `keymap.toml`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Entity => "entity",
            Self::List => "list",
            Self::Detail => "detail",
            Self::Log => "log",
            Self::Chart => "chart",
        }
    }

    /// Whether keys of this context work in that one: those of everywhere in all, those of an entity where one is selected.
    pub fn reaches(self, inner: Self) -> bool {
        self == inner || self == Self::Global || (self == Self::Entity && matches!(inner, Self::List | Self::Detail))
    }
}

/// What must be there for an action to make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A selected entity.
    Selection,
    /// A selected entity with a log.
    Log,
    /// A selected entity with a page of its own.
    Url,
    /// A selected entity whose source offers to do it.
    Offer,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionRow {
    /// Which action.
    pub action: Action,
    /// Its name in `keymap.toml` and the palette.
    pub id: &'static str,
    /// What it does, in a few words.
    pub title: &'static str,
    /// A word for the hint line.
    pub hint: &'static str,
    /// Where it can be pressed.
    pub context: Context,
    /// What it needs.
    pub needs: Needs,
}

macro_rules! actions {
    ($($context:ident { $($action:ident $id:literal $needs:ident $hint:literal $title:literal)+ })+) => {
        /// What a person can ask for. Imperative.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is described by its row in ACTIONS")]
        pub enum Action { $($($action,)+)+ }

        /// Every action once.
        pub const ACTIONS: &[ActionRow] = &[$($(ActionRow {
            action: Action::$action, id: $id, title: $title, hint: $hint, context: Context::$context, needs: Needs::$needs,
        },)+)+];
    };
}

actions! {
    Global {
        Quit "quit" Nothing "quit" "Leave triops"
        Back "back" Nothing "back" "Go back; at the root, leave"
        Suspend "suspend" Nothing "suspend" "Give the terminal back to the shell (fg returns)"
        Help "help" Nothing "help" "Show every key"
        Palette "palette" Nothing "palette" "Find an action, a tab or an entity"
        Refresh "refresh" Nothing "refresh" "Ask all sources now"
        Freeze "freeze" Nothing "freeze" "Hold the picture still; data goes on arriving"
        Mouse "mouse" Nothing "mouse" "Turn the mouse on or off"
        Redraw "redraw" Nothing "redraw" "Draw the whole screen anew"
        Utc "utc" Nothing "utc" "Switch between local time and UTC"
        NextTab "next-tab" Nothing "next tab" "Next tab"
        PreviousTab "previous-tab" Nothing "previous tab" "Previous tab"
        Tab1 "tab-1" Nothing "triage" "Go to Triage"
        Tab2 "tab-2" Nothing "alerts" "Go to Alerts"
        Tab3 "tab-3" Nothing "pipelines" "Go to Pipelines"
        Tab4 "tab-4" Nothing "workloads" "Go to Workloads"
        Tab5 "tab-5" Nothing "models" "Go to Models"
        Tab6 "tab-6" Nothing "data" "Go to Data"
        Tab7 "tab-7" Nothing "changes" "Go to Changes"
        Tab8 "tab-8" Nothing "sources" "Go to Sources"
        Down "down" Nothing "down" "One down"
        Up "up" Nothing "up" "One up"
        Left "left" Nothing "left" "Scroll left"
        Right "right" Nothing "right" "Scroll right"
        HalfDown "half-down" Nothing "half page down" "Half a page down"
        HalfUp "half-up" Nothing "half page up" "Half a page up"
        PageDown "page-down" Nothing "page down" "A page down"
        PageUp "page-up" Nothing "page up" "A page up"
        First "first" Nothing "first" "To the beginning"
        Last "last" Nothing "last" "To the end"
        Filter "filter" Nothing "filter" "Filter the table, search the text"
        Acks "acks" Nothing "acks" "List the alerts you have acknowledged"
        Audit "audit" Nothing "audit" "Show what was done from here, and by whom"
        Undo "undo" Nothing "undo" "Take back what was done last, or the selected attempt"
    }
    Entity {
        Menu "menu" Selection "menu" "List what can be done with the selection"
        Acknowledge "acknowledge" Offer "ack" "Acknowledge it: a short silence in your name"
        Silence "silence" Offer "silence" "Silence it: matchers, time, comment"
        Expire "expire" Offer "expire" "End a silence or an acknowledgement"
        Retry "retry" Offer "retry" "Restart it, run it again, or clear what failed"
        Trigger "trigger" Offer "start" "Start it, or trigger a run of it"
        Stop "stop" Offer "stop" "Stop or cancel it"
        Pause "pause" Offer "pause" "Pause it, or let it go on"
        Promote "promote" Offer "promote" "Promote it"
        Rollback "rollback" Offer "roll back" "Roll it back to what was before"
        Shell "shell" Offer "shell" "Open a shell in it"
        CopyDebug "copy-debug" Offer "copy debug" "Copy a command that looks into it"
    }
    List {
        Open "open" Selection "detail" "Show all about the selection"
        OpenLogs "logs" Log "logs" "Read the log of the selection"
        OpenChart "chart" Selection "chart" "Draw the selection's numbers over time"
        WhatChanged "what-changed" Selection "what changed" "Show what changed before the selection"
        Browse "browse" Url "browse" "Open the selection's own page"
        CopyLink "copy-link" Url "copy link" "Copy the address of the selection's page"
        CopyCell "copy-name" Selection "copy name" "Copy the selection's name"
        CopyRow "copy-json" Selection "copy json" "Copy the selection as JSON"
        Raw "raw" Selection "raw" "Show the selection as JSON"
        Mark "mark" Selection "mark" "Mark or unmark the selection"
        MarkRange "mark-range" Selection "mark range" "Mark from the last mark to here"
        MarkAll "mark-all" Nothing "mark all" "Mark all that the filter shows"
        Unmark "unmark" Nothing "unmark" "Remove all marks"
        SortNext "sort-next" Nothing "sort by next" "Sort by the next column"
        SortPrevious "sort-previous" Nothing "sort by previous" "Sort by the previous column"
        SortInvert "sort-invert" Nothing "invert sort" "Turn the order round"
        NextSection "next-section" Nothing "next section" "Next section of the screen"
        PreviousSection "previous-section" Nothing "previous section" "Previous section of the screen"
    }
    Detail {
        DetailLogs "detail-logs" Log "logs" "Read its log, or its selected step's"
        DetailRaw "detail-raw" Selection "raw" "Switch between fields and JSON"
        DetailBrowse "detail-browse" Url "browse" "Open its own page"
        DetailCopyLink "detail-copy-link" Url "copy link" "Copy the address of its page"
        DetailCopyJson "detail-copy-json" Selection "copy json" "Copy it as JSON"
        DetailOpen "detail-open" Selection "open" "Follow the selected link, or read the selected step's log"
        DetailChart "detail-chart" Selection "chart" "Draw its numbers over time"
        SearchNext "search-next" Nothing "next" "Next match"
        SearchPrevious "search-previous" Nothing "previous" "Previous match"
    }
    Log {
        LogFollow "log-follow" Nothing "follow" "Follow new lines, or stop"
        LogWrap "log-wrap" Nothing "wrap" "Wrap long lines, or cut them"
        LogTimes "log-times" Nothing "times" "Show or hide times"
        LogSave "log-save" Nothing "save" "Save the fetched lines to a file"
        LogCopy "log-copy" Nothing "copy" "Copy the lines on screen"
        LogMatchNext "log-next" Nothing "next" "Next match"
        LogMatchPrevious "log-previous" Nothing "previous" "Previous match"
        LogOlder "log-older" Nothing "older" "Fetch older lines"
        LogErrorNext "log-error" Nothing "next error" "To the next line that looks like an error"
        LogTail "log-tail" Nothing "tail" "Newest lines only"
        LogMinute "log-1m" Nothing "1m" "Lines of the last minute"
        Log5Minutes "log-5m" Nothing "5m" "Lines of the last 5 minutes"
        Log15Minutes "log-15m" Nothing "15m" "Lines of the last 15 minutes"
        Log30Minutes "log-30m" Nothing "30m" "Lines of the last 30 minutes"
        LogHour "log-1h" Nothing "1h" "Lines of the last hour"
        LogHead "log-head" Nothing "head" "From the very beginning"
    }
    Chart {
        ChartZoomIn "chart-zoom-in" Nothing "zoom in" "Half the window"
        ChartZoomOut "chart-zoom-out" Nothing "zoom out" "Twice the window"
        ChartEarlier "chart-earlier" Nothing "earlier" "Move to earlier times"
        ChartLater "chart-later" Nothing "later" "Move to later times"
        ChartLive "chart-live" Nothing "live" "Back to now"
        ChartNext "chart-next" Nothing "next series" "Next series"
        ChartPrevious "chart-previous" Nothing "previous series" "Previous series"
        ChartReading "chart-reading" Nothing "next reading" "Next reading"
        Chart15Minutes "chart-15m" Nothing "15m" "The last 15 minutes"
        ChartHour "chart-1h" Nothing "1h" "The last hour"
        Chart6Hours "chart-6h" Nothing "6h" "The last 6 hours"
        ChartDay "chart-24h" Nothing "24h" "The last 24 hours"
        ChartWeek "chart-7d" Nothing "7d" "The last 7 days"
    }
}

impl Action {
    /// Its row.
    pub fn row(self) -> &'static ActionRow {
        &ACTIONS[self as usize]
    }

    /// What systems call it, for those that need an offer: the beginnings of offers' ids, so that `retry` also means `retry-failed`.
    pub fn verbs(self) -> &'static [&'static str] {
        match self {
            Self::Acknowledge => &["acknowledge", "ack"],
            Self::Silence => &["silence", "snooze", "mute"],
            Self::Expire => &["expire", "unacknowledge", "unmute"],
            Self::Retry => &["restart", "retry", "rerun", "relaunch", "clear", "rollout-restart", "redeploy"],
            Self::Trigger => &["trigger", "start", "run", "play", "sync"],
            Self::Stop => &["stop", "cancel", "abort", "terminate"],
            Self::Pause => &["pause", "unpause", "suspend", "resume"],
            Self::Promote => &["promote"],
            Self::Rollback => &["rollback", "rollout-undo"],
            Self::Shell => &["shell", "exec"],
            Self::CopyDebug => &["debug", "copy-debug"],
            _ => &[],
        }
    }

    /// Whether an offer of that id is what this action means.
    pub fn means(self, offer: &str) -> bool {
        self.verbs().iter().any(|verb| offer.strip_prefix(verb).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
    }

    /// The action of that name.
    pub fn named(id: &str) -> Option<Self> {
        ACTIONS.iter().find(|row| row.id == id).map(|row| row.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_one_row_in_its_own_place_and_a_name_of_its_own() {
        for (place, row) in ACTIONS.iter().enumerate() {
            assert_eq!(row.action as usize, place);
            assert_eq!(Action::named(row.id), Some(row.action));
            assert!(!row.title.is_empty() && !row.hint.is_empty());
        }
    }

    #[test]
    fn an_action_that_needs_an_offer_says_which_and_no_two_mean_the_same() {
        for row in ACTIONS {
            assert_eq!(row.action.verbs().is_empty(), row.needs != Needs::Offer, "{}", row.id);
            for verb in row.action.verbs() {
                let meant: Vec<_> = ACTIONS.iter().filter(|row| row.action.means(verb)).map(|row| row.id).collect();
                assert_eq!(meant, [row.id], "{verb}");
            }
        }
        assert!(Action::Retry.means("retry-failed") && !Action::Retry.means("retryable"));
    }
}
