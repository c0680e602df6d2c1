// Being asked to stop.
#pragma once

namespace strffit::app {

// SIGINT, SIGTERM and SIGUSR1 (Slurm's warning before a time limit) ask to stop from now on: the
// program then has 4 s to end by itself, and ends with exit code 75. A second SIGINT ends it at
// once.
void stop_on_signals();

// True if such a signal has arrived.
bool stop_requested();

// A write beyond a file-size limit fails with an error instead of ending the program.
void fail_writes_at_size_limit();

}  // namespace strffit::app
