#include "limn/kernels/images/convolution.hpp"

#include <algorithm>
#include <cassert>

#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {
namespace {

// Floats of the patches of one group of images, 1 MB: what stays in a second or third cache.
constexpr std::int64_t kGroupFloats = 1 << 18;
// Parts of a batch whose weight gradients are summed one after the other: more would divide over more threads, and
// each takes memory as large as the weights.
constexpr std::int64_t kGradientParts = 8;

// [small, large, taps] as [small, taps, large], or back: the taps of a patch have their channels side by side.
void swap_last(std::span<const float> in, std::int64_t rows, std::int64_t a, std::int64_t b, float* out) {
  const float* from = in.data();
  for (std::int64_t r = 0; r < rows; ++r, out += a * b)
    for (std::int64_t i = 0; i < a; ++i)
      for (std::int64_t j = 0; j < b; ++j) out[j * a + i] = *from++;
}

// Where the patch of a small pixel's row or column begins in the large image, and which of its taps lie inside.
struct Reach {
  std::int64_t begin, first, last;
  Reach(std::int64_t position, std::int64_t size, const ConvolutionShape& s)
      : begin(position * s.stride - s.padding),
        first(std::max<std::int64_t>(0, -begin)),
        last(std::min(s.kernel, size - begin)) {}
};

// visit(offset, first, last) for the lines of all patches in order: values [first, last) of a line of kernel · channels
// values lie inside the large image, the first value of the line at `offset`.
template <class Visit>
void for_each_line(const ConvolutionShape& s, const Visit& visit) {
  const std::int64_t channels = s.large_channels;
  for (std::int64_t y = 0; y < s.small_height; ++y) {
    const Reach rows(y, s.large_height, s);
    for (std::int64_t x = 0; x < s.small_width; ++x) {
      const Reach columns(x, s.large_width, s);
      for (std::int64_t ky = 0; ky < s.kernel; ++ky) {
        const std::int64_t offset = ((rows.begin + ky) * s.large_width + columns.begin) * channels;
        if (ky < rows.first || ky >= rows.last)
          visit(std::int64_t{0}, std::int64_t{0}, std::int64_t{0});
        else
          visit(offset, columns.first * channels, columns.last * channels);
      }
    }
  }
}

// Rows: small pixels; columns: (ky, kx, channel) of the large image, zero outside of it.
void im2col(const ConvolutionShape& s, const float* large, float* patches) {
  const std::int64_t line = s.kernel * s.large_channels;
  for_each_line(s, [&](std::int64_t offset, std::int64_t first, std::int64_t last) {
    std::fill_n(patches, first, 0.0f);
    std::copy(large + offset + first, large + offset + last, patches + first);
    std::fill(patches + last, patches + line, 0.0f);
    patches += line;
  });
}

// The adjoint of im2col, added to `large`.
void add_col2im(const ConvolutionShape& s, const float* patches, float* large) {
  const std::int64_t line = s.kernel * s.large_channels;
  for_each_line(s, [&](std::int64_t offset, std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) large[offset + i] += patches[i];
    patches += line;
  });
}

// Working memory of one thread for a group of images: their patches [rows, patch].
struct Scratch {
  AlignedBuffer<float> patches;
  GemmScratch gemm;
};

// Images whose patches are worked on at once.
std::int64_t images_at_once(const ConvolutionShape& s) {
  return std::max<std::int64_t>(1, kGroupFloats / (s.small_pixels() * s.patch()));
}

// task(first, count, scratch) for each group of `images` images, divided over the pool.
template <class Task>
void for_each_group(const ConvolutionShape& s, std::int64_t images, const Task& task) {
  const std::int64_t group = images_at_once(s);
  parallel_for((images + group - 1) / group, [&](std::int64_t i) {
    const std::int64_t first = i * group, count = std::min(group, images - first);
    Scratch scratch;
    scratch.patches.resize(static_cast<std::size_t>(count * s.small_pixels() * s.patch()));
    task(first, count, scratch);
  });
}

// Weights [small channels, large channels, k, k] as the products want them: [small channels, k, k, large channels].
std::vector<float> ordered_weights(const ConvolutionShape& s, std::span<const float> weights) {
  std::vector<float> ordered(weights.size());
  swap_last(weights, s.small_channels, s.large_channels, s.kernel * s.kernel, ordered.data());
  return ordered;
}

}  // namespace

void Convolution::pack_gather(std::span<const float> weights, Precision precision) {
  const std::vector<float> ordered = ordered_weights(shape_, weights);
  gather_.pack(ConstMatrix(ordered.data(), shape_.small_channels, shape_.patch()), WeightLayout::kOutputMajor,
               precision);
}

void Convolution::pack_scatter(std::span<const float> weights, Precision precision) {
  const std::vector<float> ordered = ordered_weights(shape_, weights);
  scatter_.pack(ConstMatrix(ordered.data(), shape_.small_channels, shape_.patch()), WeightLayout::kInputMajor,
                precision);
}

void Convolution::gather(ConstMatrix large, std::span<const float> bias, Matrix small) const {
  assert(large.rows == small.rows && large.columns == shape_.large_pixels() * shape_.large_channels);
  const std::int64_t patches = shape_.small_pixels() * shape_.patch();
  for_each_group(shape_, large.rows, [&](std::int64_t first, std::int64_t count, Scratch& scratch) {
    const std::int64_t rows = count * shape_.small_pixels();
    for (std::int64_t i = 0; i < count; ++i) im2col(shape_, large.row(first + i), scratch.patches.data() + i * patches);
    const ConstMatrix start = bias.empty() ? ConstMatrix{} : ConstMatrix(bias.data(), rows, shape_.small_channels, 0);
    gather_.multiply(ConstMatrix(scratch.patches.data(), rows, shape_.patch()), start,
                     Matrix(small.row(first), rows, shape_.small_channels), scratch.gemm);
  });
}

void Convolution::scatter(ConstMatrix small, std::span<const float> bias, Matrix large) const {
  assert(large.rows == small.rows && small.columns == shape_.small_pixels() * shape_.small_channels);
  const std::int64_t patches = shape_.small_pixels() * shape_.patch();
  for_each_group(shape_, small.rows, [&](std::int64_t first, std::int64_t count, Scratch& scratch) {
    const std::int64_t rows = count * shape_.small_pixels();
    scatter_.multiply(ConstMatrix(small.row(first), rows, shape_.small_channels), {},
                      Matrix(scratch.patches.data(), rows, shape_.patch()), scratch.gemm);
    for (std::int64_t i = 0; i < count; ++i) {
      float* const image = large.row(first + i);
      if (bias.empty()) std::fill_n(image, large.columns, 0.0f);
      for (std::int64_t p = 0; p < shape_.large_pixels() && !bias.empty(); ++p)
        std::ranges::copy(bias, image + p * shape_.large_channels);
      add_col2im(shape_, scratch.patches.data() + i * patches, image);
    }
  });
}

void Convolution::weight_gradient(ConstMatrix large, ConstMatrix small, std::span<float> out,
                                  Precision precision) const {
  assert(large.rows > 0 && large.rows == small.rows);
  const std::int64_t parts = std::min(kGradientParts, large.rows), patches = shape_.small_pixels() * shape_.patch();
  std::vector<std::vector<float>> sums(static_cast<std::size_t>(parts));
  parallel_for(parts, [&](std::int64_t part) {
    auto& sum = sums[static_cast<std::size_t>(part)];
    sum.resize(out.size());
    const Matrix gradient(sum.data(), shape_.small_channels, shape_.patch());
    const std::int64_t begin = large.rows * part / parts, end = large.rows * (part + 1) / parts;
    const std::int64_t group = images_at_once(shape_);
    AlignedBuffer<float> columns(static_cast<std::size_t>(std::min(group, end - begin) * patches));
    for (std::int64_t first = begin; first < end; first += group) {
      const std::int64_t count = std::min(group, end - first), rows = count * shape_.small_pixels();
      for (std::int64_t i = 0; i < count; ++i) im2col(shape_, large.row(first + i), columns.data() + i * patches);
      const WeightGradient product{.a = ConstMatrix(columns.data(), rows, shape_.patch()), .out = gradient};
      weight_gradients(ConstMatrix(small.row(first), rows, shape_.small_channels), std::span(&product, 1), true,
                       precision);
    }
  });
  for (std::size_t part = 1; part < sums.size(); ++part)
    for (std::size_t i = 0; i < out.size(); ++i) sums[0][i] += sums[part][i];
  swap_last(sums[0], shape_.small_channels, shape_.kernel * shape_.kernel, shape_.large_channels, out.data());
}

void to_channels_last(ConstMatrix images, std::int64_t channels, Matrix out) {
  for (std::int64_t i = 0; i < images.rows; ++i)
    swap_last({images.row(i), static_cast<std::size_t>(images.columns)}, 1, channels, images.columns / channels,
              out.row(i));
}

void to_channels_first(ConstMatrix images, std::int64_t channels, Matrix out) {
  for (std::int64_t i = 0; i < images.rows; ++i)
    swap_last({images.row(i), static_cast<std::size_t>(images.columns)}, 1, images.columns / channels, channels,
              out.row(i));
}

}  // namespace limn::kernels
