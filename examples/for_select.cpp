// The loop over a select: work arrives on one channel, the wish to stop on another. The switch form
// of select tells by the case's number what happened, and `return` leaves switch, loop and function
// at once, which `break` would not.
#include <cstdio>
#include <weft/weft.hpp>

namespace {

int sum_until_done(weft::recv_chan<int> numbers, weft::recv_chan<void> done) {
  int sum = 0;
  for (;;) {
    int n = 0;
    switch (weft::select(weft::recv(numbers, n), weft::recv(done))) {
      case 0:
        std::printf("got %d\n", n);
        sum += n;
        break;
      case 1:
        std::printf("done\n");
        return sum;
    }
  }
}

}  // namespace

int main() {
  return weft::run([] {
    auto numbers = weft::make_chan<int>();
    auto done = weft::make_chan<void>();

    weft::go([numbers, done] {
      for (int n = 1; n <= 4; ++n) numbers.send(n);
      done.close();
    });

    std::printf("sum %d\n", sum_until_done(numbers, done));
  });
}
