//! Texts. Sender, text and code are sealed, and erased after the retention time; a text is known again by its digest,
//! which stays.

use namaskah_domain::{
    Fault, MessageId, OrderId, ReservationId,
    verification::{Code, Message},
};
use sea_orm::entity::prelude::*;

use crate::{
    persistence::stored::{RowVault, text_digest, time, unreadable, us},
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub order_id: Uuid,
    pub reservation: String,
    pub sender_sealed: Option<Vec<u8>>,
    pub text_sealed: Option<Vec<u8>>,
    pub code_sealed: Option<Vec<u8>>,
    pub text_digest: Vec<u8>,
    pub received_at_us: i64,
    pub stored_at_us: i64,
    pub late: bool,
}
alone!();

const TABLE: &str = "messages";

impl Model {
    pub(crate) fn seal(message: &Message, vault: &Vault) -> Result<Self, Fault> {
        let row = RowVault::new(vault, TABLE, message.id.uuid());
        Ok(Self {
            id: message.id.uuid(),
            order_id: message.order.uuid(),
            reservation: message.reservation.to_string(),
            sender_sealed: row.seal_text("sender_sealed", message.from.as_deref())?,
            text_sealed: row.seal_text("text_sealed", message.text.as_deref())?,
            code_sealed: row.seal_text("code_sealed", message.code.as_ref().map(Code::as_str))?,
            text_digest: text_digest(vault, message.text.as_deref()),
            received_at_us: us(message.received_at),
            stored_at_us: us(message.stored_at),
            late: message.late,
        })
    }

    pub(crate) fn open(self, vault: &Vault) -> Result<Message, Fault> {
        let row = RowVault::new(vault, TABLE, self.id);
        let text = row.open_text("text_sealed", self.text_sealed.as_deref())?;
        let code = row.open_text("code_sealed", self.code_sealed.as_deref())?;
        let code = code.map(|code| Code::try_new(&code).ok_or_else(|| unreadable("code"))).transpose()?;
        Ok(Message {
            id: MessageId::from_uuid(self.id),
            order: OrderId::from_uuid(self.order_id),
            reservation: ReservationId::try_new(&self.reservation).map_err(|_| unreadable("reservation"))?,
            from: row.open_text("sender_sealed", self.sender_sealed.as_deref())?,
            erased: text_digest(vault, text.as_deref()) != self.text_digest,
            text,
            code,
            received_at: time(self.received_at_us)?,
            stored_at: time(self.stored_at_us)?,
            late: self.late,
        })
    }
}
