// The portable backend of gemm.hpp: packing, blocking and the division over threads. After Goto & van de
// Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008): a panel of B stays in the first cache, a
// block of A in the second, and C is touched once for each block of the depth.
#include <algorithm>

#include "limn/kernels/products/gemm_backend.hpp"
#include "limn/kernels/products/gemm_portable.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {
namespace {

using portable::BlockProduct;
using portable::kMaxDepth;
using portable::Tiling;

// Rows of A packed at once: with a block's depth at most 240 KB, half of a second cache.
constexpr std::int64_t kMaxRows = 192;
// Elements of B packed at once for a weight gradient.
constexpr std::int64_t kGradientColumns = 512;

// [0, size) cut into blocks of nearly equal size, at most `most` each, which is divisible by 8. All blocks but the last
// have a size divisible by 8, for whole vectors.
struct Blocks {
  std::int64_t size, count, step;
  Blocks(std::int64_t n, std::int64_t most)
      : size(n), count((n + most - 1) / most), step(count > 0 ? round_up((n + count - 1) / count, 8) : 0) {}
  [[nodiscard]] std::int64_t begin(std::int64_t block) const { return std::min(size, step * block); }
  [[nodiscard]] std::int64_t length(std::int64_t block) const { return begin(block + 1) - begin(block); }
};

class PortableWeights final : public PackedWeights::Impl {
 public:
  PortableWeights(const WeightParts& weights, std::int64_t k, std::int64_t n, Precision precision)
      : width_(portable::panel_width()),
        padded_(round_up(n, width_)),
        blocks_(k, kMaxDepth),
        rounds_(precision == Precision::kBFloat16) {
    values_.resize(static_cast<std::size_t>(k * padded_));
    // A value is moved in about the time of ten operations.
    parallel_for(
        padded_ / width_, [&](std::int64_t panel) { pack_panel(weights, n, panel); },
        10.0 * static_cast<double>(k * padded_));
    if (precision != Precision::kBFloat16Weights) return;
    words_.resize(static_cast<std::size_t>(k * padded_ / 2));
    portable::pack_bf16(values_.data(), k * padded_ / width_, words_.data());
    values_.clear();
  }

  void multiply(std::span<const ConstMatrix> a, ConstMatrix init, Matrix c, std::int64_t first, std::int64_t last,
                GemmScratch& scratch) const override {
    scratch.a.resize(static_cast<std::size_t>(std::min(c.rows, kMaxRows) * blocks_.size));
    for (std::int64_t row = 0; row < c.rows; row += kMaxRows) {
      const std::int64_t rows = std::min(kMaxRows, c.rows - row);
      pack_rows(a, row, rows, scratch.a.data());
      if (rounds_) portable::round_to_bf16(scratch.a.data(), rows * blocks_.size);
      for (std::int64_t block = 0; block < blocks_.count; ++block) {
        const float* from = block > 0 ? c.row(row) : init.data ? init.row(row) : nullptr;
        const std::int64_t place = blocks_.begin(block) * padded_ + first * blocks_.length(block);
        portable::multiply_block({.a = scratch.a.data() + rows * blocks_.begin(block),
                                  .b = words_.empty() ? values_.data() + place : nullptr,
                                  .b_bf16 = words_.empty() ? nullptr : words_.data() + place / 2,
                                  .rows = rows,
                                  .columns = last - first,
                                  .depth = blocks_.length(block),
                                  .init = from ? from + first : nullptr,
                                  .init_stride = block > 0 ? c.row_stride : init.row_stride,
                                  .c = c.row(row) + first,
                                  .c_stride = c.row_stride});
      }
    }
  }

  [[nodiscard]] std::int64_t column_step() const override { return width_; }

 private:
  // Columns [panel · width, …) of B, block after block of the depth.
  void pack_panel(const WeightParts& weights, std::int64_t n, std::int64_t panel) {
    const std::int64_t column = panel * width_, count = std::min(width_, n - column);
    std::int64_t k = 0, block = 0;
    for (const ConstMatrix& part : weights.parts) {
      const std::int64_t part_depth = weights.depth_of(part);
      for (std::int64_t i = 0; i < part_depth;) {
        while (k >= blocks_.begin(block + 1)) ++block;
        const std::int64_t depth = std::min(part_depth - i, blocks_.begin(block + 1) - k);
        float* const to = values_.data() + blocks_.begin(block) * padded_ + column * blocks_.length(block) +
                          (k - blocks_.begin(block)) * width_;
        pack_run(weights, part, i, column, {depth, count}, to);
        i += depth;
        k += depth;
      }
    }
  }

  struct RunSize {
    std::int64_t depth, count;
  };
  // Rows [i, i + depth) and columns [column, column + count) of a part to rows of width_, filled up with zeros.
  void pack_run(const WeightParts& weights, const ConstMatrix& part, std::int64_t i, std::int64_t column, RunSize size,
                float* to) const {
    if (weights.layout == WeightLayout::kOutputMajor) {
      portable::transpose({.from = part.row(column) + i,
                           .stride = part.row_stride,
                           .rows = size.count,
                           .columns = size.depth,
                           .to = to,
                           .to_stride = width_});
    } else {
      for (std::int64_t k = 0; k < size.depth; ++k) std::copy_n(part.row(i + k) + column, size.count, to + k * width_);
    }
    for (std::int64_t k = 0; size.count < width_ && k < size.depth; ++k)
      std::fill(to + k * width_ + size.count, to + (k + 1) * width_, 0.0f);
    if (rounds_) portable::round_to_bf16(to, size.depth * width_);
  }

  // Rows [row, row + rows) of [A_1 A_2 …] as tiles, block after block of the depth.
  void pack_rows(std::span<const ConstMatrix> a, std::int64_t row, std::int64_t rows, float* packed) const {
    const Tiling tiling(rows, portable::max_tile_rows());
    std::int64_t k = 0, block = 0;
    for (const ConstMatrix& part : a) {
      for (std::int64_t i = 0; i < part.columns;) {
        while (k >= blocks_.begin(block + 1)) ++block;
        const std::int64_t count = std::min(part.columns - i, blocks_.begin(block + 1) - k);
        const std::int64_t depth = blocks_.length(block);
        float* tile = packed + blocks_.begin(block) * rows;
        for (std::int64_t t = 0, r = 0; t < tiling.count; r += tiling.rows(t), ++t) {
          portable::pack_tile(part.row(row + r) + i, part.row_stride, tiling.rows(t), count,
                              tile + r * depth + (k - blocks_.begin(block)) * tiling.rows(t));
        }
        i += count;
        k += count;
      }
    }
  }

  std::int64_t width_;
  std::int64_t padded_;
  Blocks blocks_;
  bool rounds_;                         // both factors
  AlignedBuffer<float> values_;         // block after block of the depth, panel after panel
  AlignedBuffer<std::uint32_t> words_;  // in the place of values_: bf16
};

// One rectangle of a weight gradient: rows [row, row + rows) are columns of [A_1 A_2 …], columns are those of
// D.
struct GradientTask {
  ConstMatrix d;
  std::span<const WeightGradient> parts;
  std::int64_t row, rows, column, columns;
  bool accumulate;
  Precision precision;
};

// The columns [first, first + count) of [A_1 A_2 …] that fall into each part, in turn.
template <class Visit>
void for_each_part(const GradientTask& task, std::int64_t first, std::int64_t count, const Visit& visit) {
  std::int64_t begin = 0;
  for (const WeightGradient& part : task.parts) {
    const std::int64_t end = begin + part.a.columns;
    const std::int64_t from = std::max(begin, first), to = std::min(end, first + count);
    if (from < to) visit(part, from - begin, from - first, to - from);
    begin = end;
  }
}

// Rows [first, first + rows) of the task.
void pack_gradient_inputs(const GradientTask& task, std::int64_t first, std::int64_t rows, std::int64_t k0,
                          std::int64_t depth, float* packed) {
  const Tiling tiling(rows, portable::max_tile_rows());
  for (std::int64_t t = 0, r = 0; t < tiling.count; r += tiling.rows(t), ++t) {
    const std::int64_t width = tiling.rows(t);
    for_each_part(
        task, task.row + first + r, width,
        [&](const WeightGradient& part, std::int64_t column, std::int64_t offset, std::int64_t count) {
          float* to = packed + r * depth + offset;
          const bool is_whole = count == width && column + portable::readable_width() <= part.a.columns;
          if (is_whole) {
            return portable::gather_tile({.from = part.a.data + column + (part.rows ? 0 : k0 * part.a.row_stride),
                                          .stride = part.a.row_stride,
                                          .rows = part.rows ? part.rows + k0 : nullptr,
                                          .depth = depth,
                                          .width = width,
                                          .tile = to});
          }
          for (std::int64_t k = k0; k < k0 + depth; ++k, to += width) {
            std::copy_n(part.a.row(part.rows ? part.rows[k] : k) + column, count, to);
          }
        });
  }
}

void pack_gradient_outputs(const GradientTask& task, std::int64_t k0, std::int64_t depth, float* packed) {
  const std::int64_t width = portable::panel_width();
  for (std::int64_t column = 0; column < task.columns; column += width) {
    const std::int64_t count = std::min(width, task.columns - column);
    if (count == width) {
      portable::pack_panel(task.d.row(k0) + task.column + column, task.d.row_stride, depth, packed);
      packed += depth * width;
      continue;
    }
    for (std::int64_t k = 0; k < depth; ++k, packed += width) {
      std::copy_n(task.d.row(k0 + k) + task.column + column, count, packed);
      std::fill(packed + count, packed + width, 0.0f);
    }
  }
}

// c [rows, columns] is the gradient transposed.
void store_gradient(const GradientTask& task, const float* c) {
  for_each_part(task, task.row, task.rows,
                [&](const WeightGradient& part, std::int64_t column, std::int64_t offset, std::int64_t count) {
                  portable::transpose({.from = c + offset * task.columns,
                                       .stride = task.columns,
                                       .rows = count,
                                       .columns = task.columns,
                                       .to = part.out.row(task.column) + column,
                                       .to_stride = part.out.row_stride,
                                       .adds = task.accumulate});
                });
}

void compute_gradient(const GradientTask& task) {
  const Blocks blocks(task.d.rows, kMaxDepth), row_blocks(task.rows, kMaxRows);
  const std::int64_t padded_columns = round_up(task.columns, portable::panel_width());
  AlignedBuffer<float> a(static_cast<std::size_t>(std::min(task.rows, kMaxRows) * kMaxDepth));
  AlignedBuffer<float> b(static_cast<std::size_t>(padded_columns * kMaxDepth));
  AlignedBuffer<float> c(static_cast<std::size_t>(task.rows * task.columns));
  if (blocks.count == 0) std::fill_n(c.data(), c.size(), 0.0f);
  for (std::int64_t block = 0; block < blocks.count; ++block) {
    const std::int64_t depth = blocks.length(block);
    pack_gradient_outputs(task, blocks.begin(block), depth, b.data());
    if (task.precision == Precision::kBFloat16) portable::round_to_bf16(b.data(), padded_columns * depth);
    for (std::int64_t i = 0; i < row_blocks.count; ++i) {
      const std::int64_t first = row_blocks.begin(i), rows = row_blocks.length(i);
      pack_gradient_inputs(task, first, rows, blocks.begin(block), depth, a.data());
      if (task.precision == Precision::kBFloat16) portable::round_to_bf16(a.data(), rows * depth);
      float* const sums = c.data() + first * task.columns;
      portable::multiply_block({.a = a.data(),
                                .b = b.data(),
                                .rows = rows,
                                .columns = task.columns,
                                .depth = depth,
                                .init = block > 0 ? sums : nullptr,
                                .init_stride = task.columns,
                                .c = sums,
                                .c_stride = task.columns});
    }
  }
  store_gradient(task, c.data());
}

}  // namespace

std::unique_ptr<PackedWeights::Impl> pack_portable(const WeightParts& weights, std::int64_t depth, std::int64_t columns,
                                                   Precision precision) {
  return std::make_unique<PortableWeights>(weights, depth, columns, precision);
}

void weight_gradients_portable(ConstMatrix d, std::span<const WeightGradient> parts, bool accumulate,
                               Precision precision) {
  std::int64_t inputs = 0;
  for (const WeightGradient& part : parts) inputs += part.a.columns;
  if (inputs == 0 || d.columns == 0) return;
  // A task packs the outputs once for all of its rows; rows are divided as far as every thread needs a task.
  const Blocks column_blocks(d.columns, kGradientColumns);
  const std::int64_t wanted = (2 * thread_count() + column_blocks.count - 1) / column_blocks.count;
  const Blocks row_blocks(inputs, std::max(kMaxRows, round_up((inputs + wanted - 1) / wanted, 8)));
  const auto gradient_of_block = [&](std::int64_t i) {
    const std::int64_t r = i / column_blocks.count, n = i % column_blocks.count;
    compute_gradient({.d = d,
                      .parts = parts,
                      .row = row_blocks.begin(r),
                      .rows = row_blocks.length(r),
                      .column = column_blocks.begin(n),
                      .columns = column_blocks.length(n),
                      .accumulate = accumulate,
                      .precision = precision});
  };
  parallel_for(row_blocks.count * column_blocks.count, gradient_of_block,
               product_operations(d.rows, d.columns, inputs));
}

}  // namespace limn::kernels
