//! Bodies read as they arrive: followed logs and event streams.
//! Not for: answers that end soon (see `body`).

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{self, Stream};

use crate::domain::{Failure, FailureKind};

use super::failure::{self, Redactor};

/// Pieces of a body in order; ends with the body or after the first failure. Dropping it closes the connection.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Vec<u8>, Failure>> + Send>>;

/// How much of a body is read, and how long silence is borne. Absent: without limit, for what is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamLimits {
    /// Longest wait for the next piece.
    pub idle: Option<Duration>,
    /// Bytes in all.
    pub bytes: Option<u64>,
}

struct Reader {
    response: reqwest::Response,
    limits: StreamLimits,
    read: u64,
    spent: Arc<AtomicU64>,
    redactor: Redactor,
    doing: String,
}

pub(super) fn open(
    response: reqwest::Response,
    limits: StreamLimits,
    spent: Arc<AtomicU64>,
    redactor: Redactor,
    doing: String,
) -> ByteStream {
    let reader = Reader { response, limits, read: 0, spent, redactor, doing };
    Box::pin(stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        match reader.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(reader))),
            Ok(None) => None,
            Err(failure) => Some((Err(failure), None)),
        }
    }))
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let waiting = self.response.chunk();
        let piece = match self.limits.idle {
            Some(idle) => tokio::time::timeout(idle, waiting).await.map_err(|_| {
                Failure::new(FailureKind::Timeout, self.doing.as_str(), format!("nothing came for {} s", idle.as_secs_f64()))
            })?,
            None => waiting.await,
        };
        let piece = piece.map_err(|e| failure::cut(&e, &self.redactor, &self.doing))?;
        let Some(piece) = piece else { return Ok(None) };
        self.spent.fetch_add(piece.len() as u64, Ordering::Relaxed);
        self.read += piece.len() as u64;
        match self.limits.bytes {
            Some(max) if self.read > max => {
                Err(Failure::new(FailureKind::TooLarge, self.doing.as_str(), format!("the answer is larger than {max} bytes")))
            }
            _ => Ok(Some(piece.to_vec())),
        }
    }
}
