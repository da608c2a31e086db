// runtime/base/spin_lock.hpp under the explorer.
//   One thread at a time is inside, and sees what the one before it wrote.
//   Whoever held it last may destroy it.
#include "runtime/base/spin_lock.hpp"

#include "explorer/suite.hpp"

namespace {

using namespace weft;

struct counted {
  rt::spin_lock lock;
  rt::plain<int> value;
};

void two_count_twice() {
  auto& s = model::make<counted>();
  for (const char* name : {"A", "B"}) {
    model::thread(name, [&] {
      for (int i = 0; i < 2; ++i) {
        const rt::spin_guard hold(s.lock);
        s.value = s.value + 1;
      }
    });
  }
  model::join_all();
  model::check(s.value == 4, "all counted");
}

void three_count() {
  auto& s = model::make<counted>();
  for (const char* name : {"A", "B", "C"}) {
    model::thread(name, [&] {
      const rt::spin_guard hold(s.lock);
      s.value = s.value + 1;
    });
  }
  model::join_all();
  model::check(s.value == 3, "all counted");
}

void one_tries() {
  auto& s = model::make<counted>();
  model::thread("locks", [&] {
    const rt::spin_guard hold(s.lock);
    s.value = s.value + 1;
  });
  model::thread("tries", [&] {
    if (!s.lock.try_lock()) return;
    s.value = s.value + 1;
    s.lock.unlock();
  });
  model::join_all();
  model::check(s.value >= 1 && s.value <= 2, "the one who locks counted");
  model::check(!s.lock.is_locked(), "free at the end");
}

// Two owners of an object drop it under its own lock; the last one destroys lock and all.
void last_one_destroys() {
  struct shared {
    rt::spin_lock lock;
    rt::plain<int> owners{2};
  };
  struct holder {
    shared* object = new shared;
  };
  auto& h = model::make<holder>();
  for (const char* name : {"A", "B"}) {
    model::thread(name, [&] {
      h.object->lock.lock();
      const bool last = (h.object->owners = h.object->owners - 1) == 0;
      h.object->lock.unlock();
      if (last) delete h.object;
    });
  }
  model::join_all();
}

}  // namespace

int main(int argc, char** argv) {
  return weft::model::verify(argc, argv,
                             {
                                 {"two count twice", {.preemptions = 4}, two_count_twice},
                                 {"three count", {.preemptions = 3}, three_count},
                                 {"one tries", {.preemptions = 5}, one_tries},
                                 {"last one destroys", {.preemptions = 4}, last_one_destroys},
                             });
}
