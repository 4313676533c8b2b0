//! Triggers that are no requests: messages, moments, and being run.

use super::super::Around;
use super::super::variables::template;
use super::settings::{Settings, digits, text};
use crate::template::Template;
use crate::triggers::Trigger;
use crate::values::Reader;
use std::ops::Range;

/// Reads a trigger of this kind, which stands at `span`.
pub(super) fn read(
    reader: &mut Reader<'_, '_, '_>,
    kind: &str,
    span: Range<usize>,
    settings: &Settings,
    around: &Around<'_>,
) -> Option<Trigger> {
    match kind {
        "redis" => redis(reader, span, settings, around),
        "mqtt" => mqtt(reader, span, settings, around),
        "cron" => required(reader, "cron_expression", span, "\"0 */5 * * * *\"", around)
            .map(|schedule| Trigger::Cron { schedule }),
        _ => Some(Trigger::Command),
    }
}

fn redis(
    reader: &mut Reader<'_, '_, '_>,
    span: Range<usize>,
    settings: &Settings,
    around: &Around<'_>,
) -> Option<Trigger> {
    let channel = required(reader, "channel", span.clone(), "\"orders\"", around);
    let server = text(reader, "address", around).or_else(|| settings.redis.clone());
    if server.is_none() && reader.value("address").is_none() {
        let why = "the trigger names no Redis server; give it an `address`, or write one for all in \
                   [application.trigger.redis]";
        reader.report.add(span, why);
    }
    Some(Trigger::Redis { server: server?, channel: channel? })
}

fn mqtt(
    reader: &mut Reader<'_, '_, '_>,
    span: Range<usize>,
    settings: &Settings,
    around: &Around<'_>,
) -> Option<Trigger> {
    let topic = required(reader, "topic", span.clone(), "\"sensors/#\"", around);
    let qos = digits(reader, "qos", "0, 1 or 2", 0..=2).unwrap_or(1);
    if settings.mqtt.is_none() {
        reader.report.add(span, "there is no MQTT broker; write its `address` in [application.trigger.mqtt]");
    }
    Some(Trigger::Mqtt {
        server: settings.mqtt.clone()?,
        username: settings.username.clone(),
        password: settings.password.clone(),
        keep_alive: settings.keep_alive,
        topic: topic?,
        qos: u8::try_from(qos).unwrap_or_default(),
    })
}

/// A text that has to be there, may name variables, and is not empty.
fn required(
    reader: &mut Reader<'_, '_, '_>,
    key: &str,
    span: Range<usize>,
    example: &str,
    around: &Around<'_>,
) -> Option<Template> {
    if reader.value(key).is_none() {
        reader.report.add(span, format!("the trigger has no `{key}`; write one, as in {key} = {example}"));
        return None;
    }
    let found = reader.text(key)?;
    if found.0.is_empty() {
        reader.report.add(found.1.clone(), format!("`{key}` is empty; write one, as in {key} = {example}"));
    }
    template(reader, &found, around)
}
