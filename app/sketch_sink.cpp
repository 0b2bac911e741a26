#include "app/sketch_sink.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <vector>

#include "app/interrupts.hpp"
#include "limn/core/atomic_folder.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/random.hpp"
#include "limn/core/shards.hpp"
#include "limn/render/svg_writer.hpp"
#include "limn/sketch/npz.hpp"
#include "limn/sketch/sharded_sketches.hpp"
#include "limn/sketch/sketch_file.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

// Quick, Draw! records, written as they come.
class RecordSink : public SketchSink {
 public:
  explicit RecordSink(const fs::path& path) : path_(path), file_(path), is_bin_(ending_of(path) == ".bin") {}

  void add(QuickDrawRecord&& record, Split) override {
    try {
      pending_ += is_bin_ ? quickdraw_bin_record(record) : ndjson_line(record);
    } catch (const Error& error) {
      fail("{}: sketch {}: {}; try --max-points", path_.string(), count_, error.what());
    }
    ++count_;
    if (pending_.size() >= kPiece) flush();
  }
  void finish() override {
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
  AtomicFile file_;
  bool is_bin_;
  std::string pending_;
  std::int64_t count_ = 0;
};

// .json: held until all are there.
class JsonSink : public SketchSink {
 public:
  explicit JsonSink(fs::path path) : path_(std::move(path)) {}

  void add(QuickDrawRecord&& record, Split split) override {
    splits_[split].push_back(std::move(record.sketch));
  }
  void finish() override { write_sketches(path_, splits_); }
  [[nodiscard]] std::array<std::int64_t, 3> counts() const override {
    return {std::ssize(splits_.sketches[0]), std::ssize(splits_.sketches[1]), std::ssize(splits_.sketches[2])};
  }

 private:
  fs::path path_;
  SketchSplits splits_;
};

// .npz: its arrays stand one after the other and say their length first, so the sketches wait as shards in a hidden
// folder beside it.
class NpzSink : public SketchSink {
 public:
  NpzSink(const fs::path& path, const SinkOptions& options)
      : path_(writable(path)),
        options_(options),
        waiting_(path.parent_path() / fmt::format(".{}.parts", path.filename().string())),
        shards_(waiting_.temporary_path() / kWaiting) {}

  void add(QuickDrawRecord&& record, Split split) override {
    shards_.add(options_.shares ? Split::kTrain : split, record.sketch);
  }
  void finish() override {
    shards_.commit();
    const ShardedSketches all(waiting_.temporary_path() / kWaiting);
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] = all.size(static_cast<Split>(i));
    SketchSource source{.counts = counts_, .sketch = [&](Split split, std::int64_t i) { return all.sketch(split, i); }};
    std::array<std::vector<std::int64_t>, 3> dealt;
    if (options_.shares) {
      dealt = deal(counts_[0], *options_.shares);
      for (std::size_t i = 0; i < counts_.size(); ++i) source.counts[i] = counts_[i] = std::ssize(dealt[i]);
      source.sketch = [&](Split split, std::int64_t i) {
        return all.sketch(Split::kTrain, dealt[static_cast<std::size_t>(split)][static_cast<std::size_t>(i)]);
      };
    }
    const auto look = std::move(source.sketch);
    source.sketch = [&](Split split, std::int64_t i) {
      require(!is_interrupted(), "{}: interrupted before all was converted", path_.string());
      return look(split, i);
    };
    stream_npz(path_, source);
  }
  [[nodiscard]] std::array<std::int64_t, 3> counts() const override { return counts_; }

 private:
  static constexpr const char* kWaiting = "waiting.limn";

  // The path itself; an Error that it cannot be written would else name what is beside it.
  static const fs::path& writable(const fs::path& path) {
    const AtomicFile made_and_removed(path);
    return path;
  }

  // Which sketch goes where is drawn from the seed; within a split they keep their order.
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
  SinkOptions options_;
  AtomicFolder waiting_;  // never committed: it goes with the sink
  ShardedSketchWriter shards_;
  std::array<std::int64_t, 3> counts_{};
};

// A folder of shards, written as the sketches come.
class ShardSink : public SketchSink {
 public:
  ShardSink(const fs::path& path, const SinkOptions& options) : writer_(path), options_(options) {}

  void add(QuickDrawRecord&& record, Split split) override {
    writer_.add(options_.shares ? drawn_split(*options_.shares) : split, record.sketch);
  }
  void finish() override { writer_.commit(); }
  [[nodiscard]] std::array<std::int64_t, 3> counts() const override {
    return {writer_.size(Split::kTrain), writer_.size(Split::kValid), writer_.size(Split::kTest)};
  }

 private:
  // How many are to come is not known, so each sketch draws for itself and the shares are met to within chance.
  Split drawn_split(const SplitShares& shares) {
    RandomStream random(options_.seed, Purpose::kSplit, number_++);
    const double draw = 100 * static_cast<double>(random.next_u32()) * 0x1p-32;
    return draw < shares[1] ? Split::kValid : draw < shares[1] + shares[2] ? Split::kTest : Split::kTrain;
  }

  ShardedSketchWriter writer_;
  SinkOptions options_;
  std::uint64_t number_ = 0;
};

class SvgFileSink : public SketchSink {
 public:
  explicit SvgFileSink(fs::path path) : path_(std::move(path)) {}

  void add(QuickDrawRecord&& record, Split) override {
    require(svg_.empty(), "{}: holds one sketch and there are more; name one as FILE#17, or a folder: -o {}/",
            path_.string(), fs::path(path_).replace_extension().string());
    svg_ = svg_text(record.sketch);
  }
  void finish() override { write_file(path_, svg_); }
  [[nodiscard]] std::array<std::int64_t, 3> counts() const override { return {1, 0, 0}; }

 private:
  fs::path path_;
  std::string svg_;
};

class SvgFolderSink : public SketchSink {
 public:
  explicit SvgFolderSink(const fs::path& path) : path_(path) {
    make_directories(path_);
    for (const auto& entry : fs::directory_iterator(path_))
      require(ending_of(entry.path()) != ".svg",
              "{}: holds .svg files already; choose an empty or a new folder", path_.string());
  }

  void add(QuickDrawRecord&& record, Split) override {
    // Numbers of one width, so that the order of the names is the order of the sketches.
    write_file(path_ / fmt::format("{:06}.svg", count_), svg_text(record.sketch));
    ++count_;
  }
  void finish() override {}
  [[nodiscard]] std::array<std::int64_t, 3> counts() const override { return {count_, 0, 0}; }

 private:
  fs::path path_;
  std::int64_t count_ = 0;
};

}  // namespace

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
  require(is_good, "--split {}: expected hundredths of train/valid/test that add up to 100, as in 90/5/5",
          printable(text));
  return shares;
}

std::unique_ptr<SketchSink> make_sink(const fs::path& out, const SinkOptions& options) {
  const std::string ending = ending_of(out);
  const bool is_shards = has_sharded_name(out);
  require(!options.shares || ending == ".npz" || is_shards,
          "{}: only .npz and .limn keep splits; leave --split out or write one of these", out.string());
  if (is_shards) return std::make_unique<ShardSink>(out, options);
  std::error_code ignored;
  if (!out.has_filename() || fs::is_directory(out, ignored)) return std::make_unique<SvgFolderSink>(out);
  if (ending == ".ndjson" || ending == ".bin") return std::make_unique<RecordSink>(out);
  if (ending == ".npz") return std::make_unique<NpzSink>(out, options);
  if (ending == ".json") return std::make_unique<JsonSink>(out);
  if (ending == ".svg") return std::make_unique<SvgFileSink>(out);
  fail(
      "{}: cannot convert to this ending; use .npz, .ndjson, .bin, .json, .svg, .limn, or a folder of SVGs, as in "
      "out/",
      out.string());
}

}  // namespace limn::app
