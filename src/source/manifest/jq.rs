//! jq in a sandbox: compiled once, run on a thread of its own, bounded in outputs, steps and time.
//! Not for: what filters mean (see `fetch`, `logs`, `row`).
//!
//! A filter sees its input, its variables and pure functions: no environment, no further input, no clock, no halting, no messages.
//! What could run for ever (`range`, `repeat`, `recurse`, `while`, `until`) counts its steps, and a filter may not define recursion
//! of its own, so a filter that never ends is stopped from inside rather than left running on a lost thread.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jaq_core::{Ctx, Vars, data};
use jaq_json::Val;

use crate::config::connector::Jq;
use crate::domain::{Failure, FailureKind};

pub use super::compile::Mistake;
pub use super::native::to_json;
use super::{compile, native};

/// Outputs of one run; a page of a system's answer has a few hundred rows.
pub const MAX_OUTPUTS: usize = 20_000;
/// How long one run may take.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// How long we wait for a run that should have stopped itself.
const GRACE: Duration = Duration::from_secs(1);

/// What filters see while they run: nothing but themselves.
pub(super) type Data = data::JustLut<Val>;
/// A compiled filter.
pub(super) type Compiled = jaq_core::Filter<Data>;

/// Variables every filter may use; those that have no value where it stands are null.
pub const VARIABLES: [&str; 15] = [
    "$now",
    "$with",
    "$base",
    "$each",
    "$also",
    "$polled",
    "$token",
    "$user",
    "$password",
    "$values",
    "$history",
    "$path",
    "$file",
    "$exit",
    "$headers",
];

/// Values of the variables. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    /// Seconds since the epoch.
    pub now: Val,
    /// The source's parameters.
    pub with: Val,
    /// The source's address, for links to the system's own pages.
    pub base: Val,
    /// The item of a fan-out.
    pub each: Val,
    /// Answers of further requests.
    pub also: Val,
    /// Entities of earlier polls, by poll.
    pub polled: Val,
    /// The page's token.
    pub token: Val,
    /// User name, while signing in; who acts, in actions.
    pub user: Val,
    /// Password, while signing in.
    pub password: Val,
    /// What was filled in, in actions.
    pub values: Val,
    /// Where the aliases of the entity's model have pointed, in actions.
    pub history: Val,
    /// The path of the source that is asked.
    pub path: Val,
    /// The file that was read: `{path, name, modified, bytes}`.
    pub file: Val,
    /// The code a command ended with.
    pub exit: Val,
    /// Headers of the answer, by name in small letters.
    pub headers: Val,
}

/// What one output of a filter is: a value, or why there is none.
pub type Output = Result<Val, String>;

/// A filter of a connector: compiled when first used, and out of use once it has not ended in time.
#[derive(Clone)]
pub struct Filter(Arc<Inner>);

struct Inner {
    what: String,
    code: String,
    compiled: OnceLock<Result<Compiled, Mistake>>,
    deadline: Duration,
    lost: Mutex<bool>,
}

impl Filter {
    /// Compiles nothing yet. `what` names it in failures: `map of poll alerts`.
    pub fn new(what: impl Into<String>, jq: &Jq) -> Self {
        Self::within(DEADLINE, what, jq)
    }

    fn within(deadline: Duration, what: impl Into<String>, jq: &Jq) -> Self {
        let (what, code) = (what.into(), jq.code.clone());
        Self(Arc::new(Inner { what, code, compiled: OnceLock::new(), deadline, lost: Mutex::new(false) }))
    }

    /// Compiles it now.
    pub fn check(&self) -> Result<(), Mistake> {
        self.compiled().map(|_| ()).map_err(Clone::clone)
    }

    /// All outputs for one input, each a value or an error of its own. Ends within its deadline; a filter that does not is never run
    /// again.
    pub async fn run(&self, input: Val, variables: Variables) -> Result<Vec<Output>, Failure> {
        self.run_then(input, variables, |outputs| outputs).await
    }

    /// The same, and what `then` makes of the outputs on the same thread.
    pub async fn run_then<T, F>(&self, input: Val, variables: Variables, then: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(Vec<Output>) -> T + Send + 'static,
    {
        if *self.0.lost.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(self.never_ended());
        }
        let filter = self.clone();
        let work = move || filter.run_here(input, variables).map(then);
        if let Some(outcome) = aside(self.0.deadline + GRACE, work).await {
            return outcome;
        }
        *self.0.lost.lock().unwrap_or_else(PoisonError::into_inner) = true;
        Err(self.never_ended())
    }

    /// The same on this thread.
    pub fn run_here(&self, input: Val, variables: Variables) -> Result<Vec<Output>, Failure> {
        let filter = self.compiled().map_err(|mistake| self.failure(mistake.message.clone()))?;
        let values = [
            variables.now,
            variables.with,
            variables.base,
            variables.each,
            variables.also,
            variables.polled,
            variables.token,
            variables.user,
            variables.password,
            variables.values,
            variables.history,
            variables.path,
            variables.file,
            variables.exit,
            variables.headers,
        ];
        native::start(self.0.deadline);
        let context = Ctx::<Data>::new(&filter.lut, Vars::new(values));
        let mut outputs = Vec::new();
        for output in filter.id.run((context, input)) {
            if native::exhausted() {
                return Err(self.never_ended());
            }
            if outputs.len() >= MAX_OUTPUTS {
                return Err(self.failure(format!("gives more than {MAX_OUTPUTS} outputs for one page")));
            }
            outputs.push(output.map_err(|exception| match exception.get_err() {
                Ok(error) => match to_json(&error.into_val()) {
                    serde_json::Value::String(said) => shorten(&said),
                    other => shorten(&other.to_string()),
                },
                Err(_) => "jumped out of the filter".to_owned(),
            }));
        }
        if native::exhausted() { Err(self.never_ended()) } else { Ok(outputs) }
    }

    /// The first output, for filters that find one thing; null if there is none.
    pub async fn first(&self, input: Val, variables: Variables) -> Result<Val, Failure> {
        match self.run(input, variables).await?.into_iter().next() {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(self.failure(error)),
            None => Ok(Val::Null),
        }
    }

    fn compiled(&self) -> Result<&Compiled, &Mistake> {
        self.0.compiled.get_or_init(|| compile::compile(&self.0.code)).as_ref()
    }

    fn failure(&self, detail: String) -> Failure {
        Failure::new(FailureKind::BadShape, format!("run the {}", self.0.what), detail)
            .hint("is it the system and version that the connector is for? `triops connector try` shows what the filter makes of an answer")
    }

    fn never_ended(&self) -> Failure {
        Failure::new(
            FailureKind::Config,
            format!("run the {}", self.0.what),
            format!("did not end within {} s", self.0.deadline.as_secs_f64()),
        )
        .hint("the filter loops: mend the connector file")
    }
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filter({})", self.0.what)
    }
}

/// Runs `work` on a thread of its own: one that never ends keeps neither the loop nor the end of the program waiting, as a thread of
/// the pool would, and its stack holds what deep answers need. `None` if it did not end in time, or broke.
pub async fn aside<T: Send + 'static>(time: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    const STACK_BYTES: usize = 16 * 1024 * 1024; // address space; only what is touched costs memory
    let (done, outcome) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("jq".to_owned()).stack_size(STACK_BYTES);
    // nobody waits any longer if sending fails
    thread.spawn(move || drop(done.send(work()))).ok()?;
    tokio::time::timeout(time, outcome).await.ok()?.ok()
}

/// jq puts whole values into its messages.
fn shorten(message: &str) -> String {
    const MAX: usize = 200;
    if message.chars().count() <= MAX { message.to_owned() } else { message.chars().take(MAX - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(code: &str) -> Filter {
        Filter::new("test", &Jq { code: code.to_owned(), span: 0..0 })
    }

    fn outputs(code: &str, input: &str) -> Vec<String> {
        let input = serde_json::from_str(input).unwrap();
        let text = |output: Output| output.map_or_else(|error| format!("error: {error}"), |value| to_json(&value).to_string());
        filter(code).run_here(input, Variables::default()).unwrap().into_iter().map(text).collect()
    }

    #[test]
    fn a_filter_reaches_nothing_outside_itself() {
        for code in [
            "env",
            "env.PATH",
            "$ENV",
            "$ENV.PATH",
            "input",
            "[inputs]",
            "input_filename",
            "halt",
            "halt(1)",
            "halt_error",
            "debug",
            "debug(1)",
            "stderr",
            "now",
            "localtime",
            "include \"x\"; .",
            "import \"x\" as $x; .",
            "get_search_list",
            "$__prog_args",
            "[combinations]",
            "strflocaltime(\"%Y\")",
        ] {
            assert!(filter(code).check().is_err(), "{code}");
        }
    }

    #[test]
    fn a_mistake_names_its_place() {
        for (code, offset, said) in [
            (".a | oops", 5, "filter `oops`, which is not defined"),
            (".a | env", 5, "which connectors may not use"),
            (".a | $nothing", 5, "variable"),
            ("{a: (}", 5, "found `}`"),
            ("\"open", 5, "closing quote"),
            ("def f: f; f", 7, "calls itself"),
            ("def f($x): [g(f($x))]; f(1)", 14, "calls itself"),
            ("", 0, "expected"),
        ] {
            let mistake = filter(code).check().unwrap_err();
            assert!(mistake.message.contains(said), "{code}: {mistake:?}");
            assert_eq!(mistake.offset, offset, "{code}: {mistake:?}");
        }
    }

    #[test]
    fn what_never_ends_is_stopped_from_inside() {
        for code in [
            "[repeat(1)]",
            "[range(0; 1e18)]",
            "[recurse(.)]",
            "last(range(1e18))",
            "until(false; .)",
            "[while(true; .)]",
            "repeat(empty)",
            "reduce range(1e18) as $x (0; . + 1)",
            "[.[] | repeat(1)]",
            "[repeat(try error catch 1)]",
            "first(repeat(1) | select(false))",
            "[limit(1e15; repeat(1))]",
            "def f: repeat(1)?; [f]",
        ] {
            let start = std::time::Instant::now();
            let filter = Filter::within(Duration::from_millis(300), "test", &Jq { code: code.to_owned(), span: 0..0 });
            let failure = filter.run_here(serde_json::from_str("[1]").unwrap(), Variables::default()).unwrap_err();
            assert!(failure.detail.contains("did not end") || failure.detail.contains("more than"), "{code}: {failure}");
            assert!(start.elapsed() < Duration::from_secs(3), "{code}: {:?}", start.elapsed());
        }
    }

    #[test]
    fn one_row_that_fails_does_not_end_the_others() {
        assert_eq!(outputs(".[] | 1 / .", "[1, 0, 2]").len(), 3);
        assert_eq!(outputs(".[] | {a: .x.y}", r#"[{"x":{"y":1}},{"x":3},{"x":{"y":2}}]"#)[2], r#"{"a":2}"#);
    }

    #[test]
    fn the_words_for_connectors_do_what_they_say() {
        for (code, input, output) in [
            ("ms", "1795472140856", r#""2026-11-23T22:15:40.856Z""#),
            ("ms", "\"1795472140856\"", r#""2026-11-23T22:15:40.856Z""#),
            ("epoch", "1795472140.5", r#""2026-11-23T22:15:40.500Z""#),
            ("ms", "0", "null"),
            ("epoch", "null", "null"),
            ("epoch", "\"soon\"", "error: cannot use \"soon\" as time"),
            ("time", "\"2026-11-23T22:22:32.577685+00:00\"", r#""2026-11-23T22:22:32.577Z""#),
            ("time", "\"0001-01-01T00:00:00Z\"", "null"),
            ("time", "\"yesterday\"", "error: cannot use \"yesterday\" as time"),
            ("some", "\"\"", "null"),
            ("some", "[]", "null"),
            ("some", "0", "0"),
            ("table", r#"[{"key":"a","value":1},{"key":"b","value":"x"}]"#, r#"{"a":"1","b":"x"}"#),
            ("table", "[]", "null"),
            ("table", "null", "null"),
            (r#"enum({a: "ok"})"#, "\"a\"", r#""ok""#),
            (r#"enum({a: "ok"})"#, "\"new\"", r#""unknown""#),
            ("fromjson", r#""{\"a\":1}""#, r#"{"a":1}"#),
            ("[range(3)]", "null", "[0,1,2]"),
            ("[recurse(if . < 3 then . + 1 else empty end)]", "0", "[0,1,2,3]"),
            ("[limit(2; repeat(7))]", "null", "[7,7]"),
            ("[paths]", r#"{"a":[1]}"#, r#"[["a"],["a",0]]"#),
            ("walk(if type == \"number\" then . + 1 else . end)", r#"{"a":[1]}"#, r#"{"a":[2]}"#),
        ] {
            assert_eq!(outputs(code, input), [output], "{code}");
        }
    }

    #[test]
    fn json_inside_a_string_is_read_to_a_bounded_depth() {
        let deep = serde_json::Value::String("[".repeat(100_000)).to_string();
        assert!(outputs("fromjson", &deep)[0].starts_with("error: recursion limit"));
    }

    #[tokio::test]
    async fn a_filter_that_does_not_end_even_so_is_given_up() {
        // a product of lists counts no steps: 10^12 outputs, none of them selected
        let within = |code: &str| Filter::within(Duration::from_millis(100), "test", &Jq { code: code.to_owned(), span: 0..0 });
        let filter = within("[range(1000)] as $l | $l[] as $a | $l[] as $b | $l[] as $c | $l[] as $d | select(false)");
        assert!(filter.run(Val::Null, Variables::default()).await.unwrap_err().detail.contains("did not end"));
        let again = filter.run(Val::Null, Variables::default());
        assert!(tokio::time::timeout(Duration::from_millis(100), again).await.unwrap().is_err(), "and it is not run again");
    }
}
