// All tasks wait and a thread exists that weft has never seen: it waits for a byte on stdin and may
// then send. Whether that counts is the argument: may_wake (the default policy) or never_wake. With
// `parks_at_once` and `parks_late` (after that byte) the thread calls weft and is parked in it, so that
// it cannot wake anybody. With `known_caller` main's own thread has used weft before it calls run().
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <weft/weft.hpp>

int main(int argc, char** argv) {
  const std::string policy = argc > 1 ? argv[1] : "may_wake";
  weft::options options;
  if (policy == "never_wake") options.foreign_threads = weft::never_wake;

  auto ch = weft::make_chan<int>();
  if (policy == "known_caller") weft::make_chan<int>(1).send(1);
  std::thread outside([ch, policy] {
    char byte = 0;
    if (policy != "parks_at_once" && ::read(STDIN_FILENO, &byte, 1) != 1) return;
    if (policy == "parks_at_once" || policy == "parks_late")
      weft::make_chan<int>().recv();
    else
      ch.send(7);
  });
  const int status = weft::run(options, [ch] { std::printf("received %d\n", ch.recv().value()); });
  outside.join();
  return status;
}
