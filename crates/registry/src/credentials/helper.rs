//! Programs that keep credentials: `docker-credential-NAME get` (github.com/docker/docker-credential-helpers).

use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::Credential;
use crate::error::{Failure, RegistryError, Result};
use crate::limits;

/// What they say when they have none for a registry.
const NONE: &str = "credentials not found";
/// A user's name that says that the secret is a token.
const TOKEN: &str = "<token>";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// What the helper called `name` has for `server`.
pub(super) fn ask(name: &str, server: &str) -> Result<Option<Credential>> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(RegistryError::usage(format!("`{}` is no credential helper's name", name.escape_debug())));
    }
    let program = format!("docker-credential-{name}");
    let failed = |error| RegistryError::io(format_args!("ask {program} for credentials"), &error);
    let mut command = Command::new(&program);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ends without reading has its reasons, which its answer says.
        let _ = stdin.write_all(server.as_bytes());
    }
    let (status, said) = wait(child, limits::HELPER).map_err(failed)?;
    let said = String::from_utf8_lossy(&said);
    // What it printed may be a secret, and is for no message.
    let bad = |why: &str| RegistryError::new(Failure::Denied, format!("{program} {why}"));
    match status {
        None => Err(bad("took longer than a minute")),
        Some(false) if said.contains(NONE) => Ok(None),
        Some(false) => Err(bad("failed")
            .note(format!("`echo {server} | {program} get` shows why; `docker login {server}` may mend it"))),
        Some(true) => {
            let answer: Answer = serde_json::from_str(&said).map_err(|_| bad("answers what is not its protocol"))?;
            Ok(Some(match answer.username.as_str() {
                TOKEN => Credential::IdentityToken(answer.secret),
                _ => Credential::Password { user: answer.username, password: answer.secret },
            }))
        }
    }
}

/// Whether it succeeded, and what it printed; `None` for one that took too long, which is ended.
fn wait(mut child: Child, most: Duration) -> std::io::Result<(Option<bool>, Vec<u8>)> {
    let stdout = child.stdout.take();
    let (done, read) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stdout) = stdout {
            // What breaks off is not its protocol.
            let _ = stdout.take(limits::TOKEN).read_to_end(&mut bytes);
        }
        // Nobody may wait any more.
        let _ = done.send(bytes);
    });
    let end = Instant::now() + most;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status.success());
        }
        if Instant::now() > end {
            child.kill()?;
            child.wait()?;
            return Ok((None, Vec::new()));
        }
        thread::sleep(Duration::from_millis(5));
    };
    // A program that it started may hold the pipe for longer.
    let said = read.recv_timeout(end.saturating_duration_since(Instant::now()));
    Ok(said.map_or((None, Vec::new()), |said| (status, said)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_to_another_program() {
        for name in ["", "../../bin/sh", "a b", "a/b", "a;b"] {
            assert_eq!(ask(name, "a.io").unwrap_err().failure(), Failure::Usage, "{name}");
        }
    }

    #[test]
    fn a_helper_that_hangs_is_ended() {
        let child = Command::new("sleep").arg("1000").stdout(Stdio::piped()).spawn().unwrap();
        assert_eq!(wait(child, Duration::from_millis(50)).unwrap(), (None, Vec::new()));
    }
}
