//! What may happen.

use namaskah_domain::{
    memory::{GatewayFailure, GatewayOperation, ProviderFailure, ProviderOperation},
    payment::ChargeStatus,
    verification::{DeclineReason, ReservationState},
};
use proptest::{prelude::*, sample::Index};

/// One thing that happens. Indices choose among what there is by then.
#[derive(Debug, Clone)]
pub enum Step {
    Open { user: Index, cents: i64 },
    Pay { which: Index, how: Paid, notices: u8 },
    Refuse { which: Index, status: ChargeStatus },
    Quote { user: Index, service: Index },
    BuyQuoted { which: Index },
    Buy { user: Index, service: Index, cents: i64 },
    BuyWithKeyOf { which: Index, service: Index },
    Text { which: Index, text: Index, told: Told },
    StrayText { which: Index },
    LateText { which: Index },
    Cancel { which: Index },
    Retry { which: Index },
    Swap { which: Index },
    Report { which: Index },
    Credit { which: Index },
    Upstream { which: Index, state: ReservationState },
    NumberOfNobody { service: Index },
    NumberAgain { which: Index },
    Provider { operation: ProviderOperation, failure: ProviderFailure },
    Gateway { operation: GatewayOperation, failure: GatewayFailure },
    Lag { seconds: i64 },
    PriceRises { service: Index },
    Advance { seconds: i64 },
    Tick,
    Restart,
}

/// What a customer pays.
#[derive(Debug, Clone, Copy)]
pub enum Paid {
    Exactly,
    Less,
    InDollars,
    InAnotherMode,
    WithoutFee,
}

/// Who is told of a text.
#[derive(Debug, Clone, Copy)]
pub enum Told {
    Nobody,
    ByNotice,
    Twice,
}

fn provider_failure() -> impl Strategy<Value = ProviderFailure> {
    prop_oneof![
        3 => Just(ProviderFailure::LostAnswer),
        2 => Just(ProviderFailure::Unavailable),
        1 => Just(ProviderFailure::Declined(DeclineReason::NoNumbers)),
        1 => Just(ProviderFailure::Declined(DeclineReason::PriceChanged)),
    ]
}

fn provider_operation() -> impl Strategy<Value = ProviderOperation> {
    prop_oneof![
        4 => Just(ProviderOperation::Buy),
        1 => Just(ProviderOperation::Get),
        1 => Just(ProviderOperation::List),
        1 => Just(ProviderOperation::Messages),
        1 => Just(ProviderOperation::Cancel),
        1 => Just(ProviderOperation::Cost),
    ]
}

fn gateway_step() -> impl Strategy<Value = Step> {
    let operation = prop_oneof![
        Just(GatewayOperation::Open),
        Just(GatewayOperation::Verify),
        Just(GatewayOperation::List),
    ];
    let failure = prop_oneof![
        Just(GatewayFailure::LostAnswer),
        Just(GatewayFailure::Unavailable),
        Just(GatewayFailure::Refused),
    ];
    (operation, failure).prop_map(|(operation, failure)| Step::Gateway { operation, failure })
}

fn payment_step() -> impl Strategy<Value = Step> {
    let how = prop_oneof![
        5 => Just(Paid::Exactly),
        1 => Just(Paid::Less),
        1 => Just(Paid::InDollars),
        1 => Just(Paid::InAnotherMode),
        1 => Just(Paid::WithoutFee),
    ];
    let status =
        prop_oneof![Just(ChargeStatus::Failed), Just(ChargeStatus::Abandoned), Just(ChargeStatus::Reversed)];
    prop_oneof![
        3 => (any::<Index>(), 100i64..3_000).prop_map(|(user, cents)| Step::Open { user, cents }),
        4 => (any::<Index>(), how, 0u8..4).prop_map(|(which, how, notices)| Step::Pay { which, how, notices }),
        1 => (any::<Index>(), status).prop_map(|(which, status)| Step::Refuse { which, status }),
        1 => gateway_step(),
    ]
}

fn order_step() -> impl Strategy<Value = Step> {
    let told = prop_oneof![Just(Told::Nobody), Just(Told::ByNotice), Just(Told::Twice)];
    prop_oneof![
        2 => (any::<Index>(), any::<Index>()).prop_map(|(user, service)| Step::Quote { user, service }),
        2 => any::<Index>().prop_map(|which| Step::BuyQuoted { which }),
        6 => (any::<Index>(), any::<Index>(), 50i64..200)
            .prop_map(|(user, service, cents)| Step::Buy { user, service, cents }),
        1 => (any::<Index>(), any::<Index>())
            .prop_map(|(which, service)| Step::BuyWithKeyOf { which, service }),
        4 => (any::<Index>(), any::<Index>(), told)
            .prop_map(|(which, text, told)| Step::Text { which, text, told }),
        1 => any::<Index>().prop_map(|which| Step::StrayText { which }),
        2 => any::<Index>().prop_map(|which| Step::LateText { which }),
        3 => any::<Index>().prop_map(|which| Step::Cancel { which }),
        3 => any::<Index>().prop_map(|which| Step::Retry { which }),
        4 => any::<Index>().prop_map(|which| Step::Swap { which }),
        3 => any::<Index>().prop_map(|which| Step::Report { which }),
        2 => any::<Index>().prop_map(|which| Step::Credit { which }),
    ]
}

fn outside_step() -> impl Strategy<Value = Step> {
    let state = prop_oneof![
        Just(ReservationState::TimedOut),
        Just(ReservationState::Cancelled),
        Just(ReservationState::Completed),
        Just(ReservationState::Other),
    ];
    prop_oneof![
        1 => (any::<Index>(), state).prop_map(|(which, state)| Step::Upstream { which, state }),
        1 => any::<Index>().prop_map(|service| Step::NumberOfNobody { service }),
        1 => any::<Index>().prop_map(|which| Step::NumberAgain { which }),
        5 => (provider_operation(), provider_failure())
            .prop_map(|(operation, failure)| Step::Provider { operation, failure }),
        1 => (0i64..40).prop_map(|seconds| Step::Lag { seconds }),
        1 => any::<Index>().prop_map(|service| Step::PriceRises { service }),
    ]
}

fn time_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Tick),
        4 => (1i64..30).prop_map(|seconds| Step::Advance { seconds }),
        2 => (30i64..1_300).prop_map(|seconds| Step::Advance { seconds }),
        1 => (3_600i64..20_000).prop_map(|seconds| Step::Advance { seconds }),
        1 => Just(Step::Restart),
    ]
}

/// Anything.
pub fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => payment_step(),
        6 => order_step(),
        3 => outside_step(),
        4 => time_step(),
    ]
}
