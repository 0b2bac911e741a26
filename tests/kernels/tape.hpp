// Reverse-mode differentiation in double, one scalar operation at a time: the oracle's gradients come from
// here, so they share nothing with the kernels. One tape a thread; clear() before each use.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace limn::testing {

class Tape {
 public:
  struct Node {
    std::size_t left, right;
    double d_left, d_right;
  };
  static Tape& current() {
    thread_local Tape tape;
    return tape;
  }
  void clear() { nodes_.clear(); }
  std::size_t push(std::size_t left, double d_left, std::size_t right, double d_right) {
    nodes_.push_back({left, right, d_left, d_right});
    return nodes_.size() - 1;
  }
  std::size_t push_leaf() {
    const std::size_t self = nodes_.size();
    return push(self, 0, self, 0);
  }
  // d root / d node for every node.
  [[nodiscard]] std::vector<double> gradients(std::size_t root) const {
    std::vector<double> grad(nodes_.size(), 0.0);
    grad[root] = 1;
    for (std::size_t i = root + 1; i-- > 0;) {
      grad[nodes_[i].left] += grad[i] * nodes_[i].d_left;
      grad[nodes_[i].right] += grad[i] * nodes_[i].d_right;
    }
    return grad;
  }

 private:
  std::vector<Node> nodes_;
};

// A number that remembers how it came about. A plain double converts to a constant.
class Var {
 public:
  Var(double v = 0) : value(v), node(Tape::current().push_leaf()) {}
  Var(double v, std::size_t n) : value(v), node(n) {}
  double value;
  std::size_t node;
};

inline Var unary(const Var& a, double value, double derivative) {
  return {value, Tape::current().push(a.node, derivative, a.node, 0)};
}
inline Var operator+(const Var& a, const Var& b) {
  return {a.value + b.value, Tape::current().push(a.node, 1, b.node, 1)};
}
inline Var operator-(const Var& a, const Var& b) {
  return {a.value - b.value, Tape::current().push(a.node, 1, b.node, -1)};
}
inline Var operator*(const Var& a, const Var& b) {
  return {a.value * b.value, Tape::current().push(a.node, b.value, b.node, a.value)};
}
inline Var operator/(const Var& a, const Var& b) {
  return {a.value / b.value, Tape::current().push(a.node, 1 / b.value, b.node, -a.value / (b.value * b.value))};
}
inline Var tanh(const Var& a) {
  const double t = std::tanh(a.value);
  return unary(a, t, 1 - t * t);
}
inline Var exp(const Var& a) {
  const double e = std::exp(a.value);
  return unary(a, e, e);
}
inline Var sqrt(const Var& a) {
  const double r = std::sqrt(a.value);
  return unary(a, r, 0.5 / r);
}

}  // namespace limn::testing
