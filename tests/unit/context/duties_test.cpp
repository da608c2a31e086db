// What belongs to a flow goes with it: exceptions, errno, floating-point modes; on other threads
// too.
#include <gtest/gtest.h>

#include <cfenv>
#include <stdexcept>
#include <string>
#include <thread>

#include "runtime/context/context.hpp"
#include "tests/unit/context/flow.hpp"

namespace weft::rt::test {
namespace {

[[gnu::noinline]] double divide(double a, double b) {
  asm volatile("" : "+m"(a), "+m"(b));  // at run time, in the rounding mode of now
  return a / b;
}
[[gnu::noinline]] long double divide_long(long double a, long double b) {
  asm volatile("" : "+m"(a), "+m"(b));
  return a / b;
}

// Resumes f until its end, each time on a thread of its own or, every other time, on this one;
// checks that neither thread notices anything.
void run_on_changing_threads(flow& f) {
  const auto step = [&] {
    native_flow native;
    set_errno(77);
    const int rounding = std::fegetround();
    f.resume(native);
    EXPECT_EQ(errno_now(), 77);
    EXPECT_EQ(uncaught_now(), 0);
    EXPECT_EQ(std::current_exception(), nullptr);
    EXPECT_EQ(std::fegetround(), rounding);
  };
  for (bool here = true; !f.done; here = !here) {
    if (here)
      step();
    else
      std::thread(step).join();
  }
}

TEST(context_duties, errno_belongs_to_the_flow) {
  flow f([](flow& me) {
    EXPECT_EQ(errno_now(), 0);
    for (int i = 1; i < 20; ++i) {
      set_errno(i);
      me.pause();
      EXPECT_EQ(errno_now(), i);
    }
  });
  run_on_changing_threads(f);
}

TEST(context_duties, an_exception_is_thrown_and_caught_inside) {
  int caught = 0;
  flow f([&](flow& me) {
    for (int i = 0; i < 20; ++i) {
      try {
        throw std::runtime_error("inside");
      } catch (const std::runtime_error&) {
        ++caught;
      }
      me.pause();
    }
  });
  run_on_changing_threads(f);
  EXPECT_EQ(caught, 20);
}

TEST(context_duties, a_caught_exception_stays_the_flows_own) {
  flow f([](flow& me) {
    try {
      throw std::runtime_error("outer");
    } catch (const std::runtime_error& outer) {
      me.pause();
      try {
        throw std::logic_error("inner");
      } catch (const std::logic_error& inner) {
        me.pause();
        try {
          throw;
        } catch (const std::logic_error& again) {
          EXPECT_EQ(&again, &inner);
        }
        me.pause();
      }
      me.pause();
      try {
        throw;
      } catch (const std::runtime_error& again) {
        EXPECT_EQ(&again, &outer);
      }
    }
    me.pause();
    EXPECT_EQ(std::current_exception(), nullptr);
  });
  run_on_changing_threads(f);
}

// Destructors that pause while an exception is on its way.
struct pauses_in_destructor {
  flow& me;
  ~pauses_in_destructor() {
    EXPECT_EQ(uncaught_now(), 1);
    me.pause();
    EXPECT_EQ(uncaught_now(), 1);
    try {
      throw std::logic_error("during unwinding");
    } catch (const std::logic_error&) {
      me.pause();
      EXPECT_EQ(uncaught_now(), 1);
    }
  }
};

TEST(context_duties, uncaught_exceptions_are_counted_per_flow) {
  bool caught = false;
  flow f([&](flow& me) {
    EXPECT_EQ(uncaught_now(), 0);
    try {
      const pauses_in_destructor first{me};
      const pauses_in_destructor second{me};
      throw std::runtime_error("on its way");
    } catch (const std::runtime_error& error) {
      caught = error.what() == std::string("on its way");
      EXPECT_EQ(uncaught_now(), 0);
    }
  });
  run_on_changing_threads(f);
  EXPECT_TRUE(caught);
}

// Two flows of one thread, their catch blocks interleaved: neither order of leaving is a stack.
TEST(context_duties, catch_blocks_of_two_flows_interleave) {
  native_flow native;
  const auto body = [](flow& me) {
    for (int i = 0; i < 3; ++i) {
      try {
        throw i;
      } catch (int& mine) {
        me.pause();
        try {
          throw;
        } catch (int& again) {
          EXPECT_EQ(&again, &mine);
          EXPECT_EQ(again, i);
        }
      }
      me.pause();
    }
  };
  flow a(body), b(body);
  a.resume(native);
  while (!a.done || !b.done) {
    if (!b.done) b.resume(native);
    if (!a.done) a.resume(native);
  }
}

TEST(context_duties, a_switch_from_inside_a_catch_block_of_the_thread) {
  native_flow native;
  flow f([](flow& me) {
    EXPECT_EQ(std::current_exception(), nullptr);
    try {
      throw 2;
    } catch (int) {
      me.pause();
    }
  });
  try {
    throw 1;
  } catch (int& mine) {
    f.resume(native);
    try {
      throw;
    } catch (int& again) {
      EXPECT_EQ(&again, &mine);
    }
  }
  f.resume(native);
  EXPECT_TRUE(f.done);
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(context_duties, rounding_belongs_to_the_flow) {
  const double near_third = divide(1, 3);
  flow f([&](flow& me) {
    for (const int mode : {FE_UPWARD, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD, FE_TONEAREST}) {
      std::fesetround(mode);
      const double quotient = divide(1, 3);
      const long double long_quotient = divide_long(1, 3);
      me.pause();
      EXPECT_EQ(std::fegetround(), mode);
      EXPECT_EQ(divide(1, 3), quotient);
      EXPECT_EQ(divide_long(1, 3), long_quotient);
      EXPECT_EQ(quotient > near_third, mode == FE_UPWARD);
    }
  });
  run_on_changing_threads(f);
  EXPECT_EQ(divide(1, 3), near_third);
}

TEST(context_duties, a_fresh_flow_has_the_modes_of_its_maker) {
  native_flow native;
  std::fesetround(FE_DOWNWARD);
  flow f([](flow&) {
    EXPECT_EQ(std::fegetround(), FE_DOWNWARD);
    EXPECT_EQ(errno_now(), 0);
    EXPECT_EQ(uncaught_now(), 0);
  });
  std::fesetround(FE_TONEAREST);
  set_errno(4);
  f.resume(native);
  EXPECT_TRUE(f.done);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

#if defined(__GLIBC__) && defined(__x86_64__)
// A sticky flag that another flow left behind is no trap for one that wants traps.
TEST(context_duties, sticky_flags_of_one_flow_do_not_trap_in_another) {
  native_flow native;
  flow traps([](flow& me) {
    std::feclearexcept(FE_ALL_EXCEPT);
    feenableexcept(FE_DIVBYZERO);
    for (int i = 0; i < 3; ++i) {
      me.pause();
      EXPECT_EQ(fegetexcept(), FE_DIVBYZERO);
      EXPECT_EQ(divide_long(6, 2), 3);
      EXPECT_EQ(divide(6, 2), 3);
    }
  });
  while (!traps.done) {
    std::feraiseexcept(FE_DIVBYZERO);
    EXPECT_GT(divide_long(1, 0), 1);
    traps.resume(native);
    EXPECT_EQ(fegetexcept(), 0);
  }
  std::feclearexcept(FE_ALL_EXCEPT);
}
#endif

}  // namespace
}  // namespace weft::rt::test
