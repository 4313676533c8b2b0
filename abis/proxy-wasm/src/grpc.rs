//! Calls over gRPC.

use crate::pairs::Pair;
use crate::state::State;
use crate::status::{Done, Status};

/// A call that is under way.
pub(crate) struct Call;

pub(crate) struct Wanted<'a> {
    pub(crate) upstream: &'a [u8],
    pub(crate) service: &'a [u8],
    pub(crate) method: &'a [u8],
    pub(crate) metadata: Vec<Pair<'a>>,
    pub(crate) unary: Option<(&'a [u8], u32)>,
}

pub(crate) fn begin(_: &mut State, _: &Wanted<'_>) -> Done<u32> {
    Err(Status::Unimplemented.into())
}
pub(crate) fn send(_: &mut State, _: u32, _: &[u8], _: bool) -> Done {
    Err(Status::Unimplemented.into())
}
pub(crate) fn cancel(_: &mut State, _: u32) -> Done {
    Err(Status::Unimplemented.into())
}
pub(crate) fn close(_: &mut State, _: u32) -> Done {
    Err(Status::Unimplemented.into())
}
