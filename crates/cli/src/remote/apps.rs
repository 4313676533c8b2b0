//! `holm apps`

use std::fmt::Write as _;

use holm_admin::wire::{AppDetail, AppList, AppState, AppSummary, VersionInfo};
use holm_engine::Result;

use super::server::{call, client, wait_for};
use super::table::Table;
use crate::args::remote::Apps;
use crate::output::{self, human_size, printable};

/// Lists the apps, or shows one.
pub(crate) fn apps(args: Apps) -> Result<i32> {
    let client = client(&args.server)?;
    match args.name {
        Some(name) => {
            let app = wait_for(call(client.app(&name)))?;
            if args.json { output::print_json(&app)? } else { output::print(&shown(&app))? }
        }
        None => {
            let apps = wait_for(call(client.apps()))?;
            if args.json { output::print_json(&AppList { apps })? } else { output::print(&listed(&apps))? }
        }
    }
    Ok(0)
}

fn listed(apps: &[AppSummary]) -> String {
    if apps.is_empty() {
        return "no app is deployed; `holm deploy APP` deploys one\n".to_owned();
    }
    let mut table = Table::new(["NAME", "VERSION", "STATE", "REQUESTS", "ROUTES"], [false, true, false, true, false]);
    for AppSummary { name, version, status } in apps {
        let routes = printable(&status.routes.join(", "));
        let state = word(status.state).to_owned();
        table.push([name.to_string(), version.to_string(), state, status.requests.to_string(), routes]);
    }
    let mut text = table.lines().join("\n") + "\n";
    for AppSummary { name, status, .. } in apps {
        if let (AppState::Failing | AppState::Unavailable, Some(error)) = (status.state, &status.last_error) {
            let _ = writeln!(text, "{name}: {}", printable(error));
        }
    }
    text
}

fn shown(app: &AppDetail) -> String {
    let AppSummary { name, version, status } = &app.summary;
    let requests = if status.requests == 1 { "request" } else { "requests" };
    let state = word(status.state);
    let mut text =
        format!("{name} version {version}: {state}, {} {requests} since the server started\n", status.requests);
    if let Some(error) = &status.last_error {
        let _ = writeln!(text, "last error: {}", printable(error));
    }
    section(&mut text, "routes", status.routes.iter().map(|route| printable(route)).collect());
    let mut guests = Table::new(["", "", ""], [false, true, false]);
    for (called, guest) in &app.guests {
        guests.push([printable(called), human_size(guest.size), guest.digest.to_string()]);
    }
    section(&mut text, "guests", guests.lines().split_off(1));
    let mut versions = Table::new(["", "", "", ""], [true, false, false, false]);
    for version in &app.versions {
        versions.push(row(version));
    }
    section(&mut text, "versions", versions.lines().split_off(1));
    text
}

fn section(text: &mut String, title: &str, lines: Vec<String>) {
    if !lines.is_empty() {
        let _ = write!(text, "{title}:\n  {}\n", lines.join("\n  "));
    }
}

fn row(version: &VersionInfo) -> [String; 4] {
    let about = version.problem.as_deref().map_or_else(|| version.notes.clone(), |why| format!("unusable: {why}"));
    let created = version.created.as_deref().unwrap_or("?");
    let current = if version.current { "current" } else { "" };
    [version.version.to_string(), printable(created), current.to_owned(), one_line(&about)]
}

/// Notes may be as long as a message of a commit, of which the first line says the most.
fn one_line(text: &str) -> String {
    printable(text.lines().next().unwrap_or_default())
}

fn word(state: AppState) -> &'static str {
    match state {
        AppState::Idle => "idle",
        AppState::Running => "running",
        AppState::Failing => "failing",
        AppState::Unavailable => "unavailable",
    }
}
