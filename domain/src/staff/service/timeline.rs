//! Everything that happened around a user, in one line: a merge of lists that are each newest first.

use uuid::Uuid;

use super::StaffService;
use crate::{
    EntryId, Fault, Id, Page, PageOf, Time, TimelineId, UserId,
    auth::Session,
    payment::{Intent, Refund},
    staff::{AuditEntry, AuditQuery, Subject},
    verification::{Order, OrderFilter},
    wallet::Entry,
};

/// Something that happened around a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// He placed an order.
    Order(Order),
    /// He opened a payment.
    Payment(Intent),
    /// A payment went back, or was asked back.
    Refund(Refund),
    /// Money moved.
    Entry(Entry),
    /// He signed in.
    SignIn(Session),
    /// Staff did something about him.
    Audit(AuditEntry),
}

impl Happening {
    /// Its place in the line: identifiers rise with the time at which they were made, whatever they name.
    pub fn place(&self) -> TimelineId {
        Id::from_uuid(match self {
            Self::Order(order) => order.head().id.uuid(),
            Self::Payment(intent) => intent.id.uuid(),
            Self::Refund(refund) => refund.id.uuid(),
            Self::Entry(entry) => entry.id.uuid(),
            Self::SignIn(session) => session.id.uuid(),
            Self::Audit(entry) => entry.id.uuid(),
        })
    }

    /// When.
    pub fn at(&self) -> Time {
        match self {
            Self::Order(order) => order.head().created_at,
            Self::Payment(intent) => intent.created_at,
            Self::Refund(refund) => refund.created_at,
            Self::Entry(entry) => entry.at,
            Self::SignIn(session) => session.created_at,
            Self::Audit(entry) => entry.at,
        }
    }
}

/// The instant just after everything that a place may stand for.
fn just_after(place: Uuid) -> Option<Time> {
    let millis = i64::try_from(place.as_u128() >> 80).ok()?;
    Time::from_timestamp_millis(millis.checked_add(1)?)
}

impl StaffService {
    /// What happened around a user, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn timeline(&self, user: UserId, page: Page<TimelineId>) -> Result<PageOf<Happening>, Fault> {
        let after = page.after.map(Id::uuid);
        let limit = page.limit + 1;
        let (reads, none) = (&self.ports.reads, OrderFilter { status: None, service: None });
        let orders = self.ports.orders.orders(user, &none, of(limit, after)).await?;
        let payments = self.ports.payments.intents(user, of(limit, after)).await?;
        let refunds = reads.refunds_to(user, of(limit, after)).await?;
        let sign_ins = reads.sign_ins(user, of(limit, after)).await?;
        let about = AuditQuery { subject: Some(Subject::user(user).id), ..AuditQuery::default() };
        let audited = reads.audit_log(&about, of(limit, after)).await?;
        let entries = self.entries_before(user, after, limit).await?;
        let mut all: Vec<Happening> = orders.rows.into_iter().map(Happening::Order).collect();
        all.extend(payments.rows.into_iter().map(Happening::Payment));
        all.extend(refunds.rows.into_iter().map(Happening::Refund));
        all.extend(sign_ins.rows.into_iter().map(Happening::SignIn));
        all.extend(audited.rows.into_iter().map(Happening::Audit));
        all.extend(entries.into_iter().map(Happening::Entry));
        all.sort_by_key(|happening| std::cmp::Reverse(happening.place()));
        Ok(PageOf::from_one_more(all, page.limit))
    }

    /// Lines of the journal are numbered, so a place of another list is turned into a time first.
    async fn entries_before(
        &self,
        user: UserId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Entry>, Fault> {
        let wallet = &self.auth.ports.accounts;
        let Some(after) = after else {
            return Ok(wallet.entries(user, Page { limit, after: None }).await?.rows);
        };
        let Some(before) = just_after(after) else { return Ok(Vec::new()) };
        let Some(first) = wallet.entry_before(user, before).await? else { return Ok(Vec::new()) };
        let rest = wallet.entries(user, Page { limit, after: Some(first.id) }).await?.rows;
        let mut entries = vec![first];
        entries.extend(rest);
        entries.retain(|entry| -> bool { entry.id < EntryId::from_uuid(after) });
        Ok(entries)
    }
}

fn of<T>(limit: u32, after: Option<Uuid>) -> Page<Id<T>> {
    Page { limit, after: after.map(Id::from_uuid) }
}
