#pragma once
// The measuring harness that every C++ benchmark program shares (weft, Boost.Fiber and the raw
// limits alike; peers/go/harness.go is the same thing in Go). It knows no runtime: call it from the
// main task, fiber or thread, and from one of them only.
//
// A workload is a callable `body(n)` that performs n operations and returns when they are done.
// The harness warms up, finds the n that takes the wanted time, repeats, and prints one JSON object
// a line: {"workload", "runtime", "workers", "unit", "min", "median", "max"}.

#include <algorithm>
#include <cfenv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace bench {

struct args {
  unsigned workers = 1;
  int reps = 5;
  double target_ms = 100;  // how long one repetition should take
  std::uint64_t ops = 0;   // not 0: exactly this many operations, no warm-up (perf, callgrind)
  std::string scheduler;   // peers with several schedulers: which one
};

inline args parse(int argc, char** argv) {
  args a;
  for (int i = 1; i < argc; ++i) {
    const std::string key = argv[i];
    if (i + 1 >= argc) {
      std::fprintf(stderr, "%s: %s needs a value\n", argv[0], key.c_str());
      std::exit(2);
    }
    const char* value = argv[++i];
    if (key == "--workers") {
      a.workers = static_cast<unsigned>(std::strtoul(value, nullptr, 10));
    } else if (key == "--reps") {
      a.reps = std::atoi(value);
    } else if (key == "--ms") {
      a.target_ms = std::atof(value);
    } else if (key == "--ops") {
      a.ops = std::strtoull(value, nullptr, 10);
    } else if (key == "--scheduler") {
      a.scheduler = value;
    } else {
      std::fprintf(stderr,
                   "usage: %s [--workers N] [--reps N] [--ms MILLISECONDS] [--ops N] "
                   "[--scheduler NAME]\n",
                   argv[0]);
      std::exit(2);
    }
  }
  if (a.workers == 0 || a.reps <= 0 || a.target_ms <= 0) {
    std::fprintf(stderr, "%s: --workers, --reps and --ms must be positive\n", argv[0]);
    std::exit(2);
  }
  return a;
}

// For programs that only make sense with that many workers; status 3 tells scripts/bench.
inline void only_workers(const args& a, unsigned workers) {
  if (a.workers != workers) {
    std::fprintf(stderr, "this program measures %u worker%s only\n", workers,
                 workers == 1 ? "" : "s");
    std::exit(3);
  }
}

// Keeps the compiler from dropping a computation whose result nobody reads.
template <class T>
inline void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

// The harness computes in floating point, which leaves sticky flags in the control register; some
// runtimes then pay for each switch (the yield_fp question). They are cleared so that no other
// workload depends on what the harness did before it.
template <class F>
double time_ns(F&& f) {
  std::feclearexcept(FE_ALL_EXCEPT);
  const auto start = std::chrono::steady_clock::now();
  f();
  const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - start;
  return passed.count();
}

inline void print_result(const char* workload, const char* runtime, unsigned workers,
                         const char* unit, std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const std::size_t half = samples.size() / 2;
  const double median =
      samples.size() % 2 == 1 ? samples[half] : (samples[half - 1] + samples[half]) / 2;
  std::printf(
      "{\"workload\":\"%s\",\"runtime\":\"%s\",\"workers\":%u,\"unit\":\"%s\","
      "\"min\":%.2f,\"median\":%.2f,\"max\":%.2f}\n",
      workload, runtime, workers, unit, samples.front(), median, samples.back());
  std::fflush(stdout);
}

// Nanoseconds an operation. `scale` multiplies each sample (yield counts a worker's time, not the
// wall's). `round_to`: body is only called with multiples of it (waves). A body that returns a
// number says how many operations it has really done.
template <class F>
void measure(const args& a, const char* workload, const char* runtime, F&& body, double scale = 1,
             std::uint64_t round_to = 1) {
  const auto rounded = [&](double n) {
    const auto units = static_cast<std::uint64_t>(n / static_cast<double>(round_to));
    return std::max<std::uint64_t>(units, 1) * round_to;
  };
  std::uint64_t n = round_to;
  if (a.ops != 0) {
    n = rounded(static_cast<double>(a.ops));
  } else {
    // Double until a run is long enough to be trusted, then scale. This is the warm-up as well.
    const double trusted_ns = a.target_ms * 1e6 / 4;
    double took = time_ns([&] { body(n); });
    while (took < trusted_ns) {
      const double factor = std::clamp(trusted_ns * 1.2 / std::max(took, 1.0), 2.0, 10.0);
      n = rounded(static_cast<double>(n) * factor);
      took = time_ns([&] { body(n); });
    }
    n = rounded(static_cast<double>(n) * a.target_ms * 1e6 / took);
  }
  std::vector<double> samples;
  for (int i = 0; i < a.reps; ++i) {
    if constexpr (std::is_void_v<decltype(body(n))>) {
      samples.push_back(time_ns([&] { body(n); }) * scale / static_cast<double>(n));
    } else {
      std::uint64_t done = 0;
      const double took = time_ns([&] { done = body(n); });
      samples.push_back(took * scale / static_cast<double>(done));
    }
  }
  print_result(workload, runtime, a.workers, "ns", std::move(samples));
}

// Milliseconds of a whole job of fixed size, after up to three that warm up stacks and threads (one
// if it takes long).
template <class F>
void measure_job(const args& a, const char* workload, const char* runtime, F&& job) {
  double spent_ms = 0;
  for (int i = 0; i < 3 && a.ops == 0 && spent_ms < 3 * a.target_ms; ++i) {
    spent_ms += time_ns(job) / 1e6;
  }
  std::vector<double> samples;
  for (int i = 0; i < a.reps; ++i) {
    samples.push_back(time_ns(job) / 1e6);
  }
  print_result(workload, runtime, a.workers, "ms", std::move(samples));
}

// A distribution, one line a percentile: NAME_p50, NAME_p99 and, if `far`, NAME_p99.9.
inline void print_percentiles(const args& a, const std::string& name, const char* runtime,
                              const char* unit, std::vector<double> samples, bool far) {
  std::sort(samples.begin(), samples.end());
  const auto print = [&](const char* which, double share) {
    const auto at = static_cast<std::size_t>(share * static_cast<double>(samples.size()));
    print_result((name + which).c_str(), runtime, a.workers, unit,
                 {samples[std::min(at, samples.size() - 1)]});
  };
  if (samples.empty()) samples.push_back(0);
  print("_p50", 0.5);
  print("_p99", 0.99);
  if (far) print("_p99.9", 0.999);
}

inline std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The CPU-bound work of one skewed_spawn task: a chain of dependent multiplications, the same count
// in each language, so that compilers cannot differ much.
inline constexpr int skewed_tasks = 2000;
inline constexpr int skewed_steps = 20000;

inline std::uint64_t burn(std::uint64_t x, int steps = skewed_steps) {
  for (int i = 0; i < steps; ++i) {
    x = x * 6364136223846793005ULL + 1442695040888963407ULL;
  }
  return x;
}

// pipeline_2us: stages with about 2 us of that work each, with short buffers between them.
inline constexpr int stages = 4;
inline constexpr int stage_steps = 1600;
inline constexpr std::size_t stage_capacity = 16;

// yield_fp multiplies by it: never exact, so each time sets a sticky flag.
inline constexpr double inexact = 1.0000000001;

inline constexpr std::uint64_t wave_size = 10000;
inline constexpr std::size_t spsc_capacity = 128;
inline constexpr std::uint64_t skynet_leaves = 1'000'000;
inline constexpr int sieve_primes = 2000;
inline constexpr int sleeper_count = 100'000;
inline constexpr int sleeper_naps = 10;
inline constexpr int parked_tasks = 10'000;

// hog_timer: how long the hogs go on.
inline double hog_ms(const args& a) {
  return std::max(1000.0, 20 * a.target_ms);
}

// idle: how long things calm down, and how long is then watched.
inline double calm_ms(const args& a) {
  return a.target_ms < 100 ? 3000 : 5000;
}
inline double idle_ms(const args& a) {
  return a.target_ms < 100 ? 2000 : 10000;
}

// wake_*: how many wake-ups, and how long the waker stays busy before and after each.
inline int wake_samples(const args& a) {
  return std::clamp(static_cast<int>(10 * a.target_ms), 200, 2000);
}
inline constexpr std::int64_t wake_pause_ns = 500'000;
// wake_loaded: tasks a worker that compute about 20 us between two yields.
inline constexpr unsigned load_tasks = 8;
inline constexpr int load_steps = 16000;

}  // namespace bench
