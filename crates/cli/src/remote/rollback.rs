//! `holm rollback`

use holm_admin::wire;
use holm_engine::Result;

use super::server::{call, client, wait_for};
use crate::args::remote::Rollback;
use crate::output;

/// Makes an earlier version current.
pub(crate) fn rollback(args: Rollback) -> Result<i32> {
    let client = client(&args.server)?;
    let to = wire::Rollback { to: args.to_version, if_version: None };
    let now = wait_for(call(client.rollback(&args.name, to)))?;
    if args.json {
        output::print_json(&now)?;
    } else {
        output::print(&format!("{} version {} answers again\n", now.name, now.version))?;
    }
    Ok(0)
}
