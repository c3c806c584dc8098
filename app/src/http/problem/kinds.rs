//! Every kind of problem that the API answers with. Codes are stable: clients branch on them.

/// One kind of problem.
pub struct Kind {
    /// Stable name, `snake_case`.
    pub code: &'static str,
    /// HTTP status of every occurrence.
    pub status: u16,
    /// The same for every occurrence.
    pub title: &'static str,
    /// What it means and what to do about it, for the page at its `type`.
    pub about: &'static str,
}

const fn kind(status: u16, code: &'static str, title: &'static str, about: &'static str) -> Kind {
    Kind { code, status, title, about }
}

/// All kinds, by status.
#[rustfmt::skip]
pub const KINDS: &[Kind] = &[
    kind(400, "malformed_request", "The request cannot be read", "The body is not JSON, is not UTF-8, or repeats a key; or a header is malformed."),
    kind(400, "idempotency_key_required", "An Idempotency-Key is required", "Send an Idempotency-Key header: a text of your choice, new for each command, the same when you repeat one."),
    kind(400, "idempotency_key_malformed", "The Idempotency-Key is malformed", "A key is 1 to 255 visible ASCII characters, bare or in double quotes."),
    kind(401, "unauthorized", "Sign in first", "The credential is missing, malformed, expired or revoked."),
    kind(401, "invalid_credentials", "Address or password is wrong", "The same answer is given for an unknown address."),
    kind(401, "invalid_token", "The token is not valid", "It is unknown, expired, or was used before."),
    kind(401, "totp_required", "A one-time code is required", "Repeat the request with `totp_code`."),
    kind(401, "totp_invalid", "The one-time code is wrong", "It is wrong, or was used before. Wait for the next one, or use a recovery code."),
    kind(401, "identity_attempt_invalid", "This way to Google and back is not valid", "It took more than ten minutes, was used before, or began in another browser. Begin again."),
    kind(401, "identity_not_proven", "Google has not proven who you are", "You did not agree there, or what came back cannot be believed. Begin again."),
    kind(401, "invalid_signature", "The signature is missing or wrong", "Webhooks are signed over the raw bytes of the body."),
    kind(401, "staff_session_over", "This sign-in is over for staff", "It was idle for 30 minutes, or began 12 hours ago. Sign in anew."),
    kind(402, "insufficient_funds", "Not enough money is available", "Nothing was ordered. Add money to the wallet, or wait for holds to be released."),
    kind(403, "forbidden", "Not allowed", "This credential may not do this. An API key does what its scopes allow, from the addresses that it names."),
    kind(403, "csrf_failed", "The request did not come from the site itself", "With the session cookie, send X-CSRF-Token (from GET /api/v1/auth/csrf) with every request that changes something."),
    kind(403, "email_not_verified", "The e-mail address is not verified", "Follow the link that was mailed, or ask for a new one."),
    kind(403, "password_change_required", "The password must be changed", "Use `change_token` to set a new one."),
    kind(403, "step_up_required", "Prove again that it is you", "POST /api/v1/auth/step-up, then repeat the request with what it gives, within five minutes."),
    kind(403, "second_factor_required", "A second factor is required", "Staff turns a second factor on first, and then signs in anew with a code."),
    kind(403, "address_not_allowed", "Not allowed from this address", "Staff may come from the networks of GET /api/v1/admin/ip-allowlist alone."),
    kind(403, "account_suspended", "The account is suspended", "Contact support."),
    kind(404, "not_found", "There is no such thing", "It does not exist, or it is somebody else's."),
    kind(405, "method_not_allowed", "This method is not allowed here", "The Allow header names those that are."),
    kind(409, "verification_not_cancellable", "The verification cannot be cancelled", "It has ended, or a code was received first."),
    kind(409, "verification_not_retryable", "The verification cannot be retried", "Only a verification that ended without a code, not long ago, and once."),
    kind(409, "verification_not_swappable", "The number cannot be swapped", "Only while it waits, and not more than twice."),
    kind(409, "quote_expired", "The quote has expired", "Ask for a new one."),
    kind(409, "quote_used", "The quote was used", "A quote serves one order. Ask for a new one."),
    kind(409, "price_changed", "The price is above the limit", "Nothing was ordered. Ask for a new quote, or raise `max_price`."),
    kind(409, "no_numbers", "No number is available", "Nothing was ordered. Try another service or country, or try later."),
    kind(409, "service_blocked", "The service is blocked", "No numbers are sold for it. Nothing was ordered. GET /api/v1/services says which are."),
    kind(409, "too_many_open_orders", "Too many open orders", "Wait until some have ended, or cancel them."),
    kind(409, "too_many_open_payments", "Too many unpaid payments", "Pay or let expire those that are open."),
    kind(409, "account_blocked", "The account is blocked", "A dispute is open or a debt is owed; no order can be placed until it is settled."),
    kind(409, "payment_not_refundable", "The payment cannot be refunded", "Not enough of it is left, or it was not paid."),
    kind(409, "dispute_open", "A dispute is open", "No refund is made while a dispute is open."),
    kind(409, "account_not_empty", "The account cannot be closed", "It has a balance, open orders or a debt, or belongs to staff."),
    kind(409, "identity_not_linked", "The address has an account", "Sign in to it with its password, step up, and link Google with POST /api/v1/auth/google/link."),
    kind(409, "identity_linked_elsewhere", "This Google account signs in to another account", "Unlink it there first, or use another one."),
    kind(409, "no_password", "The account has no password", "Set one by the link that POST /api/v1/auth/password/forgot mails."),
    kind(409, "email_taken", "The address belongs to another account", "Choose another one."),
    kind(409, "too_many_api_keys", "Too many API keys", "Delete one first."),
    kind(409, "totp_already_enabled", "A second factor is on", "Turn it off before you begin another."),
    kind(409, "totp_not_enabled", "No second factor is on", "There is nothing to turn off."),
    kind(409, "totp_not_pending", "No second factor waits to be confirmed", "Begin one first; it waits for 15 minutes."),
    kind(409, "four_eyes_required", "Somebody else must do this", "Nobody corrects his own wallet or approves what he has proposed; whoever corrects or approves has been staff for a day, and whoever proposed it is so still."),
    kind(409, "adjustment_decided", "The correction was decided already", "It was booked or rejected, or waited for 72 hours in vain."),
    kind(409, "already_resolved", "It was resolved already", "Somebody else was first, or it has closed by itself. Read it again."),
    kind(409, "payment_not_resolvable", "The payment cannot be resolved so", "What the gateway says of it forbids this destination, or there is no rate. `detail` says what; another destination, or later, may do."),
    kind(409, "reconciliation_running", "Reconciliation is under way", "One run that staff asks for at a time. Wait until it has ended."),
    kind(409, "job_not_changeable", "The job cannot be changed so", "What was given up or cancelled runs again; what waits can be cancelled; what is being done is left alone."),
    kind(409, "pricing_rule_scheduled", "A later rule is scheduled", "A rule of the same scope begins at that time or later. End it first."),
    kind(409, "would_lock_you_out", "You would lock yourself out", "The list of networks must admit the address that changes it."),
    kind(409, "already_staff", "The address belongs to staff", "Give it another role instead."),
    kind(409, "too_many_canned_answers", "There are too many canned answers", "At most 200 are kept. Remove one first."),
    kind(409, "too_many_open_tickets", "You have too many open tickets", "At most 20 are open at once. Write to one of those, or wait until support closes one."),
    kind(409, "too_many_webhook_endpoints", "Too many webhook endpoints", "At most 20. Delete one first."),
    kind(409, "webhook_endpoint_off", "The webhook endpoint is off", "Nothing is sent to it. Switch it on first: PATCH `enabled`. One that is off `by_staff` is switched on by support."),
    kind(409, "webhook_replay_running", "A replay is under way", "A thousand deliveries of this endpoint wait already. Repeat it when fewer do."),
    kind(409, "ticket_full", "The ticket has too many messages", "A ticket has at most 200. Open another one."),
    kind(409, "own_account", "This is your own account", "Somebody else must do this."),
    kind(413, "body_too_large", "The body is too large", "A request body has at most 256 KiB."),
    kind(415, "unsupported_media_type", "The body is not JSON", "Send `Content-Type: application/json`."),
    kind(422, "invalid_request", "A field is not valid", "`errors` names each field, a code and what is expected."),
    kind(422, "idempotency_key_reused", "The Idempotency-Key was used for another command", "Use a new key for a new command."),
    kind(422, "invalid_period", "The period ends before it begins", "`from` belongs to a period and `to` does not, so `from` must be earlier."),
    kind(422, "price_limit_required", "A price limit is required", "Name a `quote_id` or a `max_price`."),
    kind(422, "no_such_service", "This is not for sale", "GET /api/v1/services lists what is."),
    kind(422, "weak_password", "The password is too weak", "At least 10 characters, not a common one, not one from a leak, not the address."),
    kind(429, "rate_limited", "Too many requests", "Wait as many seconds as Retry-After says."),
    kind(500, "internal", "Something went wrong on our side", "It was recorded. Quote `request_id` when you write to support."),
    kind(502, "provider_error", "The provider did not answer as it should", "Nothing was changed. Try again later, under a new Idempotency-Key if one was sent."),
    kind(503, "provider_unavailable", "The provider does not answer now", "It was not asked, and nothing was done. Wait as many seconds as Retry-After says and repeat, with the same Idempotency-Key if one was sent."),
    kind(503, "unavailable", "Not available now", "Wait as many seconds as Retry-After says and repeat, with the same Idempotency-Key if one was sent."),
];

/// The kind of that code.
pub fn of_code(code: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.code == code)
}

/// The kind whose page is at `/problems/{slug}`.
pub fn of_slug(slug: &str) -> Option<&'static Kind> {
    of_code(&slug.replace('-', "_")).filter(|kind| kind.slug() == slug)
}

impl Kind {
    /// The last part of its `type`.
    pub fn slug(&self) -> String {
        self.code.replace('_', "-")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_found_by_their_slug() {
        let codes: HashSet<_> = KINDS.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), KINDS.len());
        for kind in KINDS {
            assert_eq!(of_slug(&kind.slug()).map(|found| found.code), Some(kind.code));
        }
        assert!(of_slug("quote_expired").is_none());
    }
}
