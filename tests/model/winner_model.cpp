// runtime/task/winner.hpp under the explorer.
//   Exactly one claim succeeds, and the waiter learns which.
//   The waiter goes on exactly once: by itself, or made ready by a winner that found it parked.
//   A win that only tells it to look again can be won over, until it holds the locks.
//   A winner that must make it ready sees its stack as it left it; the waiter sees what the winner
//   did before the claim.
#include "runtime/base/spin_lock.hpp"
#include "runtime/task/winner.hpp"

#include "explorer/suite.hpp"

namespace {

using namespace weft;
using claim_result = rt::winner_word::claim_result;

struct waiting {
  rt::winner_word word;
  rt::plain<int> stack;  // what the waiter leaves behind when it parks
  rt::plain<int> value[2];
  rt::atomic<int> made_ready{0};  // the run queue, which orders by itself
  rt::atomic<int> claims{0};
};

void waiter(waiting& s) {
  s.stack = 1;
  if (s.word.try_park()) {
    while (s.made_ready.load(std::memory_order_acquire) == 0) rt::cpu_relax();
  } else {
    model::check(s.word.is_won(), "it stays only when somebody has won");
  }
  s.stack = 2;
  const std::uint32_t won = s.word.winner();
  model::check(won < 2, "a case has won");
  model::check(s.value[won] == 7, "the winner's value is there");
}

void claimer(waiting& s, std::uint32_t index) {
  s.value[index] = 7;
  const claim_result claimed = s.word.claim(index);
  if (claimed == claim_result::lost) return;
  s.claims.fetch_add(1, std::memory_order_relaxed);
  if (claimed != claim_result::won_parked) return;
  model::check(s.stack == 1, "the waiter's stack is complete");
  model::check(s.made_ready.exchange(1, std::memory_order_release) == 0, "made ready once");
}

void one_claims() {
  auto& s = model::make<waiting>();
  model::thread("waiter", [&] { waiter(s); });
  model::thread("claims 0", [&] { claimer(s, 0); });
  model::join_all();
}

void two_claim() {
  auto& s = model::make<waiting>();
  model::thread("waiter", [&] { waiter(s); });
  model::thread("claims 0", [&] { claimer(s, 0); });
  model::thread("claims 1", [&] { claimer(s, 1); });
  model::join_all();
  model::check(s.claims.load(std::memory_order_relaxed) == 1, "exactly one has won");
}

// A select that finds a case ready by itself claims its own word.
void waiter_claims_too() {
  auto& s = model::make<waiting>();
  model::thread("waiter", [&] {
    s.value[0] = 7;
    if (s.word.claim(0) == claim_result::won) {
      model::check(s.word.winner() == 0, "its own claim");
      return;
    }
    model::check(s.word.winner() == 1, "the other's claim");
    model::check(s.value[1] == 7, "the other's value");
  });
  model::thread("claims 1", [&] {
    s.value[1] = 7;
    model::check(s.word.claim(1) != claim_result::won_parked, "the waiter never parks");
  });
  model::join_all();
}

// One tells the waiter to look again, another wins a case meanwhile, both under the lock of the thing.
// The waiter goes on once, looks at most once, and does not miss the case.
void told_to_look_again() {
  struct looking : waiting {
    rt::spin_lock lock;
    rt::plain<int> result;  // of the node, written after the claim
  };
  auto& s = model::make<looking>();
  const auto told = [&](std::uint32_t index) {
    s.lock.lock();
    const claim_result claimed = s.word.claim(index);
    if (index == 0) {
      model::check(claimed != claim_result::lost, "a case wins over a look");
      s.result = 7;
    }
    s.lock.unlock();
    if (claimed != claim_result::won_parked) return;
    model::check(s.stack == 1, "the waiter's stack is complete");
    model::check(s.made_ready.exchange(1, std::memory_order_release) == 0, "made ready once a park");
  };
  model::thread("waiter", [&] {
    int looks = 0;
    for (;;) {
      s.stack = 1;
      if (s.word.try_park()) {
        while (s.made_ready.load(std::memory_order_acquire) == 0) rt::cpu_relax();
        s.made_ready.store(0, std::memory_order_relaxed);
      }
      s.stack = 2;
      s.lock.lock();
      const bool is_to_look = s.word.open_again();
      if (!is_to_look) model::check(s.result == 7, "the result is there");
      s.lock.unlock();
      if (!is_to_look) break;
      model::check(++looks == 1, "told once, looks once");
    }
    model::check(s.word.winner() == 0, "the case has won");
  });
  model::thread("looks at the clock", [&] { told(rt::winner_word::look_again); });
  model::thread("claims 0", [&] { told(0); });
  model::join_all();
}

// The time claims only if nobody has made the waiter ready: who did is on the way to it.
void time_and_look() {
  auto& s = model::make<waiting>();
  model::thread("waiter", [&] {
    if (!s.word.try_park()) return;
    if (s.word.claim_asleep(rt::winner_word::timed_out) == claim_result::lost) {
      while (s.made_ready.load(std::memory_order_acquire) == 0) rt::cpu_relax();
      model::check(s.word.open_again(), "nothing else has won");
    } else {
      model::check(s.word.winner() == rt::winner_word::timed_out, "its own claim");
    }
  });
  model::thread("looks again", [&] {
    if (s.word.claim(rt::winner_word::look_again) == claim_result::won_parked)
      s.made_ready.store(1, std::memory_order_release);
  });
  model::join_all();
}

}  // namespace

int main(int argc, char** argv) {
  return weft::model::verify(argc, argv,
                             {
                                 {"one claims", {.preemptions = 6, .weak_failures = 2}, one_claims},
                                 {"two claim", {.preemptions = 4}, two_claim},
                                 {"waiter claims too", {.preemptions = 6}, waiter_claims_too},
                                 {"told to look again", {.preemptions = 2}, told_to_look_again},
                                 {"time and look", {.preemptions = 6}, time_and_look},
                             });
}
