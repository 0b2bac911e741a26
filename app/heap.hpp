// The memory that the command begins with.
#pragma once

namespace limn::app {

// Fresh memory costs a fault of each page of 4 kB that is touched, which is a third of the time of a command that reads
// a few megabytes. So the heap begins with room for 64 MB, in pages of 2 MB where the kernel has such. What is not
// touched takes no memory. Does nothing with another library than glibc. Once, before the first thread.
void begin_with_large_pages();

}  // namespace limn::app
