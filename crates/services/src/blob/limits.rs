use super::BlobError;

/// The most bytes a container's name may have.
pub const MAX_CONTAINER_NAME: usize = 255;
/// The most bytes an object's name may have.
pub const MAX_OBJECT_NAME: usize = 1024;
/// The most names one call may carry.
pub const MAX_NAMES: usize = 1000;

/// What an object counts beside its bytes and those of its name: a file, or what leads to it, takes room as well.
pub const OBJECT: u64 = 1024;

/// How much a backend keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobLimits {
    /// The most bytes one object may have.
    pub max_object: u64,
    /// The most bytes the objects of one container may have together, with their names and [`OBJECT`] for each.
    pub max_total: u64,
    /// The most bytes that everything kept in the same place may have: all containers, and key-value stores, of one file,
    /// or all of those in memory. What is still being written counts, and what was deleted and is still being read.
    pub max_all: u64,
}

impl Default for BlobLimits {
    /// 1 GiB an object, 16 GiB a container, as many containers as there is room for.
    fn default() -> Self {
        Self { max_object: 1 << 30, max_total: 16 << 30, max_all: u64::MAX }
    }
}

impl BlobLimits {
    pub(super) fn check_size(&self, size: u64) -> Result<(), BlobError> {
        if size > self.max_object {
            return Err(BlobError::TooLarge { limit: self.max_object });
        }
        Ok(())
    }

    /// Checks a write that takes a container from `before` to `after` bytes. One that makes it no larger passes even over
    /// the limit: the limit may have been lowered since.
    pub(super) fn check_total(&self, container: &str, before: u64, after: u64) -> Result<(), BlobError> {
        if after > self.max_total && after > before {
            return Err(BlobError::ContainerFull { name: container.to_owned(), limit: self.max_total });
        }
        Ok(())
    }
}

/// What an object counts towards its container's total.
pub(super) fn object_size(name: &str, size: u64) -> u64 {
    size.saturating_add(name.len() as u64 + OBJECT)
}

pub(super) fn check_container(name: &str) -> Result<(), BlobError> {
    if name.is_empty() || name.len() > MAX_CONTAINER_NAME {
        return Err(BlobError::ContainerName { length: name.len() });
    }
    Ok(())
}

pub(super) fn check_object(name: &str) -> Result<(), BlobError> {
    if name.is_empty() || name.len() > MAX_OBJECT_NAME {
        return Err(BlobError::Name { length: name.len() });
    }
    Ok(())
}

pub(super) fn check_objects(names: &[String]) -> Result<(), BlobError> {
    if names.len() > MAX_NAMES {
        return Err(BlobError::TooMany);
    }
    names.iter().try_for_each(|name| check_object(name))
}

/// Where a range of an object of `size` bytes begins, and how many bytes it has.
pub(super) fn part(size: u64, start: u64, end: u64) -> Result<(u64, u64), BlobError> {
    if end < start {
        return Err(BlobError::Range { start, end });
    }
    let start = start.min(size);
    Ok((start, end.saturating_add(1).min(size) - start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_both_its_ends_and_nothing_beyond_the_object() {
        assert_eq!(part(10, 0, 9), Ok((0, 10)));
        assert_eq!(part(10, 3, 3), Ok((3, 1)));
        assert_eq!(part(10, 0, u64::MAX), Ok((0, 10)));
        assert_eq!(part(10, 9, 20), Ok((9, 1)));
        assert_eq!(part(10, 10, 20), Ok((10, 0)));
        assert_eq!(part(10, u64::MAX, u64::MAX), Ok((10, 0)));
        assert_eq!(part(0, 0, 0), Ok((0, 0)));
        assert_eq!(part(10, 2, 1), Err(BlobError::Range { start: 2, end: 1 }));
    }
}
