// What a command's end means to the shell (docs/reliability.md).
#pragma once

namespace strffit::app {

enum Exit : int { kDone = 0, kFailed = 1, kUsage = 2, kBadData = 3, kStopped = 75 };

}  // namespace strffit::app
