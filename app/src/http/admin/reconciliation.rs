//! Reconciliation: how providers' lists and our books stand to each other.

use std::sync::Arc;

use namaskah_domain::{
    FindingId, RunId, Time,
    reconciliation::{
        Book, Counts, Finding, FindingState, Mismatch, OpenClass, Outcome, Overview, ReconciliationDesk, Run,
    },
    staff::By,
    wallet::Reason,
};
use poem_openapi::{Object, OpenApi, param::Path, registry::MetaSchema};
use serde::Deserialize;

use crate::http::{
    body::{Body, MoneyBody, Shown, Text, TextForm, text::one_of, word_enum},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

impl TextForm for Book {
    const EXPECTED: &'static str = "paystack or textverified";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn write(&self) -> std::borrow::Cow<'_, str> {
        self.name().into()
    }
}

impl TextForm for Mismatch {
    const EXPECTED: &'static str = "amount_differs, only_ours or only_theirs";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn write(&self) -> std::borrow::Cow<'_, str> {
        self.name().into()
    }
}

word_enum! {
    /// How a comparison ended.
    pub OutcomeWord, "compared, skipped or failed";
    Compared = "compared",
    Skipped = "skipped",
    Failed = "failed",
}

word_enum! {
    /// How a finding stands.
    pub FindingWord, "open, matched or resolved";
    Open = "open",
    Matched = "matched",
    Resolved = "resolved",
}

/// What one comparison of a run came to.
#[derive(Debug, Object)]
#[oai(rename = "Comparison")]
pub struct ComparisonBody {
    /// How it ended. `skipped`: there is nothing to compare; `failed`: one side could not be read.
    pub outcome: Text<OutcomeWord>,
    /// In agreement.
    pub matched: u32,
    /// Too young to be judged.
    pub late: u32,
    /// Not in agreement, new or not.
    pub differ: u32,
    /// Credits that only the list showed, and that were booked.
    pub booked: u32,
    /// Findings that were opened, or opened again.
    pub opened: u32,
    /// Findings that closed by themselves.
    pub closed: u32,
    /// False if something was left to the next run.
    pub whole: bool,
}

impl From<Outcome> for ComparisonBody {
    fn from(outcome: Outcome) -> Self {
        let (word, counts) = match outcome {
            Outcome::Compared(counts) => (OutcomeWord::Compared, counts),
            Outcome::Skipped => (OutcomeWord::Skipped, Counts::default()),
            Outcome::Failed => (OutcomeWord::Failed, Counts::default()),
        };
        let Counts { matched, late, differ, booked, opened, closed, whole } = counts;
        Self { outcome: Text(word), matched, late, differ, booked, opened, closed, whole }
    }
}

/// A run.
#[derive(Debug, Object)]
#[oai(rename = "ReconciliationRun")]
pub struct RunBody {
    /// Its identifier.
    pub id: Text<RunId>,
    /// What is compared begins here.
    pub from: Text<Time>,
    /// And ends before this.
    pub to: Text<Time>,
    /// When it began.
    pub began_at: Text<Time>,
    /// When it ended.
    pub ended_at: Text<Time>,
    /// Paystack's transactions and our payments.
    pub payments: ComparisonBody,
    /// TextVerified's reservations and our purchases.
    pub numbers: ComparisonBody,
    /// TextVerified's balance and our float.
    pub float: ComparisonBody,
}

impl From<Run> for RunBody {
    fn from(run: Run) -> Self {
        Self {
            id: Text(run.id),
            from: Text(run.window.from),
            to: Text(run.window.to),
            began_at: Text(run.began_at),
            ended_at: Text(run.ended_at),
            payments: run.payments.into(),
            numbers: run.numbers.into(),
            float: run.float.into(),
        }
    }
}

/// Open findings of one kind.
#[derive(Debug, Object)]
#[oai(rename = "OpenFindings")]
pub struct ClassBody {
    /// Whose list.
    pub book: Text<Book>,
    /// How both sides do not agree.
    pub mismatch: Text<Mismatch>,
    /// How many.
    pub count: u32,
    /// How many of them for more than a day.
    pub overdue: u32,
    /// When the oldest was found.
    pub oldest_at: Text<Time>,
}

impl From<OpenClass> for ClassBody {
    fn from(class: OpenClass) -> Self {
        let OpenClass { book, mismatch, count, overdue, oldest_at } = class;
        Self { book: Text(book), mismatch: Text(mismatch), count, overdue, oldest_at: Text(oldest_at) }
    }
}

/// Something on which a provider's list and our books do not agree.
#[derive(Debug, Object)]
#[oai(rename = "Finding")]
pub struct FindingBody {
    /// Its identifier.
    pub id: Text<FindingId>,
    /// Whose list.
    pub book: Text<Book>,
    /// What it is about there: a payment's reference, a reservation, or `balance`.
    pub key: String,
    /// How both sides do not agree.
    pub mismatch: Text<Mismatch>,
    /// How it stands.
    pub status: Text<FindingWord>,
    /// What we have.
    pub ours: Option<MoneyBody>,
    /// What the provider has.
    pub theirs: Option<MoneyBody>,
    /// When the thing itself happened, as well as is known.
    pub at: Text<Time>,
    /// When it was found, or found again.
    pub found_at: Text<Time>,
    /// True if it is open for more than a day.
    pub overdue: bool,
    /// When it was matched or resolved.
    pub closed_at: Option<Text<Time>>,
    /// What was found out, if it was resolved.
    pub note: Option<String>,
}

impl FindingBody {
    fn of(finding: Finding, now: Time) -> Self {
        let overdue = finding.is_overdue(now);
        let (status, closed_at, note) = match finding.state {
            FindingState::Open => (FindingWord::Open, None, None),
            FindingState::Matched { at } => (FindingWord::Matched, Some(at), None),
            FindingState::Resolved { at, note } => (FindingWord::Resolved, Some(at), Some(note)),
        };
        Self {
            id: Text(finding.id),
            book: Text(finding.book),
            key: finding.key,
            mismatch: Text(finding.mismatch),
            status: Text(status),
            ours: finding.ours.map(MoneyBody::from),
            theirs: finding.theirs.map(MoneyBody::from),
            at: Text(finding.at),
            found_at: Text(finding.found_at),
            overdue,
            closed_at: closed_at.map(Text),
            note: note.map(|note| note.as_str().to_owned()),
        }
    }
}

/// How reconciliation stands.
#[derive(Debug, Object)]
#[oai(rename = "Reconciliation")]
pub struct OverviewBody {
    /// The last twenty runs, newest first.
    pub runs: Vec<RunBody>,
    /// What is open, by kind.
    pub open: Vec<ClassBody>,
    /// What is open, oldest first; a hundred at most.
    pub items: Vec<FindingBody>,
}

impl From<Overview> for OverviewBody {
    fn from(overview: Overview) -> Self {
        let now = overview.now;
        Self {
            runs: overview.runs.into_iter().map(RunBody::from).collect(),
            open: overview.classes.into_iter().map(ClassBody::from).collect(),
            items: overview.open.into_iter().map(|finding| FindingBody::of(finding, now)).collect(),
        }
    }
}

/// What was found out.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "FindingResolution")]
pub struct ResolveBody {
    /// For whoever looks again.
    pub note: Text<Reason>,
}

/// Routes of reconciliation.
pub struct ReconciliationApi {
    /// Runs, shows, resolves.
    pub desk: Arc<ReconciliationDesk>,
}

#[OpenApi(prefix_path = "/api/v1/admin/reconciliation", tag = "Tag::Admin")]
impl ReconciliationApi {
    /// How providers' lists and our books stand to each other
    #[oai(path = "/", method = "get", operation_id = "get_reconciliation")]
    async fn get(&self, _staff: Staff<may::Reconcile>) -> Result<Shown<OverviewBody>, Problem> {
        Ok(Shown(self.desk.overview().await?.into()))
    }

    /// Compare now
    ///
    /// The last 26 hours, as the product does each hour. One such run at a time.
    #[oai(path = "/run", method = "post", operation_id = "run_reconciliation")]
    async fn run(&self, staff: Staff<may::Reconcile>) -> Result<Shown<RunBody>, Problem> {
        let (desk, by) = (self.desk.clone(), By::Staff(staff.0));
        Ok(Shown(detached(async move { desk.run(&by).await }).await?.into()))
    }

    /// Close a finding by hand
    ///
    /// It stays closed as long as both sides say what they say now. No money moves.
    #[oai(path = "/items/:id/resolve", method = "post", operation_id = "resolve_finding")]
    async fn resolve(
        &self,
        staff: Staff<SteppedUp<may::Reconcile>>,
        id: Path<Text<FindingId>>,
        body: Body<ResolveBody>,
    ) -> Result<Shown<FindingBody>, Problem> {
        let (desk, by, note) = (self.desk.clone(), By::Staff(staff.0), body.0.note.0);
        let resolved = detached(async move { desk.resolve(&by, id.0.0, note).await }).await?;
        Ok(Shown(FindingBody::of(resolved, self.desk.now())))
    }
}
