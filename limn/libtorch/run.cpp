#include "limn/libtorch/run.hpp"

#include <memory>
#include <string>

#include "limn/libtorch/autocast.hpp"
#include "limn/libtorch/oracle/keep_masks.hpp"
#include "limn/libtorch/process_group.hpp"

namespace limn::libtorch {

using torch::Tensor;

struct Run {
  Run(const RunSetting& setting, const NamedTensors& parameters, const NamedTensors& buffers);

  void compute_gradients(const StepBatch& batch);
  void update(double learning_rate);
  [[nodiscard]] Tensor& tensors(std::int32_t which);
  // Of kRunValues or kRunAverage, as they are at each of its calls.
  [[nodiscard]] Evaluator evaluator(std::int32_t which);

  torch::Device device;
  LossFunction losses_of;
  double beta1, clip, longest_gradient, average_eta;
  std::int32_t clip_mode;
  bool is_bf16;
  std::int64_t whole_batch;
  int processes = 1;
  SumOverAll sum;
  torch::Dtype precise;
  std::string family, options;  // of the model
  struct Slice {
    std::int64_t first, count;
  };
  std::vector<Slice> clip_groups;  // of the gradients

  Tensor values;   // parameters, then buffers
  Tensor average;  // likewise
  Tensor gradients, first_moments, second_moments;
  oracle::Parameters parameters, buffers;  // views of `values`
  Tensor buffer_values, buffers_before;
  Tensor updates;               // a scalar of `precise`
  Tensor losses;                // of the last step [3]
  std::vector<Tensor> figures;  // of the steps since they were asked for, [kStepFigures] each

 private:
  void clip_by_norms(Tensor& clipped, const Tensor& norm) const;
};

namespace {

constexpr double kBeta2 = 0.999, kEpsilon = 1e-8;  // those of kernels::AdamOptions

std::int64_t count_of(const NamedTensor& tensor) {
  std::int64_t count = 1;
  for (std::int64_t i = 0; i < tensor.shape.count; ++i) count *= tensor.shape.data[i];
  return count;
}

std::int64_t count_of(const NamedTensors& tensors) {
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < tensors.count; ++i) count += count_of(tensors.data[i]);
  return count;
}

Tensor flattened(const NamedTensors& tensors) {
  std::vector<Tensor> all{torch::zeros({0})};
  for (std::int64_t i = 0; i < tensors.count; ++i)
    all.push_back(view_of(const_cast<float*>(tensors.data[i].values), {count_of(tensors.data[i])}));
  return torch::cat(all);
}

}  // namespace

std::vector<std::int64_t> vector_of(const Integers& integers) {
  return {integers.data, integers.data + integers.count};
}

oracle::Parameters copies_of(const NamedTensors& tensors) {
  oracle::Parameters copies;
  for (std::int64_t i = 0; i < tensors.count; ++i) {
    const NamedTensor& t = tensors.data[i];
    copies[t.name] = view_of(const_cast<float*>(t.values), vector_of(t.shape)).clone();
  }
  return copies;
}

Run::Run(const RunSetting& setting, const NamedTensors& named_parameters, const NamedTensors& named_buffers)
    : device(device_named(setting.device)),
      losses_of(loss_function(setting.model)),
      beta1(setting.beta1),
      clip(setting.clip),
      longest_gradient(setting.longest_gradient),
      average_eta(setting.average_eta),
      clip_mode(setting.clip_mode),
      is_bf16(setting.is_bf16 != 0),
      whole_batch(setting.whole_batch),
      precise(precise_type(device)),
      family(setting.model.family),
      options(setting.model.options) {
  if (setting.group != nullptr) {
    processes = size_of(*setting.group);
    sum = [group = setting.group](Tensor& tensor) { sum_over(*group, tensor); };
  }
  const std::int64_t trained = count_of(named_parameters);
  values = torch::cat({flattened(named_parameters), flattened(named_buffers)}).to(device);
  average = values.clone();
  gradients = torch::zeros({trained}, values.options());
  first_moments = torch::zeros_like(gradients);
  second_moments = torch::zeros_like(gradients);
  buffer_values = values.narrow(0, trained, values.numel() - trained);
  buffers_before = buffer_values;
  updates = torch::zeros({}, values.options().dtype(precise));
  losses = torch::zeros({3}, values.options());
  std::int64_t first = 0;
  for (const bool is_trained : {true, false}) {
    const NamedTensors& named = is_trained ? named_parameters : named_buffers;
    for (std::int64_t i = 0; i < named.count; ++i) {
      const NamedTensor& t = named.data[i];
      const std::int64_t count = count_of(t);
      Tensor view = values.narrow(0, first, count).view(vector_of(t.shape)).detach();
      if (is_trained) {
        view.requires_grad_();
        view.mutable_grad() = gradients.narrow(0, first, count).view(vector_of(t.shape));
        const bool joins =
            i > 0 && (setting.clip_groups.count == 0 || setting.clip_groups.data[i] == setting.clip_groups.data[i - 1]);
        if (joins)
          clip_groups.back().count += count;
        else
          clip_groups.push_back({first, count});
      }
      (is_trained ? parameters : buffers)[t.name] = view;
      first += count;
    }
  }
}

Tensor& Run::tensors(std::int32_t which) {
  switch (which) {
    case kRunValues:
      return values;
    case kRunGradients:
      return gradients;
    case kRunFirstMoments:
      return first_moments;
    case kRunSecondMoments:
      return second_moments;
    case kRunAverage:
      return average;
    default:
      fail("a run has no tensors of number {}", which);
  }
}

Evaluator Run::evaluator(std::int32_t which) {
  const Tensor& row = tensors(which);
  require(row.numel() == values.numel(), "a run's tensors of number {} are no model", which);
  Evaluator evaluator = evaluator_of({family.c_str(), options.c_str()}, device);
  for (const oracle::Parameters* named : {&parameters, &buffers})
    for (const auto& [name, tensor] : *named)
      evaluator.tensors[name] = row.narrow(0, tensor.storage_offset(), tensor.numel()).view(tensor.sizes());
  return evaluator;
}

void Run::compute_gradients(const StepBatch& batch) {
  gradients.zero_();
  if (buffer_values.numel() > 0) buffers_before = buffer_values.clone();
  Losses parts;
  {
    const Autocast lower(device, is_bf16);
    parts = losses_of({parameters, buffers, device, whole_batch, sum}, batch);
  }
  parts.total.backward();
  const torch::NoGradGuard no_gradient;
  losses = torch::stack({parts.total.detach(), parts.reconstruction.detach(), parts.kl.detach()});
  if (!sum) return;
  sum(losses);
  sum(gradients);
  if (buffer_values.numel() > 0) {
    sum(buffer_values);
    buffer_values.div_(processes);
  }
}

// Of each group: by min(1, clip / (norm + 1e-6)).
void Run::clip_by_norms(Tensor& clipped, const Tensor& norm) const {
  clipped = clipped.clone();
  for (const Slice& slice : clip_groups) {
    Tensor part = clipped.narrow(0, slice.first, slice.count);
    const Tensor own = clip_groups.size() == 1 ? norm : torch::linalg_vector_norm(part, 2, {}, false, precise);
    part.mul_((clip / (own + 1e-6)).clamp_max(1));
  }
}

// Adam as kernels/optimiser/adam.hpp writes it; in a step that is not applied everything stays as it was.
void Run::update(double learning_rate) {
  const torch::NoGradGuard no_gradient;
  const Tensor norm = torch::linalg_vector_norm(gradients, 2, {}, false, precise);
  Tensor is_applied = torch::isfinite(losses[0]).logical_and(norm < longest_gradient);
  if (buffer_values.numel() > 0) {
    is_applied = is_applied.logical_and(torch::isfinite(buffer_values).all());
    buffer_values.copy_(torch::where(is_applied, buffer_values, buffers_before));
  }
  Tensor g = gradients;
  if (clip_mode == kClipNorm) clip_by_norms(g, norm);
  if (clip_mode == kClipValue) g = g.clamp(-clip, clip);
  g = torch::where(is_applied, g, torch::zeros_like(g));
  const Tensor applied = is_applied.to(precise), rest = 1 - applied;
  updates += applied;
  const Tensor number = updates.clamp_min(1);
  first_moments.mul_(beta1 * applied + rest).add_(g, 1 - beta1);
  second_moments.mul_(kBeta2 * applied + rest).addcmul_(g, g, 1 - kBeta2);
  const Tensor root = second_moments.sqrt().mul_((1 - torch::pow(kBeta2, number)).rsqrt()).add_(kEpsilon);
  const Tensor rate = applied * learning_rate / (1 - torch::pow(beta1, number));
  values.narrow(0, 0, gradients.numel()).sub_(first_moments.div(root).mul_(rate));
  average.add_((values - average).mul_(applied * (average_eta + 1) / (number + average_eta)));
  figures.push_back(torch::cat({losses.to(precise), torch::stack({norm, applied})}));
}

void add_runs(Api& api) {
  api.run_create = [](const RunSetting* setting, NamedTensors parameters, NamedTensors buffers, Run** run,
                      ErrorText error) {
    return guarded(error, [&] { *run = std::make_unique<Run>(*setting, parameters, buffers).release(); });
  };
  api.run_destroy = [](Run* run) { delete run; };
  api.run_gradients = [](Run* run, const StepBatch* batch, ErrorText error) {
    return guarded(error, [&] { run->compute_gradients(*batch); });
  };
  api.run_update = [](Run* run, double learning_rate, ErrorText error) {
    return guarded(error, [&] { run->update(learning_rate); });
  };
  api.run_losses = [](Run* run, double* losses, ErrorText error) {
    return guarded(error, [&] {
      const Tensor all = run->losses.to(torch::kCPU).to(torch::kFloat64);
      std::copy_n(all.data_ptr<double>(), all.numel(), losses);
    });
  };
  api.run_figures = [](Run* run, double* figures, std::int64_t steps, ErrorText error) {
    return guarded(error, [&] {
      require(steps == std::ssize(run->figures), "a run has made {} steps, and the figures of {} are asked for",
              run->figures.size(), steps);
      if (steps == 0) return;
      const Tensor all = torch::stack(run->figures).to(torch::kCPU).to(torch::kFloat64);
      std::copy_n(all.data_ptr<double>(), all.numel(), figures);
      run->figures.clear();
    });
  };
  api.run_read = [](Run* run, std::int32_t which, float* values, std::int64_t count, ErrorText error) {
    return guarded(error, [&] {
      const Tensor& from = run->tensors(which);
      require(from.numel() == count, "a run has {} such values, and {} are read", from.numel(), count);
      view_of(values, from.sizes()).copy_(from);
    });
  };
  api.run_write = [](Run* run, std::int32_t which, const float* values, std::int64_t count, ErrorText error) {
    return guarded(error, [&] {
      Tensor& to = run->tensors(which);
      require(to.numel() == count, "a run has {} such values, and {} are written", to.numel(), count);
      to.copy_(view_of(const_cast<float*>(values), to.sizes()));
    });
  };
  api.run_evaluator = [](Run* run, std::int32_t which, Evaluator** evaluator, ErrorText error) {
    return guarded(error, [&] { *evaluator = std::make_unique<Evaluator>(run->evaluator(which)).release(); });
  };
  api.run_set_updates = [](Run* run, std::int64_t updates, ErrorText error) {
    return guarded(error, [&] {
      run->updates.fill_(updates);
      run->figures.clear();
    });
  };
}

}  // namespace limn::libtorch
