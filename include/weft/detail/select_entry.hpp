// The cases of a select_set behind one interface, so that any number of any kind can be kept.
#pragma once

#include <type_traits>
#include <utility>

#include <weft/detail/export.hpp>
#include <weft/detail/select_core.hpp>

namespace weft::detail {

class WEFT_API select_entry {
 public:
  select_entry() noexcept = default;
  select_entry(const select_entry&) = delete;
  select_entry& operator=(const select_entry&) = delete;
  virtual ~select_entry();
  virtual void arm(select_case& to, select_plan& plan, int index) = 0;
  virtual void finish(const select_case& chosen) = 0;

  select_entry* next = nullptr;  // of the set that owns it
};

template <class Clause>
class select_entry_of final : public select_entry {
 public:
  template <class Make>
  explicit select_entry_of(Make& make) : clause_(make()) {}
  void arm(select_case& to, select_plan& plan, int index) override {
    clause_.arm(to, plan, index);
  }
  void finish(const select_case& chosen) override { clause_.finish(chosen); }

 private:
  Clause clause_;
};

template <class Make>
select_entry* make_select_entry(Make make) {
  return new select_entry_of<decltype(make())>(make);
}

class WEFT_API select_entries {
 protected:
  select_entries() noexcept = default;
  select_entries(select_entries&& other) noexcept { swap(other); }
  select_entries& operator=(select_entries&& other) noexcept {
    swap(other);
    return *this;
  }
  ~select_entries() { remove_all(); }

  int append(select_entry* owned);  // its index
  int count() const noexcept { return count_; }
  void remove_all() noexcept;
  int run(rt::end_signal* under);

 private:
  void swap(select_entries& other) noexcept {
    std::swap(head_, other.head_);
    std::swap(tail_, other.tail_);
    std::swap(count_, other.count_);
  }

  select_entry* head_ = nullptr;
  select_entry* tail_ = nullptr;
  int count_ = 0;
};

}  // namespace weft::detail
