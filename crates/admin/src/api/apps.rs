//! Routes about apps.

use std::time::SystemTime;

use http::{Response, StatusCode};

use super::body::{self, AnswerBody};
use super::error::{ApiError, Code};
use super::{Answer, Api, Candidate, CandidateGuest, LogQuery, Prepared};
use crate::AppName;
use crate::store::{Draft, Record, Store, StoreError};
use crate::wire::{
    AppDetail, AppList, AppState, AppStatus, AppSummary, Deploy, Deployed, GuestInfo, Rollback, VersionInfo,
};

/// The most bytes of a version's notes.
const MAX_NOTES: u64 = 4096;
/// The most hosts that an app is put on, beside those that its manifest names.
const MAX_HOSTS: usize = 16;
/// The most guests of an app.
const MAX_GUESTS: usize = 256;

impl Api {
    pub(super) fn list_apps(&self) -> Response<AnswerBody> {
        let apps = self.0.store.list().into_iter().map(|(name, version)| self.summary(name, version));
        body::as_json(StatusCode::OK, &AppList { apps: apps.collect() })
    }

    pub(super) async fn show_app(&self, name: AppName) -> Answer {
        let asked = name.clone();
        let (record, versions) = self.blocking(move |store| versions(store, &asked)).await??;
        let guests = record.guests.into_iter().map(|(path, guest)| {
            let info = GuestInfo { digest: guest.digest, size: guest.size };
            (path, info)
        });
        let summary = self.summary(name, record.version);
        let detail = AppDetail { summary, manifest: record.manifest, guests: guests.collect(), versions };
        Ok(body::as_json(StatusCode::OK, &detail))
    }

    pub(super) async fn deploy(&self, name: AppName, request: Deploy) -> Answer {
        check_sizes(&request)?;
        let Deploy { manifest, guests, hosts, if_version, notes } = request;
        // Asked again when it counts; here it spares the work of preparing.
        self.expect(&name, if_version)?;
        let draft = Draft { manifest, guests, hosts, notes };
        let prepared = self.prepare(&name, &draft).await?;
        let asked = name.clone();
        let version = self.change(prepared, move |store| store.apply(&asked, draft, if_version)).await?;
        let status = if version == 1 { StatusCode::CREATED } else { StatusCode::OK };
        Ok(body::as_json(status, &Deployed { name, version }))
    }

    pub(super) async fn rollback(&self, name: AppName, request: Rollback) -> Answer {
        let found = self.0.store.current_version(&name).unwrap_or(0);
        let expected = request.if_version.unwrap_or(found);
        self.expect(&name, Some(expected))?;
        let asked = name.clone();
        let target = self.blocking(move |store| store.rollback_target(&asked, request.to)).await??;
        let guests = target.guests.iter().map(|(path, guest)| (path.clone(), guest.digest)).collect();
        let draft = Draft { manifest: target.manifest, guests, hosts: target.hosts, notes: String::new() };
        let prepared = self.prepare(&name, &draft).await?;
        let asked = name.clone();
        let rollback = move |store: &Store| store.rollback(&asked, Some(target.version), Some(expected));
        let version = self.change(prepared, rollback).await?;
        Ok(body::as_json(StatusCode::OK, &Deployed { name, version }))
    }

    pub(super) async fn remove(&self, name: AppName) -> Answer {
        let api = self.clone();
        let removed = tokio::spawn(async move {
            let _change = api.0.changes.lock().await;
            let asked = name.clone();
            api.blocking(move |store| store.remove(&asked)).await??;
            api.0.backend.deactivate(&name).await;
            Ok::<_, ApiError>(())
        });
        removed.await.map_err(ApiError::panicked)??;
        Ok(body::empty(StatusCode::NO_CONTENT))
    }

    pub(super) fn logs(&self, name: &AppName, query: &[(String, String)]) -> Answer {
        let query = log_query(query)?;
        if self.0.store.current_version(name).is_none() {
            return Err(StoreError::NoApp(name.clone()).into());
        }
        Ok(body::lines(self.0.backend.logs(name, query)))
    }

    fn summary(&self, name: AppName, version: u64) -> AppSummary {
        let unknown = || AppStatus {
            state: AppState::Unavailable,
            routes: Vec::new(),
            last_error: Some("this server could not take the app up".to_owned()),
            requests: 0,
        };
        let status = self.0.backend.status(&name).unwrap_or_else(unknown);
        AppSummary { name, version, status }
    }

    fn expect(&self, name: &AppName, expected: Option<u64>) -> Result<(), ApiError> {
        let found = self.0.store.current_version(name).unwrap_or(0);
        match expected {
            Some(expected) if expected != found => {
                Err(StoreError::Conflict { app: name.clone(), expected, found }.into())
            }
            _ => Ok(()),
        }
    }

    /// Has the backend load a version.
    async fn prepare(&self, name: &AppName, draft: &Draft) -> Result<Box<dyn Prepared>, ApiError> {
        let guests = draft.guests.clone();
        let claimed = self.blocking(move |store| store.claim_guests(&guests)).await??;
        let guest = |(path, guest): (String, crate::store::Guest)| {
            let stored = self.0.store.blob_path(&guest.digest);
            (path, CandidateGuest { digest: guest.digest, size: guest.size, path: stored })
        };
        let guests = claimed.into_iter().map(guest).collect();
        let (manifest, hosts) = (draft.manifest.clone(), draft.hosts.clone());
        let candidate = Candidate { name: name.clone(), manifest, guests, hosts };
        let prepared = self.0.backend.prepare(candidate).await;
        prepared.map_err(|rejection| ApiError::rejected("this version", rejection))
    }

    /// Writes a change down and activates it, in a task that nobody can cancel in between.
    async fn change(
        &self,
        prepared: Box<dyn Prepared>,
        write: impl FnOnce(&Store) -> Result<Record, StoreError> + Send + 'static,
    ) -> Result<u64, ApiError> {
        let api = self.clone();
        let changed = tokio::spawn(async move {
            let _change = api.0.changes.lock().await;
            let record = api.blocking(write).await??;
            prepared.activate(record.version).await;
            Ok(record.version)
        });
        changed.await.map_err(ApiError::panicked)?
    }
}

fn check_sizes(request: &Deploy) -> Result<(), ApiError> {
    if request.notes.len() as u64 > MAX_NOTES {
        return Err(StoreError::TooLarge { what: "the text of the notes", limit: MAX_NOTES }.into());
    }
    if request.hosts.len() > MAX_HOSTS {
        return Err(ApiError::new(Code::TooLarge, format!("an app is put on at most {MAX_HOSTS} hosts")));
    }
    if request.guests.len() > MAX_GUESTS {
        return Err(ApiError::new(Code::TooLarge, format!("an app has at most {MAX_GUESTS} guests")));
    }
    Ok(())
}

/// The current version, and what is known of all that are kept.
fn versions(store: &Store, name: &AppName) -> Result<(Record, Vec<VersionInfo>), StoreError> {
    let current = store.current(name)?;
    let info = |version| match store.version(name, version) {
        Ok(record) => VersionInfo {
            version,
            current: version == current.version,
            created: Some(record.created),
            notes: record.notes,
            problem: None,
        },
        Err(error) => VersionInfo {
            version,
            current: false,
            created: None,
            notes: String::new(),
            problem: Some(error.to_string()),
        },
    };
    let versions = store.versions(name)?.into_iter().map(info).collect();
    Ok((current, versions))
}

fn log_query(query: &[(String, String)]) -> Result<LogQuery, ApiError> {
    let mut wanted = LogQuery { since: None, follow: false };
    for (name, value) in query {
        match (name.as_str(), value.as_str()) {
            ("follow", "true") => wanted.follow = true,
            ("follow", "false") => wanted.follow = false,
            ("follow", _) => return Err(ApiError::new(Code::BadRequest, "follow is true or false")),
            (_, since) => wanted.since = Some(time(since)?),
        }
    }
    Ok(wanted)
}

/// A time, or how long ago it was.
fn time(text: &str) -> Result<SystemTime, ApiError> {
    let ago = |age| SystemTime::now().checked_sub(age);
    let age = humantime::parse_duration(text).ok().map(|age| ago(age).unwrap_or(SystemTime::UNIX_EPOCH));
    age.or_else(|| humantime::parse_rfc3339_weak(text).ok()).ok_or_else(|| {
        ApiError::new(Code::BadRequest, "since is a time such as 2026-01-31T08:00:00Z, or an age such as 10m")
    })
}
