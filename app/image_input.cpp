#include "app/image_input.hpp"

#include "limn/core/error.hpp"

namespace limn::app {

NamedImages images_for(const ImageModel& model, const std::vector<std::string>& references, std::int64_t limit) {
  ImageDataOptions options = model.data_options();
  const ImageShape shape = model.shape();
  // Pictures of any size come as the model's, unless its training cut or scaled them in a way of its own.
  if (options.image_size == 0 && options.center_crop == 0 && shape.height == shape.width)
    options.image_size = shape.height;
  NamedImages all;
  for (const auto& reference : references) {
    if (all.count() == limit) break;
    NamedImages some = read_images(reference, shape, options, limit - all.count());
    all.pixels.insert(all.pixels.end(), some.pixels.begin(), some.pixels.end());
    all.labels.insert(all.labels.end(), some.labels.begin(), some.labels.end());
  }
  return all;
}

NamedImages image_for(const ImageModel& model, const std::string& reference) { return images_for(model, {reference}, 1); }

}  // namespace limn::app
