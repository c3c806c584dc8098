//! `openapi check|accept|released`: whether the product's document breaks clients of the one that is kept in
//! `client/openapi.json`; that it takes its place, with the types that are made of it; whether it has. `tests/run openapi`
//! calls it.

use std::{env, error::Error, fs, path::Path, process::ExitCode};

use namaskah_tests::{openapi, typescript};
use serde_json::Value;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no workspace")?;
    let kept = root.join("client/openapi.json");
    let current = openapi::promised(&serde_json::from_str(&namaskah::http::server::openapi())?);
    let older: Value = serde_json::from_str(&fs::read_to_string(&kept)?)?;
    let breaks = openapi::breaks(&older, &current);
    for line in &breaks {
        println!("{line}");
    }
    if !breaks.is_empty() && !openapi::may_break(openapi::version(&older), openapi::version(&current)) {
        println!("{} breaks: see docs/versioning.md", breaks.len());
        return Ok(ExitCode::FAILURE);
    }
    let what = env::args().nth(1);
    if what.as_deref() == Some("released") && older != current {
        println!("client/openapi.json is of an older document: tests/run openapi accept");
        return Ok(ExitCode::FAILURE);
    }
    if what.as_deref() == Some("accept") {
        fs::write(&kept, serde_json::to_string_pretty(&current)? + "\n")?;
        fs::write(root.join("client/typescript/schema.ts"), typescript::write(&current))?;
        println!("client/openapi.json and client/typescript/schema.ts are of this document");
    }
    Ok(ExitCode::SUCCESS)
}
