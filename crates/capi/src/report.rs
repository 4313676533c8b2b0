//! What calls used.

use holm::{Report, Result};

use crate::given::{needed, usage};

/// What a call used, whether it succeeded or not. All zeros for a call that was not even begun.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct holm_report {
    /// sizeof(holm_report), set by the caller, so that there may be more later.
    pub size: usize,
    /// Time spent executing the plugin, callbacks of the host included, in nanoseconds.
    pub cpu_ns: u64,
    /// Time from start to end, in nanoseconds.
    pub wall_ns: u64,
    /// The most linear memory that the instance had, in bytes.
    pub memory: u64,
    /// Units of fuel, where a limit on fuel was set; 0 otherwise.
    pub fuel: u64,
    /// How often the plugin called the host.
    pub host_calls: u64,
}

/// Room for a report where the caller wants one, all zeros until there is one.
///
/// # Safety
/// `place` is NULL or points to a report that can be written to, of the size that its first field says.
pub(crate) unsafe fn room(place: *mut holm_report) -> Result<Option<Room>> {
    if place.is_null() {
        return Ok(None);
    }
    // SAFETY: the size is there in every version.
    let size = *unsafe { needed(place.cast::<usize>().cast_const(), "the report") }?;
    if size < size_of::<usize>() {
        return Err(usage(format!("the size in the report is {size}; it has to be sizeof(holm_report)")));
    }
    let room = Room { place, size };
    room.put(Report::default());
    Ok(Some(room))
}

/// Where a report goes.
pub(crate) struct Room {
    place: *mut holm_report,
    size: usize,
}

impl Room {
    /// Writes as much of the report as the caller knows of.
    pub(crate) fn put(&self, report: Report) {
        let nanoseconds = |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let report = holm_report {
            size: self.size,
            cpu_ns: nanoseconds(report.cpu),
            wall_ns: nanoseconds(report.wall),
            memory: report.memory,
            fuel: report.fuel,
            host_calls: report.host_calls,
        };
        let known = self.size.min(size_of::<holm_report>());
        // SAFETY: the caller has `size` bytes there, and a report has `known`.
        unsafe { std::ptr::copy_nonoverlapping((&raw const report).cast::<u8>(), self.place.cast::<u8>(), known) };
    }
}
