//! `mail preview`: letters as users get them, without sending any.

use std::process::ExitCode;

use namaskah_adapters::letters;

use super::CommandError;
use crate::{
    cli::Mail,
    config::{Absent, Config, Overrides},
};

/// Where links of a preview lead if the configuration does not say.
const SITE: &str = "http://127.0.0.1:8080";

pub(super) fn run(what: &Mail, overrides: &Overrides) -> Result<ExitCode, CommandError> {
    let Mail::Preview { kind, html } = what;
    let site = Config::load(overrides, Absent::Invent)?.public_url;
    let previews = letters::previews(&site.as_deref().unwrap_or(SITE).parse()?)?;
    let Some(kind) = kind else {
        for preview in previews {
            say!("{:<20} {}", preview.name, preview.words.subject);
        }
        return Ok(ExitCode::SUCCESS);
    };
    match previews.into_iter().find(|preview| preview.name == kind) {
        Some(preview) if *html => say!("{}", preview.words.html.trim_end()),
        Some(preview) => say!("{}", preview.words.to_string().trim_end()),
        None => {
            return Err(format!("there is no letter {kind}; `namaskah mail preview` names them all").into());
        }
    }
    Ok(ExitCode::SUCCESS)
}
