// The linear layer against sums in double, in both precisions, and at its edges.
#include "limn/kernels/products/linear.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "testing/compare.hpp"

namespace limn::kernels {
namespace {

using limn::testing::all_near;

std::vector<float> normals(std::int64_t count, std::uint64_t index) {
  std::vector<float> values(static_cast<std::size_t>(count));
  RandomStream(31, Purpose::kTest, 0, index).fill_normal(values);
  return values;
}

// A layer with its input, output gradient and results; x and dy lie in wider matrices.
struct Case {
  std::int64_t rows, in, out;
  std::vector<float> weight = normals(out * in, 1), bias = normals(out, 2);
  std::vector<float> wide_x = normals(rows * (in + 2), 3), wide_dy = normals(rows * (out + 3), 4);
  // NaN: everything must be overwritten.
  std::vector<float> y = blank(rows * out), dweight = blank(out * in), dbias = blank(out), dx = blank(rows * in);

  static std::vector<float> blank(std::int64_t count) {
    return std::vector<float>(static_cast<std::size_t>(count), std::numeric_limits<float>::quiet_NaN());
  }
  [[nodiscard]] ConstMatrix w() const { return {weight.data(), out, in}; }
  [[nodiscard]] ConstMatrix x() const { return {wide_x.data(), rows, in, in + 2}; }
  [[nodiscard]] ConstMatrix dy() const { return {wide_dy.data(), rows, out, out + 3}; }
  void run(LinearLayer& layer) {
    layer.forward(w(), bias, x(), Matrix(y.data(), rows, out));
    layer.backward(w(), x(), dy(), Matrix(dweight.data(), out, in), dbias, Matrix(dx.data(), rows, in));
  }
};

void check(LinearLayer& layer, Case& c, const limn::testing::Tolerance& tolerance) {
  SCOPED_TRACE(::testing::Message() << c.rows << " rows, " << c.in << " to " << c.out);
  c.run(layer);
  std::vector<double> y, dweight, dbias, dx;
  for (std::int64_t r = 0; r < c.rows; ++r)
    for (std::int64_t o = 0; o < c.out; ++o) {
      y.push_back(c.bias[static_cast<std::size_t>(o)]);
      for (std::int64_t i = 0; i < c.in; ++i) y.back() += static_cast<double>(c.x()(r, i)) * c.w()(o, i);
    }
  for (std::int64_t o = 0; o < c.out; ++o) {
    dbias.push_back(0);
    for (std::int64_t r = 0; r < c.rows; ++r) dbias.back() += c.dy()(r, o);
    for (std::int64_t i = 0; i < c.in; ++i) {
      dweight.push_back(0);
      for (std::int64_t r = 0; r < c.rows; ++r) dweight.back() += static_cast<double>(c.dy()(r, o)) * c.x()(r, i);
    }
  }
  for (std::int64_t r = 0; r < c.rows; ++r)
    for (std::int64_t i = 0; i < c.in; ++i) {
      dx.push_back(0);
      for (std::int64_t o = 0; o < c.out; ++o) dx.back() += static_cast<double>(c.dy()(r, o)) * c.w()(o, i);
    }
  EXPECT_TRUE(all_near(std::span<const float>(c.y), std::span<const double>(y), tolerance, "y"));
  EXPECT_TRUE(all_near(std::span<const float>(c.dweight), std::span<const double>(dweight), tolerance, "dweight"));
  EXPECT_TRUE(all_near(std::span<const float>(c.dbias), std::span<const double>(dbias), tolerance, "dbias"));
  EXPECT_TRUE(all_near(std::span<const float>(c.dx), std::span<const double>(dx), tolerance, "dx"));
}

// One layer serves all sizes in turn: its memory fits itself to each.
TEST(LinearLayer, IsTheSums) {
  for (const auto precision : {Precision::kFloat32, Precision::kBFloat16}) {
    LinearLayer layer(precision);
    const auto& tolerance = precision == Precision::kFloat32 ? limn::testing::kFloat32 : limn::testing::kBFloat16;
    for (Case c : {Case{5, 7, 3}, Case{1, 1, 1}, Case{401, 33, 17}, Case{2, 17, 65}, Case{0, 4, 3}})
      check(layer, c, tolerance);
  }
}

TEST(LinearLayer, DoesNotDependOnTheNumberOfThreads) {
  Case one{.rows = 403, .in = 65, .out = 33}, two = one;
  const int before = thread_count();
  LinearLayer layer;
  set_thread_count(1);
  one.run(layer);
  set_thread_count(3);
  two.run(layer);
  set_thread_count(before);
  EXPECT_EQ(one.y, two.y);
  EXPECT_EQ(one.dweight, two.dweight);
  EXPECT_EQ(one.dbias, two.dbias);
  EXPECT_EQ(one.dx, two.dx);
}

TEST(LinearLayer, LeavesOutTheInputsGradient) {
  Case c{.rows = 3, .in = 5, .out = 2}, same = c;
  LinearLayer layer;
  c.run(layer);
  layer.backward(same.w(), same.x(), same.dy(), Matrix(same.dweight.data(), 2, 5), same.dbias, {});
  EXPECT_EQ(same.dweight, c.dweight);
  EXPECT_EQ(same.dbias, c.dbias);
}

TEST(LinearLayer, RefusesOtherShapes) {
  Case c{.rows = 3, .in = 5, .out = 2};
  LinearLayer layer;
  EXPECT_THROW(layer.forward(c.w(), c.bias, c.x(), Matrix(c.y.data(), 2, 2)), Error);
  EXPECT_THROW(layer.forward(c.w(), std::span(c.bias).first(1), c.x(), Matrix(c.y.data(), 3, 2)), Error);
  EXPECT_THROW(layer.forward(c.w(), c.bias, c.dy(), Matrix(c.y.data(), 3, 2)), Error);
}

}  // namespace
}  // namespace limn::kernels
