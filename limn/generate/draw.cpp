// SketchRnnGenerator::draw: many drawings at once. They are cut into groups, one task of the pool each; a
// group is a batch whose rows leave it as their drawings end.
#include <algorithm>

#include "limn/generate/sketch_rnn.hpp"
#include "limn/kernels/parallel.hpp"

namespace limn {
namespace {

// Rows that are multiplied together: enough to use each weight read from memory many times, few enough that
// their states stay in the cache.
constexpr std::int64_t kLargestGroup = 64;

void lift_pen(Sketch& sketch) {
  if (!sketch.points.empty()) sketch.points.back().is_pen_lifted = true;
}

// One drawing on its way.
struct Row {
  Row(const DrawRequest& r, std::int64_t points, Drawing& result)
      : request(&r), limit(points), drawing(&result), random(r.seed, Purpose::kSampling, 0, r.index) {}

  // Adds the point that the prefix or else the output row gives. False where the drawing ends before it.
  bool add_point(std::span<const float> y) {
    auto& points = drawing->sketch.points;
    if (points.size() < request->prefix.size()) {
      points.push_back(request->prefix[points.size()]);
      return true;
    }
    const auto point = draw_next_point(y, request->choice, random);
    drawing->is_finished = !point.has_value();
    if (point) points.push_back(*point);
    return point.has_value();
  }
  [[nodiscard]] bool is_full() const {
    return static_cast<std::int64_t>(drawing->sketch.points.size()) >= limit;
  }

  const DrawRequest* request;
  std::int64_t limit;
  Drawing* drawing;
  RandomStream random;
};

class Group {
 public:
  explicit Group(const SketchRnnGenerator& generator) : generator_(generator) {}

  // A request whose prefix fills the drawing is done at once.
  void add(const DrawRequest& request, Drawing& drawing) {
    const std::int64_t limit = generator_.point_limit(request);
    if (static_cast<std::int64_t>(request.prefix.size()) >= limit)
      drawing.sketch.points.assign(request.prefix.begin(), request.prefix.end());
    else
      rows_.emplace_back(request, limit, drawing);
  }

  void run() {
    start();
    while (!rows_.empty()) {
      decoder().step(ConstMatrix(x_.data(), decoder_rows_.count, kStroke5), decoder_rows_);
      decoder().output(decoder_rows_, Matrix(y_.data(), decoder_rows_.count, decoder().output_size()),
                       scratch_);
      add_points();
    }
  }

 private:
  [[nodiscard]] const SketchRnnDecoder& decoder() const { return generator_.decoder(); }

  void start() {
    const auto count = static_cast<std::int64_t>(rows_.size());
    std::vector<float> z;
    for (const Row& row : rows_) {
      z.insert(z.end(), row.request->z.begin(), row.request->z.end());
      x_.insert(x_.end(), kStartRow.begin(), kStartRow.end());
    }
    if (count > 0)
      decoder_rows_ =
          decoder().start(ConstMatrix(z.data(), count, static_cast<std::int64_t>(z.size()) / count), count);
    y_.resize(static_cast<std::size_t>(count * decoder().output_size()));
  }

  // One more point for every row; rows whose drawing has ended leave the batch.
  void add_points() {
    const auto size = static_cast<std::size_t>(decoder().output_size());
    std::vector<std::int64_t> kept;
    for (std::size_t b = 0; b < rows_.size(); ++b) {
      Row& row = rows_[b];
      if (!row.add_point(std::span(y_).subspan(b * size, size)) || row.is_full()) continue;
      const auto next = stroke5_row(row.drawing->sketch.points.back());
      std::ranges::copy(next, x_.begin() + static_cast<std::ptrdiff_t>(kept.size() * kStroke5));
      if (kept.size() != b) rows_[kept.size()] = row;
      kept.push_back(static_cast<std::int64_t>(b));
    }
    rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(kept.size()), rows_.end());
    decoder_rows_.keep(kept);
  }

  const SketchRnnGenerator& generator_;
  std::vector<Row> rows_;
  DecoderRows decoder_rows_;
  std::vector<float> x_;  // [rows, 5]
  std::vector<float> y_;  // [rows, 3 + 6M]
  kernels::GemmScratch scratch_;
};

}  // namespace

std::vector<Drawing> SketchRnnGenerator::draw(std::span<const DrawRequest> requests) const {
  for (const DrawRequest& request : requests) check(request);
  std::vector<Drawing> drawings(requests.size());
  const auto n = static_cast<std::int64_t>(requests.size());
  const std::int64_t threads = kernels::thread_count();
  const std::int64_t group_size = std::clamp<std::int64_t>((n + threads - 1) / threads, 1, kLargestGroup);
  const auto run_group = [&](std::int64_t g) {
    Group group(*this);
    for (std::int64_t i = g * group_size; i < std::min(n, (g + 1) * group_size); ++i)
      group.add(requests[static_cast<std::size_t>(i)], drawings[static_cast<std::size_t>(i)]);
    group.run();
  };
  const std::int64_t groups = (n + group_size - 1) / group_size;
  if (groups == 1)
    run_group(0);  // so that its kernels may use the pool
  else
    kernels::parallel_for(groups, run_group);
  for (Drawing& drawing : drawings) lift_pen(drawing.sketch);
  return drawings;
}

}  // namespace limn
