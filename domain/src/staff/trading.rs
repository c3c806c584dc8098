//! Use cases of terms: services blocked and unblocked, providers switched, prices ruled.
//!
//! Architecture invariant: whatever staff changes is committed together with its line of the audit log.

use std::sync::Arc;

use crate::{
    AuditId, Change, Clock, CommitError, Fault, MoneyError, Page, PageOf, PricingRuleId, Random, Store, Time,
    Unique, UnitOfWork, Version,
    auth::{ATTEMPTS, KeptChanging},
    staff::{Actor, AuditAction, AuditEntry, By, Facts, Subject},
    verification::{
        Block, CatalogueService, CurrentTerms, PriceRule, PricingRule, PricingRuleStatus, ProviderId,
        ProviderSwitch, QuoteError, Scope, ServiceCode, ServiceDecision, Switched, TermReads, Terms, Verdict,
    },
    wallet::Reason,
};

/// Why terms stay as they are.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TradeError {
    /// There is none of this identifier.
    #[error("no such rule")]
    NotFound,
    /// A rule would begin in the past.
    #[error("a rule begins now or later")]
    FromPast,
    /// A rule of the same scope begins later, or at the same instant.
    #[error("a later rule of this scope is scheduled; end it first")]
    LaterRule,
    /// A price cannot be computed.
    #[error(transparent)]
    Price(#[from] MoneyError),
    /// What is for sale cannot be listed.
    #[error(transparent)]
    Catalogue(#[from] QuoteError),
    /// The store did not answer.
    #[error("terms cannot be changed now")]
    Unavailable(#[from] Fault),
}

/// How a service stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceStanding {
    /// Which.
    pub service: ServiceCode,
    /// Why it is not sold, if it is not.
    pub block: Option<Block>,
    /// What staff has last decided on it.
    pub decision: Option<ServiceDecision>,
}

impl ServiceStanding {
    /// By these terms.
    pub fn by(terms: &Terms, service: ServiceCode) -> Self {
        let (block, decision) = (terms.block_of(&service), terms.decision_on(&service).cloned());
        Self { service, block, decision }
    }
}

/// A rule to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPricingRule {
    /// What for.
    pub scope: Scope,
    /// What it says.
    pub rule: PriceRule,
    /// From when on; `None`: from now on.
    pub valid_from: Option<Time>,
}

/// Everything outside that the desk needs.
#[derive(Clone)]
pub struct TradePorts {
    /// Commits.
    pub store: Arc<dyn Store>,
    /// Terms, afresh.
    pub reads: Arc<dyn TermReads>,
    /// Terms as orders are held to them, to be told of changes.
    pub terms: Arc<dyn CurrentTerms>,
    /// What is for sale.
    pub catalogue: Arc<CatalogueService>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub random: Arc<dyn Random>,
}

/// Sets terms.
pub struct TradeDesk {
    pub(super) ports: TradePorts,
    pub(super) configured: PriceRule,
}

impl TradeDesk {
    /// `configured`: how prices are made where no rule says otherwise.
    pub const fn new(ports: TradePorts, configured: PriceRule) -> Self {
        Self { ports, configured }
    }

    /// The time of the product.
    pub fn now(&self) -> Time {
        self.ports.clock.now()
    }

    /// How the provider's services stand, and whatever else was decided on, by code.
    ///
    /// # Errors
    /// If provider or store cannot be read.
    pub async fn services(&self) -> Result<Vec<ServiceStanding>, TradeError> {
        let terms = self.fresh(self.now()).await?;
        let sold = self.ports.catalogue.services().await?.services.into_iter().map(|service| service.code);
        let decided = terms.decisions.iter().map(|decision| decision.service.clone());
        let mut codes: Vec<ServiceCode> = sold.chain(decided).collect();
        codes.sort();
        codes.dedup();
        Ok(codes.into_iter().map(|code| ServiceStanding::by(&terms, code)).collect())
    }

    /// A service is not sold any more. Nothing is changed if staff has said so already.
    ///
    /// # Errors
    /// `Unavailable` if the store does not answer.
    pub async fn block(
        &self,
        actor: &Actor,
        service: &ServiceCode,
        reason: Reason,
    ) -> Result<ServiceStanding, TradeError> {
        self.decide(actor, service, Verdict::Blocked, Some(reason)).await
    }

    /// A service is sold, of whatever kind it is. Nothing is changed if it is.
    ///
    /// # Errors
    /// `Unavailable` if the store does not answer.
    pub async fn unblock(&self, actor: &Actor, service: &ServiceCode) -> Result<ServiceStanding, TradeError> {
        self.decide(actor, service, Verdict::Allowed, None).await
    }

    async fn decide(
        &self,
        actor: &Actor,
        service: &ServiceCode,
        verdict: Verdict,
        reason: Option<Reason>,
    ) -> Result<ServiceStanding, TradeError> {
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let terms = self.fresh(now).await?;
            let before = ServiceStanding::by(&terms, service.clone());
            let is_so = match verdict {
                Verdict::Blocked => matches!(before.block, Some(Block::ByStaff(_))),
                Verdict::Allowed => before.block.is_none(),
            };
            if is_so {
                return Ok(before);
            }
            let version = before.decision.as_ref().map_or(Version::FIRST, |last| last.version.next());
            let decision = ServiceDecision {
                service: service.clone(),
                verdict,
                reason: reason.clone(),
                by: actor.user,
                at: now,
                version,
            };
            let action = match verdict {
                Verdict::Blocked => AuditAction::ServiceBlocked,
                Verdict::Allowed => AuditAction::ServiceUnblocked,
            };
            let after = Facts::none().with("blocked", verdict == Verdict::Blocked);
            let told = (facts_of(&before), after.maybe("reason", reason.as_ref().map(Reason::as_str)));
            let subject = Subject::named("service", service.to_string());
            let unit = UnitOfWork::new().with(Change::ServiceDecision(decision.clone()));
            if self.commit(unit, actor, (action, subject, told), now).await? {
                let block = decision.block();
                return Ok(ServiceStanding { service: service.clone(), block, decision: Some(decision) });
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// No new numbers are bought at a provider any more, or they are again. Open orders go on. Nothing is changed if it
    /// is so.
    ///
    /// # Errors
    /// `Unavailable` if the store does not answer.
    pub async fn switch(
        &self,
        actor: &Actor,
        provider: ProviderId,
        to: Switched,
        reason: Reason,
    ) -> Result<(), TradeError> {
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let terms = self.fresh(now).await?;
            let last = terms.switch_of(provider);
            if terms.is_on(provider) == (to == Switched::On) {
                return Ok(());
            }
            let version = last.map_or(Version::FIRST, |last| last.version.next());
            let switch =
                ProviderSwitch { provider, to, reason: reason.clone(), by: actor.user, at: now, version };
            let (action, before) = match to {
                Switched::On => (AuditAction::ProviderSwitchedOn, Switched::Off),
                Switched::Off => (AuditAction::ProviderSwitchedOff, Switched::On),
            };
            let before = Facts::none().with("switched", before.name());
            let after = Facts::none().with("switched", to.name()).with("reason", reason.as_str());
            let subject = Subject::named("provider", provider.name().to_owned());
            let unit = UnitOfWork::new().with(Change::ProviderSwitch(switch));
            if self.commit(unit, actor, (action, subject, (before, after)), now).await? {
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Every rule that ever was, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn rules(&self, page: Page<PricingRuleId>) -> Result<PageOf<PricingRule>, Fault> {
        self.ports.reads.pricing_rules(page).await
    }

    /// One rule.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store cannot be read.
    pub async fn rule(&self, id: PricingRuleId) -> Result<PricingRule, TradeError> {
        self.ports.reads.pricing_rule(id).await?.ok_or(TradeError::NotFound)
    }

    /// Makes a rule. The one of the same scope that is in force ends when it begins.
    ///
    /// # Errors
    /// `FromPast`, `LaterRule`; `Unavailable` if the store does not answer.
    pub async fn add_rule(&self, actor: &Actor, new: NewPricingRule) -> Result<PricingRule, TradeError> {
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let valid_from = new.valid_from.unwrap_or(now);
            if valid_from < now {
                return Err(TradeError::FromPast);
            }
            let open = self.ports.reads.open_pricing_rules(now).await?;
            let mut same = open
                .into_iter()
                .filter(|rule| rule.scope == new.scope && rule.status(now) != PricingRuleStatus::Ended);
            if same.clone().any(|rule| rule.valid_from >= valid_from) {
                return Err(TradeError::LaterRule);
            }
            let former = same.find(|rule| rule.ends_at.is_none_or(|end| end > valid_from));
            let rule = PricingRule {
                id: PricingRuleId::generate(now, self.ports.random.as_ref()),
                scope: new.scope.clone(),
                rule: new.rule,
                valid_from,
                ends_at: None,
                made_by: actor.user,
                made_at: now,
                ended_by: None,
                version: Version::FIRST,
            };
            let before = former.as_ref().map_or_else(Facts::none, rule_facts);
            let subject = Subject::named("pricing_rule", rule.id.to_string());
            let told = (AuditAction::PricingRuleAdded, subject, (before, rule_facts(&rule)));
            let ended = former.map(|former| former.ended(valid_from, actor.user)).map(Change::PricingRule);
            let unit = ended.into_iter().fold(UnitOfWork::new(), UnitOfWork::with);
            let unit = unit.with(Change::PricingRule(rule.clone()));
            if self.commit(unit, actor, told, now).await? {
                return Ok(rule);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Ends a rule now, or sees to it that it never begins. The one before it stays ended. Nothing is changed if it is
    /// over.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store does not answer.
    pub async fn end_rule(&self, actor: &Actor, id: PricingRuleId) -> Result<PricingRule, TradeError> {
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let rule = self.rule(id).await?;
            if rule.status(now) == PricingRuleStatus::Ended {
                return Ok(rule);
            }
            let before = rule_facts(&rule);
            let ended = rule.ended(now, actor.user);
            let subject = Subject::named("pricing_rule", id.to_string());
            let told = (AuditAction::PricingRuleEnded, subject, (before, rule_facts(&ended)));
            let unit = UnitOfWork::new().with(Change::PricingRule(ended.clone()));
            if self.commit(unit, actor, told, now).await? {
                return Ok(ended);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// What is decided, as it is stored: a second may be too old to decide on.
    pub(super) async fn fresh(&self, now: Time) -> Result<Terms, Fault> {
        let reads = &self.ports.reads;
        Ok(Terms {
            decisions: reads.service_decisions().await?,
            switches: reads.provider_switches().await?,
            rules: reads.open_pricing_rules(now).await?,
        })
    }

    /// False if somebody else was quicker.
    async fn commit(
        &self,
        unit: UnitOfWork,
        actor: &Actor,
        (action, subject, (before, after)): (AuditAction, Subject, (Facts, Facts)),
        at: Time,
    ) -> Result<bool, Fault> {
        let id = AuditId::generate(at, self.ports.random.as_ref());
        let by = By::Staff(actor.clone());
        let line = AuditEntry { id, by, action, subject, before, after, at };
        match self.ports.store.commit(unit.with(Change::Audited(line))).await {
            Ok(_) => {
                self.ports.terms.forget().await;
                Ok(true)
            }
            Err(CommitError::Stale | CommitError::Duplicate(Unique::Record)) => Ok(false),
            Err(error) => Err(Fault::new(error)),
        }
    }
}

fn facts_of(standing: &ServiceStanding) -> Facts {
    let reason = match &standing.block {
        None => None,
        Some(Block::ByDefault(kind)) => Some(kind.reason()),
        Some(Block::ByStaff(decision)) => decision.reason.as_ref().map(Reason::as_str),
    };
    Facts::none().with("blocked", standing.block.is_some()).maybe("reason", reason)
}

fn rule_facts(rule: &PricingRule) -> Facts {
    Facts::none()
        .with("scope", rule.scope.name())
        .with("multiplier", rule.rule.multiplier().normalize())
        .with("floor", rule.rule.floor())
        .at("valid_from", Some(rule.valid_from))
        .at("ends_at", rule.ends_at)
}
