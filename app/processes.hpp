// `limn train --nproc N`: the processes of one data-parallel run on this machine.
#pragma once

namespace limn::app {

// Starts this program `count` times with the same arguments and the environment of a process group (MASTER_ADDR,
// MASTER_PORT, RANK, WORLD_SIZE, LOCAL_RANK) and, where OMP_NUM_THREADS is not set, an equal share of the cores each.
// Waits for all, hands Ctrl-C on, and ends the rest soon after one has failed. Call before there are threads. Throws
// Error naming the process that failed, unless it has said so itself.
void run_processes(int count);

// True in a process that run_processes() started.
[[nodiscard]] bool is_launched();

}  // namespace limn::app
