//! `holm reload`

use holm_engine::Result;

use super::server::{call, client, wait_for};
use crate::args::remote::Reload;
use crate::output;

/// Has the server read its configuration again.
pub(crate) fn reload(args: Reload) -> Result<i32> {
    let client = client(&args.server)?;
    wait_for(call(client.reload()))?;
    output::print(&format!("{} has read its configuration again\n", client.target()))?;
    Ok(0)
}
