//! Makes types and calls from the OpenAPI document.

mod calls;
mod names;
mod types;

use std::{env, error::Error, fs, path::Path};

use serde_json::Value;

const DOCUMENT: &str = "openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    println!("cargo::rerun-if-changed=build");
    let document: Value = serde_json::from_str(&fs::read_to_string(DOCUMENT)?)?;
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("schema.rs"), types::write(&document))?;
    fs::write(Path::new(&out).join("calls.rs"), calls::write(&document))?;
    Ok(())
}
