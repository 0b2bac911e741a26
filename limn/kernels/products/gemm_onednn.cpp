// The oneDNN backend of gemm.hpp, in float32 and in bf16 with float32 sums, or its absence where limn was
// built without oneDNN. Weights are reordered once into the layout that oneDNN prefers; primitives are kept
// by their sizes, and depths rounded up, so that they are few and end with no remainder. Every product runs on the
// calling thread alone: the division over threads is ours.
#include "limn/core/error.hpp"
#include "limn/kernels/cpu_settings.hpp"
#include "limn/kernels/products/gemm_backend.hpp"

#ifdef LIMN_HAVE_ONEDNN

#include <omp.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <tuple>

#include "limn/kernels/products/gemm_portable.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {
namespace {

using dnnl::memory;

// While one lives, OpenMP starts no team for this thread: oneDNN would start one inside our pool, and compiles for the
// number of threads that it may use. The destructor restores the number, since LibTorch reads the same one.
class OneOpenMpThread {
 public:
  OneOpenMpThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneOpenMpThread() { omp_set_num_threads(before_); }
  OneOpenMpThread(const OneOpenMpThread&) = delete;
  OneOpenMpThread& operator=(const OneOpenMpThread&) = delete;

 private:
  int before_;
};

// The engine and the primitives that it has compiled. Primitives may be executed by any number of threads at once,
// since each brings its own scratchpad.
class Library {
 public:
  static Library& instance() {
    static Library library;
    return library;
  }

  const dnnl::engine engine{dnnl::engine::kind::cpu, 0};

  // The primitive for C = A · B with these layouts; compiled at its first use.
  struct Product {
    dnnl::matmul primitive;
    memory::desc a, b, c, scratchpad;
  };
  using Key = std::tuple<std::int64_t, std::int64_t, std::int64_t, bool, int>;
  std::shared_ptr<const Product> product(const Key& key, const memory::desc& a, const memory::desc& b,
                                         const memory::desc& c) {
    const std::lock_guard lock(mutex_);
    const auto known = products_.find(key);
    if (known != products_.end() && known->second->b == b) return known->second;
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a, b, c), attributes, engine);
    auto made =
        std::make_shared<Product>(Product{dnnl::matmul(description), description.src_desc(), description.weights_desc(),
                                          description.dst_desc(), description.scratchpad_desc()});
    // A layout that is still open has no second use under this key.
    if (b.data.format_kind == dnnl_format_kind_any) return made;
    // Steps differ in their numbers of points, so weight gradients of new sizes never end.
    if (products_.size() >= kMostProducts) products_.clear();
    return products_[key] = made;
  }

 private:
  static constexpr std::size_t kMostProducts = 512;  // about 40 kB each

  std::mutex mutex_;
  std::map<Key, std::shared_ptr<const Product>> products_;
};

memory::data_type type_of(bool is_bf16) { return is_bf16 ? memory::data_type::bf16 : memory::data_type::f32; }

memory::desc strided(std::int64_t rows, std::int64_t columns, std::int64_t row_stride, bool is_bf16) {
  return {{rows, columns}, type_of(is_bf16), memory::dims{row_stride, 1}};
}

// A tile of AMX takes 32 values of the depth in bf16, and is set up anew for a remainder.
std::int64_t padded_depth(std::int64_t depth, bool is_bf16) { return is_bf16 ? round_up(depth, 32) : depth; }

// oneDNN compiles a product for each number of rows, in milliseconds. Slices of a batch have few different numbers of
// rows. The number of all rows of a batch is another one at every step.
std::int64_t compiled_rows(std::int64_t rows) { return rows <= 32 ? rows : round_up(rows, 16); }
// Of a sum over all rows of a batch.
std::int64_t padded_rows(std::int64_t rows) { return round_up(rows, rows < 1024 ? 32 : 256); }

// Values of either type in one piece of memory.
struct TypedBuffer {
  bool is_bf16;
  AlignedBuffer<float>& floats;
  AlignedBuffer<std::uint16_t>& halves;

  void resize(std::int64_t count) {
    if (is_bf16)
      halves.resize(static_cast<std::size_t>(count));
    else
      floats.resize(static_cast<std::size_t>(count));
  }
  void put(const float* from, std::int64_t count, std::int64_t at) {
    if (is_bf16)
      portable::convert_to_bf16(from, count, halves.data() + at);
    else
      std::copy_n(from, count, floats.data() + at);
  }
  void put_zeros(std::int64_t count, std::int64_t at) {
    if (is_bf16)
      std::fill_n(halves.data() + at, count, std::uint16_t{0});
    else
      std::fill_n(floats.data() + at, count, 0.0f);
  }
  [[nodiscard]] void* data() { return is_bf16 ? static_cast<void*>(halves.data()) : floats.data(); }
};

void run(const Library::Product& product, void* a, void* b, float* c, AlignedBuffer<std::uint8_t>& scratchpad) {
  auto& engine = Library::instance().engine;
  scratchpad.resize(product.scratchpad.get_size());
  dnnl::stream stream(engine);
  dnnl::matmul(product.primitive)
      .execute(stream, {{DNNL_ARG_SRC, memory(product.a, engine, a)},
                        {DNNL_ARG_WEIGHTS, memory(product.b, engine, b)},
                        {DNNL_ARG_DST, memory(product.c, engine, c)},
                        {DNNL_ARG_SCRATCHPAD, memory(product.scratchpad, engine, scratchpad.data())}});
  stream.wait();
}

class OneDnnWeights final : public PackedWeights::Impl {
 public:
  OneDnnWeights(const WeightParts& weights, std::int64_t k, std::int64_t n, bool is_bf16)
      : depth_(k), padded_(padded_depth(k, is_bf16)), columns_(n), is_bf16_(is_bf16) {
    if (k == 0 || n == 0) return;
    AlignedBuffer<float> plain(static_cast<std::size_t>(padded_ * n));
    gather(weights, plain.data());
    const OneOpenMpThread alone;
    auto& library = Library::instance();
    constexpr std::int64_t kUsualRows = 48;
    const memory::desc open({padded_, n}, type_of(is_bf16), memory::format_tag::any);
    layout_ = library
                  .product({kUsualRows, padded_, n, is_bf16, 0}, strided(kUsualRows, padded_, padded_, is_bf16), open,
                           strided(kUsualRows, n, n, false))
                  ->b;
    values_.resize(layout_.get_size());
    dnnl::stream stream(library.engine);
    memory from(strided(padded_, n, n, false), library.engine, plain.data()),
        to(layout_, library.engine, values_.data());
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
  }

  void multiply(std::span<const ConstMatrix> a, ConstMatrix init, Matrix c, std::int64_t first, std::int64_t last,
                GemmScratch& scratch) const override {
    static_cast<void>(first);
    static_cast<void>(last);  // always all columns, see column_step()
    // oneDNN leaves a result whose rows lie apart from each other to its slow reference code.
    if (!init.data && c.row_stride == columns_ && compiled_rows(c.rows) == c.rows)
      return multiply_into(a, c.data, c.rows, scratch);
    scratch.c.resize(static_cast<std::size_t>(compiled_rows(c.rows) * columns_));
    multiply_into(a, scratch.c.data(), c.rows, scratch);
    for (std::int64_t r = 0; r < c.rows; ++r) {
      const float* const sum = scratch.c.data() + r * columns_;
      if (init.data)
        portable::add(init.row(r), sum, columns_, c.row(r));
      else
        std::copy_n(sum, columns_, c.row(r));
    }
  }

  // Only oneDNN knows the blocks of its layout: the columns are not divided.
  [[nodiscard]] std::int64_t column_step() const override { return std::max<std::int64_t>(1, columns_); }

 private:
  // All parts as one matrix [padded_, N], row after row.
  void gather(const WeightParts& weights, float* plain) const {
    constexpr std::int64_t kColumnsAtOnce = 128;
    const auto gather_columns = [&](std::int64_t task) {
      const std::int64_t column = task * kColumnsAtOnce, count = std::min(kColumnsAtOnce, columns_ - column);
      float* to = plain + column;
      for (const ConstMatrix& part : weights.parts) {
        const std::int64_t depth = weights.depth_of(part);
        if (depth > 0 && weights.layout == WeightLayout::kOutputMajor) {
          portable::transpose({.from = part.row(column),
                               .stride = part.row_stride,
                               .rows = count,
                               .columns = depth,
                               .to = to,
                               .to_stride = columns_});
        } else {
          for (std::int64_t k = 0; k < depth; ++k) std::copy_n(part.row(k) + column, count, to + k * columns_);
        }
        to += depth * columns_;
      }
      for (std::int64_t k = depth_; k < padded_; ++k, to += columns_) std::fill_n(to, count, 0.0f);
    };
    // A value is moved in about the time of ten operations.
    parallel_for((columns_ + kColumnsAtOnce - 1) / kColumnsAtOnce, gather_columns,
                 10.0 * static_cast<double>(padded_ * columns_));
  }

  // C [compiled_rows(rows), N] = A · B; the rows behind the last one are 0.
  void multiply_into(std::span<const ConstMatrix> a, float* c, std::int64_t rows, GemmScratch& scratch) const {
    const OneOpenMpThread alone;
    const std::int64_t compiled = compiled_rows(rows);
    TypedBuffer inputs{is_bf16_, scratch.a, scratch.a_bf16};
    inputs.resize(compiled * padded_);
    gather_rows(a, rows, inputs);
    inputs.put_zeros((compiled - rows) * padded_, rows * padded_);
    const auto product = Library::instance().product({compiled, padded_, columns_, is_bf16_, 1},
                                                     strided(compiled, padded_, padded_, is_bf16_), layout_,
                                                     strided(compiled, columns_, columns_, false));
    run(*product, inputs.data(), const_cast<std::uint8_t*>(values_.data()), c, scratch.library);
  }

  void gather_rows(std::span<const ConstMatrix> a, std::int64_t rows, TypedBuffer& inputs) const {
    for (std::int64_t r = 0; r < rows; ++r) {
      std::int64_t at = r * padded_;
      for (const ConstMatrix& part : a) {
        if (part.columns > 0) inputs.put(part.row(r), part.columns, at);
        at += part.columns;
      }
      inputs.put_zeros(padded_ - depth_, at);
    }
  }

  std::int64_t depth_, padded_, columns_;
  bool is_bf16_;
  memory::desc layout_;
  AlignedBuffer<std::uint8_t> values_;
};

// The inputs of all parts of a weight gradient, side by side: [padded_rows(R), width]. Divided over the pool.
void gather_gradient_inputs(std::span<const WeightGradient> parts, std::int64_t rows, std::int64_t width,
                            TypedBuffer& inputs) {
  constexpr std::int64_t kRowsAtOnce = 256;
  const std::int64_t padded = padded_rows(rows);
  inputs.resize(padded * width);
  const auto gather = [&](std::int64_t task) {
    const std::int64_t first = task * kRowsAtOnce, last = std::min(rows, first + kRowsAtOnce);
    for (std::int64_t r = first; r < last; ++r) {
      std::int64_t at = r * width;
      for (const WeightGradient& part : parts) {
        inputs.put(part.a.row(part.rows ? part.rows[r] : r), part.a.columns, at);
        at += part.a.columns;
      }
    }
  };
  parallel_for((rows + kRowsAtOnce - 1) / kRowsAtOnce, gather, 10.0 * static_cast<double>(rows * width));
  inputs.put_zeros((padded - rows) * width, rows * width);
}

// dᵀ · inputs for columns [first, first + count) of d, and their way into the parts' gradients.
void gradient_columns(ConstMatrix d, std::span<const WeightGradient> parts, bool accumulate, TypedBuffer& inputs,
                      std::int64_t width, std::int64_t first, std::int64_t count) {
  const OneOpenMpThread alone;
  GemmScratch scratch;
  const bool is_bf16 = inputs.is_bf16;
  const std::int64_t rows = padded_rows(d.rows);
  TypedBuffer outputs{is_bf16, scratch.a, scratch.a_bf16};
  outputs.resize(rows * count);
  for (std::int64_t r = 0; r < d.rows; ++r) outputs.put(d.row(r) + first, count, r * count);
  outputs.put_zeros((rows - d.rows) * count, d.rows * count);
  scratch.c.resize(static_cast<std::size_t>(count * width));
  const memory::desc transposed({count, rows}, type_of(is_bf16), memory::dims{1, count});
  const auto product =
      Library::instance().product({count, rows, width, is_bf16, 2}, transposed, strided(rows, width, width, is_bf16),
                                  strided(count, width, width, false));
  run(*product, outputs.data(), inputs.data(), scratch.c.data(), scratch.library);
  for (std::int64_t n = 0; n < count; ++n) {
    const float* from = scratch.c.data() + n * width;
    for (const WeightGradient& part : parts) {
      float* const out = part.out.row(first + n);
      if (accumulate)
        portable::add(out, from, part.a.columns, out);
      else
        std::copy_n(from, part.a.columns, out);
      from += part.a.columns;
    }
  }
}

}  // namespace

bool has_onednn() { return true; }
bool onednn_has_bf16() { return dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core_bf16; }
bool onednn_is_faster() {
  const auto isa = dnnl::get_effective_cpu_isa();
  return isa >= dnnl::cpu_isa::avx512_core && isa != dnnl::cpu_isa::avx2_vnni;
}

std::string onednn_version() {
  const dnnl_version_t* const version = dnnl_version();
  return fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
}

std::string onednn_instructions() {
  using Isa = dnnl::cpu_isa;
  switch (dnnl::get_effective_cpu_isa()) {
    case Isa::sse41:
      return "SSE41";
    case Isa::avx:
      return "AVX";
    case Isa::avx2:
      return "AVX2";
    case Isa::avx2_vnni:
      return "AVX2_VNNI";
    case Isa::avx512_core:
      return "AVX512_CORE";
    case Isa::avx512_core_vnni:
      return "AVX512_CORE_VNNI";
    case Isa::avx512_core_bf16:
      return "AVX512_CORE_BF16";
    case Isa::avx512_core_amx:
      return "AVX512_CORE_AMX";
    default:
      return "other instructions";
  }
}

void limit_onednn(const std::string& simd) {
  using Isa = dnnl::cpu_isa;
  const Isa most = simd == "avx3" ? Isa::avx512_core : simd == "avx2" ? Isa::avx2 : Isa::sse41;
  (void)dnnl::set_max_cpu_isa(most);  // refused where it is set already
  // Each instruction set is a bit of the number.
  const auto beyond = static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & ~static_cast<unsigned>(most);
  require(beyond == 0, "{}={}: oneDNN is in use already; set the variable before the program starts", kSimdVariable,
          simd);
}

std::unique_ptr<PackedWeights::Impl> pack_onednn(const WeightParts& weights, std::int64_t depth, std::int64_t columns,
                                                 Precision precision) {
  return std::make_unique<OneDnnWeights>(weights, depth, columns, precision == Precision::kBFloat16);
}

void weight_gradients_onednn(ConstMatrix d, std::span<const WeightGradient> parts, bool accumulate,
                             Precision precision) {
  std::int64_t width = 0;
  for (const WeightGradient& part : parts) width += part.a.columns;
  if (width == 0 || d.rows == 0 || d.columns == 0) return weight_gradients_portable(d, parts, accumulate, precision);
  AlignedBuffer<float> floats;
  AlignedBuffer<std::uint16_t> halves;
  TypedBuffer inputs{precision == Precision::kBFloat16, floats, halves};
  gather_gradient_inputs(parts, d.rows, width, inputs);
  // Divided by columns of d in equal shares that do not depend on the number of threads.
  constexpr std::int64_t kColumns = 256;
  const auto gradient_of_columns = [&](std::int64_t task) {
    const std::int64_t first = task * kColumns, count = std::min(kColumns, d.columns - first);
    gradient_columns(d, parts, accumulate, inputs, width, first, count);
  };
  parallel_for((d.columns + kColumns - 1) / kColumns, gradient_of_columns,
               product_operations(d.rows, d.columns, width));
}

}  // namespace limn::kernels

#else

namespace limn::kernels {

bool has_onednn() { return false; }
bool onednn_is_faster() { return false; }
bool onednn_has_bf16() { return false; }
std::string onednn_version() { return ""; }
std::string onednn_instructions() { return ""; }
void limit_onednn(const std::string&) {}
std::unique_ptr<PackedWeights::Impl> pack_onednn(const WeightParts&, std::int64_t, std::int64_t, Precision) {
  fail("gemm: this build has no oneDNN; use the portable backend");
}
void weight_gradients_onednn(ConstMatrix, std::span<const WeightGradient>, bool, Precision) {
  fail("gemm: this build has no oneDNN; use the portable backend");
}

}  // namespace limn::kernels

#endif
