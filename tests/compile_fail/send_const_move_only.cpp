// expect: (cannot bind rvalue reference|no matching member function for call to .send)
// A const value that can only be moved can be neither copied nor moved into a channel.
#include <memory>
#include <weft/weft.hpp>

int main() {
  auto ch = weft::make_chan<std::unique_ptr<int>>(1);
  const auto p = std::make_unique<int>(1);
  ch.send(p);
}
