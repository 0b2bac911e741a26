#include "limn/kernels/images/batch_norm.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {
namespace {

// Rows whose sums are taken together.
constexpr std::int64_t kRowsOfPart = 512;

double operations_of(ConstMatrix x) { return 4.0 * static_cast<double>(x.rows * x.columns); }

// Calls visit(first, last) for parts of the rows, on the pool.
template <class Visit>
void for_each_part(ConstMatrix x, const Visit& visit) {
  const auto task = [&](std::int64_t part) { visit(part * kRowsOfPart, std::min(x.rows, (part + 1) * kRowsOfPart)); };
  parallel_for((x.rows + kRowsOfPart - 1) / kRowsOfPart, task, operations_of(x));
}

// Two sums over the rows for each channel.
struct ChannelSums {
  std::vector<double> first, second;
};

// Σ a and Σ a b.
ChannelSums sum_rows(ConstMatrix a, ConstMatrix b) {
  const auto channels = static_cast<std::size_t>(a.columns);
  const auto parts = static_cast<std::size_t>((a.rows + kRowsOfPart - 1) / kRowsOfPart);
  std::vector<double> partial(2 * channels * parts);
  for_each_part(a, [&](std::int64_t begin, std::int64_t end) {
    double* const first = &partial[2 * channels * static_cast<std::size_t>(begin / kRowsOfPart)];
    double* const second = first + channels;
    for (std::int64_t r = begin; r < end; ++r) {
      const float *const u = a.row(r), *const v = b.row(r);
      for (std::size_t c = 0; c < channels; ++c) {
        first[c] += u[c];
        second[c] += static_cast<double>(u[c]) * v[c];
      }
    }
  });
  ChannelSums sums{.first = std::vector<double>(channels), .second = std::vector<double>(channels)};
  for (std::size_t part = 0; part < parts; ++part) {
    for (std::size_t c = 0; c < channels; ++c) {
      sums.first[c] += partial[2 * channels * part + c];
      sums.second[c] += partial[2 * channels * part + channels + c];
    }
  }
  return sums;
}

double inverse_deviation(float variance) { return 1 / std::sqrt(variance + kBatchNormEpsilon); }

}  // namespace

ChannelMap channel_map(const Normalisation& n) {
  ChannelMap map;
  for (std::size_t c = 0; c < n.gamma.size(); ++c) {
    const double scale = n.gamma[c] * inverse_deviation(n.variance[c]);
    map.scale.push_back(static_cast<float>(scale));
    map.shift.push_back(static_cast<float>(n.beta[c] - scale * n.mean[c]));
  }
  return map;
}

void apply(const ChannelMap& map, ConstMatrix x, Matrix y) {
  assert(x.rows == y.rows && x.columns == y.columns && static_cast<std::size_t>(x.columns) == map.scale.size());
  for_each_part(x, [&](std::int64_t begin, std::int64_t end) {
    const float *const scale = map.scale.data(), *const shift = map.shift.data();
    for (std::int64_t r = begin; r < end; ++r) {
      const float* const from = x.row(r);
      float* const to = y.row(r);
      for (std::int64_t c = 0; c < x.columns; ++c) to[c] = scale[c] * from[c] + shift[c];
    }
  });
}

BatchStatistics batch_statistics(ConstMatrix x) {
  assert(x.rows >= 1);
  const ChannelSums sums = sum_rows(x, x);
  const auto count = static_cast<double>(x.rows);
  BatchStatistics statistics{.count = x.rows};
  for (std::size_t c = 0; c < sums.first.size(); ++c) {
    const double mean = sums.first[c] / count;
    statistics.mean.push_back(static_cast<float>(mean));
    statistics.variance.push_back(static_cast<float>(std::max(0.0, sums.second[c] / count - mean * mean)));
  }
  return statistics;
}

void update_running(const BatchStatistics& batch, std::span<float> mean, std::span<float> variance) {
  // One row alone has no unbiased variance: its biased one, 0, is taken.
  const auto count = static_cast<double>(batch.count);
  const double unbiased = batch.count > 1 ? count / (count - 1) : 1;
  const auto mix = [](float& running, double value) {
    running = static_cast<float>((1 - kBatchNormMomentum) * running + kBatchNormMomentum * value);
  };
  for (std::size_t c = 0; c < mean.size(); ++c) {
    mix(mean[c], batch.mean[c]);
    mix(variance[c], unbiased * batch.variance[c]);
  }
}

void batch_norm_backward(const BatchNormBackward& b) {
  const ChannelSums sums = sum_rows(b.d, b.x);
  const auto channels = static_cast<std::size_t>(b.d.columns);
  const auto count = static_cast<double>(b.statistics.count);
  // With x̂ = (x − mean) / deviation: dx = γ / deviation · (dy − dβ / R − x̂ dγ / R) = of_d dy + of_x x + constant.
  std::vector<float> of_d(channels), of_x(channels), constant(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = b.statistics.mean[c], inverse = inverse_deviation(b.statistics.variance[c]);
    const double d_beta = sums.first[c], d_gamma = inverse * (sums.second[c] - mean * d_beta);
    const double scale = b.gamma[c] * inverse, slope = -scale * inverse * d_gamma / count;
    of_d[c] = static_cast<float>(scale);
    of_x[c] = static_cast<float>(slope);
    constant[c] = static_cast<float>(-scale * d_beta / count - slope * mean);
    b.d_gamma[c] = static_cast<float>(d_gamma);
    b.d_beta[c] = static_cast<float>(d_beta);
  }
  for_each_part(b.d, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const float* const x = b.x.row(r);
      float* const d = b.d.row(r);
      for (std::size_t c = 0; c < channels; ++c) d[c] = of_d[c] * d[c] + (of_x[c] * x[c] + constant[c]);
    }
  });
}

}  // namespace limn::kernels
