//! What guests have together: those of one app, or all of a host.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use holm_grants::format_size;

/// Counts instances, and the bytes of linear memory that they have. An account can be part of a larger one, whose bound
/// holds for all its parts together.
#[derive(Debug)]
pub struct Account {
    whole: Option<Arc<Account>>,
    most: u64,
    memory: AtomicU64,
    instances: AtomicU64,
}

/// There is no room for what a guest asked for, whatever its own limits: the host's guests have all they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// Bytes of memory that all of them may have.
    pub most: u64,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "all guests together have the {} of memory that they may have", format_size(self.most))
    }
}

impl std::error::Error for Full {}

impl Account {
    /// An account of guests that may have `most` bytes of memory together.
    pub fn new(most: u64) -> Self {
        Self { whole: None, most, memory: AtomicU64::new(0), instances: AtomicU64::new(0) }
    }

    /// A part of `whole`, without a bound of its own.
    pub fn within(whole: &Arc<Account>) -> Self {
        Self { whole: Some(Arc::clone(whole)), ..Self::new(u64::MAX) }
    }

    /// Bytes of linear memory that its instances have now.
    pub fn memory(&self) -> u64 {
        self.memory.load(Relaxed)
    }

    /// Instances that are there now.
    pub fn instances(&self) -> u64 {
        self.instances.load(Relaxed)
    }

    /// This account and those that it is part of.
    fn all(&self) -> impl Iterator<Item = &Account> {
        std::iter::successors(Some(self), |account| account.whole.as_deref())
    }

    fn take(&self, bytes: u64) -> Result<(), Full> {
        for account in self.all() {
            let fits = |memory: u64| memory.checked_add(bytes).filter(|memory| *memory <= account.most);
            if account.memory.try_update(Relaxed, Relaxed, fits).is_err() {
                let taken = self.all().take_while(|taken| !std::ptr::eq(*taken, account));
                taken.for_each(|taken| _ = taken.memory.fetch_sub(bytes, Relaxed));
                return Err(Full { most: account.most });
            }
        }
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        self.all().for_each(|account| _ = account.memory.fetch_sub(bytes, Relaxed));
    }
}

/// What one instance has of an account, until this is dropped.
#[derive(Debug)]
pub struct Share {
    account: Arc<Account>,
    memory: u64,
}

impl Share {
    /// The share of a new instance, which has no memory yet.
    pub fn new(account: &Arc<Account>) -> Self {
        account.all().for_each(|account| _ = account.instances.fetch_add(1, Relaxed));
        Self { account: Arc::clone(account), memory: 0 }
    }

    /// Has `more` bytes of memory more.
    ///
    /// # Errors
    /// [`Full`], and then nothing has changed.
    pub fn grow(&mut self, more: u64) -> Result<(), Full> {
        self.account.take(more)?;
        self.memory += more;
        Ok(())
    }

    /// Has `less` bytes of memory less.
    pub fn shrink(&mut self, less: u64) {
        let less = less.min(self.memory);
        self.memory -= less;
        self.account.give_back(less);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.account.give_back(self.memory);
        self.account.all().for_each(|account| _ = account.instances.fetch_sub(1, Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_counts_in_its_account_and_in_the_whole_until_it_ends() {
        let whole = Arc::new(Account::new(100));
        let [a, b] = [(); 2].map(|()| Arc::new(Account::within(&whole)));
        let (mut first, mut second) = (Share::new(&a), Share::new(&b));
        first.grow(60).unwrap();
        second.grow(30).unwrap();
        assert_eq!((a.memory(), b.memory(), whole.memory(), whole.instances()), (60, 30, 90, 2));
        first.shrink(20);
        assert_eq!((a.memory(), whole.memory()), (40, 70));
        drop(first);
        assert_eq!((a.memory(), a.instances(), whole.memory(), whole.instances()), (0, 0, 30, 1));
    }

    #[test]
    fn beyond_the_bound_of_the_whole_nothing_grows() {
        let whole = Arc::new(Account::new(100));
        let [a, b] = [(); 2].map(|()| Arc::new(Account::within(&whole)));
        let (mut first, mut second) = (Share::new(&a), Share::new(&b));
        first.grow(60).unwrap();
        assert_eq!(second.grow(41), Err(Full { most: 100 }));
        assert_eq!(second.grow(u64::MAX), Err(Full { most: 100 }));
        assert_eq!((b.memory(), whole.memory()), (0, 60));
        second.grow(40).unwrap();
        drop(first);
        second.grow(60).unwrap();
        assert_eq!(whole.memory(), 100);
    }

    #[test]
    fn many_that_grow_at_once_never_have_more_than_all_may() {
        let whole = Arc::new(Account::new(1000));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let mut share = Share::new(&whole);
                        while share.grow(90).is_ok() {
                            assert!(whole.memory() <= 1000);
                        }
                    }
                });
            }
        });
        assert_eq!((whole.memory(), whole.instances()), (0, 0));
    }
}
