//! Functions that a host lends its guests.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use holm_engine::{Result, Usage};

use crate::{Datum, Type};

/// A function of the host that guests may import.
#[derive(Clone)]
pub struct Provided {
    /// The core module or the interface that guests import it from; empty for a function of a component's world itself.
    pub from: String,
    /// Its name there.
    pub name: String,
    /// The types of its parameters.
    pub params: Vec<Type>,
    /// The types of its results: none or one.
    pub results: Vec<Type>,
    /// What it does.
    pub function: HostFunction,
}

/// What a function of the host does with arguments of the types that it says it takes.
///
/// An error ends the guest's call: it is for what the guest must not survive. What a guest is to be told of is a result.
#[derive(Clone)]
pub enum HostFunction {
    /// Answers at once.
    Now(Arc<Answers>),
    /// Answers later; the guest waits. Dropped when its call is cancelled or has no time left.
    Later(Arc<AnswersLater>),
}

/// Answers a call at once.
pub type Answers = dyn Fn(&Caller, Vec<Datum>) -> Result<Vec<Datum>> + Send + Sync;

/// Answers a call later.
pub type AnswersLater = dyn Fn(Caller, Vec<Datum>) -> Answer + Send + Sync;

/// The results to come.
pub type Answer = Pin<Box<dyn Future<Output = Result<Vec<Datum>>> + Send>>;

/// Who calls a function of the host.
#[derive(Clone, Default)]
pub struct Caller {
    /// Counts what the call uses.
    pub usage: Arc<Usage>,
    /// What the host gave along with the call, if anything.
    pub with: Option<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Provided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.from, self.name)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("usage", &self.usage).finish_non_exhaustive()
    }
}
