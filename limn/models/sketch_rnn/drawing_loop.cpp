#include "limn/models/sketch_rnn/drawing_loop.hpp"

#include <algorithm>

namespace limn::models {

void DrawingLoop::add(std::span<const Row> rows) {
  if (rows.empty()) return;
  std::vector<float> z;
  for (const Row& row : rows) {
    const DrawRequest& request = *row.request;
    rows_.push_back({.row = row, .random = RandomStream(request.seed, Purpose::kSampling, 0, request.index)});
    z.insert(z.end(), request.z.begin(), request.z.end());
    x_.insert(x_.end(), kStartRow.begin(), kStartRow.end());
  }
  const auto count = static_cast<std::int64_t>(rows.size());
  decoder_rows_.append(
      decoder_.start(ConstMatrix(z.data(), count, static_cast<std::int64_t>(z.size()) / count), count));
}

void DrawingLoop::step(std::vector<NewPoint>& points, std::vector<Ended>& ended) {
  const auto output_size = static_cast<std::size_t>(decoder_.output_size());
  decoder_.step(ConstMatrix(x_.data(), decoder_rows_.count, sketch::kStroke5), decoder_rows_);
  const auto draws = [](const Growing& g) { return g.points >= std::ssize(g.row.request->prefix); };
  y_.resize(rows_.size() * output_size);
  if (std::ranges::any_of(rows_, draws))  // a row that reads its prefix needs no output
    decoder_.output(decoder_rows_, Matrix(y_.data(), decoder_rows_.count, decoder_.output_size()), scratch_);
  kept_.clear();
  for (std::size_t b = 0; b < rows_.size(); ++b) {
    Growing& growing = rows_[b];
    const auto& [drawing, request, max_points] = growing.row;
    sketch::StrokePoint point;
    if (!draws(growing)) {
      point = request->prefix[static_cast<std::size_t>(growing.points)];
    } else {
      auto drawn = draw_next_point(std::span(y_).subspan(b * output_size, output_size), request->choice, growing.random,
                                   growing.points == 0 ? EndChoice::kRefused : EndChoice::kAllowed);
      if (!drawn) {
        ended.push_back({.drawing = drawing, .is_finished = true});
        continue;
      }
      if (growing.points + 1 == max_points) drawn->is_pen_lifted = true;
      point = *drawn;
      points.push_back({.drawing = drawing, .point = point});
    }
    if (++growing.points == max_points) {
      ended.push_back({.drawing = drawing, .is_finished = false});
      continue;
    }
    std::ranges::copy(stroke5_row(point), x_.begin() + static_cast<std::ptrdiff_t>(kept_.size() * sketch::kStroke5));
    if (kept_.size() != b) rows_[kept_.size()] = std::move(growing);
    kept_.push_back(static_cast<std::int64_t>(b));
  }
  rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(kept_.size()), rows_.end());
  x_.resize(kept_.size() * sketch::kStroke5);
  decoder_rows_.keep(kept_);
}

}  // namespace limn::models
