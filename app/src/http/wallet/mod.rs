//! The wallet: balance, movements, holds, statement, settings.

pub mod body;
pub mod cell;
pub mod statement;

use std::sync::Arc;

use namaskah_domain::{
    EntryId, HoldId, Time,
    wallet::{Period, WalletService},
};
use poem_openapi::{OpenApi, param::Query};

use self::{
    body::{EntryBody, HoldBody, SettingsBody, SettingsChangeBody, WalletBody},
    statement::{Csv, Outline},
};
use crate::http::{
    body::{AfterQuery, Body, LimitQuery, Listed, Shown, Text},
    key_scheme::{Caller, WalletRead, WalletWrite},
    problem::Problem,
    tags::Tag,
};

/// Routes of the wallet.
pub struct WalletApi {
    /// Shows it, and keeps its settings.
    pub wallet: Arc<WalletService>,
}

#[OpenApi(prefix_path = "/api/v1/wallet", tag = "Tag::Wallet")]
impl WalletApi {
    /// What you have, hold and owe
    #[oai(path = "/", method = "get", operation_id = "get_wallet")]
    async fn balance(&self, user: Caller<WalletRead>) -> Result<Shown<WalletBody>, Problem> {
        Ok(Shown(self.wallet.balance(user.id()).await?.into()))
    }

    /// Posted movements
    #[oai(path = "/entries", method = "get", operation_id = "list_wallet_entries")]
    async fn entries(
        &self,
        user: Caller<WalletRead>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<namaskah_domain::entity::EntryEntity>>,
    ) -> Result<Shown<Listed<EntryBody>>, Problem> {
        let page = self.wallet.entries(user.id(), limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |entry| -> EntryId { entry.id }, EntryBody::from)))
    }

    /// Reserved amounts
    #[oai(path = "/holds", method = "get", operation_id = "list_wallet_holds")]
    async fn holds(
        &self,
        user: Caller<WalletRead>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<namaskah_domain::entity::HoldEntity>>,
    ) -> Result<Shown<Listed<HoldBody>>, Problem> {
        let page = self.wallet.holds(user.id(), limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |hold| -> HoldId { hold.id }, HoldBody::from)))
    }

    /// Every movement of a time, as CSV
    ///
    /// Oldest first, between an opening and a closing balance.
    #[oai(path = "/statement.csv", method = "get", operation_id = "get_statement")]
    async fn statement(
        &self,
        user: Caller<WalletRead>,
        /// First instant of the time.
        from: Query<Option<Text<Time>>>,
        /// First instant after the time.
        to: Query<Option<Text<Time>>>,
    ) -> Result<Csv, Problem> {
        let period = Period::try_new(from.0.map(|time| time.0), to.0.map(|time| time.0))?;
        Ok(Csv(Outline::read(self.wallet.clone(), user.id(), period).await?))
    }

    /// What you wish of it
    #[oai(path = "/settings", method = "get", operation_id = "get_wallet_settings")]
    async fn settings(&self, user: Caller<WalletRead>) -> Result<Shown<SettingsBody>, Problem> {
        Ok(Shown(self.wallet.settings(user.id()).await?.into()))
    }

    /// Change what you wish of it
    ///
    /// Replaces all of it: what is left out is off.
    #[oai(path = "/settings", method = "put", operation_id = "put_wallet_settings")]
    async fn change_settings(
        &self,
        user: Caller<WalletWrite>,
        body: Body<SettingsChangeBody>,
    ) -> Result<Shown<SettingsBody>, Problem> {
        let threshold = body.0.parse()?;
        Ok(Shown(self.wallet.change_settings(user.id(), threshold).await?.into()))
    }
}
