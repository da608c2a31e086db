#include "runtime/debug/collect.hpp"

#include <time.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "runtime/chan/chan_info.hpp"
#include "runtime/debug/symbol.hpp"
#include "runtime/stack/stack_pool.hpp"
#include "runtime/sync/describe.hpp"
#include "runtime/task/task.hpp"
#include "runtime/task/wait_reason.hpp"

namespace weft::rt {
namespace {

std::int64_t now_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

bool is_chan(wait_reason reason) noexcept {
  return reason == wait_reason::chan_send || reason == wait_reason::chan_receive;
}

bool is_lock(wait_reason reason) noexcept {
  return reason == wait_reason::mutex_lock || reason == wait_reason::shared_mutex_lock ||
         reason == wait_reason::shared_mutex_lock_shared;
}

// What is copied while the task is held.
struct seen_thing {
  wait_reason reason = wait_reason::none;
  const void* object = nullptr;
  std::string about;  // without the number
  std::uint64_t holder = 0;
};

struct seen_task {
  std::uint64_t id = 0;
  std::uint64_t parent = 0;
  const void* spawn_pc = nullptr;
  std::string name;
  bool waits = false;
  bool runnable = false;
  const void* pc = nullptr;
  std::int64_t since_ns = 0;
  seen_thing thing;
  std::vector<seen_thing> cases;
};

std::string about_chan(const void* object) {
  const chan_info info = describe_chan(object);
  std::string text = "chan<" + std::string(info.type) + ">, ";
  text += info.cap == 0 ? std::string("unbuffered")
                        : std::to_string(info.len) + " of " + std::to_string(info.cap) + " values";
  if (info.closed) text += ", closed";
  return text;
}

std::string about_lock(wait_reason reason, const void* object, std::uint64_t& holder) {
  const bool plain = reason == wait_reason::mutex_lock;
  const mutex_info info = plain ? describe_mutex(object) : describe_shared_mutex(object);
  holder = info.owner_task;
  std::string text = plain ? "mutex" : "shared_mutex";
  if (info.owner_task != 0)
    text += " held by task " + std::to_string(info.owner_task);
  else if (info.owner_is_foreign)
    text += " held by a thread that runs no task";
  else if (info.shared_owners != 0)
    text += " held shared by " + std::to_string(info.shared_owners);
  return text;
}

seen_thing look_at(wait_reason reason, const void* object, bool ask_locks) {
  seen_thing thing{reason, object, {}, 0};
  if (object == nullptr) return thing;
  if (is_chan(reason)) thing.about = about_chan(object);
  if (is_lock(reason) && ask_locks) thing.about = about_lock(reason, object, thing.holder);
  return thing;
}

void look_at(const wait_site& site, bool ask_locks, seen_task& seen) {
  seen.waits = true;
  seen.pc = site.place.pc;
  seen.since_ns = site.since_ns;
  seen.thing = look_at(site.place.reason, site.place.object, ask_locks);
  if (site.place.reason != wait_reason::select || site.cases == nullptr) return;
  for (std::uint32_t i = 0; i < site.case_count; ++i)
    seen.cases.push_back(look_at(site.cases[i].reason, site.cases[i].object, ask_locks));
}

std::vector<seen_task> look_at_all(const collect_how& how) {
  std::vector<seen_task> all;
  stack_pool::of_class(task_stack_class).for_each([&](stack_span span) {
    task& t = record_of(span);
    if (!t.is_marked() || !t.cancel.is_live()) return;
    seen_task seen;
    const auto look = [&](const wait_site* site) {
      char name[max_task_name + 1];
      seen.id = t.id;
      seen.parent = t.parent_id;
      seen.spawn_pc = t.spawn_pc;
      seen.name = t.copy_name(name);
      seen.runnable = t.state.load(std::memory_order_relaxed) == task_state::runnable;
      if (site != nullptr) look_at(*site, how.ask_locks, seen);
    };
    if (how.at_rest)
      look(t.cancel.site_hint());
    else if (!t.cancel.hold(look))
      return;
    if (seen.id != how.without) all.push_back(std::move(seen));
  });
  std::sort(all.begin(), all.end(),
            [](const seen_task& a, const seen_task& b) { return a.id < b.id; });
  return all;
}

// Symbols are looked up once an address, things numbered in the order in which they appear.
class writer {
 public:
  const debug::code_place& place(const void* pc) {
    const auto [at, fresh] = places_.try_emplace(pc);
    if (fresh) at->second = symbolise(pc);
    return at->second;
  }

  std::string numbered(const seen_thing& thing) {
    if (thing.about.empty()) return {};
    const bool chan = is_chan(thing.reason);
    auto& numbers = chan ? chans_ : locks_;
    const auto [at, fresh] = numbers.try_emplace(thing.object, numbers.size() + 1);
    return (chan ? "chan#" : "lock#") + std::to_string(at->second) + ", " + thing.about;
  }

  std::string select_case(const seen_thing& thing) {
    const std::string about = numbered(thing);
    return std::string(to_text(thing.reason)) + (about.empty() ? "" : " on " + about);
  }

 private:
  std::map<const void*, debug::code_place> places_;
  std::map<const void*, std::size_t> chans_;
  std::map<const void*, std::size_t> locks_;
};

// Tasks with equal keys are one entry.
using fold_key = std::tuple<wait_reason, bool, bool, std::string, std::string, std::string,
                            std::string>;

// The same line is the same place, also where a compiler has unrolled a loop.
std::string place_key(const debug::code_place& place, const void* pc) {
  if (!place.file.empty()) return place.file + ":" + std::to_string(place.line);
  return std::to_string(reinterpret_cast<std::uintptr_t>(pc));
}

fold_key key_of(const seen_task& seen, writer& write) {
  std::string about = seen.thing.about;
  for (const seen_thing& c : seen.cases) about += std::string("\n") + to_text(c.reason) + c.about;
  return {seen.thing.reason,
          seen.waits,
          seen.runnable && !seen.waits,
          place_key(write.place(seen.pc), seen.pc),
          place_key(write.place(seen.spawn_pc), seen.spawn_pc),
          seen.name,
          std::move(about)};
}

const char* reason_of(const seen_task& seen) noexcept {
  if (seen.waits) return to_text(seen.thing.reason);
  return seen.runnable ? "runnable" : "running";
}

}  // namespace

debug::deadlock_report collect_tasks(const collect_how& how) {
  const std::int64_t now = now_ns();
  const std::vector<seen_task> all = look_at_all(how);
  writer write;
  debug::deadlock_report report;
  std::map<fold_key, std::pair<std::size_t, const seen_task*>> folded;
  for (const seen_task& seen : all) {
    const std::chrono::nanoseconds since(
        seen.waits ? std::max<std::int64_t>(now - seen.since_ns, 1) : 0);
    const auto [at, fresh] = folded.try_emplace(key_of(seen, write), report.tasks.size(), &seen);
    if (!fresh) {
      debug::task_report& entry = report.tasks[at->second.first];
      const seen_task& first = *at->second.second;
      entry.ids.push_back(seen.id);
      entry.since = std::max(entry.since, since);
      if (seen.parent != first.parent) entry.spawned_by = 0;
      if (seen.thing.object != first.thing.object && !first.thing.about.empty())
        entry.waits_for = "one each: " + first.thing.about;
      continue;
    }
    debug::task_report entry;
    entry.ids.push_back(seen.id);
    entry.name = seen.name;
    entry.reason = reason_of(seen);
    entry.since = since;
    entry.where = write.place(seen.pc);
    entry.spawned_by = seen.parent;
    entry.spawned = write.place(seen.spawn_pc);
    entry.waits_for = write.numbered(seen.thing);
    for (const seen_thing& c : seen.cases) entry.cases.push_back(write.select_case(c));
    entry.held_by = seen.thing.holder;
    entry.verdict = how.verdict;
    report.tasks.push_back(std::move(entry));
  }
  return report;
}

}  // namespace weft::rt
