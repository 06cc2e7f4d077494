//! Opens a page in the desktop's browser.
//! Not for: deciding whether there is a desktop (see `runtime::env`).

use std::process::Stdio;

use tokio::process::Command;
use tokio::sync::mpsc;

use crate::msg::{Msg, Notice};

/// The desktop's own opener.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Whether an address from outside may be given to the opener: a web page, not a file, a script or a flag.
pub fn is_page(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https")) && !url.chars().any(|c| c.is_control() || c == ' ')
}

/// Starts the opener; what it says is not shown, whether it failed is.
pub fn open(url: &str, out: mpsc::Sender<Msg>) -> std::io::Result<()> {
    let mut child = Command::new(OPENER).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let url = url.to_owned();
    tokio::spawn(async move {
        let notice = match child.wait().await {
            Ok(status) if status.success() => return,
            Ok(status) => Notice { good: false, text: format!("{OPENER} could not open {url} ({status}); copy the link instead") },
            Err(error) => Notice { good: false, text: format!("{OPENER} was lost: {error}") },
        };
        let _ = out.send(Msg::Noted(notice)).await;
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_pages_are_opened() {
        for (url, page) in [
            ("https://grafana.example/d/1?x=y", true),
            ("HTTP://10.0.0.1:9090", true),
            ("file:///etc/passwd", false),
            ("javascript:alert(1)", false),
            ("--help", false),
            ("", false),
            ("https://a\u{1b}b", false),
            ("https://a b", false),
        ] {
            assert_eq!(is_page(url), page, "{url}");
        }
    }
}
