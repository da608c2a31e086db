// weft's names live beside those of the system's select and sockets and of Boost.Asio.
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <mutex>

#include <boost/asio.hpp>
#include <weft/weft.hpp>

using namespace weft;

int main() {
  return run([] {
    auto a = make_chan<int>(1);
    auto b = make_chan<int>();
    int v = 0;
    switch (select(send(a, 1), recv(b, v), otherwise())) {
      case 0:
        break;
      default:
        return 1;
    }
    select(recv(a, [&](int got) { v = got; }));
    mutex m;
    std::scoped_lock lock(m);
    fd_set set;
    FD_ZERO(&set);
    timeval none{};
    ::select(0, &set, nullptr, nullptr, &none);
    boost::asio::io_context io;
    return v - 1;
  });
}
