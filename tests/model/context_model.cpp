// runtime/cancel/context_core.cpp under the explorer, over the waiting protocol of runtime/task.
//   A wait under a context ends with what it waits for or with the context, never with both and never
//   with neither, whenever the end comes. Nothing stays in a queue.
//   Who comes back from ending a tree finds all of it ended, also when others end parts of it, add
//   to it or drop parts of it. A hook is called once, unless it was taken back.
#include "runtime/cancel/context_core.cpp"

#include "runtime/task/wait.cpp"
#include "seam.hpp"

namespace {

using namespace weft;
using rt::context_core;
using rt::end_reason;
using rt::wait_result;

// Something to wait for: what a primitive is made of.
struct thing {
  rt::spin_lock lock;
  rt::wait_queue queue;
  bool has_happened = false;
  rt::plain<int> value;

  wait_result wait(context_core& under) {
    lock.lock();
    if (has_happened) {
      lock.unlock();
      return wait_result::ok;
    }
    rt::wait_node node;
    return rt::wait_one_until(lock, queue, node, {}, {rt::never_ns, &under});
  }
  void happen() {
    value = 7;
    lock.lock();
    has_happened = true;
    const rt::won_waiter won = rt::take_waiter(queue);
    if (won) won.node->result = wait_result::ok;
    const rt::wake_up wake(won);
    lock.unlock();
    wake();
  }
};

struct counted_hook : rt::end_hook {
  rt::atomic<int> fired{0};
  rt::atomic<int> dropped{0};
  counted_hook() {
    fire = [](rt::end_hook& self) noexcept {
      static_cast<counted_hook&>(self).fired.fetch_add(1, std::memory_order_relaxed);
    };
    drop = [](rt::end_hook& self) noexcept {
      static_cast<counted_hook&>(self).dropped.fetch_add(1, std::memory_order_relaxed);
    };
  }
};

context_core& fresh(context_core* parent = nullptr) {
  return *new context_core(parent, rt::never_ns, true);
}

bool is_ended(context_core& c) {
  return c.reason.load(std::memory_order_relaxed) != end_reason::none;
}

void wait_alone() {
  model::make<model::seam>(std::size_t{2});
  context_core& ctx = fresh();
  auto& t = model::make<thing>();
  model::thread("waiter", [&] {
    model::check(t.wait(ctx) == wait_result::ended, "only the end can end it");
    model::check(t.queue.empty() && ctx.waiters.empty(), "nothing stays linked");
  });
  model::thread("ender", [&] { ctx.end_tree(end_reason::cancelled, nullptr); });
  model::join_all();
  ctx.release();
}

void wait_and_success() {
  model::make<model::seam>(std::size_t{3});
  context_core& ctx = fresh();
  auto& t = model::make<thing>();
  model::thread("waiter", [&] {
    const wait_result result = t.wait(ctx);
    model::check(result == wait_result::ok || result == wait_result::ended, "one of the two");
    if (result == wait_result::ok) model::check(t.value == 7, "what came before the success");
  });
  model::thread("ender", [&] { ctx.end_tree(end_reason::cancelled, nullptr); });
  model::thread("succeeds", [&] { t.happen(); });
  model::join_all();
  model::check(t.queue.empty() && ctx.waiters.empty(), "nothing stays linked");
  ctx.release();
}

void wait_and_task_cancel() {
  auto& tasks = model::make<model::seam>(std::size_t{3});
  context_core& ctx = fresh();
  auto& t = model::make<thing>();
  model::thread("waiter", [&] {
    const wait_result result = t.wait(ctx);
    model::check(result == wait_result::cancelled || result == wait_result::ended, "one of the two");
  });
  model::thread("ender", [&] { ctx.end_tree(end_reason::cancelled, nullptr); });
  model::thread("canceller", [&] { rt::cancel_task(tasks.task_of(1)); });
  model::join_all();
  model::check(t.queue.empty() && ctx.waiters.empty(), "nothing stays linked");
  ctx.release();
}

void end_is_seen_with_what_came_before() {
  model::make<model::seam>(std::size_t{2});
  context_core& ctx = fresh();
  auto& value = model::make<rt::plain<int>>();
  model::thread("ender", [&] {
    value = 7;
    ctx.end_tree(end_reason::cancelled, nullptr);
  });
  model::thread("looks", [&] {
    if (ctx.has_ended()) model::check(value == 7, "what came before the end");
  });
  model::join_all();
  ctx.release();
}

// Two end parts of one tree: each comes back to an ended part.
void two_enders() {
  model::make<model::seam>(std::size_t{2});
  context_core& top = fresh();
  context_core& child = fresh(&top);
  context_core& below = fresh(&child);
  model::thread("ends all", [&] {
    top.end_tree(end_reason::cancelled, nullptr);
    model::check(is_ended(top) && is_ended(child) && is_ended(below), "all have ended");
  });
  model::thread("ends a part", [&] {
    child.end_tree(end_reason::cancelled, nullptr);
    model::check(is_ended(child) && is_ended(below), "the part has ended");
  });
  model::join_all();
  below.release();
  child.release();
  top.release();
}

void child_is_born_meanwhile() {
  model::make<model::seam>(std::size_t{2});
  context_core& top = fresh();
  context_core* child = nullptr;
  model::thread("ender", [&] { top.end_tree(end_reason::cancelled, nullptr); });
  model::thread("parent", [&] { child = &fresh(&top); });
  model::join_all();
  model::check(is_ended(*child), "born ended, or found");
  child->release();
  top.release();
}

// The last handle of a child goes while its parent ends; its hook is called all the same.
void child_is_dropped_meanwhile() {
  model::make<model::seam>(std::size_t{2});
  context_core& top = fresh();
  context_core& child = fresh(&top);
  auto& hook = model::make<counted_hook>();
  child.add_hook(hook);
  model::thread("ender", [&] { top.end_tree(end_reason::cancelled, nullptr); });
  model::thread("drops", [&] { child.release(); });
  model::join_all();
  model::check(hook.fired.load(std::memory_order_relaxed) == 1, "called once");
  model::check(hook.dropped.load(std::memory_order_relaxed) == 0, "and not dropped");
  top.release();
}

void hook_is_taken_back_meanwhile() {
  model::make<model::seam>(std::size_t{2});
  context_core& ctx = fresh();
  auto& hook = model::make<counted_hook>();
  bool removed = false;
  model::thread("ender", [&] { ctx.end_tree(end_reason::cancelled, nullptr); });
  model::thread("user", [&] {
    if (ctx.add_hook(hook))
      removed = ctx.remove_hook(hook);
    else
      removed = true;
  });
  model::join_all();
  model::check(hook.fired.load(std::memory_order_relaxed) == (removed ? 0 : 1), "one or the other");
  ctx.release();
}

}  // namespace

// Nobody asks for done() here.
namespace weft::rt {
bool chan_core::close() noexcept { return true; }
std::exception_ptr exception_for(end_reason) { return nullptr; }
}  // namespace weft::rt
namespace weft::detail {
chan_head* closing_chan_make(const chan_type&, std::int64_t) { return nullptr; }
void chan_free(chan_head*) noexcept {}
}  // namespace weft::detail

int main(int argc, char** argv) {
  const weft::model::options two{.preemptions = 3, .stale_reads = 1, .membarrier = true};
  const weft::model::options three{.preemptions = 2, .stale_reads = 1, .membarrier = true};
  return weft::model::verify(
      argc, argv,
      {
          {"wait: alone", two, wait_alone},
          {"wait: success", three, wait_and_success},
          {"wait: task cancelled", three, wait_and_task_cancel},
          {"end: is seen", two, end_is_seen_with_what_came_before},
          {"tree: two enders", two, two_enders},
          {"tree: a child is born", two, child_is_born_meanwhile},
          {"tree: a child is dropped", two, child_is_dropped_meanwhile},
          {"hook: taken back", two, hook_is_taken_back_meanwhile},
      },
      {
          {"cancel_state.*", "shown by task_state_model"},
          {"winner.*", "shown by winner_model"},
      });
}
