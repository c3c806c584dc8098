//! Taking in texts: by notice, by the shared poll, by reading one reservation.

use std::collections::BTreeMap;

use chrono::{SubsecRound, TimeDelta, Timelike};

use crate::{
    Change, CommitError, Event, MessageId, Notice, NoticeState, OrderId, PhoneNumber, ReservationId, Sender,
    Time, Unique, UnitOfWork,
    outbox::NoticeReads,
    time::seconds,
    verification::{
        IncomingMessage, IntakeError, Line, Message, Order, Receivable, VerificationService, Waiting,
        buying::broken,
    },
    wallet::Source,
};

/// How far before the oldest waiting order the shared poll reads: stamps of whole seconds, and a second of doubt.
const POLL_MARGIN_S: i64 = 2;
/// Notices looked at in one go.
const NOTICE_LIMIT: u32 = 100;
/// How often a commit that meets a text stored in between is decided again.
const KNOWN_ATTEMPTS: u32 = 8;

impl VerificationService {
    /// One account-wide poll: every text since the oldest waiting order was bound, and now and then since the oldest
    /// that has expired lately. Returns how many orders changed.
    ///
    /// # Errors
    /// If provider or store cannot be read; nothing is lost, the next poll reads further back.
    pub async fn poll(&self) -> Result<u32, IntakeError> {
        let started = self.clock.now();
        let waiting = self.reads.oldest_waiting(self.provider.id()).await?;
        let late = self.oldest_late(started).await?;
        let Some(oldest) = waiting.into_iter().chain(late).min() else {
            self.remember(|memory| memory.polled_at = Some(started));
            return Ok(0);
        };
        let from = oldest + self.provider.skew() - seconds(POLL_MARGIN_S);
        let messages = self.provider.messages_since(from).await?;
        let changed = self.receive(messages).await?;
        self.remember(|memory| {
            memory.polled_at = Some(started);
            if late.is_some() {
                memory.late_at = Some(started);
            }
        });
        Ok(changed)
    }

    /// Takes in texts from anywhere. A text that names its reservation is used; one that does not makes us read the
    /// reservations of its number. Returns how many orders changed.
    ///
    /// # Errors
    /// If provider or store cannot be asked. What was taken in stays.
    pub async fn receive(&self, messages: Vec<IncomingMessage>) -> Result<u32, IntakeError> {
        let mut named: BTreeMap<ReservationId, Vec<IncomingMessage>> = BTreeMap::new();
        let mut unnamed: BTreeMap<PhoneNumber, Vec<IncomingMessage>> = BTreeMap::new();
        for message in messages {
            match (message.reservation.clone(), message.to.clone()) {
                (Some(reservation), _) => named.entry(reservation).or_default().push(message),
                (None, Some(number)) => unnamed.entry(number).or_default().push(message),
                (None, None) => {}
            }
        }
        let mut failed = None;
        for (number, listed) in unnamed {
            match self.read_lines_of(&number, &listed).await {
                Ok(read) => named.extend(read),
                // A number that cannot be read now keeps no other from its code.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        let reservations: Vec<_> = named.keys().cloned().collect();
        let mut changed = 0;
        for upstream in self.listening_to(&reservations).await? {
            let texts = named.get(&upstream.reservation).map_or(&[][..], Vec::as_slice);
            match self.take_in(upstream.order, texts).await {
                Ok(is_new) => changed += u32::from(is_new),
                // One order that cannot take its texts in now keeps no other from its code.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(changed), Err)
    }

    /// The texts of the reservations that wait on a number, or have lately, read from the provider by reservation. Not asked where
    /// every text that was listed for the number is stored already, so that old texts cost no question.
    async fn read_lines_of(
        &self,
        number: &PhoneNumber,
        listed: &[IncomingMessage],
    ) -> Result<BTreeMap<ReservationId, Vec<IncomingMessage>>, IntakeError> {
        let mut read = BTreeMap::new();
        let mut upstreams = self.reads.waiting_on(self.provider.id(), number).await?;
        upstreams.extend(self.lately_on(number).await?);
        for upstream in upstreams {
            let known = self.reads.messages_of(&[upstream.order]).await?;
            if listed.iter().all(|text| known.iter().any(|message| is_same(message, text))) {
                continue;
            }
            let texts = self.provider.messages(&upstream.reservation).await?;
            read.insert(upstream.reservation, texts);
        }
        Ok(read)
    }

    /// Handles stored notices: new ones, and old ones whose reservation is known by now. Returns how many.
    ///
    /// # Errors
    /// If provider or store cannot be asked; the notices that it concerns stay as they are.
    pub async fn handle_notices(&self, notices: &dyn NoticeReads) -> Result<u32, IntakeError> {
        let mut handled = 0;
        let mut failed = None;
        let matchable = notices.matchable_notices(NOTICE_LIMIT).await?;
        let listed = matchable.len();
        for notice in matchable {
            let outcome = self.reread(&notice).await.map(|()| NoticeState::Handled);
            handled += self.settle_notice(notice, outcome, listed, &mut failed).await?;
        }
        let new = notices.new_notices(Sender::TextVerified, NOTICE_LIMIT).await?;
        let listed = new.len();
        for notice in new {
            let outcome = self.handle(&notice).await;
            handled += self.settle_notice(notice, outcome, listed, &mut failed).await?;
        }
        failed.map_or(Ok(handled), Err)
    }

    /// One of so many `listed` that cannot be handled now stays for a later call, and holds up no other. Returns how
    /// many were handled.
    async fn settle_notice(
        &self,
        notice: Notice,
        outcome: Result<NoticeState, IntakeError>,
        listed: usize,
        failed: &mut Option<IntakeError>,
    ) -> Result<u32, IntakeError> {
        match outcome {
            Ok(state) => self.mark(notice.seen(state)).await,
            Err(error) => {
                failed.get_or_insert(error);
                if listed >= NOTICE_LIMIT as usize {
                    self.mark(notice.put_off()).await?;
                }
                Ok(0)
            }
        }
    }

    async fn handle(&self, notice: &Notice) -> Result<NoticeState, IntakeError> {
        let messages = self.provider.read_notice(&notice.body);
        let named = messages.iter().find_map(|message| message.reservation.clone());
        self.receive(messages).await?;
        let Some(reservation) = named else { return Ok(NoticeState::Handled) };
        let known = self.reads.purchase_by_reservation(self.provider.id(), &reservation).await?;
        Ok(if known.is_some() { NoticeState::Handled } else { NoticeState::Unmatched })
    }

    /// After commit B an earlier notice is a reason to look, not a text to show.
    async fn reread(&self, notice: &Notice) -> Result<(), IntakeError> {
        let Some(reservation) = notice.subject.as_deref().and_then(|s| ReservationId::try_new(s).ok()) else {
            return Ok(());
        };
        let texts = self.provider.messages(&reservation).await?;
        for upstream in self.listening_to(&[reservation]).await? {
            self.take_in(upstream.order, &texts).await?;
        }
        Ok(())
    }

    async fn mark(&self, seen: Notice) -> Result<u32, IntakeError> {
        match self.store.commit(UnitOfWork::new().with(Change::Notice(seen))).await {
            // Another instance looked at the same notice: harmless, texts are taken in once.
            Ok(_) | Err(CommitError::Stale) => Ok(1),
            Err(error) => Err(error.into()),
        }
    }

    /// Shows an order the texts that are its own, and captures its hold with the first readable code.
    /// Returns true if something was new.
    pub(super) async fn take_in(&self, id: OrderId, texts: &[IncomingMessage]) -> Result<bool, IntakeError> {
        for _ in 0..KNOWN_ATTEMPTS {
            match self.take_in_once(id, texts).await {
                Err(IntakeError::Commit(CommitError::Stale | CommitError::Duplicate(Unique::Message))) => {}
                other => return other,
            }
        }
        self.take_in_once(id, texts).await
    }

    async fn take_in_once(&self, id: OrderId, texts: &[IncomingMessage]) -> Result<bool, IntakeError> {
        let Some(order) = self.reads.order(id).await? else { return Ok(false) };
        let Some(line) = order.line().cloned() else { return Ok(false) };
        let Some(until) = order.listens_until(self.clock.now()) else { return Ok(false) };
        let known = self.reads.messages_of(&[id]).await?;
        let fresh = self.fresh(id, &Line { expires_at: until, ..line }, texts, &known);
        if fresh.is_empty() {
            return Ok(false);
        }
        let unit = match order {
            Order::Waiting(waiting) if fresh.iter().any(|message| message.code.is_some()) => {
                self.capturing(waiting).await?
            }
            Order::Waiting(waiting) => self.showing(waiting.show_text().into()),
            Order::Completed(completed) => self.showing(completed.show_text().into()),
            Order::Expired(expired) => return self.show_late(expired, fresh).await,
            Order::Requested(_) | Order::Cancelled(_) | Order::Failed(_) => return Ok(false),
        };
        let unit = fresh.into_iter().fold(unit, |unit, message| unit.with(Change::Message(message)));
        self.store.commit(unit).await?;
        Ok(true)
    }

    pub(super) fn showing(&self, order: Order) -> UnitOfWork {
        let now = self.clock.now();
        let told = Event::about_message(self.event_id(now), &order, now);
        UnitOfWork::new().with(Change::Order(order)).with(Change::Event(told))
    }

    /// Order, money and cost in one commit.
    async fn capturing(&self, waiting: Waiting) -> Result<UnitOfWork, IntakeError> {
        let now = self.clock.now();
        let purchase = self.reads.purchase(waiting.line.purchase).await?;
        let (head, line) = (waiting.head.clone(), waiting.line.clone());
        let (completed, end) = waiting.receive(now);
        let completed = Order::from(completed);
        let mut unit = UnitOfWork::new()
            .end(self.release(&head, end, now))
            .with(self.event(&completed, now))
            .with(Change::Order(completed));
        let costed = purchase.and_then(|p| p.close_receivable(Receivable::Costed { at: now }));
        if let Some(purchase) = costed {
            let entry = purchase.bought().map(|bought| bought.costed(Source::captured(head.hold), now));
            if let Some(entry) = entry.transpose().map_err(broken)?.flatten() {
                unit = unit.post(entry);
            }
            unit = unit.with(Change::Purchase(purchase));
        }
        // Reported while it waited, and the code was quicker: the provider may give its price back all the same.
        if head.report.is_some_and(|report| report.is_told) {
            unit = unit.with(self.report_job(line.purchase, now));
        }
        Ok(unit)
    }

    /// The texts that are this order's own and not stored yet.
    fn fresh(
        &self,
        order: OrderId,
        line: &Line,
        texts: &[IncomingMessage],
        known: &[Message],
    ) -> Vec<Message> {
        let now = self.clock.now();
        let skew = self.provider.skew();
        let mut fresh: Vec<Message> = Vec::new();
        for text in texts.iter().filter(|text| is_own(line, text, skew)) {
            if known.iter().chain(&fresh).any(|message| is_same(message, text)) {
                continue;
            }
            fresh.push(Message {
                id: MessageId::generate(now, self.random.as_ref()),
                order,
                reservation: line.reservation.clone(),
                from: text.from.clone(),
                text: text.text.clone(),
                code: text.code(),
                received_at: text.received_at,
                stored_at: now,
                late: false,
                erased: false,
            });
        }
        fresh
    }
}

/// A text has no name of its own: reservation, instant and words are its identity. What was erased is known by the
/// instant alone.
fn is_same(message: &Message, text: &IncomingMessage) -> bool {
    message.received_at == text.received_at && (message.erased || message.text == text.text)
}

/// Received by this order's reservation and number, after its number was shown and before its end. Numbers are recycled, so
/// both count. A stamp of a whole second may stand for any instant of that second.
fn is_own(line: &Line, text: &IncomingMessage, skew: TimeDelta) -> bool {
    let shown = line.bound_at + skew;
    let whole_second = text.received_at.nanosecond() == 0;
    let earliest = if whole_second { shown.trunc_subsecs(0) } else { shown };
    let of_this = text.reservation.as_ref().is_none_or(|reservation| *reservation == line.reservation);
    // The provider's filter by reservation is evidence too: an answer for another number is not this order's.
    let of_number = text.to.as_ref().zip(line.number.as_ref()).is_none_or(|(number, own)| number == own);
    of_this && of_number && text.received_at >= earliest && received_before_end(line, text.received_at, skew)
}

fn received_before_end(line: &Line, received_at: Time, skew: TimeDelta) -> bool {
    received_at <= line.expires_at + skew
}
