// limn data convert of images: to a folder of shards.
#include "app/data_convert_images.hpp"

#include <algorithm>

#include "app/interrupts.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/core/options.hpp"
#include "limn/core/shards.hpp"
#include "limn/image/image_set.hpp"
#include "limn/image/sharded_images.hpp"

namespace limn::app {
namespace {

// Those that decide what is stored; binarisation is the business of training.
std::vector<OptionField> stored_fields(image::ImageDataOptions& options) {
  std::vector<OptionField> all = fields(options);
  std::erase_if(all, [](const OptionField& field) { return std::string_view(field.name).starts_with("binarize"); });
  return all;
}

}  // namespace

std::string image_conversion_help() {
  image::ImageDataOptions options;
  return options_help(stored_fields(options));
}

void convert_images(const std::vector<std::string>& inputs, const std::string& out,
                    const std::vector<std::string>& settings) {
  require(has_sharded_name(out), "{}: images are written to a folder of shards only; use a name that ends in .limn",
          out);
  for (const std::string& input : inputs)
    require(image::is_image_data(input), "{}: not a set of images like {}; convert the two apart", input,
            inputs.front());
  image::ImageDataOptions options;
  try {
    set_options(stored_fields(options), settings);
  } catch (const Error& error) {
    fail("--set {}", error.what());
  }
  watch_for_interrupts();  // so that an interrupted folder leaves nothing behind
  const image::ShardedImageCounts counts =
      image::write_sharded_images(inputs, options, out, [] { return !is_interrupted(); });
  const auto [train, valid, test] = counts.images;
  print("{}: {} images of {} ({} train, {} valid, {} test)\n", out, train + valid + test, image::text(counts.shape),
        train, valid, test);
  for (const std::string& file : counts.skipped) say("limn: note: left out: {}\n", file);
  for (const std::string& note : counts.notes) say("limn: note: {}\n", note);
}

}  // namespace limn::app
