// SEMANTICS, "select": it is one atomic observation of all its channels: if at every moment at
// least one case was ready, otherwise is not taken. Each test moves readiness from one channel to
// another while a select looks.
#include <array>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using weft_test::on_workers;

class SelectObservation : public on_workers {};
WEFT_ON_WORKERS(SelectObservation);

constexpr int rounds = weft_test::under_tsan ? 1500 : 6000;

TEST_P(SelectObservation, AValueMovesFromOneChannelToAnother) {
  run([] {
    for (int i = 0; i < rounds; ++i) {
      auto a = weft::make_chan<int>(1);
      auto b = weft::make_chan<int>(1);
      a.send(1);
      auto looking = weft::spawn(
          [a, b] { return weft::select(weft::recv(a), weft::recv(b), weft::otherwise()); });
      b.send(1);     // now both have a value,
      a.try_recv();  // now at least b has, unless the other task took it
      ASSERT_NE(looking.join(), 2) << "round " << i;
    }
  });
}

TEST_P(SelectObservation, AValueIsTakenAfterAnotherChannelWasClosed) {
  run([] {
    for (int i = 0; i < rounds; ++i) {
      auto a = weft::make_chan<int>(1);
      auto b = weft::make_chan<int>();
      a.send(1);
      auto looking = weft::spawn(
          [a, b] { return weft::select(weft::recv(a), weft::recv(b), weft::otherwise()); });
      b.close();
      a.try_recv();
      ASSERT_NE(looking.join(), 2) << "round " << i;
    }
  });
}

TEST_P(SelectObservation, RoomMovesFromOneChannelToAnother) {
  run([] {
    for (int i = 0; i < rounds; ++i) {
      auto a = weft::make_chan<int>(1);
      auto b = weft::make_chan<int>(1);
      b.send(1);
      auto looking = weft::spawn(
          [a, b] { return weft::select(weft::send(a, 2), weft::send(b, 3), weft::otherwise()); });
      b.recv();       // now both have room,
      a.try_send(4);  // now at least b has, unless the other task filled it
      ASSERT_NE(looking.join(), 2) << "round " << i;
    }
  });
}

TEST_P(SelectObservation, AValueMovesBackAndForthAmongManyChannels) {
  run([] {
    constexpr std::size_t k = 5;
    std::array<weft::chan<int>, k> ch;
    for (auto& c : ch) c = weft::make_chan<int>(2);
    ch[0].send(1);
    std::atomic<bool> stop{false};
    auto moving = weft::spawn([&] {
      for (std::size_t at = 0; !stop; at = (at + 1) % k) {
        ch[(at + 1) % k].send(1);
        // The lookers put back what they took into the same channel, so a value comes back here.
        ch[at].recv();
        weft::this_task::yield();
      }
    });
    auto looking = weft::spawn([&] {
      for (int i = 0; i < rounds; ++i) {
        // Looks without taking: a send to a full channel cannot proceed, a receive can; it puts the
        // value back.
        const int index = weft::select(weft::recv(ch[0]), weft::recv(ch[1]), weft::recv(ch[2]),
                                       weft::recv(ch[3]), weft::recv(ch[4]), weft::otherwise());
        if (index == static_cast<int>(k)) {
          ADD_FAILURE() << "saw no value in round " << i;
          break;
        }
        ch[index].send(1);
        if (i % 16 == 0) weft::this_task::yield();
      }
      stop = true;
    });
    looking.join();
    moving.join();
  });
}

TEST_P(SelectObservation, ReadinessThatIsASenderWaiting) {
  run([] {
    // Here readiness comes from a sender: it stands in both channels at once, as one select.
    for (int i = 0; i < rounds / 4; ++i) {
      auto a = weft::make_chan<int>();
      auto b = weft::make_chan<int>();
      auto offering =
          weft::spawn([a, b] { return weft::select(weft::send(a, 1), weft::send(b, 1)); });
      std::optional<int> v;
      weft_test::yield_until([&] {
        weft::select(weft::recv(i % 2 ? a : b, v), weft::recv(i % 2 ? b : a, v), weft::otherwise());
        return v.has_value();
      });
      offering.join();
      // It was one offer: nothing is left of it.
      ASSERT_EQ(weft::select(weft::recv(a), weft::recv(b), weft::otherwise()), 2);
    }
  });
}

}  // namespace
