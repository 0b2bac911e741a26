#include "limn/kernels/products/gemm_portable.hpp"

#include <algorithm>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/products/gemm_portable.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace limn::kernels::portable {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));
constexpr int kPanelVectors = 2;
constexpr int kPanelWidth = kPanelVectors * kLanes;
// Accumulators take two thirds to three quarters of the registers: 16 of them, or 32 with AVX-512 and NEON.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_NEON
constexpr int kMaxRows = 12;
#elif HWY_TARGET == HWY_WASM
// Engines keep one of the 16 registers, and a product needs one before it is added.
constexpr int kMaxRows = 4;
#else
constexpr int kMaxRows = 6;
#endif
// A multiply-add takes four cycles and two start in each: eight independent sums keep the units busy.
constexpr int kWantedSums = 8;

// Panels that a tile of `rows` rows takes at once.
constexpr int panels_at_once(int rows) { return std::max(1, kWantedSums / (rows * kPanelVectors)); }

std::int64_t panel_width() { return kPanelWidth; }
std::int64_t max_tile_rows() { return kMaxRows; }

// Values of a row of a panel of B: its floats, or words of two bf16.
template <class Weight>
constexpr int kRowSize = std::is_same_v<Weight, float> ? kPanelWidth : kLanes;

// A row of a panel.
struct PanelRow {
  Vector columns[kPanelVectors];
};
HWY_INLINE PanelRow load_row(const float* b) { return {{hn::Load(Tag(), b), hn::Load(Tag(), b + kLanes)}}; }
HWY_INLINE PanelRow load_row(const std::uint32_t* b) {
  const hn::RebindToUnsigned<Tag> d;
  const auto words = hn::Load(d, b);
  return {{hn::BitCast(Tag(), hn::ShiftLeft<16>(words)), hn::BitCast(Tag(), hn::And(words, hn::Set(d, 0xFFFF0000U)))}};
}

// One tile: kRows rows times kPanels panels that lie `panel_size` apart.
template <int kRows, int kPanels, class Weight>
HWY_INLINE void multiply_tile(const float* HWY_RESTRICT a, const Weight* HWY_RESTRICT b, std::int64_t panel_size,
                              std::int64_t depth, const float* init, std::int64_t init_stride, float* c,
                              std::int64_t c_stride) {
  constexpr int kVectors = kPanels * kPanelVectors;
  const Tag d;
  Vector sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = init ? hn::LoadU(d, init + r * init_stride + v * kLanes) : hn::Zero(d);
    }
  }
  for (std::int64_t k = 0; k < depth; ++k) {
    PanelRow row[kPanels];
#pragma GCC unroll 16
    for (int panel = 0; panel < kPanels; ++panel) row[panel] = load_row(b + panel * panel_size);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vector x = hn::Set(d, a[r]);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v)
        sum[r][v] = hn::MulAdd(x, row[v / kPanelVectors].columns[v % kPanelVectors], sum[r][v]);
    }
    a += kRows;
    b += kRowSize<Weight>;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[r][v], d, c + r * c_stride + v * kLanes);
  }
}

// The last panel where it is not full: through a buffer, so that nothing beside C is touched.
template <int kRows, class Weight>
HWY_NOINLINE void multiply_narrow_tile(const float* a, const Weight* b, std::int64_t depth, const float* init,
                                       std::int64_t init_stride, float* c, std::int64_t c_stride,
                                       std::int64_t columns) {
  HWY_ALIGN float buffer[kRows * kPanelWidth] = {};
  if (init) {
    for (int r = 0; r < kRows; ++r) std::copy_n(init + r * init_stride, columns, buffer + r * kPanelWidth);
  }
  multiply_tile<kRows, 1>(a, b, 0, depth, buffer, kPanelWidth, buffer, kPanelWidth);
  for (int r = 0; r < kRows; ++r) std::copy_n(buffer + r * kPanelWidth, columns, c + r * c_stride);
}

// All tiles of kRows rows among rows [first, first + count · kRows) for panels of columns [column,
// column_end). `weights` is B's.
template <int kRows, class Weight>
HWY_NOINLINE void multiply_tiles(const BlockProduct& p, const Weight* weights, std::int64_t first, std::int64_t count,
                                 std::int64_t column, std::int64_t column_end) {
  constexpr int kPanels = panels_at_once(kRows);
  const std::int64_t panel_size = p.depth * kRowSize<Weight>;
  while (column < column_end) {
    const bool several = column_end - column >= kPanels * kPanelWidth;
    const std::int64_t width =
        std::min<std::int64_t>(several ? kPanels * kPanelWidth : kPanelWidth, column_end - column);
    const Weight* b = weights + column / kPanelWidth * panel_size;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t row = first + i * kRows;
      const float* a = p.a + row * p.depth;
      const float* init = p.init ? p.init + row * p.init_stride + column : nullptr;
      float* c = p.c + row * p.c_stride + column;
      if (several) {
        multiply_tile<kRows, kPanels>(a, b, panel_size, p.depth, init, p.init_stride, c, p.c_stride);
      } else if (width == kPanelWidth) {
        multiply_tile<kRows, 1>(a, b, panel_size, p.depth, init, p.init_stride, c, p.c_stride);
      } else {
        multiply_narrow_tile<kRows>(a, b, p.depth, init, p.init_stride, c, p.c_stride, width);
      }
    }
    column += width;
  }
}

// As many rows in a tile as the target has: no code for others.
template <int kRows>
void multiply_tiles_of(std::int64_t rows, const BlockProduct& p, std::int64_t first, std::int64_t count,
                       std::int64_t column, std::int64_t column_end) {
  if (rows != kRows) {
    if constexpr (kRows > 1) multiply_tiles_of<kRows - 1>(rows, p, first, count, column, column_end);
  } else if (p.b_bf16) {
    multiply_tiles<kRows>(p, p.b_bf16, first, count, column, column_end);
  } else {
    multiply_tiles<kRows>(p, p.b, first, count, column, column_end);
  }
}

// All tiles for panels of columns [column, column_end).
void multiply_panels(const BlockProduct& p, const Tiling& tiling, std::int64_t column, std::int64_t column_end) {
  const std::int64_t larger_rows = tiling.larger * (tiling.base + 1);
  if (tiling.larger > 0) multiply_tiles_of<kMaxRows>(tiling.base + 1, p, 0, tiling.larger, column, column_end);
  multiply_tiles_of<kMaxRows>(tiling.base, p, larger_rows, tiling.count - tiling.larger, column, column_end);
}

void multiply_block(const BlockProduct& p) {
  const Tiling tiling(p.rows, kMaxRows);
  // With few rows several panels go together, else one panel stays in the first cache for all tiles.
  if (tiling.count <= 1) return multiply_panels(p, tiling, 0, p.columns);
  const Tag d;
  HWY_ALIGN float panel[kMaxDepth * kPanelWidth];
  for (std::int64_t column = 0; column < p.columns; column += kPanelWidth) {
    const std::int64_t count = std::min<std::int64_t>(kPanelWidth, p.columns - column);
    if (!p.b_bf16) {
      multiply_panels(p, tiling, column, column + count);
      continue;
    }
    // Widened once for all tiles.
    const std::uint32_t* words = p.b_bf16 + column / kPanelWidth * p.depth * kLanes;
    for (std::int64_t k = 0; k < p.depth; ++k, words += kLanes) {
      const PanelRow row = load_row(words);
      for (int v = 0; v < kPanelVectors; ++v) hn::Store(row.columns[v], d, panel + k * kPanelWidth + v * kLanes);
    }
    BlockProduct one = p;
    one.b = panel;
    one.b_bf16 = nullptr;
    one.columns = count;
    one.init = p.init ? p.init + column : nullptr;
    one.c = p.c + column;
    multiply_panels(one, tiling, 0, count);
  }
}

void pack_panel(const float* from, std::int64_t stride, std::int64_t depth, float* panel) {
  const Tag d;
  for (std::int64_t k = 0; k < depth; ++k, from += stride, panel += kPanelWidth) {
    for (int v = 0; v < kPanelVectors; ++v) hn::Store(hn::LoadU(d, from + v * kLanes), d, panel + v * kLanes);
  }
}

void transpose_scalar(const Transposition& t, std::int64_t first_row, std::int64_t first_column, std::int64_t rows,
                      std::int64_t columns) {
  for (std::int64_t c = first_column; c < first_column + columns; ++c) {
    float* const to = t.to + c * t.to_stride;
    for (std::int64_t r = first_row; r < first_row + rows; ++r)
      to[r] = t.from[r * t.stride + c] + (t.adds ? to[r] : 0.0f);
  }
}

#if HWY_TARGET == HWY_SCALAR

void transpose(const Transposition& t) { transpose_scalar(t, 0, 0, t.rows, t.columns); }

#else

// Four rows by four columns from (r, c).
template <bool kAdds>
HWY_INLINE void transpose_four(const Transposition& t, std::int64_t r, std::int64_t c) {
  const hn::FixedTag<float, 4> d;
  const float* from = t.from + r * t.stride + c;
  const auto a0 = hn::LoadU(d, from), a1 = hn::LoadU(d, from + t.stride), a2 = hn::LoadU(d, from + 2 * t.stride),
             a3 = hn::LoadU(d, from + 3 * t.stride);
  const auto low01 = hn::InterleaveLower(d, a0, a1), low23 = hn::InterleaveLower(d, a2, a3);
  const auto high01 = hn::InterleaveUpper(d, a0, a1), high23 = hn::InterleaveUpper(d, a2, a3);
  float* const to = t.to + c * t.to_stride + r;
  const auto put = [&](auto values, std::int64_t row) {
    float* const at = to + row * t.to_stride;
    hn::StoreU(kAdds ? hn::Add(values, hn::LoadU(d, at)) : values, d, at);
  };
  put(hn::ConcatLowerLower(d, low23, low01), 0);
  put(hn::ConcatUpperUpper(d, low23, low01), 1);
  put(hn::ConcatLowerLower(d, high23, high01), 2);
  put(hn::ConcatUpperUpper(d, high23, high01), 3);
}

#if HWY_MAX_BYTES >= 32
constexpr std::int64_t kWideColumns = 8;
using WideTag = hn::FixedTag<float, kWideColumns>;
using WideVector = hn::Vec<WideTag>;

// Vector i has column i of four rows in its lower half, and column i + 4 in its upper half.
struct FourRows {
  WideVector columns[4];
};
HWY_INLINE FourRows load_four_rows(const float* from, std::int64_t stride) {
  const WideTag d;
  const hn::RepartitionToWide<WideTag> pairs;
  const auto a0 = hn::LoadU(d, from), a1 = hn::LoadU(d, from + stride), a2 = hn::LoadU(d, from + 2 * stride),
             a3 = hn::LoadU(d, from + 3 * stride);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, a0, a1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, a2, a3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, a0, a1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, a2, a3));
  return {{hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)),
           hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)),
           hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)),
           hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23))}};
}

// The columns [0, columns) of `rows` rows, both divisible by what a vector takes: 8 columns, 4 rows.
template <bool kAdds>
HWY_INLINE void transpose_wide(const Transposition& t, std::int64_t rows, std::int64_t columns) {
  const WideTag d;
  const hn::Half<WideTag> half;
  const auto put = [&](auto tag, auto values, float* at) {
    hn::StoreU(kAdds ? hn::Add(values, hn::LoadU(tag, at)) : values, tag, at);
  };
  for (std::int64_t c = 0; c < columns; c += kWideColumns) {
    std::int64_t r = 0;
    for (; r + 8 <= rows; r += 8) {
      const float* const from = t.from + r * t.stride + c;
      const FourRows first = load_four_rows(from, t.stride), second = load_four_rows(from + 4 * t.stride, t.stride);
      float* const to = t.to + c * t.to_stride + r;
      for (int i = 0; i < 4; ++i) {
        put(d, hn::ConcatLowerLower(d, second.columns[i], first.columns[i]), to + i * t.to_stride);
        put(d, hn::ConcatUpperUpper(d, second.columns[i], first.columns[i]), to + (i + 4) * t.to_stride);
      }
    }
    for (; r < rows; r += 4) {
      const FourRows four = load_four_rows(t.from + r * t.stride + c, t.stride);
      float* const to = t.to + c * t.to_stride + r;
      for (int i = 0; i < 4; ++i) {
        put(half, hn::LowerHalf(half, four.columns[i]), to + i * t.to_stride);
        put(half, hn::UpperHalf(half, four.columns[i]), to + (i + 4) * t.to_stride);
      }
    }
  }
}
#else
constexpr std::int64_t kWideColumns = 4;
template <bool kAdds>
HWY_INLINE void transpose_wide(const Transposition& t, std::int64_t rows, std::int64_t columns) {
  for (std::int64_t c = 0; c < columns; c += 4)
    for (std::int64_t r = 0; r < rows; r += 4) transpose_four<kAdds>(t, r, c);
}
#endif

template <bool kAdds>
void transpose_vectors(const Transposition& t) {
  const std::int64_t rows = t.rows / 4 * 4, columns = t.columns / 4 * 4, wide = t.columns / kWideColumns * kWideColumns;
  transpose_wide<kAdds>(t, rows, wide);
  for (std::int64_t c = wide; c < columns; c += 4)
    for (std::int64_t r = 0; r < rows; r += 4) transpose_four<kAdds>(t, r, c);
  if (rows < t.rows) transpose_scalar(t, rows, 0, t.rows - rows, t.columns);
  if (columns < t.columns) transpose_scalar(t, 0, columns, rows, t.columns - columns);
}

void transpose(const Transposition& t) {
  if (t.adds)
    transpose_vectors<true>(t);
  else
    transpose_vectors<false>(t);
}

#endif

// Four rows at a time; where their number is not divisible by four, the last four overlap those before.
void pack_tile(const float* a, std::int64_t a_stride, std::int64_t rows, std::int64_t depth, float* tile) {
  const auto pack_rows = [&](std::int64_t first, std::int64_t count) {
    transpose({.from = a + first * a_stride,
               .stride = a_stride,
               .rows = count,
               .columns = depth,
               .to = tile + first,
               .to_stride = rows});
  };
  if (rows < 4) return pack_rows(0, rows);
  for (std::int64_t r = 0; r < rows; r += 4) pack_rows(std::min(r, rows - 4), 4);
}

// The nearest bf16, ties to even, in the upper half of each lane; the lower half holds what is left.
HWY_INLINE hn::Vec<hn::RebindToUnsigned<Tag>> nearest_bf16(Vector value) {
  const hn::RebindToUnsigned<Tag> d;
  const auto bits = hn::BitCast(d, value);
  const auto tie = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1U));
  const auto nearest = hn::Add(bits, hn::Add(hn::Set(d, 0x7FFFU), tie));
  const auto nan = hn::Or(bits, hn::Set(d, 0x00400000U));
  return hn::IfThenElse(hn::RebindMask(d, hn::IsNaN(value)), nan, nearest);
}

void round_to_bf16(float* values, std::int64_t count) {
  const Tag d;
  const auto keep_high = hn::Set(hn::RebindToUnsigned<Tag>(), 0xFFFF0000U);
  const auto rounded = [&](Vector value) { return hn::BitCast(d, hn::And(nearest_bf16(value), keep_high)); };
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(rounded(hn::LoadU(d, values + i)), d, values + i);
  for (; i < count; ++i) values[i] = hn::GetLane(rounded(hn::Set(d, values[i])));
}

void convert_to_bf16(const float* HWY_RESTRICT from, std::int64_t count, std::uint16_t* HWY_RESTRICT to) {
  const Tag d;
  const hn::Rebind<std::uint16_t, Tag> half;
  const auto converted = [&](Vector value) {
    return hn::DemoteTo(half, hn::BitCast(hn::RebindToSigned<Tag>(), hn::ShiftRight<16>(nearest_bf16(value))));
  };
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(converted(hn::LoadU(d, from + i)), half, to + i);
  for (; i < count; ++i) to[i] = hn::GetLane(converted(hn::Set(d, from[i])));
}

void pack_bf16(const float* HWY_RESTRICT panel, std::int64_t rows, std::uint32_t* HWY_RESTRICT words) {
  const Tag d;
  const hn::RebindToUnsigned<Tag> bits;
  for (std::int64_t k = 0; k < rows; ++k, panel += kPanelWidth, words += kLanes) {
    const auto low = hn::ShiftRight<16>(nearest_bf16(hn::Load(d, panel)));
    const auto high = hn::And(nearest_bf16(hn::Load(d, panel + kLanes)), hn::Set(bits, 0xFFFF0000U));
    hn::Store(hn::Or(low, high), bits, words);
  }
}

void add(const float* a, const float* b, std::int64_t count, float* to) {
  const Tag d;
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(hn::Add(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, to + i);
  for (; i < count; ++i) to[i] = a[i] + b[i];
}

// Vectors that hold the widest tile.
constexpr int kTileVectors = (kMaxRows + kLanes - 1) / kLanes;

std::int64_t readable_width() { return kTileVectors * kLanes; }

// The last vector may write past the row; the next row overwrites it.
void gather_tile(const GatherTile& g) {
  const Tag d;
  float* tile = g.tile;
  for (std::int64_t k = 0; k < g.depth; ++k, tile += g.width) {
    const float* from = g.from + (g.rows ? g.rows[k] : k) * g.stride;
    for (int v = 0; v < kTileVectors; ++v) hn::StoreU(hn::LoadU(d, from + v * kLanes), d, tile + v * kLanes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace limn::kernels::portable
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels::portable {
HWY_EXPORT(panel_width);
HWY_EXPORT(max_tile_rows);
HWY_EXPORT(multiply_block);
HWY_EXPORT(pack_tile);
HWY_EXPORT(pack_panel);
HWY_EXPORT(round_to_bf16);
HWY_EXPORT(convert_to_bf16);
HWY_EXPORT(pack_bf16);
HWY_EXPORT(add);
HWY_EXPORT(transpose);
HWY_EXPORT(readable_width);
HWY_EXPORT(gather_tile);

std::int64_t panel_width() { return HWY_DYNAMIC_DISPATCH(panel_width)(); }
std::int64_t max_tile_rows() { return HWY_DYNAMIC_DISPATCH(max_tile_rows)(); }
void multiply_block(const BlockProduct& product) { HWY_DYNAMIC_DISPATCH(multiply_block)(product); }
void pack_tile(const float* a, std::int64_t a_stride, std::int64_t rows, std::int64_t depth, float* tile) {
  HWY_DYNAMIC_DISPATCH(pack_tile)(a, a_stride, rows, depth, tile);
}
void pack_panel(const float* from, std::int64_t stride, std::int64_t depth, float* panel) {
  HWY_DYNAMIC_DISPATCH(pack_panel)(from, stride, depth, panel);
}
void transpose(const Transposition& transposition) { HWY_DYNAMIC_DISPATCH(transpose)(transposition); }
void round_to_bf16(float* values, std::int64_t count) { HWY_DYNAMIC_DISPATCH(round_to_bf16)(values, count); }
void convert_to_bf16(const float* from, std::int64_t count, std::uint16_t* to) {
  HWY_DYNAMIC_DISPATCH(convert_to_bf16)(from, count, to);
}
void pack_bf16(const float* panel, std::int64_t rows, std::uint32_t* words) {
  HWY_DYNAMIC_DISPATCH(pack_bf16)(panel, rows, words);
}
void add(const float* a, const float* b, std::int64_t count, float* to) { HWY_DYNAMIC_DISPATCH(add)(a, b, count, to); }
std::int64_t readable_width() { return HWY_DYNAMIC_DISPATCH(readable_width)(); }
void gather_tile(const GatherTile& gather) { HWY_DYNAMIC_DISPATCH(gather_tile)(gather); }
}  // namespace limn::kernels::portable
#endif
