#include "limn/core/thread.hpp"
#include "limn/libtorch/border.hpp"
#include "limn/libtorch/oracle/mixture_density.hpp"
#include "limn/libtorch/run.hpp"

namespace limn::libtorch {

void add_operations(Api& api) {
  api.set_thread_count = [](std::int32_t count, ErrorText error) {
    return guarded(error, [&] {
      // LibTorch's own pool has a thread for each core, and waits for ever for one that cannot start; OpenMP's team of
      // `count` ends the program.
      require_threads("LibTorch", count - 1 + static_cast<int>(std::thread::hardware_concurrency()));
      at::set_num_threads(count);
      at::globalContext().setFlushDenormal(true);
      // cuDNN's products with ten bits of mantissa are not float32.
      at::globalContext().setAllowTF32CuDNN(false);
    });
  };
  api.multiply = [](FloatRows a, FloatRows b, float* c, ErrorText error) {
    return guarded(error, [&] {
      torch::Tensor out = view_of(c, {a.rows, b.rows});
      torch::mm_out(out, view_of(a), view_of(b).t());
    });
  };
  api.multiply_transposed = [](FloatRows a, FloatRows b, float* c, ErrorText error) {
    return guarded(error, [&] {
      torch::Tensor out = view_of(c, {a.columns, b.columns});
      torch::mm_out(out, view_of(a).t(), view_of(b));
    });
  };
  api.mixture_density_gradient = [](FloatRows outputs, FloatRows targets, float* gradient, ErrorText error) {
    return guarded(error, [&] {
      const torch::Tensor y = view_of(outputs).requires_grad_();
      const auto losses = oracle::mixture_density(y, view_of(targets));
      const torch::Tensor is_drawing = 1 - view_of(targets).select(1, 4);
      ((is_drawing * losses.offset).sum() + losses.pen.sum()).backward();
      view_of(gradient, y.sizes()).copy_(y.grad());
    });
  };
}

}  // namespace limn::libtorch
