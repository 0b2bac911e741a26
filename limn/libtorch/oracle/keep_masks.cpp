#include "limn/libtorch/oracle/keep_masks.hpp"

#include <cmath>

namespace limn::libtorch::oracle {

using torch::Tensor;

namespace {

constexpr std::int64_t kWord = 0xFFFFFFFF, kHalfWord = 0xFFFF;
constexpr std::int64_t kMasksInBlock = 8, kBlocksOfStep = 1 << 12;

// Both halves of the 64-bit product. int64 wraps around, and the shift copies its sign, which the mask removes.
std::array<Tensor, 2> high_and_low(const Tensor& word, std::int64_t multiplier) {
  const Tensor product = word * multiplier;
  return {product.bitwise_right_shift(32).bitwise_and_(kWord), product.bitwise_and(kWord)};
}

}  // namespace

PackedRows PackedRows::narrow(std::int64_t first, std::int64_t count) const {
  return {step.narrow(0, first, count), sequence.narrow(0, first, count), number.narrow(0, first, count)};
}

Tensor to_device(const Tensor& host, const torch::Device& device) {
  if (device.is_cpu()) return host;
  return (device.is_cuda() ? host.pin_memory() : host).to(device, /*non_blocking=*/device.is_cuda());
}

PackedRows packed_rows(const std::vector<std::int64_t>& active, const std::vector<std::int64_t>& places,
                       const torch::Device& device) {
  std::vector<std::int64_t> step, sequence, number;
  for (std::size_t t = 0; t < active.size(); ++t) {
    for (std::int64_t b = 0; b < active[t]; ++b) {
      step.push_back(static_cast<std::int64_t>(t));
      sequence.push_back(b);
      number.push_back(places.empty() ? b : places[static_cast<std::size_t>(b)]);
    }
  }
  const std::size_t rows = step.size();
  step.insert(step.end(), sequence.begin(), sequence.end());
  step.insert(step.end(), number.begin(), number.end());
  const Tensor all = to_device(torch::tensor(step, torch::kInt64).view({3, static_cast<std::int64_t>(rows)}), device);
  return {all[0], all[1], all[2]};
}

std::array<Tensor, 4> philox(std::array<Tensor, 4> c, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const auto [high0, low0] = high_and_low(c[0], 0xD2511F53);
    const auto [high1, low1] = high_and_low(c[2], 0xCD9E8D57);
    c = {high1 ^ c[1] ^ static_cast<std::int64_t>(key[0]), low1, high0 ^ c[3] ^ static_cast<std::int64_t>(key[1]),
         low0};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return c;
}

// The layout of kernels/cells/dropout.cpp: block of eight units, word of two, the low half first.
Tensor keep_masks(const kernels::RecurrentDropout& dropout, const PackedRows& rows, std::int64_t units) {
  if (dropout.keep >= 1) return {};
  const auto integers = rows.step.options();
  const auto scalar = [&](std::uint64_t value) {
    return torch::full({1, 1}, static_cast<std::int64_t>(value) & kWord, integers);
  };
  const Tensor block = torch::arange((units + kMasksInBlock - 1) / kMasksInBlock, integers);
  const std::array<Tensor, 4> words =
      philox({(rows.step * kBlocksOfStep).unsqueeze(1) + block, rows.number.unsqueeze(1), scalar(dropout.step),
              scalar(static_cast<std::uint32_t>(dropout.purpose) | dropout.step >> 32 << 16)},
             {static_cast<std::uint32_t>(dropout.seed), static_cast<std::uint32_t>(dropout.seed >> 32)});
  const Tensor word = torch::stack({words[0], words[1], words[2], words[3]}, 2);
  const Tensor draw = torch::stack({word.bitwise_and(kHalfWord), word.bitwise_right_shift(16)}, 3).flatten(1);
  const std::int64_t limit = std::lround(static_cast<double>(dropout.keep) * 65536.0);
  return draw.narrow(1, 0, units).lt(limit).to(torch::kFloat32) * (1 / dropout.keep);
}

}  // namespace limn::libtorch::oracle
