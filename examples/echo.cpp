// A TCP server that sends back what it gets: one task a connection, written as if every call
// blocked. A client that resets its connection ends its own task only. The argument is the port
// (default 7777, 0 for any free one).
#include <array>
#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <system_error>
#include <weft/net.hpp>
#include <weft/weft.hpp>

namespace {

void echo(weft::net::conn client) {
  std::array<char, 4096> buffer;
  std::error_code error;
  for (;;) {
    const std::size_t n = client.read_some(buffer, error);
    if (error || n == 0) return;  // 0: the client has sent all it had
    client.write_all(std::span(buffer).first(n), error);
    if (error) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string port = argc > 1 ? argv[1] : "7777";
  return weft::run([&port] {
    weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:" + port);
    std::printf("listening on %s\n", listener.local_address().to_string().c_str());
    std::fflush(stdout);
    for (;;) {
      std::error_code error;
      weft::net::conn client = listener.accept(error);
      if (error) {  // out of descriptors, for example: it passes
        weft::sleep_for(std::chrono::milliseconds(10));
        continue;
      }
      weft::go(echo, std::move(client));
    }
  });
}
