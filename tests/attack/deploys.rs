//! Deploying under difficulties, and an app that keeps answering.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::{TempDir, tempdir};

use crate::attack::{P2, alone, answers};
use crate::server::{Server, manifest, start};
use crate::support::{Holm, bomb, carrying, guest, holm};

const HELLO: &str = "serve-hello.p2.wasm";
const SAYS_HELLO: (u16, &str) = (200, "Hello from Holm!\n");
const COUNTS: (u16, &str) = (200, "1\n");

/// A folder with a server's state, an app that its owner named, and apps to deploy.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let dir = tempdir().unwrap();
        fs::create_dir(dir.path().join("state")).unwrap();
        fs::write(dir.path().join("good.toml"), manifest("good", P2, "routes = \"good.example\"")).unwrap();
        Self(dir)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn socket(&self) -> String {
        format!("unix:{}", self.at("admin.sock").display())
    }

    fn command(&self) -> Holm {
        holm(["serve", "--addr", "127.0.0.1:0", "--no-watch"])
            .args(["--admin", &self.socket(), "--state"])
            .arg(self.at("state"))
            .arg(self.at("good.toml"))
    }

    fn drive(&self, words: &[&str]) -> Holm {
        holm(words).args(["--to", &self.socket()])
    }

    /// An app to deploy: this guest at bad.example.
    fn app(&self, name: &str, guest: &Path) -> PathBuf {
        let folder = self.at(name);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(guest, folder.join("app.wasm")).unwrap();
        fs::write(folder.join("holm.toml"), "holm = 1\nname = \"app\"\nroutes = \"bad.example\"\n").unwrap();
        folder
    }

    fn deploy(&self, app: &Path) -> Holm {
        self.drive(&["deploy"]).arg(app)
    }

    /// Two versions of one app.
    fn versions(&self) -> [PathBuf; 2] {
        [self.app("hello", &guest(HELLO)), self.app("kit", &guest(P2))]
    }
}

/// One version or the other, whole.
#[track_caller]
fn is_one_of_both(server: &Server) {
    let response = server.get_at("bad.example", "/counter");
    assert!([SAYS_HELLO, COUNTS].contains(&response.said()), "{response:?}: {}", server.log());
}

#[test]
fn guests_that_make_the_compiler_explode_cost_nobody_else_anything() {
    let _alone = alone();
    let home = Home::new();
    let server = start(home.command().args(["--compile-cpu", "3s", "--compile-memory", "512MiB"]));
    let (before, done) = (server.peak(), AtomicBool::new(false));
    let bombs: Vec<PathBuf> = (0..3)
        .map(|number| {
            let folder = home.at(&format!("made{number}"));
            fs::create_dir(&folder).unwrap();
            // Each another guest.
            home.app(&format!("bomb{number}"), &carrying(&folder, &bomb(7000 + number)))
        })
        .collect();
    thread::scope(|scope| {
        let (home, done) = (&home, &done);
        let deploys: Vec<_> = bombs.iter().map(|bomb| scope.spawn(move || home.deploy(bomb).fails(126))).collect();
        let asking = scope.spawn(|| {
            let mut asked = 0;
            while !done.load(Relaxed) {
                answers(&server);
                asked += 1;
            }
            asked
        });
        for deploy in deploys {
            let said = deploy.join().unwrap();
            assert!(said.contains("took more than"), "{said}");
        }
        done.store(true, Relaxed);
        println!("{} requests were answered meanwhile", asking.join().unwrap());
    });
    let grown = server.peak() - before;
    assert!(grown < 128, "the server itself grew by {grown} MiB");
    assert_eq!(server.get_at("bad.example", "/").said().0, 404);
    home.deploy(&home.versions()[0]).prints();
    assert_eq!(server.get_at("bad.example", "/").said(), SAYS_HELLO);
}

#[test]
fn a_server_that_is_killed_while_it_is_deployed_to_has_one_version_or_the_other() {
    let _alone = alone();
    let home = Home::new();
    let versions = home.versions();
    let mut server = start(home.command());
    home.deploy(&versions[0]).prints();
    for round in 0_u64..20 {
        let deploy = home.deploy(&versions[(round as usize + 1) % 2]).starts();
        thread::sleep(Duration::from_millis(round * 7 % 140));
        server.signal(Signal::KILL);
        drop(server);
        deploy.ends();
        server = start(home.command());
        is_one_of_both(&server);
        answers(&server);
    }
    home.deploy(&versions[0]).prints();
    assert_eq!(server.get_at("bad.example", "/").said(), SAYS_HELLO);
    assert!(!server.log().contains("cannot be served"), "{}", server.log());
}

#[test]
fn a_deploy_that_is_killed_leaves_the_server_as_it_was() {
    let _alone = alone();
    let home = Home::new();
    let versions = home.versions();
    let server = start(home.command());
    home.deploy(&versions[0]).prints();
    for round in 0_u64..20 {
        let deploy = home.deploy(&versions[(round as usize + 1) % 2]).starts();
        thread::sleep(Duration::from_millis(round * 3 % 60));
        deploy.signal(Signal::KILL);
        deploy.ends();
        is_one_of_both(&server);
        answers(&server);
    }
    home.deploy(&versions[1]).prints();
    assert_eq!(server.get_at("bad.example", "/counter").said(), COUNTS);
}

#[test]
fn deploys_that_race_come_one_after_the_other() {
    let _alone = alone();
    let home = Home::new();
    let versions = home.versions();
    let server = start(home.command());
    home.deploy(&versions[0]).prints();
    const EACH: usize = 6;
    let deployed: usize = thread::scope(|scope| {
        let (home, server) = (&home, &server);
        let racers: Vec<_> = versions
            .iter()
            .map(|version| {
                scope.spawn(move || (0..EACH).filter(|_| home.deploy(version).ends().code == Some(0)).count())
            })
            .collect();
        while !racers.iter().all(thread::ScopedJoinHandle::is_finished) {
            is_one_of_both(server);
            answers(server);
        }
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(deployed, 2 * EACH, "none of them said which version it expects");
    let apps = home.drive(&["apps", "app"]).prints();
    assert!(apps.contains(&format!("{}", 1 + deployed)), "each has a version of its own: {apps}");
    // Of two that both expect the same version, one is too late.
    let expecting =
        |version: &PathBuf| home.deploy(version).args(["--if-version", &format!("{}", 1 + deployed)]).ends();
    let codes = thread::scope(|scope| {
        let racers: Vec<_> = versions.iter().map(|version| scope.spawn(|| expecting(version).code)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    is_one_of_both(&server);
}

#[test]
fn a_disk_that_is_full_refuses_a_deploy_and_everything_goes_on() {
    let _alone = alone();
    let may = |dir: &Path| Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "none"]).arg(dir).output();
    let home = Home::new();
    if !may(&home.at("state")).is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this user may not mount a disk");
        return;
    }
    let server = start(home.command().on_a_disk(&home.at("state"), "1m"));
    home.deploy(&home.versions()[0]).prints();
    // Each has other bytes, so that each takes room.
    let version = |number: usize| {
        let mut bytes = fs::read(guest(P2)).unwrap();
        // A custom section without a name, and a number in it.
        bytes.extend([0, 2, 0, u8::try_from(number).unwrap()]);
        let file = home.at("version.wasm");
        fs::write(&file, bytes).unwrap();
        home.app("version", &file)
    };
    let refused = (0..20).find_map(|number| {
        let ended = home.deploy(&version(number)).ends();
        answers(&server);
        is_one_of_both(&server);
        (ended.code != Some(0)).then_some(ended.stderr)
    });
    let refused = refused.unwrap();
    assert!(refused.contains("no room left"), "{refused}");
    let version_served = server.get_at("bad.example", "/counter");
    assert_eq!(version_served.said(), COUNTS, "the last one that had room");
    // Removing the app makes room again.
    home.drive(&["remove", "app", "--yes"]).prints();
    assert_eq!(server.get_at("bad.example", "/").said().0, 404);
    home.deploy(&home.versions()[0]).prints();
    assert_eq!(server.get_at("bad.example", "/").said(), SAYS_HELLO);
}
