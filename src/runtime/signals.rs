//! Signals that end or wake the program, as things the loop can wait for.
//! Not for: a change of size (crossterm tells), giving the terminal back (see `runtime::terminal`).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// End; the signal's number.
    End(i32),
    /// We were stopped and run again; the shell has changed the terminal's modes meanwhile.
    Continued,
}

/// The number of the signal that asked us to end, or zero. The watchdog reads it: a loop that hangs in a write to a stalled
/// terminal cannot.
#[derive(Debug, Clone, Default)]
pub struct Doom(Arc<AtomicI32>);

impl Doom {
    /// Which signal, if any.
    pub fn signal(&self) -> Option<i32> {
        Some(self.0.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }
}

/// Signals as they come.
#[derive(Debug)]
pub struct Signals {
    heard: mpsc::Receiver<Heard>,
    doom: Doom,
    /// Kept so that `heard` stays open when there is nothing to hear.
    _open: Option<mpsc::Sender<Heard>>,
}

/// Signals whose default is to end a program and which a terminal, a shell or an operator sends.
const ENDINGS: [Signal; 4] = [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT];

impl Signals {
    /// Takes TERM, HUP, INT, QUIT and CONT over from their defaults, on the current tokio runtime.
    pub fn listen() -> io::Result<Self> {
        let (tell, heard) = mpsc::channel(8);
        let doom = Doom::default();
        for ending in ENDINGS {
            let number = ending.as_raw();
            let mut stream = signal(SignalKind::from_raw(number))?;
            let (tell, doom) = (tell.clone(), doom.clone());
            tokio::spawn(async move {
                while stream.recv().await.is_some() {
                    doom.0.store(number, Ordering::SeqCst);
                    let _ = tell.try_send(Heard::End(number)); // if eight wait already, one more changes nothing
                }
            });
        }
        let mut stream = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                let _ = tell.try_send(Heard::Continued);
            }
        });
        Ok(Self { heard, doom, _open: None })
    }

    /// Hears nothing: for tests that share a process.
    pub fn none() -> Self {
        let (open, heard) = mpsc::channel(1);
        Self { heard, doom: Doom::default(), _open: Some(open) }
    }

    /// For the watchdog.
    pub fn doom(&self) -> Doom {
        self.doom.clone()
    }

    /// The next one.
    pub async fn next(&mut self) -> Heard {
        match self.heard.recv().await {
            Some(heard) => heard,
            None => std::future::pending().await,
        }
    }
}

/// Stops the foreground job as ctrl-z does in a cooked terminal, and returns when it runs again. With nobody to resume it (an
/// orphaned group, as under `ssh -t host triops`) the system ignores the signal, and this returns after a moment.
pub async fn stop(signals: &mut Signals) -> Option<Heard> {
    let _ = rustix::process::kill_current_process_group(Signal::TSTP);
    tokio::time::timeout(std::time::Duration::from_millis(500), signals.next()).await.ok()
}
