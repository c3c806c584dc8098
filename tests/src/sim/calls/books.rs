//! Calls: reads of accounts, of the house's books, and of what is compared with others' lists.

use async_trait::async_trait;
use namaskah_domain::{
    BookingId, EntryId, Fault, FindingId, GrantId, HoldId, Money, Page, PageOf, PaymentId, PaymentReference,
    PurchaseId, ReservationId, Time, UserId,
    payment::Suspended,
    reconciliation::{Book, Finding, Float, OurNumber, OurPayment, ReconciliationReads, Run},
    verification::ProviderId,
    wallet::{Account, BookReads, Booking, Entry, Hold, PromoGrant, Settings, Span, WalletReads},
};

use super::Called;

#[async_trait]
impl WalletReads for Called<dyn WalletReads> {
    async fn account(&self, user: UserId) -> Result<Option<Account>, Fault> {
        self.read(self.inner.account(user)).await
    }

    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, Fault> {
        self.read(self.inner.hold(id)).await
    }

    async fn entries(&self, user: UserId, page: Page<EntryId>) -> Result<PageOf<Entry>, Fault> {
        self.read(self.inner.entries(user, page)).await
    }

    async fn entry_before(&self, user: UserId, at: Time) -> Result<Option<Entry>, Fault> {
        self.read(self.inner.entry_before(user, at)).await
    }

    async fn lines(&self, user: UserId, span: Span, limit: u32) -> Result<Vec<Entry>, Fault> {
        self.read(self.inner.lines(user, span, limit)).await
    }

    async fn holds(&self, user: UserId, page: Page<HoldId>) -> Result<PageOf<Hold>, Fault> {
        self.read(self.inner.holds(user, page)).await
    }

    async fn settings(&self, user: UserId) -> Result<Option<Settings>, Fault> {
        self.read(self.inner.settings(user)).await
    }
}

#[async_trait]
impl BookReads for Called<dyn BookReads> {
    async fn booking(&self, id: BookingId) -> Result<Option<Booking>, Fault> {
        self.read(self.inner.booking(id)).await
    }

    async fn goodwill(&self, user: UserId) -> Result<Money, Fault> {
        self.read(self.inner.goodwill(user)).await
    }

    async fn grant(&self, id: GrantId) -> Result<Option<PromoGrant>, Fault> {
        self.read(self.inner.grant(id)).await
    }

    async fn open_grants(&self, user: UserId) -> Result<Vec<PromoGrant>, Fault> {
        self.read(self.inner.open_grants(user)).await
    }

    async fn grants_due(
        &self,
        now: Time,
        after: Option<(Time, GrantId)>,
        limit: u32,
    ) -> Result<Vec<(Time, GrantId)>, Fault> {
        self.read(self.inner.grants_due(now, after, limit)).await
    }

    async fn debtors(&self, after: Option<UserId>, limit: u32) -> Result<Vec<UserId>, Fault> {
        self.read(self.inner.debtors(after, limit)).await
    }

    async fn suspended(&self, payment: PaymentId) -> Result<Option<Suspended>, Fault> {
        self.read(self.inner.suspended(payment)).await
    }

    async fn open_suspense(&self, limit: u32) -> Result<Vec<Suspended>, Fault> {
        self.read(self.inner.open_suspense(limit)).await
    }

    async fn returned_suspense(&self, since: PaymentId, limit: u32) -> Result<Vec<Suspended>, Fault> {
        self.read(self.inner.returned_suspense(since, limit)).await
    }

    async fn receivables_since(
        &self,
        before: Time,
        after: Option<(Time, PurchaseId)>,
        limit: u32,
    ) -> Result<Vec<(Time, PurchaseId)>, Fault> {
        self.read(self.inner.receivables_since(before, after, limit)).await
    }
}

#[async_trait]
impl ReconciliationReads for Called<dyn ReconciliationReads> {
    async fn payments_named(&self, references: &[PaymentReference]) -> Result<Vec<OurPayment>, Fault> {
        self.read(self.inner.payments_named(references)).await
    }

    async fn payments_booked(&self, from: Time, to: Time) -> Result<Vec<OurPayment>, Fault> {
        self.read(self.inner.payments_booked(from, to)).await
    }

    async fn numbers_named(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<OurNumber>, Fault> {
        self.read(self.inner.numbers_named(provider, reservations)).await
    }

    async fn numbers_bought(
        &self,
        provider: ProviderId,
        from: Time,
        to: Time,
    ) -> Result<Vec<OurNumber>, Fault> {
        self.read(self.inner.numbers_bought(provider, from, to)).await
    }

    async fn float(&self, provider: ProviderId, since: Time) -> Result<Float, Fault> {
        self.read(self.inner.float(provider, since)).await
    }

    async fn finding(&self, id: FindingId) -> Result<Option<Finding>, Fault> {
        self.read(self.inner.finding(id)).await
    }

    async fn findings_of(&self, book: Book, keys: &[String]) -> Result<Vec<Finding>, Fault> {
        self.read(self.inner.findings_of(book, keys)).await
    }

    async fn open_findings(&self, limit: u32) -> Result<Vec<Finding>, Fault> {
        self.read(self.inner.open_findings(limit)).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, Fault> {
        self.read(self.inner.runs(limit)).await
    }
}
