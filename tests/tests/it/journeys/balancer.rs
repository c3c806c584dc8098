//! A balancer as small as can be: it leads connections in turn to whoever says that it is ready.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::controls::{client, eventually};

/// Between two questions whether an instance is ready.
const LOOK: Duration = Duration::from_millis(100);

struct Instance {
    address: SocketAddr,
    is_ready: AtomicBool,
    /// Connections that were led there.
    led: AtomicU64,
}

#[derive(Default)]
struct Known {
    instances: Mutex<Vec<Arc<Instance>>>,
    next: AtomicUsize,
}

impl Known {
    fn all(&self) -> Vec<Arc<Instance>> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Those that are ready, beginning with the next in turn.
    fn in_turn(&self) -> Vec<Arc<Instance>> {
        let is_ready = |instance: &Arc<Instance>| instance.is_ready.load(Ordering::SeqCst);
        let mut ready: Vec<_> = self.all().into_iter().filter(is_ready).collect();
        if !ready.is_empty() {
            let first = self.next.fetch_add(1, Ordering::Relaxed) % ready.len();
            ready.rotate_left(first);
        }
        ready
    }
}

/// See the module. It carries until it is dropped.
pub struct Balancer {
    address: SocketAddr,
    known: Arc<Known>,
    carrier: JoinHandle<()>,
}

impl Balancer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let known = Arc::<Known>::default();
        let knows = known.clone();
        let carrier = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, knows.clone()));
            }
        });
        Self { address, known, carrier }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads to this product, too, whenever it is ready.
    pub fn knows(&self, product: &str) {
        let address = product.trim_start_matches("http://").parse().expect("an address");
        let instance =
            Arc::new(Instance { address, is_ready: AtomicBool::new(false), led: AtomicU64::new(0) });
        self.known.instances.lock().unwrap_or_else(PoisonError::into_inner).push(instance.clone());
        tokio::spawn(async move {
            let (http, url) = (client(), format!("http://{address}/readyz"));
            // As long as the balancer knows it.
            while Arc::strong_count(&instance) > 1 {
                let asked = http.get(&url).header("Connection", "close").timeout(Duration::from_secs(2));
                let is_ready = asked.send().await.is_ok_and(|answer| answer.status() == 200);
                instance.is_ready.store(is_ready, Ordering::SeqCst);
                tokio::time::sleep(LOOK).await;
            }
        });
    }

    /// Returns when it leads to exactly so many.
    pub async fn leads_to(&self, count: usize) {
        eventually(&format!("{count} are ready"), || async {
            (self.known.in_turn().len() == count).then_some(())
        })
        .await;
    }

    /// How many connections each product has had, in the order in which they became known.
    pub fn led(&self) -> Vec<u64> {
        self.known.all().iter().map(|instance| instance.led.load(Ordering::SeqCst)).collect()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.carrier.abort();
        self.known.instances.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// To the first that takes the connection: nothing has been sent by then. Without any the client is let go.
async fn carry(mut client: TcpStream, known: Arc<Known>) {
    for instance in known.in_turn() {
        if let Ok(mut server) = TcpStream::connect(instance.address).await {
            instance.led.fetch_add(1, Ordering::SeqCst);
            // Both ends leave as they please.
            let _ = copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}
