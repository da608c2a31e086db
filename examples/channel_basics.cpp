// What a channel does in each of its states: unbuffered, buffered and nil; open and closed; for
// receive, send and close. An operation that would wait is shown by a select that gives it a short
// time and then goes on. After the table: how to tell a zero that was sent from the zero of a
// closed channel, a range over a channel, len and cap.
#include <chrono>
#include <cstdio>
#include <weft/weft.hpp>

using namespace std::chrono_literals;

namespace {

void show_receive(const char* channel, const weft::chan<int>& ch) {
  std::optional<int> value;
  if (weft::select(weft::recv(ch, value), weft::timeout(5ms)) == 1) {
    std::printf("receive  %-28s waits\n", channel);
  } else if (value) {
    std::printf("receive  %-28s %d\n", channel, *value);
  } else {
    std::printf("receive  %-28s no value\n", channel);
  }
}

void show_send(const char* channel, const weft::chan<int>& ch) {
  try {
    const bool waits = weft::select(weft::send(ch, 9), weft::timeout(5ms)) == 1;
    std::printf("send     %-28s %s\n", channel, waits ? "waits" : "sent");
  } catch (const weft::closed_channel&) {
    std::printf("send     %-28s throws\n", channel);
  }
}

void show_close(const char* channel, const weft::chan<int>& ch) {
  try {
    ch.close();
    std::printf("close    %-28s works\n", channel);
  } catch (const weft::closed_channel&) {
    std::printf("close    %-28s throws\n", channel);
  }
}

void unbuffered() {
  auto ch = weft::make_chan<int>();
  show_receive("unbuffered, open", ch);
  show_send("unbuffered, open", ch);
  auto sender = weft::spawn([ch] { ch.send(1); });
  std::printf("receive  %-28s %d\n", "unbuffered, sender waits", ch.recv().value());
  sender.join();
  auto receiver = weft::spawn([ch] { return ch.recv().value(); });
  ch.send(2);
  std::printf("send     %-28s %d\n", "unbuffered, receiver waits", receiver.join());

  auto blocked = weft::spawn([ch] {
    try {
      ch.send(3);
      return "sent";
    } catch (const weft::closed_channel&) {
      return "throws";
    }
  });
  weft::this_task::yield();
  show_close("unbuffered, open", ch);
  std::printf("send     %-28s %s\n", "unbuffered, closed meanwhile", blocked.join());
  show_receive("unbuffered, closed", ch);
  show_send("unbuffered, closed", ch);
  show_close("unbuffered, closed", ch);
}

void buffered() {
  auto ch = weft::make_chan<int>(2);
  show_receive("buffered, empty", ch);
  show_send("buffered, empty", ch);
  show_send("buffered, one free", ch);
  show_send("buffered, full", ch);
  std::printf("         len %zu, cap %zu\n", ch.len(), ch.cap());
  show_receive("buffered, full", ch);
  show_close("buffered, open", ch);
  show_send("buffered, closed", ch);
  show_receive("buffered, closed, one left", ch);
  show_receive("buffered, closed, drained", ch);
  show_close("buffered, closed", ch);
}

void nil() {
  weft::chan<int> ch;
  show_receive("nil", ch);
  show_send("nil", ch);
  show_close("nil", ch);
  std::printf("         len %zu, cap %zu\n", ch.len(), ch.cap());
}

void comma_ok() {
  auto ch = weft::make_chan<int>(1);
  ch.send(0);
  ch.close();
  auto [first, first_ok] = ch.recv_ok();
  std::printf("comma-ok: %d %s\n", first, first_ok ? "was sent" : "closed");
  auto [second, second_ok] = ch.recv_ok();
  std::printf("comma-ok: %d %s\n", second, second_ok ? "was sent" : "closed");
}

void range() {
  auto ch = weft::make_chan<int>();
  weft::go([ch] {
    for (int i = 1; i <= 3; ++i) ch.send(i);
    ch.close();
  });
  std::printf("range:");
  for (int v : ch) std::printf(" %d", v);
  std::printf(", then closed\n");
}

}  // namespace

int main() {
  return weft::run([] {
    unbuffered();
    buffered();
    nil();
    comma_ok();
    range();
  });
}
