//! Compiling: which definitions and functions a filter may use, and where a mistake stands.
//! Not for: running (see `jq`).

use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::load::{self, Arena, Error, File, Loader, lex::StrPart};
use jaq_core::path;

use super::jq::{Compiled, VARIABLES};
use super::native;

/// Why a filter does not compile, and at which byte of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// Byte of the filter.
    pub offset: usize,
}

/// Definitions and functions that would reach outside, print, or end the program. `env` alone would hand every secret of the
/// environment to whoever wrote the file.
const FORBIDDEN: &[&str] = &[
    "env",
    "halt",
    "halt_error",
    "input",
    "inputs",
    "debug",
    "debug_empty",
    "stderr",
    "stderr_empty",
    "now",
    "localtime",
    "strflocaltime",
    "fromjson",
    "combinations",
];

/// Definitions of the library that are replaced by ours, which count their steps.
const REPLACED: &[(&str, usize)] = &[("repeat", 1), ("recurse", 1), ("while", 2), ("until", 2)];

/// Before the library: what loops.
const LOOPS: &str = r"
def range($from; $to; $by): bare_range($from; $to; $by) | step;
def repeat(f): def rec: f, (step | rec); rec;
def recurse(f): def rec: ., (f | step | rec); rec;
def while(cond; update): def rec: if cond then ., (update | step | rec) else ({}[] as $x | .) end; rec;
def until(cond; update): def rec: if cond then . else update | step | rec end; rec;
";

/// Behind the library: words for what connectors do again and again.
const WORDS: &str = r#"
def rows: if type == "array" then .[] else error("the answer is no list") end;
def rows($key): if type == "object" then .[$key] // [] | rows else error("the answer is no object") end;
def need($key): .[$key] | if type == "string" and . != "" or type == "number" then . else error("`\($key)` is missing or of the wrong type") end;
def some: if . == null or . == "" or . == [] or . == {} then null else . end;
def table: if . == null then null else [.[] | {(.key): (.value | tostring)}] | add end;
def enum($known): . as $word | if . == null then null else ($known[$word | tostring] // "unknown") end;
def metric($name): .[] | select(.name == $name) | .series[];
def under($base): if $base == null then null else $base + . end;
"#;

#[cfg(test)]
thread_local! {
    /// Filters compiled on this thread.
    pub(crate) static COMPILED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Compiles a filter with all of `VARIABLES`.
pub(super) fn compile(code: &str) -> Result<Compiled, Mistake> {
    #[cfg(test)]
    COMPILED.set(COMPILED.get() + 1);
    let allowed = |name: &str| !FORBIDDEN.contains(&name);
    let kept = |def: &Def<&'static str>| allowed(def.name) && !REPLACED.contains(&(def.name, def.args.len()));
    let library = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).filter(kept);
    let defs = ours(LOOPS).into_iter().chain(library).chain(ours(WORDS));
    let funs = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs())
        .filter(|(name, _, _)| allowed(name))
        .map(|(name, args, run)| if name == "range" { ("bare_range", args, run) } else { (name, args, run) })
        .chain(native::funs());
    let arena = Arena::default();
    let modules = Loader::new(defs)
        .load(&arena, File { code, path: () })
        .map_err(|errors| errors.into_iter().next().map_or_else(unknown, |(file, error)| loading(file.code, error)))?;
    // a filter that is no term begins with `import`: of data, for modules have been refused above
    let term =
        load::parse(code, |parser| parser.term()).ok_or_else(|| Mistake { message: "modules cannot be loaded".to_owned(), offset: 0 })?;
    refuse_recursion(code, &term, &mut Vec::new())?;
    jaq_core::Compiler::default().with_funs(funs).with_global_vars(VARIABLES).compile(modules).map_err(|errors| {
        let first = errors.into_iter().find_map(|(file, errors)| Some((file.code, errors.into_iter().next()?)));
        first.map_or_else(unknown, |(code, (name, undefined))| {
            let known = if FORBIDDEN.contains(&name) { "which connectors may not use" } else { "which is not defined" };
            Mistake { message: format!("{} `{name}`, {known}", undefined.as_str()), offset: offset(code, name) }
        })
    })
}

fn ours(code: &'static str) -> Vec<Def<&'static str>> {
    load::parse(code, |parser| parser.defs()).unwrap_or_default()
}

fn unknown() -> Mistake {
    Mistake { message: "does not compile".to_owned(), offset: 0 }
}

fn loading(code: &str, error: Error<&str>) -> Mistake {
    let found =
        |text: &str| if text.is_empty() { "the end".to_owned() } else { format!("`{}`", text.chars().take(20).collect::<String>()) };
    match error {
        Error::Io(errors) => errors
            .first()
            .map_or_else(unknown, |(path, _)| Mistake { message: "modules cannot be loaded".to_owned(), offset: offset(code, path) }),
        Error::Lex(errors) => errors.into_iter().next().map_or_else(unknown, |(expected, text)| Mistake {
            message: format!("expected {}, found {}", expected.as_str(), found(text)),
            offset: offset(code, text),
        }),
        Error::Parse(errors) => errors.into_iter().next().map_or_else(unknown, |(expected, text)| Mistake {
            message: format!("expected {}, found {}", expected.as_str(), found(text)),
            offset: offset(code, text),
        }),
    }
}

fn offset(code: &str, part: &str) -> usize {
    (part.as_ptr() as usize).checked_sub(code.as_ptr() as usize).filter(|at| *at <= code.len()).unwrap_or(0)
}

/// Follows every term with the definitions it stands in. A definition that calls itself could use up the stack, and that ends the
/// whole program; the library's loops count their steps and need no stack.
fn refuse_recursion<'s>(code: &str, term: &Term<&'s str>, inside: &mut Vec<(&'s str, usize)>) -> Result<(), Mistake> {
    let all = |terms: &[&Term<&'s str>], inside: &mut Vec<(&'s str, usize)>| {
        terms.iter().try_for_each(|term| refuse_recursion(code, term, inside))
    };
    match term {
        Term::Str(_, parts) => parts.iter().try_for_each(|part| match part {
            StrPart::Term(term) => refuse_recursion(code, term, inside),
            _ => Ok(()),
        }),
        Term::Arr(Some(term)) | Term::Neg(term) | Term::Label(_, term) => refuse_recursion(code, term, inside),
        Term::Obj(pairs) => pairs.iter().try_for_each(|(key, value)| {
            refuse_recursion(code, key, inside)?;
            value.as_ref().map_or(Ok(()), |value| refuse_recursion(code, value, inside))
        }),
        Term::BinOp(left, op, right) => {
            if let BinaryOp::Pipe(Some(pattern)) = op {
                refuse_in_pattern(code, pattern, inside)?;
            }
            all(&[left, right], inside)
        }
        Term::Fold(_, source, pattern, terms) => {
            refuse_in_pattern(code, pattern, inside)?;
            refuse_recursion(code, source, inside)?;
            all(&terms.iter().collect::<Vec<_>>(), inside)
        }
        Term::TryCatch(tried, caught) => {
            refuse_recursion(code, tried, inside)?;
            caught.as_ref().map_or(Ok(()), |caught| refuse_recursion(code, caught, inside))
        }
        Term::IfThenElse(branches, otherwise) => {
            branches.iter().try_for_each(|(condition, then)| all(&[condition, then], inside))?;
            otherwise.as_ref().map_or(Ok(()), |otherwise| refuse_recursion(code, otherwise, inside))
        }
        Term::Def(defs, rest) => {
            for def in defs {
                inside.push((def.name, def.args.len()));
                refuse_recursion(code, &def.body, inside)?;
                inside.pop();
            }
            refuse_recursion(code, rest, inside)
        }
        Term::Call(name, arguments) => {
            if inside.contains(&(*name, arguments.len())) {
                let message = format!("`{name}` calls itself; use recurse, while, until, walk or reduce");
                return Err(Mistake { message, offset: offset(code, name) });
            }
            all(&arguments.iter().collect::<Vec<_>>(), inside)
        }
        Term::Path(term, path) => {
            refuse_recursion(code, term, inside)?;
            path.0.iter().try_for_each(|(part, _)| match part {
                path::Part::Index(index) => refuse_recursion(code, index, inside),
                path::Part::Range(from, to) => from.iter().chain(to).try_for_each(|term| refuse_recursion(code, term, inside)),
            })
        }
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) | Term::Arr(None) => Ok(()),
    }
}

fn refuse_in_pattern<'s>(code: &str, pattern: &Pattern<&'s str>, inside: &mut Vec<(&'s str, usize)>) -> Result<(), Mistake> {
    match pattern {
        Pattern::Var(_) => Ok(()),
        Pattern::Arr(patterns) => patterns.iter().try_for_each(|pattern| refuse_in_pattern(code, pattern, inside)),
        Pattern::Obj(pairs) => pairs.iter().try_for_each(|(key, pattern)| {
            refuse_recursion(code, key, inside)?;
            refuse_in_pattern(code, pattern, inside)
        }),
    }
}
