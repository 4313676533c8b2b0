//! The doors of WASI: interfaces through which a capability is first had.
//!
//! A component that shares a store with others can only be held to grants of its own if what it asks for first can be told
//! apart. So with [`Plan::apart`](crate::Plan::apart) each part but the root imports these under a name of its own. All other
//! interfaces (`wasi:filesystem/types`, `wasi:io/streams`) act on what came through a door, keep their names and are shared,
//! so that their resources can be passed between parts.
//!
//! Interfaces: <https://github.com/WebAssembly/WASI>, 0.2 and 0.3, and its proposals for configuration, key-value stores and
//! blob stores.

/// The namespace of the names below. No component that is composed may have a name in it that begins with `p` and a number.
pub const NAMESPACE: &str = "holm";

/// The doors, without versions; all versions of them are meant.
///
/// What uses resources that a door has itself is one as well: the buckets of key-value stores are of `store`.
/// A socket of WASI 0.2 keeps the grants of whoever made it, so making one is a door as well.
pub const DOORS: &[&str] = &[
    "wasi:blobstore/blobstore",
    "wasi:cli/environment",
    "wasi:config/runtime",
    "wasi:config/store",
    "wasi:filesystem/preopens",
    "wasi:http/client",
    "wasi:http/outgoing-handler",
    "wasi:keyvalue/atomics",
    "wasi:keyvalue/batch",
    "wasi:keyvalue/store",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp-create-socket",
];

/// The door that WASI 0.3's sockets have: there the types make themselves. Those of 0.2 are none.
pub const SOCKETS_03: &str = "wasi:sockets/types";

/// Whether an import of this name, its version included, is a door.
pub fn is_door(import: &str) -> bool {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    DOORS.contains(&interface) || (interface == SOCKETS_03 && !version.starts_with("0.2."))
}

/// The name of a door for one part: `wasi:filesystem/preopens@0.2.3` of part 2 is
/// `holm:p2-wasi-filesystem/preopens@0.2.3`. `None` for what is no door.
pub fn name_for(part: usize, import: &str) -> Option<String> {
    let rest = import.strip_prefix("wasi:").filter(|_| is_door(import))?;
    Some(format!("{NAMESPACE}:p{part}-wasi-{rest}"))
}

/// The part and the door that a name of [`name_for`] means.
pub fn part_of(name: &str) -> Option<(usize, String)> {
    let rest = name.strip_prefix("holm:p")?;
    let (part, rest) = rest.split_once("-wasi-")?;
    let part = part.parse().ok().filter(|number| *number > 0)?;
    let door = format!("wasi:{rest}");
    // Only one name means a door, or `p01` would be taken for another part than `p1`.
    (name_for(part, &door)? == name).then_some((part, door))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_door_says_whose_it_is() {
        let name = name_for(2, "wasi:filesystem/preopens@0.2.3").unwrap();
        assert_eq!(name, "holm:p2-wasi-filesystem/preopens@0.2.3");
        assert_eq!(part_of(&name), Some((2, "wasi:filesystem/preopens@0.2.3".to_owned())));
    }

    #[test]
    fn what_acts_on_things_that_came_through_a_door_is_none() {
        for name in
            ["wasi:filesystem/types@0.2.3", "wasi:io/streams@0.2.3", "wasi:sockets/tcp@0.2.3", "acme:cli/environment"]
        {
            assert_eq!(name_for(1, name), None, "{name}");
        }
        assert!(is_door("wasi:sockets/types@0.3.0"));
        assert!(!is_door("wasi:sockets/types@0.2.0"));
    }

    #[test]
    fn names_that_nobody_makes_mean_no_part() {
        for name in [
            "holm:p0-wasi-cli/environment@0.2.0",
            "holm:p01-wasi-cli/environment@0.2.0",
            "holm:p+1-wasi-cli/environment@0.2.0",
            "holm:p1-wasi-cli/exit@0.2.0",
            "holm:p-wasi-cli/environment",
            "holm:px-wasi-cli/environment",
        ] {
            assert_eq!(part_of(name), None, "{name}");
        }
    }
}
