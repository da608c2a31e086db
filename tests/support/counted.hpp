// Values that keep books: how many exist, how often they were copied and moved. The counters are
// per type and atomic; a test calls reset() first and asks afterwards. The types differ in what
// they can do, so that a test can say exactly what it needs.
#pragma once

#include <atomic>
#include <stdexcept>
#include <utility>

namespace weft_test {

struct tally {
  std::atomic<long> made{0};       // by any constructor
  std::atomic<long> destroyed{0};  // by the destructor
  std::atomic<long> copies{0};
  std::atomic<long> moves{0};

  long alive() const { return made - destroyed; }
  void reset() { made = destroyed = copies = moves = 0; }
};

// Copyable and movable. A value that was moved from says so; destroying a value twice shows in
// alive() < 0 and in the canary.
class counted {
 public:
  static inline tally count;

  counted() { ++count.made; }
  explicit counted(int v) : value(v) { ++count.made; }
  counted(const counted& other) : value(other.value) {
    ++count.made;
    ++count.copies;
  }
  counted(counted&& other) noexcept : value(other.value) {
    other.moved_from = true;
    ++count.made;
    ++count.moves;
  }
  counted& operator=(const counted& other) {
    value = other.value;
    moved_from = other.moved_from;
    ++count.copies;
    return *this;
  }
  counted& operator=(counted&& other) noexcept {
    value = other.value;
    moved_from = std::exchange(other.moved_from, true);
    ++count.moves;
    return *this;
  }
  ~counted() {
    if (canary != 0x5eed) ++damaged;
    canary = 0;
    ++count.destroyed;
  }

  static inline std::atomic<long> damaged{0};
  int value = 0;
  bool moved_from = false;

 private:
  unsigned canary = 0x5eed;
};

// Only a move constructor: the least that a channel asks of its T.
class move_only {
 public:
  static inline tally count;

  explicit move_only(int v) : value(v) { ++count.made; }
  move_only(move_only&& other) noexcept : value(std::exchange(other.value, -1)) {
    ++count.made;
    ++count.moves;
  }
  move_only(const move_only&) = delete;
  move_only& operator=(const move_only&) = delete;
  move_only& operator=(move_only&&) = delete;
  ~move_only() { ++count.destroyed; }

  int value;
};

// A move constructor that may throw, and does when it is told to.
class throwing_move {
 public:
  static inline tally count;
  static inline std::atomic<int> throw_after{
      -1};  // moves that succeed before one throws; negative: never

  explicit throwing_move(int v) : value(v) { ++count.made; }
  throwing_move(throwing_move&& other) noexcept(false) : value(other.value) {
    if (throw_after >= 0 && throw_after-- == 0) throw std::runtime_error("move");
    other.value = -1;
    ++count.made;
    ++count.moves;
  }
  throwing_move& operator=(throwing_move&&) = delete;
  ~throwing_move() { ++count.destroyed; }

  int value;
};

}  // namespace weft_test
