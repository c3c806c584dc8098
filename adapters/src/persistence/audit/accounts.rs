//! Laws of accounts: each row against the journal and against its holds.

use super::law::{Law, Subject};

pub(super) const LAWS: [Law; 6] = [
    Law {
        promise: 1,
        name: "posted",
        says: "wallet, promo and debt of an account are the sums of their postings",
        of: "accounts",
        subject: Subject::Account,
        of_ledger: true,
        broken: "SELECT COALESCE(a.user_id, t.user_id) AS id, \
             'wallet ' || COALESCE(CAST(a.wallet_posted_units AS TEXT), 'no account') || ' of ' \
             || CAST(COALESCE(t.wallet, 0) AS TEXT) \
             || ', promo ' || COALESCE(CAST(a.promo_posted_units AS TEXT), 'no account') || ' of ' \
             || CAST(COALESCE(t.promo, 0) AS TEXT) \
             || ', debt ' || COALESCE(CAST(a.debt_units AS TEXT), 'no account') || ' of ' \
             || CAST(COALESCE(t.debt, 0) AS TEXT) AS why \
             FROM accounts a FULL JOIN (SELECT user_id, \
             SUM(CASE 'wallet' WHEN credit_account THEN amount_units WHEN debit_account THEN -amount_units ELSE 0 END) \
             AS wallet, \
             SUM(CASE 'promo' WHEN credit_account THEN amount_units WHEN debit_account THEN -amount_units ELSE 0 END) \
             AS promo, \
             SUM(CASE 'debt' WHEN credit_account THEN -amount_units WHEN debit_account THEN amount_units ELSE 0 END) \
             AS debt FROM transfers WHERE user_id IS NOT NULL GROUP BY user_id) t ON t.user_id = a.user_id \
             WHERE a.user_id IS NULL OR a.wallet_posted_units <> COALESCE(t.wallet, 0) \
             OR a.promo_posted_units <> COALESCE(t.promo, 0) OR a.debt_units <> COALESCE(t.debt, 0)",
    },
    Law {
        promise: 1,
        name: "last_line",
        says: "the last line of an account shows its posted total, and no later version than its row",
        of: "accounts",
        subject: Subject::Account,
        of_ledger: true,
        broken: "SELECT a.user_id AS id, 'posted ' || CAST(a.wallet_posted_units + a.promo_posted_units AS TEXT) \
             || ' at version ' || CAST(a.version AS TEXT) || ', line ' || CAST(l.id AS TEXT) || ' shows ' \
             || COALESCE(CAST(l.balance_after_units AS TEXT), 'nothing') || ' at version ' \
             || COALESCE(CAST(l.account_version AS TEXT), 'nothing') AS why \
             FROM (SELECT user_id, MAX(id) AS last FROM transfers WHERE user_id IS NOT NULL GROUP BY user_id) m \
             JOIN transfers l ON l.id = m.last JOIN accounts a ON a.user_id = m.user_id \
             WHERE l.balance_after_units <> a.wallet_posted_units + a.promo_posted_units \
             OR l.account_version > a.version",
    },
    Law {
        promise: 1,
        name: "held",
        says: "what an account holds of wallet and promo is the sum of the parts of its open holds",
        of: "accounts",
        subject: Subject::Account,
        of_ledger: true,
        broken: "SELECT COALESCE(a.user_id, h.user_id) AS id, \
             'wallet ' || COALESCE(CAST(a.wallet_held_units AS TEXT), 'no account') || ' of ' \
             || CAST(COALESCE(h.wallet, 0) AS TEXT) \
             || ', promo ' || COALESCE(CAST(a.promo_held_units AS TEXT), 'no account') || ' of ' \
             || CAST(COALESCE(h.promo, 0) AS TEXT) AS why \
             FROM accounts a FULL JOIN (SELECT user_id, SUM(wallet_units) AS wallet, SUM(promo_units) AS promo \
             FROM holds WHERE state = 'open' GROUP BY user_id) h ON h.user_id = a.user_id \
             WHERE a.user_id IS NULL OR a.wallet_held_units <> COALESCE(h.wallet, 0) \
             OR a.promo_held_units <> COALESCE(h.promo, 0)",
    },
    Law {
        promise: 2,
        name: "covered",
        says: "posted is at least held and at least lapsed, each at least zero, no debt is negative, and nothing is disputed \
               without a dispute",
        of: "accounts",
        subject: Subject::Account,
        of_ledger: true,
        broken: "SELECT user_id AS id, 'wallet ' || CAST(wallet_posted_units AS TEXT) || ' posted, ' \
             || CAST(wallet_held_units AS TEXT) || ' held, promo ' || CAST(promo_posted_units AS TEXT) \
             || ' posted, ' || CAST(promo_held_units AS TEXT) || ' held, ' \
             || CAST(promo_lapsed_units AS TEXT) || ' lapsed, debt ' || CAST(debt_units AS TEXT) \
             || ', ' || CAST(open_disputes AS TEXT) || ' disputes over ' || CAST(disputed_units AS TEXT) AS why \
             FROM accounts WHERE wallet_held_units < 0 OR wallet_posted_units < wallet_held_units \
             OR promo_held_units < 0 OR promo_posted_units < promo_held_units OR debt_units < 0 \
             OR promo_lapsed_units < 0 OR promo_posted_units < promo_lapsed_units \
             OR disputed_units < 0 OR (open_disputes = 0 AND disputed_units <> 0)",
    },
    Law {
        promise: 2,
        name: "open_orders",
        says: "the count of open orders is that of open holds for orders",
        of: "accounts",
        subject: Subject::Account,
        of_ledger: true,
        broken: "SELECT a.user_id AS id, CAST(a.open_orders AS TEXT) || ' counted, ' \
             || CAST(COALESCE(h.many, 0) AS TEXT) || ' holds' AS why \
             FROM accounts a LEFT JOIN (SELECT user_id, COUNT(*) AS many FROM holds WHERE state = 'open' \
             AND purpose = 'order' GROUP BY user_id) h ON h.user_id = a.user_id WHERE a.open_orders <> COALESCE(h.many, 0)",
    },
    Law {
        promise: 3,
        name: "holds",
        says: "the parts of a hold make its amount, and it has an end if it is not open",
        of: "holds",
        subject: Subject::Hold,
        of_ledger: true,
        broken: "SELECT id, state || ', promo ' || CAST(promo_units AS TEXT) || ' and wallet ' \
             || CAST(wallet_units AS TEXT) || ' of ' || CAST(amount_units AS TEXT) AS why FROM holds \
             WHERE promo_units + wallet_units <> amount_units OR promo_units < 0 OR wallet_units < 0 \
             OR (state = 'open') <> (ended_at_us IS NULL) OR state NOT IN ('open', 'captured', 'released')",
    },
];
