//! A shell in a container, over whatever leads to the engine: its socket, plain TCP or TLS. The engine answers `101` and from then on
//! both ends talk bytes. Not for: whether it may be opened (see `runtime::act`), the terminal at this end (see `runtime::shell`).

use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::Docker;
use crate::domain::{Danger, Failure, FailureKind, Field, Offer, Order, Text};
use crate::source::http::Request;
use crate::source::{Pending, ShellStream};

/// Its name among the actions.
pub(super) const SHELL: &str = "shell";
/// Bytes read at once.
const PIECE: usize = 16 * 1024;

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "Id")]
    id: String,
}

#[derive(Deserialize)]
struct Ended {
    #[serde(rename = "ExitCode")]
    code: Option<i64>,
}

/// The offer, but for whether it applies.
pub(super) fn offer() -> Offer {
    Offer {
        touches: Some(Text::from("whatever is typed there")),
        form: vec![
            Field { required: true, preset: Some(Text::from("sh")), ..Field::new("command", "Command") },
            Field { help: Some(Text::from("the image's own if empty")), ..Field::new("user", "User") },
        ],
        terminal: true,
        bulk: false,
        ..Offer::new(SHELL, "Open a shell in it", Danger::Disruptive)
    }
}

impl Docker {
    /// What asks the engine for the shell of an order.
    pub(super) async fn exec_request(&self, order: &Order) -> Result<Request, Failure> {
        let path = self.engine.dialect().await?.container(order.target.id.key(), "exec");
        Ok(Request::post(path, &body(order)))
    }

    /// A shell in a running container.
    pub(super) async fn opened(&self, order: &Order, (columns, rows): (u16, u16)) -> Result<ShellStream, Failure> {
        let http = self.acting.clone();
        let created: Created = http.send(self.exec_request(order).await?).await?.json()?;
        let dialect = self.engine.dialect().await?;
        let about = move |what: &str| dialect.path(&format!("/exec/{}/{what}", created.id));
        let mut start = Request::post(about("start"), &json!({ "Detach": false, "Tty": true }));
        start.headers = vec![("Connection".to_owned(), "Upgrade".to_owned()), ("Upgrade".to_owned(), "tcp".to_owned())];
        let (output, input) = tokio::io::split(http.upgrade(start).await?);
        let (resize_path, exit_path) = (about("resize"), about("json"));
        let resize = {
            let http = http.clone();
            move |columns: u16, rows: u16| -> Pending<'static, ()> {
                let (http, path) = (http.clone(), resize_path.clone());
                Box::pin(async move {
                    let request = Request::post(path, &Value::Null).query("h", rows.to_string()).query("w", columns.to_string());
                    http.send(Request { body: None, ..request }).await.map(drop)
                })
            }
        };
        // the first prompt may come before it is known how wide the terminal is; nothing is lost by that
        let _ = resize(columns, rows).await;
        let exit = move || -> Pending<'static, Option<i64>> {
            let (http, path) = (http.clone(), exit_path.clone());
            Box::pin(async move { Ok(http.send(Request::get(path)).await?.json::<Ended>()?.code) })
        };
        let doing = format!("read the shell in {}", order.target.name);
        Ok(ShellStream { output: Box::pin(pieces(output, doing)), input: Box::pin(input), resize: Box::new(resize), exit: Box::new(exit) })
    }
}

/// What arrives, until the other end has no more.
fn pieces(from: impl AsyncRead + Unpin + Send, doing: String) -> impl stream::Stream<Item = Result<Vec<u8>, Failure>> + Send {
    stream::unfold(Some((from, doing)), |state| async {
        let (mut from, doing) = state?;
        let mut piece = vec![0; PIECE];
        match from.read(&mut piece).await {
            Ok(0) => None,
            Ok(count) => {
                piece.truncate(count);
                Some((Ok(piece), Some((from, doing))))
            }
            Err(error) => Some((Err(Failure::new(FailureKind::Unreachable, doing, error.to_string())), None)),
        }
    })
}

fn body(order: &Order) -> Value {
    let mut body = json!({
        "AttachStdin": true, "AttachStdout": true, "AttachStderr": true, "Tty": true, "Env": ["TERM=xterm-256color"], "Cmd": argv(order),
    });
    let user = order.value("user").map(|user| user.trim()).filter(|user| !user.is_empty());
    if let (Some(user), Value::Object(body)) = (user, &mut body) {
        body.insert("User".to_owned(), Value::from(user));
    }
    body
}

/// Words apart by blanks: an argv, no shell reads it.
fn argv(order: &Order) -> Vec<String> {
    let command = order.value("command").map_or("sh", |command| command.as_str());
    command.split_whitespace().map(str::to_owned).collect()
}
