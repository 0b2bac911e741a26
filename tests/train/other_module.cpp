// A module that speaks no version of the interface that this limn knows.
#include "limn/train/libtorch_api.hpp"

extern "C" const limn::libtorch::Api* limn_libtorch_api(std::int32_t) { return nullptr; }
