// Echo over loopback (TCP, and unix sockets): whole conversations whose bytes are compared, and
// clients and servers that close, give up, are cancelled or hang up at any moment.
#include <algorithm>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

#include "tests/stress/stress.hpp"

namespace weft_stress {
namespace {

using std::chrono::steady_clock;
using weft::net::conn;

std::string some_bytes(rng& random, int most) {
  std::string bytes(static_cast<std::size_t>(random.between(1, most)), '\0');
  for (char& c : bytes) c = static_cast<char>('a' + random.below(26));
  return bytes;
}

struct place {
  std::string network, where;
};

weft::net::listener listen_somewhere(rng& random, place& at) {
  static std::atomic<int> number{0};
  const bool local = random.one_in(4);
  at.network = local ? "unix" : "tcp";
  weft::net::listener l = weft::net::listen(
      at.network, local ? "@weft_stress." + std::to_string(::getpid()) + "." + std::to_string(++number)
                        : std::string("127.0.0.1:0"));
  at.where = l.local_address().to_string();
  return l;
}

// Sends back what comes, until the end of the stream.
void echo(conn& c, rng random) {
  std::vector<char> block(static_cast<std::size_t>(random.between(1, 8000)));
  while (const std::size_t n = c.read_some(block)) c.write_all({block.data(), n});
}

bool is_an_end(const std::error_code& e) {
  return e == std::errc::timed_out || e == std::errc::operation_canceled ||
         e == std::errc::bad_file_descriptor || e == std::errc::connection_reset ||
         e == std::errc::broken_pipe || e == std::errc::connection_refused ||
         e == std::errc::not_connected || e == std::errc::connection_aborted ||
         e == std::errc::resource_unavailable_try_again;  // a unix listener's backlog
}

// Writes in one task, reads in another, half-closes, and compares everything.
void whole_conversation(const place& at, rng random) {
  conn c = weft::net::dial(at.network, at.where);
  if (random.one_in(2)) c.set_deadline(steady_clock::now() + std::chrono::hours(1));
  const std::string data = some_bytes(random, 60'000);
  auto writing = weft::spawn([&, random = random.fork()]() mutable {
    for (std::size_t done = 0; done < data.size();) {
      const std::size_t n =
          std::min(data.size() - done, static_cast<std::size_t>(random.between(1, 20'000)));
      c.write_all({data.data() + done, n});
      done += n;
      dawdle(random);
    }
    c.close_write();
  });
  std::string got;
  std::vector<char> block(static_cast<std::size_t>(random.between(1, 20'000)));
  for (;;) {
    if (random.one_in(4)) weft::select(weft::readable(c), weft::timeout(random.up_to_us(100)));
    const std::size_t n = c.read_some(block);
    if (n == 0) break;
    got.append(block.data(), n);
    count_steps();
  }
  writing.join();
  STRESS_CHECK(got == data);
}

// Ends somehow; what came back until then is what was sent.
void broken_conversation(const place& at, rng random) {
  std::error_code e;
  auto c = std::make_shared<conn>(weft::net::dial(
      at.network, at.where, weft::net::deadline(steady_clock::now() + random.up_to_us(20'000)), e));
  if (e) {
    STRESS_CHECK(is_an_end(e));
    return;
  }
  const std::string data = some_bytes(random, 300'000);
  weft::task<void> breaking;
  switch (random.below(4)) {
    case 0:
      breaking = weft::spawn([c, random = random.fork()]() mutable {
        weft::sleep_for(random.up_to_us(2000));
        c->close();
      });
      break;
    case 1:
      c->set_deadline(steady_clock::now() + random.up_to_us(2000));
      break;
    case 2:
      breaking = weft::spawn([c, random = random.fork()]() mutable {
        for (int i = 0; i < 20; ++i) {
          c->set_read_deadline(steady_clock::now() + random.up_to_us(300));
          dawdle(random);
          c->set_write_deadline(steady_clock::now() + random.up_to_us(300));
          weft::sleep_for(random.up_to_us(100));
        }
      });
      break;
    default:
      break;  // hangs up in the middle
  }
  auto writing = weft::spawn([c, &data] {
    std::error_code ignored;
    c->write_all(data, ignored);
    STRESS_CHECK(!ignored || is_an_end(ignored));
  });
  std::size_t got = 0;
  const std::size_t enough = static_cast<std::size_t>(random.between(1, static_cast<int>(data.size())));
  char block[4096];
  while (got < enough) {
    const std::size_t n = c->read_some(block, e);
    if (e) {
      STRESS_CHECK(is_an_end(e));
      break;
    }
    if (n == 0) break;
    STRESS_CHECK(got + n <= data.size() && data.compare(got, n, block, n) == 0);
    got += n;
    count_steps();
  }
}

}  // namespace

void tcp_echo(round& r) {
  r.run([&] {
    place at;
    weft::net::listener listener = listen_somewhere(r.random, at);
    auto serving = weft::spawn([&, seed = r.random.next()] {
      weft::net::serve(listener, [seed](conn c) { echo(c, rng(seed)); });
    });
    weft::wait_group clients;
    for (int i = r.random.between(1, 12); i > 0; --i)
      clients.go([&, random = r.random.fork()]() mutable {
        for (int turn = round::size(6); turn > 0; --turn) whole_conversation(at, random.fork());
      });
    clients.wait();
    listener.close();
    serving.join();
  });
}

void tcp_hostile(round& r) {
  r.run([&] {
    place at;
    weft::net::listener listener = listen_somewhere(r.random, at);
    auto serving = weft::spawn([&, seed = r.random.next()] {
      weft::net::serve(listener, [seed](conn c) {
        rng random(seed ^ static_cast<std::uint64_t>(weft::this_task::id()));
        if (random.one_in(6)) return;
        if (random.one_in(6)) c.set_deadline(steady_clock::now() + random.up_to_us(1000));
        if (random.one_in(6)) {
          char some[100];
          c.read_some(some);
          return;
        }
        echo(c, random);
      });
    });
    std::vector<weft::task<void>> clients;
    for (int turn = round::size(60); turn > 0; --turn) {
      clients.push_back(weft::spawn(broken_conversation, at, r.random.fork()));
      dawdle(r.random);
      while (static_cast<int>(clients.size()) > r.random.between(0, 10)) {
        auto& chosen = clients[static_cast<std::size_t>(r.random.below(static_cast<int>(clients.size())))];
        std::swap(chosen, clients.back());
        if (r.random.one_in(2)) clients.back().join();  // else it is cancelled where it is
        clients.pop_back();
      }
    }
    if (r.random.one_in(2)) listener.close();  // while some still dial
    while (!clients.empty()) {
      if (r.random.one_in(2)) clients.back().join();
      clients.pop_back();
    }
    listener.close();
    serving.join();
  });
}

}  // namespace weft_stress
