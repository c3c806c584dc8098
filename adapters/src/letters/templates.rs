//! The templates of letters: each in text and in HTML, in `templates/letters`. They are checked when this is compiled;
//! what is put into HTML is escaped.

use askama::Template;

/// Every letter in HTML.
#[derive(Template)]
enum Html<'a> {
    #[template(path = "letters/verify_email.html")]
    VerifyEmail { link: &'a str },
    #[template(path = "letters/already_registered.html")]
    AlreadyRegistered { site: &'a str },
    #[template(path = "letters/reset_password.html")]
    ResetPassword { link: &'a str },
    #[template(path = "letters/password_changed.html")]
    PasswordChanged { site: &'a str },
    #[template(path = "letters/second_factor_on.html")]
    SecondFactorOn { site: &'a str },
    #[template(path = "letters/second_factor_off.html")]
    SecondFactorOff { site: &'a str },
    #[template(path = "letters/confirm_email.html")]
    ConfirmEmail { link: &'a str },
    #[template(path = "letters/email_change_asked.html")]
    EmailChangeAsked { site: &'a str },
    #[template(path = "letters/email_changed.html")]
    EmailChanged { site: &'a str },
    #[template(path = "letters/identity_linked.html")]
    IdentityLinked { site: &'a str },
    #[template(path = "letters/identity_unlinked.html")]
    IdentityUnlinked { site: &'a str },
    #[template(path = "letters/api_key_created.html")]
    ApiKeyCreated { site: &'a str },
    #[template(path = "letters/api_key_deleted.html")]
    ApiKeyDeleted { site: &'a str },
    #[template(path = "letters/ticket_answered.html")]
    TicketAnswered { site: &'a str },
    #[template(path = "letters/webhook_endpoint_off.html")]
    WebhookEndpointOff { site: &'a str },
    #[template(path = "letters/webhook_endpoint_set.html")]
    WebhookEndpointSet { site: &'a str },
    #[template(path = "letters/new_sign_in.html")]
    NewSignIn { site: &'a str, device: &'a str, ip: &'a str, at: &'a str },
    #[template(path = "letters/low_balance.html")]
    LowBalance { site: &'a str, available: &'a str, threshold: &'a str },
    #[template(path = "letters/deposit_received.html")]
    DepositReceived { site: &'a str, amount: &'a str, charged: &'a str, reference: &'a str, at: &'a str },
    #[template(path = "letters/refund_made.html")]
    RefundMade { site: &'a str, amount: &'a str, charged: &'a str, reference: &'a str, at: &'a str },
    #[template(path = "letters/number_expiring.html")]
    NumberExpiring { site: &'a str, order: &'a str, service: &'a str, expires_at: &'a str },
    #[template(path = "letters/ticket_opened.html")]
    TicketOpened { site: &'a str, ticket: &'a str, category: &'a str },
    #[template(path = "letters/payment_suspended.html")]
    PaymentSuspended { site: &'a str, payment: &'a str },
    #[template(path = "letters/mismatches_found.html")]
    MismatchesFound { site: &'a str, run: &'a str },
}

/// Every letter in text.
#[derive(Template)]
enum Text<'a> {
    #[template(path = "letters/verify_email.txt")]
    VerifyEmail { link: &'a str },
    #[template(path = "letters/already_registered.txt")]
    AlreadyRegistered { site: &'a str },
    #[template(path = "letters/reset_password.txt")]
    ResetPassword { link: &'a str },
    #[template(path = "letters/password_changed.txt")]
    PasswordChanged { site: &'a str },
    #[template(path = "letters/second_factor_on.txt")]
    SecondFactorOn { site: &'a str },
    #[template(path = "letters/second_factor_off.txt")]
    SecondFactorOff { site: &'a str },
    #[template(path = "letters/confirm_email.txt")]
    ConfirmEmail { link: &'a str },
    #[template(path = "letters/email_change_asked.txt")]
    EmailChangeAsked { site: &'a str },
    #[template(path = "letters/email_changed.txt")]
    EmailChanged { site: &'a str },
    #[template(path = "letters/identity_linked.txt")]
    IdentityLinked { site: &'a str },
    #[template(path = "letters/identity_unlinked.txt")]
    IdentityUnlinked { site: &'a str },
    #[template(path = "letters/api_key_created.txt")]
    ApiKeyCreated { site: &'a str },
    #[template(path = "letters/api_key_deleted.txt")]
    ApiKeyDeleted { site: &'a str },
    #[template(path = "letters/ticket_answered.txt")]
    TicketAnswered { site: &'a str },
    #[template(path = "letters/webhook_endpoint_off.txt")]
    WebhookEndpointOff { site: &'a str },
    #[template(path = "letters/webhook_endpoint_set.txt")]
    WebhookEndpointSet { site: &'a str },
    #[template(path = "letters/new_sign_in.txt")]
    NewSignIn { site: &'a str, device: &'a str, ip: &'a str, at: &'a str },
    #[template(path = "letters/low_balance.txt")]
    LowBalance { site: &'a str, available: &'a str, threshold: &'a str },
    #[template(path = "letters/deposit_received.txt")]
    DepositReceived { site: &'a str, amount: &'a str, charged: &'a str, reference: &'a str, at: &'a str },
    #[template(path = "letters/refund_made.txt")]
    RefundMade { site: &'a str, amount: &'a str, charged: &'a str, reference: &'a str, at: &'a str },
    #[template(path = "letters/number_expiring.txt")]
    NumberExpiring { site: &'a str, order: &'a str, service: &'a str, expires_at: &'a str },
    #[template(path = "letters/ticket_opened.txt")]
    TicketOpened { site: &'a str, ticket: &'a str, category: &'a str },
    #[template(path = "letters/payment_suspended.txt")]
    PaymentSuspended { site: &'a str, payment: &'a str },
    #[template(path = "letters/mismatches_found.txt")]
    MismatchesFound { site: &'a str, run: &'a str },
}

/// A letter with its facts, what it is called, and what it is about in a line.
macro_rules! drafts {
    ($($variant:ident { $($fact:ident),+ } $name:literal $subject:literal)+) => {
        /// A letter with its facts.
        pub(super) enum Draft {
            $($variant { $($fact: String),+ }),+
        }

        impl Draft {
            /// What the letter is called, as `namaskah mail preview` takes it.
            pub(super) const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name),+
                }
            }

            pub(super) const fn subject(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $subject),+
                }
            }

            pub(super) fn html(&self) -> Result<String, askama::Error> {
                match self {
                    $(Self::$variant { $($fact),+ } => Html::$variant { $($fact),+ }.render()),+
                }
            }

            pub(super) fn text(&self) -> Result<String, askama::Error> {
                match self {
                    $(Self::$variant { $($fact),+ } => Text::$variant { $($fact),+ }.render()),+
                }
            }
        }
    };
}

drafts! {
    VerifyEmail { link } "verify_email" "Confirm your address"
    AlreadyRegistered { site } "already_registered" "You have an account already"
    ResetPassword { link } "reset_password" "Choose a new password"
    PasswordChanged { site } "password_changed" "Your password was changed"
    SecondFactorOn { site } "second_factor_on" "Your second factor is on"
    SecondFactorOff { site } "second_factor_off" "Your second factor is off"
    ConfirmEmail { link } "confirm_email" "Confirm your new address"
    EmailChangeAsked { site } "email_change_asked" "Your address is about to change"
    EmailChanged { site } "email_changed" "Your address was changed"
    IdentityLinked { site } "identity_linked" "Google signs you in from now on"
    IdentityUnlinked { site } "identity_unlinked" "Google does not sign you in any more"
    ApiKeyCreated { site } "api_key_created" "An API key was made"
    ApiKeyDeleted { site } "api_key_deleted" "An API key was deleted"
    TicketAnswered { site } "ticket_answered" "Support has answered"
    WebhookEndpointOff { site } "webhook_endpoint_off" "A webhook endpoint was switched off"
    WebhookEndpointSet { site } "webhook_endpoint_set" "Where your webhooks go has changed"
    NewSignIn { site, device, ip, at } "new_sign_in" "A new sign-in to your account"
    LowBalance { site, available, threshold } "low_balance" "Your balance is low"
    DepositReceived { site, amount, charged, reference, at } "deposit_received" "Your payment has arrived"
    RefundMade { site, amount, charged, reference, at } "refund_made" "Money went back to where you paid from"
    NumberExpiring { site, order, service, expires_at } "number_expiring" "The time of your number is nearly over"
    TicketOpened { site, ticket, category } "ticket_opened" "A customer has opened a ticket"
    PaymentSuspended { site, payment } "payment_suspended" "A payment waits for a decision"
    MismatchesFound { site, run } "mismatches_found" "Reconciliation has found a mismatch"
}
