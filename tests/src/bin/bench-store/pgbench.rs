//! `pgbench` with one statement for each kind of traffic: it writes the rows that the store writes, guarded alike.

use std::{fs, path::PathBuf, process::Stdio};

use namaskah_domain::HoldId;
use uuid::Uuid;

use crate::{
    Failure,
    traffic::{Kind, Measured, UNITS},
};

pub const CLIENTS: u64 = 16;
const AT: i64 = 1_795_341_600_123_457;

/// pgbench on one database, for the wallets `low + 1` to `low + wallets`.
pub struct Pgbench {
    program: PathBuf,
    url: String,
    folder: tempfile::TempDir,
}

fn hold() -> String {
    format!(
        "WITH a AS (UPDATE accounts SET wallet_held_units = wallet_held_units + {UNITS}, open_orders = open_orders + 1, \
         version = version + 1 WHERE user_id = lpad(to_hex(:n::bigint), 32, '0')::uuid AND NOT frozen \
         AND debt_units = 0 AND open_orders < 1000000000 AND wallet_posted_units - wallet_held_units >= {UNITS} \
         RETURNING user_id) \
         INSERT INTO holds (id, user_id, order_id, amount_units, promo_units, wallet_units, currency, state, placed_at_us) \
         SELECT ('0000002' || lpad(to_hex(nextval('bench_holds')), 25, '0'))::uuid, user_id, \
         ('0000004' || lpad(to_hex(nextval('bench_orders')), 25, '0'))::uuid, {UNITS}, 0, {UNITS}, 'USD', 'open', {AT} \
         FROM a;"
    )
}

/// What the capture of a hold in stock has as its source. The last five characters of an identifier's text tell the
/// first 33 million of them apart; the others are alike.
fn capture_source() -> String {
    const ALPHABET: &str = "0123456789abcdefghjkmnpqrstvwxyz";
    let text = HoldId::from_uuid(Uuid::from_u128(1 << 100)).to_string();
    let alike = &text[..text.len() - 5];
    let digit = |place| format!("substr('{ALPHABET}', 1 + ((:hold::bigint >> {}) & 31)::int, 1)", 5 * place);
    let digits: Vec<String> = (0..5).rev().map(digit).collect();
    format!("'cap:' || '{alike}' || {}", digits.join(" || "))
}

/// The end of the next hold in stock.
fn end(state: &str) -> String {
    let hold = format!(
        "WITH h AS (UPDATE holds SET state = '{state}', ended_at_us = {AT} \
         WHERE id = ('0000001' || lpad(to_hex(:hold::bigint), 25, '0'))::uuid AND state = 'open' \
         RETURNING id, user_id, wallet_units), "
    );
    let posted =
        if state == "captured" { "wallet_posted_units = wallet_posted_units - h.wallet_units, " } else { "" };
    let account = format!(
        "a AS (UPDATE accounts a SET {posted}wallet_held_units = wallet_held_units - h.wallet_units, \
         open_orders = open_orders - 1, version = version + 1 FROM h WHERE a.user_id = h.user_id \
         RETURNING h.id, a.user_id, h.wallet_units, a.wallet_posted_units + a.promo_posted_units AS total, a.version)"
    );
    let journal = if state == "captured" {
        format!(
            " INSERT INTO transfers (user_id, debit_account, credit_account, amount_units, currency, kind, source, leg, \
             balance_after_units, account_version, created_at_us) \
             SELECT user_id, 'wallet', 'revenue', wallet_units, 'USD', 'purchase', {}, 1, total, version, {AT} \
             FROM a;",
            capture_source()
        )
    } else {
        " SELECT count(*) FROM a;".to_owned()
    };
    format!("{hold}{account}{journal}")
}

/// The colon of the account's name is written by its number: pgbench would take the word behind it for a variable, even
/// within quotes.
fn deposit() -> String {
    format!(
        "WITH a AS (UPDATE accounts SET wallet_posted_units = wallet_posted_units + {UNITS}, version = version + 1 \
         WHERE user_id = lpad(to_hex(:n::bigint), 32, '0')::uuid \
         RETURNING user_id, wallet_posted_units + promo_posted_units AS total, version), \
         s AS (SELECT 'bench:' || nextval('bench_sources') AS source) \
         INSERT INTO transfers (user_id, debit_account, credit_account, amount_units, currency, kind, source, leg, \
         balance_after_units, account_version, created_at_us) \
         SELECT NULL::uuid, 'psp_clearing' || chr(58) || 'paystack', 'fx', {UNITS} * 1600, 'NGN', 'deposit', s.source, 1, \
         NULL::bigint, NULL::bigint, {AT} FROM s UNION ALL \
         SELECT a.user_id, 'fx', 'wallet', {UNITS}, 'USD', 'deposit', s.source, 2, a.total, a.version, {AT} FROM a, s;"
    )
}

fn script(kind: Kind, low: u64, wallets: u64) -> String {
    let any = format!("\\set n random({}, {})\n", low + 1, low + wallets);
    // Clients share the stock out among themselves: the n-th takes every sixteenth hold.
    let next = format!("\\set hold :hold + {CLIENTS}\n");
    match kind {
        Kind::Hold => any + &hold(),
        Kind::Capture => next + &end("captured"),
        Kind::Release => next + &end("released"),
        Kind::Deposit | Kind::Mixed => any + &deposit(),
    }
}

impl Pgbench {
    pub fn new(url: &str) -> Result<Self, Failure> {
        let program = namaskah_tests::postgres::program("pgbench").ok_or("there is no pgbench")?;
        Ok(Self { program, url: url.to_owned(), folder: tempfile::tempdir()? })
    }

    /// Runs for so long. `first` is the first hold in stock.
    pub async fn run(
        &self,
        kind: Kind,
        low: u64,
        wallets: u64,
        first: u64,
        seconds: u64,
    ) -> Result<Measured, Failure> {
        let run = tempfile::tempdir_in(self.folder.path())?;
        let kinds: &[(Kind, u64)] = match kind {
            Kind::Mixed => &[(Kind::Hold, 2), (Kind::Capture, 1), (Kind::Release, 1), (Kind::Deposit, 1)],
            Kind::Hold => &[(Kind::Hold, 1)],
            Kind::Capture => &[(Kind::Capture, 1)],
            Kind::Release => &[(Kind::Release, 1)],
            Kind::Deposit => &[(Kind::Deposit, 1)],
        };
        let mut command = tokio::process::Command::new(&self.program);
        command.args(["-n", "-M", "prepared", "-j", "2", "-l"]);
        command.args(["-c", &CLIENTS.to_string(), "-T", &seconds.to_string()]);
        command.args(["-D", &format!("first={first}"), "-D", "started=0", "-D", "hold=0"]);
        for (kind, weight) in kinds {
            let path = run.path().join(format!("{}.sql", kind.name()));
            fs::write(&path, begun(&script(*kind, low, wallets)))?;
            command.arg("-f").arg(format!("{}@{weight}", path.display()));
        }
        let output = command
            .arg(self.url.replacen("postgres://", "postgresql://", 1))
            .current_dir(run.path())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(format!("pgbench: {said}{}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let mut measured = Measured { took: latencies(run.path())?, seconds: 0.0 };
        let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
        let per_s: f64 = tps.ok_or("pgbench said no rate")?.parse()?;
        measured.seconds = measured.took.len() as f64 / per_s;
        Ok(measured)
    }
}

/// A client that ends holds begins with a hold of its own.
fn begun(script: &str) -> String {
    if script.contains(":hold") {
        let first = "\\if :started\n\\else\n\\set hold :first + :client_id\n\\set started 1\n\\endif\n";
        return script.replacen("\\set hold", &format!("{first}\\set hold"), 1);
    }
    script.to_owned()
}

/// Microseconds are the third field of each line of pgbench's log.
fn latencies(folder: &std::path::Path) -> Result<Vec<u64>, Failure> {
    let mut took = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pgbench_log")) {
            for line in fs::read_to_string(path)?.lines() {
                let us: u64 = line.split(' ').nth(2).ok_or("a line of the log is short")?.parse()?;
                took.push(us * 1_000);
            }
        }
    }
    Ok(took)
}
