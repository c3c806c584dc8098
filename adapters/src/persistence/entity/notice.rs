//! Providers' messages as they came. The body may hold a text, so it is sealed.

use namaskah_domain::{Fault, Notice, NoticeId, NoticeState, Sender, Version};
use sea_orm::entity::prelude::*;

use crate::{
    persistence::stored::{RowVault, time, unreadable, us},
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub sender: String,
    pub key: String,
    pub subject: Option<String>,
    pub body_sealed: Vec<u8>,
    pub at_us: i64,
    pub state: String,
    pub version: i64,
}
alone!();

const TABLE: &str = "notices";
const BODY: &str = "body_sealed";

impl Model {
    pub(crate) fn seal(notice: &Notice, vault: &Vault) -> Result<Self, Fault> {
        let state = match notice.state {
            NoticeState::New => "new",
            NoticeState::Unmatched => "unmatched",
            NoticeState::Handled => "handled",
        };
        Ok(Self {
            id: notice.id.uuid(),
            sender: notice.sender.name().to_owned(),
            key: notice.key.clone(),
            subject: notice.subject.clone(),
            body_sealed: RowVault::new(vault, TABLE, notice.id.uuid()).seal(BODY, &notice.body)?,
            at_us: us(notice.at),
            state: state.to_owned(),
            version: notice.version.get(),
        })
    }

    pub(crate) fn open(self, vault: &Vault) -> Result<Notice, Fault> {
        let senders = [Sender::Paystack, Sender::TextVerified];
        let sender = senders.into_iter().find(|sender| sender.name() == self.sender);
        let state = match self.state.as_str() {
            "new" => NoticeState::New,
            "unmatched" => NoticeState::Unmatched,
            "handled" => NoticeState::Handled,
            _ => return Err(unreadable("state of a notice")),
        };
        Ok(Notice {
            id: NoticeId::from_uuid(self.id),
            sender: sender.ok_or_else(|| unreadable("sender"))?,
            body: RowVault::new(vault, TABLE, self.id).open(BODY, &self.body_sealed)?,
            key: self.key,
            subject: self.subject,
            at: time(self.at_us)?,
            state,
            version: Version::from_stored(self.version),
        })
    }
}
