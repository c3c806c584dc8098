//! Laws of the journal by itself.

use super::law::{Law, Subject};

/// What a line adds to the posted total of its user is the credits of both purses less their debits.
pub(super) const LAWS: [Law; 3] = [
    Law {
        promise: 1,
        name: "transfers",
        says: "a transfer moves an amount above zero between two accounts, and names its user if it touches a purse",
        of: "transfers",
        subject: Subject::Line,
        of_ledger: true,
        broken: "SELECT id, debit_account || ' to ' || credit_account || ', ' || CAST(amount_units AS TEXT) || ' ' \
             || currency || ', ' || source AS why FROM transfers \
             WHERE amount_units <= 0 OR debit_account = credit_account OR (user_id IS NOT NULL) <> \
             (debit_account IN ('wallet', 'promo', 'debt') OR credit_account IN ('wallet', 'promo', 'debt')) \
             OR (user_id IS NOT NULL AND currency <> 'USD') OR (user_id IS NULL) <> (balance_after_units IS NULL) \
             OR (user_id IS NULL) <> (account_version IS NULL) \
             OR (source LIKE 'cap:%' AND source NOT LIKE 'cap:hld_%')",
    },
    Law {
        promise: 1,
        name: "bridges",
        says: "an entry that passes fx gives it one currency and takes another from it",
        of: "transfers",
        subject: Subject::Text,
        of_ledger: true,
        broken: "SELECT source AS id, CAST(COUNT(*) AS TEXT) || ' legs on fx, ' || MIN(currency) || ' to ' \
             || MAX(currency) AS why FROM transfers WHERE debit_account = 'fx' OR credit_account = 'fx' \
             GROUP BY source HAVING MIN(currency) = MAX(currency) \
             OR SUM(CASE WHEN debit_account = 'fx' THEN 1 ELSE 0 END) = 0 \
             OR SUM(CASE WHEN credit_account = 'fx' THEN 1 ELSE 0 END) = 0",
    },
    Law {
        promise: 1,
        name: "lines",
        says: "each line's balance is the one before and the line's effect, and the account's version never falls",
        of: "transfers",
        subject: Subject::Line,
        of_ledger: true,
        broken: "SELECT id, CASE WHEN version < version_before \
             THEN 'version ' || CAST(version AS TEXT) || ' after ' || CAST(version_before AS TEXT) \
             ELSE 'balance_after ' || CAST(told AS TEXT) || ', due ' || CAST(due AS TEXT) END AS why \
             FROM (SELECT id, balance_after_units AS told, account_version AS version, \
             CASE WHEN credit_account IN ('wallet', 'promo') THEN amount_units ELSE 0 END \
             - CASE WHEN debit_account IN ('wallet', 'promo') THEN amount_units ELSE 0 END \
             + COALESCE(LAG(balance_after_units) OVER chain, 0) AS due, \
             COALESCE(LAG(account_version) OVER chain, 0) AS version_before \
             FROM transfers WHERE user_id IS NOT NULL WINDOW chain AS (PARTITION BY user_id ORDER BY id)) l \
             WHERE told <> due OR version < version_before",
    },
];
