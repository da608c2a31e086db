#include <cstdio>

#include "runtime/sync/sync.hpp"

namespace weft::rt {
namespace {

struct owner_text {
  char text[48];
  explicit owner_text(owner_token token) noexcept {
    const owner_info who = owner_of(token);
    if (who.is_foreign)
      std::snprintf(text, sizeof text, "a foreign thread");
    else
      std::snprintf(text, sizeof text, "task %llu", static_cast<unsigned long long>(who.task_id));
  }
};

}  // namespace

void fatal_not_owner(const char* what, owner_token holder) noexcept {
  char text[160];
  if ((holder & owner_mask) == 0)
    std::snprintf(text, sizeof text, "%s that is not locked", what);
  else
    std::snprintf(text, sizeof text, "%s held by %s, by %s", what, owner_text(holder).text,
                  owner_text(caller_token()).text);
  fatal(text);
}

}  // namespace weft::rt
