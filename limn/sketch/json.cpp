#include "limn/sketch/json.hpp"

#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/json_stream.hpp"

namespace limn::sketch {
namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 34;
// Depths of the lists, counted from 1.
enum Depth { kFile = 1, kSketch, kStroke, kPoint };

class SketchListReader : public JsonEvents {
 public:
  using JsonEvents::JsonEvents;
  [[nodiscard]] std::vector<Sketch> take() { return std::move(sketches_); }

 private:
  void begin_list() override {
    if (depth_ == kPoint) refuse("a list within a point");
    ++depth_;
    if (depth_ == kSketch) strokes_.clear();
    if (depth_ == kStroke) strokes_.emplace_back();
    if (depth_ == kPoint) coordinates_ = 0;
  }
  void number(double value) override {
    if (depth_ != kPoint) refuse("a number outside of a point");
    const auto coordinate = static_cast<float>(value);
    require(std::abs(value) <= 1e30, "{}: sketch {}: a coordinate of {} is beyond all pages", what(), sketches_.size(),
            value);
    if (coordinates_ == 0) position_.x = coordinate;
    if (coordinates_ == 1) position_.y = coordinate;
    ++coordinates_;
  }
  void end_list() override {
    if (depth_ == kPoint) {
      require(coordinates_ >= 2, "{}: sketch {}: a point has {} numbers; expected [x, y]", what(), sketches_.size(),
              coordinates_);
      strokes_.back().push_back(position_);
    }
    if (depth_ == kSketch) sketches_.push_back(from_strokes(strokes_));
    --depth_;
  }

  int depth_ = 0;
  int coordinates_ = 0;
  Position position_;
  std::vector<Stroke> strokes_;
  std::vector<Sketch> sketches_;
};

}  // namespace

std::vector<Sketch> parse_sketches_json(std::string_view json, const std::string& origin) {
  SketchListReader reader(origin);
  read_json(json, reader);
  return reader.take();
}

std::vector<Sketch> read_sketches_json(const std::filesystem::path& path) {
  return parse_sketches_json(read_text_file(path, kMaxFile), path.string());
}

std::string sketches_json_item(const Sketch& sketch, bool is_first) {
  std::string json = is_first ? "\n[" : ",\n[";
  bool is_first_stroke = true;
  for (const Stroke& stroke : to_strokes(sketch)) {
    json += is_first_stroke ? "[" : ",[";
    is_first_stroke = false;
    for (std::size_t i = 0; i < stroke.size(); ++i)
      fmt::format_to(std::back_inserter(json), "{}[{},{}]", i == 0 ? "" : ",", stroke[i].x, stroke[i].y);
    json += ']';
  }
  return json + ']';
}

std::string sketches_to_json(std::span<const Sketch> sketches) {
  std::string json(kSketchesJsonBegin);
  for (std::size_t i = 0; i < sketches.size(); ++i) json += sketches_json_item(sketches[i], i == 0);
  return json.append(kSketchesJsonEnd);
}

}  // namespace limn::sketch
