//! What the server needs of those who know ABIs.

use std::collections::BTreeMap;
use std::sync::Arc;

use holm_abi::{Error, Events, HttpHandler, Kind, Result};
use holm_admin::AppName;
use holm_manifest::{App as Manifest, Guest, Piece, Platform, Services, Template, Variable};

/// What the guests of an app have in common, as its manifest says.
#[derive(Debug, Default)]
pub struct Common {
    /// Where what they are lent is kept.
    pub services: Services,
    /// The variables that theirs are made of.
    pub variables: BTreeMap<String, Variable>,
    /// For which program the app was written.
    pub platform: Platform,
}

impl Common {
    /// That of this app, which has it no more.
    pub fn take(manifest: &mut Manifest) -> Self {
        let (services, variables) = (std::mem::take(&mut manifest.services), std::mem::take(&mut manifest.variables));
        Self { services, variables, platform: manifest.platform }
    }
}

/// Turns guests into what answers requests.
pub trait Load: Send + Sync + 'static {
    /// Compiles `guest` of the app called `app` if it must, and links it, with what it is lent where `common` says. Its file is
    /// there; its limits are the server's own where the app set none. Blocks, perhaps for seconds.
    ///
    /// # Errors
    /// Whatever stands in the way, for whoever deployed the app to act on.
    fn load(&self, app: &AppName, common: &Common, guest: &Guest) -> Result<Loaded>;

    /// Makes and links the better code of a guest whose [`Loaded::improvable`] is set. It is called for one guest at a
    /// time, and takes the place of what was loaded. Blocks, perhaps for minutes, and should leave the machine to
    /// others.
    ///
    /// # Errors
    /// As [`Load::load`]. What was loaded stays, and whoever implements this says so.
    fn improve(&self, app: &AppName, common: &Common, guest: &Guest) -> Result<Loaded> {
        self.load(app, common, guest)
    }

    /// What texts of `guest` with variables of its app in them are at this moment. Blocks, perhaps on whoever keeps the
    /// values.
    ///
    /// # Errors
    /// A variable has no value.
    fn evaluate(&self, _app: &AppName, _common: &Common, texts: &[Template]) -> Result<Vec<String>> {
        texts.iter().map(plain).collect()
    }

    /// Lets go of what is kept for an app that was removed: another of the same name starts with nothing.
    fn forget(&self, _app: &AppName) {}
}

/// A text without variables.
fn plain(template: &Template) -> Result<String> {
    let text = template.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => Ok(text.as_str()),
        Piece::Variable(name) => Err(Error::new(Kind::Usage, format!("no variable is called `{name}`"))),
    });
    text.collect()
}

/// A guest that is ready to answer.
#[derive(Clone)]
pub struct Loaded {
    /// What answers.
    pub handler: Arc<dyn HttpHandler>,
    /// What is told of events, each of it of some kinds.
    pub events: Vec<Arc<dyn Events>>,
    /// Bytes of code that are mapped for it.
    pub code: u64,
    /// Whether [`Load::improve`] can make better code.
    pub improvable: bool,
}
