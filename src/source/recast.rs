//! A source that tells something else about itself than the one inside: that it was found, that it is asked less often.
//! Not for: changing what it brings.

use std::sync::Arc;

use crate::domain::{
    Answer, Ask, Batch, Cost, Entity, Field, LogPart, LogRequest, Offer, Order, PollId, SourceInfo, Step, Text, Timestamp,
};

use super::{Deed, Flow, Pending, Probe, ShellStream, Source};

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

    fn offers<'a>(&'a self, entity: &'a Entity) -> Pending<'a, Vec<Offer>> {
        self.source.offers(entity)
    }

    fn step_offers<'a>(&'a self, run: &'a Entity, step: &'a Step) -> Pending<'a, Vec<Offer>> {
        self.source.step_offers(run, step)
    }

    fn form<'a>(&'a self, order: &'a Order) -> Pending<'a, Vec<Field>> {
        self.source.form(order)
    }

    fn prepare<'a>(&'a self, order: &'a Order) -> Pending<'a, Deed<'a>> {
        self.source.prepare(order)
    }

    fn rehearse<'a>(&'a self, order: &'a Order) -> Pending<'a, Vec<Text>> {
        self.source.rehearse(order)
    }

    fn shell<'a>(&'a self, order: &'a Order, size: (u16, u16)) -> Pending<'a, ShellStream> {
        self.source.shell(order, size)
    }

    fn probe(&self) -> Pending<'_, Probe> {
        self.source.probe()
    }

    fn spent(&self) -> Cost {
        self.source.spent()
    }
}
