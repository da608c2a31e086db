//! Channels, select, mutex.

use std::hint::black_box;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, Mutex};

use crate::harness::*;

pub async fn round_trip(args: Args) {
    args.measure("round_trip", 1.0, 1, |n| async move {
        let (there, mut at_there) = mpsc::channel::<u64>(1);
        let (back, mut at_back) = mpsc::channel::<u64>(1);
        let echo = tokio::spawn(async move {
            while let Some(v) = at_there.recv().await {
                back.send(v).await.unwrap();
            }
        });
        for i in 0..n {
            there.send(i).await.unwrap();
            at_back.recv().await.unwrap();
        }
        drop(there);
        echo.await.unwrap();
    })
    .await;
}

pub async fn spsc128(args: Args) {
    args.measure("spsc128", 1.0, 1, |n| async move {
        let (tx, mut rx) = mpsc::channel::<u64>(SPSC_CAPACITY);
        tokio::spawn(async move {
            for i in 0..n {
                tx.send(i).await.unwrap();
            }
        });
        let mut sum = 0u64;
        while let Some(v) = rx.recv().await {
            sum = sum.wrapping_add(v);
        }
        black_box(sum);
    })
    .await;
}

/// Tokio's channel has one receiver; four share it behind tokio's mutex.
pub async fn mpmc4x4(args: Args) {
    args.measure("mpmc4x4", 1.0, 4, |n| async move {
        let (tx, rx) = mpsc::channel::<u64>(SPSC_CAPACITY);
        let rx = Arc::new(Mutex::new(rx));
        let mut consumers = Vec::new();
        for _ in 0..4 {
            let (tx, rx) = (tx.clone(), rx.clone());
            tokio::spawn(async move {
                for i in 0..n / 4 {
                    tx.send(i).await.unwrap();
                }
            });
            consumers.push(tokio::spawn(async move {
                let mut sum = 0u64;
                loop {
                    let got = rx.lock().await.recv().await;
                    match got {
                        Some(v) => sum = sum.wrapping_add(v),
                        None => break,
                    }
                }
                black_box(sum);
            }));
        }
        drop(tx);
        for consumer in consumers {
            consumer.await.unwrap();
        }
    })
    .await;
}

fn feed(each: u64) -> mpsc::Receiver<u64> {
    let (tx, rx) = mpsc::channel(1);
    tokio::spawn(async move {
        for i in 0..each {
            tx.send(i).await.unwrap();
        }
        // The channel stays open: a closed one would be ready for ever.
        tx.closed().await;
    });
    rx
}

pub async fn select2(args: Args) {
    args.measure("select2", 1.0, 2, |n| async move {
        let (mut a, mut b) = (feed(n / 2), feed(n / 2));
        let mut sum = 0u64;
        for _ in 0..n {
            tokio::select! {
                v = a.recv() => sum = sum.wrapping_add(v.unwrap()),
                v = b.recv() => sum = sum.wrapping_add(v.unwrap()),
            }
        }
        black_box(sum);
    })
    .await;
}

pub async fn mutex_8(args: Args) {
    args.measure("mutex_8", 1.0, 8, |n| async move {
        let counter = Arc::new(Mutex::new(0u64));
        let mut handles = Vec::new();
        for _ in 0..8 {
            let counter = counter.clone();
            handles.push(tokio::spawn(async move {
                for _ in 0..n / 8 {
                    *counter.lock().await += 1;
                }
            }));
        }
        for handle in handles {
            handle.await.unwrap();
        }
        assert_eq!(*counter.lock().await, n);
    })
    .await;
}

/// A task a prime, channels of one between them; the first 2,000 primes.
pub async fn sieve(args: Args) {
    args.measure_job("sieve", || async {
        let (tx, mut numbers) = mpsc::channel::<u32>(1);
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let work = async {
                for i in 2.. {
                    if tx.send(i).await.is_err() {
                        break;
                    }
                }
            };
            tokio::select! {
                _ = stopped => {}
                _ = work => {}
            }
        });
        let mut prime = 0;
        for _ in 0..SIEVE_PRIMES {
            prime = numbers.recv().await.unwrap();
            let (tx, rest) = mpsc::channel(1);
            let mut from = std::mem::replace(&mut numbers, rest);
            let divisor = prime;
            tokio::spawn(async move {
                while let Some(v) = from.recv().await {
                    if v % divisor != 0 && tx.send(v).await.is_err() {
                        break;
                    }
                }
            });
        }
        assert_eq!(prime, 17389);
        stop.send(()).unwrap();
        while numbers.recv().await.is_some() {}
    })
    .await;
}
