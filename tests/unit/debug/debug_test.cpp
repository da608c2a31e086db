// The report: what it collects of tasks in known waits, how it folds, what it says; and `unwind`.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <weft/weft.hpp>

#include "runtime/debug/collect.hpp"
#include "runtime/debug/symbol.hpp"
#include "tests/support/run.hpp"

namespace {

using weft::debug::deadlock_report;
using weft::debug::task_report;
using weft_test::on_workers;
using weft_test::yield_until;

const task_report* find_reason(const deadlock_report& report, const std::string& reason) {
  const auto at = std::find_if(report.tasks.begin(), report.tasks.end(),
                               [&](const task_report& t) { return t.reason == reason; });
  return at == report.tasks.end() ? nullptr : &*at;
}

std::size_t tasks_in(const deadlock_report& report, const std::string& reason) {
  std::size_t count = 0;
  for (const task_report& t : report.tasks)
    if (t.reason == reason) count += t.ids.size();
  return count;
}

deadlock_report collect_when(const std::string& reason, std::size_t count) {
  deadlock_report report;
  yield_until([&] {
    report = weft::rt::collect_tasks({});
    return tasks_in(report, reason) == count;
  });
  return report;
}

TEST(ReportText, SaysHowLongInASensibleUnit) {
  using namespace std::chrono_literals;
  const auto line = [](std::chrono::nanoseconds since) {
    deadlock_report report;
    report.tasks.emplace_back();
    report.tasks[0].ids = {7};
    report.tasks[0].reason = "chan send";
    report.tasks[0].since = since;
    return report.text();
  };
  EXPECT_EQ(line(0ns), "task 7 [chan send]\n");
  EXPECT_EQ(line(999us), "task 7 [chan send]\n");
  EXPECT_EQ(line(1ms), "task 7 [chan send, 1 ms]\n");
  EXPECT_EQ(line(2s), "task 7 [chan send, 2 s]\n");
  EXPECT_EQ(line(119s), "task 7 [chan send, 119 s]\n");
  EXPECT_EQ(line(150s), "task 7 [chan send, 2 min]\n");
  EXPECT_EQ(line(5h), "task 7 [chan send, 5 h]\n");
}

class DebugReport : public on_workers {};
WEFT_ON_WORKERS(DebugReport);

TEST_P(DebugReport, FoldsEqualTasksAndKeepsTheirIds) {
  run([] {
    auto ch = weft::make_chan<int>();
    for (int i = 0; i < 20; ++i) weft::go([ch] { ch.send(1); });
    const deadlock_report report = collect_when("chan send", 20);
    const task_report* entry = find_reason(report, "chan send");
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->ids.size(), 20u);
    EXPECT_TRUE(std::is_sorted(entry->ids.begin(), entry->ids.end()));
    EXPECT_EQ(entry->waits_for, "chan#1, chan<int>, unbuffered");
    EXPECT_EQ(entry->spawned_by, weft::this_task::id());
    EXPECT_NE(find_reason(report, "running"), nullptr);
    EXPECT_NE(report.summary().find("20 in chan send"), std::string::npos) << report.summary();
  });
}

TEST_P(DebugReport, NumbersAChannelTheSameForAllItsTasks) {
  run([] {
    auto shared = weft::make_chan<int>(2);
    auto other = weft::make_chan<long>();
    weft::go([=] { shared.recv(); });
    weft::go([=] { weft::select(weft::recv(shared), weft::send(other, 1L)); });
    (void)collect_when("chan receive", 1);
    const deadlock_report report = collect_when("select", 1);
    const task_report* plain = find_reason(report, "chan receive");
    const task_report* select = find_reason(report, "select");
    ASSERT_TRUE(plain != nullptr && select != nullptr);
    const std::string number = plain->waits_for.substr(0, plain->waits_for.find(','));
    ASSERT_EQ(select->cases.size(), 2u);
    EXPECT_NE((select->cases[0] + select->cases[1]).find(number + ", chan<int>, 0 of 2 values"),
              std::string::npos)
        << report.text();
  });
}

TEST_P(DebugReport, NamesTheHolderOfAMutex) {
  run([] {
    weft::mutex mutex;
    mutex.lock();
    auto other = weft::spawn([&] {
      mutex.lock();
      mutex.unlock();
    });
    const deadlock_report report = collect_when("mutex lock", 1);
    const task_report* entry = find_reason(report, "mutex lock");
    EXPECT_TRUE(entry != nullptr && entry->held_by == weft::this_task::id()) << report.text();
    mutex.unlock();
    other.join();
  });
}

TEST_P(DebugReport, CanBeMadeWhileTasksComeAndGo) {
  run([] {
    weft::wait_group all;
    auto ch = weft::make_chan<int>();
    for (int i = 0; i < 50; ++i) {
      all.add(2);
      weft::go([&, ch] {
        for (int k = 0; k < 20; ++k) ch.send(k);
        all.done();
      });
      weft::go([&, ch] {
        for (int k = 0; k < 20; ++k) ch.recv();
        all.done();
      });
      EXPECT_FALSE(weft::rt::collect_tasks({}).text().empty());
      weft::this_task::yield();
    }
    all.wait();
  });
}

TEST(DebugUnwind, EndsTheWaitsOfStuckTasks) {
  weft::options options;
  options.on_deadlock = weft::deadlock_action::unwind;
  options.foreign_threads = weft::never_wake;
  bool unwound = false;
  weft::run(options, [&] {
    auto ch = weft::make_chan<int>();
    try {
      ch.recv();
    } catch (const weft::deadlocked&) {
      unwound = true;
    }
  });
  EXPECT_TRUE(unwound);
}

TEST(DebugText, JsonEscapesWhatItMust) {
  deadlock_report report;
  task_report task;
  task.ids = {3, 5, 6, 7};
  task.name = "a \"quoted\"\n\\name";
  task.reason = "sleep";
  report.tasks.push_back(task);
  EXPECT_NE(report.json().find(R"("name":"a \"quoted\"\u000a\\name")"), std::string::npos)
      << report.json();
  EXPECT_EQ(report.text(), "tasks 3, 5-7 [sleep]: a \"quoted\"\n\\name\n");
}

TEST(DebugText, AnUnknownAddressGivesAnEmptyPlace) {
  EXPECT_TRUE(weft::rt::symbolise(nullptr).function.empty());
  EXPECT_EQ(weft::rt::symbolise(reinterpret_cast<const void*>(8)).line, 0u);
}

}  // namespace
