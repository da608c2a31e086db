// How long until a fiber runs that something outside wakes while nothing else is to be done?
#include "bench/peers/boost_fiber/peer.hpp"
#include "bench/wake.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    boost::fibers::buffered_channel<std::int64_t> ch(2);
    std::atomic<int> answers{0};
    std::thread waker([&] {
      bench::wake_from_outside(a, answers, [&](std::int64_t now) { ch.push(now); });
      ch.close();
    });
    std::vector<double> samples;
    for (std::int64_t sent : ch) {
      samples.push_back(static_cast<double>(bench::steady_ns() - sent) / 1e3);
      answers.fetch_add(1);
    }
    waker.join();
    bench::print_percentiles(a, "wake_idle", runtime, "us", samples, true);
  });
}
