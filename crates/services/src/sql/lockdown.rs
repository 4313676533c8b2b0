//! What a guest's SQL may not do (<https://www.sqlite.org/security.html>).

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;

use super::pragma;

/// The most bytes of one value or row. Functions such as `instr` take the product of two of them in time, and nothing
/// interrupts them.
const MAX_VALUE: i32 = 16 << 20;
/// The most bytes of a statement.
const MAX_STATEMENT: i32 = 4 << 20;
/// The longest pattern of `LIKE` and `GLOB`, whose time is the product of pattern and text, and which nothing interrupts.
const MAX_PATTERN: i32 = 4096;
/// How many steps of a statement go by between two looks at the clock: some tens of microseconds.
const STEPS: i32 = 2000;

/// What is watched over while a statement is prepared and runs.
#[derive(Debug, Default)]
pub(super) struct Watch {
    now: Mutex<Now>,
    /// Set while the host itself speaks to the database.
    pub(super) ours: AtomicBool,
    /// Set while the database itself may do what a guest may not: `VACUUM` attaches a file of its own.
    pub(super) running: AtomicBool,
    /// Whether something was changed that another guest would find changed on this connection.
    pub(super) marked: AtomicBool,
    /// Whether a statement inserts rows, or writes any.
    pub(super) inserts: AtomicBool,
    pub(super) writes: AtomicBool,
    refused: Mutex<Option<String>>,
}

#[derive(Debug, Default)]
struct Now {
    stop: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Watch {
    /// A statement begins, which ends when `stop` is set or at `deadline`.
    pub(super) fn begin(&self, stop: Arc<AtomicBool>, deadline: Instant) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Now { stop, deadline: Some(deadline) };
        self.running.store(false, Relaxed);
        self.inserts.store(false, Relaxed);
        self.writes.store(false, Relaxed);
        self.take_refused();
    }

    /// What the last statement was refused for.
    pub(super) fn take_refused(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_over(&self) -> bool {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.stop.load(Relaxed) || now.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn refuse(&self, why: String) -> Authorization {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        Authorization::Deny
    }

    fn judge(&self, action: &AuthAction<'_>) -> Authorization {
        if self.ours.load(Relaxed) {
            return Authorization::Allow;
        }
        match action {
            AuthAction::Pragma { pragma_name, pragma_value } => {
                let verdict = pragma::judge(pragma_name, *pragma_value);
                if pragma_value.is_some() {
                    self.marked.store(true, Relaxed);
                }
                match verdict {
                    Authorization::Deny => self.refuse(format!("`PRAGMA {pragma_name}` is not for guests")),
                    verdict => verdict,
                }
            }
            AuthAction::Attach { filename: "" } if self.running.load(Relaxed) => Authorization::Allow,
            AuthAction::Attach { .. } => {
                self.refuse("a guest has this database alone; `ATTACH` and `VACUUM INTO` reach others".to_owned())
            }
            AuthAction::Function { function_name } => match function_name.to_ascii_lowercase().as_str() {
                "load_extension" | "fts3_tokenizer" => self.refuse(format!("`{function_name}` is not for guests")),
                _ => Authorization::Allow,
            },
            AuthAction::CreateTempTable { .. }
            | AuthAction::CreateTempView { .. }
            | AuthAction::CreateTempTrigger { .. }
            | AuthAction::CreateTempIndex { .. } => self.mark(),
            AuthAction::Insert { table_name } if !table_name.starts_with("sqlite_") => {
                self.inserts.store(true, Relaxed);
                self.writes()
            }
            AuthAction::Update { table_name, .. } | AuthAction::Delete { table_name }
                if !table_name.starts_with("sqlite_") =>
            {
                self.writes()
            }
            // The file may be larger than memory, and its statistics are of no use to a guest.
            AuthAction::CreateVtable { module_name, .. } if module_name.eq_ignore_ascii_case("dbstat") => {
                self.refuse("`dbstat` is not for guests".to_owned())
            }
            AuthAction::Unknown { .. } => self.refuse("this is not for guests".to_owned()),
            _ => Authorization::Allow,
        }
    }

    fn mark(&self) -> Authorization {
        self.marked.store(true, Relaxed);
        Authorization::Allow
    }

    fn writes(&self) -> Authorization {
        self.writes.store(true, Relaxed);
        Authorization::Allow
    }
}

/// Takes from the connection what a guest may not have, and has `watch` look at everything else.
pub(super) fn apply(connection: &mut Connection, watch: &Arc<Watch>) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    let limits = [
        (Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, MAX_STATEMENT),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MAX_PATTERN),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        // `VACUUM` needs one.
        (Limit::SQLITE_LIMIT_ATTACHED, 1),
        // The parser's and triggers' recursion takes the stack of a thread of ours.
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 500),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 100),
    ];
    for (limit, most) in limits {
        connection.set_limit(limit, most)?;
    }
    let watching = Arc::clone(watch);
    connection.authorizer(Some(move |context: AuthContext<'_>| watching.judge(&context.action)))?;
    let watching = Arc::clone(watch);
    connection.progress_handler(STEPS, Some(move || watching.is_over()))
}
