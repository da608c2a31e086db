#include "explorer/engine.hpp"

#include <cxxabi.h>

#include <bit>
#include <cstdlib>
#include <exception>

namespace weft::model {
namespace {

engine* running = nullptr;

std::uint32_t bit(std::size_t thread) noexcept {
  return std::uint32_t{1} << thread;
}

std::uint64_t apply(rmw_kind op, std::uint64_t value, std::uint64_t operand,
                    std::uint8_t size) noexcept {
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - 8 * size);
  switch (op) {
    case rmw_kind::exchange:
      return operand;
    case rmw_kind::add:
      return (value + operand) & mask;
    case rmw_kind::sub:
      return (value - operand) & mask;
    case rmw_kind::bit_and:
      return value & operand;
    case rmw_kind::bit_or:
      return value | operand;
    case rmw_kind::bit_xor:
      return value ^ operand;
  }
  return value;
}

std::string short_type_name(const char* mangled) {
  int status = 0;
  char* plain_text = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  std::string name = status == 0 ? plain_text : mangled;
  std::free(plain_text);
  const std::size_t arguments = name.find('<');
  if (arguments != std::string::npos) name.resize(arguments);
  const std::size_t last = name.rfind("::");
  return last == std::string::npos ? name : name.substr(last + 2);
}

}  // namespace

engine& the_engine() {
  static engine only;
  return only;
}

engine* engine::active() noexcept {
  return running;
}

// ---- executions
// ------------------------------------------------------------------------------------

result engine::explore(const options& bounds, const std::function<void()>& body) {
  bounds_ = bounds;
  body_ = &body;
  trail_.clear();
  random_.seed(bounds.seed);
  result found;
  for (;;) {
    run_execution();
    ++found.executions;
    if (failed_) {
      found.failed = true;
      found.reason = reason_;
      found.trail = trail_text();
      break;
    }
    if (!bounds_.random && !next_trail()) {
      found.complete = true;
      break;
    }
    if (found.executions >= bounds_.executions) break;
  }
  for (model_thread& t : threads_) t.body = nullptr;
  at_end_.clear();
  return found;
}

void engine::run_execution() {
  ++run_;
  memory_.reset();
  for (std::size_t i = 0; i < started_; ++i) threads_[i] = model_thread{};
  position_ = 0;
  preemptions_left_ = bounds_.preemptions;
  stale_left_ = bounds_.stale_reads;
  timeouts_left_ = bounds_.timeouts;
  spurious_left_ = bounds_.spurious_wakes;
  weak_left_ = bounds_.weak_failures;
  future_left_ = bounds_.random ? 0 : bounds_.future_reads;
  early_loads_.clear();
  credits_.clear();
  steps_ = 0;
  changes_ = 0;
  futex_queue_.clear();
  steps_done_.clear();
  location_addresses_.clear();
  owned_.clear();
  arena_used_ = 0;
  at_end_.clear();
  failed_ = false;

  started_ = 1;
  current_ = 0;
  threads_[0].name = "main";
  threads_[0].state = status::ready;
  flows_[0].prepare(&engine::run_main, this);
  running = this;
  flow::change(outside_, flows_[0]);
  running = nullptr;
}

void engine::run_main(void* self) {
  engine& e = *static_cast<engine*>(self);
  try {
    (*e.body_)();
  } catch (...) {
    e.fail("an exception left the body");
  }
  e.join_all();
  if (!e.credits_.empty()) e.throw_away();
  for (const auto& f : e.at_end_) f();
  while (!e.owned_.empty()) {
    e.owned_.back().destroy(e.owned_.back().object);
    e.owned_.pop_back();
  }
  e.leave();
}

void engine::run_thread(void* self) {
  engine& e = *static_cast<engine*>(self);
  e.record(step_kind::started);
  try {
    e.threads_[e.current_].body();
  } catch (...) {
    e.fail("an exception left the thread");
  }
  e.record(step_kind::ended);
  e.threads_[e.current_].state = status::ended;
  ++e.changes_;
  e.pass_on();
  std::abort();  // nobody continues an ended thread
}

void engine::leave() {
  flow::change(flows_[current_], outside_);
  std::abort();
}

// The next trail in depth-first order: the last choice that has an alternative left takes it.
bool engine::next_trail() {
  while (!trail_.empty()) {
    choice& last = trail_.back();
    if (++last.taken < last.count + last.later.size()) return true;
    trail_.pop_back();
  }
  return false;
}

unsigned engine::choose(unsigned count) {
  if (count <= 1) return 0;
  if (bounds_.random) return static_cast<unsigned>(random_() % count);
  if (position_ == trail_.size()) trail_.push_back({0, count});
  const choice& made = trail_[position_++];
  if (made.count != count) fail("the program does not do the same thing for the same choices");
  return made.taken;
}

void engine::throw_away() {
  leave();
}

void engine::fail(const std::string& what) {
  if (!credits_.empty()) throw_away();
  failed_ = true;
  reason_ = what + " (thread " + threads_[current_].name + ")";
  leave();
}

// ---- who goes on
// -----------------------------------------------------------------------------------

bool engine::can_go_on(std::size_t thread) const noexcept {
  const model_thread& t = threads_[thread];
  switch (t.state) {
    case status::ready:
      return true;
    case status::relaxed:
      return t.refreshed || changes_ > t.changes_seen;
    case status::in_futex:
      return t.timed && timeouts_left_ > 0;
    case status::joining:
      for (std::size_t i = 1; i < started_; ++i) {
        if (threads_[i].state != status::ended) return false;
      }
      return true;
    case status::ended:
      return false;
  }
  return false;
}

std::uint32_t engine::able() const noexcept {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < started_; ++i) bits |= can_go_on(i) ? bit(i) : 0;
  return bits;
}

std::uint32_t engine::eligible() const noexcept {
  const std::uint32_t all = able();
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < started_; ++i) {
    if ((all & bit(i)) != 0 && (threads_[i].behind & all) == 0) bits |= bit(i);
  }
  return bits;
}

std::size_t engine::pick(std::uint32_t among, std::size_t first) {
  unsigned left = choose(static_cast<unsigned>(std::popcount(among)));
  for (std::size_t i = first;; i = (i + 1) % started_) {
    if ((among & bit(i)) != 0 && left-- == 0) return i;
  }
}

void engine::count_step() {
  if (++steps_ > bounds_.steps) fail("livelock: the execution does not end");
}

void engine::point() {
  count_step();
  if (preemptions_left_ <= 0 && !bounds_.random) return run_next(current_);
  const std::size_t next = pick(eligible() | bit(current_), current_);
  if (next != current_) --preemptions_left_;
  run_next(next);
}

void engine::pass_on() {
  std::uint32_t among = eligible();
  if (among == 0) among = able();
  if (among == 0) {
    // Nobody has news for those who spin or wait for a deadline: they are all there is.
    for (std::size_t i = 0; i < started_; ++i) {
      const model_thread& t = threads_[i];
      if (t.state == status::relaxed || (t.state == status::in_futex && t.timed)) among |= bit(i);
    }
  }
  if (among == 0) stuck();
  run_next(pick(among, (current_ + 1) % started_));
}

void engine::run_next(std::size_t thread) {
  model_thread& t = threads_[thread];
  if (t.state == status::in_futex) {
    --timeouts_left_;
    t.timed_out = true;
    std::erase(futex_queue_, thread);
  }
  t.state = status::ready;
  for (std::size_t i = 0; i < started_; ++i) {
    threads_[i].behind &= ~bit(thread);
    threads_[i].ran_since |= bit(thread);
  }
  if (thread == current_) return;
  const std::size_t before = current_;
  current_ = thread;
  flow::change(flows_[before], flows_[thread]);
}

void engine::stuck() {
  std::string what = "deadlock: nobody can go on;";
  for (std::size_t i = 0; i < started_; ++i) {
    if (threads_[i].state == status::in_futex)
      what += " " + threads_[i].name + " waits for a wake of " +
              location_name(threads_[i].waits_on) + ";";
    if (threads_[i].state == status::joining) what += " " + threads_[i].name + " joins;";
  }
  fail(what);
}

void engine::start_thread(const char* name, std::function<void()> f) {
  if (started_ == max_threads) fail("too many threads for the explorer");
  const std::size_t index = started_++;
  threads_[index].name = name;
  threads_[index].body = std::move(f);
  threads_[index].state = status::ready;
  memory_.thread_started(index, current_);
  flows_[index].prepare(&engine::run_thread, this);
}

void engine::join_all() {
  if (current_ != 0) fail("join_all() outside of the main thread");
  threads_[0].state = status::joining;
  pass_on();
  for (std::size_t i = 1; i < started_; ++i) memory_.thread_joined(0, i);
}

void engine::relax() {
  count_step();
  model_thread& me = threads_[current_];
  record(step_kind::relax);
  me.refreshed = false;
  for (std::size_t i = 0; i < memory_.locations(); ++i) {
    if (me.spun_on[i] && memory_.refresh(current_, i)) me.refreshed = true;
  }
  me.spun_on.reset();
  me.changes_seen = changes_;
  me.state = status::relaxed;
  me.behind |= able() & ~bit(current_) & ~me.ran_since;
  me.ran_since = 0;
  pass_on();
}

// ---- operations
// ------------------------------------------------------------------------------------

std::size_t engine::locate(const cell& at) {
  cell& c = const_cast<cell&>(at);
  if (c.life == cell::state::inside && c.run == run_) return c.location;
  if (c.life != cell::state::outside) {
    fail(c.life == cell::state::gone ? "use of an atomic after its end: " + place_name(&at)
                                     : "use of something that is no atomic: " + place_name(&at));
  }
  if (c.run != run_) {
    if (memory_.locations() == max_locations) fail("too many atomics for the explorer");
    c.run = run_;
    c.location = static_cast<std::uint16_t>(memory_.create(current_, c.bits, true));
    location_addresses_.push_back(&at);
  }
  return c.location;
}

// The part that all operations begin with. Others may run inside; what `at` refers to may be gone
// afterwards, its location in memory_ is not.
std::size_t engine::begin_step(const cell& at) {
  const std::size_t location = locate(at);
  point();
  const std::string problem = memory_.check_access(current_, location);
  if (!problem.empty()) fail("bad access to " + location_name(location) + ": " + problem);
  for (const credit& c : credits_) {
    // Where the later store goes relative to this access is not worked out.
    if (c.thread == current_ && c.location == location) throw_away();
  }
  return location;
}

std::size_t engine::choose_store(memory::window readable) {
  if (stale_left_ <= 0) return readable.newest;
  const unsigned older = choose(static_cast<unsigned>(readable.newest - readable.oldest + 1));
  if (older != 0) --stale_left_;
  return readable.newest - older;
}

// Null, with `readable` narrowed to the one store chosen, or the later store that a relaxed load
// returns.
const engine::future_store* engine::choose_later(memory::window& readable, std::size_t location) {
  const std::size_t position = position_;
  const std::size_t older = stale_left_ > 0 ? readable.newest - readable.oldest : 0;
  const auto now = static_cast<std::uint32_t>(older + 1);
  if (position == trail_.size()) trail_.push_back({0, now});
  ++position_;
  const choice& made = trail_[position];
  if (made.count != now) fail("the program does not do the same thing for the same choices");
  early_loads_.push_back({position, current_, location, memory_.clock(current_), readable});
  if (made.taken < now) {
    if (made.taken != 0) --stale_left_;
    readable.newest -= made.taken;
    readable.oldest = readable.newest;
    return nullptr;
  }
  --future_left_;
  return &made.later[made.taken - now];
}

// A store of the running thread, just made: it settles credits, and is a further alternative for
// loads that came before it.
void engine::store_made(std::size_t location, std::uint64_t bits) {
  std::erase_if(credits_, [&](const credit& c) {
    if (c.location != location || c.store.thread != current_ || c.store.bits != bits ||
        memory_.knows(current_, c.thread, c.clock))
      return false;
    memory_.read_before(c.thread, location);
    return true;
  });
  for (const early_load& l : early_loads_) {
    if (l.location != location || memory_.knows(current_, l.thread, l.clock)) continue;
    std::vector<future_store>& later = trail_[l.position].later;
    bool known = false;
    for (const future_store& other : later) known |= other.bits == bits;
    for (std::size_t i = l.readable.oldest; i <= l.readable.newest; ++i)
      known |= memory_.peek(location, i) == bits;
    if (!known) later.push_back({current_, bits});
  }
}

std::uint64_t engine::load(const cell& at, std::memory_order order) {
  const std::size_t location = begin_step(at);
  memory::window readable = memory_.readable(current_, location, order);
  if (future_left_ > 0 && order == std::memory_order_relaxed) {
    if (const future_store* later = choose_later(readable, location)) {
      credits_.push_back({current_, location, memory_.clock(current_), *later});
      step& s = record(step_kind::load_later, at, location, order);
      s.before = later->bits;
      return later->bits;
    }
  }
  const std::size_t chosen = choose_store(readable);
  step& s = record(step_kind::load, at, location, order);
  s.stale = static_cast<std::uint32_t>(memory_.newest(location) - chosen);
  s.before = memory_.load(current_, location, chosen, order);
  threads_[current_].spun_on.set(location);
  return s.before;
}

void engine::store(const cell& at, std::uint64_t bits, std::memory_order order) {
  const std::size_t location = begin_step(at);
  record(step_kind::store, at, location, order).after = bits;
  changed(memory_.peek(location, memory_.newest(location)), bits);
  memory_.store(current_, location, bits, order);
  store_made(location, bits);
}

std::uint64_t engine::rmw(const cell& at, rmw_kind op, std::uint64_t operand,
                          std::memory_order order) {
  const std::uint8_t size = at.size;
  const std::size_t location = begin_step(at);
  const std::uint64_t before = memory_.peek(location, memory_.newest(location));
  const std::uint64_t after = apply(op, before, operand, size);
  step& s = record(step_kind::rmw, at, location, order);
  s.before = before;
  s.after = after;
  changed(before, after);
  memory_.update(current_, location, after, order);
  store_made(location, after);
  threads_[current_].spun_on.set(location);
  return before;
}

bool engine::compare_exchange(const cell& at, std::uint64_t& expected, std::uint64_t desired,
                              std::memory_order success, std::memory_order failure, bool weak) {
  const std::size_t location = begin_step(at);
  const std::size_t newest = memory_.newest(location);
  const bool equal = memory_.peek(location, newest) == expected;
  threads_[current_].spun_on.set(location);

  // First the newest store, then a failure for no reason, then failures that read an older store.
  const bool may_fail_equal = equal && weak && weak_left_ > 0;
  std::vector<std::size_t> older;
  if (stale_left_ > 0) {
    const std::size_t oldest = memory_.readable(current_, location, failure).oldest;
    for (std::size_t i = newest; i-- > oldest;) {
      if (memory_.peek(location, i) != expected) older.push_back(i);
    }
  }
  unsigned way = choose(static_cast<unsigned>(1 + (may_fail_equal ? 1 : 0) + older.size()));
  if (way == 0 && equal) {
    step& s = record(step_kind::exchanged, at, location, success);
    s.before = expected;
    s.after = desired;
    changed(expected, desired);
    memory_.update(current_, location, desired, success);
    store_made(location, desired);
    return true;
  }
  std::size_t chosen = newest;
  if (may_fail_equal && way == 1) {
    --weak_left_;
  } else if (way > 0) {
    chosen = older[way - (may_fail_equal ? 2 : 1)];
    --stale_left_;
  }
  step& s = record(step_kind::not_exchanged, at, location, failure);
  s.stale = static_cast<std::uint32_t>(newest - chosen);
  s.before = memory_.load(current_, location, chosen, failure);
  expected = s.before;
  return false;
}

void engine::fence(std::memory_order order) {
  point();
  record(step_kind::fence).order = order;
  memory_.fence(current_, order);
}

void engine::light_fence(std::memory_order order) {
  if (!bounds_.membarrier) return fence(order);
  threads_[current_].site = nullptr;
}

void engine::heavy_fence(std::memory_order order) {
  fence(order);
  if (bounds_.membarrier && order == std::memory_order_seq_cst) memory_.barrier_of_all(started_);
}

futex_outcome engine::futex_wait(const cell& at, std::uint32_t expected, bool timed) {
  const std::size_t location = begin_step(at);
  const std::size_t chosen = choose_store(memory_.futex_readable(current_, location));
  const std::uint64_t value = memory_.load(current_, location, chosen, std::memory_order_relaxed);
  threads_[current_].spun_on.set(location);
  if (value != expected) {
    record(step_kind::futex_changed, at, location, std::memory_order_relaxed).before = value;
    return futex_outcome::changed;
  }
  record(step_kind::futex_wait, at, location, std::memory_order_relaxed).before = value;
  if (spurious_left_ > 0 && choose(2) == 1) {
    --spurious_left_;
    record(step_kind::futex_returned, at, location, std::memory_order_relaxed);
    return futex_outcome::woken;
  }
  model_thread& me = threads_[current_];
  me.timed = timed;
  me.timed_out = false;
  me.waits_on = location;
  me.state = status::in_futex;
  futex_queue_.push_back(current_);
  pass_on();
  record(me.timed_out ? step_kind::futex_timed_out : step_kind::futex_returned, at, location,
         std::memory_order_relaxed);
  return me.timed_out ? futex_outcome::timed_out : futex_outcome::woken;
}

void engine::futex_wake(const cell& at, int count) {
  // Only the address matters: the word may be gone.
  if (at.run != run_) return point();
  const std::size_t location = at.location;
  const cell described = at;
  point();
  int woken = 0;
  for (std::size_t i = 0; i < futex_queue_.size() && woken < count;) {
    const std::size_t waiter = futex_queue_[i];
    if (threads_[waiter].waits_on != location) {
      ++i;
      continue;
    }
    threads_[waiter].state = status::ready;
    futex_queue_.erase(futex_queue_.begin() + static_cast<std::ptrdiff_t>(i));
    ++woken;
  }
  if (!memory_.is_gone(location)) memory_.futex_woken(current_, location);
  record(step_kind::futex_wake, described, location, std::memory_order_relaxed).after =
      static_cast<std::uint64_t>(woken);
}

void engine::created(cell& c) {
  if (memory_.locations() == max_locations) fail("too many atomics for the explorer");
  c.life = cell::state::inside;
  c.run = run_;
  c.location = static_cast<std::uint16_t>(memory_.create(current_, c.bits, false));
  location_addresses_.push_back(&c);
}

void engine::destroyed(cell& c) {
  if (c.life == cell::state::inside && c.run == run_) {
    const std::string problem = memory_.destroy(current_, c.location);
    if (!problem.empty()) fail("bad end of " + location_name(c.location) + ": " + problem);
  }
  c.life = cell::state::gone;
}

void engine::plain(const plain_cell& at, const void* address, bool write) {
  plain_cell& c = const_cast<plain_cell&>(at);
  if (c.run != run_) {
    c.run = run_;
    c.index = static_cast<std::uint32_t>(memory_.create_plain());
  }
  if (!credits_.empty()) point();  // the store that was taken on credit may have to come first
  const int racing =
      write ? memory_.plain_write(current_, c.index) : memory_.plain_read(current_, c.index);
  if (racing >= 0) {
    fail("data race on " + place_name(address) + ": this " + (write ? "write" : "read") +
         " and an access of thread " + threads_[static_cast<std::size_t>(racing)].name +
         " are not ordered");
  }
}

// ---- trail
// -----------------------------------------------------------------------------------------

step& engine::record(step_kind kind) {
  step& s = steps_done_.emplace_back();
  s.kind = kind;
  s.thread = static_cast<std::uint8_t>(current_);
  s.site = std::exchange(threads_[current_].site, nullptr);
  return s;
}

step& engine::record(step_kind kind, const cell& at, std::size_t location,
                     std::memory_order order) {
  step& s = record(kind);
  s.value_type = at.kind;
  s.value_size = at.size;
  s.location = static_cast<std::int32_t>(location);
  s.order = order;
  return s;
}

void engine::note(const std::string& text) {
  record(step_kind::note).text = text;
}

std::string engine::place_name(const void* address) const {
  const char* place = static_cast<const char*>(address);
  for (const owned_object& o : owned_) {
    const char* begin = static_cast<const char*>(o.object);
    if (place < begin || place >= begin + o.bytes) continue;
    return o.type + "+" + std::to_string(place - begin);
  }
  return "a variable of a thread";
}

std::string engine::location_name(std::size_t location) const {
  std::string name("a");
  name += std::to_string(location);
  const char* place = static_cast<const char*>(location_addresses_[location]);
  for (const owned_object& o : owned_) {
    const char* begin = static_cast<const char*>(o.object);
    if (place >= begin && place < begin + o.bytes)
      name += "(" + o.type + "+" + std::to_string(place - begin) + ")";
  }
  return name;
}

std::string engine::trail_text() const {
  std::size_t width = 0;
  for (std::size_t i = 0; i < started_; ++i) width = std::max(width, threads_[i].name.size());
  std::string text;
  std::size_t number = 0;
  for (const step& s : steps_done_) {
    // Of an execution that does not end the beginning and a few turns are enough.
    if (++number > 150 && number + 50 < steps_done_.size()) continue;
    const std::string& who = threads_[s.thread].name;
    const std::string where =
        s.location < 0 ? "" : location_name(static_cast<std::size_t>(s.location));
    std::string count = std::to_string(number);
    text += std::string(count.size() < 4 ? 4 - count.size() : 0, ' ') + count + "  " + who +
            std::string(width - who.size() + 2, ' ') + step_text(s, where) + "\n";
  }
  return text;
}

// From the same addresses in every execution, so that pointers are the same values in a replay.
void* engine::allocate(std::size_t bytes, std::size_t alignment) {
  const std::size_t begin = (arena_used_ + alignment - 1) / alignment * alignment;
  if (begin + bytes > arena_bytes) fail("too many objects for the explorer");
  arena_used_ = begin + bytes;
  return arena_.get() + begin;
}

void engine::own(void* object, std::size_t bytes, const char* type, void (*destroy)(void*)) {
  owned_.push_back({object, bytes, short_type_name(type), destroy});
}

}  // namespace weft::model
