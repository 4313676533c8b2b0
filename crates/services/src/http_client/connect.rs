//! From a URI to an open connection.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper::client::conn::{http1, http2};
use hyper::rt::{Read, Write};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::error::connecting;
use super::pool::Connection;
use super::slots::Slot;
use super::tls::Tls;
use super::{AddressPolicy, HttpError};
use crate::answering::{self, Unanswered};

/// A name with more addresses than this has the rest ignored.
const MAX_ADDRESSES: usize = 16;

const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(15);
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a request goes, and for whom: connections are shared between equal ones only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) tls: bool,
    /// In lower case; an IPv6 address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) identity: u64,
}

impl Target {
    pub(super) fn of(uri: &Uri, identity: u64) -> Result<Self, HttpError> {
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(HttpError::HttpRequestUriInvalid),
        };
        let authority = uri.authority().ok_or(HttpError::HttpRequestUriInvalid)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(HttpError::HttpRequestUriInvalid);
        }
        let port = match authority.port() {
            Some(_) => authority.port_u16().ok_or(HttpError::HttpRequestUriInvalid)?,
            None if tls => 443,
            None => 80,
        };
        Ok(Self { tls, host: host.to_ascii_lowercase(), port, identity })
    }
}

/// Every address of the target's host.
pub(super) async fn resolve(
    target: &Target,
    hosts: &HashMap<String, Vec<IpAddr>>,
    deadline: Instant,
) -> Result<Vec<SocketAddr>, HttpError> {
    let at_port = |ip: &IpAddr| SocketAddr::new(*ip, target.port);
    if let Some(known) = hosts.get(&target.host) {
        return Ok(known.iter().map(at_port).collect());
    }
    if let Ok(ip) = target.host.parse() {
        return Ok(vec![at_port(&ip)]);
    }
    let lookup = tokio::net::lookup_host((target.host.as_str(), target.port));
    match timeout_at(deadline, lookup).await {
        Err(_) => Err(HttpError::DnsTimeout { host: target.host.clone() }),
        Ok(Err(error)) => Err(dns_error(target, &error)),
        Ok(Ok(addresses)) => Ok(addresses.take(MAX_ADDRESSES).collect()),
    }
}

fn dns_error(target: &Target, error: &io::Error) -> HttpError {
    let message = error.to_string();
    // The system's resolver tells its codes only as text.
    let rcode = if message.contains("not known") {
        Some("NXDOMAIN".to_owned())
    } else if message.contains("Temporary failure") {
        Some("SERVFAIL".to_owned())
    } else {
        None
    };
    HttpError::DnsError { host: target.host.clone(), rcode, message }
}

/// Those of `addresses` that the policy allows, if any.
pub(super) fn allowed(
    target: &Target,
    addresses: Vec<SocketAddr>,
    policy: &dyn AddressPolicy,
) -> Result<Vec<SocketAddr>, HttpError> {
    let host = target.host.as_str();
    if addresses.is_empty() {
        return Err(HttpError::DestinationNotFound { host: host.to_owned() });
    }
    let (allowed, refused): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| policy.allow(host, *address));
    if allowed.is_empty() {
        let host = host.to_owned();
        return Err(HttpError::DestinationIpProhibited { host, addresses: refused });
    }
    Ok(allowed)
}

/// Connects to the first of `addresses` (not empty) that answers.
pub(super) async fn dial(addresses: &[SocketAddr], deadline: Instant) -> Result<(TcpStream, SocketAddr), HttpError> {
    answering::connect(addresses, deadline).await.map_err(|unanswered| match unanswered {
        Unanswered::Silent(_) => HttpError::ConnectionTimeout,
        Unanswered::Failed(_, error) => connecting(&error),
    })
}

/// Begins TLS if the target asks for it, then HTTP.
pub(super) async fn open(
    target: &Target,
    stream: TcpStream,
    address: SocketAddr,
    tls: &Tls,
    slot: Slot,
) -> Result<Connection, HttpError> {
    // Small writes are whole messages here, and waiting to join them costs a round trip.
    stream.set_nodelay(true).map_err(|error| connecting(&error))?;
    if !target.tls {
        return http1(TokioIo::new(stream), address, slot).await;
    }
    let stream = tls.connect(&target.host, stream).await?;
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        http2(TokioIo::new(stream), address, slot).await
    } else {
        http1(TokioIo::new(stream), address, slot).await
    }
}

async fn http1<S>(stream: S, address: SocketAddr, slot: Slot) -> Result<Connection, HttpError>
where
    S: Read + Write + Send + Unpin + 'static,
{
    let (sender, connection) = http1::handshake(stream).await?;
    tokio::spawn(async move {
        // Its error reaches whoever waits for a response or reads a body.
        let _ = connection.await;
        drop(slot);
    });
    Ok(Connection::http1(sender, address))
}

async fn http2<S>(stream: S, address: SocketAddr, slot: Slot) -> Result<Connection, HttpError>
where
    S: Read + Write + Send + Unpin + 'static,
{
    // Many requests share one connection, and a dead one that nobody notices would fail them all.
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(HTTP2_PING_INTERVAL)
        .keep_alive_timeout(HTTP2_PING_TIMEOUT)
        .handshake(stream)
        .await?;
    tokio::spawn(async move {
        let _ = connection.await;
        drop(slot);
    });
    Ok(Connection::http2(sender, address))
}
