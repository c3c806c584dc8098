//! From where staff may come, shown and changed.

use ipnet::IpNet;

use super::StaffService;
use crate::{
    Change, Fault, UnitOfWork,
    auth::KeptChanging,
    staff::{Actor, AllowedNetwork, Allowlist, AllowlistError, AuditAction, By, Facts, Subject},
    wallet::Reason,
};

impl StaffService {
    /// The list as it is now.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn allowlist(&self) -> Result<Allowlist, Fault> {
        self.ports.reads.allowlist().await
    }

    /// Enters a network. The list must then admit whoever enters it.
    ///
    /// # Errors
    /// `Refused`; `Unavailable` if the store does not answer.
    pub async fn allow_network(
        &self,
        actor: &Actor,
        network: IpNet,
        note: Reason,
    ) -> Result<AllowedNetwork, AllowlistError> {
        let network = network.trunc();
        let now = self.auth.ports.clock.now();
        let allowed = AllowedNetwork { network, note, added_by: actor.user, added_at: now };
        let facts = (Facts::none(), Facts::none().with("note", allowed.note.as_str()));
        self.change_networks(actor, (AuditAction::NetworkAllowed, network, facts), |list| {
            list.with(allowed.clone(), actor.ip)
        })
        .await?;
        Ok(allowed)
    }

    /// Removes a network. The list must still admit whoever removes it; an empty one admits everybody.
    ///
    /// # Errors
    /// `Refused`; `Unavailable` if the store does not answer.
    pub async fn remove_network(&self, actor: &Actor, network: IpNet) -> Result<(), AllowlistError> {
        let network = network.trunc();
        let told = (AuditAction::NetworkRemoved, network, (Facts::none(), Facts::none()));
        self.change_networks(actor, told, |list| list.without(network, actor.ip)).await
    }

    async fn change_networks(
        &self,
        actor: &Actor,
        (action, network, facts): (AuditAction, IpNet, (Facts, Facts)),
        change: impl Fn(Allowlist) -> Result<Allowlist, crate::staff::AllowlistRefusal> + Send + Sync,
    ) -> Result<(), AllowlistError> {
        for _ in 0..crate::auth::ATTEMPTS {
            let now = self.auth.ports.clock.now();
            let list = change(self.ports.reads.allowlist().await?)?;
            let subject = Subject::named("network", network.to_string());
            let by = By::Staff(actor.clone());
            let entry = self.entry(&by, action, subject, facts.clone(), now);
            let unit = UnitOfWork::new().with(Change::Allowlist(list)).with(entry);
            if self.auth.commit(unit).await? {
                self.ports.allowlists.forget().await;
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }
}
