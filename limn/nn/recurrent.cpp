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

// One sequence in the graph. LibTorch's Function takes no lists of tensors, and cells differ in how many they have: so
// this is a node of its own. It holds the tensors whose memory the sequence reads until the backward pass.
class RecurrentNode : public torch::autograd::Node {
 public:
  RecurrentNode(std::shared_ptr<SequencePool> pool, const kernels::CellShape& shape)
      : pool_(std::move(pool)), shape_(shape), sequence_(pool_->take(shape)) {}
  ~RecurrentNode() override { pool_->give_back(std::move(sequence_), shape_); }

  RecurrentOutput run(const RecurrentInput& input, const std::vector<Tensor>& weights, bool keep) {
    const auto held = [](const Tensor& t) { return t.defined() ? t.detach().contiguous() : Tensor(); };
    x_ = held(input.x);
    constant_ = held(input.constant);
    initial_state_ = held(input.initial_state);
    active_ = input.active;
    wants_x_ = input.x.requires_grad();
    for (const auto& weight : weights) weights_.push_back(held(weight));
    for (const auto& weight : weights_) parameters_.push_back(const_span(weight));
    RecurrentOutput output{.hidden = torch::empty({x_.size(0), shape_.hidden_size}),
                           .final_state = torch::empty({active_.front(), kernels::state_size(shape_)})};
    sequence_->forward({.parameters = parameters_,
                        .active = active_,
                        .x = const_view(x_),
                        .constant = const_view(constant_),
                        .initial_state = const_view(initial_state_),
                        .dropout = input.dropout,
                        .keep_for_backward = keep},
                       view(output.hidden), view(output.final_state));
    return output;
  }

  // Gradients of x, constant, initial state and the weights, in this order.
  torch::autograd::variable_list apply(torch::autograd::variable_list&& outputs) override {
    const auto contiguous = [](const Tensor& t) { return t.defined() ? t.contiguous() : Tensor(); };
    const auto like = [](const Tensor& t, bool is_wanted) {
      return t.defined() && is_wanted ? torch::empty_like(t) : Tensor();
    };
    const Tensor hidden = contiguous(outputs[0]), final_state = contiguous(outputs[1]);
    torch::autograd::variable_list gradients{like(x_, wants_x_), like(constant_, true), like(initial_state_, true)};
    std::vector<std::span<float>> spans;
    for (const auto& weight : weights_) {
      gradients.push_back(torch::empty_like(weight));
      spans.push_back(span(gradients.back()));
    }
    sequence_->backward({.hidden = const_view(hidden),
                         .final_state = const_view(final_state),
                         .parameters = spans,
                         .x = view(gradients[0]),
                         .constant = view(gradients[1]),
                         .initial_state = view(gradients[2])});
    return gradients;
  }

 private:
  std::shared_ptr<SequencePool> pool_;
  kernels::CellShape shape_;
  std::unique_ptr<kernels::RecurrentSequence> sequence_;
  std::vector<Tensor> weights_;
  std::vector<std::span<const float>> parameters_;
  std::vector<std::int64_t> active_;
  Tensor x_, constant_, initial_state_;
  bool wants_x_ = false;
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
  // With input dropout the caller repeats the constant part for each step: the same weights, all columns varying.
  kernels::CellShape shape = shape_;
  if (!input.constant.defined()) {
    shape.input_size += shape.constant_size;
    shape.constant_size = 0;
  }
  require(input.x.dim() == 2 && input.x.size(1) == shape.input_size, "recurrent: x has {} columns, expected {}",
          input.x.size(-1), shape.input_size);
  const std::shared_ptr<RecurrentNode> node(new RecurrentNode(pool_, shape), torch::autograd::deleteNode);
  const bool keep = torch::GradMode::is_enabled();
  RecurrentOutput output = node->run(input, weights_, keep);
  if (!keep) return output;
  torch::autograd::edge_list edges;
  const auto append = [&](const Tensor& t) {
    edges.push_back(t.defined() ? torch::autograd::impl::gradient_edge(t) : torch::autograd::Edge());
  };
  append(input.x);
  append(input.constant);
  append(input.initial_state);
  for (const auto& weight : weights_) append(weight);
  node->set_next_edges(std::move(edges));
  torch::autograd::create_gradient_edge(output.hidden, node);
  torch::autograd::create_gradient_edge(output.final_state, node);
  return output;
}

}  // namespace limn::nn
