// limn data convert of images: to a folder of shards (limn/image/sharded_images.hpp).
#pragma once

#include <string>
#include <vector>

namespace limn::app {

// What --set takes, for --help.
[[nodiscard]] std::string image_conversion_help();
// Converts `inputs`, the first of which is a set of images, to the folder `out`, and prints what it holds. `settings`
// are name=value of ImageDataOptions. Throws Error.
void convert_images(const std::vector<std::string>& inputs, const std::string& out,
                    const std::vector<std::string>& settings);

}  // namespace limn::app
