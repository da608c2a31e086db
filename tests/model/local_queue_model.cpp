// scheduler/local_queue.hpp under the explorer, with rings of 2 and 4.
//   What was pushed is taken exactly once, by somebody, complete; nothing is invented.
//   A queue that is full says so and loses nothing.
#include "scheduler/local_queue.hpp"

#include "explorer/suite.hpp"

namespace {

using namespace weft;

struct item {
  rt::plain<int> payload;
  rt::plain<int> taken;
};

template <std::uint32_t Capacity>
struct queues {
  using queue = sched::local_queue<item, Capacity>;
  queue mine;
  queue thief[2];
  item items[8];
  int pushed = 0;  // owner only

  // Whoever has an item owns it: reads what the pusher wrote, marks it.
  static void take(item* taken) {
    if (taken == nullptr) return;
    model::check(taken->payload == 7, "the item is complete");
    model::check(taken->taken == 0, "nobody has taken it");
    taken->taken = 1;
  }
  bool push() {
    item& next = items[pushed];
    next.payload = 7;
    if (!mine.push(&next)) return false;
    ++pushed;
    return true;
  }
  // Pushes; a full queue gives half away first, as the scheduler does.
  void push_or_overflow() {
    if (push()) return;
    item* half[Capacity / 2];
    const std::uint32_t count = mine.take_half(half);
    for (std::uint32_t i = 0; i < count; ++i) take(half[i]);
    if (count == 0) {
      // Thieves have made room meanwhile.
      model::check(push(), "there is room after others took something");
      return;
    }
    model::check(push(), "there is room after half was taken");
  }
  void drain(queue& from) {
    while (item* found = from.pop()) take(found);
  }
  void steal(queue& into) {
    std::uint32_t stolen = 0;
    item* first = mine.steal_into(into, stolen);
    model::check((first != nullptr) == (stolen != 0), "the count goes with the item");
    take(first);
    drain(into);
  }
  void all_taken() {
    drain(mine);
    for (int i = 0; i < pushed; ++i) model::check(items[i].taken == 1, "nothing is lost");
    model::check(mine.empty(), "empty at the end");
  }
};

// A slot is written again as soon as it is free, not before it was read.
void freed_slot_is_reused() {
  auto& s = model::make<queues<2>>();
  s.push();
  s.push();
  model::thread("owner", [&] { s.push(); });
  model::thread("thief", [&] { s.steal(s.thief[0]); });
  model::join_all();
  s.all_taken();
}

// The owner goes around a ring of 2 while a thief steals.
void owner_and_thief() {
  auto& s = model::make<queues<2>>();
  model::thread("owner", [&] {
    for (int i = 0; i < 3; ++i) {
      s.push_or_overflow();
      if (i == 1) s.take(s.mine.pop());
    }
  });
  model::thread("thief", [&] { s.steal(s.thief[0]); });
  model::join_all();
  s.all_taken();
}

void owner_pops_thief_steals_twice() {
  auto& s = model::make<queues<2>>();
  model::thread("owner", [&] {
    s.push();
    s.push();
    s.take(s.mine.pop());
    s.push();
    s.take(s.mine.pop());
  });
  model::thread("thief", [&] {
    s.steal(s.thief[0]);
    s.steal(s.thief[0]);
  });
  model::join_all();
  s.all_taken();
}

void two_thieves() {
  auto& s = model::make<queues<4>>();
  model::thread("owner", [&] {
    for (int i = 0; i < 3; ++i) s.push();
    s.take(s.mine.pop());
  });
  model::thread("thief 1", [&] { s.steal(s.thief[0]); });
  model::thread("thief 2", [&] { s.steal(s.thief[1]); });
  model::join_all();
  s.all_taken();
}

// The thief's own queue is robbed while it is filled from another one.
void thief_is_robbed() {
  auto& s = model::make<queues<4>>();
  for (int i = 0; i < 4; ++i) s.push();
  model::thread("thief", [&] {
    std::uint32_t stolen = 0;
    s.take(s.mine.steal_into(s.thief[0], stolen));
    s.take(s.thief[0].pop());
    s.take(s.mine.steal_into(s.thief[0], stolen));
    s.drain(s.thief[0]);
  });
  model::thread("robber", [&] {
    std::uint32_t stolen = 0;
    s.take(s.thief[0].steal_into(s.thief[1], stolen));
    s.drain(s.thief[1]);
  });
  model::join_all();
  s.all_taken();
}

// A full queue is robbed while its owner, itself a thief, fills the slots that become free.
void robbed_slots_are_reused() {
  auto& s = model::make<queues<4>>();
  auto& other = model::make<queues<4>>();
  for (int i = 0; i < 4; ++i) s.push();
  for (int i = 0; i < 4; ++i) other.push();
  model::thread("thief", [&] {
    std::uint32_t stolen = 0;
    other.take(other.mine.steal_into(s.mine, stolen));
    s.drain(s.mine);
  });
  model::thread("robber", [&] {
    std::uint32_t stolen = 0;
    s.take(s.mine.steal_into(s.thief[0], stolen));
    s.drain(s.thief[0]);
  });
  model::join_all();
  s.drain(s.mine);
  other.all_taken();
  s.all_taken();
}

}  // namespace

int main(int argc, char** argv) {
  return weft::model::verify(
      argc, argv,
      {
          {"freed slot is reused", {.preemptions = 4, .future_reads = 1}, freed_slot_is_reused},
          {"owner and thief", {.preemptions = 3, .stale_reads = 3}, owner_and_thief},
          {"owner pops, thief steals twice",
           {.preemptions = 2, .stale_reads = 3},
           owner_pops_thief_steals_twice},
          {"two thieves", {.preemptions = 2, .stale_reads = 2}, two_thieves},
          {"thief is robbed", {.preemptions = 2, .stale_reads = 3}, thief_is_robbed},
          {"robbed slots are reused",
           {.preemptions = 3, .stale_reads = 2, .future_reads = 1},
           robbed_slots_are_reused},
      });
}
