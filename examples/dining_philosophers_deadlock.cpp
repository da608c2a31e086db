// Five philosophers, five forks, and everybody takes the left one first. Once all have done so
// nobody can get a second one: a deadlock of five tasks in a circle, which weft reports, with
// status 2. The wait_group `all_hold_one` makes the unlucky moment certain; without it the program
// would merely get stuck on some days.
#include <array>
#include <cstdio>
#include <mutex>
#include <weft/weft.hpp>

namespace {

constexpr std::size_t seats = 5;

}  // namespace

int main() {
  return weft::run([] {
    std::array<weft::mutex, seats> forks;
    weft::wait_group all_hold_one;
    weft::wait_group guests;
    all_hold_one.add(seats);

    for (std::size_t seat = 0; seat < seats; ++seat) {
      guests.go([&forks, &all_hold_one, seat] {
        std::lock_guard left(forks[seat]);
        all_hold_one.done();
        all_hold_one.wait();
        std::lock_guard right(forks[(seat + 1) % seats]);
        std::printf("philosopher %zu eats\n", seat);
      });
    }

    all_hold_one.wait();
    std::printf("every philosopher holds one fork\n");
    std::fflush(stdout);
    guests.wait();
  });
}
