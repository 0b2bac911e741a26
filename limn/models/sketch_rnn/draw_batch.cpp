// SketchRnnGenerator::draw: many drawings at once. Each thread has a group, a batch whose rows leave it as
// their drawings end and make room for others; threads never wait for each other.
#include <algorithm>
#include <atomic>
#include <optional>

#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn {
namespace {

// Rows that are multiplied together: enough to use each weight read from memory many times, few enough that
// their states stay in the cache.
constexpr std::size_t kLargestGroup = 128;

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

// The requests that no group has taken yet. For any number of threads.
class Queue {
 public:
  Queue(const SketchRnnGenerator& generator, std::span<const DrawRequest> requests,
        std::span<Drawing> drawings)
      : generator_(generator), requests_(requests), drawings_(drawings) {}

  // The next one, or nothing. Those whose prefix fills the drawing are done at once.
  std::optional<Row> take() {
    while (true) {
      const std::size_t i = next_.fetch_add(1);
      if (i >= requests_.size()) return std::nullopt;
      const DrawRequest& request = requests_[i];
      const std::int64_t limit = generator_.point_limit(request);
      if (static_cast<std::int64_t>(request.prefix.size()) < limit) return Row(request, limit, drawings_[i]);
      drawings_[i].sketch.points.assign(request.prefix.begin(), request.prefix.end());
    }
  }

 private:
  const SketchRnnGenerator& generator_;
  std::span<const DrawRequest> requests_;
  std::span<Drawing> drawings_;
  std::atomic<std::size_t> next_{0};
};

// Drawings that are multiplied together, at most `size` of them. Rows leave as their drawings end, and others
// from the queue take their places.
class Group {
 public:
  Group(const SketchRnnGenerator& generator, Queue& queue, std::size_t size)
      : decoder_(generator.decoder()), queue_(queue), size_(size) {}

  void run() {
    refill();
    while (!rows_.empty()) {
      decoder_.step(ConstMatrix(x_.data(), decoder_rows_.count, kStroke5), decoder_rows_);
      y_.resize(rows_.size() * output_size());
      decoder_.output(decoder_rows_, Matrix(y_.data(), decoder_rows_.count, decoder_.output_size()),
                      scratch_);
      add_points();
      // A few at a time: each refill starts with products of its own.
      if (rows_.size() <= size_ - size_ / 8) refill();
    }
  }

 private:
  [[nodiscard]] std::size_t output_size() const { return static_cast<std::size_t>(decoder_.output_size()); }

  void refill() {
    std::vector<float> z;
    std::int64_t count = 0;
    for (; rows_.size() < size_; ++count) {
      const std::optional<Row> row = queue_.take();
      if (!row) break;
      rows_.push_back(*row);
      z.insert(z.end(), row->request->z.begin(), row->request->z.end());
      x_.insert(x_.end(), kStartRow.begin(), kStartRow.end());
    }
    if (count == 0) return;
    const auto z_size = static_cast<std::int64_t>(z.size()) / count;
    decoder_rows_.append(decoder_.start(ConstMatrix(z.data(), count, z_size), count));
  }

  // One more point for every row; rows whose drawing has ended leave the batch.
  void add_points() {
    kept_.clear();
    for (std::size_t b = 0; b < rows_.size(); ++b) {
      Row& row = rows_[b];
      if (!row.add_point(std::span(y_).subspan(b * output_size(), output_size())) || row.is_full()) continue;
      const auto next = stroke5_row(row.drawing->sketch.points.back());
      std::ranges::copy(next, x_.begin() + static_cast<std::ptrdiff_t>(kept_.size() * kStroke5));
      if (kept_.size() != b) rows_[kept_.size()] = row;
      kept_.push_back(static_cast<std::int64_t>(b));
    }
    rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(kept_.size()), rows_.end());
    x_.resize(kept_.size() * kStroke5);
    decoder_rows_.keep(kept_);
  }

  const SketchRnnDecoder& decoder_;
  Queue& queue_;
  const std::size_t size_;
  std::vector<Row> rows_;
  DecoderRows decoder_rows_;
  std::vector<float> x_;            // [rows, 5]
  std::vector<float> y_;            // [rows, 3 + 6M]
  std::vector<std::int64_t> kept_;  // scratch
  kernels::GemmScratch scratch_;
};

}  // namespace

std::vector<Drawing> SketchRnnGenerator::draw(std::span<const DrawRequest> requests) const {
  for (const DrawRequest& request : requests) check(request);
  std::vector<Drawing> drawings(requests.size());
  const std::size_t n = requests.size(), threads = static_cast<std::size_t>(kernels::usable_threads());
  const std::size_t groups = std::min(n, threads);
  Queue queue(*this, requests, drawings);
  kernels::parallel_for(static_cast<std::int64_t>(groups), [&](std::int64_t) {
    Group(*this, queue, std::min((n + groups - 1) / groups, kLargestGroup)).run();
  });
  for (Drawing& drawing : drawings) lift_pen(drawing.sketch);
  return drawings;
}

}  // namespace limn
