//! Reading a body within its bound: wire bytes are counted as they come, decompressed bytes are what the bound is on.
//! Not for: bodies that never end (see `stream`).

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::write::MultiGzDecoder;
use reqwest::header::CONTENT_ENCODING;

use crate::domain::{Failure, FailureKind};

use super::failure::{self, Redactor};

/// The whole decompressed body. Fails with `TooLarge` as soon as it passes `max`, whatever its headers say.
pub(super) async fn read(
    mut response: reqwest::Response,
    max: u64,
    spent: &AtomicU64,
    redactor: &Redactor,
    doing: &str,
) -> Result<Vec<u8>, Failure> {
    let mut sink = Sink::new(&response, max, doing)?;
    loop {
        let chunk = response.chunk().await.map_err(|e| failure::cut(&e, redactor, doing))?;
        let Some(chunk) = chunk else { break };
        spent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        sink.take(&chunk).map_err(|e| unreadable(&e, max, doing))?;
    }
    sink.finish().map_err(|e| unreadable(&e, max, doing))
}

enum Sink {
    Plain(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

impl Sink {
    fn new(response: &reqwest::Response, max: u64, doing: &str) -> Result<Self, Failure> {
        let bounded = Bounded { body: Vec::new(), max };
        match response.headers().get(CONTENT_ENCODING).map(|v| v.to_str().unwrap_or("unreadable").trim().to_ascii_lowercase()) {
            None => Ok(Self::Plain(bounded)),
            Some(name) if name.is_empty() || name == "identity" => Ok(Self::Plain(bounded)),
            Some(name) if name == "gzip" || name == "x-gzip" => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(bounded)))),
            Some(name) => {
                Err(Failure::new(FailureKind::BadShape, doing, format!("answered in the encoding `{name}`, which was not asked for")))
            }
        }
    }

    fn take(&mut self, chunk: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(bounded) => bounded.write_all(chunk),
            Self::Gzip(decoder) => decoder.write_all(chunk),
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain(bounded) => Ok(bounded.body),
            Self::Gzip(decoder) => Ok(decoder.finish()?.body),
        }
    }
}

struct Bounded {
    body: Vec<u8>,
    max: u64,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (self.body.len() + bytes.len()) as u64 > self.max {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.body.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unreadable(error: &io::Error, max: u64, doing: &str) -> Failure {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return Failure::new(FailureKind::TooLarge, doing, format!("the answer is larger than {max} bytes"))
            .hint("ask for less, or raise `max_body_bytes` of the source");
    }
    Failure::new(FailureKind::BadShape, doing, format!("the gzip body is damaged: {error}"))
}
