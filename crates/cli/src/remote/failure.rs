//! What the client says went wrong, in the words and exit codes of a command.

use holm_admin::client::ClientError;
use holm_admin::wire::ErrorInfo;
use holm_engine::{Error, Kind};

/// The error a command ends with.
pub(super) fn explain(error: ClientError) -> Error {
    let (kind, notes) = match &error {
        ClientError::Refused { info, .. } => refused(info),
        ClientError::BadTarget(_) => (Kind::Usage, Vec::new()),
        ClientError::Conflict { .. } => (Kind::Usage, vec!["`holm apps NAME` shows what is deployed now"]),
        ClientError::NoServer { .. } => (Kind::Io, vec!["--to URL, or HOLM_SERVER, names another server"]),
        ClientError::Timeout { .. } => (Kind::OutOfTime, Vec::new()),
        ClientError::File { path, source } => return Error::io(format_args!("read {}", path.display()), source),
        ClientError::NotAllowed { .. }
        | ClientError::NotHolm { .. }
        | ClientError::Broken { .. }
        | ClientError::Changed { .. } => (Kind::Io, Vec::new()),
    };
    notes.into_iter().fold(Error::new(kind, plain(&error.to_string())), Error::note)
}

/// What a refusal means here, and what to do about it.
fn refused(info: &ErrorInfo) -> (Kind, Vec<&'static str>) {
    match info.code.as_str() {
        "no_such_app" => (Kind::NotFound, vec!["`holm apps` lists the apps that are deployed"]),
        "no_such_version" | "no_earlier_version" => {
            (Kind::NotFound, vec!["`holm apps NAME` lists the versions that are kept"])
        }
        "rejected" | "too_large" | "wrong_digest" | "missing_blobs" => (Kind::Invalid, Vec::new()),
        "unauthorized" => {
            (Kind::Usage, vec!["--token-file FILE, or HOLM_TOKEN, gives the token that the server was started with"])
        }
        "bad_request" | "bad_name" | "version_conflict" | "forbidden" => (Kind::Usage, Vec::new()),
        _ => (Kind::Io, Vec::new()),
    }
}

/// Without Rust's "(os error 2)".
fn plain(text: &str) -> String {
    let Some((before, rest)) = text.split_once(" (os error ") else { return text.to_owned() };
    match rest.split_once(')') {
        Some((number, after)) if number.bytes().all(|byte| byte.is_ascii_digit()) => format!("{before}{after}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> i32 {
        let info = ErrorInfo { code: code.into(), message: "no".into(), details: vec!["a".into(), "b".into()] };
        let error = explain(ClientError::Refused { status: 400, info });
        assert_eq!(error.to_string(), "no\n  a\n  b");
        error.kind().exit_code()
    }

    #[test]
    fn a_refusal_ends_as_it_would_here() {
        for (code, exit) in [
            ("rejected", 126),
            ("missing_blobs", 126),
            ("no_such_app", 127),
            ("no_earlier_version", 127),
            ("version_conflict", 125),
            ("unauthorized", 125),
            ("no_room", 125),
            ("a word of a newer server", 125),
        ] {
            assert_eq!(refused(code), exit, "{code}");
        }
    }

    #[test]
    fn the_systems_number_of_an_error_is_left_out_and_nothing_else() {
        assert_eq!(plain("no (No such file (os error 2)): go"), "no (No such file): go");
        for same in ["no", "(os error 2)", "a (os error x) b", "a (os error 2"] {
            assert_eq!(plain(same), same);
        }
    }
}
