//! A source that tells something else about itself than the one inside: that it was found, that it is asked less often.
//! Not for: changing what it brings.

use std::sync::Arc;

use crate::domain::{Answer, Ask, Batch, Cost, LogPart, LogRequest, PollId, SourceInfo, Timestamp};

use super::{Flow, Pending, Probe, Source};

/// The same source with another description of itself.
pub fn recast(source: Arc<dyn Source>, change: impl FnOnce(&mut SourceInfo)) -> Arc<dyn Source> {
    let mut info = SourceInfo::clone(source.info());
    change(&mut info);
    Arc::new(Recast { source, info: Arc::new(info) })
}

struct Recast {
    source: Arc<dyn Source>,
    info: Arc<SourceInfo>,
}

impl Source for Recast {
    fn info(&self) -> &Arc<SourceInfo> {
        &self.info
    }

    fn poll<'a>(&'a self, poll: &'a PollId, now: Timestamp) -> Pending<'a, Batch> {
        self.source.poll(poll, now)
    }

    fn events(&self) -> Option<Flow<Batch>> {
        self.source.events()
    }

    fn ask<'a>(&'a self, ask: &'a Ask) -> Pending<'a, Answer> {
        self.source.ask(ask)
    }

    fn logs(&self, request: LogRequest) -> Flow<LogPart> {
        self.source.logs(request)
    }

    fn probe(&self) -> Pending<'_, Probe> {
        self.source.probe()
    }

    fn spent(&self) -> Cost {
        self.source.spent()
    }
}
