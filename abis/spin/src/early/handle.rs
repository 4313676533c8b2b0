//! What a guest has open, by the numbers that it knows it by.

/// The most of one kind that a guest has open (Spin's `DEFAULT_STORE_TABLE_CAPACITY`).
const MOST: usize = 256;

/// What a guest has open, of one kind.
pub(super) struct Handles<T>(Vec<Option<T>>);

impl<T> Default for Handles<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Handles<T> {
    /// Its number, or `None` where too many are open.
    pub(super) fn push(&mut self, opened: T) -> Option<u32> {
        let free = self.0.iter().position(Option::is_none);
        let at = free.unwrap_or(self.0.len());
        if at >= MOST {
            return None;
        }
        match self.0.get_mut(at) {
            Some(place) => *place = Some(opened),
            None => self.0.push(Some(opened)),
        }
        u32::try_from(at).ok()
    }

    /// What has this number.
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.0.get(number as usize)?.as_ref()
    }

    /// Closes what has this number, if there is something.
    pub(super) fn close(&mut self, number: u32) {
        if let Some(place) = self.0.get_mut(number as usize) {
            *place = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_again_and_are_not_without_end() {
        let mut open = Handles::default();
        for number in 0..256 {
            assert_eq!(open.push(number), Some(number));
        }
        assert_eq!(open.push(1), None);
        open.close(7);
        open.close(7);
        open.close(u32::MAX);
        assert_eq!((open.get(7), open.get(8), open.get(u32::MAX)), (None, Some(&8), None));
        assert_eq!(open.push(9), Some(7));
    }
}
