//! Laws between payments and the journal.

use super::law::{Law, Subject};

pub(super) const LAWS: [Law; 7] = [
    Law {
        promise: 4,
        name: "payment",
        says: "a payment credited its amount once if it succeeded, stands in suspense whole until that is closed, or moved nothing",
        of: "intents",
        subject: Subject::Payment,
        of_ledger: false,
        broken: "SELECT id, state || ' over ' || CAST(due AS TEXT) || ', credited ' || CAST(gained AS TEXT) || ' in ' \
             || CAST(credits AS TEXT) || ' lines, in suspense ' || CAST(aside AS TEXT) || ', item ' \
             || COALESCE(item, 'none') AS why FROM ( \
             SELECT i.id AS id, i.state AS state, i.amount_units AS due, s.state AS item, \
             CASE WHEN s.state = 'open' THEN s.paid_units ELSE 0 END AS waits, \
             SUM(CASE WHEN t.debit_account IN ('fx', 'suspense') AND t.credit_account = 'wallet' \
             AND t.user_id = i.user_id THEN t.amount_units ELSE 0 END) AS gained, \
             SUM(CASE WHEN t.debit_account IN ('fx', 'suspense') AND t.credit_account = 'wallet' \
             THEN 1 ELSE 0 END) AS credits, \
             SUM(CASE 'suspense' WHEN t.credit_account THEN t.amount_units WHEN t.debit_account THEN -t.amount_units \
             ELSE 0 END) AS aside, COUNT(t.id) AS legs \
             FROM intents i LEFT JOIN transfers t ON t.source = 'paystack:' || i.reference \
             LEFT JOIN suspense s ON s.payment_id = i.id \
             GROUP BY i.id, i.state, i.amount_units, s.state, s.paid_units) p \
             WHERE aside <> waits OR (state = 'succeeded' AND (gained <> due OR credits <> 1 \
             OR COALESCE(item, 'credited') <> 'credited')) \
             OR (state = 'suspense' AND (credits <> 0 OR legs = 0 OR COALESCE(item, 'credited') = 'credited')) \
             OR (state IN ('pending', 'failed', 'expired') AND (legs <> 0 OR item IS NOT NULL))",
    },
    Law {
        promise: 4,
        name: "payment_source",
        says: "an entry of a gateway's payment belongs to a payment of ours",
        of: "transfers",
        subject: Subject::Text,
        of_ledger: false,
        broken: "SELECT t.source AS id, 'line ' || CAST(t.id AS TEXT) || ' has no payment' AS why FROM transfers t \
             WHERE t.source LIKE 'paystack:%' \
             AND NOT EXISTS (SELECT 1 FROM intents i WHERE i.reference = substr(t.source, 10))",
    },
    // What a bank takes by a dispute, or somebody gives at the gateway's own desk, may come to more: the user owes it. So
    // may a refund that had failed, and reached the customer beside the one in its place.
    Law {
        promise: 5,
        name: "refunded",
        says: "what users had refunded of a payment is never above what was paid, in either currency",
        of: "intents",
        subject: Subject::Payment,
        of_ledger: false,
        broken: "SELECT i.id AS id, CAST(r.taken AS TEXT) || ' refunded of ' || CAST(i.amount_units AS TEXT) || ', ' \
             || CAST(r.charged AS TEXT) || ' of ' || CAST(i.charged_units AS TEXT) || ' paid' AS why FROM intents i \
             JOIN (SELECT payment_id, SUM(amount_units) AS taken, SUM(charged_units) AS charged FROM refunds \
             WHERE hold_id IS NOT NULL AND NOT revived AND state <> 'failed' GROUP BY payment_id) r ON r.payment_id = i.id \
             WHERE r.taken > i.amount_units OR r.charged > i.charged_units",
    },
    Law {
        promise: 5,
        name: "back",
        says: "what a payment says went back of it is the sum of its refunds and lost disputes, and it counts its open ones",
        of: "intents",
        subject: Subject::Payment,
        of_ledger: false,
        broken: "SELECT id, 'says ' || CAST(said_taken AS TEXT) || ', ' || CAST(said_charged AS TEXT) || ', ' \
             || CAST(said_arrived AS TEXT) || ' and ' || CAST(said_open AS TEXT) || ' disputes, due ' \
             || CAST(taken AS TEXT) || ', ' || CAST(charged AS TEXT) || ', ' || CAST(arrived AS TEXT) || ' and ' \
             || CAST(open_ones AS TEXT) AS why FROM (SELECT i.id AS id, i.back_taken_units AS said_taken, \
             i.back_charged_units AS said_charged, i.back_arrived_units AS said_arrived, i.back_disputes AS said_open, \
             COALESCE(r.taken, 0) + COALESCE(d.taken, 0) AS taken, \
             COALESCE(r.charged, 0) + COALESCE(d.charged, 0) AS charged, \
             COALESCE(r.arrived, 0) + COALESCE(d.charged, 0) AS arrived, COALESCE(d.open_ones, 0) AS open_ones \
             FROM intents i LEFT JOIN (SELECT payment_id, SUM(amount_units) AS taken, SUM(charged_units) AS charged, \
             SUM(CASE WHEN state = 'processed' THEN charged_units ELSE 0 END) AS arrived FROM refunds \
             WHERE state <> 'failed' GROUP BY payment_id) r ON r.payment_id = i.id \
             LEFT JOIN (SELECT payment_id, SUM(CASE WHEN state = 'lost' THEN worth_units ELSE 0 END) AS taken, \
             SUM(CASE WHEN state = 'lost' THEN claimed_units ELSE 0 END) AS charged, \
             SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END) AS open_ones FROM disputes \
             GROUP BY payment_id) d ON d.payment_id = i.id) b WHERE said_taken <> taken \
             OR said_charged <> charged OR said_arrived <> arrived OR said_open <> open_ones",
    },
    Law {
        promise: 3,
        name: "hold_refund",
        says: "a hold for a refund is that refund's hold",
        of: "holds",
        subject: Subject::Hold,
        of_ledger: false,
        broken: "SELECT h.id AS id, h.state || CASE WHEN r.id IS NULL THEN ', its refund is missing' \
             ELSE ', its refund has another hold' END AS why \
             FROM holds h LEFT JOIN refunds r ON r.id = h.order_id \
             WHERE h.purpose = 'refund' AND (r.id IS NULL OR r.hold_id IS NULL OR r.hold_id <> h.id)",
    },
    Law {
        promise: 2,
        name: "disputed",
        says: "what an account says is disputed is what its open disputes freeze, and it counts them",
        of: "accounts",
        subject: Subject::Account,
        of_ledger: false,
        broken: "SELECT a.user_id AS id, CAST(a.open_disputes AS TEXT) || ' over ' || CAST(a.disputed_units AS TEXT) \
             || ', open are ' || CAST(COALESCE(d.many, 0) AS TEXT) || ' over ' || CAST(COALESCE(d.worth, 0) AS TEXT) AS why \
             FROM accounts a LEFT JOIN (SELECT user_id, COUNT(*) AS many, SUM(worth_units) AS worth FROM disputes \
             WHERE state = 'open' GROUP BY user_id) d ON d.user_id = a.user_id \
             WHERE a.open_disputes <> COALESCE(d.many, 0) OR a.disputed_units <> COALESCE(d.worth, 0)",
    },
    Law {
        promise: 2,
        name: "open_intents",
        says: "the count of open payments is that of pending payments",
        of: "accounts",
        subject: Subject::Account,
        of_ledger: false,
        broken: "SELECT a.user_id AS id, CAST(a.open_intents AS TEXT) || ' counted, ' \
             || CAST(COALESCE(i.many, 0) AS TEXT) || ' pending' AS why \
             FROM accounts a LEFT JOIN (SELECT user_id, COUNT(*) AS many FROM intents WHERE state = 'pending' \
             GROUP BY user_id) i ON i.user_id = a.user_id WHERE a.open_intents <> COALESCE(i.many, 0)",
    },
];
