// Memory for kernels: aligned to a cache line, not initialised, kept when a smaller size is asked for. Large
// buffers ask the system for huge pages. One object owns a buffer and says which threads may use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "limn/core/matrix.hpp"

namespace limn::kernels {

inline constexpr std::size_t kAlignment = 64;

// Tells the system that `bytes` at `memory` will be used as a whole, so that it may use huge pages.
void prefer_huge_pages(void* memory, std::size_t bytes);

template <class T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) { resize(size); }

  // Makes room for `size` values. The contents are lost if the buffer grows.
  void resize(std::size_t size) {
    if (size > capacity_) {
      memory_.reset();
      capacity_ = 0;
      // One line more than asked for, so that a kernel may read or write a whole vector at the end.
      const std::size_t bytes = (size * sizeof(T) + 2 * kAlignment - 1) / kAlignment * kAlignment;
      memory_.reset(static_cast<T*>(::operator new(bytes, std::align_val_t(kAlignment))));
      prefer_huge_pages(memory_.get(), bytes);
      capacity_ = size;
    }
    size_ = size;
  }
  void clear() {
    memory_.reset();
    size_ = capacity_ = 0;
  }
  [[nodiscard]] T* data() { return memory_.get(); }
  [[nodiscard]] const T* data() const { return memory_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::span<T> span() { return {data(), size_}; }
  T& operator[](std::size_t i) { return memory_.get()[i]; }
  const T& operator[](std::size_t i) const { return memory_.get()[i]; }

 private:
  struct Free {
    void operator()(T* p) const { ::operator delete(p, std::align_val_t(kAlignment)); }
  };
  std::unique_ptr<T, Free> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// A buffer that is a matrix. resize() loses the contents.
class MatrixBuffer {
 public:
  void resize(std::int64_t rows, std::int64_t columns) {
    rows_ = rows;
    columns_ = columns;
    values_.resize(static_cast<std::size_t>(rows * columns));
  }
  void clear() {
    values_.clear();
    rows_ = columns_ = 0;
  }
  void fill(float value);
  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t columns() const { return columns_; }
  [[nodiscard]] float* row(std::int64_t r) { return values_.data() + r * columns_; }
  [[nodiscard]] const float* row(std::int64_t r) const { return values_.data() + r * columns_; }
  [[nodiscard]] Matrix view() { return {values_.data(), rows_, columns_}; }
  [[nodiscard]] ConstMatrix view() const { return {values_.data(), rows_, columns_}; }

 private:
  AlignedBuffer<float> values_;
  std::int64_t rows_ = 0;
  std::int64_t columns_ = 0;
};

}  // namespace limn::kernels
