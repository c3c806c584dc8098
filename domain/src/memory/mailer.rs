//! A mailer that keeps its letters.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    Fault, JobId, Letter, MailSecret,
    auth::Email,
    mailer::{MailError, Mailer},
    notification::News,
};

/// [`Mailer`] that sends nothing and keeps everything, so that a test can follow a link.
#[derive(Debug, Default)]
pub struct FakeMailer(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sent: Vec<(Email, Letter)>,
    told: Vec<(Email, News)>,
    failures: VecDeque<MailError>,
}

impl FakeMailer {
    /// Every letter that was sent, oldest first.
    pub fn sent(&self) -> Vec<(Email, Letter)> {
        self.state().sent.clone()
    }

    /// The letters to one address, oldest first.
    pub fn letters_to(&self, to: &Email) -> Vec<Letter> {
        self.state()
            .sent
            .iter()
            .filter(|(address, _)| address == to)
            .map(|(_, letter)| letter.clone())
            .collect()
    }

    /// What every letter about a notification told, oldest first.
    pub fn told(&self) -> Vec<(Email, News)> {
        self.state().told.clone()
    }

    /// The token of the latest letter to an address that has one.
    pub fn latest_token(&self, to: &Email) -> Option<MailSecret> {
        self.letters_to(to).into_iter().rev().find_map(|letter| match letter {
            Letter::VerifyEmail { token }
            | Letter::ResetPassword { token }
            | Letter::ConfirmEmail { token } => Some(token),
            Letter::AlreadyRegistered
            | Letter::PasswordChanged
            | Letter::SecondFactorOn
            | Letter::SecondFactorOff
            | Letter::EmailChangeAsked
            | Letter::EmailChanged
            | Letter::IdentityLinked
            | Letter::IdentityUnlinked
            | Letter::ApiKeyCreated
            | Letter::ApiKeyDeleted
            | Letter::TicketAnswered
            | Letter::WebhookEndpointOff
            | Letter::WebhookEndpointSet { .. } => None,
        })
    }

    /// The next letter is not taken, but may be tried again.
    pub fn fail_next(&self) {
        self.state().failures.push_back(MailError::Transient(Fault::new("the mail server is busy")));
    }

    /// The next letter is refused for good.
    pub fn refuse_next(&self) {
        self.state().failures.push_back(MailError::Permanent(Fault::new("no such address")));
    }

    /// The next letter is refused, since there is no such mailbox.
    pub fn bounce_next(&self) {
        self.state().failures.push_back(MailError::BadAddress { reply: 550 });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for FakeMailer {
    async fn send(&self, _: JobId, to: &Email, letter: &Letter) -> Result<(), MailError> {
        let mut state = self.state();
        if let Some(failure) = state.failures.pop_front() {
            return Err(failure);
        }
        state.sent.push((to.clone(), letter.clone()));
        Ok(())
    }

    async fn tell(&self, _: JobId, to: &Email, news: &News) -> Result<(), MailError> {
        let mut state = self.state();
        if let Some(failure) = state.failures.pop_front() {
            return Err(failure);
        }
        state.told.push((to.clone(), news.clone()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn letters_are_kept_in_order_and_a_failure_keeps_none() {
        let (mailer, to) = (FakeMailer::default(), Email::try_new("ada@example.com").expect("an address"));
        let verify = |token: &str| Letter::VerifyEmail { token: MailSecret(token.into()) };
        mailer.fail_next();
        mailer.refuse_next();
        let job = JobId::from_uuid(uuid::Uuid::from_u128(1));
        let first = mailer.send(job, &to, &verify("one")).await;
        let second = mailer.send(job, &to, &verify("one")).await;
        assert!(matches!((first, second), (Err(MailError::Transient(_)), Err(MailError::Permanent(_)))));
        assert_eq!(mailer.sent(), []);
        for letter in [verify("one"), verify("two"), Letter::PasswordChanged] {
            mailer.send(job, &to, &letter).await.expect("sent");
        }
        assert_eq!(mailer.letters_to(&to).len(), 3);
        assert_eq!(mailer.latest_token(&to), Some(MailSecret("two".into())));
    }
}
