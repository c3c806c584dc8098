//! Laws between orders, their holds, prices and numbers, and of claims.

use super::law::{Law, Subject};

pub(super) const LAWS: [Law; 9] = [
    Law {
        promise: 11,
        name: "order_hold",
        says: "an order is completed if its hold is captured, ended otherwise if it is released, open while it is open",
        of: "orders",
        subject: Subject::Order,
        of_ledger: false,
        broken: "SELECT o.id AS id, o.state || ', hold ' || CASE WHEN h.id IS NULL THEN 'missing' \
             WHEN h.purpose <> 'order' OR h.order_id <> o.id OR h.user_id <> o.user_id THEN 'of another order' ELSE h.state END AS why \
             FROM orders o LEFT JOIN holds h ON h.id = o.hold_id \
             WHERE h.id IS NULL OR h.purpose <> 'order' OR h.order_id <> o.id OR h.user_id <> o.user_id OR h.state <> \
             CASE WHEN o.state IN ('requested', 'waiting') THEN 'open' WHEN o.state = 'completed' THEN 'captured' \
             ELSE 'released' END",
    },
    Law {
        promise: 11,
        name: "hold_order",
        says: "a hold for an order is that order's hold",
        of: "holds",
        subject: Subject::Hold,
        of_ledger: false,
        broken: "SELECT h.id AS id, h.state || CASE WHEN o.id IS NULL THEN ', its order is missing' \
             ELSE ', its order has another hold' END AS why \
             FROM holds h LEFT JOIN orders o ON o.id = h.order_id \
             WHERE h.purpose = 'order' AND (o.id IS NULL OR o.hold_id <> h.id)",
    },
    Law {
        promise: 5,
        name: "price",
        says: "a hold reserves the price of its order",
        of: "orders",
        subject: Subject::Order,
        of_ledger: false,
        broken: "SELECT o.id AS id, 'price ' || CAST(o.price_units AS TEXT) || ' ' || o.price_currency || ', hold ' \
             || CAST(h.amount_units AS TEXT) || ' ' || h.currency AS why FROM orders o JOIN holds h ON h.id = o.hold_id \
             WHERE h.amount_units <> o.price_units OR h.currency <> o.price_currency",
    },
    Law {
        promise: 5,
        name: "quote",
        says: "an order that used a quote costs what was quoted, and is the same user's",
        of: "quotes",
        subject: Subject::Quote,
        of_ledger: false,
        broken: "SELECT q.id AS id, 'quoted ' || CAST(q.price_units AS TEXT) || ', ' \
             || COALESCE('ordered for ' || CAST(o.price_units AS TEXT), 'its order is missing') AS why \
             FROM quotes q LEFT JOIN orders o ON o.id = q.used_by WHERE q.used_by IS NOT NULL \
             AND (o.id IS NULL OR o.price_units <> q.price_units OR o.price_currency <> q.price_currency \
             OR o.user_id <> q.user_id)",
    },
    Law {
        promise: 8,
        name: "number",
        says: "the number of an order is that of a purchase that was bound to it",
        of: "orders",
        subject: Subject::Order,
        of_ledger: false,
        broken: "SELECT o.id AS id, o.state || ', its purchase is ' \
             || CASE WHEN p.id IS NULL THEN 'missing' WHEN p.order_id <> o.id THEN 'of another order' \
             WHEN p.reservation <> o.reservation THEN 'of another reservation' ELSE p.state END AS why \
             FROM orders o LEFT JOIN purchases p ON p.id = o.purchase_id WHERE o.purchase_id IS NOT NULL \
             AND (p.id IS NULL OR p.state <> 'bound' OR p.order_id IS NULL OR p.order_id <> o.id \
             OR p.reservation <> o.reservation)",
    },
    Law {
        promise: 8,
        name: "shown_once",
        says: "a number is shown to a user for a service once",
        of: "orders",
        subject: Subject::Account,
        of_ledger: false,
        broken: "SELECT user_id AS id, CAST(COUNT(*) AS TEXT) || ' orders for ' || service || ' show one number' AS why \
             FROM orders WHERE number_digest IS NOT NULL GROUP BY user_id, service, number_digest \
             HAVING COUNT(*) > 1",
    },
    Law {
        promise: 8,
        name: "swaps",
        says: "an order has one purchase and one more for each swap; one at most is on its way, and one at most earned its cost",
        of: "orders",
        subject: Subject::Order,
        of_ledger: false,
        broken: "SELECT o.id AS id, CAST(o.swaps AS TEXT) || ' swaps, ' || CAST(COALESCE(p.many, 0) AS TEXT) \
             || ' purchases, ' || CAST(COALESCE(p.sent, 0) AS TEXT) || ' on their way, ' \
             || CAST(COALESCE(p.costed, 0) AS TEXT) || ' earned' AS why FROM orders o \
             LEFT JOIN (SELECT order_id, COUNT(*) AS many, SUM(CASE WHEN state = 'sent' THEN 1 ELSE 0 END) AS sent, \
             SUM(CASE WHEN receivable = 'costed' THEN 1 ELSE 0 END) AS costed FROM purchases \
             WHERE order_id IS NOT NULL GROUP BY order_id) p ON p.order_id = o.id \
             WHERE COALESCE(p.many, 0) <> o.swaps + 1 OR p.sent > 1 OR p.costed > 1",
    },
    Law {
        promise: 8,
        name: "in_batch",
        says: "an order that came in a batch is of a batch of its user",
        of: "orders",
        subject: Subject::Order,
        of_ledger: false,
        broken: "SELECT o.id AS id, 'its batch is ' || CASE WHEN b.id IS NULL THEN 'missing' \
             ELSE 'another user''s' END AS why FROM orders o LEFT JOIN batches b ON b.id = o.batch_id \
             WHERE o.batch_id IS NOT NULL AND (b.id IS NULL OR b.user_id <> o.user_id)",
    },
    Law {
        promise: 4,
        name: "claims",
        says: "what an idempotency key made is there",
        of: "idempotency_claims",
        subject: Subject::Record,
        of_ledger: false,
        broken: "SELECT c.outcome AS id, 'made by key ' || c.key || ', and missing' AS why FROM idempotency_claims c \
             WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = c.outcome) \
             AND NOT EXISTS (SELECT 1 FROM intents i WHERE i.id = c.outcome) \
             AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.id = c.outcome) \
             AND NOT EXISTS (SELECT 1 FROM disputes d WHERE d.id = c.outcome) \
             AND NOT EXISTS (SELECT 1 FROM bookings b WHERE b.id = c.outcome) \
             AND NOT EXISTS (SELECT 1 FROM promo_grants g WHERE g.id = c.outcome) \
             AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.id = c.outcome) \
             AND NOT EXISTS (SELECT 1 FROM adjustments a WHERE a.id = c.outcome)",
    },
];
