// Five philosophers, five forks, each needs the two beside the plate. Nobody can starve at this
// table: everybody takes the fork with the lower number first, so a circle of philosophers who each
// hold one fork and wait for the next cannot form. `dining_philosophers_deadlock` is the table
// without that rule.
#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>
#include <weft/weft.hpp>

namespace {

constexpr std::size_t seats = 5;
constexpr int meals = 100;

}  // namespace

int main() {
  return weft::run([] {
    std::array<weft::mutex, seats> forks;
    std::array<int, seats> eaten{};
    weft::wait_group guests;

    for (std::size_t seat = 0; seat < seats; ++seat) {
      guests.go([&forks, &eaten, seat] {
        const std::size_t left = seat;
        const std::size_t right = (seat + 1) % seats;
        for (int i = 0; i < meals; ++i) {
          std::lock_guard first(forks[std::min(left, right)]);
          weft::this_task::yield();  // time for a neighbour to take the other one
          std::lock_guard second(forks[std::max(left, right)]);
          ++eaten[seat];
        }
      });
    }
    guests.wait();

    for (std::size_t seat = 0; seat < seats; ++seat) {
      std::printf("philosopher %zu ate %d times\n", seat, eaten[seat]);
    }
  });
}
