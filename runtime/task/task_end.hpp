// What this_task::exit throws to unwind a task: not for users, not a std::exception.
#pragma once

namespace weft::rt {

struct exit_request {};

}  // namespace weft::rt
