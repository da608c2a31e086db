// The key functions of the exception types: one vtable and type_info, also across shared libraries.
#include <weft/error.hpp>

namespace weft {

error::~error() = default;
closed_channel::~closed_channel() = default;
task_ended::~task_ended() = default;

}  // namespace weft
