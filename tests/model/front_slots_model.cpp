// scheduler/front_slots.hpp under the explorer.
//   What was put is taken exactly once, by the owner or by a robber, complete.
//   A front that nobody robs any more gives its owner everything.
#include "scheduler/front_slots.hpp"

#include "explorer/suite.hpp"

namespace {

using namespace weft;

struct item {
  rt::plain<int> payload;
  rt::plain<int> taken;
};

struct house {
  sched::front_slots<item> front;
  item items[3];

  void put_next(int i) {
    items[i].payload = 7;
    if (item* displaced = front.put_next(&items[i])) take(displaced);
  }
  void put_first(int i) {
    items[i].payload = 7;
    model::check(front.put_first(&items[i]), "nobody but the owner fills it");
  }
  static void take(item* taken) {
    if (taken == nullptr) return;
    model::check(taken->payload == 7, "complete");
    model::check(taken->taken == 0, "taken once");
    taken->taken = 1;
  }
  void take_all() {
    take(front.take_next());
    take(front.take_first());
  }
  void all_taken(int put) {
    for (int i = 0; i < put; ++i) model::check(items[i].taken == 1, "nothing is lost");
    model::check(front.empty(), "empty at the end");
  }
};

void owner_takes_while_robbed() {
  auto& h = model::make<house>();
  h.put_next(0);
  model::thread("owner", [&] { h.take_all(); });
  model::thread("robber", [&] { h.take(h.front.rob()); });
  model::join_all();
  h.all_taken(1);
}

// The owner puts what a robber may see at once, and goes on with what is left.
void owner_puts_while_robbed() {
  auto& h = model::make<house>();
  model::thread("owner", [&] {
    h.put_next(0);
    h.put_first(1);
    h.put_next(2);
    h.take_all();
  });
  model::thread("robber", [&] { h.take(h.front.rob()); });
  model::join_all();
  h.all_taken(3);
}

void two_robbers() {
  auto& h = model::make<house>();
  h.put_next(0);
  h.put_first(1);
  model::thread("owner", [&] { h.take(h.front.take_next()); });
  for (const char* name : {"one", "other"})
    model::thread(name, [&] { h.take(h.front.rob()); });
  model::join_all();
  h.take_all();
  h.all_taken(2);
}

// Where the first robber has been the second one and the owner see that it was there.
void robbed_and_filled_again() {
  auto& h = model::make<house>();
  h.put_next(0);
  model::thread("owner", [&] {
    h.take_all();
    h.put_next(1);
  });
  model::thread("robber", [&] {
    h.take(h.front.rob());
    h.take(h.front.rob());
  });
  model::join_all();
  h.take_all();
  h.all_taken(2);
}

}  // namespace

int main(int argc, char** argv) {
  return weft::model::verify(
      argc, argv,
      {
          {"the owner takes while it is robbed",
           {.preemptions = 3, .stale_reads = 2},
           owner_takes_while_robbed},
          {"the owner puts while it is robbed",
           {.preemptions = 3, .stale_reads = 2},
           owner_puts_while_robbed},
          {"two robbers", {.preemptions = 2, .stale_reads = 1}, two_robbers},
          {"robbed and filled again",
           {.preemptions = 3, .stale_reads = 2},
           robbed_and_filled_again},
      });
}
