// A value that can only be moved is sent by moving it.
#include <memory>
#include <weft/weft.hpp>

int main() {
  auto ch = weft::make_chan<std::unique_ptr<int>>(2);
  auto p = std::make_unique<int>(1);
  ch.send(std::move(p));
  weft::select(weft::send(ch, std::make_unique<int>(2)));
}
