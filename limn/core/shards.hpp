// Data sets beyond memory: a folder NAME.limn that holds an index and shards, files of bounded size of which only the
// records that are asked for are read (docs/sharded-data.md says what lies where). A record, one sketch or one image,
// is a number of rows of equally many bytes; what they mean is the business of the room above. Written in bounded
// memory. Folders may be hostile: every size is checked against the files before it is used, and no name inside is
// followed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limn/core/atomic_folder.hpp"
#include "limn/core/consecutive.hpp"
#include "limn/core/random_access_file.hpp"
#include "limn/core/split.hpp"

namespace limn {

// A shard ends before it would hold more.
inline constexpr std::int64_t kMaxShardBytes = std::int64_t{256} << 20;
inline constexpr std::int64_t kMaxShardRecords = std::int64_t{1} << 20;
// The advice on a damaged folder.
inline constexpr std::string_view kShardsAdvice = "fetch the folder or convert the data again";

// The differences between two kinds of data.
struct ShardFormat {
  std::string_view kind;   // in the index
  std::string_view magic;  // 8 bytes that begin each shard
  bool has_table;          // of where records begin; without one each is a single row
};
inline constexpr ShardFormat kStrokeShards{.kind = "strokes", .magic = "LIMNSTRK", .has_table = true};
inline constexpr ShardFormat kImageShards{.kind = "images", .magic = "LIMNIMGS", .has_table = false};

// Whether `path` is a folder whose name ends in .limn, with or without a slash behind it.
[[nodiscard]] bool is_sharded(const std::filesystem::path& path);
// The same by the name alone: whether data written there are to be sharded.
[[nodiscard]] bool has_sharded_name(const std::filesystem::path& path);
// "strokes" or "images". Throws Error naming the index if it is damaged.
[[nodiscard]] std::string sharded_kind(const std::filesystem::path& folder);

struct Shard {
  std::int64_t records = 0;
  std::int64_t rows = 0;
  std::int64_t row_size = 0;   // bytes
  std::uint32_t checksum = 0;  // CRC-32 of the file

  // Bytes of the whole file.
  [[nodiscard]] std::uint64_t file_size(const ShardFormat& format) const;
  // Where in the file the table begins, if the format has one.
  [[nodiscard]] std::uint64_t table_begin() const;
};
// Of each split, in order.
using ShardLists = std::array<std::vector<Shard>, kSplitNames.size()>;

// The shards of a folder. Any number of threads may read at once. Memory: of each shard that was looked into the table,
// 4 bytes for each record.
class ShardReader {
 public:
  struct Record {
    std::span<const std::byte> bytes;  // its rows
    std::int64_t row_size = 0;
  };

  // Throws Error naming the file that is missing, damaged, of another version or of another kind.
  ShardReader(const std::filesystem::path& folder, const ShardFormat& format);

  // The part of the index that belongs to the kind: a JSON object.
  [[nodiscard]] const std::string& facts() const { return facts_; }
  [[nodiscard]] const ShardLists& shards() const { return lists_; }
  [[nodiscard]] std::int64_t size(Split split) const { return part(split).records.total(); }
  // Rows of a record, by a look at the table. Throws Error if the table is damaged there.
  [[nodiscard]] std::int64_t rows(Split split, std::int64_t index) const;
  // Read into `buffer`. Throws Error if the shard was made shorter since it was opened.
  [[nodiscard]] Record record(Split split, std::int64_t index, std::vector<std::byte>& buffer) const;
  // The file that a record lies in, for error messages.
  [[nodiscard]] std::string place(Split split, std::int64_t index) const;
  // Reads everything. Throws Error naming the shard whose checksum is not the index's.
  void verify() const;
  // A hint, as RandomAccessFile's.
  void expect_random_access() const;

 private:
  friend class ShardWriter;
  friend class ShardCursor;
  // The row at which each record begins, and last how many there are. Read when it is first asked for.
  struct Table {
    std::once_flag is_read;
    std::vector<std::uint32_t> begins;
  };
  struct OpenShard {
    RandomAccessFile file;
    std::unique_ptr<Table> table;
  };
  struct Part {
    std::vector<OpenShard> shards;
    Consecutive records;
  };
  // Where a record is: which shard, its number there, its rows.
  struct Location {
    std::size_t shard = 0;
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };

  // Files in `folder`, called by the names of `shown`.
  ShardReader(const std::filesystem::path& folder, std::filesystem::path shown, const ShardFormat& format,
              ShardLists lists);
  void open_all(const std::filesystem::path& folder);
  [[nodiscard]] const Part& part(Split split) const { return parts_[static_cast<std::size_t>(split)]; }
  [[nodiscard]] Location locate(Split split, std::int64_t index) const;
  [[nodiscard]] std::span<const std::uint32_t> table(const OpenShard& shard, const Shard& info) const;

  std::filesystem::path folder_;
  ShardFormat format_;
  std::string facts_;
  ShardLists lists_;
  std::array<Part, kSplitNames.size()> parts_;
};

// The records of a split, read many at a time: for those who take them in order. The reader must outlive it. One
// thread.
class ShardCursor {
 public:
  ShardCursor(const ShardReader& shards, Split split) : shards_(shards), split_(split) {}

  // As ShardReader's. The bytes stay until the next call.
  [[nodiscard]] ShardReader::Record record(std::int64_t index);

 private:
  const ShardReader& shards_;
  Split split_;
  std::vector<std::byte> piece_;
  std::size_t shard_ = 0;    // that it is of
  std::uint64_t begin_ = 0;  // its place among the bytes of the rows there
};

// Writes such a folder. Nothing appears under its name before commit(). One thread.
class ShardWriter {
 public:
  // Throws Error if there is something of that name. kScratch: for a look at what was added; no commit() may follow.
  ShardWriter(std::filesystem::path path, const ShardFormat& format, std::int64_t max_shard_bytes = kMaxShardBytes,
              AtomicFolder::Target target = AtomicFolder::Target::kNew);

  // A record of whole rows. Begins another shard if this one is full or has rows of another size.
  void add(Split split, std::span<const std::byte> rows, std::int64_t row_size);
  [[nodiscard]] std::int64_t size(Split split) const { return sizes_[static_cast<std::size_t>(split)]; }
  // All that was added, for what needs a second look at it. No add() may follow.
  [[nodiscard]] ShardReader finish();
  // After finish(). `facts`, a JSON object, goes into the index.
  void commit(std::string_view facts);

 private:
  struct OpenShard {
    AtomicFolder::File file;
    Shard info;
    std::vector<std::uint32_t> table;
    std::vector<std::byte> pending;
  };
  void begin_shard(Split split, std::int64_t row_size);
  void append(OpenShard& shard, std::span<const std::byte> bytes);
  void flush(OpenShard& shard);
  void end_shard(Split split);

  ShardFormat format_;
  std::int64_t max_shard_bytes_;
  AtomicFolder folder_;
  std::array<std::optional<OpenShard>, kSplitNames.size()> open_;
  std::array<std::int64_t, kSplitNames.size()> sizes_{};
  ShardLists lists_;
};

}  // namespace limn
