// The servers among the examples, as processes, spoken to through plain sockets by clients that are
// not ours: keep-alive, pipelining, requests in pieces, malformed requests, clients that hang up.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/subprocess.hpp"

namespace {

using weft_test::example_path;
using weft_test::subprocess;

class client {
 public:
  explicit client(std::uint16_t port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const timeval limit{60, 0};  // only ends a hang
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client() { hang_up(); }

  void send(const std::string& text) {
    EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  // The next response, header and body; empty when the server has closed.
  std::string response() {
    std::size_t header_end;
    while ((header_end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return "";
    }
    const std::size_t at = received_.find("Content-Length: ");
    const std::size_t length = at < header_end ? std::stoul(received_.substr(at + 16)) : 0;
    const std::size_t whole = header_end + 4 + length;
    while (received_.size() < whole) {
      if (!more()) return "";
    }
    std::string result = received_.substr(0, whole);
    received_.erase(0, whole);
    return result;
  }

  std::string read_exactly(std::size_t n) {
    while (received_.size() < n && more()) {
    }
    std::string result = received_.substr(0, n);
    received_.erase(0, n);
    return result;
  }

  bool closed_by_server() { return received_.empty() && !more(); }

  void end_of_requests() { ::shutdown(fd_, SHUT_WR); }

  void reset() {  // hang up with a reset instead of an orderly end
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    hang_up();
  }

  void hang_up() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  bool more() {
    char block[4096];
    const ssize_t n = ::recv(fd_, block, sizeof block, 0);
    if (n <= 0) return false;
    received_.append(block, static_cast<std::size_t>(n));
    return true;
  }

  int fd_ = -1;
  std::string received_;
};

class Server : public ::testing::Test {
 protected:
  void start(const char* example) {
    process_ = std::make_unique<subprocess>(std::vector<std::string>{example_path(example), "0"});
    ASSERT_TRUE(process_->wait_for_stdout("\n")) << process_->err();
    const std::string line = process_->out();
    ASSERT_EQ(line.rfind("listening on 127.0.0.1:", 0), 0u) << line;
    port_ = static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
  }

  void TearDown() override {
    if (!process_) return;
    process_->send_signal(SIGTERM);
    const auto r = process_->wait();
    EXPECT_EQ(r.signal, SIGTERM) << "the server did not live to the end\n" << r.text();
    EXPECT_EQ(r.err, "");
  }

  std::unique_ptr<subprocess> process_;
  std::uint16_t port_ = 0;
};

class HttpHello : public Server {
 protected:
  void SetUp() override { start("http_hello"); }

  static void expect_hello(const std::string& response) {
    EXPECT_EQ(response.rfind("HTTP/1.1 200 OK\r\n", 0), 0u) << response;
    EXPECT_NE(response.find("\r\n\r\nHello, world!\n"), std::string::npos) << response;
  }

  void expect_still_serves() {
    client c(port_);
    c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_hello(c.response());
  }
};

const std::string get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST_F(HttpHello, AnswersARequest) {
  expect_still_serves();
}

TEST_F(HttpHello, KeepsTheConnection) {
  client c(port_);
  for (int i = 0; i < 100; ++i) {
    c.send(get);
    expect_hello(c.response());
  }
}

TEST_F(HttpHello, ClosesWhenAskedTo) {
  client c(port_);
  c.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect_hello(c.response());
  EXPECT_TRUE(c.closed_by_server());
}

TEST_F(HttpHello, ClosesAfterHttp10) {
  client c(port_);
  c.send("GET / HTTP/1.0\r\n\r\n");
  expect_hello(c.response());
  EXPECT_TRUE(c.closed_by_server());
}

TEST_F(HttpHello, AnswersPipelinedRequestsInOrder) {
  client c(port_);
  std::string many;
  for (int i = 0; i < 50; ++i) many += get;
  many += "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n";
  c.send(many);
  c.end_of_requests();
  for (int i = 0; i < 50; ++i) expect_hello(c.response());
}

TEST_F(HttpHello, ReadsARequestInSmallPieces) {
  client c(port_);
  for (const char byte : get) c.send(std::string(1, byte));
  expect_hello(c.response());
}

TEST_F(HttpHello, ReadsABodyAndGoesOnBehindIt) {
  client c(port_);
  const std::string body(100'000, 'b');
  c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body + get);
  expect_hello(c.response());
  expect_hello(c.response());
  c.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" +
         get);
  expect_hello(c.response());
  expect_hello(c.response());
}

TEST_F(HttpHello, AnswersAMalformedRequestWith400AndCloses) {
  for (const std::string& bad :
       {std::string("nonsense\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n"),
        "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"}) {
    client c(port_);
    c.send(bad);
    EXPECT_EQ(c.response().rfind("HTTP/1.1 400 ", 0), 0u) << bad.substr(0, 60);
    EXPECT_TRUE(c.closed_by_server());
  }
  expect_still_serves();
}

TEST_F(HttpHello, SurvivesClientsThatHangUp) {
  for (int i = 0; i < 30; ++i) {
    client silent(port_);
    client half(port_);
    half.send("GET / HTTP/1.1\r\nHo");
    client deaf(port_);
    for (int k = 0; k < 100; ++k) deaf.send(get);
    if (i % 2 == 0) {
      silent.reset();
      half.reset();
      deaf.reset();
    }
  }
  expect_still_serves();
}

TEST_F(HttpHello, ServesManyConnectionsAtOnce) {
  std::vector<std::unique_ptr<client>> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(std::make_unique<client>(port_));
  for (int round = 0; round < 3; ++round) {
    for (auto& c : clients) c->send(get);
    for (auto& c : clients) expect_hello(c->response());
  }
}

class Echo : public Server {
 protected:
  void SetUp() override { start("echo"); }
};

TEST_F(Echo, SendsBackWhatItGets) {
  client c(port_);
  c.send("hello");
  EXPECT_EQ(c.read_exactly(5), "hello");
  std::string block(30'000, 'x');
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<char>('a' + i % 26);
  c.send(block);
  EXPECT_EQ(c.read_exactly(block.size()), block);
  c.end_of_requests();
  EXPECT_TRUE(c.closed_by_server());
}

TEST_F(Echo, ServesOneWhileOthersAreSilent) {
  client first(port_), second(port_), third(port_);
  third.send("3");
  EXPECT_EQ(third.read_exactly(1), "3");
  first.send("1");
  EXPECT_EQ(first.read_exactly(1), "1");
  second.reset();
  first.send("again");
  EXPECT_EQ(first.read_exactly(5), "again");
}

}  // namespace
