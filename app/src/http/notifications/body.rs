//! Notifications as the API shows them, and what users wish of them.

use std::borrow::Cow;

use namaskah_domain::{
    NotificationId, Time, UserId,
    auth::Role,
    notification::{
        Channel, Notification, NotificationKind, NotificationSettings, Occasion, RequiredChannel,
    },
};
use poem_openapi::{Object, registry::MetaSchema};
use serde::Deserialize;

use crate::http::body::{Text, TextForm, text::one_of};

impl TextForm for NotificationKind {
    const EXPECTED: &'static str = "the kind of a notification";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

/// Something that you are told.
#[derive(Debug, Object)]
#[oai(rename = "Notification")]
pub struct NotificationBody {
    /// Its identifier.
    pub id: Text<NotificationId>,
    /// Of which kind.
    pub kind: Text<NotificationKind>,
    /// What happened, in a line.
    pub title: String,
    /// The record that it is about, by its identifier, whose first letters tell what it is: a session, a ticket, a
    /// payment, a refund, a verification. Null if it is about your wallet.
    pub subject: Option<String>,
    /// When it happened.
    pub created_at: Text<Time>,
    /// When you read it; null if you did not.
    pub read_at: Option<Text<Time>>,
}

const fn title(occasion: &Occasion) -> &'static str {
    match occasion {
        Occasion::NewSignIn { .. } => "Somebody signed in to your account from a new device",
        Occasion::TicketAnswered { .. } => "Support has answered",
        Occasion::LowBalance => "Your balance is low",
        Occasion::DepositReceived { .. } => "Your payment has arrived",
        Occasion::RefundMade { .. } => "Money went back to where you paid from",
        Occasion::NumberExpiring { .. } => "The time of your number is nearly over",
        Occasion::TicketOpened { .. } => "A customer has opened a ticket",
        Occasion::PaymentSuspended { .. } => "A payment was set aside and waits for a decision",
        Occasion::MismatchesFound { .. } => "Reconciliation has found something that does not agree",
    }
}

impl From<Notification> for NotificationBody {
    fn from(told: Notification) -> Self {
        Self {
            id: Text(told.id),
            kind: Text(told.occasion.kind()),
            title: title(&told.occasion).to_owned(),
            subject: told.occasion.record(),
            created_at: Text(told.at),
            read_at: told.read_at.map(Text),
        }
    }
}

/// By which ways you are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NotificationChannels")]
pub struct ChannelsBody {
    /// In `GET /notifications`.
    pub in_app: bool,
    /// By mail.
    pub mail: bool,
}

/// What you wish to be told, and by which ways.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NotificationSettings")]
pub struct NotificationSettingsBody {
    /// Somebody signed in from a device that was not seen before. Its mail cannot be switched off.
    pub new_sign_in: ChannelsBody,
    /// Support has answered.
    pub ticket_answered: ChannelsBody,
    /// Less is available than the threshold in your wallet's settings.
    pub low_balance: ChannelsBody,
    /// A payment has arrived.
    pub deposit_received: ChannelsBody,
    /// Money went back to where you paid from.
    pub refund_made: ChannelsBody,
    /// A number has three minutes left and no code has come. Off at first.
    pub number_expiring: ChannelsBody,
    /// A customer has opened a ticket. Of staff alone.
    pub ticket_opened: Option<ChannelsBody>,
    /// Something about money waits for a person. Of staff alone.
    pub staff_alert: Option<ChannelsBody>,
}

impl NotificationSettingsBody {
    /// As somebody of this role sees them.
    pub fn of(settings: &NotificationSettings, role: Role) -> Self {
        let channels = |kind| ChannelsBody {
            in_app: settings.wants(kind, Channel::InApp),
            mail: settings.wants(kind, Channel::Mail),
        };
        let of_staff = |kind| role.is_staff().then(|| channels(kind));
        Self {
            new_sign_in: channels(NotificationKind::NewSignIn),
            ticket_answered: channels(NotificationKind::TicketAnswered),
            low_balance: channels(NotificationKind::LowBalance),
            deposit_received: channels(NotificationKind::DepositReceived),
            refund_made: channels(NotificationKind::RefundMade),
            number_expiring: channels(NotificationKind::NumberExpiring),
            ticket_opened: of_staff(NotificationKind::TicketOpened),
            staff_alert: of_staff(NotificationKind::StaffAlert),
        }
    }

    /// As a user's wishes. What is left out is as at first.
    ///
    /// # Errors
    /// For switching off what nobody can.
    pub(super) fn parse(self, user: UserId) -> Result<NotificationSettings, RequiredChannel> {
        let each = [
            (NotificationKind::NewSignIn, Some(self.new_sign_in)),
            (NotificationKind::TicketAnswered, Some(self.ticket_answered)),
            (NotificationKind::LowBalance, Some(self.low_balance)),
            (NotificationKind::DepositReceived, Some(self.deposit_received)),
            (NotificationKind::RefundMade, Some(self.refund_made)),
            (NotificationKind::NumberExpiring, Some(self.number_expiring)),
            (NotificationKind::TicketOpened, self.ticket_opened),
            (NotificationKind::StaffAlert, self.staff_alert),
        ];
        let chosen = each.into_iter().filter_map(|(kind, channels)| Some((kind, channels?)));
        chosen.into_iter().try_fold(NotificationSettings::unset(user), |settings, (kind, channels)| {
            settings.choosing(kind, Channel::InApp, channels.in_app)?.choosing(
                kind,
                Channel::Mail,
                channels.mail,
            )
        })
    }
}
