#include "signals.hpp"

#include <csignal>
#include <initializer_list>

namespace strffit::app {

namespace {

volatile std::sig_atomic_t requested = 0;

extern "C" void on_signal(int number) {
  if (number == SIGINT && requested != 0) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  requested = 1;
}

}  // namespace

void stop_on_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) std::signal(number, on_signal);
}

bool stop_requested() { return requested != 0; }

void fail_writes_at_size_limit() { std::signal(SIGXFSZ, SIG_IGN); }

}  // namespace strffit::app
