//! `outbound-redis`: commands to Redis servers.
//!
//! Source: spinframework/spin, `wit/ephemeral/{outbound-redis,redis-types}.wit`.

use holm_services::redis::{Argument, Reply as Part};
use wasmtime::{Result, bail};

use super::args::{Args, Reader};
use super::commands::{self, Command, Reply};
use super::link::Work;
use super::out::{Out, ROOT};

/// The interface's error. Its other one is called success.
const ERROR: u8 = 1;

/// Where an error lies in what is returned: behind the number that says that it is one, and at a multiple of what the result in
/// its place has to be at.
const OF_NOTHING: usize = 1;
const OF_A_LIST: usize = 4;
const OF_A_NUMBER: usize = 8;

pub(super) fn publish(args: &mut Args<'_>) -> Result<Work> {
    let address = args.text()?;
    Ok(asking(address, Command::Publish { channel: args.text()?, payload: args.bytes()? }, OF_NOTHING))
}

pub(super) fn get(args: &mut Args<'_>) -> Result<Work> {
    let address = args.text()?;
    Ok(asking(address, Command::Get { key: args.text()? }, OF_A_LIST))
}

pub(super) fn set(args: &mut Args<'_>) -> Result<Work> {
    let address = args.text()?;
    Ok(asking(address, Command::Set { key: args.text()?, value: args.bytes()? }, OF_NOTHING))
}

pub(super) fn incr(args: &mut Args<'_>) -> Result<Work> {
    let address = args.text()?;
    Ok(asking(address, Command::Incr { key: args.text()? }, OF_A_NUMBER))
}

pub(super) fn del(args: &mut Args<'_>) -> Result<Work> {
    let address = args.text()?;
    Ok(asking(address, Command::Del { keys: args.texts()? }, OF_A_NUMBER))
}

pub(super) fn sadd(args: &mut Args<'_>) -> Result<Work> {
    let address = args.text()?;
    Ok(asking(address, Command::Sadd { key: args.text()?, values: args.texts()? }, OF_A_NUMBER))
}

pub(super) fn smembers(args: &mut Args<'_>) -> Result<Work> {
    let address = args.text()?;
    Ok(asking(address, Command::Smembers { key: args.text()? }, OF_A_LIST))
}

pub(super) fn srem(args: &mut Args<'_>) -> Result<Work> {
    let address = args.text()?;
    Ok(asking(address, Command::Srem { key: args.text()?, values: args.texts()? }, OF_A_NUMBER))
}

pub(super) fn execute(args: &mut Args<'_>) -> Result<Work> {
    let address = args.text()?;
    let command = Command::Execute { name: args.text()?, arguments: args.list(16, argument)? };
    Ok(asking(address, command, OF_A_LIST))
}

fn argument(guest: &Reader<'_>, at: u32) -> Result<Argument> {
    match guest.u8(at)? {
        0 => Ok(Argument::Int(guest.u64(at.saturating_add(8))?.cast_signed())),
        1 => Ok(Argument::Binary(guest.bytes_at(at.saturating_add(8))?)),
        other => bail!("the guest gave case {other} of a parameter of Redis"),
    }
}

fn asking(address: String, command: Command, error: usize) -> Work {
    Box::new(move |state| {
        Box::pin(async move {
            let mut out = Out::default();
            match commands::ask(state, &address, command).await {
                Some(reply) => {
                    out.u8(ROOT, 0, 0);
                    lay_out(&mut out, reply)?;
                }
                None => {
                    out.u8(ROOT, 0, 1);
                    out.u8(ROOT, error, ERROR);
                }
            }
            Ok(Some(out))
        })
    })
}

fn lay_out(out: &mut Out, reply: Reply) -> Result<()> {
    match reply {
        Reply::Nothing => Ok(()),
        Reply::Number(number) => {
            out.u64(ROOT, 8, number.cast_unsigned());
            Ok(())
        }
        Reply::Bytes(bytes) => out.bytes(ROOT, 4, bytes),
        Reply::Texts(texts) => {
            let list = out.list(ROOT, 4, texts.len(), 8, 4)?;
            texts.into_iter().enumerate().try_for_each(|(number, text)| out.bytes(list, number * 8, text))
        }
        Reply::Parts(parts) => {
            let list = out.list(ROOT, 4, parts.len(), 16, 8)?;
            for (number, part) in parts.into_iter().enumerate() {
                let at = number * 16;
                match part {
                    Part::Nil => out.u8(list, at, 0),
                    Part::Status(text) => {
                        out.u8(list, at, 1);
                        out.bytes(list, at + 8, text)?;
                    }
                    Part::Int(value) => {
                        out.u8(list, at, 2);
                        out.u64(list, at + 8, value.cast_unsigned());
                    }
                    Part::Binary(bytes) => {
                        out.u8(list, at, 3);
                        out.bytes(list, at + 8, bytes)?;
                    }
                }
            }
            Ok(())
        }
    }
}
