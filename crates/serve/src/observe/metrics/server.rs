//! Metrics of the whole server. Those of the process have the names that all Prometheus clients use.

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::UNIX_EPOCH;

use super::Server;
use super::text::{Family, Kind};
use crate::observe::ProcessStats;

pub(super) fn write(out: &mut String, server: &Server<'_>) {
    connections(out, server);
    let help = "Lines dropped by the log of the process.";
    Family::new(out, Kind::Counter, "holm_server_log_lines_dropped_total", help).sample(&[], server.log_dropped);
    if let Some(spans) = server.spans {
        let mut one = |name, help, count: u64| Family::new(out, Kind::Counter, name, help).sample(&[], count);
        one("holm_spans_exported_total", "Spans that the collector of traces took.", spans.exported);
        one("holm_spans_dropped_total", "Spans that were dropped: too many, or not taken.", spans.dropped);
    }
    process(out, server.process);
}

fn connections(out: &mut String, server: &Server<'_>) {
    let front = server.front;
    let mut one = |kind, name, help, value: u64| Family::new(out, kind, name, help).sample(&[], value);
    one(Kind::Gauge, "holm_connections_open", "Connections that are open.", front.open.load(Relaxed) as u64);
    let counters: [(&str, &str, &AtomicU64); 8] = [
        ("holm_connections_accepted_total", "Connections accepted, those refused afterwards too.", &front.accepted),
        ("holm_connections_refused_total", "Connections closed because there were too many.", &front.refused),
        ("holm_accept_errors_total", "Failures to accept a connection.", &front.accept_errors),
        ("holm_proxy_failures_total", "Connections without a valid PROXY header.", &front.proxy_failures),
        ("holm_tls_handshake_failures_total", "TLS handshakes that failed.", &front.handshake_failures),
        ("holm_client_timeouts_total", "Connections and bodies ended for slow clients.", &front.timeouts),
        ("holm_malformed_requests_total", "Requests answered with an error for their form.", &front.malformed),
        ("holm_floods_total", "HTTP/2 connections closed for giving up too many requests.", &front.floods),
    ];
    for (name, help, counter) in counters {
        one(Kind::Counter, name, help, counter.load(Relaxed));
    }
}

fn process(out: &mut String, process: &ProcessStats) {
    let started = process.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let cpu = process.cpu.as_secs_f64();
    let mut one = |kind, name, help, value: &dyn Display| Family::new(out, kind, name, help).sample(&[], value);
    one(Kind::Gauge, "process_start_time_seconds", "When the server started, since 1970.", &started);
    one(Kind::Counter, "process_cpu_seconds_total", "CPU time of the process.", &cpu);
    let gauges = [
        ("process_resident_memory_bytes", "Resident memory.", process.resident),
        ("process_virtual_memory_bytes", "Virtual memory.", process.mapped),
        ("process_threads", "Threads.", process.threads),
        ("process_open_fds", "Open files and sockets.", process.open_files),
        ("process_max_fds", "How many files and sockets may be open.", process.max_files),
    ];
    for (name, help, value) in gauges {
        if let Some(value) = value {
            one(Kind::Gauge, name, help, &value);
        }
    }
}
