// The option --threads of a command.
#pragma once

namespace limn::app {

// Sets the size of the kernels' pool; 0 means OMP_NUM_THREADS or all cores. Where the system allows fewer threads, a
// line on stderr says so.
void use_threads(int wanted);

}  // namespace limn::app
