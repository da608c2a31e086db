// The core inside a weft::mutex, for what waits on one lock while it gives up another.
#pragma once

#include <weft/mutex.hpp>

#include "runtime/sync/mutex.hpp"

namespace weft::detail {

struct mutex_access {
  static rt::mutex_core& core(mutex& m) noexcept { return rt::core_of<rt::mutex_core>(m.storage_); }
};

}  // namespace weft::detail
