// Uses a piece of each room, so that a library with a hole in it does not link.
#include <weft/weft.hpp>

#include <chrono>

int main() {
  return weft::run([] {
    auto numbers = weft::make_chan<int>(2);
    weft::go([numbers] {
      for (int i = 1; i <= 10; ++i) numbers.send(i);
      numbers.close();
    });
    int sum = 0;
    for (int n : numbers) sum += n;

    weft::sleep_for(std::chrono::milliseconds(1));
    weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:0");
    listener.close();

    int late = 0;
    weft::select(weft::recv(weft::chan<int>{}, late), weft::otherwise());
    return sum == 55 && late == 0 ? 0 : 1;
  });
}
