//! Terms of trade: what staff has decided on services, providers and prices.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables =
            ["DROP TABLE pricing_rules", "DROP TABLE provider_switches", "DROP TABLE service_decisions"];
        both(manager, &tables).await
    }
}

const TABLES: [&str; 5] = [
    "CREATE TABLE service_decisions (
        service TEXT NOT NULL CONSTRAINT service_decisions_key PRIMARY KEY,
        verdict TEXT NOT NULL,
        reason TEXT,
        decided_by <UUID> NOT NULL,
        decided_at_us <INT> NOT NULL,
        version <INT> NOT NULL,
        CONSTRAINT service_decisions_verdict_known CHECK (verdict IN ('blocked', 'allowed')),
        CONSTRAINT service_decisions_block_has_a_reason CHECK (verdict <> 'blocked' OR reason IS NOT NULL)
    ) <STRICT>",
    "CREATE TABLE provider_switches (
        provider TEXT NOT NULL CONSTRAINT provider_switches_key PRIMARY KEY,
        switched TEXT NOT NULL,
        reason TEXT NOT NULL,
        switched_by <UUID> NOT NULL,
        switched_at_us <INT> NOT NULL,
        version <INT> NOT NULL,
        CONSTRAINT provider_switches_way_known CHECK (switched IN ('on', 'off'))
    ) <STRICT>",
    "CREATE TABLE pricing_rules (
        id <UUID> NOT NULL CONSTRAINT pricing_rules_key PRIMARY KEY,
        service TEXT,
        country TEXT,
        multiplier_millionths <INT> NOT NULL,
        floor_units <INT> NOT NULL,
        valid_from_us <INT> NOT NULL,
        ends_at_us <INT>,
        made_by <UUID> NOT NULL,
        made_at_us <INT> NOT NULL,
        ended_by <UUID>,
        version <INT> NOT NULL,
        CONSTRAINT pricing_rules_not_below_cost CHECK (multiplier_millionths >= 1000000 AND floor_units >= 0),
        CONSTRAINT pricing_rules_ended_by_somebody CHECK ((ends_at_us IS NULL) = (ended_by IS NULL)),
        CONSTRAINT pricing_rules_not_backwards CHECK (valid_from_us >= made_at_us)
    ) <STRICT>",
    // Of one scope one rule has no end, however many make one at once.
    "CREATE UNIQUE INDEX pricing_rules_open_once ON pricing_rules (COALESCE(service, '*'), COALESCE(country, '*'))
        WHERE ends_at_us IS NULL",
    "CREATE INDEX pricing_rules_ending ON pricing_rules (ends_at_us)",
];
