//! Numbers, texts, codes and secrets do not stand in the database.

use namaskah_domain::{
    Change, NewJob, Sender, UnitOfWork,
    auth::{SecondFactor, TotpSecret, User},
    webhook::{Endpoint, Secrets, WebhookSecret},
};
use namaskah_tests::given;
use sea_orm::DbBackend;

use super::{Opened, both};

/// Everything that is stored, as bytes: on SQLite its files, on Postgres every row.
async fn everything(opened: &Opened) -> Vec<u8> {
    if opened.database.connection().get_database_backend() == DbBackend::Sqlite {
        let folder = opened.folder.as_ref().expect("a folder").path();
        let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
        return files.flat_map(|file| std::fs::read(file).expect("readable")).collect();
    }
    let mut all = Vec::new();
    for table in
        opened.query("SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'").await
    {
        let name: String = table.try_get("", "name").expect("a name");
        // Bytes are shown escaped, so that text within them would be seen.
        opened.query("SET bytea_output = 'escape'").await;
        for row in opened.query(&format!("SELECT t::text AS row FROM {name} t")).await {
            all.extend(row.try_get::<String>("", "row").expect("a row").into_bytes());
        }
    }
    all
}

#[tokio::test]
async fn what_is_sealed_cannot_be_read_in_the_database() {
    for opened in both().await {
        let on = &opened.backend;
        let order = given::requested(given::id());
        let purchase = given::purchase(&order);
        let bought = given::bought();
        let waiting = order.bind(given::line(&purchase, &bought));
        let mut first = waiting.clone();
        first.head.version = namaskah_domain::Version::FIRST;
        let message = given::message(&waiting, "Your code is ZQX98471");
        let mut bound = purchase.bind(bought.clone());
        bound.version = namaskah_domain::Version::FIRST;
        let NewJob { kind, .. } = given::job();
        let SecondFactor::On(mut totp) = given::second_factor() else { panic!("it is on") };
        totp.secret = TotpSecret::from_stored(*b"a-secret-of-a-device");
        let device = totp.secret.to_text();
        let user = User { second_factor: SecondFactor::On(totp), ..given::user() };
        let secret = |text: &[u8; 32]| WebhookSecret::from_stored(text).expect("32 bytes");
        let secrets = Secrets::new(secret(b"a-secret-of-an-endpoint-that-was"));
        let secrets = secrets.rotated(secret(b"a-secret-of-an-endpoint-as-it-is"), given::at(1));
        let endpoint = Endpoint { secrets, ..given::endpoint(user.id) };
        let unit = UnitOfWork::new()
            .with(Change::User(user.clone()))
            .with(Change::Order(first.into()))
            .with(Change::Purchase(bound))
            .with(Change::ShownNumber(given::shown(&waiting)))
            .with(Change::Message(message.clone()))
            .with(Change::Notice(given::notice(Sender::TextVerified, Some("lr_visible".into()))))
            .with(Change::WebhookEndpoint(endpoint.clone()))
            .with(Change::Job(NewJob { kind, ..given::job() }));
        on.apply(unit).await;
        let all = everything(&opened).await;
        let contains = |text: &str| all.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(contains("lr_visible"), "the search finds what is stored in the clear");
        let number = bought.number.as_ref().expect("a number");
        let digits = &number.as_str()[1..];
        let texts = [digits, "ZQX98471", "Your code", "22395", "your code is 123456", "a-secret-of-a-mail"];
        let more = ["a-secret-of-a-device", device.expose(), "a-secret-of-an-endpoint", "hidden-path"];
        for hidden in texts.into_iter().chain(more) {
            assert!(!contains(hidden), "{hidden:?} can be read");
        }
        assert_eq!(on.webhooks.endpoint(endpoint.id).await.expect("readable"), Some(endpoint));
        assert_eq!(on.auth.user(user.id).await.expect("readable"), Some(user));
        let [read] =
            on.orders.messages_of(&[waiting.head.id]).await.expect("readable").try_into().expect("one");
        assert_eq!(read, message);
        opened.close().await;
    }
}

#[tokio::test]
async fn a_sealed_value_that_was_moved_to_another_row_does_not_open() {
    for opened in both().await {
        let on = &opened.backend;
        let mut orders = Vec::new();
        for _ in 0..2 {
            let order = given::requested(given::id());
            let line = given::line(&given::purchase(&order), &given::bought());
            let mut waiting = order.bind(line);
            waiting.head.version = namaskah_domain::Version::FIRST;
            on.apply(UnitOfWork::new().with(Change::Order(waiting.clone().into()))).await;
            orders.push(waiting.head.id);
        }
        assert!(on.orders.order(orders[1]).await.expect("readable").is_some());
        let newest = "(SELECT number_sealed FROM orders ORDER BY id DESC LIMIT 1)";
        opened.query(&format!("UPDATE orders SET number_sealed = {newest}")).await;
        assert!(on.orders.order(orders[0]).await.is_err(), "a number of another order is shown");
        assert!(on.orders.order(orders[1]).await.is_ok());
        // Its money waits for a repair; nobody else's does.
        let over = on.orders.ending(given::at(10_000), 9).await.expect("readable");
        assert_eq!(over.iter().map(|waiting| waiting.head.id).collect::<Vec<_>>(), [orders[1]]);
        opened.close().await;
    }
}
