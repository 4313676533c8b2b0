//! `holm push`

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use holm_engine::{Error, Kind, Result, Source, SourceKind};
use holm_registry::{PrivateKey, Reference};
use serde_json::json;

use super::failure::explain;
use super::{Shown, access};
use crate::args::registry::Push;
use crate::guest::short;
use crate::output::{print, print_json};
use crate::run::runtime;

/// Puts a guest on a registry, and says by which digest it is there.
pub(crate) fn push(args: Push) -> Result<i32> {
    let reference: Reference = args.reference.parse().map_err(explain)?;
    let source = Source::read(&args.guest)?;
    if source.kind == SourceKind::Precompiled {
        let error = Error::new(Kind::Usage, format!("{} is compiled code, for machines like this one", args.guest));
        return Err(error.note("push the .wasm it was made from: whoever runs it compiles it, once"));
    }
    let key = args.sign.as_deref().map(PrivateKey::load).transpose().map_err(explain)?;
    let access = access(args.plain_http, &args.who)?;
    let shown = Arc::new(Shown::new(reference.short()));
    let told = Arc::clone(&shown);
    let push = holm_registry::Push {
        access: &access,
        title: &title(&args.guest, &reference),
        created: created(source.path.as_deref()),
        guest: source.bytes.into(),
        annotations: args.annotation.into_iter().collect(),
        sign: key.as_ref(),
        progress: Arc::new(move |step| told.tell(step)),
    };
    let pushed = runtime()?.block_on(push.push(&reference));
    drop((push, shown));
    let pushed = pushed.map_err(explain)?;
    if args.json {
        print_json(&json!({
            "reference": pushed.reference.to_string(),
            "digest": pushed.manifest.to_string(),
            "guest": pushed.guest.to_string(),
            "bytes": pushed.size,
            "tag": reference.tag(),
            "signed": args.sign.is_some(),
        }))?;
    } else {
        print(&format!("{}\n", pushed.reference))?;
    }
    Ok(0)
}

/// What its file is called. What was text is none any more.
fn title(guest: &str, reference: &Reference) -> String {
    match guest {
        "-" => format!("{}.wasm", reference.short()),
        guest => match short(guest).strip_suffix(".wat") {
            Some(stem) => format!("{stem}.wasm"),
            None => short(guest),
        },
    }
}

/// When it was made: its file's time, so that the same file pushed twice has one digest, unless the whole build is to be
/// reproducible (reproducible-builds.org, "SOURCE_DATE_EPOCH").
fn created(file: Option<&Path>) -> SystemTime {
    let said = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok());
    let said = said.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    let written = || file?.metadata().ok()?.modified().ok();
    said.or_else(written).unwrap_or_else(SystemTime::now)
}
