//! Bodies to jq values: JSON, NDJSON, YAML, XML, CSV, metrics, text. What nests deeper than a person would is refused before it is read.
//! Not for: what the values mean (the connector's map).

use jaq_json::Val;
use serde_json::Value;

use super::jq::to_json;
use super::metrics::metrics;
use crate::config::connector::Decode;

/// `serde_json` stops at 128; the others are counted here.
const MAX_DEPTH: usize = 128;
/// Columns of indentation that YAML may have: each could be a level.
const MAX_INDENT: usize = 512;

/// A decoded body, and the lines of it that could not be read (NDJSON: each stands for itself).
pub type Decoded = (Val, Vec<String>);

/// Reads a body; the error says what was expected and where.
pub fn decode(format: Decode, body: &[u8]) -> Result<Decoded, String> {
    let whole = |value: Val| (value, Vec::new());
    match format {
        Decode::Json => serde_json::from_slice(body).map(whole).map_err(|e| format!("not JSON: {e}")),
        Decode::Ndjson => Ok(ndjson(body)),
        Decode::Yaml => yaml(text(body)?).map(whole),
        Decode::Xml => xml(text(body)?).map(whole),
        Decode::Csv => Ok(whole(csv(body))),
        Decode::Prometheus => Ok(metrics(body)),
        Decode::Text => Ok(whole(Val::from(String::from_utf8_lossy(body).into_owned()))),
    }
}

fn text(body: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(body).map_err(|e| format!("not UTF-8: {e}"))
}

fn ndjson(body: &[u8]) -> Decoded {
    let (mut values, mut bad) = (Vec::new(), Vec::new());
    for (number, line) in body.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Val>(line) {
            Ok(value) => values.push(value),
            Err(error) => bad.push(format!("line {}: {error}", number + 1)),
        }
    }
    (values.into_iter().collect(), bad)
}

fn yaml(text: &str) -> Result<Val, String> {
    let mut flow: usize = 0;
    for line in text.lines() {
        let content = line.trim_start_matches(' ');
        let dashes = content.split("- ").take_while(|part| part.is_empty()).count();
        if line.len() - content.len() > MAX_INDENT || dashes > MAX_DEPTH {
            return Err("YAML that nests too deep".to_owned());
        }
        for byte in content.bytes() {
            match byte {
                b'[' | b'{' => flow += 1,
                b']' | b'}' => flow = flow.saturating_sub(1),
                _ => {}
            }
            if flow > MAX_DEPTH {
                return Err("YAML that nests too deep".to_owned());
            }
        }
    }
    let mut documents = jaq_fmts::read::yaml::parse_many(text).collect::<Result<Vec<Val>, _>>().map_err(|e| format!("not YAML: {e}"))?;
    match documents.len() {
        0 => Ok(Val::Null),
        1 => Ok(documents.remove(0)),
        _ => Ok(documents.into_iter().collect()),
    }
}

/// The root element: `{t: name, a: {attributes}, c: [children]}`. Children are elements and texts, what stands in CDATA among them; entities
/// are resolved, comments left out.
fn xml(text: &str) -> Result<Val, String> {
    if xml_depth(text) > MAX_DEPTH {
        return Err("XML that nests too deep".to_owned());
    }
    let parts = jaq_fmts::read::xml::parse_many(text).collect::<Result<Vec<Val>, _>>().map_err(|e| format!("not XML: {e}"))?;
    let tag = Val::from("t".to_owned());
    let root = parts.into_iter().find(|part| matches!(part, Val::Obj(pairs) if pairs.contains_key(&tag)));
    let root = root.ok_or_else(|| "not XML: there is no element".to_owned())?;
    serde_json::from_value(element(to_json(&root))).map_err(|e| e.to_string())
}

/// An element as its author meant it.
fn element(mut value: Value) -> Value {
    let Value::Object(map) = &mut value else { return value };
    if let Some(Value::Object(attributes)) = map.get_mut("a") {
        for value in attributes.values_mut() {
            if let Value::String(text) = value {
                *text = resolved(text);
            }
        }
    }
    if let Some(Value::Array(children)) = map.get_mut("c") {
        *children = std::mem::take(children).into_iter().filter_map(child).collect();
    }
    value
}

fn child(value: Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(Value::String(resolved(&text))),
        Value::Object(map) if map.contains_key("t") => Some(element(Value::Object(map))),
        Value::Object(mut map) => map.remove("cdata"),
        _ => None,
    }
}

/// The five entities of XML 1.0 4.6 and characters by number; others stay as they are written.
fn resolved(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let found = after.split_once(';').and_then(|(name, after)| Some((entity(name)?, after)));
        match found {
            Some((character, after)) => {
                out.push(character);
                rest = after;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => number(&hex[1..], 16),
            decimal => number(decimal, 10),
        },
    }
}

/// At least the depth of the deepest element: what stands in comments and CDATA is left out, attributes are not looked into.
fn xml_depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut rest): (usize, usize, &str) = (0, 0, text);
    while let Some((_, after)) = rest.split_once('<') {
        let end = match () {
            () if after.starts_with("!--") => "-->",
            () if after.starts_with("![CDATA[") => "]]>",
            () => ">",
        };
        let (tag, next) = after.split_once(end).unwrap_or((after, ""));
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !tag.starts_with(['!', '?']) && !tag.ends_with('/') {
            depth += 1;
            deepest = deepest.max(depth);
        }
        rest = next;
    }
    deepest
}

fn csv(body: &[u8]) -> Val {
    let bytes = body.iter().copied().map(Ok::<u8, std::convert::Infallible>);
    let mut rows = jaq_fmts::read::tabular::read_csv(bytes).map(|row| row.unwrap_or_else(|never| match never {}));
    let Some(Val::Arr(names)) = rows.next() else { return Val::Arr(Vec::new().into()) };
    let keyed = rows.map(|row| match row {
        Val::Arr(cells) => Val::obj(names.iter().cloned().zip(cells.iter().cloned()).collect()),
        other => other,
    });
    keyed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Decode, body: &str) -> Result<serde_json::Value, String> {
        decode(format, body.as_bytes()).map(|(value, _)| to_json(&value))
    }

    #[test]
    fn every_format_becomes_values() {
        for (format, body, json) in [
            (Decode::Json, r#"{"a":[1,2.5,null,"é"]}"#, r#"{"a":[1,2.5,null,"é"]}"#),
            (Decode::Ndjson, "{\"a\":1}\n\n{\"a\":2}\nbad\n", r#"[{"a":1},{"a":2}]"#),
            (Decode::Yaml, "a: 1\nb: [x, y]\n", r#"{"a":1,"b":["x","y"]}"#),
            (Decode::Yaml, "a: 1\n---\na: 2\n", r#"[{"a":1},{"a":2}]"#),
            (Decode::Yaml, "", "null"),
            (
                Decode::Xml,
                "<?xml version=\"1.0\"?><log><entry rev=\"2\">x</entry></log>",
                r#"{"c":[{"a":{"rev":"2"},"c":["x"],"t":"entry"}],"t":"log"}"#,
            ),
            (
                Decode::Xml,
                "<log xmlns=\"urn:x\">\n <path action='A' kind=\"file\">/a &amp; b</path><path action=\"D\"/><msg/><!-- x --><![CDATA[<y>]]></log>",
                r#"{"a":{"xmlns":"urn:x"},"c":["\n ",{"a":{"action":"A","kind":"file"},"c":["/a & b"],"t":"path"},
                    {"a":{"action":"D"},"t":"path"},{"t":"msg"},"<y>"],"t":"log"}"#,
            ),
            (Decode::Csv, "name,n\r\n\"a,b\",1\nc,\n", r#"[{"n":1,"name":"a,b"},{"n":null,"name":"c"}]"#),
            (Decode::Csv, "", "[]"),
            (Decode::Text, "3.17.2", "\"3.17.2\""),
        ] {
            assert_eq!(read(format, body), Ok(serde_json::from_str(json).unwrap()), "{body}");
        }
        assert_eq!(decode(Decode::Ndjson, b"{}\nbad\n").unwrap().1.len(), 1);
    }

    #[test]
    fn entities_of_xml_are_resolved_once_and_what_is_none_stays() {
        for (text, meant) in [
            ("a &lt;b&gt; &amp;amp; &quot;&apos;", "a <b> &amp; \"'"),
            ("&#233;&#x20AC;", "é€"),
            ("&nobody; & &#x110000; &", "&nobody; & &#x110000; &"),
        ] {
            assert_eq!(resolved(text), meant);
        }
    }

    #[test]
    fn what_is_damaged_or_nests_without_end_is_an_error() {
        for (format, body) in [
            (Decode::Json, "{\"a\":".to_owned()),
            (Decode::Json, "[".repeat(100_000)),
            (Decode::Yaml, "[".repeat(100_000)),
            (Decode::Yaml, "- ".repeat(100_000)),
            (Decode::Yaml, (0..2000).map(|n| format!("{}a:", " ".repeat(n))).collect::<Vec<_>>().join("\n")),
            (Decode::Yaml, "a: [".to_owned()),
            (Decode::Yaml, "*nobody".to_owned()),
            (Decode::Xml, "<a>".repeat(100_000)),
            (Decode::Xml, "<a><b></a>".to_owned()),
            (Decode::Xml, "no".to_owned()),
        ] {
            assert!(read(format, &body).is_err(), "{}", &body[..body.len().min(40)]);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_ends_the_program(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            marked in "[<>/!?\\[\\]{}():,&*|'\"#%@` \\-\n\ta-c0-9=.~]{0,80}",
        ) {
            for format in
                [Decode::Json, Decode::Ndjson, Decode::Yaml, Decode::Xml, Decode::Csv, Decode::Prometheus, Decode::Text] {
                for body in [&bytes[..], marked.as_bytes()] {
                    if let Ok((value, _)) = decode(format, body) {
                        to_json(&value);
                    }
                }
            }
        }
    }

    #[test]
    fn aliases_of_yaml_do_not_multiply() {
        let lines = (1..40).map(|n| format!("a{n}: &a{n} [*a{}, *a{}]", n - 1, n - 1));
        let bomb = std::iter::once("a0: &a0 [x, x]".to_owned()).chain(lines).collect::<Vec<_>>().join("\n");
        // read without harm: an alias is shared, not copied; what maps it is bounded in steps and outputs
        assert!(decode(Decode::Yaml, bomb.as_bytes()).is_ok());
    }
}
