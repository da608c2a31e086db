// A task that waits while it holds a pthread mutex (std::mutex): the other workers may block on it, and
// it may be unlocked on another thread than it was locked on. Found in debug builds if the program is
// linked with weft::mutex_watch (watch/mutex_watch.cpp), which counts the locks of each thread.
#pragma once

#include "runtime/base/atomic.hpp"
#include "runtime/task/task.hpp"

namespace weft::rt {

struct held_mutex {
  static constexpr int most_frames = 12;
  const void* mutex = nullptr;
  int frames = 0;
  const void* locked_at[most_frames] = {};  // return addresses, innermost first
};

// The mutex that the calling thread locked last and still holds; null: none.
using held_mutex_fn = const held_mutex* (*)() noexcept;

// Written by the watch before main, read at parks.
extern atomic<held_mutex_fn> held_mutex_of_this_thread;

// At a park, with the wait already published. Fatal if a mutex is held.
void check_no_mutex_is_held(const task& self) noexcept;

}  // namespace weft::rt
