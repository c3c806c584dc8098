//! Laws of purchases: each reservation once, and every number in the books.

use super::law::{Law, Subject};

pub(super) const LAWS: [Law; 7] = [
    Law {
        promise: 8,
        name: "reservation_once",
        says: "a reservation belongs to one purchase",
        of: "purchases",
        subject: Subject::Text,
        of_ledger: false,
        broken: "SELECT reservation AS id, CAST(COUNT(*) AS TEXT) || ' purchases have it' AS why FROM purchases \
             WHERE reservation IS NOT NULL GROUP BY provider, reservation HAVING COUNT(*) > 1",
    },
    Law {
        promise: 8,
        name: "bought",
        says: "a number that was had is booked at its cost",
        of: "purchases",
        subject: Subject::Purchase,
        of_ledger: false,
        broken: "SELECT p.id AS id, p.reservation || ' cost ' || CAST(COALESCE(p.cost_units, 0) AS TEXT) || ', booked ' \
             || COALESCE(CAST(t.amount_units AS TEXT), 'nothing') AS why FROM purchases p \
             LEFT JOIN transfers t ON t.source = 'buy:' || p.reservation AND t.leg = 1 \
             WHERE p.reservation IS NOT NULL AND (p.cost_units IS NULL OR (p.cost_units = 0) <> (t.id IS NULL) \
             OR t.amount_units <> p.cost_units OR t.currency <> p.cost_currency \
             OR t.debit_account <> 'provider_receivable' OR t.credit_account NOT LIKE 'provider_float:%')",
    },
    Law {
        promise: 8,
        name: "bought_source",
        says: "what is booked as bought is a number that we had",
        of: "transfers",
        subject: Subject::Text,
        of_ledger: false,
        broken: "SELECT t.source AS id, 'line ' || CAST(t.id AS TEXT) || ' has no purchase' AS why FROM transfers t \
             WHERE t.source LIKE 'buy:%' AND (t.leg <> 1 OR NOT EXISTS (SELECT 1 FROM purchases p \
             WHERE p.provider = 'textverified' AND p.reservation = substr(t.source, 5)))",
    },
    Law {
        promise: 5,
        name: "credited",
        says: "a receivable is credited if and only if the provider's credit of its cost is booked against it",
        of: "purchases",
        subject: Subject::Purchase,
        of_ledger: false,
        broken: "SELECT p.id AS id, p.reservation || ' is ' || COALESCE(p.receivable, 'nothing') || ', credited ' \
             || COALESCE(CAST(t.amount_units AS TEXT) || ' to ' || t.credit_account, 'nothing') AS why FROM purchases p \
             LEFT JOIN transfers t ON t.source = 'credit:' || p.reservation AND t.leg = 1 \
             WHERE p.reservation IS NOT NULL AND p.cost_units > 0 AND (p.receivable IS NULL \
             OR (p.receivable = 'credited') <> COALESCE(t.credit_account = 'provider_receivable', 1 = 0) \
             OR (p.receivable = 'open' AND t.id IS NOT NULL) OR t.amount_units > p.cost_units)",
    },
    Law {
        promise: 5,
        name: "aged",
        says: "a cost that was given up is that of a number whose receivable is closed so",
        of: "transfers",
        subject: Subject::Text,
        of_ledger: false,
        broken: "SELECT t.source AS id, 'line ' || CAST(t.id AS TEXT) || ' over ' || CAST(t.amount_units AS TEXT) \
             || ' has no such purchase' AS why FROM transfers t \
             WHERE t.source LIKE 'aged:%' AND NOT EXISTS (SELECT 1 FROM purchases p \
             WHERE p.provider = 'textverified' AND p.reservation = substr(t.source, 6) \
             AND p.receivable = 'written_off' AND p.cost_units = t.amount_units)",
    },
    Law {
        promise: 5,
        name: "late",
        says: "a late code's cost is that of an expired order's number, whose receivable is closed by it",
        of: "transfers",
        subject: Subject::Text,
        of_ledger: false,
        broken: "SELECT t.source AS id, 'line ' || CAST(t.id AS TEXT) || ' over ' || CAST(t.amount_units AS TEXT) \
             || ' has no such order' AS why FROM transfers t \
             WHERE t.source LIKE 'late:%' AND NOT EXISTS (SELECT 1 FROM purchases p JOIN orders o \
             ON o.purchase_id = p.id AND o.state = 'expired' \
             WHERE p.provider = 'textverified' AND p.reservation = substr(t.source, 6) \
             AND p.receivable = 'costed' AND p.cost_units = t.amount_units AND t.leg = 1 \
             AND t.debit_account = 'cost_of_numbers' AND t.credit_account = 'provider_receivable')",
    },
    Law {
        promise: 5,
        name: "receivable",
        says: "what providers may still owe is the sum of the open items",
        of: "purchases",
        subject: Subject::Text,
        of_ledger: false,
        broken: "SELECT 'provider_receivable' AS id, 'booked ' || CAST(b.booked AS TEXT) || ', open ' \
             || CAST(i.items AS TEXT) AS why FROM \
             (SELECT COALESCE(SUM(CASE 'provider_receivable' WHEN debit_account THEN amount_units \
             ELSE -amount_units END), 0) AS booked FROM transfers \
             WHERE debit_account = 'provider_receivable' OR credit_account = 'provider_receivable') b \
             CROSS JOIN (SELECT COALESCE(SUM(cost_units), 0) AS items FROM purchases WHERE receivable = 'open') i \
             WHERE b.booked <> i.items",
    },
];
