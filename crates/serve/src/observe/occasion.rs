//! What has a guest do something where no client sent a request.

/// An event, for logs and traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// Of what kind it is.
    pub kind: OccasionKind,
    /// The server that it comes from, with its port; empty where there is none.
    pub server: String,
    /// The channel, the topic or the schedule.
    pub name: String,
}

/// Kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OccasionKind {
    /// A message on a channel of a Redis server.
    Redis,
    /// A message under a topic of an MQTT broker.
    Mqtt,
    /// A moment of a schedule.
    Cron,
}

impl Occasion {
    /// A message on a channel.
    #[must_use]
    pub fn redis(server: &str, channel: &str) -> Self {
        Self { kind: OccasionKind::Redis, server: server.to_owned(), name: channel.to_owned() }
    }

    /// A message under a topic.
    #[must_use]
    pub fn mqtt(server: &str, topic: &str) -> Self {
        Self { kind: OccasionKind::Mqtt, server: server.to_owned(), name: topic.to_owned() }
    }

    /// A moment.
    #[must_use]
    pub fn cron(schedule: &str) -> Self {
        Self { kind: OccasionKind::Cron, server: String::new(), name: schedule.to_owned() }
    }
}

impl OccasionKind {
    /// A word for what stands in the place of a method in logs.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            OccasionKind::Redis => "REDIS",
            OccasionKind::Mqtt => "MQTT",
            OccasionKind::Cron => "CRON",
        }
    }

    /// A word for what stands in the place of a protocol.
    #[must_use]
    pub fn protocol(self) -> &'static str {
        match self {
            OccasionKind::Redis => "redis",
            OccasionKind::Mqtt => "mqtt",
            OccasionKind::Cron => "cron",
        }
    }
}
