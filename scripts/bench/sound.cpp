// How long every kind of spectrogram takes for an hour of sound, at its defaults.
//   bench_sound [RATE_HZ [DT_MS [THREADS [MINUTES]]]]
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>

#include "config/document.hpp"
#include "sound/spectrogram.hpp"
#include "util/random.hpp"

int main(int argc, char** argv) {
  using namespace strffit;
  const auto argument = [&](int i, double fallback) {
    return argc > i ? std::atof(argv[i]) : fallback;
  };
  const double rate_hz = argument(1, 44100), dt_ms = argument(2, 5);
  const int threads = static_cast<int>(argument(3, 2));
  const double minutes = argument(4, 60);
  Sound sound{"noise", std::vector<float>(static_cast<std::size_t>(minutes * 60 * rate_hz)), rate_hz};
  Random random(1);
  for (float& x : sound.samples) x = static_cast<float>(random.uniform(-0.5, 0.5));
  std::cout << minutes << " min at " << rate_hz << " Hz, frames of " << dt_ms << " ms, " << threads
            << " threads\n";
  for (const auto& kind : spectrogram_kinds()) {
    auto document = config::Document::from_text("kind: " + kind, "bench");
    if (kind == "log_frequency" && rate_hz < 40000) document.set("max_hz=" + std::to_string(rate_hz / 2));
    if (kind == "gammatone" && rate_hz < 40000) document.set("max_hz=" + std::to_string(rate_hz / 2));
    auto root = document.root();
    const auto options = read_spectrogram(root);
    const auto clock = std::clock();  // of all threads: what others on the machine do not change
    const auto begin = std::chrono::steady_clock::now();
    const auto result = spectrogram(sound, options, {.dt_ms = dt_ms}, threads);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    const double work = static_cast<double>(std::clock() - clock) / CLOCKS_PER_SEC;
    std::cout << kind << ": " << result.dim(0) << " bands, " << seconds.count() << " s, "
              << work << " s of processor\n" << std::flush;
  }
}
