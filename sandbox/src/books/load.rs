//! Opening the books: rows back to values, and everything derived from them.

use serde::de::DeserializeOwned;

use super::{Books, Key};
use crate::{SandboxError, id::Ids, journal::Row};

impl Books {
    /// # Errors
    /// `Books`: a row cannot be read, so another version wrote it or it was damaged.
    pub(crate) fn from_rows(ids: Ids, mut rows: Vec<Row>) -> Result<Self, SandboxError> {
        let mut books = Self::new(ids);
        rows.sort_by(|a, b| (&a.kind, &a.id).cmp(&(&b.kind, &b.id)));
        for row in rows {
            books.take(row)?;
        }
        for n in 0..books.phones.purchases.len() {
            books.phones.index(n);
            books.schedule(n);
        }
        (0..books.phones.messages.len()).for_each(|place| books.phones.file_message(place));
        for (n, transaction) in books.payments.transactions.iter().enumerate() {
            books.payments.by_reference.insert(transaction.reference.clone(), n);
        }
        (0..books.payments.refunds.len()).for_each(|place| books.schedule_refund(place));
        (0..books.hooks.all.len()).for_each(|n| books.hooks.index(n));
        Ok(books)
    }

    fn take(&mut self, row: Row) -> Result<(), SandboxError> {
        match row.kind.as_str() {
            "settings" => self.settings = read(&row)?,
            "account" => {
                self.phones.accounts.insert(row.id.clone(), read(&row)?);
            }
            "token" => {
                self.phones.tokens.insert(row.id.clone(), read(&row)?);
            }
            "purchase" => self.phones.purchases.push(read(&row)?),
            "message" => self.phones.messages.push(read(&row)?),
            "transaction" => self.payments.transactions.push(read(&row)?),
            "refund" => self.payments.refunds.push(read(&row)?),
            "dispute" => self.payments.disputes.push(read(&row)?),
            "webhook" => self.hooks.all.push(read(&row)?),
            "mail" => self.mails.push(read(&row)?),
            other => return Err(SandboxError::Books(format!("there is no record of kind {other:?}").into())),
        }
        Ok(())
    }

    /// The configuration's word on where webhooks go; without one, the last `POST /control/webhooks` stands.
    pub(crate) fn point_webhooks(&mut self, product_url: String) {
        self.settings.product_url = Some(product_url);
        self.touch(Key::Settings);
    }
}

fn read<T: DeserializeOwned>(row: &Row) -> Result<T, SandboxError> {
    serde_json::from_str(&row.body)
        .map_err(|e| SandboxError::Books(format!("{} {:?} cannot be read: {e}", row.kind, row.id).into()))
}
