//! Guests that are run.

use holm_abi::Host;
use holm_wasi::Wasi;

use crate::common::{guest, run};

#[tokio::test]
async fn a_command_of_a_snapshot_runs_and_its_error_is_its_exit_code() {
    for name in ["snapshots-october.wasm", "snapshots-november.wasm"] {
        let guest = guest(name);
        let (code, printed) = run(&Wasi::new(), &guest, &Host::default(), &["an argument"]).await.unwrap();
        assert!(printed.starts_with(r#"["guest", "an argument"] "#), "{printed}");
        assert_eq!(code, 0);
        assert_eq!(run(&Wasi::new(), &guest, &Host::default(), &["fail"]).await.unwrap().0, 1);
    }
}
