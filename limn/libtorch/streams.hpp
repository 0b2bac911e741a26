// The standard streams that LibTorch writes its warnings to.
#pragma once

namespace limn::libtorch {

// Makes std::cout, std::cerr and std::clog of the C++ library usable for those who are loaded with RTLD_DEEPBIND, as
// this module and LibTorch are. A program that was linked with copy relocations of these objects, as programs usually
// are, has constructed its copies instead. The program's copies stay as they are. Does nothing where all share one
// object.
void construct_streams();

}  // namespace limn::libtorch
