//! A world that outlives many cycles: the simulators, a database, customers, and products that come and go.

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use super::{
    Failure, Kind,
    books::Books,
    customer::{Addresses, Customer},
    dice::Dice,
    load::Scene,
    memory::{Command, Memory},
    outside::Outside,
    process::{self, Process},
};
use crate::postgres::{self, TestDatabase};

const ANY: &str = "127.0.0.1:0";
const CUSTOMERS: usize = 3;

/// A product that serves.
pub struct Product {
    /// Its process.
    pub process: Process,
    /// Where it answers.
    pub address: String,
}

/// See the module.
pub struct World {
    /// Everybody but the products.
    pub scene: Arc<Scene>,
    /// Products that serve now.
    pub products: Vec<Product>,
    /// Where they answer.
    pub addresses: Addresses,
    /// Where the product keeps its books.
    pub database_url: String,
    /// How many may serve at once.
    pub most_instances: usize,
    /// SIGKILLs so far.
    pub kills: u64,
    /// SIGSTOPs so far.
    pub stops: u64,
    kind: Kind,
    sandbox: Process,
    /// Console and mail of the simulators.
    told: (String, String),
    database: Option<TestDatabase>,
    folder: TempDir,
}

impl World {
    /// A world on a new database of that kind; `None` where there is no Postgres.
    ///
    /// # Errors
    /// If it cannot be made.
    pub async fn new(kind: Kind, dice: &mut Dice) -> Result<Option<Self>, Failure> {
        let folder = tempfile::Builder::new().prefix("nmk-crash-").tempdir()?;
        let database = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => match postgres::empty_database().await {
                Some(database) => Some(database),
                None => return Ok(None),
            },
        };
        let file = || sqlite_url(&folder.path().join("namaskah.db"));
        let url = database.as_ref().map_or_else(file, |database| database.url.clone());
        let most_instances = if kind == Kind::Sqlite { 1 } else { 2 };
        Self::on(kind, folder, database, url, most_instances, dice).await.map(Some)
    }

    /// A world on a database that somebody else looks after.
    ///
    /// # Errors
    /// If it cannot be made.
    pub async fn at(kind: Kind, url: &str, most_instances: usize, dice: &mut Dice) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("nmk-crash-").tempdir()?;
        Self::on(kind, folder, None, url.to_owned(), most_instances, dice).await
    }

    async fn on(
        kind: Kind,
        folder: TempDir,
        database: Option<TestDatabase>,
        database_url: String,
        most_instances: usize,
        dice: &mut Dice,
    ) -> Result<Self, Failure> {
        let arguments = ["sandbox", "--sandbox-listen", ANY, "--sandbox-smtp-listen", ANY, "--data-dir", "."];
        let mut command = process::command(folder.path(), &arguments.map(str::to_owned))?;
        let sandbox = Process::start(folder.path(), "sandbox", &mut command)?;
        let told = (sandbox.address("console").await?, sandbox.address("mail").await?);
        let outside = Outside::new(&told.0)?;
        let account = json!({ "username": "namaskah@sandbox.invalid", "balance": "1000000.00" });
        outside.post("control/textverified/account", account).await?;
        let scene = Scene { customers: Vec::new(), outside, memory: Arc::new(Memory::default()) };
        let mut world = Self {
            scene: Arc::new(scene),
            products: Vec::new(),
            addresses: Addresses::default(),
            database_url,
            most_instances,
            kills: 0,
            stops: 0,
            kind,
            sandbox,
            told,
            database,
            folder,
        };
        // The first start migrates, and is killed while it does.
        world.starts_and_dies(2, dice).await?;
        world.serve(1).await?;
        world.welcome().await?;
        Ok(world)
    }

    /// Customers register, and have money.
    async fn welcome(&mut self) -> Result<(), Failure> {
        let (outside, memory) = (self.scene.outside.clone(), self.scene.memory.clone());
        let mut customers = Vec::new();
        for place in 0..CUSTOMERS {
            let customer = Customer::registered(place, self.addresses.clone(), memory.clone(), &outside);
            customers.push(customer.await?);
        }
        self.scene = Arc::new(Scene { customers, outside, memory });
        for customer in 0..CUSTOMERS {
            self.funds(customer).await?;
        }
        Ok(())
    }

    async fn funds(&self, customer: usize) -> Result<(), Failure> {
        let amount = json!({ "amount": "5000.00", "currency": "USD" });
        let body = json!({ "provider": "paystack", "amount": amount });
        let key = format!("payment-{}", self.scene.memory.next());
        let payment = self.scene.sends(Command { customer, path: "payments", body, key }).await;
        let payment = payment.ok_or("no payment could be opened")?;
        let reference = payment["reference"].as_str().ok_or("no reference")?;
        let pays = json!({ "outcome": "success", "webhook": "lose" });
        self.scene.outside.post(&format!("control/paystack/{reference}"), pays).await?;
        let path = format!("payments/{}/sync", payment["id"].as_str().unwrap_or_default());
        let ask = super::customer::Ask {
            kind: "sync",
            method: &reqwest::Method::POST,
            path: &path,
            body: &Value::Null,
            key: "",
        };
        let synced = self.scene.customers[customer].ask(&ask).await.done()?;
        self.scene.memory.sees_payment(customer, &synced, 0);
        Ok(())
    }

    /// The folder of logs and of the embedded database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A call of the binary over this world's database and simulators.
    ///
    /// # Errors
    /// If the binary is missing.
    pub fn command(&self, words: &[&str], database_url: &str) -> Result<tokio::process::Command, Failure> {
        let mail = self.told.1.trim_start_matches("smtp://");
        let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        for (flag, value) in [
            ("--listen", ANY),
            ("--sandbox-url", &self.told.0),
            ("--sandbox-smtp-listen", mail),
            ("--data-dir", "."),
            ("--database-url", database_url),
        ] {
            arguments.extend([flag.to_owned(), value.to_owned()]);
        }
        process::command(self.folder(), &arguments)
    }

    /// Starts a product, and does not wait for it.
    ///
    /// # Errors
    /// If the binary is missing.
    pub fn starts(&self) -> Result<Process, Failure> {
        Process::start(self.folder(), "product", &mut self.command(&["serve"], &self.database_url)?)
    }

    /// So many products start one after the other, and none lives to serve.
    ///
    /// # Errors
    /// If the binary is missing.
    pub async fn starts_and_dies(&mut self, times: u64, dice: &mut Dice) -> Result<(), Failure> {
        for _ in 0..times {
            let mut process = self.starts()?;
            tokio::time::sleep(Duration::from_millis(dice.between(0, 130))).await;
            process.kill().await?;
            self.kills += 1;
        }
        Ok(())
    }

    /// Exactly so many serve when this returns; answers how long that took.
    ///
    /// # Errors
    /// If one does not start.
    pub async fn serve(&mut self, instances: usize) -> Result<Duration, Failure> {
        let begun = Instant::now();
        while self.products.len() > instances {
            let Some(mut surplus) = self.products.pop() else { break };
            surplus.process.kill().await?;
        }
        while self.products.len() < instances {
            let process = self.starts()?;
            let address = process.address("product").await?;
            self.products.push(Product { process, address });
        }
        self.tell_addresses();
        Ok(begun.elapsed())
    }

    /// Customers know who serves now.
    pub fn tell_addresses(&self) {
        self.addresses.are(self.products.iter().map(|product| product.address.clone()).collect());
    }

    /// A new database is migrated by processes that are killed meanwhile; at last it is whole.
    ///
    /// # Errors
    /// If it cannot be.
    pub async fn migrates_and_dies(&mut self, dice: &mut Dice) -> Result<(), Failure> {
        let other = match self.kind {
            Kind::Sqlite => None,
            Kind::Postgres => postgres::empty_database().await,
        };
        let file = self.folder().join(format!("other-{}.db", self.scene.memory.next()));
        let url = other.as_ref().map_or_else(|| sqlite_url(&file), |other| other.url.clone());
        for _ in 0..3 {
            let mut command = self.command(&["migrate", "up"], &url)?;
            let mut process = Process::start(self.folder(), "migrate", &mut command)?;
            tokio::time::sleep(Duration::from_millis(dice.between(0, 60))).await;
            process.kill().await?;
            self.kills += 1;
        }
        for words in [["migrate", "up"], ["migrate", "status"]] {
            let ended = self.command(&words, &url)?.output().await?;
            let said = String::from_utf8_lossy(&ended.stdout);
            if !ended.status.success() || said.contains("missing") || said.contains("pending") {
                let why = String::from_utf8_lossy(&ended.stderr);
                return Err(format!("after killed migrations, {words:?}: {said}{why}").into());
            }
        }
        if let Some(other) = other {
            other.remove().await;
        }
        Ok(())
    }

    /// `namaskah audit` over the database, where the binary has it.
    ///
    /// # Errors
    /// If it finds something.
    pub async fn audit(&self) -> Result<(), Failure> {
        let help = self.command(&["help"], &self.database_url)?.output().await?;
        if !String::from_utf8_lossy(&help.stdout).contains("audit") {
            return Ok(());
        }
        let audit = self.command(&["audit"], &self.database_url)?.output().await?;
        if audit.status.success() {
            return Ok(());
        }
        let (said, why) = (String::from_utf8_lossy(&audit.stdout), String::from_utf8_lossy(&audit.stderr));
        Err(format!("namaskah audit: {}\n{said}{why}", audit.status).into())
    }

    /// Our books.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub async fn books(&self) -> Result<Books, Failure> {
        Books::open(&self.database_url).await
    }

    /// What a product should never have logged.
    ///
    /// # Errors
    /// If there is no log.
    pub fn panics(&self) -> Result<Option<String>, Failure> {
        let log = std::fs::read(self.folder().join("product.log"))?;
        let log = String::from_utf8_lossy(&log);
        Ok(log.lines().find(|line| line.contains("panicked")).map(str::to_owned))
    }

    /// Ends everything, and takes it away.
    ///
    /// # Errors
    /// If somebody does not end.
    pub async fn leaves(mut self) -> Result<(), Failure> {
        self.serve(0).await?;
        self.sandbox.kill().await?;
        if let Some(database) = self.database {
            database.remove().await;
        }
        Ok(())
    }

    /// Ends everything, and leaves it for whoever wants to know why.
    ///
    /// # Errors
    /// If somebody does not end.
    pub async fn stays(mut self) -> Result<std::path::PathBuf, Failure> {
        self.serve(0).await?;
        self.sandbox.kill().await?;
        if let Some(database) = &self.database {
            dump(&database.url, &self.folder.path().join("database.sql")).await;
        }
        Ok(self.folder.keep())
    }
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}?mode=rwc", file.display())
}

/// The cluster goes with this process; its database is kept as text where `pg_dump` can be found.
async fn dump(url: &str, to: &Path) {
    let Ok(file) = std::fs::File::create(to) else { return };
    let _ = tokio::process::Command::new("pg_dump").arg(url).stdout(file).status().await;
}
