#include "limn/image/dataset.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "image/picture_files.hpp"
#include "limn/image/image_set.hpp"
#include "limn/image/image_summary.hpp"
#include "limn/image/resize.hpp"
#include "limn/image/shapes.hpp"
#include "testing/gzip.hpp"
#include "testing/hostile.hpp"

namespace limn::image {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::gzip_file;
using ::testing::HasSubstr;
using testing::idx_file;
using testing::jpeg_file;
using testing::png_file;
using testing::ramp;
using testing::ramp_image;
using ::testing::StartsWith;

constexpr std::array kSplits{Split::kTrain, Split::kValid, Split::kTest};

ImageDataset load(const std::vector<std::string>& paths, const ImageDataOptions& options = {}) {
  return ImageDataset::load(paths, options);
}
ImageDataset load(const fs::path& path, const ImageDataOptions& options = {}) {
  return load(std::vector{path.string()}, options);
}
std::string error_for(const fs::path& path, const ImageDataOptions& options = {}) {
  return error_of([&] { return load(path, options); });
}

std::vector<std::uint8_t> bytes(const ImageDataset& data, Split split, std::int64_t index) {
  std::vector<std::byte> buffer;
  const auto view = data.bytes(split, index, buffer);
  return {view.begin(), view.end()};
}

std::vector<std::string> labels(const ImageDataset& data, Split split) {
  std::vector<std::string> all;
  for (std::int64_t i = 0; i < data.size(split); ++i) all.push_back(data.label(split, i));
  return all;
}

// A set like MNIST of `train` and `test` images of 5×3 pixels; all pixels of an image are its number.
void write_mnist(const TemporaryFolder& folder, std::uint32_t train, std::uint32_t test) {
  const auto file = [](std::uint32_t count) {
    std::vector<std::uint8_t> content;
    for (std::uint32_t i = 0; i < count; ++i) content.insert(content.end(), 15, static_cast<std::uint8_t>(i));
    return idx_file({count, 5, 3}, content);
  };
  write_file(folder / "train-images-idx3-ubyte", file(train));
  write_file(folder / "t10k-images.idx3-ubyte.gz", gzip_file(file(test)));
}

// `count` RGB pictures "p00.png", "p01.png", …; all values of a picture are its number.
void write_pictures(const TemporaryFolder& folder, int count, int width = 4, int height = 3) {
  for (int i = 0; i < count; ++i)
    write_file(folder / fmt::format("p{:02}.png", i),
               png_file(make_raster(width, height, 3, static_cast<std::uint8_t>(i))));
}

TEST(ImageDataset, KeepsTheLastSixthOfASetLikeMnistForValidation) {
  const TemporaryFolder folder;
  write_mnist(folder, 24, 7);
  const ImageDataset data = load(folder.path());
  EXPECT_EQ(data.shape(), (ImageShape{1, 5, 3}));
  EXPECT_EQ(data.name(), folder.path().string());
  EXPECT_EQ(data.size(Split::kTrain), 20);
  EXPECT_EQ(data.size(Split::kValid), 4);
  EXPECT_EQ(data.size(Split::kTest), 7);
  EXPECT_EQ(bytes(data, Split::kTrain, 19), std::vector<std::uint8_t>(15, 19));
  EXPECT_EQ(bytes(data, Split::kValid, 0), std::vector<std::uint8_t>(15, 20));
  EXPECT_EQ(bytes(data, Split::kTest, 6), std::vector<std::uint8_t>(15, 6));
  EXPECT_EQ(data.label(Split::kValid, 3), "3");
  EXPECT_EQ(load(folder.path(), {.valid_share = 0}).size(Split::kTrain), 24);
  EXPECT_EQ(load(folder.path(), {.valid_share = 0.5}).size(Split::kValid), 12);
}

TEST(ImageDataset, ReadsMnistByItsOtherNames) {
  const TemporaryFolder folder;
  const Bytes file = idx_file({6, 2, 3}, ramp(36));
  for (const char* name : {"train-images-idx3-ubyte", "train-images.idx3-ubyte", "train-images-idx3-ubyte.gz",
                           "train-images.idx3-ubyte.gz"}) {
    write_file(folder / name, std::string_view(name).ends_with(".gz") ? gzip_file(file) : file);
    const ImageDataset data = load(folder.path());
    EXPECT_EQ(data.size(Split::kTrain), 5) << name;  // no test split, so a fifth is for validation
    EXPECT_EQ(data.size(Split::kTest), 0) << name;
    EXPECT_EQ(load(folder / name).size(Split::kTrain), 5) << name;
    fs::remove(folder / name);
  }
}

TEST(ImageDataset, SaysWhatAFolderLikeMnistLacks) {
  const TemporaryFolder folder;
  write_file(folder / "t10k-images-idx3-ubyte", idx_file({6, 2, 3}, ramp(36)));
  EXPECT_THAT(error_for(folder.path()), HasSubstr("holds t10k-images-idx3-ubyte but no train-images-idx3-ubyte"));
  write_file(folder / "train-images-idx3-ubyte", idx_file({6, 3, 2}, ramp(36)));
  EXPECT_THAT(error_for(folder.path()),
              HasSubstr("t10k-images-idx3-ubyte: images of 1×2×3, but the files before it have 1×3×2"));
  write_file(folder / "labels", idx_file({6}, ramp(6)));
  EXPECT_THAT(error_for(folder / "labels"), HasSubstr("labels: an IDX file of 1 dimensions, which are not images"));
}

// The training data would be others.
TEST(ImageDataset, PassesOverNoTestImagesThatCannotBeLookedAt) {
  const TemporaryFolder folder;
  write_file(folder / "train-images-idx3-ubyte", idx_file({6, 2, 3}, ramp(36)));
  fs::create_symlink("t10k-images-idx3-ubyte", folder / "t10k-images-idx3-ubyte");
  EXPECT_THAT(error_for(folder.path()), HasSubstr("t10k-images-idx3-ubyte: cannot open"));
}

TEST(ImageDataset, PassesOverNoPictureThatCannotBeLookedAt) {
  const TemporaryFolder folder;
  write_pictures(folder, 3);
  fs::create_symlink("z.png", folder / "z.png");
  EXPECT_THAT(error_for(folder.path()), HasSubstr("z.png: cannot open"));
}

TEST(ImageDataset, CropsAndScalesIdxImages) {
  const TemporaryFolder folder;
  write_file(folder / "images", idx_file({2, 6, 6}, ramp(72)));
  const ImageDataOptions options{.image_size = 2, .center_crop = 4, .color = "rgb", .valid_share = 0};
  const ImageDataset data = load(folder / "images", options);
  EXPECT_EQ(data.shape(), (ImageShape{3, 2, 2}));
  for (std::int64_t i = 0; i < 2; ++i) {
    const Raster image = ramp_image(6, 6, 1, static_cast<unsigned>(i * 36 * 7));
    const Raster small = resized(center_cropped(image, 4, 4), 2, 2);
    std::vector<std::uint8_t> planes;
    for (int c = 0; c < 3; ++c) planes.insert(planes.end(), small.pixels.begin(), small.pixels.end());
    EXPECT_EQ(bytes(data, Split::kTrain, i), planes);
  }
}

TEST(ImageDataset, ReadsAFolderInOrderOfNames) {
  const TemporaryFolder folder;
  write_pictures(folder, 11);
  write_file(folder / ".hidden.png", "no picture");
  write_file(folder / "notes.txt", "no picture");
  fs::create_directory(folder / "folder.png");
  const ImageDataset data = load(folder.path(), {.valid_share = 0});
  EXPECT_EQ(data.shape(), (ImageShape{3, 3, 4}));
  EXPECT_THAT(labels(data, Split::kTrain), ElementsAre("p00.png", "p01.png", "p02.png", "p03.png", "p04.png", "p05.png",
                                                       "p06.png", "p07.png", "p08.png", "p09.png", "p10.png"));
  EXPECT_EQ(bytes(data, Split::kTrain, 10), std::vector<std::uint8_t>(36, 10));
}

TEST(ImageDataset, StoresPlaneAfterPlane) {
  const TemporaryFolder folder;
  const Raster image{.width = 2, .height = 1, .channels = 3, .pixels = {1, 2, 3, 4, 5, 6}};
  write_file(folder / "a.png", png_file(image));
  const ImageDataset data = load(folder / "a.png");
  EXPECT_THAT(bytes(data, Split::kTrain, 0), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_EQ(to_raster(data.batch(Split::kTrain, 0, 1).pixels, data.shape()), image);
}

TEST(ImageDataset, DrawsTheSplitOfAFolder) {
  const TemporaryFolder folder;
  write_pictures(folder, 23);
  const ImageDataset data = load(folder.path());
  EXPECT_EQ(data.size(Split::kTrain), 18);
  EXPECT_EQ(data.size(Split::kValid), 5);  // 0.2 · 23 = 4.6
  EXPECT_EQ(data.size(Split::kTest), 0);
  std::set<std::string> all;
  for (const Split split : kSplits) {
    const auto names = labels(data, split);
    EXPECT_TRUE(std::ranges::is_sorted(names));
    all.insert(names.begin(), names.end());
    for (std::int64_t i = 0; i < data.size(split); ++i)  // the labels went where the pictures went
      EXPECT_EQ(fmt::format("p{:02}.png", bytes(data, split, i)[0]), data.label(split, i));
  }
  EXPECT_EQ(all.size(), 23U);
  EXPECT_EQ(labels(load(folder.path()), Split::kValid), labels(data, Split::kValid));
  EXPECT_NE(labels(load(folder.path(), {.split_seed = 2}), Split::kValid), labels(data, Split::kValid));
  EXPECT_EQ(load(folder.path(), {.valid_share = 0.99}).size(Split::kTrain), 1);
}

TEST(ImageDataset, IsGreyWhereAllFilesAre) {
  const TemporaryFolder folder;
  write_file(folder / "a.png", png_file(ramp_image(4, 3, 1)));
  write_file(folder / "b.png", png_file(ramp_image(4, 3, 1, 9)));
  EXPECT_EQ(load(folder.path()).shape().channels, 1);
  const ImageDataset rgb = load(folder.path(), {.color = "rgb", .valid_share = 0});
  EXPECT_EQ(rgb.shape().channels, 3);
  write_file(folder / "c.png", png_file(ramp_image(4, 3, 3)));
  write_file(folder / "d.png", png_file(ramp_image(4, 3, 1)));
  const ImageDataset mixed = load(folder.path(), {.valid_share = 0});
  EXPECT_EQ(mixed.shape().channels, 3);
  EXPECT_EQ(bytes(mixed, Split::kTrain, 1), bytes(rgb, Split::kTrain, 1));
  EXPECT_EQ(bytes(mixed, Split::kTrain, 3), bytes(rgb, Split::kTrain, 0));
  const ImageDataset grey = load(folder.path(), {.color = "grey", .valid_share = 0});
  EXPECT_EQ(bytes(grey, Split::kTrain, 2), in_channels(ramp_image(4, 3, 3), 1).pixels);
}

TEST(ImageDataset, RefusesSizesThatDisagreeAndSaysWhatHelps) {
  const TemporaryFolder folder;
  write_pictures(folder, 3, 8, 6);
  write_file(folder / "z.png", png_file(make_raster(5, 7, 3, 200)));
  EXPECT_THAT(error_for(folder.path()),
              AllOf(HasSubstr("z.png: 5×7 pixels where the images before it have 8×6"), HasSubstr("image_size=5")));
  EXPECT_EQ(load(folder.path(), {.image_size = 4}).shape(), (ImageShape{3, 4, 4}));
  EXPECT_EQ(load(folder.path(), {.center_crop = 5}).shape(), (ImageShape{3, 5, 5}));
  EXPECT_THAT(error_for(folder.path(), {.center_crop = 6}), HasSubstr("z.png: 5×7 pixels are too few to cut 6×6"));
}

TEST(ImageDataset, NamesOrSkipsDamagedFiles) {
  const TemporaryFolder folder;
  write_pictures(folder, 6);
  Bytes cut = png_file(make_raster(4, 3, 3, 9));
  cut.resize(cut.size() - 20);
  write_file(folder / "cut.png", cut);
  write_file(folder / "empty.jpg", "");
  write_file(folder / "text.jpeg", "text");
  EXPECT_THAT(error_for(folder.path()), AllOf(StartsWith((folder / "cut.png").string() + ": damaged PNG file"),
                                              HasSubstr("or leave it out with damaged=skip")));
  const ImageDataset data = load(folder.path(), {.damaged = "skip"});
  EXPECT_EQ(data.size(Split::kTrain) + data.size(Split::kValid), 6);
  EXPECT_THAT(data.skipped(),
              ElementsAre(HasSubstr("cut.png: damaged PNG"), HasSubstr("empty.jpg: not a picture that is read"),
                          HasSubstr("but text by its first bytes")));
  EXPECT_THAT(error_for(folder / "cut.png", {.damaged = "skip"}), ::testing::EndsWith("replace or remove it"));
  for (int i = 0; i < 6; ++i) fs::remove(folder / fmt::format("p{:02}.png", i));
  EXPECT_THAT(error_for(folder.path(), {.damaged = "skip"}),
              HasSubstr("none of the 3 pictures can be read; the first"));
}

TEST(ImageDataset, SaysWhatIsNoImageData) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_for(folder.path()), HasSubstr("a folder without images; name one of pictures (PNG, JPEG, GIF"));
  EXPECT_THAT(error_for(folder / "none.png"), HasSubstr("none.png: no such file"));
  EXPECT_THAT(error_for(folder / "none"), HasSubstr("none: no such file"));
  EXPECT_THAT(error_for("builtin:shape"), HasSubstr("builtin:shapes"));
  EXPECT_THAT(error_of([] { return load(std::vector<std::string>{}); }), HasSubstr("no image set given"));
  EXPECT_THAT(error_for("builtin:shapes", {.color = "blue", .binarize = "no"}),
              AllOf(HasSubstr("color"), HasSubstr("binarize")));
}

TEST(ImageDataset, JoinsSetsSplitBySplit) {
  const TemporaryFolder mnist;
  write_mnist(mnist, 12, 4);
  const fs::path pictures = mnist / "pictures";
  fs::create_directory(pictures);
  for (int i = 0; i < 5; ++i) write_file(pictures / fmt::format("{}.png", i), png_file(make_raster(3, 5, 3, 200)));
  const ImageDataset data = load({mnist.path().string(), pictures.string()});
  EXPECT_EQ(data.name(), mnist.path().string() + " + " + pictures.string());
  EXPECT_EQ(data.shape(), (ImageShape{3, 5, 3}));
  EXPECT_EQ(data.size(Split::kTrain), 10 + 4);
  EXPECT_EQ(data.size(Split::kValid), 2 + 1);
  EXPECT_EQ(data.size(Split::kTest), 4);
  EXPECT_EQ(bytes(data, Split::kTrain, 9), std::vector<std::uint8_t>(45, 9));
  EXPECT_EQ(bytes(data, Split::kTrain, 10), std::vector<std::uint8_t>(45, 200));
  EXPECT_EQ(data.label(Split::kTrain, 9), "9");
  EXPECT_THAT(data.label(Split::kTrain, 10), HasSubstr(".png"));
  EXPECT_THAT(error_of([&] {
                return load({"builtin:shapes", pictures.string()});
              }),
              HasSubstr("images of 3×5×3 where the data before it have 1×28×28; use image_size=28"));
}

TEST(ImageDataset, HoldsTheBuiltinShapes) {
  const ImageDataset data = load("builtin:shapes");
  EXPECT_EQ(data.shape(), (ImageShape{1, kShapeSide, kShapeSide}));
  for (const Split split : kSplits) {
    EXPECT_EQ(data.size(split), kShapeCounts[static_cast<std::size_t>(split)]);
    std::vector<std::uint8_t> last(static_cast<std::size_t>(data.shape().size()));
    draw_shape(split, data.size(split) - 1, last);
    EXPECT_EQ(bytes(data, split, data.size(split) - 1), last);
  }
}

TEST(ImageDataset, ComposesTwoImagesOnACanvas) {
  const TemporaryFolder folder;
  write_mnist(folder, 30, 30);
  const ImageDataOptions options{.valid_share = 0, .compose = "two-digits", .compose_size = 9};
  const ImageDataset data = load(folder.path(), options);
  EXPECT_EQ(data.shape(), (ImageShape{1, 9, 9}));
  std::set<std::string> canvases;
  for (std::int64_t i = 0; i < 30; ++i) {
    const std::vector<std::uint8_t> canvas = bytes(data, Split::kTrain, i);
    const auto sum = std::accumulate(canvas.begin(), canvas.end(), std::int64_t{0});
    // Image i of value i, 15 pixels of it, and another: overlaps are added.
    EXPECT_EQ(sum % 15, 0) << i;
    EXPECT_GE(sum / 15 - i, 0) << i;
    EXPECT_LT(sum / 15 - i, 30) << i;
    canvases.emplace(canvas.begin(), canvas.end());
  }
  EXPECT_GT(canvases.size(), 28U);
  EXPECT_EQ(bytes(load(folder.path(), options), Split::kTrain, 7), bytes(data, Split::kTrain, 7));
  EXPECT_NE(bytes(data, Split::kTest, 7), bytes(data, Split::kTrain, 7));
  EXPECT_THAT(error_for(folder.path(), {.compose = "two-digits", .compose_size = 4}),
              HasSubstr("images of 1×5×3 do not fit on a canvas of 4×4; use a larger compose_size"));
}

TEST(ImageDataset, AddsOverlapsUpToWhite) {
  const TemporaryFolder folder;
  write_file(folder / "images", idx_file({1, 2, 2}, std::vector<std::uint8_t>{200, 100, 0, 255}));
  const ImageDataset data = load(folder / "images", {.compose = "two-digits", .compose_size = 2});
  EXPECT_THAT(bytes(data, Split::kTrain, 0), ElementsAre(255, 200, 0, 255));
}

TEST(ImageDataset, BatchesFollowThePlan) {
  const TemporaryFolder folder;
  write_mnist(folder, 24, 7);
  const ImageDataset data = load(folder.path());
  EXPECT_EQ(data.batches_per_epoch(7), 2);
  const EpochPlan plan = data.plan_for_step(5, 3, 7);
  EXPECT_EQ(plan.epoch, 1);
  const ImageBatch batch = data.training_batch(plan, 3);
  EXPECT_THAT(batch.indices, ElementsAreArray(plan.batch(3)));
  ASSERT_EQ(batch.pixels.size(), 7U * 15);
  for (std::size_t b = 0; b < 7; ++b)
    EXPECT_EQ(batch.pixels[b * 15 + 14], static_cast<float>(batch.indices[b]) / 255) << b;
  // Three processes share it without rest.
  std::vector<std::int64_t> shared;
  for (std::int64_t rank = 0; rank < 3; ++rank) {
    const ImageBatch part = data.training_batch(plan, 3, {.rank = rank, .ranks = 3});
    EXPECT_EQ(part.pixels.size(), part.indices.size() * 15);
    shared.insert(shared.end(), part.indices.begin(), part.indices.end());
  }
  EXPECT_THAT(shared, ::testing::UnorderedElementsAreArray(batch.indices));
  EXPECT_THAT(error_of([&] { return data.plan_for_step(1, 0, 21); }), HasSubstr("use --batch-size 20 or less"));
  EXPECT_THAT(error_of([&] { return data.plan_for_step(1, 0, 0); }), HasSubstr("--batch-size 1"));
  EXPECT_THAT(error_of([&] { return data.batch(Split::kTest, 5, 3); }), HasSubstr("test holds 7"));
  EXPECT_EQ(data.batch(Split::kTest, 7, 0).batch_size(), 0);
}

TEST(ReadImages, TakesAReference) {
  const TemporaryFolder folder;
  write_mnist(folder, 24, 7);
  const ImageShape shape{1, 5, 3};
  const std::string path = folder.path().string();
  const auto read = [&](const std::string& reference, std::int64_t max_count = 0) {
    return read_images(reference, shape, {}, max_count);
  };
  EXPECT_EQ(read(path).count(), 20);
  EXPECT_EQ(read(path, 6).count(), 6);
  EXPECT_EQ(read(path, 600).count(), 20);
  const NamedImages one = read(path + ":test#3");
  EXPECT_EQ(one.pixels, std::vector<float>(15, 3 / 255.0F));
  EXPECT_THAT(one.labels, ElementsAre("3"));
  EXPECT_EQ(read(path + "#17").pixels, std::vector<float>(15, 17 / 255.0F));
  EXPECT_EQ(read(path + ":valid").count(), 4);
  EXPECT_THAT(error_of([&] { return read(path + ":test#7"); }), HasSubstr("no image #7: test holds 7, #0 to #6"));
  EXPECT_THAT(error_of([&] {
                return read_images(path, {1, 28, 28}, {}, 1);
              }),
              HasSubstr("images of 1×5×3, but the model has 1×28×28; image_size=28 scales images to that"));
  EXPECT_EQ(read_images(path, {3, 4, 4}, {.image_size = 4}, 1).pixels.size(), 48U);
}

TEST(ReadImages, TakesOnePicture) {
  const TemporaryFolder folder;
  write_file(folder / "a#1.png", png_file(ramp_image(8, 8, 3)));
  const NamedImages image =
      read_images((folder / "a#1.png").string(), {1, 4, 4}, {.center_crop = 4, .compose = "two-digits"}, 1);
  EXPECT_EQ(to_raster(image.pixels, {1, 4, 4}), center_cropped(in_channels(ramp_image(8, 8, 3), 1), 4, 4));
  EXPECT_THAT(image.labels, ElementsAre("a#1.png"));
  EXPECT_THAT(error_of([&] {
                return read_images((folder / "a#1.png").string() + ":test", {3, 8, 8}, {}, 1);
              }),
              HasSubstr("holds no images in test"));
}

TEST(ToRaster, ClampsAndRounds) {
  const std::vector<float> pixels{-1, 2, NAN, 0.5F, 1 / 255.0F, 0.4999F / 255};
  EXPECT_THAT(to_raster(pixels, {1, 2, 3}).pixels, ElementsAre(0, 255, 0, 128, 1, 0));
  EXPECT_THAT(to_raster(pixels, {3, 1, 2}).pixels, ElementsAre(0, 0, 1, 255, 128, 0));
  EXPECT_THAT(error_of([&] { return to_raster(pixels, {1, 2, 2}); }), HasSubstr("expected the 4 of 1×2×2"));
}

TEST(IsImageData, TellsImagesFromSketches) {
  const TemporaryFolder folder;
  EXPECT_FALSE(is_image_data(folder.path().string()));
  write_file(folder / "cat.ndjson", "{}");
  EXPECT_FALSE(is_image_data((folder / "cat.ndjson").string()));
  EXPECT_FALSE(is_image_data((folder / "missing").string()));
  EXPECT_FALSE(is_image_data("builtin:doodles"));
  EXPECT_TRUE(is_image_data("builtin:shapes"));
  write_file(folder / "images", idx_file({1, 1, 4}, ramp(4)));
  EXPECT_TRUE(is_image_data((folder / "images").string()));
  EXPECT_FALSE(is_image_data(folder.path().string()));
  write_file(folder / "a.jpg", "");
  EXPECT_TRUE(is_image_data(folder.path().string()));
  EXPECT_TRUE(is_image_data((folder / "a.jpg").string()));
}

TEST(ImageSummary, IsOfTheBytes) {
  const TemporaryFolder folder;
  write_file(folder / "images", idx_file({1, 1, 4}, std::vector<std::uint8_t>{0, 51, 0, 255}));
  const ImageDataset data = load(folder / "images");
  const ImageSummary summary = summarize(data, Split::kTrain);
  EXPECT_EQ(summary.images, 1);
  EXPECT_NEAR(summary.mean, 0.3, 1e-12);
  EXPECT_NEAR(summary.deviation, std::sqrt((0.09 + 0.01 + 0.09 + 0.49) / 4), 1e-12);
  EXPECT_EQ(summary.black, 0.5);
  EXPECT_EQ(summary.white, 0.25);
  EXPECT_EQ(summarize(data, Split::kTest).mean, 0);
}

}  // namespace
}  // namespace limn::image
