//! From what happened to guests that are told of it.

use std::sync::Arc;

use holm_abi::Event;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Target;
use crate::answer::{admit, tell};
use crate::apps::{App, Guest, Site};
use crate::observe::{Observer, Occasion};

/// Tells guests of events, as many at once as each of them works on.
pub(super) struct Dispatch {
    site: Arc<Site>,
    observer: Arc<Observer>,
    tasks: JoinSet<()>,
}

impl Dispatch {
    pub(super) fn new(site: Arc<Site>, observer: Arc<Observer>) -> Self {
        Self { site, observer, tasks: JoinSet::new() }
    }

    /// Waits until each of the guests may begin, and has it told. `after` is done when all are done with it.
    ///
    /// Whoever calls does not take up the next event meanwhile: what cannot be worked on stays where it is.
    pub(super) async fn event<F>(&mut self, targets: &[Target], occasion: &Occasion, event: &Event, after: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        while self.tasks.try_join_next().is_some() {}
        let (under_way, mut done) = mpsc::channel::<()>(1);
        for target in targets {
            let Some((app, guest)) = self.find(target) else { continue };
            let places = admit(&guest).await;
            let (observer, occasion, event) = (Arc::clone(&self.observer), occasion.clone(), event.clone());
            let under_way = under_way.clone();
            self.tasks.spawn(async move {
                tell(&observer, app, guest, (occasion, event), places).await;
                drop(under_way);
            });
        }
        drop(under_way);
        self.tasks.spawn(async move {
            // It ends with the last that is under way.
            while done.recv().await.is_some() {}
            after.await;
        });
    }

    /// Waits until nothing is under way.
    pub(super) async fn finish(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    fn find(&self, target: &Target) -> Option<(Arc<App>, Arc<Guest>)> {
        let app = self.site.app(&target.app)?;
        let guest = app.guests.iter().find(|guest| guest.spec.name == target.guest).cloned()?;
        Some((app, guest))
    }
}
