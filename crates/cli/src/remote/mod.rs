//! The commands that drive a running server through its admin API.

mod apps;
mod deploy;
mod failure;
mod logs;
mod package;
mod reload;
mod remove;
mod rollback;
mod screen;
mod server;
mod table;
mod top;

pub(crate) use apps::apps;
pub(crate) use deploy::deploy;
pub(crate) use logs::logs;
pub(crate) use reload::reload;
pub(crate) use remove::remove;
pub(crate) use rollback::rollback;
pub(crate) use top::top;
