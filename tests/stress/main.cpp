// weft_stress --seconds N --seed S --workers W [--only NAME] [--rounds N]
//
// Runs random programs against the library for a while, one run of weft after the other. Round i
// has seed S + i, which decides the scenario too, so `--seed (S + i) --rounds 1` repeats it. Ends
// with status 0; a check that fails, a deadlock or a hang prints every task and aborts. The rounds
// are played in a child process: whatever ends it, the parent tells scenario and seed.
#include <dirent.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include "runtime/debug/collect.hpp"
#include "runtime/debug/last_resort.hpp"
#include "tests/stress/stress.hpp"

#include <weft/debug.hpp>

namespace weft_stress {
namespace {

using clock = std::chrono::steady_clock;

struct scenario {
  const char* name;
  void (*play)(round&);
  std::uint64_t rounds = 0;
};

scenario scenarios[] = {
    {"channels", channels},
    {"channels_closing", channels_closing},
    {"selects", selects},
    {"selects_closing", selects_closing},
    {"locks", locks},
    {"conditions", conditions},
    {"semaphores", semaphores},
    {"gates", gates},
    {"cancelled_waits", cancelled_waits},
    {"handles", handles},
    {"bursts", bursts},
    {"timers", timers},
    {"functions_later", functions_later},
    {"sleepers", sleepers},
    {"blockers", blockers},
    {"threads_across_runs", threads_across_runs},
    {"leftovers", leftovers},
    {"abandoned", abandoned},
    {"embedded", embedded},
    {"tcp_echo", tcp_echo},
    {"tcp_hostile", tcp_hostile},
};

// Only ends a hang.
constexpr auto longest_round = std::chrono::seconds(WEFT_TSAN || WEFT_ASAN ? 100 : 50);

// Where the child is; the parent reads it when the child has ended.
struct whereabouts {
  std::atomic<std::uint64_t> seed;
  std::atomic<const scenario*> now;  // the same address in both
  std::atomic<unsigned> workers;
};
whereabouts* at = nullptr;

std::atomic<std::uint64_t> steps{0};
std::atomic<clock::duration::rep> round_began{0};
std::atomic<bool> done{false};

int entries_of(const char* folder) {
  DIR* dir = opendir(folder);
  if (dir == nullptr) return -1;
  int count = 0;
  while (const dirent* entry = readdir(dir))
    if (entry->d_name[0] != '.') ++count;
  closedir(dir);
  return count;
}

long resident_kb() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  long all = 0, resident = 0;
  if (file != nullptr) {
    if (std::fscanf(file, "%ld %ld", &all, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * 4;
}

void print_state(const std::string& what) {
  static std::mutex only_one;  // two may fail at a time; the second waits for the end
  only_one.lock();
  std::fflush(stdout);
  std::fprintf(stderr, "\nweft_stress: %s\n\n", what.c_str());
  std::fflush(stderr);
}

void watch() {
  auto next_line = clock::now() + std::chrono::seconds(5);
  std::uint64_t steps_before = 0;
  while (!done.load()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto now = clock::now();
    const clock::time_point began{clock::duration(round_began.load())};
    if (at->now.load() != nullptr && now - began > longest_round)
      fail(__FILE__, __LINE__, "the round does not end");
    if (now < next_line) continue;
    next_line = now + std::chrono::seconds(5);
    const std::uint64_t so_far = steps.load();
    std::printf("seed %llu: %llu steps (+%llu), %ld MB resident\n",
                static_cast<unsigned long long>(at->seed.load()),
                static_cast<unsigned long long>(so_far),
                static_cast<unsigned long long>(so_far - steps_before), resident_kb() / 1024);
    std::fflush(stdout);
    steps_before = so_far;
  }
}

// Descriptors and threads that a round left behind. A thread that was joined may be listed for a
// moment longer.
void check_nothing_is_left(int descriptors, int threads) {
  const auto give_up = clock::now() + std::chrono::seconds(10);
  while (entries_of("/proc/self/task") > threads && clock::now() < give_up)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  STRESS_EQUAL(entries_of("/proc/self/task"), threads);
  STRESS_EQUAL(entries_of("/proc/self/fd"), descriptors);
}

void play(scenario& s, std::uint64_t seed, unsigned workers) {
  const int descriptors = entries_of("/proc/self/fd");
  const int threads = entries_of("/proc/self/task");
  round r(seed, workers);
  at->seed = seed;
  at->workers = r.workers;
  round_began = clock::now().time_since_epoch().count();
  at->now = &s;
  s.play(r);
  at->now = nullptr;
  ++s.rounds;
  check_nothing_is_left(descriptors, threads);
}

int play_all(std::uint64_t seed, std::uint64_t rounds, double seconds, unsigned workers,
             scenario* only) {
  std::thread watchdog(watch);
  const auto end = clock::now() + std::chrono::duration<double>(seconds);
  constexpr std::uint64_t count = sizeof scenarios / sizeof scenarios[0];
  const bool counted = rounds != ~std::uint64_t{0};
  for (std::uint64_t i = 0; counted ? i < rounds : clock::now() < end; ++i)
    play(only != nullptr ? *only : scenarios[(seed + i) % count], seed + i, workers);
  done = true;
  watchdog.join();

  std::uint64_t all = 0;
  for (const scenario& s : scenarios) {
    if (s.rounds != 0)
      std::printf("  %-20s %llu rounds\n", s.name, static_cast<unsigned long long>(s.rounds));
    all += s.rounds;
  }
  std::printf("weft_stress: passed, %llu rounds, %llu steps, %ld MB resident\n",
              static_cast<unsigned long long>(all), static_cast<unsigned long long>(steps.load()),
              resident_kb() / 1024);
  return 0;
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  const scenario* s = at->now.load();
  std::fprintf(stderr, "\nweft_stress: FAILED (%s %d)\n  repeat: --rounds 1 --seed %llu --only %s --workers %u\n",
               WIFEXITED(status) ? "status" : "signal",
               WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
               static_cast<unsigned long long>(at->seed.load()), s != nullptr ? s->name : "?",
               at->workers.load());
  return 1;
}

[[noreturn]] void usage() {
  std::fprintf(stderr, "usage: weft_stress [--seconds N] [--seed S] [--workers W] [--rounds N] "
                       "[--only NAME]\nscenarios:");
  for (const scenario& s : scenarios) std::fprintf(stderr, " %s", s.name);
  std::fprintf(stderr, "\n");
  std::exit(64);
}

}  // namespace

void count_steps(std::uint64_t n) noexcept { steps.fetch_add(n, std::memory_order_relaxed); }

void fail(const char* file, int line, const std::string& what) {
  print_state(std::string(file) + ":" + std::to_string(line) + ": " + what);
  const weft::debug::scheduler_stats stats = weft::debug::stats();
  std::fprintf(stderr, "%llu processors, %llu threads, %llu live tasks\n\n",
               static_cast<unsigned long long>(stats.workers),
               static_cast<unsigned long long>(stats.threads),
               static_cast<unsigned long long>(stats.live_tasks));
  {
    weft::rt::last_resort guard;  // the dump may hang as the program does
    const std::string text = weft::rt::collect_tasks({}).text();
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  }
  std::abort();
}

weft::options round::options() const {
  weft::options o;
  o.workers = workers;
  o.on_main_exit = waits_at_exit ? weft::main_exit::wait : weft::main_exit::cancel;
  o.exit_grace = std::chrono::hours(1);  // the watchdog is faster, and says more
  o.foreign_threads = weft::never_wake;  // the watchdog's; the others hold a waker
  o.on_deadlock = [](const weft::debug::deadlock_report& report) {
    print_state("all tasks are asleep");
    std::fputs(report.text().c_str(), stderr);
    std::abort();
  };
  return o;
}

}  // namespace weft_stress

int main(int argc, char** argv) {
  using namespace weft_stress;
  double seconds = 10;
  std::uint64_t seed = static_cast<std::uint64_t>(clock::now().time_since_epoch().count()) % 1000000;
  std::uint64_t rounds = ~std::uint64_t{0};
  unsigned workers = 0;
  scenario* only = nullptr;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (++i == argc) usage();
    const char* value = argv[i];
    if (option == "--seconds") {
      seconds = std::atof(value);
    } else if (option == "--seed") {
      seed = std::strtoull(value, nullptr, 10);
    } else if (option == "--workers") {
      workers = static_cast<unsigned>(std::atoi(value));
    } else if (option == "--rounds") {
      rounds = std::strtoull(value, nullptr, 10);
    } else if (option == "--only") {
      for (scenario& s : scenarios)
        if (std::strcmp(s.name, value) == 0) only = &s;
      if (only == nullptr) usage();
    } else {
      usage();
    }
  }

  std::printf("weft_stress: seed %llu, %g seconds\n", static_cast<unsigned long long>(seed), seconds);
  std::fflush(stdout);
  at = static_cast<whereabouts*>(mmap(nullptr, sizeof(whereabouts), PROT_READ | PROT_WRITE,
                                      MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const pid_t child = fork();
  if (at == MAP_FAILED || child < 0) {
    std::perror("weft_stress");
    return 1;
  }
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return play_all(seed, rounds, seconds, workers, only);
  }
  return wait_for(child);
}
