use crate::app::{App, component, until};

fn app(schedule: &str) -> App {
    let trigger = format!("[[trigger.cron]]\ncron_expression = \"{schedule}\"\ncomponent = \"told\"\n");
    App::new(&["spin-events.wasm"], &format!("{trigger}{}", component("told", "spin-events.wasm", "")))
}

#[test]
fn each_moment_of_a_schedule_is_told_once() {
    let server = app("* * * * * *").serve();
    let told = |log: &str| -> Vec<u64> {
        let lines = log.lines().filter_map(|line| line.split_once("told: "));
        lines.filter_map(|(_, moment)| moment.parse().ok()).collect()
    };
    until(&server, |log| told(log).len() >= 3);
    let moments = told(&server.log());
    assert!(moments.is_sorted_by(|a, b| a < b), "{moments:?}");
    server.logs(&["CRON * * * * * * 200"]);
}

#[test]
fn what_is_no_schedule_is_said_before_anything_is_served() {
    let said = app("every day").command().fails(125);
    assert!(said.contains("the schedule `every day` makes no sense"), "{said}");
}
