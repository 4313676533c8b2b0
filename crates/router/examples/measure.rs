//! How long a router of many apps takes to build, and a lookup in it:
//! `cargo run --release -p holm-router --example measure`.
#![allow(clippy::unwrap_used)]

use holm_manifest::Route;
use holm_router::Router;
use std::hint::black_box;
use std::time::Instant;

const LOOKUPS: u32 = 1_000_000;

fn main() {
    for apps in [10_000, 100_000] {
        measure(apps, "a host each", |app| (format!("app-{app}.apps.example.com"), String::new()));
        measure(apps, "a host and two paths each", |app| {
            (format!("app-{}.example.com", app / 2), format!("/api/v{app}"))
        });
        measure(apps, "a path each", |app| (String::new(), format!("/app-{app}")));
    }
}

fn measure(apps: u32, what: &str, place: impl Fn(u32) -> (String, String)) {
    let routes: Vec<(Route, u32)> = (0..apps)
        .map(|app| {
            let (host, path) = place(app);
            (format!("{host}{path}").parse().unwrap(), app)
        })
        .collect();
    let requests: Vec<(String, String)> = (0..1000_u32)
        .map(|at| {
            let (host, path) = place(at.wrapping_mul(7919) % apps);
            (if host.is_empty() { "localhost:3000".into() } else { host }, path + "/users/7?page=2")
        })
        .collect();

    let start = Instant::now();
    let router = Router::build(routes).unwrap();
    let built = start.elapsed();

    let start = Instant::now();
    for (host, path) in requests.iter().cycle().take(LOOKUPS as usize) {
        black_box(router.find(black_box(host), black_box(path)));
    }
    println!("{apps} apps, {what}: built in {built:.1?}, a lookup takes {:.0?}", start.elapsed() / LOOKUPS);
}
