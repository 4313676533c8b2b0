//! `outbound-pg`: statements to PostgreSQL servers.
//!
//! Source: spinframework/spin, `wit/ephemeral/{outbound-pg,pg-types}.wit`, `crates/outbound-pg` (1.3).

use std::sync::Arc;

use holm_services::postgres::{Address, Connection};
use wasmtime::Result;

use super::args::Args;
use super::link::Work;
use super::out::{Out, ROOT};
use super::rdbms::{Statement, answered, failed, statement};
use super::servers::Opened;
use super::state::State;
use crate::rdbms::postgres::given;
use crate::rdbms::{Error, RowSet};
use crate::reach::{Each, ask_for};

const SCHEMES: &[&str] = &["postgres", "postgresql"];

pub(super) fn query(args: &mut Args<'_>) -> Result<Work> {
    let statement = statement(args)?;
    Ok(Box::new(move |state| Box::pin(async move { answered(queried(state, statement).await).map(Some) })))
}

pub(super) fn execute(args: &mut Args<'_>) -> Result<Work> {
    let statement = statement(args)?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let changed = executed(state, statement).await;
            let mut out = Out::default();
            match changed {
                Ok(changed) => {
                    out.u8(ROOT, 0, 0);
                    out.u64(ROOT, 8, changed);
                }
                Err(error) => failed(&mut out, 8, error)?,
            }
            Ok(Some(out))
        })
    }))
}

async fn queried(state: &mut State, statement: Statement) -> std::result::Result<RowSet, Error> {
    let connection = connection(state, &statement.address).await?;
    Ok(connection.query(&statement.text, given(statement.parameters)?).await?.into())
}

async fn executed(state: &mut State, statement: Statement) -> std::result::Result<u64, Error> {
    let connection = connection(state, &statement.address).await?;
    Ok(connection.execute(&statement.text, given(statement.parameters)?).await?)
}

/// The guest's connection to the server of this address, which it keeps until it ends.
async fn connection(state: &mut State, text: &str) -> std::result::Result<Arc<Connection>, Error> {
    if let Some(Opened::Postgres(connection)) = state.servers.get(text) {
        return Ok(Arc::clone(connection));
    }
    let shared = Arc::clone(&state.shared);
    let address = Address::parse(text)?;
    let granted = |(host, port): &(String, u16)| ask_for(&shared.host.grants, &shared.host.audit, SCHEMES, host, *port);
    let gate: std::result::Result<Vec<_>, _> = address.servers().iter().map(granted).collect();
    let gate = Each(gate.map_err(Error::ConnectionFailed)?);
    let (lent, counted) = (shared.lent()?, shared.count()?);
    let connection = Arc::new(lent.servers.postgres.open(&address, None, &gate).await?);
    state.servers.keep(text, Opened::Postgres(Arc::clone(&connection)), counted);
    Ok(connection)
}
