//! When something was saved.

use std::time::{Duration, Instant};

use holm_build::{Inputs, Project};

use crate::build::projects::Found;

/// How often sources are looked at, at most.
const LOOK: Duration = Duration::from_millis(20);
/// Looking takes at most one of so many parts of the time.
const PART: u32 = 20;
/// What was saved is taken up once nothing has changed for so long: editors write several files, and some files twice.
const QUIET: Duration = Duration::from_millis(10);

/// What is watched: the sources of projects, and the files that say how they are put together.
#[derive(Clone, Default)]
pub(super) struct Watched {
    projects: Vec<Project>,
    others: Vec<std::path::PathBuf>,
}

impl Watched {
    pub(super) fn new(found: &Found) -> Self {
        let mut others = Vec::new();
        if let Some((app, manifest)) = &found.manifest {
            let made = |file: &std::path::Path| found.projects.iter().any(|project| project.output == file);
            let files = app.guests.iter().flat_map(|guest| guest.files());
            others.extend(files.filter(|file| !made(file)).map(ToOwned::to_owned));
            others.push(manifest.clone());
            others.extend(seen(app, manifest));
        }
        Self { projects: found.projects.clone(), others }
    }

    /// What all of it is now.
    pub(super) fn now(&self) -> Inputs {
        let mut inputs = Inputs::of_files(&self.others);
        self.projects.iter().for_each(|project| inputs.and(project.inputs()));
        inputs
    }

    /// Waits until anything is not as `known`, and nothing more changes. Pauses by `pause`, and returns whether that happened
    /// before `pause` said that nobody waits any more. While something is `building`, what tools write does not count.
    pub(super) fn changed(&self, known: &Inputs, building: bool, pause: &dyn Fn(Duration) -> bool) -> bool {
        let mut wait = LOOK;
        let mut seen: Option<Inputs> = None;
        while !pause(wait) {
            let start = Instant::now();
            let now = self.now();
            let took = start.elapsed() * PART;
            let same = if building { !now.differs_by_hand(known) } else { now == *known };
            if same {
                (seen, wait) = (None, LOOK.max(took));
            } else if seen.as_ref() == Some(&now) {
                return true;
            } else {
                (seen, wait) = (Some(now), QUIET.max(took));
            }
        }
        false
    }

    /// Whether what is built is not known to leave other files alone.
    pub(super) fn by_command(&self) -> bool {
        self.projects.iter().any(|project| project.build.command.is_some())
    }
}

/// The files that components of Spin's see, the folders they lie in, and where variables are.
#[cfg(feature = "spin")]
fn seen(app: &holm_manifest::App, manifest: &std::path::Path) -> Vec<std::path::PathBuf> {
    crate::spin::watched(app, manifest.parent().unwrap_or(std::path::Path::new("")))
}

#[cfg(not(feature = "spin"))]
fn seen(_: &holm_manifest::App, _: &std::path::Path) -> Vec<std::path::PathBuf> {
    Vec::new()
}
