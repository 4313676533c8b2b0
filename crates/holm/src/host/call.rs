//! What a function of the host is told of the call that it is part of.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use holm_abi::Caller;

/// The call of a plugin that a function of the host is part of.
#[derive(Clone, Debug)]
pub struct Call {
    caller: Caller,
    info: Option<Arc<Info>>,
}

/// What all functions of the host are told during one call.
#[derive(Debug)]
pub(crate) struct Info {
    pub(crate) plugin: Arc<str>,
    pub(crate) with: Option<Arc<dyn Any + Send + Sync>>,
}

impl Call {
    /// What the function of a [`crate::Provided`] is told.
    pub fn of(caller: &Caller) -> Self {
        let info = caller.with.clone().and_then(|with| with.downcast().ok());
        Self { caller: caller.clone(), info }
    }

    /// The plugin's name.
    pub fn plugin(&self) -> &str {
        self.info.as_ref().map_or("", |info| &info.plugin)
    }

    /// What the host gave along with this call ([`crate::Invoke::with`]), if it was of this type.
    pub fn with<T: Any>(&self) -> Option<&T> {
        self.info.as_ref()?.with.as_deref()?.downcast_ref()
    }

    /// CPU time that the plugin has used in this call so far, up to when it last waited.
    pub fn cpu(&self) -> Duration {
        self.caller.usage.cpu()
    }
}
