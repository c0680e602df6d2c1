// Stimuli of different lengths, joined along time.
//
// Every signal is a tensor (M, S, K): members, frames of all stimuli, channels (fastest). Before
// the first, between, and after the last stimulus there are `gap` frames ("gap frames"). A kernel
// of up to gap + 1 frames therefore never covers two stimuli, and no stimulus is padded to the
// length of another. Operations guarantee that gradients at gap frames are zero.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace strffit::ops {

struct Segment {
  std::int64_t begin;   // first frame of the stimulus in the joined signal
  std::int64_t frames;  // its length, >= 1
};

struct Layout {
  std::vector<Segment> segments;
  std::int64_t gap = 0;
  std::int64_t total = 0;   // S
  std::int64_t frames = 0;  // without gap frames

  // If window > 0, no gradient flows between frames of different windows. Window q = -1, 0, ...
  // consists of frames phase + window q .. phase + window (q + 1) - 1 of a stimulus. Values do not
  // change. This gives the derivatives of every frame in `window` backward passes
  // (Model::dynamic_strf). CPU only.
  std::int64_t window = 0;
  std::int64_t phase = 0;

  // Window of frame t of a stimulus.
  std::int64_t window_of(std::int64_t t) const {
    return window > 0 ? (t + window - phase) / window : 0;
  }
};

using LayoutPtr = std::shared_ptr<const Layout>;

// Layout of stimuli of these lengths (frames), with `gap` frames around each.
inline LayoutPtr join(const std::vector<std::int64_t>& lengths, std::int64_t gap) {
  auto layout = std::make_shared<Layout>();
  layout->gap = gap;
  layout->total = gap;
  for (const auto length : lengths) {
    layout->segments.push_back({layout->total, length});
    layout->frames += length;
    layout->total += length + gap;
  }
  return layout;
}

// The same layout with windows of `window` frames, starting at `phase`.
inline LayoutPtr with_windows(const Layout& layout, std::int64_t window, std::int64_t phase) {
  auto cut = std::make_shared<Layout>(layout);
  cut->window = window;
  cut->phase = phase;
  return cut;
}

// The stimuli, longest first.
inline std::vector<Segment> longest_first(const Layout& layout) {
  auto segments = layout.segments;
  std::stable_sort(segments.begin(), segments.end(),
                   [](const auto& a, const auto& b) { return a.frames > b.frames; });
  return segments;
}

// A number for each frame that identifies its stimulus and window; -1 at gap frames.
inline std::vector<std::int64_t> window_numbers(const Layout& layout) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(layout.total), -1);
  std::int64_t next = 0;
  for (const auto& segment : layout.segments) {
    for (std::int64_t t = 0; t < segment.frames; ++t) {
      numbers[static_cast<std::size_t>(segment.begin + t)] = next + layout.window_of(t);
    }
    next += layout.window_of(segment.frames) + 1;
  }
  return numbers;
}

}  // namespace strffit::ops
