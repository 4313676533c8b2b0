//! Variables that a plugin keeps from call to call.

use std::collections::HashMap;

/// What Extism counts for each variable beside its name and its value.
const EACH: u64 = 48;

/// Variables by name.
#[derive(Debug, Default)]
pub(crate) struct Vars {
    all: HashMap<String, Vec<u8>>,
    bytes: u64,
}

impl Vars {
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.all.get(name).map(Vec::as_slice)
    }

    /// Sets a variable, unless all together would have more than `most` bytes. Says whether they have not.
    pub(crate) fn set(&mut self, name: String, value: Vec<u8>, most: u64) -> bool {
        let bytes = self.without(&name).saturating_add(cost(&name, &value));
        if bytes > most {
            return false;
        }
        self.bytes = bytes;
        self.all.insert(name, value);
        true
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.bytes = self.without(name);
        self.all.remove(name);
    }

    /// What they take.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn without(&self, name: &str) -> u64 {
        let old = self.all.get(name).map_or(0, |old| cost(name, old));
        self.bytes.saturating_sub(old)
    }
}

fn cost(name: &str, value: &[u8]) -> u64 {
    (name.len() as u64).saturating_add(value.len() as u64).saturating_add(EACH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_or_removed_no_longer_counts() {
        let mut vars = Vars::default();
        let set = |vars: &mut Vars, name: &str, length| vars.set(name.into(), vec![0; length], 1000);
        assert!(set(&mut vars, "a", 900) && !set(&mut vars, "b", 900));
        assert!(set(&mut vars, "a", 951) && !set(&mut vars, "a", 952));
        vars.remove("a");
        vars.remove("a");
        assert_eq!((vars.bytes(), vars.get("a")), (0, None));
        assert!(set(&mut vars, "b", 900));
    }
}
