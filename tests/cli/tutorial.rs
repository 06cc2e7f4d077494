//! The tutorial says what happens: its files are written, its commands run in order, and what it shows is what they print.

use super::run::Home;

const TUTORIAL: &str = include_str!("../../docs/connector-tutorial.md");

/// A fenced block: what stands behind the fence, and what is inside.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let mut parts = TUTORIAL.split("\n```");
    parts.next();
    let mut blocks = Vec::new();
    while let Some(block) = parts.next() {
        blocks.push(block.split_once('\n').unwrap_or((block, "")));
        parts.next();
    }
    blocks
}

fn named<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn everything_that_the_tutorial_shows_happens() {
    let home = Home::new("tutorial");
    let (mut files, mut commands) = (0, 0);
    for (info, body) in blocks() {
        if let Some(file) = named(info, "file") {
            let body = named(info, "copy").map_or_else(|| body.to_owned(), |from| std::fs::read_to_string(home.0.join(from)).unwrap());
            home.write(file, &body, 0o600);
            files += 1;
        }
        if info != "console" {
            continue;
        }
        for command in body.split("$ triops ").filter(|part| !part.trim().is_empty()) {
            let (arguments, shown) = command.split_once('\n').unwrap_or((command, ""));
            let ran = home.run(arguments);
            let printed = format!("{}{}", ran.out, ran.err);
            let (exit, lines): (Vec<&str>, Vec<&str>) = shown.lines().partition(|line| line.starts_with("exit "));
            assert_eq!(format!("exit {}", ran.code), exit.first().copied().unwrap_or("exit 0"), "{arguments}: {printed}");
            let mut rest = printed.as_str();
            for line in lines.iter().filter(|line| !line.trim().is_empty()) {
                let at = rest.find(line.trim_end()).unwrap_or_else(|| panic!("`triops {arguments}` does not print `{line}`:\n{printed}"));
                rest = &rest[at..];
            }
            commands += 1;
        }
    }
    assert!(files >= 6 && commands >= 7, "{files} files, {commands} commands: is the tutorial still read?");
}
