//! What crossterm reads from the terminal, as messages.
//! Not for: what a key means (see `app`).

use crossterm::event::{Event, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::domain::text::clean;
use crate::msg::{Key, KeyCode, Msg};

/// Rows that one notch of the wheel scrolls.
const NOTCH: i16 = 3;

/// The message of an event; `None` for what nobody waits for (releases, motion, focus) and for a new size, which the loop asks
/// the terminal for.
pub fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(event) => key(event).map(Msg::Pressed),
        Event::Paste(text) => Some(Msg::Pasted(clean(&text.replace('\r', "\n")).into_owned())),
        Event::Mouse(event) => mouse(event),
        Event::Resize(..) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release || event.modifiers.intersects(KeyModifiers::SUPER | KeyModifiers::HYPER) {
        return None;
    }
    let shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let code = match event.code {
        Code::Char(c) if shift && c.is_ascii_lowercase() => KeyCode::Char(c.to_ascii_uppercase()),
        Code::Char(c) => KeyCode::Char(c),
        Code::F(number) => KeyCode::F(number),
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab if shift => KeyCode::BackTab,
        Code::Tab => KeyCode::Tab,
        Code::BackTab => KeyCode::BackTab,
        Code::Backspace => KeyCode::Backspace,
        Code::Delete => KeyCode::Delete,
        Code::Insert => KeyCode::Insert,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        _ => return None,
    };
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::META);
    Some(Key { code, ctrl, alt })
}

fn mouse(event: MouseEvent) -> Option<Msg> {
    let MouseEvent { kind, column, row, .. } = event;
    match kind {
        MouseEventKind::ScrollDown => Some(Msg::Scrolled { down: NOTCH, column, row }),
        MouseEventKind::ScrollUp => Some(Msg::Scrolled { down: -NOTCH, column, row }),
        MouseEventKind::Down(MouseButton::Left) => Some(Msg::Clicked { column, row }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_press_becomes_the_key_that_the_keymap_writes() {
        use KeyModifiers as With;
        for (code, with, written) in [
            (Code::Char('q'), With::NONE, "q"),
            (Code::Char('G'), With::SHIFT, "G"),
            (Code::Char('g'), With::SHIFT, "G"),
            (Code::Char('?'), With::SHIFT, "?"),
            (Code::Char('d'), With::CONTROL, "ctrl-d"),
            (Code::Char('x'), With::ALT, "alt-x"),
            (Code::Char(' '), With::NONE, "space"),
            (Code::BackTab, With::SHIFT, "shift-tab"),
            (Code::Tab, With::SHIFT, "shift-tab"),
            (Code::F(5), With::NONE, "f5"),
            (Code::PageDown, With::NONE, "pagedown"),
        ] {
            let Some(Msg::Pressed(key)) = message(Event::Key(KeyEvent::new(code, with))) else { panic!("{written} is no message") };
            assert_eq!(key.to_string(), written);
        }
    }

    #[test]
    fn a_release_and_a_key_of_the_window_system_are_nothing() {
        let release = KeyEvent::new_with_kind(Code::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(message(Event::Key(release)), None);
        assert_eq!(message(Event::Key(KeyEvent::new(Code::Char('q'), KeyModifiers::SUPER))), None);
    }

    #[test]
    fn pasted_text_cannot_command_the_terminal() {
        assert_eq!(message(Event::Paste("a\r\u{1b}[31mb\u{7}".into())), Some(Msg::Pasted("a\nb".into())));
    }
}
