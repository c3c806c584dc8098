use serde::{Deserialize, Serialize};

use super::{Books, Key};

/// A message one recipient got.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) received_ms: i64,
}

impl Books {
    pub(crate) fn keep_mail(&mut self, mail: Mail) {
        self.touch(Key::Mail(self.mails.len()));
        self.mails.push(mail);
    }

    /// Mail to `recipient` (any case), or all of it, newest first.
    pub(crate) fn inbox<'a>(&'a self, recipient: Option<&'a str>) -> impl Iterator<Item = &'a Mail> {
        let wanted = move |mail: &&Mail| recipient.is_none_or(|to| mail.to.eq_ignore_ascii_case(to));
        self.mails.iter().rev().filter(wanted)
    }
}
