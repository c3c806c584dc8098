//! Builders of what signing in with a provider of identities needs.

use namaskah_domain::{
    UserId,
    auth::{Identity, Issuer, Subject},
};

use super::{id, number, start};

/// A user as a provider of identities knows him, by a subject of his own.
pub fn identity(user: UserId) -> Identity {
    let issuer = Issuer::try_new("https://identities.example").expect("an issuer");
    let subject = Subject::try_new(&format!("subject-{}", number())).expect("a subject");
    Identity::new(id(), user, issuer, subject, start())
}
