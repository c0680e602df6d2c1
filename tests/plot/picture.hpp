// Reads the PNGs that the figures' tests look at.
#pragma once

#include <cairo/cairo.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "plot/canvas.hpp"

namespace strffit::test {

class Picture {
 public:
  explicit Picture(const std::string& path) {
    cairo_surface_t* surface = cairo_image_surface_create_from_png(path.c_str());
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
      cairo_surface_destroy(surface);
      throw std::runtime_error(path + " is no PNG");
    }
    width_ = cairo_image_surface_get_width(surface);
    height_ = cairo_image_surface_get_height(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    const unsigned char* data = cairo_image_surface_get_data(surface);
    for (int y = 0; y < height_; ++y) {
      const auto* row = reinterpret_cast<const std::uint32_t*>(data + y * stride);
      for (int x = 0; x < width_; ++x) {
        colours_.push_back({static_cast<std::uint8_t>(row[x] >> 16),
                            static_cast<std::uint8_t>(row[x] >> 8),
                            static_cast<std::uint8_t>(row[x])});
      }
    }
    cairo_surface_destroy(surface);
  }

  int width() const { return width_; }
  int height() const { return height_; }
  bool operator==(const Picture&) const = default;

  // The colour at a place given in points from the upper left corner.
  plot::Colour at(double x, double y) const {
    const auto column = static_cast<std::size_t>(x * plot::kDotsPerPoint);
    const auto row = static_cast<std::size_t>(y * plot::kDotsPerPoint);
    return colours_.at(row * static_cast<std::size_t>(width_) + column);
  }

  // Mean place, in points, of the dots of a colour within a box; NaN where there are none.
  plot::Point mean_place(const plot::Box& box, plot::Colour colour) const {
    double x_sum = 0;
    double y_sum = 0;
    int found = 0;
    for (int row = 0; row < height_; ++row) {
      for (int column = 0; column < width_; ++column) {
        const double x = (column + 0.5) / plot::kDotsPerPoint;
        const double y = (row + 0.5) / plot::kDotsPerPoint;
        const bool inside = x > box.x && x < box.right() && y > box.y && y < box.bottom();
        if (!inside || colours_[static_cast<std::size_t>(row * width_ + column)] != colour)
          continue;
        x_sum += x;
        y_sum += y;
        ++found;
      }
    }
    return {x_sum / found, y_sum / found};
  }

 private:
  int width_ = 0;
  int height_ = 0;
  std::vector<plot::Colour> colours_;
};

}  // namespace strffit::test
