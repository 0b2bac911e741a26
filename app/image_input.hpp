// Images named on the command line: PATH, PATH#17 (counted from 0), PATH:test#17, or one PNG or JPEG file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limn/models/image_model.hpp"

namespace limn::app {

// The images that the references name, at most `limit` in all, prepared as the model's training data were. Throws Error
// for one that is not there or does not fit the model.
[[nodiscard]] NamedImages images_for(const ImageModel& model, const std::vector<std::string>& references,
                                     std::int64_t limit);
// One image; PATH alone gives its first.
[[nodiscard]] NamedImages image_for(const ImageModel& model, const std::string& reference);

}  // namespace limn::app
