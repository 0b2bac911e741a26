// The passes of an evaluation on a device of LibTorch (models/network_passes.hpp). One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "limn/models/checkpoint.hpp"
#include "limn/models/network_passes.hpp"
#include "limn/train/libtorch_api.hpp"

namespace limn::train {

// Of the model of a checkpoint, whose weights are copied to the device that LibTorch knows by this name. Throws Error
// where the module or the device is not there, or the family is none of limn's own.
[[nodiscard]] std::unique_ptr<models::NetworkPasses> make_device_passes(const models::Checkpoint& model,
                                                                        const std::string& device);
// Of a run of the module, which must outlive them: of its kRunValues or kRunAverage.
[[nodiscard]] std::unique_ptr<models::NetworkPasses> make_device_passes(const libtorch::Api& api, libtorch::Run* run,
                                                                        libtorch::RunTensors which);

}  // namespace limn::train
