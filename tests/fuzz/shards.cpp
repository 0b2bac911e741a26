// Folders of shards: the index as text, a zero byte and the first shard of the training split. Every sketch or image is
// looked at.
#include <algorithm>
#include <array>
#include <fstream>

#include "fuzz/target.hpp"
#include "limn/image/sharded_images.hpp"
#include "limn/sketch/sharded_sketches.hpp"
#include "testing/temporary_folder.hpp"

using namespace limn;

namespace {

constexpr std::array kSplits{Split::kTrain, Split::kValid, Split::kTest};

// As write_file(), which would wait for the disk.
void put(const std::filesystem::path& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file.write(content.data(), static_cast<std::streamsize>(content.size())).flush())
    fuzz::report("a file cannot be written");
}

void read_sketches(const std::filesystem::path& folder) {
  const sketch::ShardedSketches store(folder);
  for (const Split split : kSplits)
    for (std::int64_t i = 0; i < store.size(split); ++i)
      if (std::ssize(store.sketch(split, i).points) != store.length(split, i))
        fuzz::report("a sketch is longer or shorter than its length");
  store.verify();
}

void read_images(const std::filesystem::path& folder) {
  const image::ShardedImages store(folder);
  std::vector<std::byte> buffer;
  for (const Split split : kSplits)
    for (std::int64_t i = 0; i < store.size(split); ++i)
      if (std::ssize(store.bytes(split, i, buffer)) != store.shape().size())
        fuzz::report("an image is larger or smaller than its shape");
  store.verify();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const testing::TemporaryFolder parent;
  static const std::filesystem::path folder = parent / "x.limn";
  std::filesystem::create_directory(folder);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\0'), size);
  put(folder / "index.json", input.substr(0, end));
  put(folder / "train-000000.shard", input.substr(std::min(end + 1, size)));
  // The index becomes values of JSON. Of the shard its table and one record at a time are held.
  constexpr fuzz::MemoryBound kBound{.per_byte = 160, .floor = 64 << 10};
  return fuzz::survive(data, size, kBound, [](fuzz::Input) {
    if (sharded_kind(folder) == kStrokeShards.kind)
      read_sketches(folder);
    else
      read_images(folder);
  });
}
