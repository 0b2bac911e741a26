// Views of dense row-major memory that someone else owns. `row_stride` is in elements and at least `columns`.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

namespace limn {

template <class T>
struct MatrixView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t row_stride = 0;

  MatrixView() = default;
  MatrixView(T* d, std::int64_t r, std::int64_t c) : MatrixView(d, r, c, c) {}
  MatrixView(T* d, std::int64_t r, std::int64_t c, std::int64_t stride)
      : data(d), rows(r), columns(c), row_stride(stride) {}
  MatrixView(std::span<T> values, std::int64_t r, std::int64_t c) : MatrixView(values.data(), r, c) {
    assert(static_cast<std::int64_t>(values.size()) >= r * c);
  }
  // A view of T is also a view of const T.
  operator MatrixView<const T>() const { return {data, rows, columns, row_stride}; }

  [[nodiscard]] T* row(std::int64_t r) const { return data + r * row_stride; }
  [[nodiscard]] T& operator()(std::int64_t r, std::int64_t c) const { return data[r * row_stride + c]; }
  [[nodiscard]] MatrixView slice_rows(std::int64_t first, std::int64_t count) const {
    return {data + first * row_stride, count, columns, row_stride};
  }
  [[nodiscard]] MatrixView slice_columns(std::int64_t first, std::int64_t count) const {
    return {data + first, rows, count, row_stride};
  }
};

using ConstMatrix = MatrixView<const float>;
using Matrix = MatrixView<float>;

}  // namespace limn
