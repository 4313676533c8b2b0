//! What a program that embeds Holm relies on.
#![allow(clippy::unwrap_used)]

mod asks;
mod calls;
mod convert;
mod examples;
mod extism;
mod failures;
mod host;
mod instances;
mod logs;
mod modules;
mod reload;
mod signatures;
mod support;
mod world;
