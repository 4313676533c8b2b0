//! What the flags said when a bundle was made, to be said again when it runs.

use std::time::Duration;

use holm_engine::{Error, Kind, Result};
use holm_grants::{NetGrant, ParseError};
use serde::{Deserialize, Serialize};

use crate::args::{EngineArgs, HostArgs};

/// Grants in the text forms of the flags, limits in bytes and seconds.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    dir: Vec<String>,
    /// Without a value: that of whoever runs the bundle.
    env: Vec<(String, Option<String>)>,
    net: Vec<String>,
    listen: Vec<String>,
    http: Vec<String>,
    kv: Vec<String>,
    blob: Vec<String>,
    sql: Vec<String>,
    model: Vec<String>,
    outbound: Vec<String>,
    config: Vec<(String, String)>,
    memory: Option<u64>,
    cpu: Option<Duration>,
    wall: Option<Duration>,
    fuel: Option<u64>,
    stack: Option<u64>,
    max_output: Option<u64>,
    handles: Option<u64>,
    deterministic: bool,
    abi: Option<String>,
    features: Vec<String>,
}

impl Said {
    #[cfg(feature = "bundle")]
    pub(super) fn of(args: &HostArgs) -> Self {
        fn texts<T: ToString>(grants: &[T]) -> Vec<String> {
            grants.iter().map(T::to_string).collect()
        }
        Self {
            dir: texts(&args.dir),
            env: args.env.clone(),
            net: texts(&args.net),
            listen: texts(&args.listen),
            http: texts(&args.http),
            kv: args.kv.clone(),
            blob: args.blob.clone(),
            sql: args.sql.clone(),
            model: args.model.clone(),
            outbound: texts(&args.outbound),
            config: args.config.clone(),
            memory: args.memory,
            cpu: args.cpu,
            wall: args.wall,
            fuel: args.fuel,
            stack: args.stack,
            max_output: args.max_output,
            handles: args.handles,
            deterministic: args.deterministic,
            abi: args.engine.abi.clone(),
            features: args.engine.features.clone(),
        }
    }

    /// The same as flags.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for a grant that this Holm cannot read.
    pub(super) fn again(self) -> Result<HostArgs> {
        Ok(HostArgs {
            dir: parsed(&self.dir, str::parse)?,
            env: self.env,
            net: parsed(&self.net, str::parse)?,
            listen: parsed(&self.listen, NetGrant::parse_listen)?,
            http: parsed(&self.http, str::parse)?,
            kv: self.kv,
            blob: self.blob,
            sql: self.sql,
            model: self.model,
            outbound: parsed(&self.outbound, str::parse)?,
            config: self.config,
            memory: self.memory,
            cpu: self.cpu,
            wall: self.wall,
            fuel: self.fuel,
            stack: self.stack,
            max_output: self.max_output,
            handles: self.handles,
            deterministic: self.deterministic,
            engine: EngineArgs { abi: self.abi, features: self.features, no_cache: true, ..EngineArgs::default() },
            ..HostArgs::default()
        })
    }
}

fn parsed<T>(texts: &[String], parse: impl Fn(&str) -> Result<T, ParseError>) -> Result<Vec<T>> {
    let read = texts.iter().map(|text| parse(text)).collect::<Result<_, ParseError>>();
    read.map_err(|error| Error::new(Kind::Invalid, format!("what the bundle grants cannot be read: {error}")))
}

#[cfg(all(test, feature = "bundle"))]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_said_again_word_for_word() {
        let args = HostArgs {
            dir: vec!["./a::/b:ro".parse().unwrap(), "c:ro::ro:rw".parse().unwrap()],
            env: vec![("A".into(), Some("b=c".into())), ("HOME".into(), None)],
            net: vec!["*.example.com:1-2".parse().unwrap(), "udp://[::1]:53".parse().unwrap()],
            listen: vec![NetGrant::parse_listen("127.0.0.1:80").unwrap()],
            http: vec!["https://*.example.com/v1".parse().unwrap()],
            kv: vec!["default".into()],
            sql: vec!["default".into()],
            model: vec!["llama2-chat".into()],
            outbound: vec!["redis://*:*".parse().unwrap(), "http://self".parse().unwrap()],
            config: vec![("a".into(), "b".into())],
            wall: Some(Duration::from_millis(1500)),
            memory: Some(7),
            deterministic: true,
            ..HostArgs::default()
        };
        let json = serde_json::to_string(&Said::of(&args)).unwrap();
        let again = serde_json::from_str::<Said>(&json).unwrap().again().unwrap();
        assert_eq!((&again.dir, &again.env, &again.net), (&args.dir, &args.env, &args.net));
        assert_eq!((&again.sql, &again.model, &again.outbound), (&args.sql, &args.model, &args.outbound));
        assert_eq!((&again.listen, &again.http, &again.kv), (&args.listen, &args.http, &args.kv));
        assert_eq!((again.wall, again.memory, again.deterministic), (args.wall, args.memory, true));
    }

    #[test]
    fn a_grant_that_is_none_is_refused() {
        let said = Said { dir: vec!["::".into()], ..Said::default() };
        assert_eq!(said.again().err().map(|error| error.kind()), Some(Kind::Invalid));
    }
}
