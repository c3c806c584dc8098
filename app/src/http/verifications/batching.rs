//! Bodies of batches: what is asked for together, and what became of each item.

use std::collections::HashMap;

use namaskah_domain::{
    BatchId, Clock, OrderId, Random, Time, UserId,
    verification::{
        BatchItem, BatchItems, BatchMode, BuyBatch, ItemResult, MAX_ITEMS, OrderStatus, Shown, ShownBatch,
        WrongSize,
    },
};
use poem_openapi::Object;
use serde::Deserialize;

use super::{
    body::VerificationBody,
    buying::{BuyBody, BuyCommand},
};
use crate::http::{
    body::{Text, word_enum},
    idempotency::{Canon, Fingerprinted, KeyHeader},
    problem::{ItemProblem, Problem},
};

word_enum! {
    /// What was decided about an item.
    pub ItemWord, "what was decided about an item";
    Created = "created",
    Refused = "refused",
}

/// Orders under one key.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewBatch")]
pub struct BatchAskBody {
    /// The orders, each as for a single one: 1 to 50.
    #[oai(validator(min_items = 1, max_items = 50))]
    pub items: Vec<BuyBody>,
    /// What the refusal of one does to the others.
    pub mode: Text<BatchMode>,
}

impl BatchAskBody {
    /// The command.
    ///
    /// # Errors
    /// 422 for too many items or none, and if one names neither price or both.
    pub fn parse(
        self,
        user: UserId,
        key: KeyHeader,
        clock: &dyn Clock,
        random: &dyn Random,
    ) -> Result<BuyBatch, Problem> {
        if self.items.len() > MAX_ITEMS {
            return Err(wrong_size(WrongSize));
        }
        let now = clock.now();
        let item = |(index, body): (usize, BuyBody)| {
            let (ask, limit, metadata) = body.wanted().map_err(|problem| problem.of_item(index))?;
            Ok(BatchItem { id: OrderId::generate(now, random), ask, limit, metadata })
        };
        let items = self.items.into_iter().enumerate().map(item).collect::<Result<Vec<_>, Problem>>()?;
        let (id, mode) = (BatchId::generate(now, random), self.mode.0);
        let claim = key.claim(user, &BatchCommand { mode, items: &items }, id.uuid());
        let items = BatchItems::try_new(items).map_err(wrong_size)?;
        Ok(BuyBatch { id, user, mode, items, claim })
    }
}

fn wrong_size(error: WrongSize) -> Problem {
    Problem::invalid("items", "invalid", error)
}

/// What makes the command this one: everything but the identifiers that we chose.
struct BatchCommand<'a> {
    mode: BatchMode,
    items: &'a [BatchItem],
}

impl Fingerprinted for BatchCommand<'_> {
    const COMMAND: &'static str = "buy_batch";

    fn fields(&self, canon: &mut Canon) {
        canon.field("mode", self.mode.name());
        for (index, item) in self.items.iter().enumerate() {
            canon.field("item", index);
            BuyCommand { ask: &item.ask, limit: item.limit, metadata: item.metadata.as_deref() }
                .fields(canon);
        }
    }
}

/// What became of one item.
#[derive(Debug, Object)]
#[oai(rename = "BatchResult")]
pub struct ItemResultBody {
    /// Its place among the items, from 0.
    pub index: u32,
    /// What was decided. It never changes.
    pub status: Text<ItemWord>,
    /// With `created`: the order as it is now.
    #[oai(skip_serializing_if_is_none)]
    pub verification: Option<VerificationBody>,
    /// With `refused`: why nothing was ordered.
    #[oai(skip_serializing_if_is_none)]
    pub problem: Option<ItemProblem>,
}

/// Orders that were placed together.
#[derive(Debug, Object)]
#[oai(rename = "Batch")]
pub struct BatchBody {
    /// Its identifier.
    pub id: Text<BatchId>,
    /// What the refusal of one did to the others.
    pub mode: Text<BatchMode>,
    /// One for each item, in their order.
    pub results: Vec<ItemResultBody>,
}

/// Orders that were placed together, and how many are in which state.
#[derive(Debug, Object)]
#[oai(rename = "BatchProgress")]
pub struct BatchProgressBody {
    /// Its identifier.
    pub id: Text<BatchId>,
    /// What the refusal of one did to the others.
    pub mode: Text<BatchMode>,
    /// One for each item, in their order.
    pub results: Vec<ItemResultBody>,
    /// How many are in which state.
    pub counts: CountsBody,
}

/// Items by state. Together they are all of the batch.
#[derive(Debug, Default, Object)]
#[oai(rename = "BatchCounts")]
pub struct CountsBody {
    /// Items that were not ordered.
    pub refused: u32,
    /// Orders whose number is being bought.
    pub requested: u32,
    /// Orders that wait for a text.
    pub waiting: u32,
    /// Orders with a code.
    pub completed: u32,
    /// Orders that were cancelled.
    pub cancelled: u32,
    /// Orders that ended by time.
    pub expired: u32,
    /// Orders for which no number was had.
    pub failed: u32,
}

impl CountsBody {
    fn of(batch: &ShownBatch) -> Self {
        let refused = batch.batch.results.len().saturating_sub(batch.orders.len());
        let mut counts = Self { refused: number(refused), ..Self::default() };
        for shown in &batch.orders {
            let count = match shown.order.status() {
                OrderStatus::Requested => &mut counts.requested,
                OrderStatus::Waiting => &mut counts.waiting,
                OrderStatus::Completed => &mut counts.completed,
                OrderStatus::Cancelled => &mut counts.cancelled,
                OrderStatus::Expired => &mut counts.expired,
                OrderStatus::Failed => &mut counts.failed,
            };
            *count += 1;
        }
        counts
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl BatchBody {
    /// A batch as its owner sees it at `now`.
    pub fn of(shown: ShownBatch, now: Time) -> Self {
        let mut orders: HashMap<OrderId, Shown> =
            shown.orders.into_iter().map(|shown| (shown.order.head().id, shown)).collect();
        let result = |(index, result): (usize, ItemResult)| {
            let (status, verification, problem) = match result {
                ItemResult::Created(id) => {
                    let order = orders.remove(&id).map(|order| VerificationBody::of(order, now));
                    (ItemWord::Created, order, None)
                }
                ItemResult::Refused(refusal) => {
                    let problem = Problem::from(refusal).of_item(index);
                    (ItemWord::Refused, None, Some(problem.into()))
                }
            };
            ItemResultBody { index: number(index), status: Text(status), verification, problem }
        };
        let results = shown.batch.results.into_iter().enumerate().map(result).collect();
        Self { id: Text(shown.batch.id), mode: Text(shown.batch.mode), results }
    }
}

impl BatchProgressBody {
    /// A batch as its owner sees it at `now`.
    pub fn of(shown: ShownBatch, now: Time) -> Self {
        let counts = CountsBody::of(&shown);
        let BatchBody { id, mode, results } = BatchBody::of(shown, now);
        Self { id, mode, results, counts }
    }
}
