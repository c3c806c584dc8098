//! The contract of [`Store`] and of every read: sentences that hold for each implementation.
//!
//! An implementation makes a [`Backend`] and calls [`store_contract!`](crate::store_contract) with a function that
//! opens one.

mod adjustments;
mod books;
mod causes;
mod desk;
mod entries;
mod exports;
mod figures;
mod freezes;
mod holds;
mod jobs;
mod leftovers;
mod notifications;
mod order_desk;
mod outbox;
mod queue;
mod races;
mod reads;
mod reconciliation;
mod records;
mod retention;
mod returns;
mod staff;
mod support;
mod terms;
mod units;
mod vitals;
mod webhooks;

use std::sync::Arc;

use namaskah_domain::{
    CommitError, Committed, Store, UnitOfWork, UserId,
    auth::AuthReads,
    memory::MemoryStore,
    notification::NotificationReads,
    outbox::{EventLog, JobReads, Jobs, Leases, NoticeReads, ScheduleReads},
    payment::{DeskReads, PaymentReads},
    reconciliation::ReconciliationReads,
    retention::Erasures,
    staff::{AdjustmentReads, ExportReads, FigureReads, OrderDeskReads, StaffReads},
    support::SupportReads,
    suppression::Suppressions,
    upkeep::Leftovers,
    verification::{OrderReads, TermReads},
    vitals::VitalsReads,
    wallet::{Account, BookReads, WalletReads},
    webhook::WebhookReads,
};

pub use self::{
    adjustments::*, books::*, causes::*, desk::*, entries::*, exports::*, figures::*, freezes::*, holds::*,
    jobs::*, leftovers::*, notifications::*, order_desk::*, outbox::*, queue::*, races::*, reads::*,
    reconciliation::*, records::*, retention::*, returns::*, staff::*, support::*, terms::*, units::*,
    vitals::*, webhooks::*,
};

/// Every port over one store.
#[derive(Clone)]
pub struct Backend {
    /// Where things change.
    pub store: Arc<dyn Store>,
    /// Accounts, holds, the journal.
    pub wallet: Arc<dyn WalletReads>,
    /// What staff decided, gifts, and what waits to be closed.
    pub books: Arc<dyn BookReads>,
    /// Payments.
    pub payments: Arc<dyn PaymentReads>,
    /// Payments as staff sees them.
    pub desk: Arc<dyn DeskReads>,
    /// Quotes, orders, purchases, messages.
    pub orders: Arc<dyn OrderReads>,
    /// Users, sessions, tokens.
    pub auth: Arc<dyn AuthReads>,
    /// What is held against providers' lists, and what was found.
    pub reconciliation: Arc<dyn ReconciliationReads>,
    /// What staff reads.
    pub staff: Arc<dyn StaffReads>,
    /// Corrections of wallets.
    pub adjustments: Arc<dyn AdjustmentReads>,
    /// Tickets.
    pub support: Arc<dyn SupportReads>,
    /// Endpoints of users, and deliveries to them.
    pub webhooks: Arc<dyn WebhookReads>,
    /// What users are told, and wish to be told.
    pub notifications: Arc<dyn NotificationReads>,
    /// Addresses that get no mail.
    pub suppressions: Arc<dyn Suppressions>,
    /// How work stands.
    pub vitals: Arc<dyn VitalsReads>,
    /// Orders and attempts, as staff asks for them.
    pub order_desk: Arc<dyn OrderDeskReads>,
    /// Figures.
    pub figures: Arc<dyn FigureReads>,
    /// Lists that leave the system.
    pub exports: Arc<dyn ExportReads>,
    /// Terms of trade.
    pub terms: Arc<dyn TermReads>,
    /// Providers' messages.
    pub notices: Arc<dyn NoticeReads>,
    /// The log of events.
    pub events: Arc<dyn EventLog>,
    /// The queue of jobs.
    pub jobs: Arc<dyn Jobs>,
    /// Jobs as staff sees them.
    pub job_desk: Arc<dyn JobReads>,
    /// Rights that one process has at a time.
    pub leases: Arc<dyn Leases>,
    /// When work comes again.
    pub schedules: Arc<dyn ScheduleReads>,
    /// Erases what is past retention.
    pub erasures: Arc<dyn Erasures>,
    /// Deletes what is of no more use.
    pub leftovers: Arc<dyn Leftovers>,
}

impl From<namaskah_adapters::persistence::Stores> for Backend {
    fn from(stores: namaskah_adapters::persistence::Stores) -> Self {
        Self {
            store: stores.store,
            wallet: stores.wallet,
            books: stores.books,
            payments: stores.payments,
            desk: stores.desk,
            orders: stores.orders,
            auth: stores.auth,
            reconciliation: stores.reconciliation,
            staff: stores.staff,
            adjustments: stores.adjustments,
            support: stores.support,
            webhooks: stores.webhooks,
            notifications: stores.notifications,
            suppressions: stores.suppressions,
            vitals: stores.vitals,
            order_desk: stores.order_desk,
            figures: stores.figures,
            exports: stores.exports,
            terms: stores.terms,
            notices: stores.notices,
            events: stores.events,
            jobs: stores.jobs,
            job_desk: stores.job_desk,
            leases: stores.leases,
            schedules: stores.schedules,
            erasures: stores.erasures,
            leftovers: stores.leftovers,
        }
    }
}

impl From<Arc<MemoryStore>> for Backend {
    fn from(memory: Arc<MemoryStore>) -> Self {
        Self {
            store: memory.clone(),
            wallet: memory.clone(),
            books: memory.clone(),
            payments: memory.clone(),
            desk: memory.clone(),
            orders: memory.clone(),
            auth: memory.clone(),
            reconciliation: memory.clone(),
            staff: memory.clone(),
            adjustments: memory.clone(),
            support: memory.clone(),
            webhooks: memory.clone(),
            notifications: memory.clone(),
            suppressions: memory.clone(),
            vitals: memory.clone(),
            order_desk: memory.clone(),
            figures: memory.clone(),
            exports: memory.clone(),
            terms: memory.clone(),
            notices: memory.clone(),
            events: memory.clone(),
            jobs: memory.clone(),
            job_desk: memory.clone(),
            leases: memory.clone(),
            schedules: memory.clone(),
            erasures: memory.clone(),
            leftovers: memory,
        }
    }
}

impl Backend {
    /// Commits what must be applied.
    ///
    /// # Panics
    /// If it is refused or replayed.
    pub async fn apply(&self, unit: UnitOfWork) {
        let committed = self.store.commit(unit).await.expect("a unit that nothing forbids");
        assert_eq!(committed, Committed::Applied);
    }

    /// Commits what must be refused.
    ///
    /// # Panics
    /// If it is not.
    pub async fn refuse(&self, unit: UnitOfWork) -> CommitError {
        self.store.commit(unit).await.expect_err("a unit that must be refused")
    }

    /// The account's row.
    ///
    /// # Panics
    /// If there is none.
    pub async fn account(&self, user: UserId) -> Account {
        self.wallet.account(user).await.expect("accounts can be read").expect("an account")
    }
}

/// Asserts a refusal by its variant.
#[macro_export]
macro_rules! assert_refused {
    ($refusal:expr, $expected:pat) => {{
        let refusal = $refusal;
        assert!(matches!(refusal, $expected), "{refusal:?}");
    }};
}

/// Makes one test of every sentence. `$open` is an async function that gives `Option` of a value with a field
/// `backend` and an async `close(self)`; `None` skips the test.
#[macro_export]
macro_rules! store_contract {
    ($open:path) => {
        $crate::store_contract! { $open:
            a_new_account_is_empty
            what_ended_is_erased_from_its_instant_on_and_nothing_else
            what_was_erased_stays_known
            erasing_takes_a_batch_at_a_time
            a_user_is_erased_without_waiting
            notices_keep_their_bodies_until_their_time
            letters_that_were_given_up_are_dropped_with_their_tokens
            an_account_can_be_opened_credited_and_held_by_one_unit
            a_hold_takes_promo_first_and_the_rest_from_the_wallet
            a_hold_never_exceeds_what_is_available
            several_holds_of_one_unit_share_what_is_there
            a_released_hold_gives_back_exactly_its_parts
            a_captured_hold_posts_its_parts_to_revenue
            a_hold_ends_once
            a_hold_of_another_user_or_of_nobody_is_stale
            money_that_a_unit_gives_back_pays_for_its_new_hold
            open_orders_are_counted_and_bounded
            open_intents_are_counted_and_bounded
            an_order_has_one_open_hold
            a_debit_never_takes_what_is_held
            a_refund_holds_wallet_money_alone_and_is_no_order
            a_refund_has_one_open_hold
            promo_that_has_lapsed_is_held_no_second_time
            a_spent_hold_leaves_by_the_transfers_of_its_unit
            a_dispute_freezes_what_it_claims_and_what_comes_in_later
            a_dispute_takes_nothing_from_what_is_held
            a_frozen_part_of_the_wallet_cannot_be_debited
            findings_are_stored_as_decided_in_every_state
            a_book_has_one_finding_of_a_key
            open_findings_are_listed_oldest_first
            payments_are_read_with_what_was_booked_of_them
            numbers_are_read_with_whether_their_credit_is_booked
            the_float_is_told_with_what_may_be_on_its_way
            disputes_block_orders_and_refunds_until_the_last_is_closed
            a_lost_dispute_takes_what_it_froze_and_leaves_the_rest_as_debt
            disputes_close_as_often_as_they_open
            debt_moves_with_its_transfers_and_never_below_zero
            a_credit_repays_debt_in_its_own_commit
            a_decision_on_a_clear_account_is_stale_once_something_is_owed_or_disputed
            a_decision_on_an_account_as_read_is_stale_after_any_change
            refunds_are_stored_as_decided_in_every_state
            a_payment_has_one_open_refund
            refunds_of_unknown_outcome_are_looked_after_first
            a_name_of_the_gateway_belongs_to_one_record
            refunds_and_disputes_are_guarded_by_their_versions
            disputes_are_stored_as_decided_in_every_state
            intents_keep_what_of_them_went_back
            a_refund_is_limited_by_newer_deposits_and_by_what_staff_gave
            bookings_are_stored_as_decided
            goodwill_is_the_net_of_corrections
            grants_are_stored_as_decided_and_found_when_due
            suspense_is_stored_as_decided_in_every_state
            a_payment_leaves_suspense_once
            debtors_are_those_who_owe_and_can_pay
            receivables_are_found_by_their_age
            what_is_due_is_listed_slice_by_slice
            entries_add_up_line_by_line
            entries_of_one_unit_keep_their_order
            house_transfers_touch_no_account
            a_source_is_posted_once
            entries_come_in_pages_newest_first
            the_balance_of_a_moment_is_that_of_the_last_line_before_it
            lines_of_a_span_come_in_pages_in_the_order_of_posting
            holds_come_in_pages_newest_first
            users_are_stored_as_decided
            users_keep_their_second_factor
            sessions_and_tokens_are_stored_as_decided
            keys_are_stored_as_decided_and_found_with_their_users
            identities_are_stored_as_decided_and_found_by_issuer_and_subject
            intents_are_stored_as_decided_in_every_state
            wallet_settings_are_stored_as_decided
            quotes_are_stored_as_decided
            orders_are_stored_as_decided_in_every_state
            purchases_are_stored_as_decided_in_every_state
            batches_are_stored_as_decided_with_all_of_their_orders
            messages_are_stored_as_decided
            a_write_that_was_decided_on_another_version_is_stale
            a_record_is_made_once
            what_must_be_unique_is
            a_refused_unit_changes_nothing
            ending_sessions_spares_the_one_that_goes_on
            a_claim_takes_effect_once_and_is_replayed
            a_claim_can_be_looked_up_without_a_commit
            a_key_for_another_command_is_refused
            a_key_belongs_to_its_account
            a_refused_command_leaves_its_key_unused
            a_replay_is_told_before_any_refusal
            a_unit_of_nothing_is_applied
            the_same_key_at_once_takes_effect_once
            parallel_holds_take_exactly_the_money_that_was_there
            capture_and_release_at_once_end_a_hold_once
            a_reservation_is_bound_once_however_many_try
            an_order_is_retried_once_however_many_try
            one_source_credits_once_however_many_try
            random_commands_keep_the_laws_of_the_ledger
            intents_are_found_by_reference_user_and_due_time
            orders_are_listed_by_state_and_service
            waiting_orders_are_found_by_end_number_and_reservation
            numbers_of_ended_orders_are_uncredited_until_somebody_bears_their_cost
            purchases_are_found_by_state_time_and_reservation
            messages_come_oldest_first
            numbers_that_were_shown_are_known_for_their_service
            a_reported_number_is_known_for_its_service_to_everybody
            reports_and_late_texts_of_a_user_are_counted
            expired_orders_are_found_while_they_may_show_late_texts
            an_order_between_two_numbers_is_found_by_the_end_of_its_former_one
            statistics_count_ended_orders_that_had_a_number
            sessions_are_found_while_they_are_open
            staff_is_counted
            lines_of_the_audit_log_are_stored_as_decided
            lines_of_the_audit_log_are_found_by_what_they_tell
            the_allowlist_is_stored_as_decided
            users_are_found_by_address_state_and_role
            sign_ins_and_refunds_of_a_user_come_in_pages
            what_waits_is_counted
            the_oldest_open_refund_and_the_oldest_orphan_are_told
            an_order_that_should_have_ended_is_overdue
            jobs_are_counted_by_lane_and_by_how_long_they_wait
            accounts_that_are_as_their_lines_and_holds_say_have_not_drifted
            accounts_are_looked_at_for_drift_slice_by_slice
            a_ticket_is_stored_with_its_lines
            tickets_are_found_by_whose_they_are_and_whose_turn_it_is
            notes_are_read_by_staff_alone
            canned_answers_are_stored_as_decided
            what_was_written_goes_with_the_account
            endpoints_are_stored_as_decided_in_every_state
            an_endpoint_that_was_deleted_is_read_by_nobody
            those_who_listen_are_found_by_their_users
            an_event_has_one_delivery_to_an_endpoint
            deliveries_are_stored_as_decided_in_every_state
            deliveries_are_found_by_endpoint_and_status
            what_is_due_is_found_by_endpoint_in_the_order_of_the_log
            an_endpoint_that_somebody_is_at_is_left_out_until_it_is_given_back
            users_take_turns_and_of_their_endpoints_those_that_were_served_longest_ago
            an_endpoint_that_rests_is_due_when_its_rest_is_over
            what_waits_for_an_endpoint_is_counted_up_to_a_limit
            tries_are_stored_as_made_and_found_by_their_deliveries
            the_cursor_moves_once_from_each_place
            what_has_happened_since_is_found_once_it_is_stamped
            what_users_are_told_is_stored_as_decided_newest_first
            a_user_is_told_once_of_what_is_told_once
            wishes_about_notifications_are_stored_as_decided
            balances_that_crossed_their_threshold_are_found_until_it_is_noted
            numbers_that_expire_are_found_for_those_who_want_to_be_told
            what_was_told_goes_with_the_account
            earlier_sign_ins_are_known_by_their_device
            addresses_that_were_refused_are_stored_as_decided
            addresses_that_get_no_mail_are_listed_with_their_users
            a_correction_is_stored_as_decided
            corrections_are_found_by_how_they_stand
            what_was_booked_at_once_is_summed_by_actor_and_by_user
            staff_is_what_it_is_since_the_log_tells_of_it
            whatever_expects_an_account_as_it_was_read_moves_its_version
            payments_are_found_by_how_they_stand
            what_was_set_aside_is_found_by_what_became_of_it
            what_hangs_on_a_payment_is_found
            runs_of_reconciliation_are_stored_as_decided_newest_first
            jobs_are_shown_by_how_they_stand_without_what_is_in_them
            a_decision_about_a_job_is_guarded_by_its_lease
            a_cancelled_job_is_not_taken_until_it_is_told_to_run_again
            orders_of_everybody_are_found_by_how_they_stand
            attempts_are_found_by_their_order_and_by_how_they_stand
            what_was_posted_is_found_by_its_sources
            registrations_and_orders_are_counted_by_when_they_were_made
            what_numbers_cost_is_what_was_not_given_back
            money_in_and_back_is_summed_by_currency
            what_stands_now_is_summed
            lists_leave_in_the_order_in_which_rows_were_made
            movements_of_everybody_leave_in_the_order_of_posting
            what_is_decided_on_services_and_providers_is_stored_as_decided
            rules_of_prices_are_stored_as_decided
            of_one_scope_one_rule_has_no_end
            orders_that_were_paid_for_are_summed_by_what_they_were_priced_by
            events_are_stamped_in_order_without_gaps
            events_are_stamped_once_by_however_many_relays
            events_are_read_by_user_and_subject
            a_job_is_leased_to_one_holder_and_ends
            a_job_that_failed_comes_back_when_it_is_due
            a_job_that_was_put_off_comes_back_as_if_it_had_not_been_taken
            a_released_job_can_be_taken_and_its_old_lease_is_void
            a_buried_job_stays_buried
            jobs_keep_what_is_to_be_done
            jobs_are_shared_out_without_overlap
            jobs_of_one_lane_do_not_wait_for_those_of_another
            a_lease_has_one_holder
            jobs_of_a_higher_priority_go_first_each_oldest_first
            jobs_are_ended_together_each_by_its_own_lease
            of_one_key_one_job_waits
            a_job_that_fails_is_stood_for_by_one_of_its_key_that_waits
            jobs_that_are_given_back_leave_one_of_a_key
            a_cancelled_job_stands_for_no_other
            however_many_queue_a_key_at_once_one_job_waits
            a_schedule_moves_on_once_with_its_job
            a_job_knows_the_trace_that_has_queued_it
            an_event_and_its_deliveries_know_the_trace_that_has_caused_them
            tokens_that_have_expired_are_deleted
            sessions_are_deleted_by_when_they_ended
            quotes_are_deleted_by_when_they_expired
            claims_go_with_the_account
            deliveries_that_have_ended_are_deleted_with_their_tries
            a_delivery_that_is_begun_anew_is_kept
            notifications_are_deleted_by_when_they_were_read_or_told
            what_is_of_no_more_use_is_deleted_a_batch_at_a_time
            notices_are_found_by_their_state
        }
    };
    ($open:path: $($case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            if let Some(opened) = $open().await {
                $crate::contract::store::$case(&opened.backend).await;
                opened.close().await;
            }
        }
    )*};
}
