//! From a key to a request: every way to say yes and no, what changes meanwhile, and how each box looks.
//! Not for: what sources make of orders (see their own tests), sending (see `runtime::act`).

use std::collections::BTreeMap;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use serde_json::json;
use triops::app::{Model, Settings};
use triops::domain::{
    ActionId, Answer, Applies, Ask, AuditLine, Awaited, Batch, Cost, Danger, Declined, Entity, EntityId, Failure, FailureKind, Field,
    FieldKind, Inverse, Offer, Order, Outcome, OwnDryRun, Phase, PollId, Preview, Receipt, Rules, Scope, SourceName, State, Step, Text,
    Timestamp, Verdict,
};
use triops::msg::{Effect, Fetched, Msg};
use triops::ui::Glyphs;
use triops::ui::color::ColorDepth;

use crate::SIZES;
use crate::sheet::{Of, sheet, strange};
use crate::world::{Night, ago, draw, model_with, now, press, send, settings};

/// A cockpit whose sources offer things, and a clock that can be moved.
struct Bridge {
    model: Model,
    now: Timestamp,
    size: (u16, u16),
    /// What was asked of the runtime and has not been looked at.
    effects: Vec<Effect>,
    /// The attempt sent last.
    attempts: u64,
}

impl Bridge {
    fn new(settings: Settings) -> Self {
        let mut bridge = Self { model: model_with(Night::Full, settings), now: now(), size: (120, 40), effects: Vec::new(), attempts: 0 };
        draw(&mut bridge.model, bridge.size);
        bridge
    }

    /// Where names need not be typed.
    fn calm() -> Self {
        Self::new(settings("ansi", ColorDepth::Ansi16, Glyphs::Unicode))
    }

    /// Where `prod` asks for one level more.
    fn prod() -> Self {
        let rules = Rules { typed_confirm_env: vec![Text::from("prod")], ..Rules::default() };
        Self::new(Settings { rules, ..settings("ansi", ColorDepth::Ansi16, Glyphs::Unicode) })
    }

    fn tell(&mut self, msg: Msg) {
        let effects = send(&mut self.model, msg);
        self.answer(effects);
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            draw(&mut self.model, self.size);
            let effects = press(&mut self.model, key);
            self.answer(effects);
        }
        self
    }

    /// Lets time pass, a tenth of a second at a time.
    fn wait(&mut self, seconds: f64) -> &mut Self {
        for _ in 0..(seconds * 10.0) as usize {
            self.now = self.now.plus(0.1);
            self.tell(Msg::Ticked(self.now));
        }
        self
    }

    /// Does what the runtime would, as far as it changes nothing: tells offers and previews.
    fn answer(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Offers(entity, step) => {
                    let outcome = Ok(if step.is_some() { step_offers() } else { offers(&entity) });
                    self.tell(Msg::Offered { entity, step, outcome });
                }
                Effect::Preview(orders) => {
                    for order in orders {
                        let outcome = Ok(preview(&order));
                        self.tell(Msg::Previewed { order: Box::new(order), outcome });
                    }
                }
                Effect::Form(order) => {
                    let outcome = Ok(vec![Field { kind: FieldKind::Json, required: true, ..Field::new("conf", "Configuration") }]);
                    self.tell(Msg::Formed { order, outcome });
                }
                other => self.effects.push(other),
            }
        }
    }

    /// The orders that were sent since this was last asked: what, to whom.
    fn sent(&mut self) -> Vec<(String, String)> {
        let mut last = self.attempts;
        let sent: Vec<(String, String)> = self
            .orders()
            .into_iter()
            .filter(|order| !order.dry_run)
            .inspect(|order| last = order.attempt)
            .map(|order| (order.action.to_string(), order.target.id.key().to_owned()))
            .collect();
        self.attempts = last;
        self.effects.retain(|effect| !matches!(effect, Effect::Act(..) | Effect::Shell(_)));
        sent
    }

    fn orders(&self) -> Vec<Order> {
        let orders = self.effects.iter().flat_map(|effect| match effect {
            Effect::Act(orders, _) => orders.clone(),
            Effect::Shell(order) => vec![order.as_ref().clone()],
            _ => Vec::new(),
        });
        orders.collect()
    }

    /// The attempt that was sent last.
    fn model_attempt(&self) -> u64 {
        self.attempts
    }

    fn declined(&self) -> Vec<(usize, Declined)> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Decline(orders, why) => Some((orders.len(), why.clone())),
                _ => None,
            })
            .collect()
    }

    fn screen(&mut self) -> String {
        let size = self.size;
        let buffer = draw(&mut self.model, size);
        sheet(&buffer, Of::Symbols)
    }

    fn sees(&mut self, text: &str) -> bool {
        self.screen().contains(text)
    }

    /// A source tells these instead of what it told before.
    fn told(&mut self, source: &str, entities: Vec<Entity>) {
        let batch = Batch { entities, scope: Scope::Whole, ..Batch::default() };
        self.tell(Msg::Fetched(Box::new(Fetched {
            source: SourceName::from(source),
            poll: PollId::from("all"),
            at: self.now,
            latency_ms: 5,
            next_at: self.now.plus(15.0),
            spent: Cost::default(),
            outcome: Ok(batch),
        })));
        draw(&mut self.model, self.size);
    }

    /// The entity as the store has it.
    fn entity(&self, id: &str) -> Entity {
        Entity::clone(self.model.store.get(&EntityId::from(id)).unwrap_or_else(|| panic!("no {id}")))
    }

    /// All of a source.
    fn all_of(&self, source: &str) -> Vec<Entity> {
        let all = self.model.store.entities.all().filter(|entity| entity.id.source() == source && entity.id.key() != "source answers");
        all.map(|entity| Entity::clone(entity)).collect()
    }
}

/// What the sources of this night offer.
fn offers(entity: &Entity) -> Vec<Offer> {
    let with = |id: &str, title: &str, danger, undo: &str| Offer { undo: Some(Text::from(undo)), ..Offer::new(id, title, danger) };
    match entity.kind().word() {
        "alert" => {
            let field = |name: &str, title: &str, preset: &str| Field {
                required: true,
                preset: Some(Text::from(preset)),
                ..Field::new(name, title)
            };
            vec![
                with("acknowledge", "Acknowledge", Danger::Reversible, "expire the silence"),
                Offer {
                    form: vec![
                        Field { help: Some(Text::from("all must hold")), ..field("matchers", "Matchers", "team=\"fraud\"") },
                        field("duration", "For", "2h"),
                        field("comment", "Comment", "silenced with triops"),
                    ],
                    ..with("silence", "Silence", Danger::Reversible, "expire the silence")
                },
            ]
        }
        "run" => vec![
            Offer {
                touches: Some(Text::from("2 tasks run again")),
                ..Offer::new("clear-failed", "Clear failed tasks", Danger::Disruptive)
            },
            Offer { applies: Applies::No(Text::from("it is not running")), ..Offer::new("cancel", "Cancel the run", Danger::Disruptive) },
            Offer::new("mark-success", "Mark as success", Danger::Destructive),
        ],
        "pipeline" => vec![
            Offer { asks_form: true, ..Offer::new("trigger", "Trigger a run", Danger::Reversible) },
            with("pause", "Pause", Danger::Reversible, "unpause"),
        ],
        "workload" => vec![
            Offer { own_dry_run: OwnDryRun::Always, ..Offer::new("restart", "Restart the container", Danger::Disruptive) },
            Offer::new("stop", "Stop the container", Danger::Disruptive),
            Offer::new("remove", "Remove the container", Danger::Destructive),
            Offer { terminal: true, bulk: false, ..Offer::new("shell", "Open a shell", Danger::Reversible) },
            Offer::new("debug", "Copy a debug command", Danger::Safe),
        ],
        _ => Vec::new(),
    }
}

/// What they offer for a step of a run.
fn step_offers() -> Vec<Offer> {
    vec![Offer::new("clear-task", "Run this task again", Danger::Disruptive)]
}

fn preview(order: &Order) -> Preview {
    let body = json!({"dry_run": order.dry_run, "only_failed": true});
    Preview {
        requests: vec![Text::from(format!(
            "POST https://{}.example/{}/{} {body}",
            order.target.id.source(),
            order.target.id.key(),
            order.action
        ))],
        notes: if order.action.as_str() == "acknowledge" { vec![Text::from("it matches 2 other alerts now")] } else { Vec::new() },
        undo: None,
        digest: Text::from(format!("sha-{}", order.attempt)),
    }
}

fn pair(action: &str, key: &str) -> (String, String) {
    (action.to_owned(), key.to_owned())
}

/// The workload tab with its worst container selected.
fn workloads(bridge: &mut Bridge) -> String {
    bridge.press("4");
    let selected = bridge.all_of("docker").into_iter().find(|entity| entity.name.as_str() == "api-7f9c").unwrap();
    selected.id.key().to_owned()
}

#[test]
fn what_is_reversible_is_confirmed_by_its_key_alone() {
    for (keys, goes) in
        [("y", true), ("enter", false), ("esc", false), ("a", false), ("q", false), ("ctrl-c", false), ("space", false), ("Y", false)]
    {
        let mut bridge = Bridge::calm();
        bridge.press("2 a");
        assert!(bridge.sees("Acknowledge · reversible") && bridge.sees("it matches 2 other alerts now"), "{}", bridge.screen());
        bridge.wait(1.0).press(keys);
        assert_eq!(bridge.sent().len(), usize::from(goes), "{keys}");
        assert_eq!(bridge.declined().len(), usize::from(!goes), "{keys}: what is not sent is written down");
        assert!(!bridge.sees("any other key cancels"), "{keys}");
    }
}

#[test]
fn a_disruptive_order_waits_a_moment_in_which_its_key_does_nothing() {
    let mut bridge = Bridge::calm();
    let key = workloads(&mut bridge);
    bridge.press("r").wait(0.5).press("y");
    assert!(bridge.sent().is_empty());
    assert!(bridge.sees("y works in 2 s"), "{}", bridge.screen());
    bridge.wait(3.0);
    assert!(bridge.sees("y Restart the container"), "{}", bridge.screen());
    bridge.press("y");
    assert_eq!(bridge.sent(), [pair("restart", &key)]);
}

#[test]
fn a_destructive_order_asks_for_the_name_and_takes_nothing_else() {
    let mut bridge = Bridge::calm();
    let key = workloads(&mut bridge);
    bridge.press("m 1").wait(1.0);
    assert!(bridge.sees("type api-7f9c and enter:"), "{}", bridge.screen());
    bridge.press("y");
    bridge.press("enter");
    assert!(bridge.sent().is_empty());
    assert!(bridge.sees("that is another name: nothing was sent"), "{}", bridge.screen());
    bridge.press("backspace a p i - 7 f 9 c");
    bridge.tell(Msg::Pasted("api-7f9c".to_owned()));
    bridge.press("enter");
    assert!(bridge.sent().is_empty() && bridge.sees("faster than anybody types"), "a paste that comes as keys: {}", bridge.screen());
    bridge.press("a p i - 7 f 9 c").wait(0.5).press("enter");
    assert_eq!(bridge.sent(), [pair("remove", &key)]);
    let mut bridge = Bridge::calm();
    workloads(&mut bridge);
    bridge.press("m 1").wait(1.0).press("enter");
    assert!(bridge.sent().is_empty() && bridge.declined() == [(1, Declined::Cancelled)], "enter alone cancels");
}

#[test]
fn a_name_that_a_keyboard_may_not_have_has_words_that_stand_for_it() {
    let mut bridge = Bridge::calm();
    let key = workloads(&mut bridge);
    let mut all = bridge.all_of("docker");
    let renamed = all.iter_mut().find(|entity| entity.id.key() == key).unwrap();
    renamed.name = Text::from("api → прод");
    bridge.told("docker", all);
    bridge.press("m 1").wait(1.0);
    assert!(bridge.sees("type api-7f9c in place of its name and enter:"), "{}", bridge.screen());
    // the beginning of the name is another name
    bridge.press("a p i").wait(0.5).press("enter");
    assert!(bridge.sent().is_empty() && bridge.sees("that is another name"), "{}", bridge.screen());
    bridge.press("- 7 f 9 c").wait(0.5).press("enter");
    assert_eq!(bridge.sent(), [pair("remove", &key)]);
}

#[test]
fn production_asks_for_one_level_more() {
    let mut bridge = Bridge::prod();
    workloads(&mut bridge);
    bridge.press("r");
    assert!(bridge.sees("type api-7f9c and enter:"));
    let mut bridge = Bridge::prod();
    bridge.press("2 a").wait(0.5);
    assert!(bridge.sees("y works in 2 s"));
    let mut bridge = Bridge::prod();
    workloads(&mut bridge);
    bridge.press("D");
    assert!(bridge.sees("any other key cancels"), "even what is safe asks there");
    let mut bridge = Bridge::calm();
    workloads(&mut bridge);
    bridge.press("D");
    assert_eq!(bridge.sent().len(), 1, "elsewhere what is safe is done at once");
}

#[test]
fn nothing_is_confirmed_by_a_key_that_is_held_or_typed_ahead_nor_by_a_paste() {
    let mut bridge = Bridge::calm();
    bridge.press("2 a");
    for _ in 0..50 {
        bridge.press("a").wait(0.1);
    }
    assert!(bridge.sees("any other key cancels"), "a held key neither answers nor cancels");
    bridge.tell(Msg::Pasted("y".to_owned()));
    bridge.tell(Msg::Pasted("yyyy\n".to_owned()));
    assert!(bridge.sees("pasted text confirms nothing"));
    assert!(bridge.sent().is_empty());

    // typed before the question was on the screen, then held
    let mut bridge = Bridge::calm();
    bridge.press("2 a y");
    for _ in 0..30 {
        bridge.press("y").wait(0.1);
    }
    assert!(bridge.sent().is_empty());
    bridge.wait(1.0).press("y");
    assert_eq!(bridge.sent().len(), 1, "after a rest it is pressed anew");
}

#[test]
fn a_held_yes_presses_nothing_on_the_screen_below() {
    let mut bridge = Bridge::calm();
    bridge.press("2 a").wait(1.0).press("y y y y");
    assert_eq!(bridge.sent().len(), 1);
    assert!(!bridge.sees("As the system says"), "y shows an entity as JSON elsewhere");
}

#[test]
fn a_key_bound_to_the_letter_of_yes_does_not_say_yes() {
    let mut keymap = triops::config::Keymap::embedded();
    keymap.lay("keymap.toml", "[list]\ny = \"acknowledge\"\n").unwrap();
    let mut bridge = Bridge::new(Settings { keymap, ..settings("ansi", ColorDepth::Ansi16, Glyphs::Unicode) });
    draw(&mut bridge.model, bridge.size);
    bridge.press("2 y").wait(1.0);
    assert!(bridge.sees("Y Acknowledge"), "{}", bridge.screen());
    bridge.press("Y");
    assert_eq!(bridge.sent().len(), 1);
}

#[test]
fn the_question_says_when_its_target_has_changed_and_begins_anew() {
    let mut bridge = Bridge::calm();
    let key = workloads(&mut bridge);
    bridge.press("r").wait(3.0);
    let mut all = bridge.all_of("docker");
    let changed = all.iter_mut().find(|entity| entity.id.key() == key).unwrap();
    *changed = serde_json::from_value({
        let mut value = serde_json::to_value(&*changed).unwrap();
        value["state"] = json!("ok");
        value["reason"] = json!("running, healthy");
        value
    })
    .unwrap();
    bridge.told("docker", all);
    assert!(bridge.sees("since the key was pressed: failed → ok  running, healthy"), "{}", bridge.screen());
    bridge.press("y");
    assert!(bridge.sent().is_empty(), "the moment begins anew");
    bridge.wait(4.0).press("y");
    assert_eq!(bridge.sent(), [pair("restart", &key)]);
}

#[test]
fn nothing_is_sent_to_what_has_vanished() {
    let mut bridge = Bridge::calm();
    let key = workloads(&mut bridge);
    bridge.press("r").wait(3.0);
    let rest: Vec<Entity> = bridge.all_of("docker").into_iter().filter(|entity| entity.id.key() != key).collect();
    bridge.told("docker", rest);
    assert!(bridge.sees("it is not there any more: nothing will be sent to it"), "{}", bridge.screen());
    bridge.wait(3.0).press("y");
    assert!(bridge.sent().is_empty());
    assert_eq!(bridge.declined().len(), 1);
}

#[test]
fn the_target_is_the_one_under_the_cursor_when_the_key_was_pressed() {
    let mut bridge = Bridge::calm();
    let key = workloads(&mut bridge);
    bridge.press("r");
    let mut all = bridge.all_of("docker");
    let mut worse = bridge.entity(&format!("docker/workload/{key}"));
    worse.id = EntityId::from("docker/workload/0-worse");
    worse.name = Text::from("0-worse");
    all.push(worse);
    bridge.told("docker", all);
    bridge.wait(4.0).press("y");
    assert_eq!(bridge.sent(), [pair("restart", &key)]);
}

#[test]
fn what_was_seen_is_what_is_confirmed() {
    let mut bridge = Bridge::calm();
    bridge.press("2 a").wait(1.0).press("y");
    let order = bridge.orders().remove(0);
    assert_eq!(order.confirmed, Some(Text::from(format!("sha-{}", order.attempt))));
    assert_eq!((order.by.as_str(), order.dry_run), ("oncall", false));
}

#[test]
fn what_cannot_be_done_says_why_and_an_attempt_against_the_rules_is_written_down() {
    let mut bridge = Bridge::calm();
    bridge.press("3 tab j x");
    assert!(bridge.sees("Cancel the run: it is not running"), "{}", bridge.screen());
    assert!(bridge.declined().is_empty() && bridge.sent().is_empty());
    bridge.press("R");
    assert!(bridge.sees("airflow offers no `roll back` for load_orders #418"), "{}", bridge.screen());

    let rules = Rules { read_only: true, ..Rules::default() };
    let mut bridge = Bridge::new(Settings { rules, ..settings("ansi", ColorDepth::Ansi16, Glyphs::Unicode) });
    bridge.press("2 a");
    assert!(bridge.sees("Acknowledge: triops is read-only"), "{}", bridge.screen());
    assert_eq!(bridge.declined(), [(1, Declined::Refused(Text::from("triops is read-only")))]);
}

#[test]
fn one_key_that_may_mean_several_offers_asks_which() {
    let mut bridge = Bridge::calm();
    let key = workloads(&mut bridge);
    bridge.press("m");
    assert!(bridge.sees("r        Restart the container  disruptive, asks, after a moment"), "{}", bridge.screen());
    bridge.press("j enter").wait(3.0).press("y");
    assert_eq!(bridge.sent(), [pair("stop", &key)]);
}

#[test]
fn a_form_is_checked_field_by_field_and_goes_into_the_order() {
    let mut bridge = Bridge::calm();
    bridge.press("2 S");
    assert!(bridge.sees("catches 4 alerts now"), "{}", bridge.screen());
    bridge.press("ctrl-u enter");
    assert!(bridge.sees("Matchers is needed"), "{}", bridge.screen());
    bridge.press("up");
    for (matchers, told) in [
        ("team=~\"fra.*\"", "catches 4 alerts now"),
        ("team=\"other\"", "catches 0 alerts now"),
        ("severity=~\".*\"", "these catch every alert there is"),
        ("team=~\"(\"", "is no regular expression"),
        ("team=\"fraud\", severity!=\"none\"", "catches 4 alerts now"),
    ] {
        bridge.press("ctrl-u");
        bridge.tell(Msg::Pasted(matchers.to_owned()));
        assert!(bridge.sees(told), "{matchers}: {}", bridge.screen());
    }
    bridge.press("enter enter enter").wait(1.0).press("y");
    let order = bridge.orders().remove(0);
    assert_eq!(order.value("matchers"), Some(&Text::from("team=\"fraud\", severity!=\"none\"")));
    assert_eq!(order.value("duration"), Some(&Text::from("2h")));
}

#[test]
fn a_form_that_the_system_knows_is_asked_for() {
    let mut bridge = Bridge::calm();
    bridge.press("3 t");
    assert!(bridge.sees("Configuration*"), "{}", bridge.screen());
    bridge.press("{ enter");
    assert!(bridge.sees("Configuration must be JSON"), "{}", bridge.screen());
    bridge.press("} enter").wait(1.0).press("y");
    assert_eq!(bridge.orders().remove(0).value("conf"), Some(&Text::from("{}")));
}

#[test]
fn a_dry_run_says_what_would_happen_and_the_question_stays() {
    let mut bridge = Bridge::calm();
    let key = workloads(&mut bridge);
    bridge.press("r tab");
    let dry = bridge.orders();
    assert!(dry.len() == 1 && dry[0].dry_run && bridge.sent().is_empty());
    let mut said = preview(&dry[0]);
    said.notes = vec![Text::from("1 container would be restarted")];
    bridge.tell(Msg::Acted { attempt: dry[0].attempt, outcome: Outcome::DryRun(said) });
    assert!(bridge.sees("1 container would be restarted"), "{}", bridge.screen());
    bridge.wait(4.0).press("y");
    assert_eq!(bridge.sent(), [pair("restart", &key)]);
}

#[test]
fn a_cockpit_that_only_pretends_says_so_and_sends_nothing() {
    let mut bridge = Bridge::new(Settings { dry_run: true, ..settings("ansi", ColorDepth::Ansi16, Glyphs::Unicode) });
    bridge.press("2 a");
    assert!(bridge.screen().matches(" DRY RUN ").count() == 2, "in the header and in the box: {}", bridge.screen());
    bridge.wait(1.0).press("y");
    assert!(bridge.orders().iter().all(|order| order.dry_run) && bridge.orders().len() == 1);
    let mut bridge = Bridge::new(Settings { dry_run: true, ..settings("ansi", ColorDepth::Ansi16, Glyphs::Unicode) });
    workloads(&mut bridge);
    bridge.press("s").wait(1.0).press("y");
    assert!(bridge.orders().iter().all(|order| order.dry_run), "nor does it open a shell");
}

#[test]
fn many_are_asked_about_at_once_and_told_one_by_one() {
    let mut bridge = Bridge::calm();
    bridge.press("3 tab * r");
    assert!(bridge.sees("targets  7 runs"), "{}", bridge.screen());
    assert!(bridge.sees("if one fails the rest is not sent"), "{}", bridge.screen());
    bridge.press("shift-tab");
    assert!(bridge.sees("if one fails the rest is sent all the same"));
    bridge.wait(4.0).press("y");
    let orders = bridge.orders();
    assert!(orders.len() > 1);
    assert!(bridge.effects.iter().any(|effect| matches!(effect, Effect::Act(_, pace) if !pace.stop_at_failure)));
    assert!(bridge.sees(&format!("0 of {} ended", orders.len())), "{}", bridge.screen());
    bridge.tell(Msg::Acting { attempt: orders[0].attempt });
    assert!(bridge.sees("under way"));
    bridge.tell(Msg::Acted { attempt: orders[0].attempt, outcome: Outcome::Done(Receipt::said("2 tasks cleared")) });
    let failure = Failure::new(FailureKind::Conflict, "clear", "409: the run is running");
    bridge.tell(Msg::Acted { attempt: orders[1].attempt, outcome: Outcome::Failed(failure) });
    assert!(bridge.sees("2 tasks cleared") && bridge.sees("409: the run is running"), "{}", bridge.screen());
    if orders.len() > 2 {
        bridge.press("x");
        let left: Vec<u64> = orders[2..].iter().map(|order| order.attempt).collect();
        assert!(bridge.effects.contains(&Effect::Halt(left)));
    }
    bridge.press("esc");
    assert!(!bridge.sees("ended"), "{}", bridge.screen());
}

#[test]
fn the_row_says_what_is_awaited_until_it_has_come_about_or_is_late() {
    let mut bridge = Bridge::calm();
    let key = workloads(&mut bridge);
    let id = EntityId::from(format!("docker/workload/{key}").as_str());
    let awaited = Awaited { of: id, word: Text::from("restarting"), until: "state=ok".parse().unwrap(), timeout_s: 30.0 };
    let done = Outcome::Done(Receipt { awaited: Some(awaited), ..Receipt::said("204") });
    bridge.press("r").wait(3.0).press("y");
    let attempt = bridge.orders().remove(0).attempt;
    bridge.tell(Msg::Acted { attempt, outcome: done.clone() });
    bridge.wait(2.0);
    assert!(bridge.sees("restarting, 2s so far"), "{}", bridge.screen());
    assert!(bridge.effects.contains(&Effect::Refresh(Some(SourceName::from("docker")))), "and its source is asked");
    bridge.wait(30.0);
    assert!(bridge.sees("restarting: not seen within 30"), "{}", bridge.screen());
    bridge.wait(61.0);
    assert!(!bridge.sees("restarting"), "{}", bridge.screen());
}

#[test]
fn leaving_asks_while_own_acknowledgements_hold() {
    let mut bridge = Bridge::calm();
    acks(&mut bridge);
    bridge.press("q");
    assert!(bridge.sees("Leave with 1 open acknowledgement?"), "{}", bridge.screen());
    assert!(!bridge.effects.contains(&Effect::Quit));
    bridge.press("n ctrl-c").wait(1.0);
    assert!(bridge.sees("Leave with 1 open acknowledgement?"));
    bridge.press("y");
    assert!(bridge.effects.contains(&Effect::Quit));
    let mut bridge = Bridge::calm();
    bridge.press("q");
    assert!(bridge.effects.contains(&Effect::Quit), "with none open nothing is asked");
}

/// Something was done to the selected container, and an action takes it back.
fn stopped(bridge: &mut Bridge) -> String {
    let key = workloads(bridge);
    bridge.press("x").wait(3.0).press("y");
    let order = bridge.orders().remove(0);
    assert_eq!(bridge.sent(), [pair("stop", &key)]);
    let inverse = Inverse { action: ActionId::from("restart"), target: order.target.id.clone(), values: BTreeMap::new() };
    let outcome = Outcome::Done(Receipt { inverse: Some(inverse), undo: Some(Text::from("restart it")), ..Receipt::said("204") });
    bridge.tell(Msg::Acted { attempt: order.attempt, outcome });
    key
}

#[test]
fn what_was_done_last_is_taken_back_by_a_key_with_a_question_of_its_own() {
    let mut bridge = Bridge::calm();
    bridge.press("4 z");
    assert!(bridge.sees("nothing was done last that a key takes back"), "{}", bridge.screen());
    let key = stopped(&mut bridge);
    assert!(bridge.sees("204; z takes it back (restart)"), "{}", bridge.screen());
    // wherever the cursor is by now
    bridge.press("G z").wait(0.2);
    assert!(bridge.sees("Restart the container · disruptive") && bridge.sees("y works in 2 s"), "{}", bridge.screen());
    bridge.press("y");
    assert!(bridge.sent().is_empty());
    bridge.wait(4.0).press("y");
    assert_eq!(bridge.sent(), [pair("restart", &key)]);
    // what cannot be taken back takes the place of what could
    let attempt = bridge.model_attempt();
    bridge.tell(Msg::Acted { attempt, outcome: Outcome::Done(Receipt::said("204")) });
    bridge.wait(9.0).press("z");
    assert!(bridge.sees("nothing was done last that a key takes back"), "{}", bridge.screen());
}

#[test]
fn an_attempt_of_the_audit_log_is_taken_back_from_its_row_if_its_target_is_still_known() {
    let mut bridge = Bridge::calm();
    let key = workloads(&mut bridge);
    bridge.press("L");
    let mut lines =
        vec![line("a", Phase::Start, 300, "stop", "api", None, ""), line("a", Phase::End, 299, "stop", "api", Some(Verdict::Done), "204")];
    let inverse = |id: &str| Inverse { action: ActionId::from("restart"), target: EntityId::from(id), values: BTreeMap::new() };
    lines[1].inverse = Some(inverse(&format!("docker/workload/{key}")));
    bridge.tell(Msg::Audited(Ok(lines.clone())));
    assert!(bridge.sees("`restart` takes it back") || bridge.sees("`restart` of docker/workload/"), "{}", bridge.screen());
    bridge.press("z").wait(4.0);
    assert!(bridge.sees("Restart the container · disruptive"), "{}", bridge.screen());
    bridge.press("y");
    assert_eq!(bridge.sent(), [pair("restart", &key)]);
    lines[1].inverse = Some(inverse("docker/workload/gone"));
    bridge.tell(Msg::Audited(Ok(lines)));
    bridge.wait(1.0).press("z");
    assert!(bridge.sees("docker/workload/gone is not known now"), "{}", bridge.screen());
}

#[test]
fn a_step_of_a_run_is_acted_upon_alone_from_its_line() {
    let mut bridge = Bridge::calm();
    bridge.press("3 tab enter");
    let run = bridge.effects.iter().find_map(|effect| match effect {
        Effect::Ask(Ask::Steps { run }) => Some(Arc::clone(run)),
        _ => None,
    });
    let step = |key: &str, state| Step { key: Text::from(key), name: Text::from(key), state, reason: None, ..Step::default() };
    let steps = vec![step("prepare", State::Ok), step("charge", State::Failed)];
    bridge.tell(Msg::Answered { ask: Ask::Steps { run: run.unwrap() }, outcome: Ok(Answer::Steps(steps)) });
    // on a line that is no step, it is about the run
    bridge.press("g m");
    assert!(bridge.sees("Clear failed tasks") && !bridge.sees("step charge of"), "{}", bridge.screen());
    bridge.press("esc").wait(1.0);
    bridge.press("/ c h a r g e enter m");
    assert!(bridge.sees("step charge of") && bridge.sees("Run this task again"), "{}", bridge.screen());
    bridge.press("r").wait(4.0);
    assert!(bridge.sees("step     charge"), "{}", bridge.screen());
    bridge.press("y");
    let order = bridge.orders().remove(0);
    assert_eq!((order.action.as_str(), order.step.as_ref().map(|step| step.key.as_str())), ("clear-task", Some("charge")));
    // what nobody offers for a step is about the run
    bridge.wait(2.0).press("m");
    assert!(bridge.sees("step charge of"), "{}", bridge.screen());
}

/// An Alertmanager's silences: one of ours, one of somebody else.
fn acks(bridge: &mut Bridge) {
    let mut all = bridge.all_of("prom");
    let silence = |key: &str, name: &str, actor: &str, labels: serde_json::Value, comment: &str| -> Entity {
        serde_json::from_value(json!({
            "id": format!("prom/change/{key}"), "name": name, "state": "ok", "reason": comment, "since": ago(540), "seen_at": ago(1),
            "eye": "devops", "env": "prod", "labels": labels, "kind": "change",
            "detail": {"change": "silence", "what": name, "actor": actor, "at": ago(540), "after": "silenced until 2026-11-27T03:18:45Z"},
        }))
        .unwrap()
    };
    let labels = json!({"ack": "x", "until": "2026-11-27T03:18:45Z"});
    all.push(silence("s1", "silence alertname=QueueLag", "oncall", labels, "ACK! acknowledged with triops, alert x"));
    all.push(silence("s2", "silence team=\"data\"", "ana", json!({}), "backfill of the warehouse"));
    bridge.told("prom", all);
}

fn line(attempt: &str, phase: Phase, before_s: i64, action: &str, name: &str, outcome: Option<Verdict>, words: &str) -> AuditLine {
    let end = outcome.is_some();
    AuditLine {
        at: ago(before_s),
        attempt: Text::from(attempt),
        phase,
        actor: Text::from("oncall"),
        host: Text::from("jump-1"),
        source: SourceName::from("airflow"),
        target: EntityId::from(format!("airflow/run/{name}").as_str()),
        name: Text::from(name),
        step: None,
        action: ActionId::from(action),
        danger: Some(Danger::Disruptive),
        automatic: false,
        digest: Some(Text::from("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")),
        outcome,
        said: (end && outcome == Some(Verdict::Done)).then(|| Text::from(words)),
        error: (end && outcome != Some(Verdict::Done)).then(|| Text::from(words)),
        inverse: None,
        duration_s: end.then_some(0.84),
    }
}

fn audited(bridge: &mut Bridge) {
    let lines = vec![
        line("a", Phase::Start, 300, "clear-failed", "load_orders/418", None, ""),
        line("a", Phase::End, 299, "clear-failed", "load_orders/418", Some(Verdict::Done), "2 tasks cleared"),
        line("b", Phase::Start, 200, "cancel", "vendor_drop/77", None, ""),
        line("b", Phase::End, 199, "cancel", "vendor_drop/77", Some(Verdict::Failed), "409 Conflict: the run has ended"),
        line("c", Phase::Start, 100, "trigger", "load_orders", None, ""),
        line("c", Phase::End, 100, "trigger", "load_orders", Some(Verdict::Refused), "the environment prod is read-only"),
        line("d", Phase::Start, 10, "pause", "load_orders", None, ""),
    ];
    bridge.tell(Msg::Audited(Ok(lines)));
}

#[test]
fn the_audit_view_joins_begin_and_end_and_filters() {
    let mut bridge = Bridge::calm();
    bridge.press("L");
    assert!(bridge.effects.contains(&Effect::Audit));
    audited(&mut bridge);
    assert!(bridge.sees("Audit 4") && bridge.sees("under way"), "{}", bridge.screen());
    bridge.press("/ f a i l e d enter");
    assert!(bridge.sees("Audit 2/4"), "clear-failed and what failed: {}", bridge.screen());
    bridge.press("esc j");
    assert!(bridge.sees("the environment prod is read-only"), "{}", bridge.screen());
}

/// A box: what leads to it.
type Case = (&'static str, fn() -> Bridge, fn(&mut Bridge));

#[test]
fn every_box_at_every_size() {
    let cases: &[Case] = &[
        ("menu", Bridge::calm, |bridge| {
            bridge.press("4 m");
        }),
        ("menu-marked", Bridge::calm, |bridge| {
            bridge.press("3 tab * m");
        }),
        ("confirm-key", Bridge::calm, |bridge| {
            bridge.press("2 a").wait(1.0);
        }),
        ("confirm-moment", Bridge::calm, |bridge| {
            bridge.press("4 r").wait(0.8);
        }),
        ("confirm-prod", Bridge::prod, |bridge| {
            bridge.press("4 r").wait(1.0).press("a p i");
        }),
        ("confirm-many", Bridge::calm, |bridge| {
            bridge.press("3 tab * r").wait(3.0);
        }),
        ("confirm-vanished", Bridge::calm, |bridge| {
            bridge.press("4 r");
            bridge.told("docker", Vec::new());
        }),
        ("confirm-refused", Bridge::calm, |bridge| {
            bridge.press("4 r");
            let failure =
                Failure::new(FailureKind::Denied, "POST /containers/api/restart", "403 Forbidden").hint("may this user restart it?");
            let attempt = last_attempt(bridge);
            let order =
                Order::new(attempt, ActionId::from("restart"), Arc::new(bridge.all_of("docker").remove(0)), Text::from("oncall"), now());
            bridge.tell(Msg::Previewed { order: Box::new(order), outcome: Err(failure) });
        }),
        ("form", Bridge::calm, |bridge| {
            bridge.press("2 S");
        }),
        ("form-wrong", Bridge::calm, |bridge| {
            bridge.press("2 S ctrl-u enter enter enter");
        }),
        ("progress", Bridge::calm, |bridge| {
            bridge.press("3 tab * r").wait(4.0).press("y");
            let orders = bridge.orders();
            bridge.tell(Msg::Acted { attempt: orders[0].attempt, outcome: Outcome::Done(Receipt::said("2 tasks cleared")) });
            bridge.tell(Msg::Acting { attempt: orders[1].attempt });
        }),
        ("awaited", Bridge::calm, |bridge| {
            bridge.press("4 r").wait(3.0).press("y");
            let order = bridge.orders().remove(0);
            let awaited = Awaited {
                of: order.target.id.clone(),
                word: Text::from("restarting"),
                until: "state=ok".parse().unwrap(),
                timeout_s: 30.0,
            };
            let outcome = Outcome::Done(Receipt { awaited: Some(awaited), ..Receipt::said("204") });
            bridge.tell(Msg::Acted { attempt: order.attempt, outcome });
            bridge.wait(3.0);
        }),
        ("leave", Bridge::calm, |bridge| {
            acks(bridge);
            bridge.press("q");
        }),
        ("acks", Bridge::calm, |bridge| {
            acks(bridge);
            bridge.press("A");
        }),
        ("audit", Bridge::calm, |bridge| {
            bridge.press("L");
            audited(bridge);
        }),
    ];
    for (name, bridge, lead) in cases {
        let mut pages = String::new();
        for size in SIZES {
            let mut bridge = Bridge { size, ..bridge() };
            lead(&mut bridge);
            let of = if size == SIZES[0] { Of::SymbolsAndStyles } else { Of::Symbols };
            pages.push_str(&sheet(&draw(&mut bridge.model, size), of));
        }
        insta::assert_snapshot!(format!("order-{name}"), pages);
        let mut ascii = Bridge::new(settings("mono", ColorDepth::None, Glyphs::Ascii));
        lead(&mut ascii);
        let buffer: Buffer = draw(&mut ascii.model, SIZES[1]);
        assert_eq!(strange(&buffer), Vec::<String>::new(), "{name} on a terminal without Unicode");
    }
}

/// The attempt of the question on the screen.
fn last_attempt(bridge: &mut Bridge) -> u64 {
    bridge.press("tab");
    bridge.orders().last().map_or(1, |order| order.attempt - 1)
}

#[test]
fn no_size_of_terminal_breaks_a_box_and_what_cancels_stays_to_be_read() {
    let leads: &[fn(&mut Bridge)] = &[
        |bridge| {
            bridge.press("4 m");
        },
        |bridge| {
            bridge.press("2 S");
        },
        |bridge| {
            bridge.press("3 tab * r");
        },
        |bridge| {
            bridge.press("4 r");
        },
        |bridge| {
            bridge.press("L");
        },
        |bridge| {
            bridge.press("A");
        },
    ];
    for lead in leads {
        let mut bridge = Bridge::calm();
        lead(&mut bridge);
        for width in [0, 1, 2, 3, 5, 10, 19, 20, 40, 79, 80, 300] {
            for height in [0, 1, 2, 3, 4, 5, 8, 10, 24, 100] {
                draw(&mut bridge.model, (width, height));
            }
        }
    }
    for width in [40, 60, 80] {
        let mut bridge = Bridge { size: (width, 12), ..Bridge::calm() };
        bridge.press("3 tab * r").wait(1.0);
        assert!(bridge.sees("cancels"), "{width} columns: {}", bridge.screen());
    }
}
