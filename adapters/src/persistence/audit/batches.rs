//! Batches and their orders: what was said to be created is there, in its batch, for its user, and nothing else is.

use std::collections::{BTreeSet, HashMap, HashSet};

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

/// Orders that are in memory at a time. Those of one batch were made together, so their batches are few.
const ORDERS_PAGE: usize = 1_000;

const IN_BATCHES: &str =
    "SELECT id, batch_id FROM orders WHERE id > $1 AND batch_id IS NOT NULL ORDER BY id LIMIT 1000";

const AMONG: &str = "SELECT id, user_id, mode, results, created_at_us FROM batches WHERE id IN ";

/// Walks through every order of a batch. One whose batch is missing, or cannot be read, is another law's business.
pub(super) async fn check_orders(snapshot: &Snapshot, rows: u32) -> Result<Finding, Fault> {
    let says = "an order that came in a batch is one that the batch says it created";
    let mut tally = Tally::new(8, "listed", says, "orders", rows);
    let mut after = Uuid::nil();
    loop {
        let page = snapshot.rows(IN_BATCHES, vec![after.into()]).await?;
        tally.checked(page.len());
        let mut orders: Vec<(OrderId, Uuid)> = Vec::with_capacity(page.len());
        for row in &page {
            after = row.try_get("", "id").map_err(Fault::new)?;
            orders.push((OrderId::from_uuid(after), row.try_get("", "batch_id").map_err(Fault::new)?));
        }
        let listed = listed(snapshot, orders.iter().map(|(_, batch)| *batch).collect()).await?;
        for (order, batch) in orders {
            if listed.get(&batch).is_some_and(|listed| !listed.contains(&order)) {
                tally.add(order.to_string(), || "its batch does not list it".to_owned());
            }
        }
        if page.len() < ORDERS_PAGE {
            return Ok(tally.finding());
        }
    }
}

/// What these batches say they created.
async fn listed(
    snapshot: &Snapshot,
    batches: BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, HashSet<OrderId>>, Fault> {
    if batches.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!("{AMONG}({})", places(batches.len()));
    let mut listed = HashMap::new();
    for row in snapshot.rows(&sql, batches.into_iter().map(Value::from).collect()).await? {
        let model = batch::Model::from_query_result(&row, "").map_err(Fault::new)?;
        let id = model.id;
        if let Ok(batch) = Batch::try_from(model) {
            listed.insert(id, batch.results.iter().filter_map(|result| result.order()).collect());
        }
    }
    Ok(listed)
}
