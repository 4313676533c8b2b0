//! MQTT brokers: `fermyon:spin/mqtt@2.0.0` and `spin:mqtt/mqtt@3.0.0`.
//!
//! Signatures and which error is which: spinframework/spin, `wit/deps/spin@2.0.0/mqtt.wit`,
//! `wit/deps/spin-mqtt@3.0.0/mqtt.wit`, `crates/factor-outbound-mqtt/src/host.rs`.

use std::sync::Arc;

use holm_grants::Ask;
use holm_services::dial::Permits;
use holm_services::mqtt::{MqttAddress, MqttConnection, MqttError, Qos};
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{Accessor, ComponentType, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType};

pub(crate) const V2: &str = "fermyon:spin/mqtt@2.0.0";
pub(crate) const V3: &str = "spin:mqtt/mqtt@3.0.0";

/// A connection that is open, as far as the guest knows.
struct Opened(Arc<MqttConnection>);

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "invalid-address")]
    InvalidAddress,
    #[component(name = "too-many-connections")]
    TooManyConnections,
    #[component(name = "connection-failed")]
    ConnectionFailed(String),
    #[component(name = "other")]
    Other(String),
}

impl From<MqttError> for Error {
    fn from(error: MqttError) -> Self {
        match error {
            MqttError::InvalidAddress => Self::InvalidAddress,
            MqttError::TooManyConnections => Self::TooManyConnections,
            MqttError::ConnectionFailed(why) => Self::ConnectionFailed(why),
            MqttError::Other(why) => Self::Other(why),
        }
    }
}

#[derive(Clone, Copy, ComponentType, Lift)]
#[expect(dead_code, reason = "guests make them")]
#[component(enum)]
#[repr(u8)]
#[expect(clippy::enum_variant_names, reason = "MQTT's own names")]
enum Quality {
    #[component(name = "at-most-once")]
    AtMostOnce,
    #[component(name = "at-least-once")]
    AtLeastOnce,
    #[component(name = "exactly-once")]
    ExactlyOnce,
}

impl From<Quality> for Qos {
    fn from(quality: Quality) -> Self {
        match quality {
            Quality::AtMostOnce => Self::AtMostOnce,
            Quality::AtLeastOnce => Self::AtLeastOnce,
            Quality::ExactlyOnce => Self::ExactlyOnce,
        }
    }
}

/// The address, the user, the password, and how many seconds the broker may hear nothing of us.
type Open = (String, String, String, u64);
/// The connection, the topic, the message, and how often it may arrive.
type Publish = (Resource<Opened>, String, Vec<u8>, Quality);

pub(crate) fn link_v2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(V2)?;
    link_resource(&mut instance)?;
    instance.func_wrap("[static]connection.open", |mut state: StoreContextMut<'_, State>, open: Open| {
        Ok((opened(state.data_mut(), &open),))
    })?;
    instance.func_wrap_async(
        "[method]connection.publish",
        |mut state: StoreContextMut<'_, State>, (handle, topic, payload, quality): Publish| {
            Box::new(async move {
                let it = connection(state.data_mut(), &handle)?;
                Ok((it.publish(topic, payload, quality.into()).await.map_err(Error::from),))
            })
        },
    )
}

pub(crate) fn link_v3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(V3)?;
    link_resource(&mut instance)?;
    instance.func_wrap_concurrent("[static]connection.open", |accessor: &Accessor<State>, open: Open| {
        Box::pin(async move { Ok((accessor.with(|mut access| opened(access.get(), &open)),)) })
    })?;
    instance.func_wrap_concurrent(
        "[method]connection.publish",
        |accessor: &Accessor<State>, (handle, topic, payload, quality): Publish| {
            Box::pin(async move {
                let it = accessor.with(|mut access| connection(access.get(), &handle))?;
                Ok((it.publish(topic, payload, quality.into()).await.map_err(Error::from),))
            })
        },
    )
}

fn link_resource(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.resource("connection", ResourceType::host::<Opened>(), |mut state, handle| {
        state.data_mut().table().delete(Resource::<Opened>::new_own(handle))?;
        Ok(())
    })
}

/// A connection to the broker at an address, if the guest was granted that. It is made when the guest first publishes, as in
/// Spin.
fn opened(state: &mut State, (address, user, password, keep_alive): &Open) -> Result<Resource<Opened>, Error> {
    let address: MqttAddress = address.parse()?;
    let (scheme, host, port) = (address.scheme(), address.host(), address.port());
    let not_permitted = || Error::ConnectionFailed(format!("address {address} is not permitted"));
    if !state.grants().allows_outbound(scheme, host, port) {
        state.refuse(Ask::outbound(scheme, host, port));
        return Err(not_permitted());
    }
    // A host without anything to lend reaches no servers.
    let lent = state.lent().ok_or_else(not_permitted)?;
    let permits = Permits::new(state.may_dial(scheme, host, port));
    let connection = lent.servers.mqtt.open(&address, user, password, *keep_alive, permits)?;
    state.table().push(Opened(Arc::new(connection))).map_err(|_| Error::TooManyConnections)
}

/// The connection behind a handle that the engine checked.
fn connection(state: &mut State, handle: &Resource<Opened>) -> wasmtime::Result<Arc<MqttConnection>> {
    Ok(Arc::clone(&state.table().get(handle)?.0))
}
