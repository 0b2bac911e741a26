// Batches of ImageDataset: bytes to values in [0, 1], binarised.
#include <algorithm>
#include <array>
#include <cassert>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/core/fingerprint.hpp"
#include "limn/core/random.hpp"
#include "limn/image/dataset.hpp"

namespace limn::image {
namespace {

// Steps of Purpose::kBinarize: the splits' fixed draws come first, then the epochs' dynamic ones.
constexpr std::uint64_t kFirstDynamicStep = kSplitNames.size();

// Each byte over 255. Looking it up takes a fifth of the time of the divisions.
constexpr auto kScaled = [] {
  std::array<float, 256> scaled{};
  for (std::size_t byte = 0; byte < scaled.size(); ++byte) scaled[byte] = static_cast<float>(byte) / 255.0F;
  return scaled;
}();

void scale(std::span<const std::uint8_t> bytes, float* out) {
  for (std::size_t i = 0; i < bytes.size(); ++i) out[i] = kScaled[bytes[i]];
}

void threshold(std::span<const std::uint8_t> bytes, float* out) {
  for (std::size_t i = 0; i < bytes.size(); ++i) out[i] = bytes[i] >= 128 ? 1.0F : 0.0F;
}

// Draws each pixel as Bernoulli(grey / 255), to within 2^-16.
class BitDrawer {
 public:
  explicit BitDrawer(const ImageShape& shape) : uncertain_(static_cast<std::size_t>(shape.size())) {}

  // Black and white are certain and take no random number. Where the grey pixels are is found first, so that
  // no loop has a branch that depends on the picture.
  void draw(std::span<const std::uint8_t> bytes, RandomStream random, float* out) {
    for (std::size_t i = 0; i < bytes.size(); ++i) out[i] = bytes[i] == 255 ? 1.0F : 0.0F;
    std::size_t count = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      uncertain_[count] = static_cast<std::uint32_t>(i);
      count += bytes[i] - 1U < 254 ? 1 : 0;
    }
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < count; ++k) {
      bits = k % 2 == 0 ? random.next_u32() : bits >> 16;
      const std::uint32_t place = uncertain_[k];
      const bool is_white = (bits & 0xFFFF) * 255 < std::uint32_t{bytes[place]} << 16;
      out[place] = static_cast<float>(is_white);  // and no ?:, which compilers make a branch
    }
  }

 private:
  std::vector<std::uint32_t> uncertain_;  // places of grey pixels
};

}  // namespace

std::string ImageDataset::fingerprint() const {
  Fingerprint data;
  for (const std::int64_t side : {shape_.channels, shape_.height, shape_.width}) data.add_number(side);
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) data.add_number(size(split));
  const std::int64_t count = size(Split::kTrain);
  std::vector<std::byte> buffer;
  for (std::int64_t i = 0; i < std::min(count, kFingerprintExamples); ++i)
    data.add(std::as_bytes(bytes(Split::kTrain, fingerprint_example(i, count), buffer)));
  return data.text();
}

std::int64_t ImageDataset::batches_per_epoch(std::int64_t batch_size) const {
  assert(batch_size > 0);
  return size(Split::kTrain) / batch_size;
}

EpochPlan ImageDataset::plan_for_step(std::uint64_t seed, std::int64_t step, std::int64_t batch_size) const {
  // Without a batch too, so that shuffled_plan() says why.
  const std::int64_t per_epoch = std::max<std::int64_t>(batch_size > 0 ? batches_per_epoch(batch_size) : 0, 1);
  return shuffled_plan(size(Split::kTrain), seed, step / per_epoch, batch_size, name_);
}

ImageBatch ImageDataset::training_batch(const EpochPlan& plan, std::int64_t step, const BatchShare& share) const {
  assert(plan.covers(step) && share.rank >= 0 && share.rank < share.ranks);
  const std::span<const std::uint32_t> places = plan.batch(step);
  std::vector<std::int64_t> indices;
  indices.reserve(places.size());
  for (auto place = share.rank; place < std::ssize(places); place += share.ranks)
    indices.push_back(places[static_cast<std::size_t>(place)]);
  if (options_.binarize != "dynamic") return batch(Split::kTrain, indices);

  ImageBatch drawn{.indices = std::move(indices), .pixels = {}};
  const auto image_size = static_cast<std::size_t>(shape_.size());
  drawn.pixels.resize(drawn.indices.size() * image_size);
  BitDrawer drawer(shape_);
  std::vector<std::byte> buffer;
  for (std::size_t b = 0; b < drawn.indices.size(); ++b) {
    const std::int64_t index = drawn.indices[b];
    const RandomStream random(plan.seed, Purpose::kBinarize, kFirstDynamicStep + static_cast<std::uint64_t>(plan.epoch),
                              static_cast<std::uint64_t>(index));
    drawer.draw(bytes(Split::kTrain, index, buffer), random, &drawn.pixels[b * image_size]);
  }
  return drawn;
}

ImageBatch ImageDataset::batch(Split split, std::span<const std::int64_t> indices) const {
  ImageBatch result{.indices = {indices.begin(), indices.end()}, .pixels = {}};
  const auto image_size = static_cast<std::size_t>(shape_.size());
  result.pixels.resize(indices.size() * image_size);
  const bool has_draws = options_.binarize == "fixed" || options_.binarize == "dynamic";
  BitDrawer drawer(has_draws ? shape_ : ImageShape{});
  float* out = result.pixels.data();
  std::vector<std::byte> buffer;
  for (const std::int64_t index : indices) {
    const std::span<const std::uint8_t> image = bytes(split, index, buffer);
    if (has_draws)
      drawer.draw(image,
                  RandomStream(static_cast<std::uint64_t>(options_.binarize_seed), Purpose::kBinarize,
                               static_cast<std::uint64_t>(split), static_cast<std::uint64_t>(index)),
                  out);
    else if (options_.binarize == "threshold")
      threshold(image, out);
    else
      scale(image, out);
    out += image_size;
  }
  return result;
}

ImageBatch ImageDataset::batch(Split split, std::int64_t first, std::int64_t count) const {
  require(first >= 0 && count >= 0 && first <= size(split) - count, "{}: no images {} to {}: {} holds {}", name_, first,
          first + count - 1, kSplitNames[static_cast<std::size_t>(split)], size(split));
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), first);
  return batch(split, indices);
}

}  // namespace limn::image
