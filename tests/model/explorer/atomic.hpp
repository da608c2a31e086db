// The types that stand in for std::atomic in model builds: each operation is a step of the
// explorer.
//
// Only code that runs inside model::explore() is modelled; outside of it (static initialisation,
// set-up of the test program) the same types behave like plain variables. Values of up to eight
// bytes. Destroying an atomic that another thread may still use, and using one that is gone, are
// failures like any other.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace weft::model {

enum class value_kind : std::uint8_t { unsigned_integer, signed_integer, boolean, pointer };
enum class rmw_kind : std::uint8_t { exchange, add, sub, bit_and, bit_or, bit_xor };
enum class futex_outcome : std::uint8_t { woken, timed_out, changed };

// What an atomic or a plain variable is to the explorer. Constant-initialised ones, and those made
// outside an execution, are `outside` and get a fresh location in every execution that uses them.
struct cell {
  enum class state : std::uint32_t { outside = 0x0u, inside = 0xa110c8edu, gone = 0xdeadce11u };
  std::uint64_t bits = 0;  // value outside executions, initial value inside
  std::uint32_t run = 0;   // the execution in which `location` is valid
  std::uint16_t location = 0;
  value_kind kind = value_kind::unsigned_integer;
  std::uint8_t size = 0;
  state life = state::outside;
};

void cell_created(cell& c) noexcept;
void cell_destroyed(cell& c) noexcept;
std::uint64_t cell_load(const cell& c, std::memory_order order) noexcept;
void cell_store(cell& c, std::uint64_t bits, std::memory_order order) noexcept;
std::uint64_t cell_rmw(cell& c, rmw_kind op, std::uint64_t operand, std::memory_order o) noexcept;
bool cell_compare_exchange(cell& c, std::uint64_t& expected, std::uint64_t desired,
                           std::memory_order success, std::memory_order failure,
                           bool weak) noexcept;
futex_outcome cell_futex_wait(cell& c, std::uint32_t expected, bool timed) noexcept;
void cell_futex_wake(cell& c, int count) noexcept;

// An access to a variable that is not atomic: checked for races, not a step.
struct plain_cell {
  std::uint32_t run = 0;
  std::uint32_t index = 0;
};
void plain_read(const plain_cell& c, const void* address) noexcept;
void plain_written(plain_cell& c, const void* address) noexcept;
void plain_destroyed(plain_cell& c, const void* address) noexcept;

void atomic_thread_fence(std::memory_order order) noexcept;
void light_fence(std::memory_order order) noexcept;
void heavy_fence(std::memory_order order) noexcept;
void cpu_relax() noexcept;
std::memory_order order_at(const char* site, std::memory_order order) noexcept;

template <class T>
constexpr value_kind kind_of() noexcept {
  if constexpr (std::is_same_v<T, bool>) return value_kind::boolean;
  if constexpr (std::is_pointer_v<T>) return value_kind::pointer;
  if constexpr (std::is_signed_v<T>) return value_kind::signed_integer;
  return value_kind::unsigned_integer;
}

constexpr std::memory_order failure_order(std::memory_order success) noexcept {
  if (success == std::memory_order_acq_rel) return std::memory_order_acquire;
  if (success == std::memory_order_release) return std::memory_order_relaxed;
  return success;
}

template <class T>
class atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  static constexpr bool arithmetic = std::is_integral_v<T> && !std::is_same_v<T, bool>;

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr atomic() noexcept : atomic(T()) {}
  constexpr atomic(T value) noexcept {
    cell_.bits = constant_bits(value);
    cell_.kind = kind_of<T>();
    cell_.size = sizeof(T);
    if (!std::is_constant_evaluated()) {
      cell_.bits = to_bits(value);
      cell_created(cell_);
    }
  }
  ~atomic() { cell_destroyed(cell_); }
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
    return from_bits(cell_load(cell_, order));
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    cell_store(cell_, to_bits(value), order);
  }
  operator T() const noexcept { return load(); }
  T operator=(T value) noexcept {
    store(value);
    return value;
  }

  T exchange(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return from_bits(cell_rmw(cell_, rmw_kind::exchange, to_bits(value), order));
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure) noexcept {
    return compare_exchange(expected, desired, success, failure, false);
  }
  bool compare_exchange_strong(T& expected, T desired,
                               std::memory_order order = std::memory_order_seq_cst) noexcept {
    return compare_exchange(expected, desired, order, failure_order(order), false);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure) noexcept {
    return compare_exchange(expected, desired, success, failure, true);
  }
  bool compare_exchange_weak(T& expected, T desired,
                             std::memory_order order = std::memory_order_seq_cst) noexcept {
    return compare_exchange(expected, desired, order, failure_order(order), true);
  }

  T fetch_add(T operand,
              std::memory_order order = std::memory_order_seq_cst) noexcept requires arithmetic {
    return from_bits(cell_rmw(cell_, rmw_kind::add, to_bits(operand), order));
  }
  T fetch_sub(T operand,
              std::memory_order order = std::memory_order_seq_cst) noexcept requires arithmetic {
    return from_bits(cell_rmw(cell_, rmw_kind::sub, to_bits(operand), order));
  }
  T fetch_and(T operand,
              std::memory_order order = std::memory_order_seq_cst) noexcept requires arithmetic {
    return from_bits(cell_rmw(cell_, rmw_kind::bit_and, to_bits(operand), order));
  }
  T fetch_or(T operand,
             std::memory_order order = std::memory_order_seq_cst) noexcept requires arithmetic {
    return from_bits(cell_rmw(cell_, rmw_kind::bit_or, to_bits(operand), order));
  }
  T fetch_xor(T operand,
              std::memory_order order = std::memory_order_seq_cst) noexcept requires arithmetic {
    return from_bits(cell_rmw(cell_, rmw_kind::bit_xor, to_bits(operand), order));
  }
  T operator++() noexcept requires arithmetic { return static_cast<T>(fetch_add(1) + 1); }
  T operator--() noexcept requires arithmetic { return static_cast<T>(fetch_sub(1) - 1); }

  cell& explorer_cell() noexcept { return cell_; }  // for the futex functions

 private:
  static constexpr std::uint64_t constant_bits(T value) noexcept {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      return static_cast<std::uint64_t>(value) & (~std::uint64_t{0} >> (64 - 8 * sizeof(T)));
    } else {
      static_cast<void>(value);  // a null pointer; anything else is not constant-initialised
      return 0;
    }
  }
  static std::uint64_t to_bits(T value) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
  }
  static T from_bits(std::uint64_t bits) noexcept {
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
  }
  bool compare_exchange(T& expected, T desired, std::memory_order success,
                        std::memory_order failure, bool weak) noexcept {
    std::uint64_t bits = to_bits(expected);
    if (cell_compare_exchange(cell_, bits, to_bits(desired), success, failure, weak)) return true;
    expected = from_bits(bits);
    return false;
  }

  cell cell_;
};

// See rt::plain in runtime/base/atomic.hpp.
template <class T>
class plain {
 public:
  constexpr plain() : plain(T()) {}
  constexpr plain(T value) : value_(std::move(value)) {
    if (!std::is_constant_evaluated()) plain_written(cell_, this);
  }
  ~plain() { plain_destroyed(cell_, this); }
  plain(const plain&) = delete;
  plain& operator=(const plain&) = delete;

  const T& read() const noexcept {
    plain_read(cell_, this);
    return value_;
  }
  T& write() noexcept {
    plain_written(cell_, this);
    return value_;
  }
  operator const T&() const noexcept { return read(); }
  plain& operator=(T value) noexcept {
    write() = std::move(value);
    return *this;
  }

 private:
  T value_;
  plain_cell cell_;
};

}  // namespace weft::model
