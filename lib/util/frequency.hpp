// Frequencies as text, in one format everywhere.
#pragma once

#include <string>

namespace strffit {

// "820 Hz", "22.6 kHz": three digits, kHz from 1,000 Hz up.
std::string frequency_text(double hz);

// "0.5 to 22.6 kHz", "20 to 400 Hz": both in the unit of the higher one; "1 kHz" if they are equal.
std::string frequency_range_text(double low_hz, double high_hz);

}  // namespace strffit
