// Batches of ImageDataset: bytes to values in [0, 1], binarised.
#include <algorithm>
#include <cassert>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/image/dataset.hpp"

namespace limn {
namespace {

// Streams of Purpose::kBinarize: the first ones are the splits' fixed draws, then come the epochs' dynamic ones.
constexpr std::uint64_t kFirstDynamicStep = kSplitNames.size();

void scale(std::span<const std::uint8_t> bytes, float* out) {
  for (std::size_t i = 0; i < bytes.size(); ++i) out[i] = static_cast<float>(bytes[i]) / 255.0F;
}

void threshold(std::span<const std::uint8_t> bytes, float* out) {
  for (std::size_t i = 0; i < bytes.size(); ++i) out[i] = bytes[i] >= 128 ? 1.0F : 0.0F;
}

// 1 with probability grey / 255, to within 2^-16. Black and white are certain and take no random number.
void draw_bits(std::span<const std::uint8_t> bytes, RandomStream random, float* out) {
  std::uint32_t bits = 0;
  bool has_half = false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint32_t grey = bytes[i];
    if (grey == 0 || grey == 255) {
      out[i] = grey == 0 ? 0.0F : 1.0F;
      continue;
    }
    bits = has_half ? bits >> 16 : random.next_u32();
    has_half = !has_half;
    out[i] = (bits & 0xFFFF) * 255 < grey << 16 ? 1.0F : 0.0F;
  }
}

}  // namespace

std::int64_t ImageDataset::batches_per_epoch(std::int64_t batch_size) const {
  assert(batch_size > 0);
  return size(Split::kTrain) / batch_size;
}

EpochPlan ImageDataset::plan_for_step(std::uint64_t seed, std::int64_t step, std::int64_t batch_size) const {
  // Even where there is no batch, so that shuffled_plan() says why.
  const std::int64_t per_epoch = std::max<std::int64_t>(batch_size > 0 ? batches_per_epoch(batch_size) : 0, 1);
  return shuffled_plan(size(Split::kTrain), seed, step / per_epoch, batch_size, name_);
}

ImageBatch ImageDataset::training_batch(const EpochPlan& plan, std::int64_t step, const BatchShare& share) const {
  assert(plan.covers(step) && share.rank >= 0 && share.rank < share.ranks);
  const std::span<const std::int64_t> places = plan.batch(step);
  std::vector<std::int64_t> indices;
  indices.reserve(places.size());
  for (auto place = share.rank; place < std::ssize(places); place += share.ranks)
    indices.push_back(places[static_cast<std::size_t>(place)]);
  if (options_.binarize != "dynamic") return batch(Split::kTrain, indices);

  ImageBatch drawn{.indices = std::move(indices), .pixels = {}};
  const auto image_size = static_cast<std::size_t>(shape_.size());
  drawn.pixels.resize(drawn.indices.size() * image_size);
  for (std::size_t b = 0; b < drawn.indices.size(); ++b) {
    const std::int64_t index = drawn.indices[b];
    const RandomStream random(plan.seed, Purpose::kBinarize, kFirstDynamicStep + static_cast<std::uint64_t>(plan.epoch),
                              static_cast<std::uint64_t>(index));
    draw_bits(bytes(Split::kTrain, index), random, &drawn.pixels[b * image_size]);
  }
  return drawn;
}

ImageBatch ImageDataset::batch(Split split, std::span<const std::int64_t> indices) const {
  ImageBatch result{.indices = {indices.begin(), indices.end()}, .pixels = {}};
  const auto image_size = static_cast<std::size_t>(shape_.size());
  result.pixels.resize(indices.size() * image_size);
  const bool has_draws = options_.binarize == "fixed" || options_.binarize == "dynamic";
  float* out = result.pixels.data();
  for (const std::int64_t index : indices) {
    const std::span<const std::uint8_t> image = bytes(split, index);
    if (has_draws)
      draw_bits(image,
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

}  // namespace limn
