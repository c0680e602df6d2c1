// Frequencies for people, one way everywhere.
#pragma once

#include <string>

namespace strffit {

// "820 Hz", "22.6 kHz": three digits, kHz from 1,000 Hz on.
std::string frequency_text(double hz);

// "0.5 to 22.6 kHz", "20 to 400 Hz": both in the unit of the higher one; "1 kHz" of a single band.
std::string frequency_range_text(double low_hz, double high_hz);

}  // namespace strffit
