#include "limn/nn/recurrent.hpp"

#include <utility>

#include "limn/core/error.hpp"
#include "limn/nn/views.hpp"

namespace limn::nn {

class SequencePool {
 public:
  SequencePool(const kernels::CellShape& shape, kernels::Direction direction, kernels::Precision precision)
      : shape_(shape), direction_(direction), precision_(precision) {}

  std::unique_ptr<kernels::RecurrentSequence> take(const kernels::CellShape& shape) {
    const bool is_same = shape.input_size == shape_.input_size;
    if (!is_same || idle_.empty())
      return std::make_unique<kernels::RecurrentSequence>(shape, direction_, precision_);
    auto sequence = std::move(idle_.back());
    idle_.pop_back();
    return sequence;
  }
  void give_back(std::unique_ptr<kernels::RecurrentSequence> sequence, const kernels::CellShape& shape) {
    if (shape.input_size == shape_.input_size) idle_.push_back(std::move(sequence));
  }

 private:
  kernels::CellShape shape_;
  kernels::Direction direction_;
  kernels::Precision precision_;
  std::vector<std::unique_ptr<kernels::RecurrentSequence>> idle_;
};

namespace {

using torch::Tensor;

// What the backward pass needs, kept alive by the autograd node. Holds the tensors whose memory the sequence reads.
struct Call : torch::CustomClassHolder {
  std::shared_ptr<SequencePool> pool;
  kernels::CellShape shape;
  std::unique_ptr<kernels::RecurrentSequence> sequence;
  std::vector<Tensor> weights;
  std::vector<std::int64_t> active;
  Tensor x, constant, initial_state;
  std::vector<std::span<const float>> parameter_spans;

  ~Call() override {
    if (sequence) pool->give_back(std::move(sequence), shape);
  }
};

struct RecurrentFunction : torch::autograd::Function<RecurrentFunction> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const Tensor& x,
                                                const Tensor& constant, const Tensor& initial_state,
                                                const std::vector<Tensor>& weights,
                                                const c10::intrusive_ptr<Call>& call,
                                                const kernels::RecurrentDropout& dropout, bool keep) {
    call->x = x.detach().contiguous();
    call->constant = constant.defined() ? constant.detach().contiguous() : Tensor();
    call->initial_state = initial_state.defined() ? initial_state.detach().contiguous() : Tensor();
    for (const auto& weight : weights) call->weights.push_back(weight.detach().contiguous());
    for (const auto& weight : call->weights) call->parameter_spans.push_back(const_span(weight));

    const std::int64_t batch = call->active.front();
    auto hidden = torch::empty({call->x.size(0), call->shape.hidden_size});
    auto final_state = torch::empty({batch, kernels::state_size(call->shape)});
    call->sequence->forward({.parameters = call->parameter_spans,
                             .active = call->active,
                             .x = const_view(call->x),
                             .constant = const_view(call->constant),
                             .initial_state = const_view(call->initial_state),
                             .dropout = dropout,
                             .keep_for_backward = keep},
                            view(hidden), view(final_state));
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    context->saved_data["wants_x"] = x.requires_grad();
    context->set_materialize_grads(false);
    return {hidden, final_state};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outputs) {
    auto capsule = context->saved_data["call"].toCapsule();
    auto& call = static_cast<Call&>(*capsule);
    auto contiguous = [](const Tensor& t) { return t.defined() ? t.contiguous() : Tensor(); };
    const Tensor grad_hidden = contiguous(outputs[0]), grad_final = contiguous(outputs[1]);
    auto like = [](const Tensor& t, bool wanted) { return t.defined() && wanted ? torch::empty_like(t) : Tensor(); };
    Tensor grad_x = like(call.x, context->saved_data["wants_x"].toBool());
    Tensor grad_constant = like(call.constant, true), grad_initial = like(call.initial_state, true);
    torch::autograd::variable_list grad_weights;
    std::vector<std::span<float>> grad_spans;
    for (const auto& weight : call.weights) {
      grad_weights.push_back(torch::empty_like(weight));
      grad_spans.push_back(span(grad_weights.back()));
    }
    call.sequence->backward({.hidden = const_view(grad_hidden),
                             .final_state = const_view(grad_final),
                             .parameters = grad_spans,
                             .x = view(grad_x),
                             .constant = view(grad_constant),
                             .initial_state = view(grad_initial)});
    torch::autograd::variable_list gradients{grad_x, grad_constant, grad_initial};
    gradients.insert(gradients.end(), grad_weights.begin(), grad_weights.end());
    gradients.resize(gradients.size() + 3);  // call, dropout and keep have none
    return gradients;
  }
};

}  // namespace

std::vector<Tensor> register_parameters(torch::nn::Module& module, const std::vector<kernels::ParameterSpec>& specs) {
  std::vector<Tensor> registered;
  for (const auto& spec : specs) {
    std::shared_ptr<torch::nn::Module> child;
    torch::nn::Module* owner = &module;
    std::string name = spec.name;
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.')) {
      const std::string head = name.substr(0, dot);
      const auto children = owner->named_children();
      child = children.contains(head) ? children[head] : owner->register_module(head, std::make_shared<torch::nn::Module>(head));
      owner = child.get();
      name = name.substr(dot + 1);
    }
    registered.push_back(owner->register_parameter(name, torch::zeros(spec.shape)));
  }
  return registered;
}

RecurrentImpl::RecurrentImpl(const kernels::CellShape& shape, kernels::Direction direction,
                             kernels::Precision precision)
    : shape_(shape),
      weights_(register_parameters(*this, kernels::cell_parameters(shape))),
      pool_(std::make_shared<SequencePool>(shape, direction, precision)) {}

RecurrentOutput RecurrentImpl::forward(const RecurrentInput& input) {
  auto call = c10::make_intrusive<Call>();
  call->pool = pool_;
  // With input dropout the caller repeats the constant part for each step: the same weights, all columns varying.
  call->shape = shape_;
  if (!input.constant.defined()) {
    call->shape.input_size = shape_.input_size + shape_.constant_size;
    call->shape.constant_size = 0;
  }
  require(input.x.dim() == 2 && input.x.size(1) == call->shape.input_size, "{}: x has {} columns, expected {}",
          "recurrent", input.x.size(-1), call->shape.input_size);
  call->sequence = pool_->take(call->shape);
  call->active = input.active;
  const auto outputs = RecurrentFunction::apply(input.x, input.constant, input.initial_state, weights_, call,
                                                input.dropout, torch::GradMode::is_enabled());
  return {outputs[0], outputs[1]};
}

}  // namespace limn::nn
