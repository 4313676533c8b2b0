//! One server or schedule that is listened to, in a task of its own.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::dispatch::Dispatch;
use super::source::Key;
use super::{Wanted, cron, mqtt, redis};
use crate::apps::Site;
use crate::observe::Observer;

/// A task that listens. It takes nothing more up when this is dropped, and ends when what is under way is over.
pub(super) struct Running {
    wanted: watch::Sender<Wanted>,
    ready: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

/// What a task needs of the server.
pub(super) struct Around {
    site: Arc<Site>,
    observer: Arc<Observer>,
    stop: watch::Receiver<bool>,
}

/// What is wanted of a task that listens.
pub(super) struct Wants {
    pub(super) wanted: watch::Receiver<Wanted>,
    stop: watch::Receiver<bool>,
    ready: watch::Sender<bool>,
    observer: Arc<Observer>,
    /// The server, in messages.
    server: String,
    /// It was said that the server does not work.
    lost: bool,
}

impl Around {
    pub(super) fn new(site: &Arc<Site>, observer: &Arc<Observer>, stop: &watch::Sender<bool>) -> Self {
        Self { site: Arc::clone(site), observer: Arc::clone(observer), stop: stop.subscribe() }
    }
}

impl Running {
    pub(super) fn begin(key: &Key, wanted: Wanted, around: Around) -> Self {
        let (wanted, receiver) = watch::channel(wanted);
        let (sender, ready) = watch::channel(false);
        let dispatch = Dispatch::new(around.site, Arc::clone(&around.observer));
        let server = match key {
            Key::Redis { address, .. } => address.to_string(),
            Key::Mqtt { it, .. } => format!("{} (topic {})", it.address, it.topic),
            Key::Cron { schedule, .. } => schedule.text().to_owned(),
        };
        let wants = Wants {
            wanted: receiver,
            stop: around.stop,
            ready: sender,
            observer: around.observer,
            server,
            lost: false,
        };
        let task = match key.clone() {
            Key::Redis { address, public, .. } => tokio::spawn(redis::listen(address, public, wants, dispatch)),
            Key::Mqtt { it, public } => tokio::spawn(mqtt::listen(it, public, wants, dispatch)),
            Key::Cron { schedule, .. } => tokio::spawn(cron::wait(schedule, wants, dispatch)),
        };
        Self { wanted, ready, task }
    }

    /// From now on this is wanted.
    pub(super) fn want(&self, wanted: Wanted) {
        self.wanted.send_if_modified(|before| {
            let other = *before != wanted;
            *before = wanted;
            other
        });
    }

    /// Whether it listens by now.
    pub(super) fn ready(&self) -> watch::Receiver<bool> {
        self.ready.clone()
    }

    /// Has it take nothing more up. Who waits for the task waits for what is under way.
    pub(super) fn leave(self) -> JoinHandle<()> {
        self.task
    }
}

impl Wants {
    /// Completes when nothing more is to be taken up.
    pub(super) async fn ended(&mut self) {
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => {}
            () = async { while self.wanted.changed().await.is_ok() {} } => {}
        }
    }

    /// Completes when something else is wanted: `false` when nothing more is to be taken up.
    pub(super) async fn changed(&mut self) -> bool {
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => false,
            changed = self.wanted.changed() => changed.is_ok(),
        }
    }

    /// It has begun.
    pub(super) fn begun(&self) {
        self.ready.send_replace(true);
    }

    /// It listens. Says so if that was in doubt.
    pub(super) fn reached(&mut self) {
        self.ready.send_replace(true);
        match std::mem::take(&mut self.lost) {
            true => self.observer.note(&format!("{} is back, and listened to", self.server)),
            false => self.observer.note(&format!("{} is listened to", self.server)),
        }
    }

    /// It does not, or not any more. Says so once, until it does again.
    pub(super) fn lost(&mut self, why: &str) {
        self.ready.send_replace(true);
        if !std::mem::replace(&mut self.lost, true) {
            self.warn(&format!(
                "cannot be listened to: {why}; it is tried again until it can, and messages until then may be lost"
            ));
        }
    }

    pub(super) fn warn(&self, text: &str) {
        self.observer.warn(&format!("{} {text}", self.server));
    }
}
