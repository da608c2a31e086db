// runtime/task/winner.hpp under the explorer.
//   Exactly one claim succeeds, and the waiter learns which.
//   The waiter goes on exactly once: by itself, or made ready by a winner that found it parked.
//   A winner that must make it ready sees its stack as it left it; the waiter sees what the winner
//   did before the claim.
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

}  // namespace

int main(int argc, char** argv) {
  return weft::model::verify(argc, argv,
                             {
                                 {"one claims", {.preemptions = 6, .weak_failures = 2}, one_claims},
                                 {"two claim", {.preemptions = 4}, two_claim},
                                 {"waiter claims too", {.preemptions = 6}, waiter_claims_too},
                             });
}
