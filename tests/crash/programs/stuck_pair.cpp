// Two tasks, one sends and one receives, each on a channel that the other does not touch; main
// waits for both, with an argument a little later. The test knows the lines below by heart.
#include <weft/weft.hpp>

int main(int argc, char**) {
  return weft::run([argc] {
    auto ch1 = weft::make_chan<int>();
    auto ch2 = weft::make_chan<int>(1);
    weft::wait_group both;
    both.add(2);
    weft::go([&] { ch1.send(1); });  // line 11
    weft::go([&] { ch2.recv(); });   // line 12
    if (argc == 1) both.wait();      // line 13
    weft::sleep_for(std::chrono::milliseconds(20));
    both.wait();
  });
}
