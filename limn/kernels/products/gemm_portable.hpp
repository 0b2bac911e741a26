// The innermost loops of our own matrix products, and the copies around oneDNN's, compiled for every SIMD target and
// chosen at run time. Reentrant. Only the files gemm_*.cpp call them.
//
// A is read in tiles of a few rows, stored [depth][rows of the tile]; B in panels of panel_width() columns,
// stored [depth][panel_width()], the last one filled up with zeros. In bf16 a panel is [depth][panel_width() / 2]
// words, each with a column of the first half of the panel in its lower 16 bits and one of the second half in its
// upper 16. Each element of C is summed over the depth in order.
#pragma once

#include <cstdint>

namespace limn::kernels::portable {

// The most depth of a block: a panel of B with 320 rows of 16 floats is 20 KB, and six rows of A beside it 7.5 KB,
// together below 32 KB.
inline constexpr std::int64_t kMaxDepth = 320;

// Columns of a panel of B and the most rows of a tile of A on this CPU.
[[nodiscard]] std::int64_t panel_width();
[[nodiscard]] std::int64_t max_tile_rows();

// Rows of a matrix cut into tiles of nearly equal size, so that none is too small to keep the multipliers
// busy.
struct Tiling {
  std::int64_t count = 0;
  std::int64_t base = 0;    // rows of every tile …
  std::int64_t larger = 0;  // … and one more in this many, which come first
  Tiling(std::int64_t rows, std::int64_t max_rows)
      : count((rows + max_rows - 1) / max_rows), base(count > 0 ? rows / count : 0), larger(rows - base * count) {}
  [[nodiscard]] std::int64_t rows(std::int64_t tile) const { return base + (tile < larger ? 1 : 0); }
};

// C [rows, columns] = init + A · B over one block of the depth, at most kMaxDepth. `init` may be null (zero) or C
// itself; an init_stride of 0 repeats one row.
struct BlockProduct {
  const float* a = nullptr;
  const float* b = nullptr;
  const std::uint32_t* b_bf16 = nullptr;  // in the place of b
  std::int64_t rows = 0, columns = 0, depth = 0;
  const float* init = nullptr;
  std::int64_t init_stride = 0;
  float* c = nullptr;
  std::int64_t c_stride = 0;
};
void multiply_block(const BlockProduct& product);

// tile[k * rows + r] = a[r * a_stride + k]: `rows` row-major rows into the layout of a tile.
void pack_tile(const float* a, std::int64_t a_stride, std::int64_t rows, std::int64_t depth, float* tile);

// panel[k] = row k of `from`, panel_width() floats each.
void pack_panel(const float* from, std::int64_t stride, std::int64_t depth, float* panel);

// `rows` rows of a panel, rounded to bf16.
void pack_bf16(const float* panel, std::int64_t rows, std::uint32_t* words);

// to[c * to_stride + r] = from[r * stride + c], or += where it adds.
struct Transposition {
  const float* from = nullptr;
  std::int64_t stride = 0;
  std::int64_t rows = 0, columns = 0;
  float* to = nullptr;
  std::int64_t to_stride = 0;
  bool adds = false;
};
void transpose(const Transposition& transposition);

// Rounds to the nearest bf16, ties to even; NaN stays NaN.
void round_to_bf16(float* values, std::int64_t count);
// The same, kept in 16 bits.
void convert_to_bf16(const float* from, std::int64_t count, std::uint16_t* to);

// to = a + b; `to` may be either.
void add(const float* a, const float* b, std::int64_t count, float* to);

// tile[k * width + i] = row rows[k] (k itself where rows is null) of `from`, element i < width. Whole vectors
// are read and written: up to readable_width() floats of each row, and as many behind the end of the tile.
struct GatherTile {
  const float* from = nullptr;
  std::int64_t stride = 0;
  const std::int32_t* rows = nullptr;
  std::int64_t depth = 0;
  std::int64_t width = 0;
  float* tile = nullptr;
};
void gather_tile(const GatherTile& gather);
[[nodiscard]] std::int64_t readable_width();

}  // namespace limn::kernels::portable
