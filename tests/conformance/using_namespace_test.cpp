// SEMANTICS, "select": `using namespace weft` beside the headers that declare ::select, ::send,
// ::recv and ::accept compiles, and means what it says.
#include <sys/select.h>
#include <sys/socket.h>

#include <boost/asio.hpp>
#include <chrono>

#include "tests/support/run.hpp"

namespace {

using namespace weft;
using namespace std::chrono_literals;

TEST(UsingNamespaceWeft, SelectSendAndRecvMeanOurs) {
  weft::run([] {
    auto ch = make_chan<int>(1);
    int v = 0;
    bool ok = false;
    EXPECT_EQ(select(recv(ch, v), send(ch, 3)), 1);
    EXPECT_EQ(select(send(ch, 4), recv(ch, v, ok), otherwise()), 1);
    EXPECT_EQ(v, 3);
    EXPECT_TRUE(ok);
    EXPECT_EQ(select(recv(ch, [](int) {}), timeout(1ms)), 1);
  });
}

TEST(UsingNamespaceWeft, TheSystemsFunctionsStayReachable) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  const char byte = 'x';
  EXPECT_EQ(send(pair[0], &byte, 1, 0), 1);
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(pair[1], &readable);
  timeval limit{60, 0};
  EXPECT_EQ(select(pair[1] + 1, &readable, nullptr, nullptr, &limit), 1);
  char got = 0;
  EXPECT_EQ(recv(pair[1], &got, 1, 0), 1);
  EXPECT_EQ(got, 'x');
  close(pair[0]);
  close(pair[1]);
}

}  // namespace
