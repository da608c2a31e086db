#include "explorer/sites.hpp"

#include "explorer/atomic.hpp"
#include "explorer/engine.hpp"

namespace weft::model {
namespace {

struct site_entry {
  const char* name;
  std::memory_order written;
  std::memory_order current;
};

std::vector<site_entry> registered;
const weakening* applied = nullptr;

bool is_weakened(const site_entry& entry) noexcept {
  return applied != nullptr && applied->site == entry.name && applied->from == entry.written;
}

site_entry& entry_of(const char* site, std::memory_order order) {
  // The same literal has one address almost always; a second one merely gets a second entry.
  for (site_entry& entry : registered) {
    if (entry.name == site && entry.written == order) return entry;
  }
  site_entry& made = registered.emplace_back(site_entry{site, order, order});
  if (is_weakened(made)) made.current = applied->to;
  return made;
}

}  // namespace

std::memory_order order_at(const char* site, std::memory_order order) noexcept {
  engine* e = engine::active();
  if (e == nullptr) return order;
  e->at_site(site);
  return entry_of(site, order).current;
}

std::vector<weakening> known_weakenings() {
  std::vector<weakening> all;
  const auto add = [&](const site_entry& entry, std::memory_order to) {
    for (const weakening& known : all) {
      if (known.site == entry.name && known.from == entry.written && known.to == to) return;
    }
    all.push_back({entry.name, entry.written, to});
  };
  for (const site_entry& entry : registered) {
    switch (entry.written) {
      case std::memory_order_relaxed:
        break;
      case std::memory_order_consume:
      case std::memory_order_acquire:
      case std::memory_order_release:
        add(entry, std::memory_order_relaxed);
        break;
      case std::memory_order_acq_rel:
        add(entry, std::memory_order_acquire);
        add(entry, std::memory_order_release);
        break;
      case std::memory_order_seq_cst:
        add(entry, std::memory_order_acq_rel);
        break;
    }
  }
  return all;
}

void apply_weakening(const weakening* chosen) {
  applied = chosen;
  for (site_entry& entry : registered)
    entry.current = is_weakened(entry) ? applied->to : entry.written;
}

}  // namespace weft::model
