//! `namaskah money …` by the real binary, on a database of its own.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    sync::{Arc, Mutex},
};

use namaskah_adapters::{
    persistence::{Database, Options, Stores, connect},
    vault::Vault,
};
use namaskah_domain::{
    Amount, Change, Currency, HoldId, Money, PaymentId, PaymentReference, RefundId, Time, UnitOfWork, UserId,
    Version,
    auth::Email,
    payment::{
        FxRate, Intent, IntentState, PaidBack, Refund, RefundOrigin, RefundState, Suspended, SuspenseReason,
        SuspenseState,
    },
    wallet::{Balance, EntryKind, House, LedgerAccount, Legs, PlaceHold, Purpose, Purse, Source},
};
use tempfile::TempDir;

const ADA: &str = "ada@example.com";

struct Desk {
    folder: TempDir,
    gateway: Gateway,
}

/// A gateway that has one payment, and the refunds that are put there.
struct Gateway {
    url: String,
    refunds: Arc<Mutex<String>>,
}

impl Gateway {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let refunds = Arc::new(Mutex::new("[]".to_owned()));
        let listed = refunds.clone();
        // It ends with the test.
        std::thread::spawn(move || {
            listener.incoming().flatten().for_each(|call| answer(call, &listed.lock().expect("refunds")));
        });
        Self { url, refunds }
    }

    /// Somebody has refunded so many kobo at its desk.
    fn refunds(&self, kobo: u32) {
        *self.refunds.lock().expect("refunds") = format!(
            r#"[{{"id":9,"transaction":1,"amount":{kobo},"currency":"NGN","status":"processed","domain":"test",
                "createdAt":"2026-11-22T00:00:00Z"}}]"#
        );
    }
}

fn answer(mut call: TcpStream, refunds: &str) {
    let mut line = String::new();
    let mut reader = BufReader::new(call.try_clone().expect("a stream"));
    reader.read_line(&mut line).expect("a request");
    while reader.read_line(&mut String::new()).is_ok_and(|read| read > 2) {}
    let data = if line.contains("/transaction/verify/nmk-abc") {
        r#"{"id":1,"reference":"nmk-abc","status":"success","amount":800000,"currency":"NGN","domain":"test"}"#
    } else if line.contains("/refund") {
        refunds
    } else {
        "[]"
    };
    let body = format!(r#"{{"status":true,"data":{data}}}"#);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    write!(call, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).expect("an answer");
}

impl Desk {
    /// A folder with a database that has one user.
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder"), gateway: Gateway::start() };
        desk.does("admin", &["create", "--email", ADA]);
        desk
    }

    fn run(&self, command: &str, arguments: &[&str]) -> Output {
        let mut binary = Command::new(env!("CARGO_BIN_EXE_namaskah"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NAMASKAH_")) {
            binary.env_remove(name);
        }
        let folder = self.folder.path();
        binary.current_dir(folder).env("NAMASKAH_LOG", "warn");
        binary.env("NAMASKAH_PAYSTACK_BASE_URL", &self.gateway.url).arg("--data-dir").arg(folder);
        binary.arg(command).args(arguments).output().expect("the binary runs")
    }

    /// What it says when it does as it is told.
    fn does(&self, command: &str, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.run(command, arguments);
        assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("text")
    }

    /// What it says when it refuses.
    fn refuses(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.run("money", arguments);
        assert!(!status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stdout));
        String::from_utf8(stderr).expect("text")
    }

    fn money(&self, arguments: &[&str]) -> String {
        self.does("money", arguments)
    }

    async fn open(&self) -> (Database, Stores, UserId) {
        let files = std::fs::read_dir(self.folder.path()).expect("a folder");
        let paths = files.map(|file| file.expect("a file").path());
        let file = paths
            .filter(|path| path.extension().is_some_and(|e| e == "db"))
            .find(|path| path.file_stem().is_some_and(|stem| stem != "sandbox"));
        let url = format!("sqlite://{}", file.expect("a database").display());
        let database = connect(&url, Options::default()).await.expect("a database");
        let stores = Stores::open(&database, std::sync::Arc::new(Vault::new([7; 32])));
        let ada = stores.auth.user_by_email(&Email::try_new(ADA).expect("an address")).await;
        (database, stores, ada.expect("readable").expect("a user").id)
    }

    async fn balance(&self) -> (String, String, String) {
        let (database, stores, ada) = self.open().await;
        let account = stores.wallet.account(ada).await.expect("readable").expect("an account");
        database.close().await;
        let balance = Balance::from(&account);
        (balance.available.to_string(), balance.promo.to_string(), balance.debt.to_string())
    }
}

fn amount(text: &str, currency: Currency) -> Amount {
    Money::parse(text, currency).and_then(Amount::try_new).expect("an amount")
}

fn told(available: &str, promo: &str, debt: &str) -> (String, String, String) {
    (available.to_owned(), promo.to_owned(), debt.to_owned())
}

#[tokio::test]
async fn a_correction_is_booked_once_for_its_key() {
    let desk = Desk::new();
    let credit = ["adjust", "--user", ADA, "--credit", "5.00", "--reason", "lost text", "--key", "k1"];
    let first = desk.money(&credit);
    assert!(first.starts_with("bkg_") && first.contains("credited 5.00 USD to usr_"), "{first}");
    let again = desk.money(&credit);
    assert!(again.contains("done before under this key"), "{again}");
    assert_eq!(first.split(' ').next(), again.split(' ').next());
    let other = ["adjust", "--user", ADA, "--credit", "6.00", "--reason", "lost text", "--key", "k1"];
    assert!(desk.refuses(&other).contains("the idempotency key was used for a different request"));
    let debit = |amount| ["adjust", "--user", ADA, "--debit", amount, "--reason", "too much", "--key", "k2"];
    assert!(desk.refuses(&debit("5.01")).contains("not enough money is available"));
    desk.money(&debit("1.50"));
    assert_eq!(desk.balance().await, told("3.50", "0.00", "0.00"));
}

#[tokio::test]
async fn bad_words_are_refused_before_anything_moves() {
    let desk = Desk::new();
    let adjust = |user, sign, amount, reason, key| {
        ["adjust", "--user", user, sign, amount, "--reason", reason, "--key", key]
    };
    for (arguments, why) in [
        (adjust(ADA, "--credit", "NaN", "why", "k"), "not a decimal number"),
        (adjust(ADA, "--credit", "inf", "why", "k"), "not a decimal number"),
        (adjust(ADA, "--credit", "0", "why", "k"), "the amount must be above zero"),
        (adjust(ADA, "--credit", "1e3", "why", "k"), "not a decimal number"),
        (adjust(ADA, "--credit", "0.0000001", "why", "k"), "more than 6 digits"),
        (adjust(ADA, "--credit", "99999999999999", "why", "k"), "the amount is too large"),
        (adjust(ADA, "--credit", "--1", "why", "k"), "unexpected argument"),
        (adjust(ADA, "--credit", "1", " ", "k"), "a reason is 1 to 500 characters"),
        (adjust(ADA, "--credit", "1", "why", "two words"), "an idempotency key is 1 to 255"),
        (adjust("nobody", "--credit", "1", "why", "k"), "neither an address nor an identifier"),
        (adjust("no@example.com", "--credit", "1", "why", "k"), "no such user"),
    ] {
        let said = desk.refuses(&arguments);
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
    desk.refuses(&["adjust", "--user", ADA, "--reason", "why", "--key", "k"]);
    desk.refuses(&[
        "adjust", "--user", ADA, "--credit", "1", "--debit", "1", "--reason", "why", "--key", "k",
    ]);
    desk.refuses(&["adjust", "--user", ADA, "--credit", "1", "--key", "k"]);
    desk.refuses(&["adjust", "--user", ADA, "--credit", "1", "--reason", "why"]);
    assert_eq!(desk.balance().await, told("0.00", "0.00", "0.00"));
}

#[tokio::test]
async fn promo_money_is_given_and_clawed_back_once() {
    let desk = Desk::new();
    let grant = |expires: &'static str, key: &'static str| {
        [
            "promo",
            "grant",
            "--user",
            ADA,
            "--amount",
            "3.00",
            "--expires-at",
            expires,
            "--reason",
            "welcome",
            "--key",
            key,
        ]
    };
    assert!(desk.refuses(&grant("2020-01-01T00:00:00Z", "k")).contains("must expire in the future"));
    assert!(desk.refuses(&grant("tomorrow", "k")).contains("not a time in RFC 3339"));
    let given = desk.money(&grant("2099-01-01T00:00:00Z", "k"));
    assert!(desk.money(&grant("2099-01-01T00:00:00Z", "k")).contains("done before"));
    assert_eq!(desk.balance().await, told("3.00", "3.00", "0.00"));
    let id = given.split(' ').next().expect("an identifier").to_owned();
    let claw_back =
        |key| ["promo", "claw-back", "--grant", &id, "--reason", "abuse", "--key", key].map(str::to_owned);
    let run = |arguments: [String; 8]| desk.run("money", &arguments.each_ref().map(String::as_str));
    assert!(run(claw_back("c1")).status.success());
    assert!(run(claw_back("c1")).status.success(), "the same key again is no refusal");
    let refused = run(claw_back("c2"));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("nothing is left"), "{refused:?}");
    assert_eq!(desk.balance().await, told("0.00", "0.00", "0.00"));
}

#[tokio::test]
async fn the_houses_own_money_is_moved_with_its_currencies() {
    let desk = Desk::new();
    let with = |words: &[&'static str], key: &'static str| {
        let mut arguments = vec!["treasury"];
        arguments.extend(words);
        arguments.extend(["--reason", "weekly", "--key", key]);
        arguments
    };
    assert!(desk.money(&with(&["payout", "16000.00 NGN"], "a")).contains("payout of 16000.00 NGN"));
    desk.money(&with(&["convert", "--sold", "16000.00 NGN", "--bought", "10.00 USD"], "b"));
    desk.money(&with(&["top-up", "10.00 USD"], "c"));
    assert!(desk.refuses(&with(&["top-up", "10.00 NGN"], "d")).contains("cannot be combined"));
    assert!(desk.refuses(&with(&["payout", "10.00"], "d")).contains("an amount has its currency"));
    assert!(desk.refuses(&with(&["payout", "10.00 XXX"], "d")).contains("unknown currency"));
}

fn instant() -> Time {
    Time::from_timestamp_micros(1_795_341_600_000_000).expect("an instant")
}

/// Ten dollars for 16,000 naira.
fn intent(user: UserId, state: IntentState) -> Intent {
    let at = instant();
    Intent {
        id: PaymentId::from_uuid(uuid::Uuid::from_u128(77)),
        user,
        reference: PaymentReference::try_new("nmk-abc").expect("a reference"),
        amount: amount("10.00", Currency::Usd),
        charged: amount("16000.00", Currency::Ngn),
        rate: FxRate::one_to_one(),
        checkout_url: None,
        state,
        created_at: at,
        expires_at: at,
        checks: 0,
        next_check_at: None,
        back: PaidBack::nothing(amount("10.00", Currency::Usd), amount("16000.00", Currency::Ngn)),
        version: Version::FIRST,
    }
}

/// A refund of all of it that was asked for, and of which nothing is known.
async fn asked_back(desk: &Desk) -> RefundId {
    let (database, stores, user) = desk.open().await;
    let (at, id) = (instant(), RefundId::from_uuid(uuid::Uuid::from_u128(78)));
    let paid = intent(user, IntentState::Succeeded { at });
    let (amount, charged) = (paid.amount, paid.charged);
    let back = PaidBack { taken: amount.money(), charged: charged.money(), ..paid.back };
    let hold = HoldId::from_uuid(uuid::Uuid::from_u128(79));
    let refund = Refund {
        id,
        payment: paid.id,
        reference: paid.reference.clone(),
        user,
        amount,
        charged,
        origin: RefundOrigin::Asked { hold },
        state: RefundState::Sent { missed_at: None },
        created_at: at,
        send_by: at,
        revived: false,
        aside: false,
        version: Version::FIRST,
    };
    let house = LedgerAccount::House;
    let mut deposit = Legs::new(Source::paystack(&paid.reference), EntryKind::Deposit, at);
    deposit.add(house(House::PspClearingPaystack), house(House::Fx), charged);
    deposit.add(house(House::Fx), LedgerAccount::User(user, Purse::Wallet), amount);
    let unit = UnitOfWork::new().post(deposit.into_entry().expect("balanced"));
    stores.store.commit(unit.with(Change::Intent(Intent { back, ..paid }))).await.expect("committed");
    let purpose = Purpose::Refund { refund: id };
    let unit = UnitOfWork::new().place(PlaceHold { id: hold, user, purpose, amount, at });
    stores.store.commit(unit.with(Change::Refund(refund))).await.expect("committed");
    database.close().await;
    id
}

#[tokio::test]
async fn a_refund_without_an_end_is_ended_by_hand_once() {
    let desk = Desk::new();
    let refund = asked_back(&desk).await.to_string();
    let settle = |end, key| {
        ["refund", "settle", &refund, "--as", end, "--reason", "seen in the dashboard", "--key", key]
            .map(str::to_owned)
    };
    let run = |arguments: [String; 9]| desk.run("money", &arguments.each_ref().map(String::as_str));
    let said = |output: &Output| {
        let both = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        both.concat()
    };
    let unnamed = run(settle("processed", "a"));
    let why = said(&unnamed);
    assert!(!unnamed.status.success() && why.contains("say what the gateway calls this refund"), "{why}");
    assert_eq!(desk.balance().await, told("0.00", "0.00", "0.00"));
    let done = run(settle("failed", "a"));
    assert!(done.status.success() && said(&done).contains("failed: released, 10.00 USD"), "{done:?}");
    let again = run(settle("failed", "a"));
    assert!(again.status.success() && said(&again).contains("done before under this key"), "{again:?}");
    let other = run(settle("failed", "b"));
    assert!(!other.status.success() && said(&other).contains("ended already"), "{other:?}");
    assert_eq!(desk.balance().await, told("10.00", "0.00", "0.00"));
}

/// A payment that waits, and debt, as the product would have left them.
async fn left_over(desk: &Desk) -> PaymentId {
    let (database, stores, ada) = desk.open().await;
    let at = instant();
    let paid = amount("8000.00", Currency::Ngn);
    let intent = intent(ada, IntentState::Suspense { at });
    let reference = intent.reference.clone();
    let (payment, user, reason) = (intent.id, ada, SuspenseReason::AmountDiffers);
    let item =
        Suspended { payment, user, paid, reason, at, state: SuspenseState::Open, version: Version::FIRST };
    let house = LedgerAccount::House;
    let mut aside = Legs::new(Source::paystack(&reference), EntryKind::Suspense, at);
    aside.add(house(House::PspClearingPaystack), house(House::Suspense), paid);
    let mut lost = Legs::new(Source::from_stored("lost".into()), EntryKind::Chargeback, at);
    lost.add(LedgerAccount::User(ada, Purse::Debt), house(House::Fx), amount("2.00", Currency::Usd));
    lost.add(house(House::Fx), house(House::PspClearingPaystack), amount("3200.00", Currency::Ngn));
    let unit = UnitOfWork::new().with(Change::Intent(intent)).with(Change::Suspended(item));
    let unit = unit.post(aside.into_entry().expect("balanced")).post(lost.into_entry().expect("balanced"));
    stores.store.commit(unit).await.expect("committed");
    database.close().await;
    payment
}

#[tokio::test]
async fn suspense_is_listed_and_resolved_once_and_debt_is_given_up() {
    let desk = Desk::new();
    assert_eq!(desk.money(&["suspense", "list"]), "");
    let payment = left_over(&desk).await.to_string();
    let listed = desk.money(&["suspense", "list"]);
    assert!(listed.contains(&payment) && listed.contains("8000.00 NGN"), "{listed}");
    let write_off = ["write-off-debt", "--user", ADA, "--reason", "paid in cash", "--key", "w"];
    assert!(desk.money(&write_off).contains("gave up 2.00 USD"));
    assert!(desk.money(&write_off).contains("done before"));
    let resolve = |to, key| ["suspense", "resolve", &payment, "--to", to, "--key", key].map(str::to_owned);
    let run = |arguments: [String; 7]| desk.run("money", &arguments.each_ref().map(String::as_str));
    assert!(!run(resolve("nowhere", "r")).status.success());
    let done = run(resolve("owner", "r"));
    assert!(String::from_utf8_lossy(&done.stdout).contains("credited 5.00 USD"), "{done:?}");
    assert!(run(resolve("owner", "r")).status.success(), "the same key again is no refusal");
    let again = run(resolve("source", "r2"));
    assert!(String::from_utf8_lossy(&again.stderr).contains("resolved already"), "{again:?}");
    assert_eq!(desk.money(&["suspense", "list"]), "");
    assert_eq!(desk.balance().await, told("5.00", "0.00", "0.00"));
}

#[tokio::test]
async fn suspense_that_was_refunded_at_the_gateway_is_not_credited_and_not_refunded_again() {
    let desk = Desk::new();
    let payment = left_over(&desk).await.to_string();
    let resolve = |to, key| ["suspense", "resolve", &payment, "--to", to, "--key", key].map(str::to_owned);
    let run = |arguments: [String; 7]| desk.run("money", &arguments.each_ref().map(String::as_str));
    desk.gateway.refunds(300_000);
    let refused = run(resolve("owner", "a"));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("refund 9 was made at the gateway"), "{said}");
    let done = run(resolve("source", "b"));
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && said.contains("refund 5000.00 NGN of nmk-abc"), "{done:?}");
    desk.gateway.refunds(800_000);
    let again = run(resolve("source", "b"));
    assert!(String::from_utf8_lossy(&again.stdout).contains("refund nothing there"), "{again:?}");
}
