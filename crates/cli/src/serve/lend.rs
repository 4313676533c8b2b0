//! Guests with the stores of their app, which are the app's own: what two apps call by one name is not the same.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use holm_admin::AppName;
use holm_admin::store::Store;
use holm_engine::Result;
use holm_grants::Grants;
use holm_manifest::{Guest, Platform, Template};
use holm_serve::observe::Observer;
use holm_serve::proxy::Reach;
use holm_serve::{Common, Load, Loaded};
use holm_services::lent::{AppStores, Embedded, Lent, LentLimits};
use holm_services::variables::AppVariables;

use super::load::{Loading, OfApp, Wanted};
use crate::guest::{Shared, lends_nothing, stores, unfit};
use crate::{output, variables};

/// Which apps, and so where what they keep lies in the server's folder.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    /// Those that were named when the server started: in `stores`, where they stay.
    Named,
    /// Those that were deployed: with the app, with which they go.
    Deployed,
}

/// Loads guests.
pub(super) struct Lending {
    loading: Arc<Loading>,
    whose: Whose,
    /// The server's folder, if it has one.
    state: Option<PathBuf>,
    observer: Arc<Observer>,
    apps: Mutex<HashMap<AppName, Arc<AppStores>>>,
    /// What each app's filters share, for as long as the app is there.
    shared: Mutex<HashMap<AppName, Shared>>,
}

impl Lending {
    pub(super) fn new(loading: &Arc<Loading>, whose: Whose, state: Option<&Path>, observer: &Arc<Observer>) -> Self {
        Self {
            loading: Arc::clone(loading),
            whose,
            state: state.map(ToOwned::to_owned),
            observer: Arc::clone(observer),
            apps: Mutex::default(),
            shared: Mutex::default(),
        }
    }

    fn get(&self, app: &AppName, common: &Common, guest: &Guest, wanted: Wanted) -> Result<Loaded> {
        let mut guest = guest.clone();
        let of_app = self.of_app(app, common, &mut guest)?;
        self.loading.get(&guest, of_app, wanted)
    }

    fn lend(&self, app: &AppName, common: &Common, guest: &Guest, variables: &AppVariables) -> Result<Option<Lent>> {
        let (kv, blob) = stores(&guest.grants, guest.components.iter().map(|component| &component.grants));
        if lends_nothing(&guest.grants, &kv, &blob) && common.platform == Platform::Holm {
            return Ok(None);
        }
        let limits = guest.serve.store.map_or_else(LentLimits::default, LentLimits::of);
        let lent = self.stores(app).lend(&common.services, &kv, &blob, limits).map_err(|wrong| unfit(&wrong))?;
        Ok(Some(Lent { variables: Arc::new(variables.of_guest(&guest.variables)), ..lent }))
    }

    /// Whether its apps were named on this machine, and not deployed to it.
    fn is_here(&self) -> bool {
        matches!(self.whose, Whose::Named)
    }

    fn variables(&self, app: &AppName, common: &Common) -> Result<AppVariables> {
        let report = Arc::new(self.teller(app));
        variables::of_app(&common.variables, &common.services, self.is_here(), Some(report))
    }

    fn of_app(&self, app: &AppName, common: &Common, guest: &mut Guest) -> Result<OfApp> {
        let variables = self.variables(app, common)?;
        variables::fill_in(guest, &variables)?;
        if !self.is_here() {
            // What was filled in as well.
            let components = guest.components.iter_mut().map(|component| &mut component.grants);
            [&mut guest.grants].into_iter().chain(components).for_each(Grants::only_public);
        }
        let lent = self.lend(app, common, guest, &variables)?;
        let shared = match guest.filters.is_empty() {
            true => Shared::default(),
            false => {
                let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
                shared.entry(app.clone()).or_default().clone()
            }
        };
        Ok(OfApp { lent, reach: self.reach(), shared, tell: Arc::new(self.teller(app)) })
    }

    /// Whoever deploys does not own this machine's network.
    fn reach(&self) -> Reach {
        match self.whose {
            Whose::Named => Reach::Everywhere,
            Whose::Deployed => Reach::AsGranted,
        }
    }

    fn stores(&self, app: &AppName) -> Arc<AppStores> {
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(AppStores::new(self.embedded(app), Some(Arc::new(self.teller(app)))));
        Arc::clone(apps.entry(app.clone()).or_insert_with(new))
    }

    /// Puts lines about an app into the log.
    fn teller(&self, app: &AppName) -> impl Fn(&str) + Send + Sync + use<> {
        let (observer, named) = (Arc::clone(&self.observer), app.clone());
        move |line| observer.warn(&format!("{named}: {line}"))
    }

    fn embedded(&self, app: &AppName) -> Option<Embedded> {
        let state = self.state.as_deref()?;
        Some(match self.whose {
            Whose::Named => {
                Embedded { file: state.join("stores").join(app.as_str()).join("stores.sqlite"), inside: None }
            }
            Whose::Deployed => {
                let folder = Store::app_dir(state, app);
                Embedded { file: folder.join("stores/stores.sqlite"), inside: Some(folder) }
            }
        })
    }
}

impl Load for Lending {
    fn load(&self, app: &AppName, common: &Common, guest: &Guest) -> Result<Loaded> {
        self.get(app, common, guest, Wanted::First)
    }

    fn improve(&self, app: &AppName, common: &Common, guest: &Guest) -> Result<Loaded> {
        let improved = self.get(app, common, guest, Wanted::Best);
        improved.inspect_err(|error| {
            output::warn(&format!("{app}: no optimised code could be made, so it stays as it is: {error}"));
        })
    }

    fn evaluate(&self, app: &AppName, common: &Common, texts: &[Template]) -> Result<Vec<String>> {
        variables::values(texts, &self.variables(app, common)?)
    }

    fn forget(&self, app: &AppName) {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner).remove(app);
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).remove(app);
    }
}
