// A deadlock beside a pending timer that nobody waits for: the channel of weft::after was dropped.
#include <chrono>
#include <weft/weft.hpp>

int main() {
  return weft::run([] {
    (void)weft::after(std::chrono::hours(24));
    weft::make_chan<int>().recv();
  });
}
