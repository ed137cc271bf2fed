// weir's own log, to standard error.
#pragma once

namespace weir::session {

// Written at once, by whoever has something to say: no thread yet, since what a start gives up holds for the threads
// that come after it.
void open_program_log();

// From now on off the workers' threads, by one of its own; when whoever reads standard error stops reading, the oldest
// lines go.
void write_program_log_aside();

}  // namespace weir::session
