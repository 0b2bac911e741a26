// Counts the operations of a step by LibTorch's profiler, whose callbacks see each operation with those inside it.
#include <ATen/record_function.h>

#include <atomic>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "limn/libtorch/run.hpp"

namespace limn::libtorch {
namespace {

std::atomic<std::int64_t> launches = 0, waits = 0;
std::optional<at::CallbackHandle> counting;
// Of each operation under way in this thread: whether another one ran inside.
thread_local std::vector<bool> has_inner;

// Operations that only make memory or another view of it.
bool computes(std::string_view name) {
  static const std::set<std::string_view> kOthers{"aten::alias",
                                                  "aten::as_strided",
                                                  "aten::detach",
                                                  "aten::detach_",
                                                  "aten::empty",
                                                  "aten::empty_like",
                                                  "aten::empty_strided",
                                                  "aten::expand",
                                                  "aten::is_same_size",
                                                  "aten::lift_fresh",
                                                  "aten::narrow",
                                                  "aten::reshape",
                                                  "aten::_reshape_alias",
                                                  "aten::resize_",
                                                  "aten::result_type",
                                                  "aten::select",
                                                  "aten::set_",
                                                  "aten::slice",
                                                  "aten::split",
                                                  "aten::split_with_sizes",
                                                  "aten::squeeze",
                                                  "aten::t",
                                                  "aten::to",
                                                  "aten::transpose",
                                                  "aten::unsqueeze",
                                                  "aten::unsafe_split",
                                                  "aten::unbind",
                                                  "aten::view",
                                                  "aten::chunk",
                                                  "aten::view_as",
                                                  "aten::contiguous",
                                                  "aten::expand_as",
                                                  "aten::_unsafe_view",
                                                  "aten::resolve_conj",
                                                  "aten::resolve_neg",
                                                  "aten::requires_grad_",
                                                  "aten::conj"};
  return !kOthers.contains(name);
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction&) {
  if (!has_inner.empty()) has_inner.back() = true;
  has_inner.push_back(false);
  return nullptr;
}

void end(const at::RecordFunction& function, at::ObserverContext*) {
  if (has_inner.empty()) return;  // began before it was counted
  const bool is_outer = has_inner.back();
  has_inner.pop_back();
  const std::string_view name = function.name();
  if (name == "aten::_local_scalar_dense" || name == "aten::nonzero") ++waits;
  if (!is_outer && computes(name)) ++launches;
}

}  // namespace

void add_counts(Api& api) {
  api.count_operations = [](std::int32_t continues, std::int64_t* launched, std::int64_t* waited, ErrorText error) {
    return guarded(error, [&] {
      if (!counting)
        counting = at::addGlobalCallback(at::RecordFunctionCallback(begin, end).scopes({at::RecordScope::FUNCTION}));
      *launched = launches.exchange(0);
      *waited = waits.exchange(0);
      if (continues != 0) return;
      at::removeCallback(*counting);
      counting.reset();
    });
  };
}

}  // namespace limn::libtorch
