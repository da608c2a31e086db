// The engine behind explore(): schedules the model's threads, makes the choices, keeps the trail.
//
// One engine, one OS thread. Every step of a thread first passes point(), where another thread may
// be chosen instead; the step itself then happens at once. Threads that wait are not candidates.
//
// A thread in cpu_relax() waits until somebody else changed something, or nobody else can go on;
// and it lets threads that have not run since its last cpu_relax() go first, so that spinning
// threads cannot starve the one they wait for (the fair scheduler of CHESS).
//
// A relaxed load may return a store that another thread makes later, if it does not happen before
// that store. Which stores those are is known only after the fact: a store adds itself as one more
// alternative to the choices of such loads, and when the search comes back to one, the load returns
// the value on credit. An execution in which the store is not made after all is thrown away, and so
// is a failure that comes before it; requiring the store also in the execution where the load did
// not see it keeps values from coming out of thin air.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "explorer/explore.hpp"
#include "explorer/flow.hpp"
#include "explorer/memory.hpp"
#include "explorer/trace.hpp"

namespace weft::model {

class engine {
 public:
  // The engine while a thread of the model runs, else null.
  static engine* active() noexcept;

  result explore(const options& bounds, const std::function<void()>& body);

  // Operations of the thread that runs. `at` names the location for the trail.
  std::uint64_t load(const cell& at, std::memory_order order);
  void store(const cell& at, std::uint64_t bits, std::memory_order order);
  std::uint64_t rmw(const cell& at, rmw_kind op, std::uint64_t operand, std::memory_order order);
  bool compare_exchange(const cell& at, std::uint64_t& expected, std::uint64_t desired,
                        std::memory_order success, std::memory_order failure, bool weak);
  void fence(std::memory_order order);
  void light_fence(std::memory_order order);
  void heavy_fence(std::memory_order order);
  void relax();
  futex_outcome futex_wait(const cell& at, std::uint32_t expected, bool timed);
  void futex_wake(const cell& at, int count);

  void created(cell& c);
  void destroyed(cell& c);
  void plain(const plain_cell& c, const void* address, bool write);

  std::size_t current_thread() const noexcept { return current_; }
  void start_thread(const char* name, std::function<void()> f);
  void join_all();
  unsigned choose(unsigned count);
  [[noreturn]] void fail(const std::string& what);
  void note(const std::string& text);
  void at_end(std::function<void()> f) { at_end_.push_back(std::move(f)); }
  bool is_allocated(const void* block) const noexcept {
    const auto* place = static_cast<const std::byte*>(block);
    return place >= arena_.get() && place < arena_.get() + arena_bytes;
  }
  void* allocate(std::size_t bytes, std::size_t alignment);
  void own(void* object, std::size_t bytes, const char* type, void (*destroy)(void*));
  void at_site(const char* site) noexcept { threads_[current_].site = site; }

 private:
  enum class status : std::uint8_t { ready, relaxed, in_futex, joining, ended };
  struct model_thread {
    std::string name;
    std::function<void()> body;
    status state = status::ended;
    bool timed = false;      // in_futex: has a deadline
    bool timed_out = false;  // why it left the futex
    std::size_t waits_on = 0;
    bool refreshed = false;              // relaxed: a location it spins on has a newer store
    std::uint64_t changes_seen = 0;      // relaxed: changes_ when it began
    std::uint32_t behind = 0;            // bits of threads that must go first while they can
    std::uint32_t ran_since = ~0u;       // bits of threads that ran since its last cpu_relax()
    std::bitset<max_locations> spun_on;  // locations read since then
    const char* site = nullptr;          // named order of the step in progress
  };
  struct future_store {
    std::size_t thread;
    std::uint64_t bits;
  };
  struct choice {
    std::uint32_t taken;
    std::uint32_t count;
    std::vector<future_store> later = {};  // alternatives after the first `count`
  };
  struct early_load {      // may be given a later store
    std::size_t position;  // of its choice
    std::size_t thread;
    std::size_t location;
    std::uint16_t clock;
    memory::window readable;
  };
  struct credit {  // a load that returned a store not made yet
    std::size_t thread;
    std::size_t location;
    std::uint16_t clock;
    future_store store;
  };
  struct owned_object {
    void* object;
    std::size_t bytes;
    std::string type;
    void (*destroy)(void*);
  };

  static void run_thread(void* self);
  static void run_main(void* self);
  void run_execution();
  bool next_trail();
  [[noreturn]] void leave();

  bool can_go_on(std::size_t thread) const noexcept;
  std::uint32_t able() const noexcept;      // bits of the threads that can go on
  std::uint32_t eligible() const noexcept;  // and that no other must precede
  std::size_t pick(std::uint32_t among, std::size_t first);
  void count_step();
  void point();    // before each step
  void pass_on();  // the running thread waits or has ended: somebody goes on
  void run_next(std::size_t thread);
  [[noreturn]] void stuck();

  std::size_t locate(const cell& at);
  std::size_t begin_step(const cell& at);
  void changed(std::uint64_t from, std::uint64_t to) noexcept { changes_ += from != to; }
  const future_store* choose_later(memory::window& readable, std::size_t location);
  void store_made(std::size_t location, std::uint64_t bits);
  [[noreturn]] void throw_away();
  std::size_t choose_store(memory::window readable);
  step& record(step_kind kind);
  step& record(step_kind kind, const cell& at, std::size_t location, std::memory_order order);
  std::string location_name(std::size_t location) const;
  std::string place_name(const void* address) const;
  std::string trail_text() const;

  static constexpr std::size_t arena_bytes = 1 << 20;
  struct page_aligned {
    void operator()(std::byte* block) const { ::operator delete (block, std::align_val_t{4096}); }
  };

  options bounds_;
  const std::function<void()>* body_ = nullptr;
  std::vector<choice> trail_;
  std::size_t position_ = 0;
  std::mt19937_64 random_;

  // One execution.
  memory memory_;
  std::array<model_thread, max_threads> threads_;
  std::size_t started_ = 0;
  std::size_t current_ = 0;
  int preemptions_left_ = 0;
  int stale_left_ = 0;
  int timeouts_left_ = 0;
  int spurious_left_ = 0;
  int weak_left_ = 0;
  int steps_ = 0;
  int future_left_ = 0;
  std::vector<early_load> early_loads_;
  std::vector<credit> credits_;
  std::uint64_t changes_ = 0;
  std::vector<std::size_t> futex_queue_;  // waiting threads, first come first
  std::vector<step> steps_done_;
  std::vector<const void*> location_addresses_;
  std::vector<owned_object> owned_;
  std::size_t arena_used_ = 0;
  std::vector<std::function<void()>> at_end_;
  bool failed_ = false;
  std::string reason_;
  std::uint32_t run_ = 0;  // never reused, so that cells of an earlier execution are recognised

  std::unique_ptr<std::byte[], page_aligned> arena_{
      static_cast<std::byte*>(::operator new (arena_bytes, std::align_val_t{4096}))};
  flow outside_;
  std::array<flow, max_threads> flows_;
};

engine& the_engine();

}  // namespace weft::model
