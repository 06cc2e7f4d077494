//! One metrics page with everything this site exposes, in the Prometheus text format 0.0.4.
//! Not for: queries (see `prometheus`).

use hyper::Method;

use super::World;
use super::system::{Reply, Request, System};
use super::world::{FAMILIES, FamilyKind, Line};

/// The page, as a gateway that collects all pages would show it.
#[derive(Debug, Clone, Copy)]
pub struct Exposition;

impl System for Exposition {
    fn name(&self) -> &'static str {
        "scrape"
    }

    fn settings(&self, _world: &World) -> String {
        "
[[source.reading]]
name = \"memory of orders-api\"
query = 'process_resident_memory_bytes{service=\"orders-api\"}'
unit = \"bytes\"
"
        .to_owned()
    }

    fn answer(&self, world: &World, request: &Request) -> Reply {
        match (request.path.as_str(), &request.method) {
            ("/metrics", &Method::GET | &Method::HEAD) => Reply::new(200, "text/plain; version=0.0.4; charset=utf-8", page(world)),
            ("/metrics", _) => Reply::new(405, "text/plain; charset=utf-8", "Method Not Allowed\n"),
            _ => Reply::new(404, "text/plain; charset=utf-8", "404 page not found\n"),
        }
    }
}

fn page(world: &World) -> String {
    let mut out = String::new();
    for family in FAMILIES {
        out.push_str(&format!("# HELP {} {}\n# TYPE {} {}\n", family.name, family.help, family.name, family.kind.word()));
        let parts: &[&str] = if family.kind == FamilyKind::Histogram { &["_bucket", "_sum", "_count"] } else { &[""] };
        for part in parts {
            let name = format!("{}{part}", family.name);
            for line in world.lines(&name) {
                sample(world, &name, &line, &mut out);
            }
        }
    }
    out
}

fn sample(world: &World, name: &str, line: &Line, out: &mut String) {
    let Some(value) = world.value(line.curve, world.now_s()) else { return };
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels: Vec<String> = line.labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    out.push_str(&format!("{name}{{{}}} {value}\n", labels.join(",")));
}
