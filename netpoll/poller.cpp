#include "netpoll/poller.hpp"

namespace weft::np {
int poller_start() noexcept { return 0; }
void poller_stop() noexcept {}
int poll(std::int64_t, ready_list&) noexcept { return 0; }
void interrupt() noexcept {}
bool has_descriptors() noexcept { return false; }
}  // namespace weft::np
