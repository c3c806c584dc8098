//! Threads that hash, one for each core and no more. They are the same ones for as long as the process lives: each
//! takes its memory once, where a new thread for each hash would leave its own behind in the allocator.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use namaskah_domain::Fault;
use tokio::sync::oneshot;

use super::room::Room;

type Work = Box<dyn FnOnce(&mut Room) + Send>;

/// A fixed number of threads over one queue.
pub struct Threads {
    queue: mpsc::Sender<Work>,
}

impl Threads {
    /// So many of them. They end with the last of their queue.
    pub fn start(count: usize) -> Self {
        let (queue, taken) = mpsc::channel::<Work>();
        let taken = Arc::new(Mutex::new(taken));
        for _ in 0..count {
            let taken = Arc::clone(&taken);
            // Without any thread the queue has no end to be taken from, and every piece of work is refused.
            let _ = thread::Builder::new().name("password".to_owned()).spawn(move || serve(&taken));
        }
        Self { queue }
    }

    /// Runs `work` once a thread is free. Who gives up before it began has it left out.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Room) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let work = move |room: &mut Room| {
            if !answer.is_closed() {
                let _ = answer.send(work(room));
            }
        };
        self.queue.send(Box::new(work)).map_err(|_| Fault::new("no thread hashes passwords"))?;
        answered.await.map_err(Fault::new)?
    }
}

fn serve(taken: &Mutex<mpsc::Receiver<Work>>) {
    let mut room = Room::default();
    loop {
        let next = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        // Work that panics drops its answer, which its caller is told; the thread goes on.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut room)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn no_more_work_runs_at_once_than_there_are_threads() {
        let threads = Threads::start(2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = || {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            threads.run(move |_| {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            })
        };
        let done = futures::future::join_all((0..200).map(|_| work())).await;
        assert!(done.iter().all(Result::is_ok));
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_is_left_out() {
        let threads = Threads::start(1);
        let (go, gate) = mpsc::channel::<()>();
        let first = threads.run(move |_| gate.recv().map_err(Fault::new));
        let mut first = Box::pin(first);
        assert!(futures::poll!(first.as_mut()).is_pending());
        let done = Arc::new(AtomicUsize::new(0));
        let count = |done: &Arc<AtomicUsize>| {
            let done = Arc::clone(done);
            move |_: &mut Room| Ok(done.fetch_add(1, Ordering::SeqCst))
        };
        let mut given_up = Box::pin(threads.run(count(&done)));
        assert!(futures::poll!(given_up.as_mut()).is_pending());
        drop(given_up);
        go.send(()).expect("it waits");
        first.await.expect("it went on");
        assert_eq!(threads.run(count(&done)).await.expect("an answer"), 0);
    }

    #[tokio::test]
    async fn work_that_panics_is_told_and_the_thread_goes_on() {
        let threads = Threads::start(1);
        let broken = threads.run::<()>(|_| panic!("this work breaks")).await;
        assert!(broken.is_err());
        assert_eq!(threads.run(|_| Ok(7)).await.expect("an answer"), 7);
    }

    #[tokio::test]
    async fn without_a_thread_every_piece_of_work_is_refused() {
        assert!(Threads::start(0).run(|_| Ok(())).await.is_err());
    }
}
