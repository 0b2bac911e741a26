#include "limn/image/sharded_images.hpp"

#include <gmock/gmock.h>

#include "image/picture_files.hpp"
#include "testing/hostile.hpp"

namespace limn::image {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::png_file;
using testing::ramp_image;

constexpr std::array kSplits{Split::kTrain, Split::kValid, Split::kTest};

ImageDataset load(const std::vector<fs::path>& paths, const ImageDataOptions& options = {}) {
  std::vector<std::string> names;
  for (const fs::path& path : paths) names.push_back(path.string());
  return ImageDataset::load(names, options);
}

ShardedImageCounts write_shards(const std::string& from, const fs::path& to, const ImageDataOptions& options = {},
                                std::int64_t max_bytes = kMaxShardBytes) {
  return write_sharded_images(
      {&from, 1}, options, to, [] { return true; }, max_bytes);
}

// `count` pictures of which each third is grey, and one file that is none.
fs::path write_pictures(const TemporaryFolder& folder, int count) {
  fs::create_directory(folder / "pictures");
  for (int i = 0; i < count; ++i)
    write_file(folder / fmt::format("pictures/p{:02}.png", i),
               png_file(ramp_image(5, 4, i % 3 == 0 ? 1 : 3, static_cast<unsigned>(i))));
  write_file(folder / "pictures/p07x.png", as_bytes("no picture"));
  return folder / "pictures";
}

void expect_same_images(const ImageDataset& a, const ImageDataset& b) {
  EXPECT_EQ(a.shape(), b.shape());
  for (const Split split : kSplits) {
    ASSERT_EQ(a.size(split), b.size(split));
    std::vector<std::byte> of_a, of_b;
    for (std::int64_t i = 0; i < a.size(split); ++i)
      EXPECT_TRUE(std::ranges::equal(a.bytes(split, i, of_a), b.bytes(split, i, of_b))) << i;
  }
}

void read_all(const fs::path& folder) {
  const ImageDataset data = load({folder}, {});
  for (const Split split : kSplits) (void)data.batch(split, 0, data.size(split));
}

TEST(ShardedImages, HoldWhatTheFolderOfPicturesHolds) {
  const TemporaryFolder folder;
  const fs::path pictures = write_pictures(folder, 23);
  for (const ImageDataOptions& options : {ImageDataOptions{.damaged = "skip"},
                                          {.image_size = 3, .damaged = "skip"},
                                          {.color = "grey", .valid_share = 0.5, .split_seed = 9, .damaged = "skip"},
                                          {.damaged = "skip", .compose = "two-digits", .compose_size = 11}}) {
    fs::remove_all(folder / "x.limn");
    const ShardedImageCounts counts = write_shards(pictures.string(), folder / "x.limn", options, 200);
    const ImageDataset expected = load({pictures}, options);
    EXPECT_EQ(counts.images[0], expected.size(Split::kTrain));
    EXPECT_EQ(counts.skipped.size(), 1U);
    expect_same_images(load({folder / "x.limn"}), expected);
  }
  EXPECT_THAT(error_of([&] { return write_shards(pictures.string(), folder / "y.limn"); }), HasSubstr("p07x.png"));
  EXPECT_FALSE(fs::exists(folder / "y.limn"));
}

TEST(ShardedImages, GiveTheBatchesOfTheOriginal) {
  const TemporaryFolder folder;
  const fs::path pictures = write_pictures(folder, 30);
  for (const char* binarize : {"none", "fixed", "dynamic"}) {
    const ImageDataOptions options{.binarize = binarize, .damaged = "skip"};
    fs::remove_all(folder / "x.limn");
    write_shards(pictures.string(), folder / "x.limn", options);
    const ImageDataset a = load({pictures}, options), b = load({folder / "x.limn"}, options);
    for (const std::int64_t step : {0, 3, 11}) {
      const ImageBatch x = a.training_batch(a.plan_for_step(4, step, 7), step);
      const ImageBatch y = b.training_batch(b.plan_for_step(4, step, 7), step);
      EXPECT_EQ(x.indices, y.indices);
      EXPECT_EQ(x.pixels, y.pixels);
    }
    EXPECT_EQ(a.batch(Split::kValid, 0, 4).pixels, b.batch(Split::kValid, 0, 4).pixels);
  }
  // Joined with others, in either order.
  expect_same_images(load({folder / "x.limn", pictures}, {.damaged = "skip"}),
                     load({pictures, folder / "x.limn"}, {.damaged = "skip"}));
  EXPECT_THAT(error_of([&] {
                return load({folder / "x.limn", fs::path("builtin:shapes")});
              }),
              HasSubstr("builtin:shapes: images of 1×28×28 where the data before it have 3×4×5"));
}

TEST(ShardedImages, RefuseOptionsThatWouldChangeThem) {
  const TemporaryFolder folder;
  const fs::path pictures = write_pictures(folder, 4);
  write_shards(pictures.string(), folder / "x.limn", {.image_size = 3, .damaged = "skip"});
  (void)load({folder / "x.limn"}, {.image_size = 3, .color = "rgb"});
  EXPECT_THAT(error_of([&] { return load({folder / "x.limn"}, {.image_size = 4}); }),
              HasSubstr("x.limn: holds images of 3×3×3 as they are to be used; convert the originals again with --set "
                        "image_size=4"));
  EXPECT_THAT(error_of([&] { return load({folder / "x.limn"}, {.color = "grey"}); }), HasSubstr("color=grey"));
  EXPECT_THAT(error_of([&] { return load({folder / "x.limn"}, {.compose = "two-digits"}); }),
              HasSubstr("compose=two-digits"));
}

TEST(ShardedImages, AShardThatIsCutWhileItIsOpenIsNamed) {
  const TemporaryFolder folder;
  const fs::path pictures = write_pictures(folder, 9);
  write_shards(pictures.string(), folder / "x.limn", {.damaged = "skip"});
  const ImageDataset data = load({folder / "x.limn"});
  (void)data.batch(Split::kTrain, 0, data.size(Split::kTrain));
  fs::resize_file(folder / "x.limn/train-000000.shard", 100);
  EXPECT_THAT(error_of([&] { return data.batch(Split::kTrain, 0, data.size(Split::kTrain)); }),
              HasSubstr("x.limn/train-000000.shard: was made shorter while it is in use; fetch or convert"));
}

TEST(ShardedImages, DamageIsNamed) {
  const TemporaryFolder folder;
  const fs::path pictures = write_pictures(folder, 4);
  write_shards(pictures.string(), folder / "x.limn", {.damaged = "skip"}, 150);
  ShardedImages(folder / "x.limn").verify();
  for (const char* name : {"train-000001.shard", "valid-000000.shard", "index.json"}) {
    const fs::path path = folder / "x.limn" / name;
    const Bytes whole = read_file(path);
    const auto read = [&](std::span<const std::byte> bytes) {
      write_file(path, bytes);
      read_all(folder / "x.limn");
      return 0;
    };
    EXPECT_EQ(accepted_truncations(read, whole), path.extension() == ".json" ? 1U : 0U) << name;
    expect_survives_changes(read, whole, 200, 5);
    write_file(path, whole);
  }
  const std::string index = read_text_file(folder / "x.limn/index.json");
  for (const auto& [from, to] : {std::pair("\"height\": 4", "\"height\": 5"),
                                 {"\"channels\": 3", "\"channels\": 2"},
                                 {"\"width\": 5", "\"width\": 5e300"},
                                 {"\"images\"", "\"strokes\""},
                                 {"\"rows\": ", "\"rows\": 1"},
                                 {"\"row_size\": 60", "\"row_size\": 30"}}) {
    std::string bad = index;
    ASSERT_NE(bad.find(from), bad.npos) << from;
    bad.replace(bad.find(from), std::string_view(from).size(), to);
    write_file(folder / "x.limn/index.json", bad);
    EXPECT_THAT(error_of([&] { return (read_all(folder / "x.limn"), 0); }), HasSubstr("x.limn")) << to;
  }
}

}  // namespace
}  // namespace limn::image
