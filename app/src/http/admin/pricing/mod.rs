//! Rules of prices.

mod body;

use std::sync::Arc;

use namaskah_domain::{PricingRuleId, entity::PricingRuleEntity, staff::TradeDesk};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use self::body::{NewRuleBody, PreviewAskBody, PreviewBody, RuleBody};
use crate::http::{
    body::{AfterQuery, Body, Created, LimitQuery, Listed, Shown, Text},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

/// Routes of rules.
pub struct PricingApi {
    /// Keeps them.
    pub desk: Arc<TradeDesk>,
}

#[OpenApi(prefix_path = "/api/v1/admin/pricing-rules", tag = "Tag::Admin")]
impl PricingApi {
    /// Rules of prices, over or not
    #[oai(path = "/", method = "get", operation_id = "list_pricing_rules")]
    async fn list(
        &self,
        _staff: Staff<may::Pricing>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<PricingRuleEntity>>,
    ) -> Result<Shown<Listed<RuleBody>>, Problem> {
        let page = self.desk.rules(limit.0.page(after.0)).await?;
        let now = self.desk.now();
        Ok(Shown(Listed::of(page, |rule| rule.id, |rule| RuleBody::of(rule, now))))
    }

    /// One rule
    #[oai(path = "/:id", method = "get", operation_id = "get_pricing_rule")]
    async fn one(
        &self,
        _staff: Staff<may::Pricing>,
        id: Path<Text<PricingRuleId>>,
    ) -> Result<Shown<RuleBody>, Problem> {
        let rule = self.desk.rule(id.0.0).await?;
        Ok(Shown(RuleBody::of(rule, self.desk.now())))
    }

    /// Make a rule
    ///
    /// Of the rules that fit an order the most specific makes its price: of service and country, of a service, of a
    /// country, of everything, and then what is configured. The rule of the same scope that is in force ends when this one
    /// begins. Quotes that were given keep their price.
    #[oai(path = "/", method = "post", operation_id = "add_pricing_rule")]
    async fn add(
        &self,
        staff: Staff<SteppedUp<may::Pricing>>,
        body: Body<NewRuleBody>,
    ) -> Result<Created<RuleBody>, Problem> {
        let (desk, actor, new) = (self.desk.clone(), staff.0, body.0.parse()?);
        let rule = detached(async move { desk.add_rule(&actor, new).await }).await?;
        let location = format!("/api/v1/admin/pricing-rules/{}", rule.id);
        Ok(Created::new(RuleBody::of(rule, self.desk.now()), location))
    }

    /// End a rule
    ///
    /// Now, or before it begins. The one before it stays ended: a less specific rule makes the price, or what is
    /// configured. Repeats safely.
    #[oai(path = "/:id", method = "delete", operation_id = "end_pricing_rule")]
    async fn end(
        &self,
        staff: Staff<SteppedUp<may::Pricing>>,
        id: Path<Text<PricingRuleId>>,
    ) -> Result<Shown<RuleBody>, Problem> {
        let (desk, actor) = (self.desk.clone(), staff.0);
        let rule = detached(async move { desk.end_rule(&actor, id.0.0).await }).await?;
        Ok(Shown(RuleBody::of(rule, self.desk.now())))
    }

    /// What a rule would do
    ///
    /// To present offers, and to orders that were paid for lately. It moves nothing.
    #[oai(path = "/preview", method = "post", operation_id = "preview_pricing_rule")]
    async fn preview(
        &self,
        _staff: Staff<may::Pricing>,
        body: Body<PreviewAskBody>,
    ) -> Result<Shown<PreviewBody>, Problem> {
        let (new, days) = body.0.parse()?;
        let preview = self.desk.preview(&new, days).await?;
        Ok(Shown(PreviewBody::of(preview, days)))
    }
}
