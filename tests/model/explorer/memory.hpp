// The memory of one execution: every location with all stores made to it, and what each thread of
// the model may read of them.
//
// Modelled: relaxed, acquire, release, acq_rel and seq_cst loads, stores, read-modify-writes and
// fences, release sequences through read-modify-writes, coherence. A load may return every store
// that is not older than what its thread already knows of.
// Left out: a location's modification order is the order in which the schedule made the stores, so
// the weak outcome of 2+2W does not appear; no structure here rests on it. A load returns a store
// that the schedule has not made yet (load buffering) only where options.future_reads asks for it,
// see engine.hpp.
// The total order S of seq_cst operations is the order of the schedule.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "explorer/view.hpp"

namespace weft::model {

class memory {
 public:
  struct window {  // stores of a location that a load may return, by index
    std::size_t oldest;
    std::size_t newest;
  };

  void reset();

  // The child knows what its parent knows; a join is the way back.
  void thread_started(std::size_t child, std::size_t parent);
  void thread_joined(std::size_t waiter, std::size_t ended);

  std::size_t create(std::size_t thread, std::uint64_t bits, bool outside);
  std::size_t locations() const noexcept { return used_; }

  // Empty, or why this access is not allowed at all.
  std::string check_access(std::size_t thread, std::size_t location);
  std::string destroy(std::size_t thread, std::size_t location);
  bool is_gone(std::size_t location) const noexcept { return at_[location].gone; }

  window readable(std::size_t thread, std::size_t location, std::memory_order order) const;
  std::size_t newest(std::size_t location) const { return at_[location].history.size() - 1; }
  std::uint64_t peek(std::size_t location, std::size_t index) const {
    return at_[location].history[index].bits;
  }

  std::uint64_t load(std::size_t thread, std::size_t location, std::size_t index,
                     std::memory_order order);
  void store(std::size_t thread, std::size_t location, std::uint64_t bits, std::memory_order order);
  // Replaces the newest store, which is read in the same step.
  void update(std::size_t thread, std::size_t location, std::uint64_t bits,
              std::memory_order order);
  void fence(std::size_t thread, std::memory_order order);
  // All threads order what they did before what they do after, but synchronise with nobody.
  void barrier_of_all(std::size_t threads);

  // The thread has waited long enough for this location: from now on it reads its newest store.
  bool refresh(std::size_t thread, std::size_t location);

  // The kernel's part of a futex: a wait that follows a wake sees what the waker saw.
  window futex_readable(std::size_t thread, std::size_t location) const;
  void futex_woken(std::size_t thread, std::size_t location);

  // For loads that return a later store: what the thread does from now on has this clock, and a
  // thread that knows of it did what it does after that.
  std::uint16_t clock(std::size_t thread) const noexcept {
    return threads_[thread].current.clock[thread];
  }
  bool knows(std::size_t thread, std::size_t other, std::uint16_t clock) const noexcept {
    return thread == other || threads_[thread].current.clock[other] >= clock;
  }
  // The thread had read, earlier, what is now the newest store.
  void read_before(std::size_t thread, std::size_t location);

  // Variables that are not atomic: the other thread of a race, or -1.
  std::size_t create_plain();
  int plain_read(std::size_t thread, std::size_t index);
  int plain_write(std::size_t thread, std::size_t index);

 private:
  struct store_record {
    std::uint64_t bits;
    view message;  // what an acquire load of this store learns
  };
  struct location_record {
    std::vector<store_record> history;
    std::array<std::uint16_t, max_threads> last_access{};
    std::size_t creator = 0;
    std::uint16_t created = 0;  // creator's clock
    std::size_t futex_seen = 0;
    bool gone = false;
  };
  struct thread_views {
    view current;   // what its loads obey
    view acquired;  // what an acquire fence would add
    view released;  // what its relaxed stores carry: the view at its last release fence
  };
  struct plain_record {
    std::array<std::uint16_t, max_threads> read{};
    std::size_t writer = 0;
    std::uint16_t written = 0;
  };

  void learn(std::size_t thread, const view& message, std::memory_order order);
  void append(std::size_t thread, std::size_t location, std::uint64_t bits, std::memory_order order,
              const view* sequence);
  void tick(std::size_t thread) noexcept;

  std::array<location_record, max_locations> at_;
  std::size_t used_ = 0;
  std::array<thread_views, max_threads> threads_;
  view seq_cst_;  // only `seen`: what the seq_cst operations so far have fixed
  std::vector<plain_record> plain_;
};

}  // namespace weft::model
