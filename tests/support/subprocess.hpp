// Runs a program as a child process with a time limit and captures what it prints, for tests about
// how a process ends and for tests that talk to a server. POSIX only; for one thread of the test
// program, outside of any run.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

extern char** environ;

namespace weft_test {

struct process_result {
  int status = -1;  // exit status, or -1 if a signal ended it
  int signal = 0;
  bool timed_out = false;
  std::string out;
  std::string err;

  // What to print beside a failed expectation.
  std::string text() const {
    return "status " + std::to_string(status) + ", signal " + std::to_string(signal) +
           (timed_out ? ", timed out" : "") + "\n--- stdout\n" + out + "--- stderr\n" + err +
           "---\n";
  }
};

class subprocess {
 public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds default_limit{60};  // only ends a hang

  // Starts argv[0]; `extra_environment` holds NAME=value entries that replace or add to ours.
  explicit subprocess(const std::vector<std::string>& argv,
                      const std::vector<std::string>& extra_environment = {}) {
    int in[2], out[2], err[2];
    make_pipe(in);
    make_pipe(out);
    make_pipe(err);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    std::vector<std::string> environment = merged_environment(extra_environment);
    std::vector<char*> arguments = pointers(argv);
    std::vector<char*> variables = pointers(environment);
    const int failure =
        posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), variables.data());
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    ::close(err[1]);
    in_ = in[1];
    out_ = out[0];
    err_ = err[0];
    if (failure != 0) {
      pid_ = -1;
      close_all();
      throw std::system_error(failure, std::generic_category(), "cannot start " + argv[0]);
    }
  }

  subprocess(const subprocess&) = delete;
  subprocess& operator=(const subprocess&) = delete;

  ~subprocess() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      int status = 0;
      while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
      }
    }
    close_all();
  }

  pid_t pid() const { return pid_; }
  const std::string& out() const { return result_.out; }
  const std::string& err() const { return result_.err; }

  void send_signal(int number) { ::kill(pid_, number); }

  void write_stdin(const std::string& text) {
    if (::write(in_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      throw std::runtime_error("the child does not read its standard input");
    }
  }

  void close_stdin() { close_one(in_); }

  // Reads until `text` has been printed; false if the program ended, or `limit` passed, without it.
  bool wait_for_stdout(const std::string& text, clock::duration limit = default_limit) {
    return read_until([&] { return result_.out.find(text) != std::string::npos; }, limit);
  }
  bool wait_for_stderr(const std::string& text, clock::duration limit = default_limit) {
    return read_until([&] { return result_.err.find(text) != std::string::npos; }, limit);
  }

  // Reads what is left and waits for the end; kills the program when `limit` has passed.
  process_result wait(clock::duration limit = default_limit) {
    timed_out_ = false;
    read_until([] { return false; }, limit);
    const auto deadline = clock::now() + limit;
    int status = 0;
    for (;;) {
      const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) break;
      if (ended < 0 && errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "waitpid");
      if (timed_out_ || clock::now() > deadline) {
        result_.timed_out = true;
        timed_out_ = true;
        ::kill(pid_, SIGKILL);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    pid_ = -1;
    if (WIFEXITED(status)) result_.status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result_.signal = WTERMSIG(status);
    return result_;
  }

 private:
  static void make_pipe(int (&ends)[2]) {
    if (::pipe2(ends, O_CLOEXEC) != 0)
      throw std::system_error(errno, std::generic_category(), "pipe2");
  }

  static std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (const std::string& s : strings) result.push_back(const_cast<char*>(s.c_str()));
    result.push_back(nullptr);
    return result;
  }

  static std::vector<std::string> merged_environment(const std::vector<std::string>& extra) {
    std::vector<std::string> result = extra;
    for (char** e = environ; *e != nullptr; ++e) {
      const std::string entry = *e;
      const std::string name = entry.substr(0, entry.find('=') + 1);
      bool replaced = false;
      for (const std::string& x : extra) replaced |= x.compare(0, name.size(), name) == 0;
      if (!replaced) result.push_back(entry);
    }
    return result;
  }

  template <class Done>
  bool read_until(Done done, clock::duration limit) {
    const auto deadline = clock::now() + limit;
    while (!done()) {
      if (out_ < 0 && err_ < 0) return false;
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
      if (left <= 0) {
        timed_out_ = true;
        return false;
      }
      pollfd fds[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
      if (::poll(fds, 2, static_cast<int>(left)) < 0 && errno != EINTR) {
        throw std::system_error(errno, std::generic_category(), "poll");
      }
      if (fds[0].revents != 0) read_some(out_, result_.out);
      if (fds[1].revents != 0) read_some(err_, result_.err);
    }
    return true;
  }

  static void read_some(int& fd, std::string& into) {
    char block[4096];
    const ssize_t n = ::read(fd, block, sizeof block);
    if (n > 0) {
      into.append(block, static_cast<std::size_t>(n));
    } else if (n == 0 || errno != EINTR) {
      close_one(fd);
    }
  }

  static void close_one(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }

  void close_all() {
    close_one(in_);
    close_one(out_);
    close_one(err_);
  }

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  bool timed_out_ = false;
  process_result result_;
};

inline process_result run_program(const std::vector<std::string>& argv,
                                  const std::vector<std::string>& extra_environment = {}) {
  subprocess child(argv, extra_environment);
  child.close_stdin();
  return child.wait();
}

// The directory in which the running test program lies.
inline std::string own_directory() {
  char path[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0) throw std::system_error(errno, std::generic_category(), "/proc/self/exe");
  const std::string whole(path, static_cast<std::size_t>(n));
  return whole.substr(0, whole.rfind('/'));
}

// The build tree keeps examples/ beside tests/.
inline std::string example_path(const std::string& name) {
  return own_directory() + "/../examples/" + name;
}

}  // namespace weft_test
