#include "limn/serve/endings.hpp"

#include <algorithm>

#include "limn/core/error.hpp"

namespace limn::serve {

GrowingDrawings::GrowingDrawings(const SketchRnnGenerator& generator, std::vector<StrokePoint> beginning,
                                 std::vector<EndingRequest> requests, std::int64_t max_points)
    : generator_(generator),
      beginning_(std::move(beginning)),
      requests_(std::move(requests)),
      max_points_(max_points),
      state_(requests_.size(), State::kGrowing) {
  std::vector<float> z;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    const EndingRequest& request = requests_[i];
    generator_.check({.z = request.z, .prefix = beginning_, .choice = request.choice});
    random_.emplace_back(request.seed, Purpose::kSampling, 0, request.index);
    rows_.push_back(i);
    z.insert(z.end(), request.z.begin(), request.z.end());
  }
  const auto count = static_cast<std::int64_t>(rows_.size());
  require(count > 0, "drawing: no drawing is asked for");
  // Without z, all rows are the same until the first point is drawn, so one stands for all of them.
  const bool is_shared = z.empty();
  decoder_rows_ = generator_.decoder().start(
      ConstMatrix(z.data(), is_shared ? 1 : count, static_cast<std::int64_t>(z.size()) / count),
      is_shared ? 1 : count);
  for (std::int64_t i = 0; i < decoder_rows_.count; ++i)
    x_.insert(x_.end(), kStartRow.begin(), kStartRow.end());
}

void GrowingDrawings::step(std::vector<NewPoint>& points) {
  if (is_done()) return;
  generator_.decoder().step(ConstMatrix(x_.data(), decoder_rows_.count, kStroke5), decoder_rows_);
  if (points_ < static_cast<std::int64_t>(beginning_.size())) {
    read_beginning();
  } else {
    if (decoder_rows_.count < static_cast<std::int64_t>(rows_.size())) spread();
    draw_points(points);
  }
  ++points_;
  if (points_ < max_points_) return;
  for (const std::size_t row : rows_) state_[row] = State::kCut;
  rows_.clear();
}

void GrowingDrawings::read_beginning() {
  const auto next = stroke5_row(beginning_[static_cast<std::size_t>(points_)]);
  for (std::size_t row = 0; row < static_cast<std::size_t>(decoder_rows_.count); ++row)
    std::ranges::copy(next, x_.begin() + static_cast<std::ptrdiff_t>(row * kStroke5));
}

// One row to as many as there are drawings.
void GrowingDrawings::spread() {
  DecoderRows wide{.count = static_cast<std::int64_t>(rows_.size()), .state = {}, .prepared = {}};
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    wide.state.insert(wide.state.end(), decoder_rows_.state.begin(), decoder_rows_.state.end());
    wide.prepared.insert(wide.prepared.end(), decoder_rows_.prepared.begin(), decoder_rows_.prepared.end());
  }
  decoder_rows_ = std::move(wide);
  x_.resize(rows_.size() * kStroke5);
}

void GrowingDrawings::draw_points(std::vector<NewPoint>& points) {
  const auto& decoder = generator_.decoder();
  const auto size = static_cast<std::size_t>(decoder.output_size());
  y_.resize(rows_.size() * size);
  decoder.output(decoder_rows_, Matrix(y_.data(), decoder_rows_.count, decoder.output_size()), scratch_);
  const bool is_last = points_ + 1 >= max_points_;
  std::vector<std::int64_t> kept;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    const std::size_t drawing = rows_[row];
    auto point =
        draw_next_point(std::span(y_).subspan(row * size, size), requests_[drawing].choice, random_[drawing]);
    if (!point) {
      state_[drawing] = State::kFinished;
      continue;
    }
    if (is_last) point->is_pen_lifted = true;
    points.push_back({.drawing = drawing, .point = *point});
    std::ranges::copy(stroke5_row(*point), x_.begin() + static_cast<std::ptrdiff_t>(kept.size() * kStroke5));
    rows_[kept.size()] = drawing;
    kept.push_back(static_cast<std::int64_t>(row));
  }
  rows_.resize(kept.size());
  x_.resize(kept.size() * kStroke5);
  decoder_rows_.keep(kept);
}

}  // namespace limn::serve
