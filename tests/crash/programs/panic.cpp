// An exception leaves a task that nobody joins. The argument names its type; with a second one the
// task had a handle that was detached.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <weft/weft.hpp>

namespace {

struct special_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void fail(const std::string& kind) {
  if (kind == "runtime_error") throw std::runtime_error("boom");
  if (kind == "own") throw special_error("my own boom");
  if (kind == "int") throw 42;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "runtime_error";
  return weft::run([&] {
    auto never = weft::make_chan<int>();
    auto started = weft::make_chan<void>();
    const auto waits = [=] {
      started.send();
      never.send(1);
    };
    weft::go(waits);  // line 31
    started.recv();
    if (argc <= 2) weft::go(fail, kind);  // line 33
    if (argc > 2) {
      auto detached = weft::make_chan<void>();
      weft::spawn([kind, detached] {
        detached.recv();
        fail(kind);
      }).detach();
      detached.send();
    }
    weft::select();
  });
}
