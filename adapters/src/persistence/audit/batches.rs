//! Batches and their orders: what was said to be created is there, in its batch, for its user.

use std::collections::HashMap;

use namaskah_domain::{Fault, OrderId, verification::Batch};
use sea_orm::{DbErr, FromQueryResult, QueryResult, Value};
use uuid::Uuid;

use super::{Finding, Snapshot, places, tally::Tally};
use crate::persistence::entity::batch;

/// Batches that are in memory at a time, and their orders: fifty each at most.
const PAGE: usize = 200;

const BATCHES: &str =
    "SELECT id, user_id, mode, results, created_at_us FROM batches WHERE id > $1 ORDER BY id LIMIT 200";

const ORDERS: &str = "SELECT id, user_id, batch_id FROM orders WHERE id IN ";

fn order(row: &QueryResult) -> Result<(Uuid, (Uuid, Option<Uuid>)), DbErr> {
    Ok((row.try_get("", "id")?, (row.try_get("", "user_id")?, row.try_get("", "batch_id")?)))
}

/// Walks through every batch.
pub(super) async fn check(snapshot: &Snapshot, rows: u32) -> Result<Finding, Fault> {
    let says = "what a batch says it created are orders of that batch and its user";
    let mut tally = Tally::new(8, "batch", says, "batches", rows);
    let mut after = Uuid::nil();
    loop {
        let page = snapshot.rows(BATCHES, vec![after.into()]).await?;
        let is_full = page.len() == PAGE;
        tally.checked(page.len());
        let mut batches: Vec<Batch> = Vec::with_capacity(page.len());
        for row in &page {
            let model = batch::Model::from_query_result(row, "").map_err(Fault::new)?;
            after = model.id;
            match Batch::try_from(model) {
                Ok(batch) => batches.push(batch),
                Err(fault) => tally.add(after.to_string(), || fault.to_string()),
            }
        }
        let orders = orders(snapshot, &batches).await?;
        for batch in &batches {
            let is_there =
                |id: &OrderId| orders.get(&id.uuid()) == Some(&(batch.user.uuid(), Some(batch.id.uuid())));
            let missing = batch.results.iter().filter_map(|result| result.order()).find(|id| !is_there(id));
            if let Some(missing) = missing {
                tally.add(batch.id.to_string(), || format!("{missing} is not there, or not in it"));
            }
        }
        if !is_full {
            return Ok(tally.finding());
        }
    }
}

async fn orders(
    snapshot: &Snapshot,
    batches: &[Batch],
) -> Result<HashMap<Uuid, (Uuid, Option<Uuid>)>, Fault> {
    let created = batches.iter().flat_map(|batch| &batch.results).filter_map(|result| result.order());
    let ids: Vec<Value> = created.map(|id| id.uuid().into()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = snapshot.rows(&format!("{ORDERS}({})", places(ids.len())), ids).await?;
    found.iter().map(order).collect::<Result<_, _>>().map_err(Fault::new)
}
