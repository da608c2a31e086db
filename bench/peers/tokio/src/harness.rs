//! bench/harness.hpp in Rust: warm up, find the count of operations that takes the wanted time,
//! repeat, print one JSON object a line.

use std::future::Future;
use std::time::Instant;

pub const WAVE_SIZE: u64 = 10_000;
pub const SPSC_CAPACITY: usize = 128;
pub const SKYNET_LEAVES: u64 = 1_000_000;
pub const SIEVE_PRIMES: usize = 2000;
pub const SLEEPER_COUNT: usize = 100_000;
pub const SLEEPER_NAPS: usize = 10;

#[derive(Clone, Copy)]
pub struct Args {
    pub workers: usize,
    pub reps: usize,
    pub target_ms: f64,
    pub ops: u64,
}

impl Args {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Args, String> {
        let mut args = Args { workers: 1, reps: 5, target_ms: 100.0, ops: 0 };
        while let Some(key) = words.next() {
            let value = words.next().ok_or(format!("{key} needs a value"))?;
            let bad = |_| format!("{key}: not a number: {value}");
            match key.as_str() {
                "--workers" => args.workers = value.parse().map_err(bad)?,
                "--reps" => args.reps = value.parse().map_err(bad)?,
                "--ms" => args.target_ms = value.parse().map_err(|_| format!("--ms: {value}"))?,
                "--ops" => args.ops = value.parse().map_err(bad)?,
                _ => return Err(format!("no option {key}")),
            }
        }
        if args.workers == 0 || args.reps == 0 || args.target_ms <= 0.0 {
            return Err("--workers, --reps and --ms must be positive".into());
        }
        Ok(args)
    }

    pub fn print(&self, workload: &str, unit: &str, mut samples: Vec<f64>) {
        samples.sort_by(f64::total_cmp);
        let half = samples.len() / 2;
        let median = if samples.len() % 2 == 1 {
            samples[half]
        } else {
            (samples[half - 1] + samples[half]) / 2.0
        };
        println!(
            "{{\"workload\":\"{workload}\",\"runtime\":\"tokio\",\"workers\":{},\"unit\":\"{unit}\",\
             \"min\":{:.2},\"median\":{median:.2},\"max\":{:.2}}}",
            self.workers,
            samples[0],
            samples[samples.len() - 1]
        );
    }

    /// Nanoseconds an operation; body(n) performs n of them, n being a multiple of round_to.
    pub async fn measure<F, Done>(&self, workload: &str, scale: f64, round_to: u64, body: F)
    where
        F: Fn(u64) -> Done,
        Done: Future<Output = ()>,
    {
        let rounded = |n: f64| ((n / round_to as f64) as u64).max(1) * round_to;
        let mut n = round_to;
        if self.ops != 0 {
            n = rounded(self.ops as f64);
        } else {
            let trusted = self.target_ms * 1e6 / 4.0;
            let mut took = time_ns(body(n)).await;
            while took < trusted {
                let factor = (trusted * 1.2 / took.max(1.0)).clamp(2.0, 10.0);
                n = rounded(n as f64 * factor);
                took = time_ns(body(n)).await;
            }
            n = rounded(n as f64 * self.target_ms * 1e6 / took);
        }
        let mut samples = Vec::new();
        for _ in 0..self.reps {
            samples.push(time_ns(body(n)).await * scale / n as f64);
        }
        self.print(workload, "ns", samples);
    }

    /// Milliseconds of a whole job of fixed size, after up to three that warm up.
    pub async fn measure_job<F, Done>(&self, workload: &str, job: F)
    where
        F: Fn() -> Done,
        Done: Future<Output = ()>,
    {
        let mut spent = 0.0;
        for _ in 0..3 {
            if self.ops == 0 && spent < 3.0 * self.target_ms {
                spent += time_ns(job()).await / 1e6;
            }
        }
        let mut samples = Vec::new();
        for _ in 0..self.reps {
            samples.push(time_ns(job()).await / 1e6);
        }
        self.print(workload, "ms", samples);
    }
}

async fn time_ns(work: impl Future<Output = ()>) -> f64 {
    let start = Instant::now();
    work.await;
    start.elapsed().as_nanos() as f64
}

/// The most memory that the process had, in MB.
pub fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}
