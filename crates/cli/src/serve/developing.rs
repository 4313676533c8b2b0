//! A server whose apps are built anew while it serves them.

use std::sync::Arc;
use std::thread;

use holm_engine::{Error, Result};
use holm_serve::deployed::Reload as _;
use tokio::runtime::Handle;

use super::reload::Reloading;
use super::wrong::Wrong;
use crate::args::Serve;
use crate::dev::page::Page;
use crate::output;

/// What is done beside serving.
pub(super) struct Developing {
    /// What is wrong to begin with, for the page.
    wrong: Option<String>,
    /// Runs on a thread of its own for as long as it likes.
    beside: Box<dyn FnOnce(Driver) + Send>,
}

/// What whoever builds can do to the server.
pub(crate) struct Driver {
    reloading: Arc<Reloading>,
    runtime: Handle,
}

/// Serves what `args` name, and has `beside` run meanwhile. With something `wrong`, that is what is answered at first.
///
/// # Errors
/// As [`super::serve`], but for what is wrong with apps: that is told as a page.
pub(crate) fn serve_while(
    args: Serve,
    wrong: Option<String>,
    beside: impl FnOnce(Driver) + Send + 'static,
) -> Result<i32> {
    super::start(args, Some(Developing { wrong, beside: Box::new(beside) }))
}

impl Developing {
    /// Apps that cannot be served do not keep the server from starting.
    pub(super) async fn begin(&self, reloading: &Reloading, wrong: Wrong) {
        let unbuilt = self.wrong.clone();
        if let Some(wrong) = unbuilt.or_else(|| (!wrong.is_nothing()).then(|| told(&wrong.reasons()))) {
            reloading.answer_with(Arc::new(Page::new(&wrong))).await;
        }
    }

    pub(super) fn go_on(self, reloading: Arc<Reloading>) -> Result<()> {
        let driver = Driver { reloading, runtime: Handle::current() };
        let beside = self.beside;
        let started = thread::Builder::new().name("dev".to_owned()).spawn(move || beside(driver));
        started.map(drop).map_err(|error| Error::io("start a thread", &error))
    }
}

impl Driver {
    /// Serves what the files are now; where they cannot be served, says so as a page.
    pub(crate) fn swap(&self) {
        let reloading = Arc::clone(&self.reloading);
        self.runtime.block_on(async move {
            if let Err(reasons) = reloading.reload().await {
                reloading.answer_with(Arc::new(Page::new(&told(&reasons)))).await;
            }
        });
    }

    /// Answers every request with this until the next [`Driver::swap`].
    pub(crate) fn answer_with(&self, said: &str) {
        self.runtime.block_on(self.reloading.answer_with(Arc::new(Page::new(said))));
    }
}

/// Also on the terminal, where whoever asked for it looks.
fn told(reasons: &[String]) -> String {
    let reasons = reasons.join("\n");
    output::warn(&reasons);
    format!("error: {reasons}")
}
