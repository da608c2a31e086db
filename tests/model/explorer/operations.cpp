// The untyped functions that atomic.hpp and explore.hpp declare: to the engine while a thread of
// the model runs, else straight to the value. Also what runtime/base/check.hpp needs in a model
// build.
#include <algorithm>

#include "explorer/engine.hpp"
#include "runtime/base/check.hpp"

namespace weft::model {
namespace {

engine& required() {
  engine* e = engine::active();
  if (e == nullptr) std::abort();  // only inside explore()
  return *e;
}

}  // namespace

void cell_created(cell& c) noexcept {
  if (engine* e = engine::active()) e->created(c);
}
void cell_destroyed(cell& c) noexcept {
  if (engine* e = engine::active()) e->destroyed(c);
}
std::uint64_t cell_load(const cell& c, std::memory_order order) noexcept {
  engine* e = engine::active();
  return e != nullptr ? e->load(c, order) : c.bits;
}
void cell_store(cell& c, std::uint64_t bits, std::memory_order order) noexcept {
  if (engine* e = engine::active()) return e->store(c, bits, order);
  c.bits = bits;
}
std::uint64_t cell_rmw(cell& c, rmw_kind op, std::uint64_t operand, std::memory_order o) noexcept {
  return required().rmw(c, op, operand, o);
}
bool cell_compare_exchange(cell& c, std::uint64_t& expected, std::uint64_t desired,
                           std::memory_order success, std::memory_order failure,
                           bool weak) noexcept {
  return required().compare_exchange(c, expected, desired, success, failure, weak);
}
futex_outcome cell_futex_wait(cell& c, std::uint32_t expected, bool timed) noexcept {
  return required().futex_wait(c, expected, timed);
}
void cell_futex_wake(cell& c, int count) noexcept {
  required().futex_wake(c, count);
}

void plain_read(const plain_cell& c, const void* address) noexcept {
  if (engine* e = engine::active()) e->plain(c, address, false);
}
void plain_written(plain_cell& c, const void* address) noexcept {
  if (engine* e = engine::active()) e->plain(c, address, true);
}
void plain_destroyed(plain_cell& c, const void* address) noexcept {
  plain_written(c, address);
}

void atomic_thread_fence(std::memory_order order) noexcept {
  required().fence(order);
}
void light_fence(std::memory_order order) noexcept {
  required().light_fence(order);
}
void heavy_fence(std::memory_order order) noexcept {
  required().heavy_fence(order);
}
void cpu_relax() noexcept {
  required().relax();
}

result explore(const options& bounds, const std::function<void()>& body) {
  return the_engine().explore(bounds, body);
}
void thread(const char* name, std::function<void()> f) {
  required().start_thread(name, std::move(f));
}
void join_all() {
  required().join_all();
}
void check(bool holds, const char* what) {
  if (!holds) required().fail(std::string("check does not hold: ") + what);
}
void fail(const std::string& what) {
  required().fail(what);
}
std::size_t current_thread() {
  return required().current_thread();
}
unsigned choose(unsigned count) {
  return required().choose(count);
}
void note(const std::string& text) {
  required().note(text);
}
void at_end(std::function<void()> f) {
  required().at_end(std::move(f));
}

namespace detail {
void own(void* object, std::size_t bytes, const char* type, void (*destroy)(void*)) {
  required().own(object, bytes, type, destroy);
}
void* allocate(std::size_t bytes, std::size_t alignment) {
  return required().allocate(bytes, alignment);
}
bool is_allocated(const void* block) {
  return the_engine().is_allocated(block);
}
}  // namespace detail

}  // namespace weft::model

namespace weft::rt {

void fatal(const char* what) noexcept {
  model::fail(std::string("fatal error: ") + what);
}

void check_failed(const char* condition, const char* what, const char*, int) noexcept {
  model::fail(std::string(what) + " (" + condition + ")");
}

}  // namespace weft::rt
