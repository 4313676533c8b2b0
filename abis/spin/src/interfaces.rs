//! Every interface that Spin offers, in every version that guests were built against. Each is linked only for guests that
//! import it, since linking takes time and memory at every start.

use holm_abi::Provision;
use holm_engine::shape::Shape;
use holm_wasi::State;
use wasmtime::component::Linker;

use crate::{exports, http, key_value, llm, mqtt, mysql, otel, postgres, redis, sqlite, variables};

/// One interface in one version.
struct Interface {
    /// As guests import it.
    name: &'static str,
    link: fn(&mut Linker<State>) -> wasmtime::Result<()>,
    /// What has to be granted for it to be of use.
    provision: Provision,
}

/// One line for each.
const INTERFACES: &[Interface] = &[
    Interface { name: mqtt::V2, link: mqtt::link_v2, provision: Provision::Grant(MQTT) },
    Interface { name: mqtt::V3, link: mqtt::link_v3, provision: Provision::Grant(MQTT) },
    Interface { name: redis::TYPES, link: no_functions, provision: Provision::Always },
    Interface { name: redis::V1, link: redis::link_v1, provision: Provision::Grant(REDIS) },
    Interface { name: redis::V2, link: redis::link_v2, provision: Provision::Grant(REDIS) },
    Interface { name: redis::V3, link: redis::link_v3, provision: Provision::Grant(REDIS) },
    Interface { name: exports::TYPES[0], link: no_functions, provision: Provision::Always },
    Interface { name: exports::TYPES[1], link: no_functions, provision: Provision::Always },
    Interface { name: exports::TYPES[2], link: no_functions, provision: Provision::Always },
    Interface { name: http::OUTBOUND, link: http::link, provision: Provision::Grant(HTTP) },
    Interface { name: key_value::V1, link: key_value::link_v1, provision: Provision::Grant(KV) },
    Interface { name: key_value::V2, link: key_value::link_v2, provision: Provision::Grant(KV) },
    Interface { name: key_value::V3, link: key_value::link_v3, provision: Provision::Grant(KV) },
    Interface { name: llm::V1, link: llm::link_v1, provision: Provision::Grant(MODEL) },
    Interface { name: llm::V2, link: llm::link_v2, provision: Provision::Grant(MODEL) },
    Interface { name: otel::LOGS, link: otel::link_logs, provision: Provision::Always },
    Interface { name: otel::METRICS, link: otel::link_metrics, provision: Provision::Always },
    Interface { name: otel::TRACING, link: otel::link_tracing, provision: Provision::Always },
    Interface { name: variables::CONFIG, link: variables::link_config, provision: Provision::Always },
    Interface { name: variables::V2, link: variables::link_v2, provision: Provision::Always },
    Interface { name: variables::V3, link: variables::link_v3, provision: Provision::Always },
    Interface { name: mysql::V1, link: mysql::link_v1, provision: Provision::Grant(MYSQL) },
    Interface { name: mysql::V2, link: mysql::link_v2, provision: Provision::Grant(MYSQL) },
    Interface { name: mysql::V3, link: mysql::link_v3, provision: Provision::Grant(MYSQL) },
    Interface { name: postgres::V1, link: postgres::link_v1, provision: Provision::Grant(POSTGRES) },
    Interface { name: postgres::V2, link: postgres::link_v2, provision: Provision::Grant(POSTGRES) },
    Interface { name: postgres::V3, link: postgres::link_v3, provision: Provision::Grant(POSTGRES) },
    Interface { name: postgres::V4, link: postgres::link_v4, provision: Provision::Grant(POSTGRES) },
    Interface { name: postgres::V4_1, link: postgres::link_v4_1, provision: Provision::Grant(POSTGRES) },
    Interface { name: postgres::V4_2, link: postgres::link_v4_2, provision: Provision::Grant(POSTGRES) },
    Interface { name: sqlite::V1, link: sqlite::link_v1, provision: Provision::Grant(SQL) },
    Interface { name: sqlite::V2, link: sqlite::link_v2, provision: Provision::Grant(SQL) },
    Interface { name: sqlite::V3, link: sqlite::link_v3, provision: Provision::Grant(SQL) },
    Interface { name: sqlite::V3_1, link: sqlite::link_v3_1, provision: Provision::Grant(SQL) },
];

const HTTP: &str = "--http PATTERN";
const KV: &str = "--kv=NAME";
const MODEL: &str = "--model NAME";
const MQTT: &str = "--outbound mqtt://HOST";
const MYSQL: &str = "--outbound mysql://HOST";
const POSTGRES: &str = "--outbound postgres://HOST";
const REDIS: &str = "--outbound redis://HOST";
const SQL: &str = "--sql=NAME";

/// Of an interface that has types only, which need nothing of us.
#[expect(clippy::unnecessary_wraps, reason = "others can fail")]
fn no_functions(_: &mut Linker<State>) -> wasmtime::Result<()> {
    Ok(())
}

/// Whether only guests of Spin have an import or export of this name.
pub(crate) fn is_spin(name: &str) -> bool {
    ["fermyon:spin/", "fermyon:spin-", "spin:"].iter().any(|package| name.starts_with(package)) || otel::is_otel(name)
}

/// What would satisfy an import of this name.
pub(crate) fn provision(name: &str) -> Provision {
    INTERFACES.iter().find(|known| known.name == name).map_or(Provision::Nothing, |known| known.provision.clone())
}

/// Links those that a component of this shape imports.
pub(crate) fn link(linker: &mut Linker<State>, shape: &Shape) -> wasmtime::Result<()> {
    let imports = |known: &&Interface| shape.imports.iter().any(|import| import.name == known.name);
    INTERFACES.iter().filter(imports).try_for_each(|known| (known.link)(linker))
}
