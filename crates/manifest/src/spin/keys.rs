//! The keys that Spin's files may hold, version by version.

use crate::keys::Keys;

/// Keys above all tables of a `spin.toml` of version 2.
pub(crate) static MANIFEST: Keys = Keys {
    table: "",
    known: &["spin_manifest_version", "application", "variables", "trigger", "component"],
    family: &SECOND,
};
/// Keys of `[application]`.
pub(crate) static APPLICATION: Keys = Keys {
    table: "application",
    known: &["name", "version", "description", "authors", "targets", "trigger", "tool"],
    family: &SECOND,
};
/// Keys of `[variables]`, for each variable.
pub(crate) static VARIABLE: Keys =
    Keys { table: "variables.NAME", known: &["description", "required", "default", "secret"], family: &ALONE };
/// Keys of `[component.NAME]`.
pub(crate) static COMPONENT: Keys = Keys {
    table: "component.NAME",
    known: &[
        "source",
        "description",
        "variables",
        "environment",
        "files",
        "exclude_files",
        "allowed_http_hosts",
        "allowed_outbound_hosts",
        "key_value_stores",
        "sqlite_databases",
        "ai_models",
        "targets",
        "build",
        "tool",
        "dependencies_inherit_configuration",
        "dependencies",
        "profile",
    ],
    family: &SECOND,
};
/// Keys of `[component.NAME.build]`, in both versions.
pub(crate) static BUILD: Keys =
    Keys { table: "component.NAME.build", known: &["command", "workdir", "watch"], family: &SECOND };
/// Keys of `[component.NAME.profile.NAME]`.
pub(crate) static PROFILE: Keys = Keys {
    table: "component.NAME.profile.NAME",
    known: &["source", "environment", "dependencies", "build"],
    family: &ALONE,
};
/// Keys of `[component.NAME.profile.NAME.build]`.
pub(crate) static PROFILE_BUILD: Keys =
    Keys { table: "component.NAME.profile.NAME.build", known: &["command"], family: &ALONE };
/// Keys of a `source` that is a table.
pub(crate) static SOURCE: Keys =
    Keys { table: "source", known: &["url", "digest", "registry", "package", "version"], family: &ALONE };
/// Keys of one of `files` that is a table.
pub(crate) static FILES: Keys = Keys { table: "files", known: &["source", "destination"], family: &ALONE };
/// Keys of a dependency that is a table.
pub(crate) static DEPENDENCY: Keys = Keys {
    table: "dependencies.NAME",
    known: &["version", "registry", "package", "path", "url", "digest", "component", "export", "inherit_configuration"],
    family: &ALONE,
};

/// Keys above all tables of a `spin.toml` of version 1.
pub(crate) static FIRST_MANIFEST: Keys = Keys {
    table: "",
    known: &[
        "spin_manifest_version",
        "spin_version",
        "name",
        "version",
        "description",
        "authors",
        "trigger",
        "variables",
        "component",
    ],
    family: &FIRST,
};
/// Keys of `[[component]]` in version 1.
pub(crate) static FIRST_COMPONENT: Keys = Keys {
    table: "[component]",
    known: &[
        "id",
        "source",
        "trigger",
        "description",
        "config",
        "environment",
        "files",
        "exclude_files",
        "allowed_http_hosts",
        "allowed_outbound_hosts",
        "key_value_stores",
        "sqlite_databases",
        "ai_models",
        "build",
    ],
    family: &FIRST,
};

/// Keys of `[[trigger.http]]`.
pub(crate) static HTTP: Keys = Keys {
    table: "[trigger.http]",
    known: &["id", "component", "components", "dependencies", "route", "executor", "static_response"],
    family: &ALONE,
};
/// Keys of a `route` that is a table.
pub(crate) static PRIVATE: Keys = Keys { table: "route", known: &["private"], family: &ALONE };
/// Keys of an `executor`.
pub(crate) static EXECUTOR: Keys = Keys { table: "executor", known: &["type", "entrypoint", "argv"], family: &ALONE };
/// Keys of a `static_response`.
pub(crate) static RESPONSE: Keys =
    Keys { table: "static_response", known: &["status_code", "headers", "body"], family: &ALONE };
/// Keys of `[[trigger.redis]]`.
pub(crate) static REDIS: Keys = Keys {
    table: "[trigger.redis]",
    known: &["id", "component", "components", "dependencies", "channel", "address"],
    family: &ALONE,
};
/// Keys of `[[trigger.mqtt]]`.
pub(crate) static MQTT: Keys = Keys {
    table: "[trigger.mqtt]",
    known: &["id", "component", "components", "dependencies", "topic", "qos"],
    family: &ALONE,
};
/// Keys of `[[trigger.cron]]`.
pub(crate) static CRON: Keys = Keys {
    table: "[trigger.cron]",
    known: &["id", "component", "components", "dependencies", "cron_expression"],
    family: &ALONE,
};
/// Keys of `[[trigger.command]]`.
pub(crate) static COMMAND: Keys =
    Keys { table: "[trigger.command]", known: &["id", "component", "components", "dependencies"], family: &ALONE };
/// Keys of `[application.trigger.http]`. Where all triggers of an app are of one kind, `type` says so in version 1.
pub(crate) static HTTP_ALL: Keys = Keys { table: "application.trigger.http", known: &["base", "type"], family: &ALONE };
/// Keys of `[application.trigger.redis]`.
pub(crate) static REDIS_ALL: Keys =
    Keys { table: "application.trigger.redis", known: &["address", "type"], family: &ALONE };
/// Keys of `[application.trigger.mqtt]`.
pub(crate) static MQTT_ALL: Keys = Keys {
    table: "application.trigger.mqtt",
    known: &["address", "username", "password", "keep_alive_interval", "type"],
    family: &ALONE,
};
/// Keys of a kind of trigger that has no settings for all.
pub(crate) static NOTHING_ALL: Keys = Keys { table: "application.trigger", known: &["type"], family: &ALONE };

static SECOND: [&Keys; 4] = [&COMPONENT, &BUILD, &APPLICATION, &MANIFEST];
static FIRST: [&Keys; 3] = [&FIRST_COMPONENT, &BUILD, &FIRST_MANIFEST];
/// Where a key is written nowhere else.
static ALONE: [&Keys; 0] = [];

/// Every table of both versions.
#[cfg(test)]
pub(crate) fn all() -> Vec<&'static Keys> {
    vec![
        &MANIFEST,
        &APPLICATION,
        &VARIABLE,
        &COMPONENT,
        &BUILD,
        &PROFILE,
        &PROFILE_BUILD,
        &SOURCE,
        &FILES,
        &DEPENDENCY,
        &FIRST_MANIFEST,
        &FIRST_COMPONENT,
        &HTTP,
        &PRIVATE,
        &EXECUTOR,
        &RESPONSE,
        &REDIS,
        &MQTT,
        &CRON,
        &COMMAND,
        &HTTP_ALL,
        &REDIS_ALL,
        &MQTT_ALL,
        &NOTHING_ALL,
    ]
}
