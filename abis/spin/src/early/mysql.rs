//! `outbound-mysql`: statements to MySQL servers.
//!
//! Source: spinframework/spin, `wit/ephemeral/{outbound-mysql,mysql-types}.wit`.

use std::sync::Arc;

use holm_services::mysql::{Address, Connection};
use wasmtime::Result;

use super::args::Args;
use super::link::Work;
use super::out::{Out, ROOT};
use super::rdbms::{Statement, answered, failed, statement};
use super::servers::Opened;
use super::state::State;
use crate::rdbms::{Error, RowSet, given};
use crate::reach::ask_for;

const SCHEMES: &[&str] = &["mysql"];

pub(super) fn query(args: &mut Args<'_>) -> Result<Work> {
    let statement = statement(args)?;
    Ok(Box::new(move |state| Box::pin(async move { answered(queried(state, statement).await).map(Some) })))
}

pub(super) fn execute(args: &mut Args<'_>) -> Result<Work> {
    let statement = statement(args)?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let done = executed(state, statement).await;
            let mut out = Out::default();
            match done {
                Ok(()) => out.u8(ROOT, 0, 0),
                Err(error) => failed(&mut out, 4, error)?,
            }
            Ok(Some(out))
        })
    }))
}

async fn queried(state: &mut State, statement: Statement) -> std::result::Result<RowSet, Error> {
    let connection = connection(state, &statement.address).await?;
    Ok(connection.query(&statement.text, given(statement.parameters)).await?.into())
}

async fn executed(state: &mut State, statement: Statement) -> std::result::Result<(), Error> {
    let connection = connection(state, &statement.address).await?;
    Ok(connection.execute(&statement.text, given(statement.parameters)).await?)
}

/// The guest's connection to the server of this address, which it keeps until it ends.
async fn connection(state: &mut State, text: &str) -> std::result::Result<Arc<Connection>, Error> {
    if let Some(Opened::Mysql(connection)) = state.servers.get(text) {
        return Ok(Arc::clone(connection));
    }
    let shared = Arc::clone(&state.shared);
    let address = Address::parse(text)?;
    let gate = ask_for(&shared.host.grants, &shared.host.audit, SCHEMES, address.host(), address.port());
    let gate = gate.map_err(Error::ConnectionFailed)?;
    let (lent, counted) = (shared.lent()?, shared.count()?);
    let connection = Arc::new(lent.servers.mysql.open(&address, &gate).await?);
    state.servers.keep(text, Opened::Mysql(Arc::clone(&connection)), counted);
    Ok(connection)
}
