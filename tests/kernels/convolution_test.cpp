// Convolutions by matrix products against the definition, pixel by pixel, in double.
#include "limn/kernels/images/convolution.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "limn/core/random.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "testing/compare.hpp"

namespace limn::kernels {
namespace {

using limn::testing::all_near;
using limn::testing::kFloat32;

std::vector<float> normals(std::int64_t count, std::uint64_t index) {
  RandomStream random(4, Purpose::kTest, 0, index);
  std::vector<float> values(static_cast<std::size_t>(count));
  random.fill_normal(values);
  return values;
}

// Visits every product of the convolution: place in the large image, in the small image, and the weight's.
template <class Visit>
void for_each_product(const ConvolutionShape& s, std::int64_t images, const Visit& visit) {
  for (std::int64_t i = 0; i < images; ++i)
    for (std::int64_t y = 0; y < s.small_height; ++y)
      for (std::int64_t x = 0; x < s.small_width; ++x)
        for (std::int64_t ky = 0; ky < s.kernel; ++ky)
          for (std::int64_t kx = 0; kx < s.kernel; ++kx) {
            const std::int64_t row = y * s.stride - s.padding + ky, column = x * s.stride - s.padding + kx;
            if (row < 0 || row >= s.large_height || column < 0 || column >= s.large_width) continue;
            for (std::int64_t c = 0; c < s.small_channels; ++c)
              for (std::int64_t d = 0; d < s.large_channels; ++d)
                visit(((i * s.large_height + row) * s.large_width + column) * s.large_channels + d,
                      ((i * s.small_height + y) * s.small_width + x) * s.small_channels + c,
                      ((c * s.large_channels + d) * s.kernel + ky) * s.kernel + kx);
          }
}

void check(const ConvolutionShape& s, std::int64_t images) {
  const std::int64_t large_size = s.large_pixels() * s.large_channels, small_size = s.small_pixels() * s.small_channels;
  const auto large = normals(images * large_size, 1), small = normals(images * small_size, 2);
  const auto weights = normals(s.small_channels * s.large_channels * s.kernel * s.kernel, 3);
  const auto small_bias = normals(s.small_channels, 4), large_bias = normals(s.large_channels, 5);
  std::vector<double> gathered(small.size()), scattered(large.size()), gradient(weights.size());
  for (std::size_t i = 0; i < gathered.size(); ++i) gathered[i] = small_bias[i % small_bias.size()];
  for (std::size_t i = 0; i < scattered.size(); ++i) scattered[i] = large_bias[i % large_bias.size()];
  for_each_product(s, images, [&](auto at_large, auto at_small, auto at_weight) {
    const auto l = static_cast<std::size_t>(at_large), c = static_cast<std::size_t>(at_small),
               w = static_cast<std::size_t>(at_weight);
    gathered[c] += static_cast<double>(large[l]) * weights[w];
    scattered[l] += static_cast<double>(small[c]) * weights[w];
    gradient[w] += static_cast<double>(large[l]) * small[c];
  });
  Convolution convolution(s);
  convolution.pack_gather(weights);
  convolution.pack_scatter(weights);
  const ConstMatrix large_rows(large.data(), images, large_size), small_rows(small.data(), images, small_size);
  std::vector<float> small_out(small.size()), large_out(large.size()), gradient_out(weights.size());
  convolution.gather(large_rows, small_bias, Matrix(small_out.data(), images, small_size));
  convolution.scatter(small_rows, large_bias, Matrix(large_out.data(), images, large_size));
  convolution.weight_gradient(large_rows, small_rows, gradient_out);
  EXPECT_TRUE(all_near(std::vector<double>(small_out.begin(), small_out.end()), gathered, kFloat32, "gathered"));
  EXPECT_TRUE(all_near(std::vector<double>(large_out.begin(), large_out.end()), scattered, kFloat32, "scattered"));
  EXPECT_TRUE(all_near(std::vector<double>(gradient_out.begin(), gradient_out.end()), gradient, kFloat32, "gradient"));
}

TEST(Convolution, IsTheDefinition) {
  // Stride 2 with padding, as conv40's: one column of the large image is reached by no patch.
  check({.large_height = 8,
         .large_width = 7,
         .large_channels = 3,
         .small_height = 4,
         .small_width = 4,
         .small_channels = 5,
         .kernel = 3,
         .stride = 2,
         .padding = 1},
        5);
  check({.large_height = 6,
         .large_width = 9,
         .large_channels = 17,
         .small_height = 4,
         .small_width = 7,
         .small_channels = 2,
         .kernel = 3},
        19);
  check({.large_height = 6,
         .large_width = 8,
         .large_channels = 1,
         .small_height = 2,
         .small_width = 3,
         .small_channels = 33,
         .kernel = 4,
         .stride = 2},
        1);
  check({.large_height = 1,
         .large_width = 1,
         .large_channels = 4,
         .small_height = 1,
         .small_width = 1,
         .small_channels = 3},
        2);
}

// More than one group of images and more than one part of the weights' gradient.
TEST(Convolution, IsTheSameForAnyNumberOfThreads) {
  const ConvolutionShape shape{.large_height = 18,
                               .large_width = 18,
                               .large_channels = 32,
                               .small_height = 16,
                               .small_width = 16,
                               .small_channels = 24,
                               .kernel = 3};
  constexpr std::int64_t kImages = 23;
  const auto large = normals(kImages * 18 * 18 * 32, 1), small = normals(kImages * 16 * 16 * 24, 2);
  const auto weights = normals(24 * 32 * 9, 3);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    Convolution convolution(shape);
    convolution.pack_gather(weights);
    std::vector<float> out(small.size()), gradient(weights.size());
    const ConstMatrix rows(large.data(), kImages, 18 * 18 * 32);
    convolution.gather(rows, {}, Matrix(out.data(), kImages, 16 * 16 * 24));
    convolution.weight_gradient(rows, ConstMatrix(small.data(), kImages, 16 * 16 * 24), gradient);
    out.insert(out.end(), gradient.begin(), gradient.end());
    results.push_back(std::move(out));
  }
  set_thread_count(0);
  EXPECT_EQ(results[0], results[1]);
}

TEST(Channels, MoveLastAndBack) {
  const std::vector<float> image{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};  // two images of 3 channels, 2 pixels
  std::vector<float> last(12), first(12);
  to_channels_last(ConstMatrix(image.data(), 2, 6), 3, Matrix(last.data(), 2, 6));
  EXPECT_EQ(last, (std::vector<float>{1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12}));
  to_channels_first(ConstMatrix(last.data(), 2, 6), 3, Matrix(first.data(), 2, 6));
  EXPECT_EQ(first, image);
}

}  // namespace
}  // namespace limn::kernels
