//! A shell elsewhere that has the terminal: what it prints goes out as it is, what is typed goes in, until it ends.
//! Not for: opening it (see `source::Source::shell`), the rules (see `runtime::act`).

use std::io;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::{Stream, StreamExt};
use tokio::io::AsyncWriteExt;

use super::screen::Surface;
use super::signals::{Heard, Signals};
use super::{App, Ending, Turn};
use crate::domain::{Failure, FailureKind, Order, Outcome, Receipt, Text};
use crate::msg::Msg;
use crate::source::ShellStream;

/// Said before the shell begins: if it hangs, there must be a way out that it cannot take.
const GREETING: &[u8] = b"(triops: this is the shell; ctrl-] leaves it and comes back)\r\n";

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code if the system tells.
    Exited(Option<i64>),
    /// The person left it.
    Left,
    /// A signal asks the whole program to end.
    Signal(i32),
}

impl Ended {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Exited(Some(code)) => format!("the shell ended with code {code}"),
            Self::Exited(None) => "the shell ended".to_owned(),
            Self::Left | Self::Signal(_) => "left the shell".to_owned(),
        }
    }
}

/// Until it ends. The surface must have been lent.
pub async fn run<S, I>(mut stream: ShellStream, surface: &mut S, keys: &mut I, signals: &mut Signals) -> Result<Ended, Failure>
where
    S: Surface,
    I: Stream<Item = io::Result<Event>> + Unpin,
{
    let here = |error: io::Error| Failure::new(FailureKind::Unreachable, "use the terminal", error.to_string());
    surface.pour(GREETING).map_err(here)?;
    let mut typing = true;
    loop {
        tokio::select! {
            heard = signals.next() => if let Heard::End(signal) = heard { return Ok(Ended::Signal(signal)) },
            printed = stream.output.next() => match printed {
                Some(bytes) => surface.pour(&bytes?).map_err(here)?,
                None => return Ok(Ended::Exited((stream.exit)().await.unwrap_or_default())),
            },
            event = keys.next(), if typing => {
                let Some(event) = event else { typing = false; continue };
                let bytes = match event.map_err(here)? {
                    Event::Key(key) if is_way_out(&key) => return Ok(Ended::Left),
                    Event::Key(key) => typed(&key),
                    Event::Paste(text) => text.replace('\n', "\r").into_bytes(),
                    Event::Resize(columns, rows) => {
                        // a shell whose size cannot be told is still a shell
                        let _ = (stream.resize)(columns, rows).await;
                        continue;
                    }
                    Event::Mouse(_) | Event::FocusGained | Event::FocusLost => continue,
                };
                let written = async { stream.input.write_all(&bytes).await?; stream.input.flush().await };
                // the other end has closed: what it still prints, and its code, come by the output
                typing = written.await.is_ok();
            }
        }
    }
}

impl<A: App, S: Surface> Turn<'_, A, S> {
    /// Gives the terminal to a shell until it ends, and takes it again.
    pub(super) async fn lend<I>(&mut self, order: Order, input: &mut I, signals: &mut Signals) -> io::Result<()>
    where
        I: Stream<Item = io::Result<Event>> + Unpin,
    {
        let attempt = order.attempt;
        let (order, source) = self.effects.addressed(order);
        let Some(source) = source else {
            let outcome = Outcome::Refused(Text::from("its source is not configured"));
            return self.tell(Msg::Acted { attempt, outcome });
        };
        let gate = self.effects.orders().gate().clone();
        let opened = match gate.open(source.as_ref(), &order).await {
            Ok(opened) => opened,
            Err(outcome) => return self.tell(Msg::Acted { attempt, outcome }),
        };
        let size = self.terminal.size().map_err(io::Error::other)?;
        let outcome = match source.shell(&order, (size.width, size.height)).await {
            Err(failure) => Outcome::Failed(failure),
            Ok(stream) => {
                self.terminal.backend_mut().lend()?;
                let ended = run(stream, self.terminal.backend_mut(), input, signals).await;
                if let Ok(Ended::Signal(signal)) = ended {
                    self.ending = Some(Ending::Signal(signal));
                }
                self.enter()?;
                match ended {
                    Ok(ended) => Outcome::Done(Receipt::said(ended.words())),
                    Err(failure) => Outcome::Failed(failure),
                }
            }
        };
        gate.close(opened, &outcome).await;
        self.tell(Msg::Acted { attempt, outcome })
    }
}

/// `ctrl-]`, which terminals send as 0x1d and crossterm reads as `ctrl-5`.
fn is_way_out(key: &KeyEvent) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL) && matches!(key.code, KeyCode::Char(']' | '5'))
}

/// A key as xterm sends it (ctlseqs, "PC-Style Function Keys").
fn typed(key: &KeyEvent) -> Vec<u8> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let has = |modifier| key.modifiers.contains(modifier);
    let mut out = Vec::new();
    let modifiers =
        1 + u8::from(has(KeyModifiers::SHIFT)) + 2 * u8::from(has(KeyModifiers::ALT)) + 4 * u8::from(has(KeyModifiers::CONTROL));
    let cursor = |last: char| if modifiers == 1 { format!("\x1b[{last}") } else { format!("\x1b[1;{modifiers}{last}") };
    let tilde = |number: u8| if modifiers == 1 { format!("\x1b[{number}~") } else { format!("\x1b[{number};{modifiers}~") };
    let sequence = match key.code {
        KeyCode::Char(c) => {
            if has(KeyModifiers::ALT) {
                out.push(0x1b);
            }
            match control(c).filter(|_| has(KeyModifiers::CONTROL)) {
                Some(byte) => out.push(byte),
                None => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            return out;
        }
        KeyCode::Enter => "\r".to_owned(),
        KeyCode::Tab => "\t".to_owned(),
        KeyCode::BackTab => "\x1b[Z".to_owned(),
        KeyCode::Backspace => "\x7f".to_owned(),
        KeyCode::Esc => "\x1b".to_owned(),
        KeyCode::Up => cursor('A'),
        KeyCode::Down => cursor('B'),
        KeyCode::Right => cursor('C'),
        KeyCode::Left => cursor('D'),
        KeyCode::Home => cursor('H'),
        KeyCode::End => cursor('F'),
        KeyCode::Insert => tilde(2),
        KeyCode::Delete => tilde(3),
        KeyCode::PageUp => tilde(5),
        KeyCode::PageDown => tilde(6),
        KeyCode::F(number @ 1..=4) => format!("\x1bO{}", char::from(b'P' + number - 1)),
        KeyCode::F(number @ 5..=12) => tilde([15, 17, 18, 19, 20, 21, 23, 24][usize::from(number - 5)]),
        _ => return out,
    };
    out.extend_from_slice(sequence.as_bytes());
    out
}

/// The control character of a key, as crossterm reads them: 4 to 7 are those of `\ ] ^ _`.
fn control(c: char) -> Option<u8> {
    match c {
        'a'..='z' | 'A'..='Z' => Some(c as u8 & 0x1f),
        ' ' | '@' => Some(0),
        '4' | '\\' => Some(0x1c),
        '5' | ']' => Some(0x1d),
        '6' | '^' => Some(0x1e),
        '7' | '_' => Some(0x1f),
        '?' => Some(0x7f),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_out_as_a_terminal_sends_them() {
        let (none, ctrl, alt, shift) = (KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::SHIFT);
        for (code, modifiers, bytes) in [
            (KeyCode::Char('a'), none, "a"),
            (KeyCode::Char('é'), none, "é"),
            (KeyCode::Char('A'), shift, "A"),
            (KeyCode::Char('c'), ctrl, "\x03"),
            (KeyCode::Char('d'), ctrl, "\x04"),
            (KeyCode::Char('7'), ctrl, "\x1f"),
            (KeyCode::Char('b'), alt, "\x1bb"),
            (KeyCode::Enter, none, "\r"),
            (KeyCode::Backspace, none, "\x7f"),
            (KeyCode::Up, none, "\x1b[A"),
            (KeyCode::Left, ctrl, "\x1b[1;5D"),
            (KeyCode::Delete, none, "\x1b[3~"),
            (KeyCode::F(1), none, "\x1bOP"),
            (KeyCode::F(12), none, "\x1b[24~"),
        ] {
            assert_eq!(typed(&KeyEvent::new(code, modifiers)), bytes.as_bytes(), "{code:?} {modifiers:?}");
        }
        assert!(is_way_out(&KeyEvent::new(KeyCode::Char('5'), ctrl)) && !is_way_out(&KeyEvent::new(KeyCode::Char('5'), none)));
    }
}
