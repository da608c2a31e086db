//! tokiobench WORKLOAD|list [--workers N] [--reps N] [--ms MS] [--ops N]
//!
//! One worker is tokio's current_thread runtime, more are multi_thread; the body is spawned, so that it
//! runs on a worker. Tokio has no unbuffered channel: where the others hand over, this one has a
//! channel of one.

mod harness;
mod tasks;
mod waiting;

use harness::Args;

const WORKLOADS: &[&str] = &[
    "yield", "spawn_join", "spawn_wave", "round_trip", "spsc128", "mpmc4x4", "select2", "mutex_8",
    "skynet", "sieve", "sleepers",
];

async fn run(workload: String, args: Args) {
    match workload.as_str() {
        "yield" => tasks::yields(args).await,
        "spawn_join" => tasks::spawn_join(args).await,
        "spawn_wave" => tasks::spawn_wave(args).await,
        "skynet" => tasks::skynet(args).await,
        "sleepers" => tasks::sleepers(args).await,
        "round_trip" => waiting::round_trip(args).await,
        "spsc128" => waiting::spsc128(args).await,
        "mpmc4x4" => waiting::mpmc4x4(args).await,
        "select2" => waiting::select2(args).await,
        "mutex_8" => waiting::mutex_8(args).await,
        "sieve" => waiting::sieve(args).await,
        _ => unreachable!("main has looked"),
    }
}

fn main() {
    let mut words = std::env::args().skip(1);
    let workload = words.next().unwrap_or_default();
    if workload == "list" {
        WORKLOADS.iter().for_each(|w| println!("{w}"));
        return;
    }
    let args = Args::parse(words);
    if !WORKLOADS.contains(&workload.as_str()) || args.is_err() {
        eprintln!("usage: tokiobench WORKLOAD|list [--workers N] [--reps N] [--ms MS] [--ops N]");
        eprintln!("{}", args.err().unwrap_or(format!("no workload '{workload}'")));
        std::process::exit(2);
    }
    let args = args.unwrap();
    let mut builder = if args.workers == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    let runtime = builder.worker_threads(args.workers).enable_all().build().unwrap();
    runtime.block_on(async { tokio::spawn(run(workload, args)).await.unwrap() });
}
