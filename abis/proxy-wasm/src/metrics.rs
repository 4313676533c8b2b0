//! What guests count. All machines of one filter count together.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::status::Status;

/// What a metric does with its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It is whatever it was set to last.
    Gauge,
    /// Values are counted one by one.
    Histogram,
}

/// One metric of a filter, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// What the guest calls it.
    pub name: String,
    /// What it does with its values.
    pub kind: MetricKind,
    /// Its value; of a histogram the sum of all values.
    pub value: u64,
    /// How many values a histogram was given; 0 for the others.
    pub count: u64,
}

/// Metrics of one filter, and bytes of a name.
const MOST: usize = 10_000;
const LONGEST: usize = 1024;

/// The metrics of one filter.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<Vec<Metric>>);

impl Metrics {
    pub(crate) fn all(&self) -> Vec<Metric> {
        self.lock().clone()
    }

    /// The number of a metric, which is made if there is none. As with the C++ host, its kind is in the last two bits.
    pub(crate) fn define(&self, kind: u32, name: &[u8]) -> Result<u32, Status> {
        let kind = match kind {
            0 => MetricKind::Counter,
            1 => MetricKind::Gauge,
            2 => MetricKind::Histogram,
            _ => return Err(Status::BadArgument),
        };
        let name = String::from_utf8_lossy(name.get(..LONGEST).unwrap_or(name));
        let mut metrics = self.lock();
        let at = metrics.iter().position(|metric| metric.kind == kind && metric.name == name);
        let at = match at {
            Some(at) => at,
            None if metrics.len() >= MOST => return Err(Status::InternalFailure),
            None => {
                metrics.push(Metric { name: name.into_owned(), kind, value: 0, count: 0 });
                metrics.len() - 1
            }
        };
        u32::try_from(at + 1).map(|number| number << 2 | kind as u32).map_err(|_| Status::InternalFailure)
    }

    pub(crate) fn increment(&self, id: u32, by: i64) -> Result<(), Status> {
        self.with(id, Status::BadArgument, |metric| match metric.kind {
            MetricKind::Counter if by > 0 => {
                metric.value = metric.value.wrapping_add_signed(by);
                Ok(())
            }
            MetricKind::Gauge => {
                metric.value = metric.value.saturating_add_signed(by);
                Ok(())
            }
            MetricKind::Counter | MetricKind::Histogram => Err(Status::BadArgument),
        })
    }

    pub(crate) fn record(&self, id: u32, value: u64) -> Result<(), Status> {
        self.with(id, Status::NotFound, |metric| {
            match metric.kind {
                MetricKind::Counter => metric.value = metric.value.wrapping_add(value),
                MetricKind::Gauge => metric.value = value,
                MetricKind::Histogram => {
                    (metric.value, metric.count) = (metric.value.wrapping_add(value), metric.count + 1);
                }
            }
            Ok(())
        })
    }

    pub(crate) fn get(&self, id: u32) -> Result<u64, Status> {
        self.with(id, Status::BadArgument, |metric| match metric.kind {
            MetricKind::Histogram => Err(Status::BadArgument),
            _ => Ok(metric.value),
        })
    }

    /// What an id means that stands for no metric is what it means in Envoy.
    fn with<R>(
        &self,
        id: u32,
        unknown: Status,
        work: impl FnOnce(&mut Metric) -> Result<R, Status>,
    ) -> Result<R, Status> {
        let mut metrics = self.lock();
        let at = (id >> 2).checked_sub(1).and_then(|at| usize::try_from(at).ok());
        let metric = at.and_then(|at| metrics.get_mut(at)).filter(|metric| metric.kind as u32 == id & 3);
        work(metric.ok_or(unknown)?)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Metric>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_do_what_their_kind_says() {
        let metrics = Metrics::default();
        let [counter, gauge, histogram] = [0, 1, 2].map(|kind| metrics.define(kind, b"m").unwrap());
        assert_eq!(metrics.define(0, b"m"), Ok(counter));
        assert_eq!(metrics.define(3, b"m"), Err(Status::BadArgument));
        for id in [counter, gauge] {
            metrics.increment(id, 5).unwrap();
            metrics.record(id, 2).unwrap();
        }
        assert_eq!((metrics.get(counter), metrics.get(gauge)), (Ok(7), Ok(2)));
        assert_eq!(metrics.increment(counter, -1), Err(Status::BadArgument));
        metrics.increment(gauge, i64::MIN).unwrap();
        assert_eq!(metrics.get(gauge), Ok(0));
        metrics.record(histogram, 3).unwrap();
        assert_eq!(metrics.get(histogram), Err(Status::BadArgument));
        assert_eq!(metrics.increment(histogram, 1), Err(Status::BadArgument));
        assert_eq!(metrics.all()[2], Metric { name: "m".into(), kind: MetricKind::Histogram, value: 3, count: 1 });
        for unknown in [0, 3, counter + 1, u32::MAX] {
            assert_eq!(metrics.record(unknown, 1), Err(Status::NotFound), "{unknown}");
        }
    }
}
