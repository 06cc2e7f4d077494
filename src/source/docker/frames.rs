//! From the bytes of a container's log to lines: 8-byte frames or a raw terminal, cut anywhere, into whole lines with time and stream.
//! Not for: asking for the log (see `logs`).
//!
//! A frame is `[stream, 0, 0, 0, length as u32 big-endian]` and its payload (moby `pkg/stdcopy`). The engine puts the time before
//! each message, and splits a line longer than 16 KiB into several messages, so a frame in the midst of a line has a time again.

use crate::domain::text::MAX_BYTES;
use crate::domain::{LogLine, LogStream, Text, Timestamp};

const HEADER: usize = 8;
/// `2026-11-27T12:04:08.606196474+01:00`, and one more.
const LONGEST_TIME: usize = 36;

/// Collects bytes and gives lines.
#[derive(Debug)]
pub struct Splitter {
    framed: bool,
    header: Vec<u8>,
    /// Bytes of the present frame still to come.
    left: usize,
    stream: LogStream,
    /// One unfinished line per stream; frames of both mix.
    out: Partial,
    err: Partial,
    system: Partial,
    ready: Vec<LogLine>,
}

/// Bytes that are no log, at which reading stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("byte {0} begins no log frame")]
pub struct NotAFrame(pub u8);

/// A line whose end has not come yet.
#[derive(Debug, Default)]
struct Partial {
    bytes: Vec<u8>,
    started: bool,
    /// Bytes at the beginning of a frame that continues a line: a time, until it proves not to be one.
    repeated: Option<Vec<u8>>,
}

impl Splitter {
    /// `tty`: the container has a terminal, whose log is not framed.
    pub fn new(tty: bool) -> Self {
        let header = Vec::with_capacity(HEADER);
        let (out, err, system) = (Partial::default(), Partial::default(), Partial::default());
        Self { framed: !tty, header, left: 0, stream: LogStream::Out, out, err, system, ready: Vec::new() }
    }

    /// Takes more bytes, however they were cut.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), NotAFrame> {
        if !self.framed {
            self.payload(bytes);
            return Ok(());
        }
        while !bytes.is_empty() {
            if self.left == 0 {
                let (head, rest) = bytes.split_at(bytes.len().min(HEADER - self.header.len()));
                self.header.extend_from_slice(head);
                bytes = rest;
                if self.header.len() == HEADER {
                    self.begin_frame()?;
                }
            } else {
                let (head, rest) = bytes.split_at(bytes.len().min(self.left));
                self.payload(head);
                self.left -= head.len();
                bytes = rest;
            }
        }
        Ok(())
    }

    /// The whole lines so far, in order.
    pub fn take(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.ready)
    }

    /// The log is over: what has no line end is a line too.
    pub fn finish(mut self) -> Vec<LogLine> {
        for stream in [LogStream::Out, LogStream::Err, LogStream::System] {
            if self.partial(stream).started {
                self.end_line(stream);
            }
        }
        self.ready
    }

    fn begin_frame(&mut self) -> Result<(), NotAFrame> {
        self.stream = match self.header.as_slice() {
            // 0 is stdin, which a log can hold but no program wrote
            [0 | 1, 0, 0, 0, ..] => LogStream::Out,
            [2, 0, 0, 0, ..] => LogStream::Err,
            [3, 0, 0, 0, ..] => LogStream::System,
            header => return Err(NotAFrame(header.first().copied().unwrap_or_default())),
        };
        self.left = match self.header[..] {
            [.., a, b, c, d] => u32::from_be_bytes([a, b, c, d]) as usize,
            _ => 0,
        };
        self.header.clear();
        let empty = self.left == 0;
        let partial = self.partial(self.stream);
        if partial.started && !empty {
            partial.settle();
            partial.repeated = Some(Vec::with_capacity(LONGEST_TIME));
        }
        Ok(())
    }

    fn payload(&mut self, mut bytes: &[u8]) {
        let stream = self.stream;
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.partial(stream).extend(&bytes[..end]);
            self.end_line(stream);
            bytes = &bytes[end + 1..];
        }
        if !bytes.is_empty() {
            self.partial(stream).extend(bytes);
        }
    }

    fn end_line(&mut self, stream: LogStream) {
        let line = std::mem::take(self.partial(stream)).line(stream);
        self.ready.push(line);
    }

    fn partial(&mut self, stream: LogStream) -> &mut Partial {
        match stream {
            LogStream::Out => &mut self.out,
            LogStream::Err => &mut self.err,
            LogStream::System => &mut self.system,
        }
    }
}

impl Partial {
    fn extend(&mut self, bytes: &[u8]) {
        self.started = true;
        match &mut self.repeated {
            None => self.keep(bytes),
            Some(head) => {
                head.extend_from_slice(bytes);
                if head.len() >= LONGEST_TIME {
                    self.settle();
                }
            }
        }
    }

    /// Drops a repeated time, keeps all else.
    fn settle(&mut self) {
        if let Some(head) = self.repeated.take() {
            let time = time_length(&head).unwrap_or(0);
            self.keep(&head[time..]);
        }
    }

    /// A line without end costs no more than one that is kept.
    fn keep(&mut self, bytes: &[u8]) {
        let room = (MAX_BYTES + LONGEST_TIME + 1).saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn line(mut self, stream: LogStream) -> LogLine {
        self.settle();
        let time = time_length(&self.bytes);
        let (prefix, text) = self.bytes.split_at(time.unwrap_or(0));
        let at = std::str::from_utf8(prefix).ok().and_then(Timestamp::parse);
        LogLine { at, stream, level: None, text: Text::from(String::from_utf8_lossy(text)) }
    }
}

/// Length of the time and the blank behind it that the line begins with.
fn time_length(bytes: &[u8]) -> Option<usize> {
    let blank = memchr::memchr(b' ', &bytes[..bytes.len().min(LONGEST_TIME)])?;
    // a cheap look before the real parser: a year and two letters
    let looks = blank >= 20 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' && bytes[10] == b'T';
    (looks && Timestamp::parse(std::str::from_utf8(&bytes[..blank]).ok()?).is_some()).then_some(blank + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(stream: u8, payload: &str) -> Vec<u8> {
        let mut bytes = vec![stream, 0, 0, 0];
        bytes.extend((payload.len() as u32).to_be_bytes());
        bytes.extend(payload.as_bytes());
        bytes
    }

    fn split<'a>(tty: bool, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<LogLine> {
        let mut splitter = Splitter::new(tty);
        let mut lines = Vec::new();
        for piece in pieces {
            splitter.push(piece).unwrap();
            lines.extend(splitter.take());
        }
        lines.extend(splitter.finish());
        lines
    }

    fn words(lines: &[LogLine]) -> Vec<(Option<String>, LogStream, &str)> {
        lines.iter().map(|line| (line.at.map(|at| at.to_string()), line.stream, line.text.as_str())).collect()
    }

    const AT: &str = "2026-11-27T12:04:08.606196474Z";

    #[test]
    fn frames_become_lines_with_time_and_stream() {
        let bytes = [
            frame(1, &format!("{AT} hello\n")),
            frame(2, &format!("{AT} oops\r\n")),
            frame(1, "2026-11-27T12:04:06Z podman has whole seconds\n"),
            frame(1, "no time here\n"),
            frame(1, &format!("{AT} \n")),
            frame(3, "error from daemon: broken log\n"),
            frame(1, &format!("{AT} never ended")),
        ]
        .concat();
        let at = Some("2026-11-27T12:04:08.606Z".to_owned());
        assert_eq!(
            words(&split(false, [bytes.as_slice()])),
            [
                (at.clone(), LogStream::Out, "hello"),
                (at.clone(), LogStream::Err, "oops"),
                (Some("2026-11-27T12:04:06.000Z".to_owned()), LogStream::Out, "podman has whole seconds"),
                (None, LogStream::Out, "no time here"),
                (at.clone(), LogStream::Out, ""),
                (None, LogStream::System, "error from daemon: broken log"),
                (at, LogStream::Out, "never ended"),
            ]
        );
    }

    #[test]
    fn a_line_over_several_frames_is_one_line_even_with_the_other_stream_in_between_and_times_repeated() {
        let bytes = [
            frame(1, &format!("{AT} first ")),
            frame(2, &format!("{AT} other\n")),
            frame(1, &format!("{AT} second ")),
            frame(1, "third\n"),
        ]
        .concat();
        let lines = split(false, [bytes.as_slice()]);
        assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["other", "first second third"]);
    }

    #[test]
    fn a_terminals_log_is_raw() {
        let bytes = format!("{AT} \u{1b}[32mgreen\u{1b}[0m\r\n{AT} \u{1}prompt$ ");
        let lines = split(true, [bytes.as_bytes()]);
        assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["green", "prompt$ "]);
        assert!(lines.iter().all(|line| line.at.is_some()));
    }

    #[test]
    fn a_line_without_end_is_bounded_and_says_so() {
        let mut splitter = Splitter::new(true);
        for _ in 0..100 {
            splitter.push(&[b'x'; 10_000]).unwrap();
        }
        assert!(splitter.out.bytes.len() <= MAX_BYTES + LONGEST_TIME + 1);
        let lines = splitter.finish();
        assert!(lines[0].text.ends_with('…'));
    }

    #[test]
    fn a_frame_that_announces_four_gigabytes_reserves_nothing_and_what_is_no_frame_is_refused() {
        let mut splitter = Splitter::new(false);
        splitter.push(&[1, 0, 0, 0, 255, 255, 255, 255, b'a', b'\n']).unwrap();
        assert_eq!(splitter.take()[0].text, "a");
        assert_eq!(Splitter::new(false).push(b"<html><body>"), Err(NotAFrame(b'<')));
        assert_eq!(Splitter::new(false).push(&[9, 0, 0, 0, 0, 0, 0, 1, b'a']), Err(NotAFrame(9)));
    }

    proptest! {
        #[test]
        fn any_cutting_of_the_bytes_gives_the_same_lines(
            messages in prop::collection::vec((1..=3_u8, any::<bool>(), "[a-zA-Z0-9 é\\n-]{0,60}"), 0..12),
            cuts in prop::collection::vec(0..400_usize, 0..20),
            tty in any::<bool>(),
        ) {
            let text = |timed: bool, payload: &str| if timed { format!("{AT} {payload}") } else { payload.to_owned() };
            let bytes: Vec<u8> = messages.iter().flat_map(|(stream, timed, payload)| {
                let text = text(*timed, payload);
                if tty { text.into_bytes() } else { frame(*stream, &text) }
            }).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
            prop_assert_eq!(split(tty, pieces), split(tty, [bytes.as_slice()]));
        }
    }
}
