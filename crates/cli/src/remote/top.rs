//! `holm top`

use std::time::Duration;

use holm_admin::client::Client;
use holm_admin::wire::{Top, TopApp};
use holm_engine::Result;

use super::screen::{self, Screen};
use super::server::{call, client, wait_for};
use super::table::Table;
use crate::args;
use crate::output::{self, human_size};

const REFRESH: Duration = Duration::from_secs(1);
/// The line that names the columns.
const HEADING: usize = 1;

/// Shows what the apps are doing: once, or until it is enough.
pub(crate) fn top(args: args::remote::Top) -> Result<i32> {
    let client = client(&args.server)?;
    wait_for(async {
        if args.json {
            output::print_json(&call(client.top()).await?)?;
        } else if args.once || !screen::is_there() {
            let before = call(client.top()).await?;
            tokio::time::sleep(REFRESH).await;
            let lines = frame(Some(&before), &call(client.top()).await?, &client);
            output::print(&(lines.join("\n") + "\n"))?;
        } else {
            live(&client).await?;
        }
        Ok(0)
    })
}

async fn live(client: &Client) -> Result<()> {
    // A server that is not there is said on the screen that stays.
    let mut before: Option<Top> = None;
    let mut now = call(client.top()).await?;
    let screen = Screen::enter()?;
    let refresh = async {
        loop {
            screen.draw(&frame(before.as_ref(), &now, client), HEADING)?;
            tokio::time::sleep(REFRESH).await;
            before = Some(std::mem::replace(&mut now, call(client.top()).await?));
        }
    };
    tokio::select! {
        failed = refresh => failed,
        ended = screen.ended() => ended,
    }
}

/// What is shown of two looks at a server, the app that uses most CPU first. After one look there are no rates yet.
fn frame(before: Option<&Top>, now: &Top, client: &Client) -> Vec<String> {
    // Counters of a server that was started in between say nothing of this one.
    let before = before.filter(|before| before.uptime < now.uptime);
    let seconds = before.map(|before| now.uptime - before.uptime);
    let mut lines = vec![summary(before, now, client)];
    if now.apps.is_empty() {
        lines.push("no app is loaded".to_owned());
        return lines;
    }
    let mut rows: Vec<Row<'_>> = now.apps.iter().map(|app| Row::new(before, app, seconds)).collect();
    rows.sort_by(|a, b| b.busy.total_cmp(&a.busy).then_with(|| a.app.name.cmp(&b.app.name)));
    let heading = ["NAME", "VERSION", "REQ/S", "5XX/S", "FLIGHT", "QUEUE", "CPU", "MEMORY", "P50", "P99"];
    let mut table = Table::new(heading, [false, true, true, true, true, true, true, true, true, true]);
    rows.iter().for_each(|row| table.push(row.cells()));
    lines.extend(table.lines());
    lines
}

fn summary(before: Option<&Top>, now: &Top, client: &Client) -> String {
    let cpu = before.map(|before| (now.cpu - before.cpu).max(0.0) / (now.uptime - before.uptime));
    format!(
        "{}  up {}  cpu {}  memory {}  connections {}",
        client.target(),
        age(now.uptime),
        percent(cpu),
        human_size(now.memory),
        now.connections
    )
}

struct Row<'t> {
    app: &'t TopApp,
    requests: Option<f64>,
    errors: Option<f64>,
    /// CPU seconds per second.
    cpu: Option<f64>,
    /// What it is sorted by.
    busy: f64,
}

impl<'t> Row<'t> {
    fn new(before: Option<&Top>, app: &'t TopApp, seconds: Option<f64>) -> Self {
        let old = before.and_then(|before| before.apps.iter().find(|old| old.name == app.name));
        let rate = |now: f64, then: Option<f64>| seconds.map(|seconds| (now - then.unwrap_or(0.0)).max(0.0) / seconds);
        let cpu = rate(app.cpu, old.map(|old| old.cpu));
        Self {
            app,
            requests: rate(app.requests as f64, old.map(|old| old.requests as f64)),
            errors: rate(app.errors as f64, old.map(|old| old.errors as f64)),
            cpu,
            busy: cpu.unwrap_or(app.cpu),
        }
    }

    fn cells(&self) -> [String; 10] {
        let TopApp { name, version, in_flight, queued, memory, p50, p99, .. } = self.app;
        [
            name.to_string(),
            version.to_string(),
            per_second(self.requests),
            per_second(self.errors),
            in_flight.to_string(),
            queued.to_string(),
            percent(self.cpu),
            human_size(*memory),
            milliseconds(*p50),
            milliseconds(*p99),
        ]
    }
}

fn per_second(rate: Option<f64>) -> String {
    match rate {
        None => "-".to_owned(),
        Some(rate) if rate > 0.0 && rate < 9.95 => format!("{rate:.1}"),
        Some(rate) => format!("{rate:.0}"),
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1}%", share * 100.0))
}

fn milliseconds(time: f64) -> String {
    match time {
        0.0..9.995 => format!("{time:.2} ms"),
        9.995..999.5 => format!("{time:.0} ms"),
        _ => format!("{:.1} s", time / 1000.0),
    }
}

fn age(seconds: f64) -> String {
    let seconds = seconds as u64;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holm_admin::client::Target;

    fn client() -> Client {
        Client::new(Target::parse("unix:/s", None).unwrap())
    }

    fn app(name: &str, requests: u64, cpu: f64) -> TopApp {
        let name = name.parse().unwrap();
        let (p50, p99) = (0.25, 1200.0);
        TopApp {
            name,
            version: 2,
            requests,
            errors: requests / 10,
            in_flight: 1,
            queued: 0,
            cpu,
            memory: 3 << 20,
            p50,
            p99,
        }
    }

    fn look(uptime: f64, apps: Vec<TopApp>) -> Top {
        Top { uptime, memory: 64 << 20, cpu: uptime / 2.0, connections: 5, apps }
    }

    #[test]
    fn rates_are_of_the_time_between_two_looks_and_the_busiest_is_first() {
        let before = look(100.0, vec![app("calm", 1000, 50.0), app("busy", 100, 1.0)]);
        let now = look(102.0, vec![app("calm", 1020, 50.01), app("busy", 300, 2.5)]);
        assert_eq!(
            frame(Some(&before), &now, &client()),
            [
                "unix:/s  up 1m42s  cpu 50.0%  memory 64.0 MiB  connections 5",
                "NAME  VERSION  REQ/S  5XX/S  FLIGHT  QUEUE    CPU   MEMORY      P50    P99",
                "busy        2    100     10       1      0  75.0%  3.0 MiB  0.25 ms  1.2 s",
                "calm        2     10    1.0       1      0   0.5%  3.0 MiB  0.25 ms  1.2 s",
            ]
        );
    }

    #[test]
    fn there_are_no_rates_after_one_look_or_a_restart() {
        let now = look(5.0, vec![app("shop", 10, 1.0)]);
        for before in [None, Some(&look(900.0, vec![app("shop", 99, 9.0)]))] {
            let lines = frame(before, &now, &client());
            assert!(lines[0].contains("up 5s  cpu -"), "{lines:?}");
            assert!(lines[2].starts_with("shop        2      -      -       1"), "{lines:?}");
        }
    }

    #[test]
    fn an_app_that_was_loaded_in_between_did_all_of_it_since() {
        let lines = frame(Some(&look(1.0, vec![])), &look(2.0, vec![app("new", 30, 0.1)]), &client());
        assert!(lines[2].starts_with("new         2     30"), "{lines:?}");
    }

    #[test]
    fn nonsense_from_a_server_is_shown_without_a_panic() {
        let wild = TopApp { cpu: f64::NAN, p50: f64::INFINITY, p99: -1.0, ..app("wild", 0, 0.0) };
        let lines = frame(Some(&look(f64::NEG_INFINITY, vec![])), &look(f64::NAN, vec![wild]), &client());
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn ages_and_times_are_for_people() {
        assert_eq!([0.9, 61.0, 3700.0, 90_000.0].map(age), ["0s", "1m01s", "1h01m", "1d01h"]);
        assert_eq!([0.0, 9.99, 10.0, 1500.0].map(milliseconds), ["0.00 ms", "9.99 ms", "10 ms", "1.5 s"]);
    }
}
