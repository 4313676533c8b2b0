//! A guest's code: loaded when first asked for, replaced when there is better, dropped when nobody asks any more.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use holm_abi::{Error, Kind, Result};
use holm_admin::AppName;
use holm_manifest::{Guest, Template};
use tokio::sync::{Mutex, Semaphore};

use crate::load::{Common, Load, Loaded};

/// How long a guest that could not be loaded is not tried again.
const FORGIVEN: Duration = Duration::from_secs(5);

/// Better code is made for one guest at a time, whoever serves it: the machine is the same.
static IMPROVING: Semaphore = Semaphore::const_new(1);

/// A place for a guest's code.
pub(crate) struct Code {
    app: AppName,
    common: Arc<Common>,
    guest: Guest,
    load: Arc<dyn Load>,
    loaded: Arc<ArcSwapOption<Loaded>>,
    /// Held while loading, so that requests which come meanwhile wait for one load; remembers the last failure.
    loading: Mutex<Option<(Instant, Arc<Error>)>>,
    start: Instant,
    /// When it was last asked for, in milliseconds after `start`.
    used: AtomicU64,
}

impl Code {
    pub(crate) fn new(app: AppName, common: Arc<Common>, guest: Guest, load: Arc<dyn Load>) -> Self {
        Self {
            app,
            common,
            guest,
            load,
            loaded: Arc::default(),
            loading: Mutex::new(None),
            start: Instant::now(),
            used: AtomicU64::new(0),
        }
    }

    /// The code, and how long it took to load it if it was not there.
    ///
    /// # Errors
    /// Those of [`Load::load`], remembered for a while.
    pub(crate) async fn get(&self) -> Result<(Arc<Loaded>, Option<Duration>), Arc<Error>> {
        self.used.store(self.now(), Relaxed);
        if let Some(loaded) = self.loaded.load_full() {
            return Ok((loaded, None));
        }
        let mut failed = self.loading.lock().await;
        if let Some(loaded) = self.loaded.load_full() {
            return Ok((loaded, None));
        }
        if let Some((at, error)) = &*failed
            && at.elapsed() < FORGIVEN
        {
            return Err(Arc::clone(error));
        }
        let start = Instant::now();
        match self.load_now().await {
            Ok(loaded) => {
                *failed = None;
                let loaded = Arc::new(loaded);
                self.loaded.store(Some(Arc::clone(&loaded)));
                if loaded.improvable {
                    self.improve_later(&loaded);
                }
                Ok((loaded, Some(start.elapsed())))
            }
            Err(error) => {
                let error = Arc::new(error);
                *failed = Some((Instant::now(), Arc::clone(&error)));
                Err(error)
            }
        }
    }

    async fn load_now(&self) -> Result<Loaded> {
        let (load, app, guest) = (Arc::clone(&self.load), self.app.clone(), self.guest.clone());
        let common = Arc::clone(&self.common);
        let loading = tokio::task::spawn_blocking(move || load.load(&app, &common, &guest));
        loading.await.unwrap_or_else(|_| Err(Error::new(Kind::Internal, "loading broke off")))
    }

    /// What texts of the guest with variables in them are at this moment.
    ///
    /// # Errors
    /// Those of [`Load::evaluate`].
    pub(crate) async fn evaluate(&self, texts: Vec<Template>) -> Result<Vec<String>> {
        let (load, app, common) = (Arc::clone(&self.load), self.app.clone(), Arc::clone(&self.common));
        let evaluating = tokio::task::spawn_blocking(move || load.evaluate(&app, &common, &texts));
        evaluating.await.unwrap_or_else(|_| Err(Error::new(Kind::Internal, "evaluating broke off")))
    }

    fn improve_later(&self, loaded: &Arc<Loaded>) {
        let improving = Improving {
            app: self.app.clone(),
            common: Arc::clone(&self.common),
            guest: self.guest.clone(),
            load: Arc::clone(&self.load),
            place: Arc::clone(&self.loaded),
            loaded: Arc::downgrade(loaded),
        };
        tokio::spawn(improving.run());
    }

    /// Bytes of code that are loaded.
    pub(crate) fn size(&self) -> u64 {
        self.loaded.load().as_ref().map_or(0, |loaded| loaded.code)
    }

    /// Whether it is loaded.
    pub(crate) fn is_loaded(&self) -> bool {
        self.loaded.load().is_some()
    }

    /// How long nobody has asked for it.
    pub(crate) fn idle(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.used.load(Relaxed)))
    }

    /// Lets go of it. Requests under way keep it until they end.
    pub(crate) fn unload(&self) {
        self.loaded.store(None);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Code that waits to be replaced with better.
struct Improving {
    app: AppName,
    common: Arc<Common>,
    guest: Guest,
    load: Arc<dyn Load>,
    place: Arc<ArcSwapOption<Loaded>>,
    loaded: Weak<Loaded>,
}

impl Improving {
    async fn run(self) {
        let Ok(_turn) = IMPROVING.acquire().await else { return };
        // It may have been dropped by now, and its app as well.
        if self.loaded.strong_count() == 0 {
            return;
        }
        let (load, app, common, guest) = (self.load, self.app, self.common, self.guest);
        let better = tokio::task::spawn_blocking(move || load.improve(&app, &common, &guest)).await;
        if let (Ok(Ok(better)), loaded @ Some(_)) = (better, self.loaded.upgrade()) {
            // Only in the place of what it is better than.
            self.place.compare_and_swap(&loaded, Some(Arc::new(better)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as Guarded;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use async_trait::async_trait;
    use holm_abi::{Body, Exchange, HttpHandler};
    use http::{Request, Response};

    use super::*;

    struct Nobody;

    #[async_trait]
    impl HttpHandler for Nobody {
        async fn handle(&self, _: Request<Body>, _: Exchange) -> Result<Response<Body>> {
            Err(Error::new(Kind::NoResponse, "nobody"))
        }
    }

    /// Loads one byte of code at once, and two once it is told to.
    struct Slowly {
        go_on: Guarded<Receiver<()>>,
        started: Sender<()>,
    }

    fn loaded(code: u64) -> Loaded {
        Loaded { handler: Arc::new(Nobody), events: Vec::new(), code, improvable: code == 1 }
    }

    impl Load for Slowly {
        fn load(&self, _: &AppName, _: &Common, _: &Guest) -> Result<Loaded> {
            Ok(loaded(1))
        }

        fn improve(&self, _: &AppName, _: &Common, _: &Guest) -> Result<Loaded> {
            self.started.send(()).unwrap();
            let told = self.go_on.lock().unwrap().recv();
            told.map(|()| loaded(2)).map_err(|_| Error::new(Kind::TooCostly, "no better code"))
        }
    }

    fn slowly() -> (Code, Sender<()>, Receiver<()>) {
        let ((tell, go_on), (started, begun)) = (channel(), channel());
        let load = Arc::new(Slowly { go_on: Guarded::new(go_on), started });
        (Code::new("app".parse().unwrap(), Arc::default(), Guest::default(), load), tell, begun)
    }

    async fn heard(begun: Receiver<()>) {
        tokio::task::spawn_blocking(move || begun.recv().unwrap()).await.unwrap();
    }

    /// Waits for what was begun to end.
    async fn idle() {
        drop(IMPROVING.acquire().await.unwrap());
    }

    #[tokio::test]
    async fn better_code_takes_the_place_of_the_first() {
        let (code, tell, begun) = slowly();
        let (first, _) = code.get().await.unwrap();
        heard(begun).await;
        assert_eq!(code.get().await.unwrap().0.code, 1, "nobody waits for better");
        tell.send(()).unwrap();
        idle().await;
        assert_eq!(code.get().await.unwrap().0.code, 2);
        assert_eq!(first.code, 1, "whoever has the first keeps it");
    }

    #[tokio::test]
    async fn better_code_does_not_bring_back_what_was_dropped() {
        let (code, tell, begun) = slowly();
        let (first, _) = code.get().await.unwrap();
        heard(begun).await;
        code.unload();
        tell.send(()).unwrap();
        idle().await;
        assert!(!code.is_loaded());
        drop(first);
    }

    #[tokio::test]
    async fn where_there_is_no_better_code_the_first_stays() {
        let (code, tell, begun) = slowly();
        code.get().await.unwrap();
        heard(begun).await;
        drop(tell);
        idle().await;
        assert_eq!(code.size(), 1);
    }
}
