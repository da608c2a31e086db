// Tasks and their handles: joined, dropped, detached, cancelled, moved and waited for by others, at
// any moment; and bursts that overflow a queue.
#include <stdexcept>
#include <vector>

#include "tests/stress/stress.hpp"

namespace weft_stress {
namespace {

struct told : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What a task is about to do; what it gives when it may do it to the end.
enum class errand { at_once, yields, sleeps, throws, exits, waits_for_ever, waits_for_child };

std::uint64_t do_errand(errand what, std::uint64_t value, int depth, ledger& books, rng random);

class child {
 public:
  child(ledger& books, rng& random, int depth) {
    static constexpr errand errands[] = {errand::at_once, errand::at_once,        errand::yields,
                                         errand::sleeps,  errand::throws,         errand::exits,
                                         errand::waits_for_ever, errand::waits_for_child};
    what_ = random.pick(errands);
    if (depth == 0 && what_ == errand::waits_for_child) what_ = errand::yields;
    value_ = random.next();
    handle_ = weft::spawn(
        [carried = token(books, 1), what = what_, value = value_, depth, &books](rng mine) {
          return do_errand(what, value, depth, books, mine);
        },
        random.fork());
  }

  // True when the handle is done with.
  bool end_somehow(rng& random) {
    bool may_end_early = what_ == errand::exits;
    switch (random.below(5)) {
      case 0:
        return true;  // the destructor cancels and joins
      case 1:
        // An exception that nobody could get any more would be a panic.
        if (what_ != errand::waits_for_ever && what_ != errand::throws) {
          handle_.detach();
          return true;
        }
        [[fallthrough]];
      case 2:
        handle_.cancel();
        handle_.cancel();
        may_end_early = true;
        break;
      default:
        if (what_ == errand::waits_for_ever) return false;
        break;
    }
    if (random.one_in(3)) {
      // Somebody else joins it.
      weft::spawn([&, moved = std::move(handle_)]() mutable { join(moved, may_end_early); }).join();
    } else {
      join(handle_, may_end_early);
    }
    return true;
  }

 private:
  void join(weft::task<std::uint64_t>& handle, bool may_end_early) {
    try {
      STRESS_EQUAL(handle.join(), value_);
      STRESS_CHECK(what_ != errand::exits && what_ != errand::throws &&
                   what_ != errand::waits_for_ever);
    } catch (const weft::task_ended&) {
      STRESS_CHECK(may_end_early);
    } catch (const told& e) {
      STRESS_CHECK(what_ == errand::throws);
      STRESS_CHECK(e.what() == std::string("told"));
    }
    STRESS_CHECK(!handle.joinable());
  }

  errand what_ = errand::at_once;
  std::uint64_t value_ = 0;
  weft::task<std::uint64_t> handle_;
};

std::uint64_t do_errand(errand what, std::uint64_t value, int depth, ledger& books, rng random) {
  token local(books, 2);
  switch (what) {
    case errand::at_once:
      break;
    case errand::yields:
      for (int i = random.below(20); i > 0; --i) weft::this_task::yield();
      break;
    case errand::sleeps:
      weft::sleep_for(random.up_to_us(200));
      break;
    case errand::throws:
      dawdle(random);
      throw told("told");
    case errand::exits:
      dawdle(random);
      weft::this_task::exit();
    case errand::waits_for_ever:
      switch (random.below(4)) {
        case 0:
          weft::select();
          break;
        case 1:
          weft::make_chan<token>().send(token(books, 3));
          break;
        case 2:
          weft::semaphore(0).acquire();
          break;
        default:
          weft::make_chan<int>(1).recv();
          break;
      }
      break;
    case errand::waits_for_child: {
      std::vector<std::unique_ptr<child>> children;
      for (int i = random.between(1, 3); i > 0; --i)
        children.push_back(std::make_unique<child>(books, random, depth - 1));
      dawdle(random);
      for (auto& c : children)
        while (!c->end_somehow(random)) dawdle(random);
      break;
    }
  }
  count_steps();
  return value;
}

}  // namespace

void handles(round& r) {
  ledger books;
  r.run([&] {
    crew storms(r.random, false);
    for (int i = r.random.between(1, 6); i > 0; --i)
      storms.go([&, random = r.random.fork()]() mutable {
        std::vector<std::unique_ptr<child>> children;
        for (int turn = round::size(150); turn > 0; --turn) {
          children.push_back(std::make_unique<child>(books, random, 2));
          dawdle(random);
          while (!children.empty() && static_cast<int>(children.size()) > random.below(20)) {
            auto& chosen =
                children[static_cast<std::size_t>(random.below(static_cast<int>(children.size())))];
            if (!chosen->end_somehow(random)) break;
            std::swap(chosen, children.back());
            children.pop_back();
          }
        }
      });
    storms.wait();
  });
  books.check();  // also what was detached has ended when run() returns
}

void bursts(round& r) {
  ledger books;
  std::atomic<std::uint64_t> ran{0};
  std::uint64_t spawned = 0;
  r.run([&] {
    for (int turn = r.random.between(1, 4); turn > 0; --turn) {
      weft::wait_group group;
      const int n = r.random.between(1, round::size(2000));
      const bool early_yields = r.random.one_in(2);
      for (int i = 0; i < n; ++i) {
        group.go([&, carried = token(books, 1), random = r.random.fork()]() mutable {
          if (random.one_in(8)) weft::this_task::yield();
          if (random.one_in(16))
            group.go([&, inner = std::move(carried)] { ++ran; });
          ++ran;
          count_steps();
        });
        if (early_yields && r.random.one_in(16)) weft::this_task::yield();
      }
      spawned += static_cast<std::uint64_t>(n);
      group.wait();
    }
  });
  STRESS_CHECK(ran.load() >= spawned);
  books.check();
}

}  // namespace weft_stress
