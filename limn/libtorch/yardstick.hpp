// The plain models of limn/libtorch/oracle with gradients and Adam, as limn bench compares them with limn's own.
#pragma once

#include "limn/train/libtorch_api.hpp"

namespace limn::libtorch {

// Fills in the functions of Api that begin with twin_ or decoder_, and the single operations.
void add_twins(Api& api);
void add_operations(Api& api);

}  // namespace limn::libtorch
