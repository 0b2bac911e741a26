// The inner side of the border of limn/train/libtorch_api.hpp: no exception leaves, and memory becomes tensors.
#pragma once

#include <algorithm>
#include <exception>
#include <string_view>

#include "limn/core/error.hpp"
#include "limn/libtorch/torch.hpp"
#include "limn/train/libtorch_api.hpp"

namespace limn::libtorch {

// Writes the first line of `message`.
inline void write_error(ErrorText error, std::string_view message) {
  if (error.data == nullptr || error.size <= 0) return;
  const std::string_view line = message.substr(0, message.find('\n'));
  const std::size_t count = std::min(line.size(), static_cast<std::size_t>(error.size - 1));
  std::copy_n(line.data(), count, error.data);
  error.data[count] = '\0';
}

// Runs `work`; what it throws becomes the status and the text of the call.
template <class Work>
Status guarded(ErrorText error, Work&& work) noexcept {
  try {
    work();
    return 0;
  } catch (const Error& failure) {
    write_error(error, failure.what());
  } catch (const std::exception& failure) {
    const std::string_view text = failure.what();
    write_error(error, "LibTorch: " + printable(text.substr(0, text.find('\n')), 400));
  } catch (...) {
    write_error(error, "LibTorch failed without a reason");
  }
  return 1;
}

// A tensor of the caller's memory, for as long as the call lasts.
inline torch::Tensor view_of(const FloatRows& rows) {
  return torch::from_blob(const_cast<float*>(rows.data), {rows.rows, rows.columns}, torch::kFloat32);
}
inline torch::Tensor view_of(float* values, torch::IntArrayRef shape) {
  return torch::from_blob(values, shape, torch::kFloat32);
}

}  // namespace limn::libtorch
