// The task_local values of a task or of a foreign thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::rt {

struct task;

// A table in the order in which the values were made. Its owner only.
class local_values {
 public:
  local_values() = default;
  local_values(const local_values&) = delete;
  local_values& operator=(const local_values&) = delete;
  ~local_values();

  void* find(std::uint64_t id) const noexcept;
  // May throw std::bad_alloc, and then has destroyed the value.
  void add(std::uint64_t id, void* value, void (*destroy)(void*) noexcept);
  // The last made first; values that are made meanwhile too.
  void clear() noexcept;

 private:
  struct entry {
    std::uint64_t id;
    void* value;
    void (*destroy)(void*) noexcept;
  };
  entry* entries_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t room_ = 0;
};

// Last thing of a task's function: destroys the task's values, on its own stack. Blocking calls of
// their destructors wait normally, as they do while a stack unwinds.
void end_locals(task& self) noexcept;

}  // namespace weft::rt
