//! Does what its path asks for, and answers with what came of it: with 500 and the error's own words where that is an error.
//! README.md beside this folder lists what there is to ask for.

#[path = "../../kit.rs"]
mod kit;

/// What only newer SDKs offer.
mod newer {
    use crate::kit::Asked;

    pub(crate) async fn answer(asked: &Asked) -> anyhow::Result<String> {
        anyhow::bail!("nothing is called {}", asked.path)
    }
}
