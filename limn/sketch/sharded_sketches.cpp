#include "limn/sketch/sharded_sketches.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "limn/core/error.hpp"
#include "limn/core/json.hpp"

namespace limn::sketch {
namespace {

using ShortRow = std::array<std::int16_t, 3>;  // dx, dy, 1 where the pen lifts after the point
using FloatRow = std::array<float, 3>;

constexpr double kLargestOffset = std::numeric_limits<float>::max();

bool fits_int16(float value) {
  return value >= std::numeric_limits<std::int16_t>::min() && value <= std::numeric_limits<std::int16_t>::max() &&
         value == static_cast<float>(static_cast<std::int16_t>(value)) && !(value == 0 && std::signbit(value));
}

bool fits_int16(const Sketch& sketch) {
  return std::ranges::all_of(sketch.points, [](const StrokePoint& p) { return fits_int16(p.dx) && fits_int16(p.dy); });
}

template <class Row>
void encode(const Sketch& sketch, std::vector<std::byte>& rows) {
  using Number = typename Row::value_type;
  rows.resize(sketch.points.size() * sizeof(Row));
  for (std::size_t i = 0; i < sketch.points.size(); ++i) {
    const StrokePoint& p = sketch.points[i];
    const Row row{static_cast<Number>(p.dx), static_cast<Number>(p.dy), static_cast<Number>(p.is_pen_lifted)};
    std::memcpy(&rows[i * sizeof(Row)], row.data(), sizeof(Row));
  }
}

// False if a row's last number is neither 0 nor 1 or an offset is not finite.
template <class Row>
bool decode(std::span<const std::byte> rows, Sketch& sketch) {
  sketch.points.resize(rows.size() / sizeof(Row));
  bool is_good = true;
  for (std::size_t i = 0; i < sketch.points.size(); ++i) {
    Row row;
    std::memcpy(row.data(), &rows[i * sizeof(Row)], sizeof(Row));
    sketch.points[i] = {
        .dx = static_cast<float>(row[0]), .dy = static_cast<float>(row[1]), .is_pen_lifted = row[2] != 0};
    is_good = is_good && (row[2] == 0 || row[2] == 1) && std::isfinite(sketch.points[i].dx) &&
              std::isfinite(sketch.points[i].dy);
  }
  return is_good;
}

// `record` is the one of that place.
Sketch sketch_of(const ShardReader::Record& record, const ShardReader& shards, Split split, std::int64_t index) {
  Sketch sketch;
  const bool is_good = record.row_size == sizeof(ShortRow) ? decode<ShortRow>(record.bytes, sketch)
                                                           : decode<FloatRow>(record.bytes, sketch);
  if (!is_good)  // and not require(), which would make the name each time
    fail("{}: sketch {} of {} has a row that is not a point; {}", shards.place(split, index), index,
         kSplitNames[static_cast<std::size_t>(split)], kShardsAdvice);
  return sketch;
}

OrderedJson to_json(const SplitSummary& s) {
  return {{"sketches", s.sketches},
          {"points", s.points},
          {"strokes", s.strokes},
          {"length", {{"min", s.min_length}, {"median", s.median_length}, {"max", s.max_length}}},
          {"strokes_per_sketch", {{"min", s.min_strokes}, {"max", s.max_strokes}}},
          {"offset", {{"min", s.min_offset}, {"max", s.max_offset}}}};
}

std::int64_t whole(const Json& facts, const char* name) {
  const Json& value = facts.at(name);
  return value.is_number_integer() ? value.get<std::int64_t>() : -1;
}

float offset(const Json& facts, const char* name) {
  return static_cast<float>(std::clamp(facts.at(name).get<double>(), -kLargestOffset, kLargestOffset));
}

SplitSummary parse_summary(const Json& facts) {
  SplitSummary s{
      .sketches = whole(facts, "sketches"), .points = whole(facts, "points"), .strokes = whole(facts, "strokes")};
  s.min_length = whole(facts.at("length"), "min");
  s.median_length = facts.at("length").at("median").get<double>();
  s.max_length = whole(facts.at("length"), "max");
  s.min_strokes = whole(facts.at("strokes_per_sketch"), "min");
  s.max_strokes = whole(facts.at("strokes_per_sketch"), "max");
  s.min_offset = offset(facts.at("offset"), "min");
  s.max_offset = offset(facts.at("offset"), "max");
  const auto count = static_cast<double>(std::max<std::int64_t>(s.sketches, 1));
  s.mean_length = static_cast<double>(s.points) / count;
  s.mean_strokes = static_cast<double>(s.strokes) / count;
  return s;
}

// The index's facts about the sketches, as far as they agree with the shards. The rest is checked sketch by sketch.
DatasetSummary parse_facts(const ShardReader& shards, const std::string& where) {
  DatasetSummary summary;
  try {
    const Json facts = parse_json(shards.facts());
    summary.scale_factor = facts.at("scale_factor").get<double>();
    for (std::size_t i = 0; i < kSplitNames.size(); ++i)
      summary.splits[i] = parse_summary(facts.at("splits").at(kSplitNames[i]));
  } catch (const Json::exception&) {
    fail("{}: the facts of its index are incomplete; {}", where, kShardsAdvice);
  }
  require(std::isfinite(summary.scale_factor) && summary.scale_factor >= 0, "{}: its scale factor is {}; {}", where,
          summary.scale_factor, kShardsAdvice);
  for (std::size_t i = 0; i < kSplitNames.size(); ++i) {
    const SplitSummary& s = summary.splits[i];
    std::int64_t sketches = 0, points = 0;
    for (const Shard& shard : shards.shards()[i]) {
      require(shard.row_size == sizeof(ShortRow) || shard.row_size == sizeof(FloatRow),
              "{}: rows of {} bytes in {} are not points; {}", where, shard.row_size, kSplitNames[i], kShardsAdvice);
      sketches += shard.records;
      points += shard.rows;
    }
    require(s.sketches == sketches && s.points == points && s.min_length >= 0 && s.min_length <= s.max_length,
            "{}: what its index says of {} is not what its shards hold; {}", where, kSplitNames[i], kShardsAdvice);
  }
  return summary;
}

}  // namespace

ShardedSketches::ShardedSketches(const std::filesystem::path& folder)
    : shards_(folder, kStrokeShards), summary_(parse_facts(shards_, folder.string())) {}

std::int64_t ShardedSketches::length(Split split, std::int64_t index) const {
  const std::int64_t length = shards_.rows(split, index);
  const LengthRange range = lengths(split);
  if (length < range.shortest || length > range.longest)
    fail("{}: sketch {} of {} has {} points where its index announces {} to {}; {}", shards_.place(split, index), index,
         kSplitNames[static_cast<std::size_t>(split)], length, range.shortest, range.longest, kShardsAdvice);
  return length;
}

Sketch ShardedSketches::sketch(Split split, std::int64_t index) const {
  (void)length(split, index);
  std::vector<std::byte> rows;
  return sketch_of(shards_.record(split, index, rows), shards_, split, index);
}

Sketch OrderedSketches::sketch(std::int64_t index) {
  (void)sketches_.length(split_, index);
  return sketch_of(records_.record(index), sketches_.shards_, split_, index);
}

LengthRange ShardedSketches::lengths(Split split) const {
  const SplitSummary& s = summary_.splits[static_cast<std::size_t>(split)];
  return {.shortest = s.min_length, .longest = s.max_length};
}

ShardedSketchWriter::ShardedSketchWriter(std::filesystem::path folder, std::int64_t max_shard_bytes,
                                         AtomicFolder::Target target)
    : folder_(folder), shards_(std::move(folder), kStrokeShards, max_shard_bytes, target) {}

void ShardedSketchWriter::add(Split split, const Sketch& sketch) {
  const auto i = static_cast<std::size_t>(split);
  for (const StrokePoint& p : sketch.points)
    if (!std::isfinite(p.dx) || !std::isfinite(p.dy))
      fail("{}: sketch {} of {} has the offset ({}, {}), which is not a number to draw with", folder_.string(),
           size(split), kSplitNames[i], p.dx, p.dy);
  needs_floats_[i] = needs_floats_[i] || !fits_int16(sketch);
  if (needs_floats_[i])
    encode<FloatRow>(sketch, rows_);
  else
    encode<ShortRow>(sketch, rows_);
  shards_.add(split, rows_, needs_floats_[i] ? sizeof(FloatRow) : sizeof(ShortRow));
  summaries_[i].add(sketch);
}

void ShardedSketchWriter::commit() {
  const ShardReader written = shards_.finish();
  ShardCursor records(written, Split::kTrain);
  const double deviation = offset_deviation([&](const auto& visit) {
    for (std::int64_t i = 0; i < written.size(Split::kTrain); ++i)
      visit(sketch_of(records.record(i), written, Split::kTrain, i));
  });
  OrderedJson facts{{"scale_factor", deviation}};
  for (std::size_t i = 0; i < kSplitNames.size(); ++i)
    facts["splits"][kSplitNames[i]] = to_json(summaries_[i].summary());
  shards_.commit(json_text(facts));
}

ShardedSketches ShardedSketchWriter::read_back() {
  DatasetSummary summary;
  for (std::size_t i = 0; i < kSplitNames.size(); ++i) summary.splits[i] = summaries_[i].summary();
  return {shards_.finish(), std::move(summary)};
}

}  // namespace limn::sketch
