//! Every error of the use cases as a problem: the only such place. No `_` arm: a new variant must choose its answer.

mod adjustments;
mod api_keys;
mod desk;
mod identities;
mod notifications;
mod second_factor;
mod staff;
mod support;
mod trade;
mod webhooks;

use namaskah_domain::{
    CommitError, Fault, MoneyError,
    auth::{
        ChangePasswordError, DeleteAccountError, EndSessionError, MailRequestError, RefreshError,
        RegisterError, ResetPasswordError, SessionError, SignInError, VerifyEmailError, WeakPassword,
    },
    payment::{OpenPaymentError, PaymentError, RefundError},
    verification::{
        BatchError, BuyError, CancelError, ItemRefusal, QuoteError, ReportError, RetryError, SwapError,
        VerificationError,
    },
    wallet::{EmptyPeriod, WalletError},
};

use crate::http::problem::Problem;

/// Whoever is told that a provider is switched off comes back so late.
const SWITCHED_OFF_S: u64 = 60;
/// And whoever is told that one is left alone: that is for how long, at first.
const RESTS_S: u64 = 10;

fn resting(detail: &'static str) -> Problem {
    Problem::told(503, "provider_unavailable", detail).with_retry_after(RESTS_S)
}

fn unavailable(fault: &Fault) -> Problem {
    Problem::fault(503, "unavailable", fault)
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        unavailable(&fault)
    }
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        use MoneyError::{CurrencyMismatch, NotANumber, NotPositive, Overflow, TooPrecise, UnknownCurrency};
        match error {
            CurrencyMismatch(..) | UnknownCurrency => Self::invalid("amount.currency", "invalid", error),
            Overflow | TooPrecise | NotPositive | NotANumber => {
                Self::invalid("amount.amount", "invalid", error)
            }
        }
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        use CommitError::{
            AccountBlocked, Duplicate, InsufficientFunds, KeyReused, Stale, TooManyOpenIntents,
            TooManyOpenOrders, Unavailable,
        };
        match error {
            InsufficientFunds => Self::refused(402, "insufficient_funds", &"Not enough money is available."),
            TooManyOpenOrders => Self::refused(409, "too_many_open_orders", &"Too many orders are open."),
            TooManyOpenIntents => {
                Self::refused(409, "too_many_open_payments", &"Too many payments are open.")
            }
            AccountBlocked => Self::refused(409, "account_blocked", &"The account is blocked."),
            KeyReused => Self::refused(
                422,
                "idempotency_key_reused",
                &"The Idempotency-Key was first used for another command.",
            ),
            Stale | Duplicate(_) | Unavailable(_) => Self::fault(503, "unavailable", error),
        }
    }
}

impl From<EmptyPeriod> for Problem {
    fn from(error: EmptyPeriod) -> Self {
        Self::refused(422, "invalid_period", &error).with_field("to", "invalid", "later than `from`")
    }
}

impl From<WalletError> for Problem {
    fn from(error: WalletError) -> Self {
        match error {
            WalletError::NotFound => Self::not_found(),
            WalletError::Threshold(error) => Self::invalid("low_balance_threshold", "invalid", error),
            WalletError::Commit(error) => error.into(),
            WalletError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<OpenPaymentError> for Problem {
    fn from(error: OpenPaymentError) -> Self {
        use OpenPaymentError::{
            Amount, AmountOutOfRange, Commit, Gateway, GatewayResting, NoSuchUser, Unavailable,
        };
        match error {
            AmountOutOfRange { .. } => Self::invalid("amount.amount", "out_of_range", &error),
            Amount(error) => error.into(),
            Gateway => Self::refused(502, "provider_error", &"The payment provider did not answer."),
            GatewayResting => resting("The payment provider does not answer now."),
            NoSuchUser => Self::unauthorized(),
            Commit(error) => error.into(),
            Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::NotFound => Self::not_found(),
            PaymentError::Gateway => {
                Self::refused(502, "provider_error", &"The payment provider did not answer.")
            }
            PaymentError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<RefundError> for Problem {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::GatewayResting => resting("The payment provider does not answer now."),
            RefundError::NotFound => Self::not_found(),
            RefundError::OwnAccount => desk::own_account(),
            RefundError::Amount => {
                Self::invalid("amount.amount", "out_of_range", "this amount cannot be refunded")
            }
            RefundError::NotRefundable { refundable } => {
                let detail = format!("Not more than {refundable} {} can go back now.", refundable.currency());
                Self::refused(409, "payment_not_refundable", &detail)
            }
            RefundError::DisputeOpen => {
                Self::refused(409, "dispute_open", &"No refund is made while a dispute is open.")
            }
            RefundError::Commit(error) => error.into(),
        }
    }
}

impl From<QuoteError> for Problem {
    fn from(error: QuoteError) -> Self {
        use QuoteError::{
            Blocked, Commit, NoSuchService, Price, ProviderOff, ProviderResting, ProviderUnavailable,
            Unavailable,
        };
        match error {
            NoSuchService => Self::refused(422, "no_such_service", &"This is not for sale."),
            Blocked => Self::refused(409, "service_blocked", &"No numbers are sold for this service."),
            ProviderOff => {
                Self::told(503, "unavailable", "No numbers are sold now.").with_retry_after(SWITCHED_OFF_S)
            }
            ProviderResting => resting("The number provider does not answer now."),
            ProviderUnavailable(fault) | Unavailable(fault) => unavailable(&fault),
            Price(error) => Self::fault(503, "unavailable", error),
            Commit(error) => error.into(),
        }
    }
}

impl From<BuyError> for Problem {
    fn from(error: BuyError) -> Self {
        use BuyError::{
            Commit, NoSuchQuote, PriceAboveLimit, PriceLimitRequired, Quote, QuoteExpired, QuoteMismatch,
            QuoteUsed, Unavailable,
        };
        match error {
            PriceLimitRequired => {
                Self::refused(422, "price_limit_required", &"Name a quote_id or a max_price.")
            }
            NoSuchQuote => Self::invalid("quote_id", "not_found", "there is no such quote"),
            QuoteMismatch => Self::invalid("quote_id", "mismatch", "the quote is for another request"),
            QuoteExpired => Self::refused(409, "quote_expired", &"The quote has expired."),
            QuoteUsed => Self::refused(409, "quote_used", &"The quote has been used."),
            PriceAboveLimit { price } => {
                let detail = format!("It costs {price} {}, which is above the limit.", price.currency());
                Self::refused(409, "price_changed", &detail)
            }
            Quote(error) => error.into(),
            Commit(error) => error.into(),
            Unavailable(fault) => unavailable(&fault),
        }
    }
}

/// An item is refused in the words of a single order.
impl From<ItemRefusal> for Problem {
    fn from(refusal: ItemRefusal) -> Self {
        use ItemRefusal::{
            AccountBlocked, InsufficientFunds, NoSuchQuote, NoSuchService, PriceAboveLimit, QuoteExpired,
            QuoteMismatch, QuoteUsed, ServiceBlocked, TooManyOpenOrders,
        };
        match refusal {
            NoSuchService => QuoteError::NoSuchService.into(),
            ServiceBlocked => QuoteError::Blocked.into(),
            NoSuchQuote => BuyError::NoSuchQuote.into(),
            QuoteMismatch => BuyError::QuoteMismatch.into(),
            QuoteExpired => BuyError::QuoteExpired.into(),
            QuoteUsed => BuyError::QuoteUsed.into(),
            PriceAboveLimit { price } => BuyError::PriceAboveLimit { price }.into(),
            InsufficientFunds => CommitError::InsufficientFunds.into(),
            TooManyOpenOrders => CommitError::TooManyOpenOrders.into(),
            AccountBlocked => CommitError::AccountBlocked.into(),
        }
    }
}

impl From<BatchError> for Problem {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Item { index, refusal } => Self::from(refusal).of_item(index),
            BatchError::Quote(error) => error.into(),
            BatchError::Sum(error) => Self::fault(503, "unavailable", error),
            BatchError::Commit(error) => error.into(),
            BatchError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<VerificationError> for Problem {
    fn from(error: VerificationError) -> Self {
        match error {
            VerificationError::NotFound => Self::not_found(),
            VerificationError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        use CancelError::{Commit, NotCancellable, NotFound, ProviderUnavailable, TooEarly, Unavailable};
        match error {
            NotFound => Self::not_found(),
            TooEarly { allowed_at } => {
                let at = allowed_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
                let detail = format!("It may be cancelled from {at} on.");
                Self::refused(409, "verification_not_cancellable", &detail)
            }
            NotCancellable => {
                Self::refused(409, "verification_not_cancellable", &"It cannot be cancelled any more.")
            }
            ProviderUnavailable(fault) | Unavailable(fault) => unavailable(&fault),
            Commit(error) => error.into(),
        }
    }
}

impl From<SwapError> for Problem {
    fn from(error: SwapError) -> Self {
        use SwapError::{
            Commit, NotFound, NotSwappable, PriceAboveLimit, ProviderUnavailable, Quote, TooEarly,
            Unavailable,
        };
        match error {
            NotFound => Self::not_found(),
            TooEarly { allowed_at } => {
                let at = allowed_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
                let detail = format!("Its number may be swapped from {at} on.");
                Self::refused(409, "verification_not_swappable", &detail)
            }
            NotSwappable => Self::refused(
                409,
                "verification_not_swappable",
                &"Its number cannot be swapped, or not any more.",
            ),
            PriceAboveLimit { price } => {
                let detail = format!("It costs {price} {} now, more than was agreed.", price.currency());
                Self::refused(409, "price_changed", &detail)
            }
            ProviderUnavailable(fault) | Unavailable(fault) => unavailable(&fault),
            Quote(error) => error.into(),
            Commit(error) => error.into(),
        }
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        use ReportError::{Commit, NotFound, ProviderUnavailable, Unavailable};
        match error {
            NotFound => Self::not_found(),
            ProviderUnavailable(fault) | Unavailable(fault) => unavailable(&fault),
            Commit(error) => error.into(),
        }
    }
}

impl From<RetryError> for Problem {
    fn from(error: RetryError) -> Self {
        use RetryError::{
            Commit, NotFound, NotRetryable, PriceAboveLimit, ProviderUnavailable, Quote, TooEarly,
            Unavailable,
        };
        match error {
            NotFound => Self::not_found(),
            TooEarly { allowed_at } => {
                let at = allowed_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
                let detail = format!("It may be retried from {at} on.");
                Self::refused(409, "verification_not_retryable", &detail)
            }
            NotRetryable => {
                Self::refused(409, "verification_not_retryable", &"It cannot be retried, or not any more.")
            }
            PriceAboveLimit { price } => {
                let detail = format!("It costs {price} {} now, more than the first try.", price.currency());
                Self::refused(409, "price_changed", &detail)
            }
            ProviderUnavailable(fault) | Unavailable(fault) => unavailable(&fault),
            Quote(error) => error.into(),
            Commit(error) => error.into(),
        }
    }
}

fn suspended() -> Problem {
    Problem::refused(403, "account_suspended", &"The account is suspended.")
}

fn invalid_token() -> Problem {
    Problem::refused(401, "invalid_token", &"The token is not valid.")
}

impl From<WeakPassword> for Problem {
    fn from(error: WeakPassword) -> Self {
        use WeakPassword::{Common, IsEmail, Leaked, TooLong, TooShort, Unchanged};
        let code = match error {
            TooShort => "too_short",
            TooLong => "too_long",
            Common => "too_common",
            IsEmail => "is_email",
            Leaked => "leaked",
            Unchanged => "unchanged",
        };
        Self::refused(422, "weak_password", &error).with_field("password", code, error)
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::WeakPassword(error) => error.into(),
            RegisterError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<VerifyEmailError> for Problem {
    fn from(error: VerifyEmailError) -> Self {
        match error {
            VerifyEmailError::InvalidToken => invalid_token(),
            VerifyEmailError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<MailRequestError> for Problem {
    fn from(error: MailRequestError) -> Self {
        match error {
            MailRequestError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        use SignInError::{
            Code, EmailNotVerified, InvalidCredentials, PasswordChangeRequired, Suspended, Unavailable,
        };
        match error {
            InvalidCredentials => Self::refused(401, "invalid_credentials", &"Address or password is wrong."),
            EmailNotVerified => Self::refused(403, "email_not_verified", &"The address is not verified."),
            Suspended => suspended(),
            Code(error) => error.into(),
            PasswordChangeRequired { change_token } => {
                Self::refused(403, "password_change_required", &"The password must be changed first.")
                    .with_change_token(change_token.expose().to_owned())
            }
            Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::InvalidToken | RefreshError::Reused => invalid_token(),
            RefreshError::Suspended => suspended(),
            RefreshError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<ResetPasswordError> for Problem {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::InvalidToken => invalid_token(),
            ResetPasswordError::WeakPassword(error) => error.into(),
            ResetPasswordError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::StepUpRequired => second_factor::step_up_required(),
            ChangePasswordError::NoPassword => identities::no_password(),
            ChangePasswordError::WrongPassword => {
                Self::invalid("current_password", "wrong", "this is not the present password")
            }
            ChangePasswordError::WeakPassword(error) => error.into(),
            ChangePasswordError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotFound => Self::not_found(),
            SessionError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<EndSessionError> for Problem {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::StepUpRequired => second_factor::step_up_required(),
            EndSessionError::NotFound => Self::not_found(),
            EndSessionError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<DeleteAccountError> for Problem {
    fn from(error: DeleteAccountError) -> Self {
        match error {
            DeleteAccountError::NotEmpty(_) => Self::refused(
                409,
                "account_not_empty",
                &"It has a balance, open orders or a debt, or belongs to staff.",
            ),
            DeleteAccountError::StepUpRequired => second_factor::step_up_required(),
            DeleteAccountError::NotFound => Self::not_found(),
            DeleteAccountError::Unavailable(fault) => unavailable(&fault),
        }
    }
}
