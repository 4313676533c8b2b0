//! A bundle that was started.

use std::ffi::OsString;
use std::fs::File;
use std::mem::ManuallyDrop;
use std::path::Path;

use holm_abi as abi;
use holm_engine::{Embedded, Error, Kind, Loader, Opened, Result};
use holm_manifest::{App, Guest as Described};

use super::payload::{Head, Payload};
use super::record::Record;
use crate::args::HostArgs;
use crate::described::OfApp;
use crate::guest::{Ready, link};
use crate::{interrupt, output, run};

/// Runs the guest that this very program carries, and returns its exit code; `None` if it carries none.
pub(crate) fn start() -> Option<Result<i32>> {
    let place = Record::own().place()?;
    let mut words = std::env::args_os();
    let called = words.next().unwrap_or_default();
    let payload = own_file(&called).and_then(|file| Payload::read(file, place, &called.to_string_lossy()));
    Some(payload.and_then(|payload| {
        let (head, code) = payload.split();
        match &head.serve {
            Some(_) => serve(head, code, &called, words),
            None => program(head, code, &called, words),
        }
    }))
}

/// The file that runs, whatever it is called by now.
fn own_file(called: &OsString) -> Result<File> {
    let own = File::open("/proc/self/exe");
    // Where there is no /proc: what the system was told to run.
    let own = own.or_else(|_| File::open(std::env::current_exe().unwrap_or_else(|_| called.into())));
    own.map_err(|error| Error::io("open the file of this program itself", &error))
}

fn program(head: Head, code: Embedded, called: &OsString, words: impl Iterator<Item = OsString>) -> Result<i32> {
    let words = words.enumerate().map(|(at, word)| text(at, word)).collect::<Result<Vec<_>>>()?;
    // The process ends when the guest does: taking its code and tables apart first would be time lost.
    let name = head.name.clone();
    let ready = ManuallyDrop::new(linked(&name, given(head)?, code)?);
    let command = run::command(&ready)?;
    interrupt::end_on_ctrl_c(None);
    // As programs see themselves, but for the folder: that is none of the guest's business.
    let called = Path::new(called).file_name().map(|name| name.to_string_lossy().into_owned());
    let called = called.unwrap_or(name);
    let mut argv = vec![called.clone()];
    argv.extend(ready.args.iter().cloned());
    argv.extend(words);
    let ended = run::runtime()?.block_on(command.run(&abi::Run::new(argv.as_slice())));
    if let Err(error) = &ended {
        output::report(error);
    }
    let code = ended.unwrap_or_else(|error| error.kind().exit_code());
    if code != 0 {
        for ask in ready.host.audit.asks().iter().take(5) {
            let flag = ask.flag();
            output::note(&format!(
                "{} asked for more than it was bundled with: `holm bundle {flag} …` grants it",
                called
            ));
        }
    }
    Ok(code)
}

fn text(at: usize, word: OsString) -> Result<String> {
    let text = word.into_string();
    text.map_err(|_| Error::new(Kind::Usage, format!("argument {} is not valid UTF-8, which guests need", at + 1)))
}

/// What a guest is given.
pub(super) struct Given {
    pub(super) guest: Described,
    of_app: OfApp,
    pub(super) args: HostArgs,
}

/// Links the guest with what it is given.
pub(super) fn linked(name: &str, given: Given, code: Embedded) -> Result<Ready> {
    link(&Loader::default(), Opened::embedded(code), name, (given.guest, given.of_app), given.args)
}

/// What the manifest inside and the flags of that time give. Paths are relative to the working directory.
pub(super) fn given(head: Head) -> Result<Given> {
    let args = head.said.again()?;
    let Some(manifest) = head.manifest else {
        return Ok(Given { guest: Described::default(), of_app: OfApp::default(), args });
    };
    let app = App::parse(&manifest, Path::new("holm.toml"));
    let mut app = app.map_err(|error| Error::new(Kind::Invalid, format!("the manifest inside: {error}")))?;
    let of_app = OfApp::take(&mut app);
    let found = app.guests.into_iter().find(|guest| guest.name == head.guest);
    let guest =
        found.ok_or_else(|| Error::new(Kind::Invalid, "the manifest inside does not describe the guest inside"))?;
    Ok(Given { guest, of_app, args })
}

#[cfg(feature = "serve")]
fn serve(head: Head, code: Embedded, called: &OsString, words: impl Iterator<Item = OsString>) -> Result<i32> {
    use clap::Parser as _;

    use crate::args::Serving;

    let serving = Serving::try_parse_from(std::iter::once(called.clone()).chain(words));
    let serving = serving.unwrap_or_else(|error| crate::args::refuse(&error));
    let inside = head.serve.clone().unwrap_or_default();
    let addr = if serving.addr.is_empty() { inside } else { serving.addr };
    let name = head.name.clone();
    let Given { mut guest, of_app, args } = given(head)?;
    guest.file = Some(name.clone().into());
    crate::guest::say(&mut guest, args.clone())?;
    let app = App { guests: vec![guest], services: of_app.services, ..App::default() };
    crate::serve::bundled(app, name.into(), code, args.engine, addr)
}

#[cfg(not(feature = "serve"))]
fn serve(_: Head, _: Embedded, _: &OsString, _: impl Iterator<Item = OsString>) -> Result<i32> {
    Err(Error::new(Kind::Unsupported, "it answers HTTP requests, and the Holm it was bundled with does not serve"))
}
