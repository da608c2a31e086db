//! Starting, yielding, sleeping.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, Notify, Semaphore};

use crate::harness::*;

/// What a wait_group does elsewhere: a counter, and a notification for zero.
struct Countdown {
    left: AtomicU64,
    zero: Notify,
}

impl Countdown {
    fn new(n: u64) -> Arc<Countdown> {
        Arc::new(Countdown { left: AtomicU64::new(n), zero: Notify::new() })
    }
    fn done(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.zero.notify_one();
        }
    }
    async fn wait(&self) {
        self.zero.notified().await;
    }
}

/// Two tasks a worker yield; meanwhile a timer fires every millisecond and the poller is looked at.
pub async fn yields(args: Args) {
    let tasks = 2 * args.workers as u64;
    let stop = Arc::new(AtomicBool::new(args.ops != 0));
    let fired = Arc::new(AtomicU64::new(0));
    let polled = Arc::new(AtomicU64::new(0));
    let (mut near, mut far) = UnixStream::pair().unwrap();
    let timer = tokio::spawn({
        let (stop, fired) = (stop.clone(), fired.clone());
        async move {
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(1)).await;
                fired.fetch_add(1, Ordering::Relaxed);
                near.write_all(b"x").await.unwrap();
            }
        }
    });
    let reader = tokio::spawn({
        let polled = polled.clone();
        async move {
            let mut byte = [0u8; 1];
            while far.read(&mut byte).await.unwrap_or(0) == 1 {
                polled.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let start = Instant::now();
    args.measure("yield", args.workers as f64, tasks, |n| async move {
        let mut handles = Vec::new();
        for _ in 0..tasks {
            handles.push(tokio::spawn(async move {
                for _ in 0..n / tasks {
                    tokio::task::yield_now().await;
                }
            }));
        }
        for handle in handles {
            handle.await.unwrap();
        }
    })
    .await;
    let (f, p) = (fired.load(Ordering::Relaxed), polled.load(Ordering::Relaxed));
    if args.ops == 0 && start.elapsed() > Duration::from_millis(200) && (f == 0 || p == 0) {
        eprintln!("the timer fired {f} times and the poller was seen {p} times");
        std::process::exit(1);
    }
    stop.store(true, Ordering::Relaxed);
    timer.await.unwrap();
    reader.await.unwrap();
}

pub async fn spawn_join(args: Args) {
    args.measure("spawn_join", 1.0, 1, |n| async move {
        for _ in 0..n {
            tokio::spawn(async {}).await.unwrap();
        }
    })
    .await;
}

/// The gate is a semaphore without permits: closing it lets everybody go on.
pub async fn spawn_wave(args: Args) {
    args.measure("spawn_wave", 1.0, WAVE_SIZE, |n| async move {
        for _ in 0..n / WAVE_SIZE {
            let gate = Arc::new(Semaphore::new(0));
            let (arrived, ended) = (Countdown::new(WAVE_SIZE), Countdown::new(WAVE_SIZE));
            for _ in 0..WAVE_SIZE {
                let (gate, arrived, ended) = (gate.clone(), arrived.clone(), ended.clone());
                tokio::spawn(async move {
                    arrived.done();
                    let _ = gate.acquire().await;
                    ended.done();
                });
            }
            arrived.wait().await;
            gate.close();
            ended.wait().await;
        }
    })
    .await;
    args.measure("spawn_wave_empty", 1.0, WAVE_SIZE, |n| async move {
        for _ in 0..n / WAVE_SIZE {
            let ended = Countdown::new(WAVE_SIZE);
            for _ in 0..WAVE_SIZE {
                let ended = ended.clone();
                tokio::spawn(async move { ended.done() });
            }
            ended.wait().await;
        }
    })
    .await;
}

fn node(to: mpsc::Sender<u64>, number: u64, size: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        if size == 1 {
            to.send(number).await.unwrap();
            return;
        }
        let (tx, mut from) = mpsc::channel(1);
        for i in 0..10 {
            tokio::spawn(node(tx.clone(), number + i * (size / 10), size / 10));
        }
        let mut sum = 0;
        for _ in 0..10 {
            sum += from.recv().await.unwrap();
        }
        to.send(sum).await.unwrap();
    })
}

/// A tree of a million tasks: each inner one starts ten and adds up what they send.
pub async fn skynet(args: Args) {
    let leaves = if args.ops != 0 { args.ops } else { SKYNET_LEAVES };
    args.measure_job("skynet", || async move {
        let (tx, mut result) = mpsc::channel(1);
        tokio::spawn(node(tx, 0, leaves));
        assert_eq!(result.recv().await.unwrap(), leaves * (leaves - 1) / 2);
    })
    .await;
    args.print("skynet_peak", "MB", vec![peak_mb()]);
}

pub async fn sleepers(args: Args) {
    args.measure_job("sleepers", || async {
        let ended = Countdown::new(SLEEPER_COUNT as u64);
        for _ in 0..SLEEPER_COUNT {
            let ended = ended.clone();
            tokio::spawn(async move {
                for _ in 0..SLEEPER_NAPS {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                ended.done();
            });
        }
        ended.wait().await;
    })
    .await;
}
