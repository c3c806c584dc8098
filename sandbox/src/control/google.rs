use serde::Deserialize;
use serde_json::json;

use super::{same_site, unprocessable};
use crate::{
    google::Flaw,
    http::{Answer, Call},
    world::World,
};

const MOST: u32 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotate {
    #[serde(default)]
    keep: bool,
}

/// `POST /control/google/rotate`
pub(crate) fn rotate(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: Rotate = call.parse()?;
    let shown = world.google.rotate(body.keep)?;
    Ok(Answer::ok(&json!({ "keys": shown })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spoil {
    flaw: Flaw,
    count: Option<u32>,
}

/// `POST /control/google/token`
pub(crate) fn spoil(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: Spoil = call.parse()?;
    let count = body.count.unwrap_or(1);
    if count > MOST {
        return Err(unprocessable("count must be at most 1000"));
    }
    world.google.spoil(body.flaw, count);
    Ok(Answer::ok(&json!({ "count": count })))
}
