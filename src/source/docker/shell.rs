//! A shell in a container, over whatever leads to the engine: its socket, plain TCP or TLS. The engine answers `101` and from then on
//! both ends talk bytes. Not for: whether it may be opened (see `runtime::act`), the terminal at this end (see `runtime::shell`).

use bollard::models::{ExecConfig, ExecInspectResponse, ExecStartConfig, IdResponse};
use futures_util::stream;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::Docker;
use crate::domain::{Danger, Failure, FailureKind, Field, Offer, Order, Text};
use crate::source::http::Request;
use crate::source::{Pending, ShellStream};

/// Its name among the actions.
pub(super) const SHELL: &str = "shell";
/// Bytes read at once.
const PIECE: usize = 16 * 1024;

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
        Ok(Request::post(path, &value(&config(order), "open a shell")?))
    }

    /// A shell in a running container.
    pub(super) async fn opened(&self, order: &Order, (columns, rows): (u16, u16)) -> Result<ShellStream, Failure> {
        let http = self.acting.clone();
        let created: IdResponse = http.send(self.exec_request(order).await?).await?.json()?;
        let dialect = self.engine.dialect().await?;
        let about = move |what: &str| dialect.path(&format!("/exec/{}/{what}", created.id));
        let attached = ExecStartConfig { detach: Some(false), tty: Some(true), console_size: None };
        let mut start = Request::post(about("start"), &value(&attached, "open a shell")?);
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
            Box::pin(async move { Ok(http.send(Request::get(path)).await?.json::<ExecInspectResponse>()?.exit_code) })
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

fn config(order: &Order) -> ExecConfig {
    let user = order.value("user").map(|user| user.trim()).filter(|user| !user.is_empty());
    ExecConfig {
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(true),
        env: Some(vec!["TERM=xterm-256color".to_owned()]),
        cmd: Some(argv(order)),
        user: user.map(str::to_owned),
        ..ExecConfig::default()
    }
}

fn value(body: &impl serde::Serialize, doing: &str) -> Result<Value, Failure> {
    serde_json::to_value(body).map_err(|error| Failure::new(FailureKind::BadShape, doing, error.to_string()))
}

/// Words apart by blanks: an argv, no shell reads it.
fn argv(order: &Order) -> Vec<String> {
    let command = order.value("command").map_or("sh", |command| command.as_str());
    command.split_whitespace().map(str::to_owned).collect()
}
