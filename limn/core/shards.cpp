#include "limn/core/shards.hpp"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <charconv>
#include <cstring>
#include <limits>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/json.hpp"

namespace limn {
namespace {

namespace fs = std::filesystem;
static_assert(std::endian::native == std::endian::little,
              "shards are little-endian, and so are the numbers read from them");

constexpr const char* kIndexName = "index.json";
constexpr const char* kFormatName = "limn-shards";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kMaxIndex = std::uint64_t{16} << 20;  // of shards for 40 TB
constexpr int kMaxDepth = 8;
constexpr std::uint64_t kHeaderSize = 16;                                     // magic, version, row size
constexpr std::int64_t kMaxRows = std::numeric_limits<std::uint32_t>::max();  // what the table can number
constexpr std::int64_t kMaxRowSize = std::int64_t{1} << 28;
constexpr std::size_t kPiece = std::size_t{1} << 20;  // bytes read or written at once

std::uint64_t padded(std::uint64_t size) { return (size + 7) / 8 * 8; }

// A folder's name without the slash that a shell adds.
fs::path without_slash(const fs::path& path) { return path.has_filename() ? path : path.parent_path(); }

// Names are made from numbers, never read from a file.
std::string shard_name(std::size_t split, std::size_t number) {
  return fmt::format("{}-{:06}.shard", kSplitNames[split], number);
}

template <class T>
std::span<const std::byte> bytes_of(const T& values) {
  return std::as_bytes(std::span(values));
}

Json read_index(const fs::path& folder) {
  const fs::path path = folder / kIndexName;
  const Json index = parse_json(read_text_file(path, kMaxIndex), kMaxDepth);
  const bool is_ours = index.is_object() && index.value("format", Json()) == Json(kFormatName);
  require(is_ours, "{}: not the index of a sharded data set; {}", path.string(), kShardsAdvice);
  require(index.value("version", Json()) == Json(kVersion),
          "{}: has version {}; this limn reads version {}: convert the data again, or use a newer limn", path.string(),
          printable(json_text(index.value("version", Json()))), kVersion);
  return index;
}

std::string kind_of(const Json& index) {
  const Json kind = index.value("kind", Json());
  return kind.is_string() ? printable(kind.get<std::string>()) : "unknown data";
}

// A whole number from 0 to `most`.
std::int64_t natural(const Json& object, const char* name, std::int64_t most, const std::string& where) {
  const Json value = object.is_object() ? object.value(name, Json()) : Json();
  require(value.is_number_unsigned() && value.get<std::uint64_t>() <= static_cast<std::uint64_t>(most),
          "{}: {} is not a whole number up to {}; {}", where, name, most, kShardsAdvice);
  return value.get<std::int64_t>();
}

std::uint32_t parse_checksum(const Json& entry, const std::string& where) {
  const Json value = entry.value("crc32", Json());
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  std::uint32_t checksum = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), checksum, 16);
  require(text.size() == 8 && error == std::errc{} && end == text.data() + text.size(),
          "{}: crc32 is not eight hexadecimal digits; {}", where, kShardsAdvice);
  return checksum;
}

Shard parse_shard(const Json& entry, const ShardFormat& format, const std::string& where) {
  Shard shard{.records = natural(entry, "records", kMaxRows, where),
              .rows = natural(entry, "rows", kMaxRows, where),
              .row_size = natural(entry, "row_size", kMaxRowSize, where),
              .checksum = parse_checksum(entry, where)};
  require(shard.records > 0 && shard.row_size > 0 && (format.has_table || shard.rows == shard.records),
          "{}: {} records of {} rows of {} bytes do not fit together; {}", where, shard.records, shard.rows,
          shard.row_size, kShardsAdvice);
  return shard;
}

ShardLists parse_lists(const Json& index, const ShardFormat& format, const std::string& where) {
  const Json splits = index.value("splits", Json());
  ShardLists lists;
  for (std::size_t split = 0; split < kSplitNames.size(); ++split) {
    const Json entries = splits.is_object() ? splits.value(kSplitNames[split], Json()) : Json();
    require(entries.is_array(), "{}: lists no shards of {}; {}", where, kSplitNames[split], kShardsAdvice);
    for (const Json& entry : entries)
      lists[split].push_back(
          parse_shard(entry, format, fmt::format("{}: {}", where, shard_name(split, lists[split].size()))));
  }
  return lists;
}

void check_header(const RandomAccessFile& file, const Shard& shard, const ShardFormat& format) {
  struct Header {
    std::array<char, 8> magic;
    std::uint32_t version;
    std::uint32_t row_size;
  } header{};
  static_assert(sizeof header == kHeaderSize);
  const std::uint64_t size = shard.file_size(format);
  require(file.size() == size, "{}: has {} bytes where the index announces {}; {}", file.shown().string(), file.size(),
          size, kShardsAdvice);
  file.read(0, std::as_writable_bytes(std::span(&header, 1)));
  require(std::ranges::equal(header.magic, format.magic) && header.version == kVersion &&
              header.row_size == static_cast<std::uint32_t>(shard.row_size),
          "{}: does not begin as a shard of {} with rows of {} bytes; {}", file.shown().string(), format.kind,
          shard.row_size, kShardsAdvice);
}

std::uint32_t crc(std::uint32_t before, std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace

bool has_sharded_name(const fs::path& path) { return without_slash(path).extension() == ".limn"; }

bool is_sharded(const fs::path& path) {
  std::error_code ignored;
  return has_sharded_name(path) && fs::is_directory(path, ignored);
}

std::string sharded_kind(const fs::path& folder) { return kind_of(read_index(without_slash(folder))); }

std::uint64_t Shard::file_size(const ShardFormat& format) const {
  const std::uint64_t table = format.has_table ? sizeof(std::uint32_t) * (static_cast<std::uint64_t>(records) + 1) : 0;
  return table_begin() + table;
}

std::uint64_t Shard::table_begin() const {
  return kHeaderSize + padded(static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(row_size));
}

ShardReader::ShardReader(const fs::path& folder, const ShardFormat& format)
    : folder_(without_slash(folder)), format_(format) {
  const Json index = read_index(folder_);
  const std::string where = (folder_ / kIndexName).string();
  require(kind_of(index) == format.kind, "{}: holds {} where {} are wanted; choose another data set", folder_.string(),
          kind_of(index), format.kind);
  lists_ = parse_lists(index, format, where);
  const Json facts = index.value("facts", Json());
  require(facts.is_object(), "{}: has no facts; {}", where, kShardsAdvice);
  facts_ = json_text(facts);
  open_all(folder_);
}

ShardReader::ShardReader(const fs::path& folder, fs::path shown, const ShardFormat& format, ShardLists lists)
    : folder_(std::move(shown)), format_(format), facts_("{}"), lists_(std::move(lists)) {
  open_all(folder);
}

void ShardReader::open_all(const fs::path& folder) {
  for (std::size_t split = 0; split < parts_.size(); ++split) {
    Part& part = parts_[split];
    for (const Shard& shard : lists_[split]) {
      const std::string name = shard_name(split, part.shards.size());
      part.shards.push_back({RandomAccessFile(folder / name, folder_ / name), std::make_unique<Table>()});
      check_header(part.shards.back().file, shard, format_);
      part.records.add(shard.records);
    }
  }
}

std::span<const std::uint32_t> ShardReader::table(const OpenShard& shard, const Shard& info) const {
  Table& table = *shard.table;
  std::call_once(table.is_read, [&] {
    // open_all() has checked that the table lies in the file.
    std::vector<std::uint32_t> begins(static_cast<std::size_t>(info.records) + 1);
    shard.file.read(info.table_begin(), std::as_writable_bytes(std::span(begins)));
    table.begins = std::move(begins);
  });
  return table.begins;
}

ShardReader::Location ShardReader::locate(Split split, std::int64_t index) const {
  const auto [number, record] = part(split).records.place(index);
  Location at{.shard = number, .begin = record, .end = record + 1};
  if (!format_.has_table) return at;
  const Shard& info = lists_[static_cast<std::size_t>(split)][number];
  const std::span<const std::uint32_t> begins = table(part(split).shards[number], info);
  at.begin = begins[static_cast<std::size_t>(record)];
  at.end = begins[static_cast<std::size_t>(record) + 1];
  if (at.begin > at.end || at.end > info.rows)  // and not require(), which would make the name each time
    fail("{}: its table lets record {} go from row {} to row {} of {}; {}", place(split, index), record, at.begin,
         at.end, info.rows, kShardsAdvice);
  return at;
}

std::int64_t ShardReader::rows(Split split, std::int64_t index) const {
  const Location at = locate(split, index);
  return at.end - at.begin;
}

ShardReader::Record ShardReader::record(Split split, std::int64_t index, std::vector<std::byte>& buffer) const {
  const Location at = locate(split, index);
  const std::int64_t row_size = lists_[static_cast<std::size_t>(split)][at.shard].row_size;
  buffer.resize(static_cast<std::size_t>((at.end - at.begin) * row_size));
  part(split).shards[at.shard].file.read(kHeaderSize + static_cast<std::uint64_t>(at.begin * row_size), buffer);
  return {.bytes = buffer, .row_size = row_size};
}

ShardReader::Record ShardCursor::record(std::int64_t index) {
  const ShardReader::Location at = shards_.locate(split_, index);
  const Shard& info = shards_.lists_[static_cast<std::size_t>(split_)][at.shard];
  const auto begin = static_cast<std::uint64_t>(at.begin * info.row_size);
  const auto size = static_cast<std::uint64_t>((at.end - at.begin) * info.row_size);
  if (at.shard != shard_ || begin < begin_ || begin + size > begin_ + piece_.size()) {
    constexpr std::uint64_t kAtOnce = std::uint64_t{1} << 16;
    const auto left = static_cast<std::uint64_t>(info.rows * info.row_size) - begin;
    piece_.resize(std::min(std::max(size, kAtOnce), left));
    shards_.part(split_).shards[at.shard].file.read(kHeaderSize + begin, piece_);
    shard_ = at.shard;
    begin_ = begin;
  }
  return {.bytes = std::span(piece_).subspan(begin - begin_, size), .row_size = info.row_size};
}

std::string ShardReader::place(Split split, std::int64_t index) const {
  const Part& in = part(split);
  return in.shards[in.records.place(index).part].file.shown().string();
}

void ShardReader::verify() const {
  std::vector<std::byte> piece;
  for (std::size_t split = 0; split < parts_.size(); ++split)
    for (std::size_t i = 0; i < lists_[split].size(); ++i) {
      const RandomAccessFile& file = parts_[split].shards[i].file;
      std::uint32_t checksum = 0;
      for (std::uint64_t at = 0; at < file.size(); at += piece.size()) {
        piece.resize(std::min<std::uint64_t>(kPiece, file.size() - at));
        file.read(at, piece);
        checksum = crc(checksum, piece);
      }
      require(checksum == lists_[split][i].checksum, "{}: its checksum is not the one in the index; {}",
              file.shown().string(), kShardsAdvice);
    }
}

void ShardReader::expect_random_access() const {
  for (const Part& part : parts_)
    for (const OpenShard& shard : part.shards) shard.file.expect_random_access();
}

ShardWriter::ShardWriter(fs::path path, const ShardFormat& format, std::int64_t max_shard_bytes,
                         AtomicFolder::Target target)
    : format_(format), max_shard_bytes_(max_shard_bytes), folder_(std::move(path), target) {}

void ShardWriter::begin_shard(Split split, std::int64_t row_size) {
  const auto i = static_cast<std::size_t>(split);
  OpenShard& shard = open_[i].emplace(OpenShard{.file = folder_.create(shard_name(i, lists_[i].size())),
                                                .info = {.row_size = row_size},
                                                .table = {},
                                                .pending = {}});
  const std::array<std::uint32_t, 2> header{kVersion, static_cast<std::uint32_t>(row_size)};
  append(shard, as_bytes(format_.magic));
  append(shard, bytes_of(header));
  if (format_.has_table) shard.table.push_back(0);
}

void ShardWriter::append(OpenShard& shard, std::span<const std::byte> bytes) {
  shard.pending.insert(shard.pending.end(), bytes.begin(), bytes.end());
  if (shard.pending.size() >= kPiece) flush(shard);
}

void ShardWriter::flush(OpenShard& shard) {
  shard.info.checksum = crc(shard.info.checksum, shard.pending);
  shard.file.write(shard.pending);
  shard.pending.clear();
}

void ShardWriter::add(Split split, std::span<const std::byte> rows, std::int64_t row_size) {
  assert(row_size > 0 && row_size <= kMaxRowSize && std::ssize(rows) % row_size == 0);
  const std::int64_t count = std::ssize(rows) / row_size;
  if (count > kMaxRows) fail("{}: a record of {} rows is too long for a shard", folder_.path().string(), count);
  std::optional<OpenShard>& open = open_[static_cast<std::size_t>(split)];
  if (open) {
    Shard grown = open->info;
    ++grown.records;
    grown.rows += count;
    const bool fits = grown.row_size == row_size && grown.rows <= kMaxRows && grown.records <= kMaxShardRecords &&
                      grown.file_size(format_) <= static_cast<std::uint64_t>(max_shard_bytes_);
    if (!fits) end_shard(split);
  }
  if (!open) begin_shard(split, row_size);
  ++open->info.records;
  open->info.rows += count;
  if (format_.has_table) open->table.push_back(static_cast<std::uint32_t>(open->info.rows));
  append(*open, rows);
  ++sizes_[static_cast<std::size_t>(split)];
}

void ShardWriter::end_shard(Split split) {
  const auto i = static_cast<std::size_t>(split);
  OpenShard& shard = *open_[i];
  const auto size = static_cast<std::uint64_t>(shard.info.rows * shard.info.row_size);
  append(shard, std::vector<std::byte>(padded(size) - size));
  append(shard, bytes_of(shard.table));
  flush(shard);
  shard.file.close();
  lists_[i].push_back(shard.info);
  open_[i].reset();
}

ShardReader ShardWriter::finish() {
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
    if (open_[static_cast<std::size_t>(split)]) end_shard(split);
  return {folder_.temporary_path(), folder_.path(), format_, lists_};
}

void ShardWriter::commit(std::string_view facts) {
  OrderedJson index{{"format", kFormatName}, {"version", kVersion}};
  index["kind"] = format_.kind;
  index["facts"] = parse_ordered_json(facts);
  for (std::size_t split = 0; split < kSplitNames.size(); ++split) {
    OrderedJson entries = OrderedJson::array();
    for (const Shard& shard : lists_[split])
      entries.push_back({{"records", shard.records},
                         {"rows", shard.rows},
                         {"row_size", shard.row_size},
                         {"crc32", fmt::format("{:08x}", shard.checksum)}});
    index["splits"][kSplitNames[split]] = std::move(entries);
  }
  folder_.write(kIndexName, as_bytes(json_text(index, 1) + "\n"));
  folder_.commit();
}

}  // namespace limn
