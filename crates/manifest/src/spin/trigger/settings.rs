//! `[application.trigger.KIND]`: what holds for all triggers of a kind.

use super::super::Around;
use super::super::keys;
use super::super::variables::template;
use crate::keys::Keys;
use crate::routes::Route;
use crate::template::Template;
use crate::values::{Reader, as_number};
use std::time::Duration;
use toml::de::DeValue;

/// What holds for all triggers of an app.
pub(super) struct Settings {
    /// What stands before every route.
    pub(super) base: String,
    /// The Redis server of channels that name none.
    pub(super) redis: Option<Template>,
    /// The MQTT broker.
    pub(super) mqtt: Option<Template>,
    pub(super) username: Template,
    pub(super) password: Template,
    pub(super) keep_alive: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            base: "/".to_owned(),
            redis: None,
            mqtt: None,
            username: Template::default(),
            password: Template::default(),
            keep_alive: Duration::from_secs(30),
        }
    }
}

impl Settings {
    pub(super) fn read(&mut self, reader: &mut Reader<'_, '_, '_>, kind: &str, around: &Around<'_>) {
        let keys: &Keys = match kind {
            "http" => &keys::HTTP_ALL,
            "redis" => &keys::REDIS_ALL,
            "mqtt" => &keys::MQTT_ALL,
            _ => &keys::NOTHING_ALL,
        };
        keys.check(reader);
        match kind {
            "http" => self.base(reader),
            "redis" => self.redis = text(reader, "address", around),
            "mqtt" => self.mqtt(reader, around),
            _ => {}
        }
    }

    fn base(&mut self, reader: &mut Reader<'_, '_, '_>) {
        let Some((base, span)) = reader.text("base") else { return };
        if reader.noted(span, Route::spin(base, "/")).is_some() {
            self.base = base.to_owned();
        }
    }

    fn mqtt(&mut self, reader: &mut Reader<'_, '_, '_>, around: &Around<'_>) {
        self.mqtt = text(reader, "address", around);
        self.username = text(reader, "username", around).unwrap_or_default();
        self.password = text(reader, "password", around).unwrap_or_default();
        if let Some(seconds) = digits(reader, "keep_alive_interval", "seconds, as in \"30\"", 1..=65535) {
            self.keep_alive = Duration::from_secs(seconds);
        }
    }
}

/// A text that may name variables.
pub(super) fn text(reader: &mut Reader<'_, '_, '_>, key: &str, around: &Around<'_>) -> Option<Template> {
    let text = reader.text(key)?;
    template(reader, &text, around)
}

/// A number, which the trigger's own format writes as a text.
pub(super) fn digits(
    reader: &mut Reader<'_, '_, '_>,
    key: &str,
    wanted: &str,
    range: std::ops::RangeInclusive<u64>,
) -> Option<u64> {
    let value = reader.value(key)?;
    let number = match value.get_ref() {
        DeValue::String(text) => text.parse().ok(),
        other => as_number(other),
    };
    reader.expect(key, value, wanted, number.filter(|number| range.contains(number)))
}
