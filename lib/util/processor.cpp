// Compiled for every 64-bit x86, whatever the flags of the rest (CMakeLists.txt), and without the
// standard library: the linker may keep another source's copy of an inline function, which this
// processor may not execute. Runs before the C library is initialised.
#include "util/processor.hpp"

#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace strffit {
namespace {

struct Name {
  std::uint32_t bit;
  const char* text;
};
constexpr Name kNames[] = {
    {kSse3, "sse3"},
    {kSsse3, "ssse3"},
    {kSse41, "sse4.1"},
    {kSse42, "sse4.2"},
    {kPopcnt, "popcnt"},
    {kSse4a, "sse4a"},
    {kAvx, "avx"},
    {kF16c, "f16c"},
    {kFma, "fma"},
    {kFma4, "fma4"},
    {kXop, "xop"},
    {kAvx2, "avx2"},
    {kBmi, "bmi"},
    {kBmi2, "bmi2"},
    {kLzcnt, "lzcnt"},
    {kAvx512f, "avx512f"},
    {kAvx512cd, "avx512cd"},
    {kAvx512dq, "avx512dq"},
    {kAvx512bw, "avx512bw"},
    {kAvx512vl, "avx512vl"},
    {kAvx512vbmi, "avx512vbmi"},
    {kAvx512vbmi2, "avx512_vbmi2"},
    {kAvx512vnni, "avx512_vnni"},
    {kAvx512bf16, "avx512_bf16"},
    {k3dnow, "3dnow"},
};

constexpr std::uint32_t kLevel2 = kSse3 | kSsse3 | kSse41 | kSse42 | kPopcnt;

constexpr std::uint32_t kUpToSsse3 = kSse3 | kSsse3, kUpToSse42 = kUpToSsse3 | kSse41 | kSse42,
                        kUpToAvx2 = kUpToSse42 | kAvx | kFma | kAvx2;

// From dynamic.c and the kernels of OpenBLAS 0.3.21 to 0.3.29. Other names of later Intel and AMD
// processors use the kernels of one of these.
constexpr BlasCore kCores[] = {
    {"Katmai", 0, Kernels::sse},
    {"Coppermine", 0, Kernels::sse},
    {"Northwood", 0, Kernels::sse},
    {"Banias", 0, Kernels::sse},
    {"Athlon", 0, Kernels::sse},
    {"Prescott", kSse3, Kernels::sse},
    {"Core2", kUpToSsse3, Kernels::sse},
    {"Atom", kUpToSsse3, Kernels::sse},
    {"Nano", kUpToSsse3, Kernels::sse},
    {"Penryn", kUpToSsse3 | kSse41, Kernels::sse},
    {"Dunnington", kUpToSsse3 | kSse41, Kernels::sse},
    {"Nehalem", kUpToSse42, Kernels::sse},
    {"Opteron", k3dnow, Kernels::sse},
    {"Opteron_SSE3", k3dnow | kSse3, Kernels::sse},
    {"Barcelona", kSse3, Kernels::sse},
    {"Bobcat", kUpToSsse3, Kernels::sse},
    {"Sandybridge", kUpToSse42 | kAvx, Kernels::avx},
    {"Bulldozer", kUpToSse42 | kAvx | kFma4, Kernels::avx},
    {"Piledriver", kUpToSse42 | kAvx | kFma4 | kFma, Kernels::avx},
    {"Steamroller", kUpToSse42 | kAvx | kFma4 | kFma, Kernels::avx},
    {"Excavator", kUpToAvx2 | kFma4, Kernels::avx2},
    {"Haswell", kUpToAvx2, Kernels::avx2},
    {"Zen", kUpToAvx2, Kernels::avx2},
    {"SkylakeX", kUpToAvx2 | kAvx512, Kernels::avx512},
    {"Cooperlake", kUpToAvx2 | kAvx512 | kAvx512bf16, Kernels::avx512},
    {"SapphireRapids", kUpToAvx2 | kAvx512 | kAvx512bf16, Kernels::avx512},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(const char* a, const char* b) {
  for (; *a != '\0' && lower(*a) == lower(*b); ++a) ++b;
  return *a == *b;
}

// Appends text to a buffer without exceeding it.
class Line {
 public:
  Line(char* to, std::size_t size) : to_(to), end_(to + size - 1) { *to_ = '\0'; }
  Line& operator<<(const char* text) {
    while (*text != '\0' && to_ < end_) *to_++ = *text++;
    *to_ = '\0';
    return *this;
  }

 private:
  char *to_, *end_;
};

void list(Line& line, std::uint32_t bits) {
  bool first = true;
  for (const auto& name : kNames) {
    if ((bits & name.bit) == 0) continue;
    line << (first ? "" : ", ") << name.text;
    first = false;
  }
}

}  // namespace

std::uint32_t processor_instructions() {
  std::uint32_t bits = 0;
#if defined(__x86_64__)
  const auto add = [&bits](bool there, std::uint32_t bit) {
    if (there) bits |= bit;
  };
  __builtin_cpu_init();
  add(__builtin_cpu_supports("sse3"), kSse3);
  add(__builtin_cpu_supports("ssse3"), kSsse3);
  add(__builtin_cpu_supports("sse4.1"), kSse41);
  add(__builtin_cpu_supports("sse4.2"), kSse42);
  add(__builtin_cpu_supports("popcnt"), kPopcnt);
  add(__builtin_cpu_supports("sse4a"), kSse4a);
  add(__builtin_cpu_supports("avx"), kAvx);  // and the system saves its registers
  add(__builtin_cpu_supports("fma"), kFma);
  add(__builtin_cpu_supports("fma4"), kFma4);
  add(__builtin_cpu_supports("xop"), kXop);
  add(__builtin_cpu_supports("avx2"), kAvx2);
  add(__builtin_cpu_supports("bmi"), kBmi);
  add(__builtin_cpu_supports("bmi2"), kBmi2);
  add(__builtin_cpu_supports("avx512f"), kAvx512f);
  add(__builtin_cpu_supports("avx512cd"), kAvx512cd);
  add(__builtin_cpu_supports("avx512dq"), kAvx512dq);
  add(__builtin_cpu_supports("avx512bw"), kAvx512bw);
  add(__builtin_cpu_supports("avx512vl"), kAvx512vl);
  add(__builtin_cpu_supports("avx512vbmi"), kAvx512vbmi);
  add(__builtin_cpu_supports("avx512vbmi2"), kAvx512vbmi2);
  add(__builtin_cpu_supports("avx512vnni"), kAvx512vnni);
  add(__builtin_cpu_supports("avx512bf16"), kAvx512bf16);
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) != 0) add((c >> 29 & 1U) != 0 && (bits & kAvx) != 0, kF16c);
  if (__get_cpuid(0x80000001U, &a, &b, &c, &d) != 0) {
    add((c >> 5 & 1U) != 0, kLzcnt);
    add((d >> 31 & 1U) != 0, k3dnow);
  }
#endif
  return bits;
}

const BlasCore* known_core(const char* name) {
  for (const auto& core : kCores) {
    if (same_word(core.name, name)) return &core;
  }
  return nullptr;
}

const BlasCore* best_core(std::uint32_t instructions) {
  constexpr const char* kNewestFirst[] = {"SkylakeX", "Haswell", "Sandybridge"};
  for (const auto* name : kNewestFirst) {
    const auto* core = known_core(name);
    if ((core->needs & ~instructions) == 0) return core;
  }
  return nullptr;
}

bool lacks_instructions(std::uint32_t needed, std::uint32_t there, const char* core, char* message,
                        std::size_t size) {
  Line line(message, size);
  if (const auto missing = needed & ~there; missing != 0) {
    const bool portable = (needed & ~kLevel2) == 0;
    line << (portable ? "error: this program needs x86-64-v2, a 64-bit x86 processor of 2009 or "
                        "later: this one has no "
                      : "error: this program was compiled for another processor (-march=native): "
                        "this one has no ");
    list(line, missing);
    line << (portable ? "\n"
                      : "; build it here, or with -DSTRFFIT_NATIVE=OFF for every processor "
                        "(docs/cluster.md)\n");
    return true;
  }
  const auto* asked = core != nullptr ? known_core(core) : nullptr;
  if (asked == nullptr || (asked->needs & ~there) == 0) return false;
  line << "error: OPENBLAS_CORETYPE=" << core << " asks for kernels that this processor cannot "
       << "execute: it has no ";
  list(line, asked->needs & ~there);
  const auto* best = best_core(there);
  line << "; unset the variable";
  if (best != nullptr) line << ", or set it to " << best->name;
  line << "\n";
  return true;
}

#if defined(__x86_64__) && defined(__ELF__)
namespace {

void check_before_all(int, char**, char** environment) {
  constexpr char kVariable[] = "OPENBLAS_CORETYPE=";
  const char* core = nullptr;
  for (char** entry = environment; *entry != nullptr && core == nullptr; ++entry) {
    const char *text = *entry, *wanted = kVariable;
    for (; *wanted != '\0' && *text == *wanted; ++text) ++wanted;
    if (*wanted == '\0') core = text;
  }
  char message[1000];
  if (!lacks_instructions(compiled_instructions, processor_instructions(), core, message,
                          sizeof message))
    return;
  std::size_t length = 0;
  while (message[length] != '\0') ++length;
  [[maybe_unused]] const auto written = write(STDERR_FILENO, message, length);
  _exit(1);
}

// Runs before the initialisers of shared libraries, because OpenBLAS initialises itself there.
__attribute__((section(".preinit_array"), used)) void (*const first)(int, char**,
                                                                     char**) = check_before_all;

}  // namespace
#endif

}  // namespace strffit
