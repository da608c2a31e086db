// All of weft.
#pragma once

#include <weft/barrier.hpp>
#include <weft/chan.hpp>
#include <weft/condition_variable.hpp>
#include <weft/context.hpp>
#include <weft/debug.hpp>
#include <weft/error.hpp>
#include <weft/group.hpp>
#include <weft/mutex.hpp>
#include <weft/net.hpp>
#include <weft/once.hpp>
#include <weft/options.hpp>
#include <weft/pin_thread.hpp>
#include <weft/run.hpp>
#include <weft/select.hpp>
#include <weft/select_cases.hpp>
#include <weft/semaphore.hpp>
#include <weft/shared_mutex.hpp>
#include <weft/task.hpp>
#include <weft/task_local.hpp>
#include <weft/time.hpp>
#include <weft/timer.hpp>
#include <weft/wait_group.hpp>
#include <weft/waker.hpp>
