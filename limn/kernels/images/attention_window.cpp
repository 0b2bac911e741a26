#include "limn/kernels/images/attention_window.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/kernels/images/window_filters.hpp"

namespace limn::kernels {
namespace {

float parameter(const float* parameters, WindowParameter which) { return parameters[static_cast<int>(which)]; }

// μ_i = g + (i - N/2 - 0.5) δ, eq. 19 and 20, for i = 1 … N: this is the factor of δ.
float grid_offset(std::int64_t i, std::int64_t size) {
  return static_cast<float>(i) - 0.5f * static_cast<float>(size) - 0.5f;
}

// dδ/dδ̃ of eq. 24.
float stride_scale(const WindowShape& shape) {
  if (shape.size == 1) return 0;
  return static_cast<float>(std::max(shape.width, shape.height) - 1) / static_cast<float>(shape.size - 1);
}

bool is_inside(float value, float low, float high) { return value >= low && value <= high; }

// The two filterbanks of one window and room for what is computed with them.
struct Banks {
  Banks(const WindowShape& s, WindowScratch& scratch) : shape(s) {
    const std::int64_t wide = s.size * s.width, tall = s.size * s.height;
    scratch.values.resize(static_cast<std::size_t>(4 * wide + 2 * tall));
    float* next = scratch.values.data();
    for (Matrix* matrix : {&f_x, &d_f_x, &rows, &d_rows}) {
      *matrix = Matrix(next, s.size, s.width);
      next += wide;
    }
    for (Matrix* matrix : {&f_y, &d_f_y}) {
      *matrix = Matrix(next, s.size, s.height);
      next += tall;
    }
  }

  void point_at(const float* parameters) {
    window = window_of(shape, parameters);
    fill(f_x, window.center_x);
    fill(f_y, window.center_y);
  }
  void fill(Matrix bank, float center) const {
    for (std::int64_t i = 1; i <= shape.size; ++i)
      filter_row(center + grid_offset(i, shape.size) * window.stride, 0.5f / window.variance, bank.columns,
                 bank.row(i - 1));
  }
  void clear_gradients() const {
    std::fill_n(d_f_x.data, d_f_x.rows * d_f_x.columns, 0.0f);
    std::fill_n(d_f_y.data, d_f_y.rows * d_f_y.columns, 0.0f);
  }

  // dL/d of one axis' centre, δ and log σ².
  struct AxisGradient {
    float center = 0, stride = 0, log_variance = 0;
  };
  [[nodiscard]] AxisGradient axis_gradient(ConstMatrix bank, ConstMatrix d_bank, float center) const {
    AxisGradient sum;
    for (std::int64_t i = 1; i <= shape.size; ++i) {
      const float offset = grid_offset(i, shape.size);
      const FilterGradient d = filter_row_backward(center + offset * window.stride, 0.5f / window.variance,
                                                   bank.columns, bank.row(i - 1), d_bank.row(i - 1));
      sum.center += d.center;
      sum.stride += offset * d.center;
      sum.log_variance += d.log_variance;
    }
    return sum;
  }

  // From dL/dF to the parameters of eq. 21. `d_log_intensity` is dL/d log γ.
  void parameter_gradients(const float* parameters, float d_log_intensity, float* out) const {
    const AxisGradient x = axis_gradient(f_x, d_f_x, window.center_x);
    const AxisGradient y = axis_gradient(f_y, d_f_y, window.center_y);
    const float log_variance = parameter(parameters, WindowParameter::kLogVariance);
    const float log_stride = parameter(parameters, WindowParameter::kLogStride);
    const float log_intensity = parameter(parameters, WindowParameter::kLogIntensity);
    out[0] = x.center * 0.5f * static_cast<float>(shape.width + 1);
    out[1] = y.center * 0.5f * static_cast<float>(shape.height + 1);
    out[2] = is_inside(log_variance, kMinLogVariance, kMaxLogVariance) ? x.log_variance + y.log_variance : 0;
    out[3] = is_inside(log_stride, -kMaxLogStride, kMaxLogStride) ? (x.stride + y.stride) * window.stride : 0;
    out[4] = is_inside(log_intensity, -kMaxLogIntensity, kMaxLogIntensity) ? d_log_intensity : 0;
  }

  WindowShape shape;
  Window window;
  Matrix f_x, d_f_x;    // [N, A]
  Matrix f_y, d_f_y;    // [N, B]
  Matrix rows, d_rows;  // [N, A]: F_Y times a plane, or w times F_X, and gradients of it
};

Matrix plane_of(float* image, const WindowShape& shape, std::int64_t channel) {
  return {image + channel * shape.height * shape.width, shape.height, shape.width};
}
ConstMatrix plane_of(const float* image, const WindowShape& shape, std::int64_t channel) {
  return {image + channel * shape.height * shape.width, shape.height, shape.width};
}
template <class T>
MatrixView<T> patch_of(T* patches, const WindowShape& shape, std::int64_t channel) {
  return {patches + channel * shape.size * shape.size, shape.size, shape.size};
}

float dot(const float* a, const float* b, std::int64_t count) {
  float sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

void check(const char* what, ConstMatrix matrix, std::int64_t rows, std::int64_t columns) {
  require(matrix.rows == rows && matrix.columns == columns, "attention window: {} is [{}, {}], expected [{}, {}]", what,
          matrix.rows, matrix.columns, rows, columns);
}

}  // namespace

Window window_of(const WindowShape& shape, const float* parameters) {
  const auto log_of = [&](WindowParameter which, float low, float high) {
    return std::exp(std::clamp(parameter(parameters, which), low, high));
  };
  return {
      .center_x = 0.5f * static_cast<float>(shape.width + 1) * (parameter(parameters, WindowParameter::kCenterX) + 1),
      .center_y = 0.5f * static_cast<float>(shape.height + 1) * (parameter(parameters, WindowParameter::kCenterY) + 1),
      .stride = stride_scale(shape) * log_of(WindowParameter::kLogStride, -kMaxLogStride, kMaxLogStride),
      .variance = log_of(WindowParameter::kLogVariance, kMinLogVariance, kMaxLogVariance),
      .intensity = log_of(WindowParameter::kLogIntensity, -kMaxLogIntensity, kMaxLogIntensity)};
}

void filterbanks(const WindowShape& shape, const float* parameters, Matrix f_x, Matrix f_y) {
  check("F_X", f_x, shape.size, shape.width);
  check("F_Y", f_y, shape.size, shape.height);
  WindowScratch scratch;
  Banks banks(shape, scratch);
  banks.window = window_of(shape, parameters);
  banks.fill(f_x, banks.window.center_x);
  banks.fill(f_y, banks.window.center_y);
}

void read_windows(const WindowShape& shape, const ReadInput& input, Matrix glimpse, WindowScratch& scratch) {
  const std::int64_t n = input.parameters.rows;
  check("the parameters", input.parameters, n, kWindowParameters);
  check("x", input.image, n, shape.image_size());
  check("the error image", input.error, n, shape.image_size());
  check("the glimpse", glimpse, n, 2 * shape.patch_size());
  Banks banks(shape, scratch);
  for (std::int64_t k = 0; k < n; ++k) {
    banks.point_at(input.parameters.row(k));
    float* patches = glimpse.row(k);
    for (const float* image : {input.image.row(k), input.error.row(k)}) {
      for (std::int64_t c = 0; c < shape.channels; ++c) {
        project(banks.f_y, plane_of(image, shape, c), banks.rows);
        dot_products(banks.rows, banks.f_x, banks.window.intensity, patch_of(patches, shape, c));
      }
      patches += shape.patch_size();
    }
  }
}

void read_windows_backward(const WindowShape& shape, const ReadInput& input, const ReadGradients& gradients,
                           WindowScratch& scratch) {
  const std::int64_t n = input.parameters.rows;
  check("the glimpse", gradients.glimpse, n, 2 * shape.patch_size());
  check("the glimpse's gradient", gradients.d_glimpse, n, 2 * shape.patch_size());
  check("the parameters' gradient", gradients.d_parameters, n, kWindowParameters);
  check("the error image's gradient", gradients.d_error, n, shape.image_size());
  Banks banks(shape, scratch);
  for (std::int64_t k = 0; k < n; ++k) {
    banks.point_at(input.parameters.row(k));
    banks.clear_gradients();
    std::fill_n(gradients.d_error.row(k), shape.image_size(), 0.0f);
    const float* d_patches = gradients.d_glimpse.row(k);
    for (const float* image : {input.image.row(k), input.error.row(k)}) {
      const bool is_error = image == input.error.row(k);
      for (std::int64_t c = 0; c < shape.channels; ++c) {
        const ConstMatrix plane = plane_of(image, shape, c), d_patch = patch_of(d_patches, shape, c);
        project(banks.f_y, plane, banks.rows);
        combine(d_patch, banks.f_x, banks.window.intensity, banks.d_rows);
        combine_transposed(d_patch, banks.rows, banks.window.intensity, banks.d_f_x);
        add_dot_products(banks.d_rows, plane, banks.d_f_y);
        if (is_error) spread(banks.f_y, banks.d_rows, plane_of(gradients.d_error.row(k), shape, c));
      }
      d_patches += shape.patch_size();
    }
    // The glimpse is proportional to γ.
    const float d_log_intensity = dot(gradients.glimpse.row(k), gradients.d_glimpse.row(k), 2 * shape.patch_size());
    banks.parameter_gradients(input.parameters.row(k), d_log_intensity, gradients.d_parameters.row(k));
  }
}

void write_windows(const WindowShape& shape, ConstMatrix parameters, ConstMatrix patch, Matrix canvas,
                   WindowScratch& scratch) {
  const std::int64_t n = parameters.rows;
  check("the parameters", parameters, n, kWindowParameters);
  check("the patch", patch, n, shape.patch_size());
  check("the canvas", canvas, n, shape.image_size());
  Banks banks(shape, scratch);
  for (std::int64_t k = 0; k < n; ++k) {
    banks.point_at(parameters.row(k));
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      combine(patch_of(patch.row(k), shape, c), banks.f_x, 1 / banks.window.intensity, banks.rows);
      spread(banks.f_y, banks.rows, plane_of(canvas.row(k), shape, c));
    }
  }
}

void write_windows_backward(const WindowShape& shape, ConstMatrix parameters, ConstMatrix patch,
                            const WriteGradients& gradients, WindowScratch& scratch) {
  const std::int64_t n = parameters.rows;
  check("the canvas' gradient", gradients.d_canvas, n, shape.image_size());
  check("the parameters' gradient", gradients.d_parameters, n, kWindowParameters);
  check("the patch's gradient", gradients.d_patch, n, shape.patch_size());
  Banks banks(shape, scratch);
  for (std::int64_t k = 0; k < n; ++k) {
    banks.point_at(parameters.row(k));
    banks.clear_gradients();
    const float scale = 1 / banks.window.intensity;
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const ConstMatrix d_plane = plane_of(gradients.d_canvas.row(k), shape, c);
      const ConstMatrix w = patch_of(patch.row(k), shape, c);
      combine(w, banks.f_x, scale, banks.rows);
      project(banks.f_y, d_plane, banks.d_rows);
      dot_products(banks.d_rows, banks.f_x, scale, patch_of(gradients.d_patch.row(k), shape, c));
      combine_transposed(w, banks.d_rows, scale, banks.d_f_x);
      add_dot_products(banks.rows, d_plane, banks.d_f_y);
    }
    // The written patch is proportional to 1/γ.
    const float d_log_intensity = -dot(patch.row(k), gradients.d_patch.row(k), shape.patch_size());
    banks.parameter_gradients(parameters.row(k), d_log_intensity, gradients.d_parameters.row(k));
  }
}

}  // namespace limn::kernels
