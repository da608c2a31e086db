// What weft throws. Light: only <stdexcept>.
#pragma once

#include <stdexcept>

#include <weft/detail/export.hpp>

namespace weft {

// Misuse that can be told to the caller: send on a closed channel, a nested run, go without a
// runtime. Errors of the system are std::system_error.
class WEFT_API error : public std::logic_error {
 public:
  using std::logic_error::logic_error;
  error(const error&) = default;
  error& operator=(const error&) = default;
  ~error() override;
};

// Send on a closed channel, close of a closed or of a nil channel.
class WEFT_API closed_channel : public error {
 public:
  using error::error;
  closed_channel(const closed_channel&) = default;
  closed_channel& operator=(const closed_channel&) = default;
  ~closed_channel() override;
};

// join() of a task that was cancelled or that called this_task::exit.
class WEFT_API task_ended : public error {
 public:
  using error::error;
  task_ended(const task_ended&) = default;
  task_ended& operator=(const task_ended&) = default;
  ~task_ended() override;
};

// Thrown by the blocking calls of a cancelled task, to unwind it. Not a std::exception, so that
// `catch (const std::exception&)` lets it pass; whoever catches it with `catch (...)` should
// rethrow: the next blocking call throws it again.
struct WEFT_API task_cancelled {};

// Thrown instead by the wait of a task that can never be woken, if options.on_deadlock is unwind.
struct WEFT_API deadlocked {};

}  // namespace weft
