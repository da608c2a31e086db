// scheduler/thread_parker.hpp under the explorer.
//   A token is never lost, whether it comes before, during or after the way to sleep.
//   Who comes out of park() sees what the one who unparked wrote.
#include "scheduler/thread_parker.hpp"

#include "explorer/suite.hpp"

namespace {

using namespace weft;

struct parked {
  sched::thread_parker parker;
  rt::plain<int> given;
  rt::atomic<int> gifts{0};
};

void one_token() {
  auto& s = model::make<parked>();
  model::thread("sleeper", [&] {
    s.parker.park();
    model::check(s.given == 1, "what the waker wrote");
  });
  model::thread("waker", [&] {
    s.given = 1;
    s.parker.unpark();
  });
  model::join_all();
}

// Two tokens may become one, but the last gift is never slept over.
void two_wakers() {
  auto& s = model::make<parked>();
  model::thread("sleeper", [&] {
    while (s.gifts.load(std::memory_order_relaxed) != 2) s.parker.park();
  });
  for (const char* name : {"waker 1", "waker 2"}) {
    model::thread(name, [&] {
      s.gifts.fetch_add(1, std::memory_order_relaxed);
      s.parker.unpark();
    });
  }
  model::join_all();
}

// The token of one sleep does not end the next one early without reason, and the second is found.
void two_rounds() {
  auto& s = model::make<parked>();
  model::thread("sleeper", [&] {
    int seen = 0;
    while (seen < 2) {
      s.parker.park();
      seen = s.gifts.load(std::memory_order_relaxed);
    }
  });
  model::thread("waker", [&] {
    for (int i = 1; i <= 2; ++i) {
      s.gifts.store(i, std::memory_order_relaxed);
      s.parker.unpark();
    }
  });
  model::join_all();
}

}  // namespace

int main(int argc, char** argv) {
  return weft::model::verify(
      argc, argv,
      {
          {"one token", {.preemptions = 6, .spurious_wakes = 2}, one_token},
          {"two rounds", {.preemptions = 4, .spurious_wakes = 1}, two_rounds},
          {"two wakers", {.preemptions = 3}, two_wakers},
      });
}
