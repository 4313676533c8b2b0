//! What guests wait for, once all that its manifest left open is known.

use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Error, Event, Kind, Result};
use holm_manifest::{Template, Trigger};
use holm_services::mqtt::{MqttAddress, Qos, is_topic_filter};
use holm_services::redis::RedisAddress;

use super::Target;
use super::cron::Schedule;
use crate::apps::Guest;

/// Something that a guest waits for.
#[derive(Clone)]
pub(crate) enum Source {
    /// Messages on a channel.
    Redis { text: String, address: RedisAddress, channel: String },
    /// Messages under a topic.
    Mqtt(Box<Mqtt>),
    /// Moments.
    Cron(Arc<Schedule>),
}

/// Messages under a topic.
#[derive(Clone)]
pub(crate) struct Mqtt {
    pub(super) text: String,
    pub(super) address: MqttAddress,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) keep_alive: Duration,
    pub(super) topic: String,
    pub(super) qos: u8,
}

/// What makes sources one: what is listened to once, whoever wants to hear it. `public`: only at public addresses.
#[derive(Clone)]
pub(super) enum Key {
    Redis {
        text: String,
        address: RedisAddress,
        public: bool,
    },
    Mqtt {
        it: Mqtt,
        public: bool,
    },
    /// Each guest has moments of its own, so that none waits for another.
    Cron {
        schedule: Arc<Schedule>,
        target: Target,
    },
}

impl Source {
    pub(super) fn channel(&self) -> &str {
        match self {
            Source::Redis { channel, .. } => channel,
            Source::Mqtt(_) | Source::Cron(_) => "",
        }
    }
}

impl Key {
    pub(super) fn of(source: &Source, target: &Target, public: bool) -> Self {
        match source {
            Source::Redis { text, address, .. } => Key::Redis { text: text.clone(), address: address.clone(), public },
            Source::Mqtt(it) => Key::Mqtt { it: Mqtt::clone(it), public },
            Source::Cron(schedule) => Key::Cron { schedule: Arc::clone(schedule), target: target.clone() },
        }
    }

    /// What tells it from all others.
    fn parts(&self) -> (u8, bool, [&str; 4], u64, Option<&Target>) {
        match self {
            Key::Redis { text, public, .. } => (0, *public, [text, "", "", ""], 0, None),
            Key::Mqtt { it, public } => {
                let number = it.keep_alive.as_secs().saturating_mul(4).saturating_add(it.qos.into());
                (1, *public, [&it.text, &it.username, &it.password, &it.topic], number, None)
            }
            Key::Cron { schedule, target } => (2, false, [schedule.text(), "", "", ""], 0, Some(target)),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl Mqtt {
    pub(super) fn quality(&self) -> Qos {
        match self.qos {
            0 => Qos::AtMostOnce,
            1 => Qos::AtLeastOnce,
            _ => Qos::ExactlyOnce,
        }
    }
}

/// What this guest waits for.
///
/// # Errors
/// A variable has no value, or what comes of it makes no sense. Nothing that may be secret is repeated.
pub(crate) async fn sources(guest: &Guest) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for trigger in &guest.spec.triggers {
        let values = guest.code.evaluate(templates(trigger)).await?;
        sources.extend(source(trigger, values).map_err(|why| Error::new(Kind::Usage, why))?);
    }
    Ok(sources)
}

/// An event that is like those of this trigger, and what to call them.
pub(crate) fn takes(trigger: &Trigger) -> Option<(Event, &'static str)> {
    let (channel, topic, payload) = Default::default();
    match trigger {
        Trigger::Redis { .. } => Some((Event::Redis { channel, payload }, "messages on Redis channels")),
        Trigger::Mqtt { .. } => Some((Event::Mqtt { topic, payload }, "messages of MQTT brokers")),
        Trigger::Cron { .. } => Some((Event::Cron { at: 0 }, "moments of a schedule")),
        Trigger::Command => None,
    }
}

fn templates(trigger: &Trigger) -> Vec<Template> {
    let all: &[&Template] = match trigger {
        Trigger::Redis { server, channel } => &[server, channel],
        Trigger::Mqtt { server, username, password, topic, .. } => &[server, username, password, topic],
        Trigger::Cron { schedule } => &[schedule],
        Trigger::Command => &[],
    };
    all.iter().map(|template| (*template).clone()).collect()
}

fn source(trigger: &Trigger, values: Vec<String>) -> std::result::Result<Option<Source>, String> {
    let mut values = values.into_iter();
    let mut next = || values.next().unwrap_or_default();
    Ok(match trigger {
        Trigger::Redis { .. } => {
            let (text, channel) = (next(), next());
            let address =
                text.parse().map_err(|_| "the trigger's address is none of a Redis server: write redis://HOST:6379")?;
            Some(Source::Redis { text, address, channel })
        }
        Trigger::Mqtt { keep_alive, qos, .. } => {
            let (text, username, password, topic) = (next(), next(), next(), next());
            let address =
                text.parse().map_err(|_| "the trigger's address is none of an MQTT broker: write mqtt://HOST:1883")?;
            if !is_topic_filter(&topic) {
                return Err(format!("`{topic}` is no topic to listen under: `+` and `#` stand alone between slashes"));
            }
            let (keep_alive, qos) = (*keep_alive, *qos);
            Some(Source::Mqtt(Box::new(Mqtt { text, address, username, password, keep_alive, topic, qos })))
        }
        Trigger::Cron { .. } => Some(Source::Cron(Arc::new(Schedule::parse(&next())?))),
        Trigger::Command => None,
    })
}
