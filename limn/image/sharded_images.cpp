#include "limn/image/sharded_images.hpp"

#include "limn/core/error.hpp"
#include "limn/core/json.hpp"
#include "limn/image/image_file.hpp"
#include "limn/image/image_set.hpp"

namespace limn::image {
namespace {

namespace fs = std::filesystem;

ImageShape parse_shape(const ShardReader& shards, const std::string& where) {
  const Json shape = parse_json(shards.facts()).value("shape", Json());
  const auto extent = [&](const char* name) {
    const Json value = shape.is_object() ? shape.value(name, Json()) : Json();
    const bool is_extent =
        value.is_number_unsigned() && value.get<std::uint64_t>() > 0 && value.get<std::uint64_t>() <= kMaxImagePixels;
    require(is_extent, "{}: the {} of its images are not in the index; {}", where, name, kShardsAdvice);
    return value.get<std::int64_t>();
  };
  const ImageShape found{.channels = extent("channels"), .height = extent("height"), .width = extent("width")};
  require((found.channels == 1 || found.channels == 3) &&
              static_cast<std::uint64_t>(found.height * found.width) <= kMaxImagePixels,
          "{}: images of {} are not read", where, text(found));
  for (const auto& list : shards.shards())
    for (const Shard& shard : list)
      require(shard.row_size == found.size(), "{}: an image of {} has {} bytes where its index says {}; {}", where,
              text(found), found.size(), shard.row_size, kShardsAdvice);
  return found;
}

class Writer {
 public:
  Writer(const fs::path& out, const std::function<bool()>& go_on, std::int64_t max_shard_bytes)
      : out_(out), go_on_(go_on), shards_(out, kImageShards, max_shard_bytes) {}

  void add(Split split, std::span<const std::uint8_t> image) {
    require(go_on_(), "{}: interrupted before all was converted", out_.string());
    shards_.add(split, std::as_bytes(image), std::ssize(image));
  }
  void commit(ShardedImageCounts& counts) {
    (void)shards_.finish();
    const ImageShape& shape = counts.shape;
    const Json facts{{"shape", {{"channels", shape.channels}, {"height", shape.height}, {"width", shape.width}}}};
    shards_.commit(json_text(facts));
    for (std::size_t i = 0; i < kSplitNames.size(); ++i) counts.images[i] = shards_.size(static_cast<Split>(i));
  }

 private:
  const fs::path& out_;
  const std::function<bool()>& go_on_;
  ShardWriter shards_;
};

}  // namespace

ShardedImages::ShardedImages(const fs::path& folder)
    : shards_(folder, kImageShards), shape_(parse_shape(shards_, folder.string())) {}

std::span<const std::uint8_t> ShardedImages::bytes(Split split, std::int64_t index,
                                                   std::vector<std::byte>& buffer) const {
  const std::span<const std::byte> bytes = shards_.record(split, index, buffer).bytes;
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

ShardedImageCounts write_sharded_images(std::span<const std::string> paths, const ImageDataOptions& options,
                                        const fs::path& out, const std::function<bool()>& go_on,
                                        std::int64_t max_shard_bytes) {
  Writer writer(out, go_on, max_shard_bytes);
  ShardedImageCounts counts;
  if (paths.size() == 1 && options.compose == "none" && is_picture_folder(paths.front())) {
    const PictureFolder pictures = survey_pictures(paths.front(), options);
    counts.shape = pictures.shape;
    counts.skipped = pictures.skipped;
    counts.notes = pictures.notes;
    read_pictures(pictures, options, [&](Split split, auto image) { writer.add(split, image); });
  } else {
    const ImageDataset data = ImageDataset::load(paths, options);
    counts.shape = data.shape();
    counts.skipped = {data.skipped().begin(), data.skipped().end()};
    counts.notes = {data.notes().begin(), data.notes().end()};
    std::vector<std::byte> buffer;
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
      for (std::int64_t i = 0; i < data.size(split); ++i) writer.add(split, data.bytes(split, i, buffer));
  }
  writer.commit(counts);
  return counts;
}

}  // namespace limn::image
