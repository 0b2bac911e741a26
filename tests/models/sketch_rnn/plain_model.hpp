// Sketch-RNN as plain as can be, an oracle for tests: one sketch at a time, in double, from the formulas of
// docs/papers/sketch-rnn.md. LSTM cells only.
#pragma once

#include <cmath>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include "limn/models/sketch_rnn/contents.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::testing {

using Vector = std::vector<double>;

class PlainModel {
 public:
  explicit PlainModel(const models::SketchRnnContents& checkpoint) : c_(checkpoint) {}

  // W x + b of the layer `name`.
  [[nodiscard]] Vector linear(const std::string& name, const Vector& x) const {
    const auto& w = c_.weights.at(name + ".weight");
    const auto& b = c_.weights.at(name + ".bias");
    Vector y(b.begin(), b.end());
    for (std::size_t i = 0; i < y.size(); ++i)
      for (std::size_t k = 0; k < x.size(); ++k) y[i] += static_cast<double>(w[i * x.size() + k]) * x[k];
    return y;
  }

  struct State {
    Vector h, c;
  };
  // One step of the lstm cell `name`; gates i, f, g, o.
  void step(const std::string& name, const Vector& x, State& s) const {
    const auto& ih = c_.weights.at(name + ".weight_ih");
    const auto& hh = c_.weights.at(name + ".weight_hh");
    const auto& b = c_.weights.at(name + ".bias");
    const std::size_t n = s.h.size();
    Vector a(b.begin(), b.end());
    for (std::size_t i = 0; i < 4 * n; ++i) {
      for (std::size_t k = 0; k < x.size(); ++k) a[i] += static_cast<double>(ih[i * x.size() + k]) * x[k];
      for (std::size_t k = 0; k < n; ++k) a[i] += static_cast<double>(hh[i * n + k]) * s.h[k];
    }
    const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    for (std::size_t j = 0; j < n; ++j) {
      s.c[j] = sigmoid(a[n + j]) * s.c[j] + sigmoid(a[j]) * std::tanh(a[2 * n + j]);
      s.h[j] = sigmoid(a[3 * n + j]) * std::tanh(s.c[j]);
    }
  }

  static Vector row5(const sketch::StrokePoint& p) {
    return {p.dx, p.dy, p.is_pen_lifted ? 0.0 : 1.0, p.is_pen_lifted ? 1.0 : 0.0, 0.0};
  }

  struct Posterior {
    Vector mu, log_variance;
  };
  [[nodiscard]] Posterior encode(const sketch::Sketch& sketch) const {
    const auto n = static_cast<std::size_t>(c_.options.enc_rnn_size);
    State fw{Vector(n), Vector(n)}, bw{Vector(n), Vector(n)};
    for (std::size_t i = 0; i < sketch.points.size(); ++i) {
      step("encoder.forward", row5(sketch.points[i]), fw);
      step("encoder.backward", row5(sketch.points[sketch.points.size() - 1 - i]), bw);
    }
    Vector h = fw.h;
    h.insert(h.end(), bw.h.begin(), bw.h.end());
    return {linear("encoder.mu", h), linear("encoder.log_variance", h)};
  }

  // Output rows y_1 … y_{Ns+1} for S0 … S_Ns. `z` is empty for an unconditional model.
  [[nodiscard]] std::vector<Vector> decode(const sketch::Sketch& sketch, Vector z) const {
    const auto n = static_cast<std::size_t>(c_.options.dec_rnn_size);
    State s{Vector(n), Vector(n)};
    if (c_.squashes_latent)
      for (double& v : z) v = std::tanh(v);
    if (c_.options.conditional) {
      const Vector start = linear("decoder.initial_state", z);
      for (std::size_t j = 0; j < n; ++j) s.h[j] = std::tanh(start[j]), s.c[j] = std::tanh(start[n + j]);
    }
    std::vector<Vector> outputs;
    for (std::size_t i = 0; i <= sketch.points.size(); ++i) {
      Vector x = i == 0 ? Vector{0, 0, 1, 0, 0} : row5(sketch.points[i - 1]);
      x.insert(x.end(), z.begin(), z.end());
      step("decoder.cell", x, s);
      outputs.push_back(linear("decoder.output", s.h));
    }
    return outputs;
  }

  struct Losses {
    double offset = 0, pen_drawing = 0, pen = 0;  // sums over the sketch
  };
  [[nodiscard]] Losses losses(const sketch::Sketch& sketch, const Vector& z) const {
    const auto outputs = decode(sketch, z);
    Losses sums;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const bool is_end = i == sketch.points.size();
      const double pen = -std::log(softmax(outputs[i], 0, 3)[is_end ? 2 : sketch.points[i].is_pen_lifted ? 1 : 0]);
      sums.pen += pen;
      if (is_end) continue;
      sums.pen_drawing += pen;
      sums.offset -= std::log(density(outputs[i], sketch.points[i]) + 1e-6);
    }
    return sums;
  }

 private:
  static Vector softmax(const Vector& y, std::size_t first, std::size_t count) {
    Vector p(count);
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k) sum += p[k] = std::exp(y[first + k]);
    for (double& v : p) v /= sum;
    return p;
  }

  // Σ_j π_j N(Δx, Δy | …), eq. 24-25 of Graves 2013.
  [[nodiscard]] double density(const Vector& y, const sketch::StrokePoint& p) const {
    const auto m = static_cast<std::size_t>(c_.options.num_mixture);
    const Vector pi = softmax(y, 3, m);
    double sum = 0;
    for (std::size_t j = 0; j < m; ++j) {
      const double sx = std::exp(y[3 + 3 * m + j]), sy = std::exp(y[3 + 4 * m + j]), rho = std::tanh(y[3 + 5 * m + j]);
      const double u = (p.dx - y[3 + m + j]) / sx, v = (p.dy - y[3 + 2 * m + j]) / sy, r = 1 - rho * rho;
      sum += pi[j] * std::exp(-(u * u + v * v - 2 * rho * u * v) / (2 * r)) /
             (2 * std::numbers::pi * sx * sy * std::sqrt(r));
    }
    return sum;
  }

  const models::SketchRnnContents& c_;
};

}  // namespace limn::testing
