#include "limn/sketch/sketch_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "limn/core/atomic_folder.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/random.hpp"
#include "limn/core/shards.hpp"
#include "limn/sketch/json.hpp"
#include "limn/sketch/npz.hpp"
#include "limn/sketch/sharded_sketches.hpp"

namespace limn::sketch {
namespace {

namespace fs = std::filesystem;

// A file that is one text after the other: records of Quick, Draw! or lists in JSON.
class TextWriter : public SketchWriter {
 public:
  // The text of a sketch. Its number counts from 0.
  using Encode = std::string (*)(const QuickDrawRecord&, std::int64_t number, QuickDrawScale scale);
  struct Format {
    std::string_view begin;
    Encode encode;
    std::string_view end;
  };

  TextWriter(const fs::path& path, const Format& format, QuickDrawScale scale)
      : path_(path), format_(format), scale_(scale), file_(path), pending_(format.begin) {}

  void add(QuickDrawRecord&& record, Split) override {
    try {
      pending_ += format_.encode(record, count_, scale_);
    } catch (const Error& error) {
      fail("{}: sketch {}: {}; try --max-points", path_.string(), count_, error.what());
    }
    ++count_;
    if (pending_.size() >= kPiece) flush();
  }
  void finish() override {
    pending_ += format_.end;
    flush();
    file_.commit();
  }
  [[nodiscard]] std::array<std::int64_t, 3> counts() const override { return {count_, 0, 0}; }

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 20;

  void flush() {
    file_.write(pending_);
    pending_.clear();
  }

  fs::path path_;
  Format format_;
  QuickDrawScale scale_;
  AtomicFile file_;
  std::string pending_;
  std::int64_t count_ = 0;
};

constexpr TextWriter::Format kNdjson{.begin = "",
                                     .encode = [](const QuickDrawRecord& record, std::int64_t,
                                                  QuickDrawScale scale) { return ndjson_line(record, scale); },
                                     .end = ""};
constexpr TextWriter::Format kBin{.begin = "",
                                  .encode = [](const QuickDrawRecord& record, std::int64_t,
                                               QuickDrawScale scale) { return quickdraw_bin_record(record, scale); },
                                  .end = ""};
constexpr TextWriter::Format kJson{
    .begin = kSketchesJsonBegin,
    .encode = [](const QuickDrawRecord& record, std::int64_t number,
                 QuickDrawScale) { return sketches_json_item(record.sketch, number == 0); },
    .end = kSketchesJsonEnd};

// The arrays of an .npz stand one after the other and say their length first. The sketches wait as shards in a hidden
// folder beside it.
class NpzWriter : public SketchWriter {
 public:
  NpzWriter(const fs::path& path, const SketchWriterOptions& options)
      : path_(path), options_(options), waiting_(path, kMaxShardBytes, AtomicFolder::Target::kScratch) {}

  void add(QuickDrawRecord&& record, Split split) override {
    waiting_.add(options_.shares ? Split::kTrain : split, record.sketch);
  }
  void finish() override {
    const ShardedSketches all = waiting_.read_back();
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] = all.size(static_cast<Split>(i));
    std::array<std::vector<std::int64_t>, 3> dealt;
    if (options_.shares) {
      dealt = deal(counts_[0], *options_.shares);
      for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] = std::ssize(dealt[i]);
    }
    const auto from = [&](Split split) { return OrderedSketches(all, options_.shares ? Split::kTrain : split); };
    std::array<OrderedSketches, 3> in_order{from(Split::kTrain), from(Split::kValid), from(Split::kTest)};
    const auto sketch = [&](Split split, std::int64_t i) {
      if (options_.poll) options_.poll();
      const auto s = static_cast<std::size_t>(split);
      return in_order[s].sketch(options_.shares ? dealt[s][static_cast<std::size_t>(i)] : i);
    };
    stream_npz(path_, {.counts = counts_, .sketch = sketch});
  }
  [[nodiscard]] std::array<std::int64_t, 3> counts() const override { return counts_; }

 private:
  // The numbers of the sketches of each split. The seed says which sketch goes where; within a split they keep their
  // order.
  [[nodiscard]] std::array<std::vector<std::int64_t>, 3> deal(std::int64_t count, const SplitShares& shares) const {
    std::vector<std::int64_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    RandomStream random(options_.seed, Purpose::kSplit);
    shuffle(std::span(order), random);
    const auto part = [&](double share) {
      return static_cast<std::ptrdiff_t>(std::llround(static_cast<double>(count) * share / 100));
    };
    const auto valid_begin = order.begin();
    const auto test_begin = valid_begin + part(shares[1]);
    const auto train_begin = test_begin + std::min(part(shares[2]), order.end() - test_begin);
    const auto sorted = [](auto begin, auto end) {
      std::sort(begin, end);
      return std::vector<std::int64_t>(begin, end);
    };
    return {sorted(train_begin, order.end()), sorted(valid_begin, test_begin), sorted(test_begin, train_begin)};
  }

  fs::path path_;
  SketchWriterOptions options_;
  ShardedSketchWriter waiting_;
  std::array<std::int64_t, 3> counts_{};
};

class ShardsWriter : public SketchWriter {
 public:
  ShardsWriter(const fs::path& path, const SketchWriterOptions& options) : writer_(path), options_(options) {}

  void add(QuickDrawRecord&& record, Split split) override {
    writer_.add(options_.shares ? drawn_split(*options_.shares) : split, record.sketch);
  }
  void finish() override { writer_.commit(); }
  [[nodiscard]] std::array<std::int64_t, 3> counts() const override {
    return {writer_.size(Split::kTrain), writer_.size(Split::kValid), writer_.size(Split::kTest)};
  }

 private:
  // The number of sketches is not known in advance. Each draws for itself, so the shares are met to within chance.
  Split drawn_split(const SplitShares& shares) {
    RandomStream random(options_.seed, Purpose::kSplit, number_++);
    const double draw = 100 * static_cast<double>(random.next_u32()) * 0x1p-32;
    return draw < shares[1] ? Split::kValid : draw < shares[1] + shares[2] ? Split::kTest : Split::kTrain;
  }

  ShardedSketchWriter writer_;
  SketchWriterOptions options_;
  std::uint64_t number_ = 0;
};

using MakeWriter = std::unique_ptr<SketchWriter> (*)(const fs::path&, const SketchWriterOptions&);

template <const TextWriter::Format& format>
std::unique_ptr<SketchWriter> make_text_writer(const fs::path& path, const SketchWriterOptions& options) {
  return std::make_unique<TextWriter>(path, format, options.scale);
}

// The writers of files by their endings.
constexpr std::array<std::pair<std::string_view, MakeWriter>, 4> kFileWriters{{
    {".npz",
     [](const fs::path& path, const SketchWriterOptions& options) -> std::unique_ptr<SketchWriter> {
       return std::make_unique<NpzWriter>(path, options);
     }},
    {".ndjson", make_text_writer<kNdjson>},
    {".bin", make_text_writer<kBin>},
    {".json", make_text_writer<kJson>},
}};

}  // namespace

std::vector<std::string_view> sketch_file_endings() {
  std::vector<std::string_view> endings;
  for (const auto& [ending, make] : kFileWriters) endings.push_back(ending);
  return endings;
}

SplitShares parse_split_shares(std::string_view text) {
  SplitShares shares{};
  const char* at = text.data();
  const char* end = at + text.size();
  bool is_good = true;
  for (std::size_t i = 0; i < shares.size() && is_good; ++i) {
    if (i > 0) is_good = at != end && *at++ == '/';
    const auto [stop, error] = std::from_chars(at, end, shares[i]);
    is_good = is_good && error == std::errc{} && shares[i] >= 0 && shares[i] <= 100;
    at = stop;
  }
  is_good = is_good && at == end && std::abs(shares[0] + shares[1] + shares[2] - 100) < 1e-9;
  require(is_good, "--split {}: expected percent of train/valid/test that add up to 100, as in 90/5/5",
          printable(text));
  return shares;
}

std::unique_ptr<SketchWriter> make_sketch_writer(const fs::path& path, const SketchWriterOptions& options) {
  const std::string ending = ending_of(path);
  const bool is_shards = has_sharded_name(path);
  require(!options.shares || ending == ".npz" || is_shards,
          "{}: only .npz and .limn keep splits; leave --split out or write one of these", path.string());
  if (is_shards) return std::make_unique<ShardsWriter>(path, options);
  const auto found = std::ranges::find(kFileWriters, ending, &std::pair<std::string_view, MakeWriter>::first);
  return found == kFileWriters.end() ? nullptr : found->second(path, options);
}

}  // namespace limn::sketch
