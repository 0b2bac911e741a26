// `limn train --nproc N`: the processes of one data-parallel run on this machine.
#pragma once

#include <string>

namespace limn::app {

// Starts this program `count` times with the same arguments and the environment of a process group (MASTER_ADDR,
// MASTER_PORT, RANK, WORLD_SIZE, LOCAL_RANK) and, where OMP_NUM_THREADS is not set, an equal share of the cores each.
// Waits for all, hands Ctrl-C on, and ends the rest soon after one has failed. Call before there are threads. Throws
// one Error for all of them: of the process that a signal ended, or the first that one of them had; and Interrupted
// where they stopped since somebody asked to.
void run_processes(int count);

// True in a process that run_processes() started.
[[nodiscard]] bool is_launched();

// In such a process: hands an error to the one that the user sees, which prints it. False in all others.
[[nodiscard]] bool tell_parent(const std::string& error);

}  // namespace limn::app
