// Folders as people have them: classes, splits, several sets, files that are not images.
#include <gmock/gmock.h>

#include "image/picture_files.hpp"
#include "limn/arrays/zip_archive.hpp"
#include "limn/image/folder_scan.hpp"
#include "limn/image/image_set.hpp"
#include "limn/image/sharded_images.hpp"
#include "testing/gzip.hpp"
#include "testing/hostile.hpp"

namespace limn::image {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::gif_file;
using ::testing::HasSubstr;
using testing::idx_file;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::png_file;
using testing::ramp;

constexpr std::array kSplits{Split::kTrain, Split::kValid, Split::kTest};

ImageDataset load(const fs::path& path, const ImageDataOptions& options = {}) {
  const std::string name = path.string();
  return ImageDataset::load({&name, 1}, options);
}
std::string error_for(const fs::path& path) {
  return error_of([&] { return load(path); });
}

std::vector<std::string> labels(const ImageDataset& data, Split split) {
  std::vector<std::string> all;
  for (std::int64_t i = 0; i < data.size(split); ++i) all.push_back(data.label(split, i));
  return all;
}
std::vector<std::int64_t> sizes(const ImageDataset& data) {
  std::vector<std::int64_t> all;
  for (const Split split : kSplits) all.push_back(data.size(split));
  return all;
}

// A folder of the test's own with files in folders that are made on the way.
class Tree {
 public:
  void picture(const std::string& name, std::uint8_t value = 7) const {
    file(name, png_file(make_raster(4, 3, 1, value)));
  }
  void file(const std::string& name, std::span<const std::byte> content) const {
    fs::create_directories((folder_ / name).parent_path());
    write_file(folder_ / name, content);
  }
  void file(const std::string& name, std::string_view content) const { file(name, as_bytes(content)); }
  // All pixels of image i are i.
  void idx(const std::string& name, std::uint32_t count, std::uint32_t height = 2, std::uint32_t width = 3) const {
    std::vector<std::uint8_t> content;
    for (std::uint32_t i = 0; i < count; ++i)
      content.insert(content.end(), height * width, static_cast<std::uint8_t>(i));
    file(name, idx_file({count, height, width}, content));
  }
  [[nodiscard]] fs::path operator/(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] const fs::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

TEST(Folder, ReadsClassFolders) {
  const Tree tree;
  for (const char* name : {"b/1.png", "a/2.png", "a/1.png", "c/deep/1.png"}) tree.picture(name);
  const ImageDataset data = load(tree.path(), {.valid_share = 0});
  EXPECT_THAT(labels(data, Split::kTrain), ElementsAre("a/1.png", "a/2.png", "b/1.png", "c/deep/1.png"));
  EXPECT_THAT(data.notes(), IsEmpty());
  EXPECT_TRUE(is_image_data(tree.path().string()));
}

TEST(Folder, DrawsValidationFromAllClasses) {
  const Tree tree;
  for (int i = 0; i < 40; ++i) tree.picture(fmt::format("{}/{:02}.png", i < 20 ? "cat" : "dog", i));
  tree.picture("test/a.png");  // a class like others, without a folder named train
  const ImageDataset data = load(tree.path());
  EXPECT_THAT(sizes(data), ElementsAre(33, 8, 0));
  EXPECT_THAT(labels(data, Split::kValid),
              AllOf(::testing::Contains(HasSubstr("cat/")), ::testing::Contains(HasSubstr("dog/"))));
}

TEST(Folder, ReadsFoldersOfSplits) {
  for (const auto& [train, valid, test] : {std::array<const char*, 3>{"train", "valid", "test"},
                                           {"Training", "val", "Testing"},
                                           {"train_set", "validation", "test_set"},
                                           {"train2017", "dev", "test2017"}}) {
    const Tree tree;
    for (const char* name : {"x/1.png", "x/2.png", "y/1.png"}) tree.picture(fmt::format("{}/{}", train, name));
    tree.picture(fmt::format("{}/x/3.png", valid));
    tree.picture(fmt::format("{}/1.png", test));
    tree.picture(fmt::format("{}/2.png", test));
    const ImageDataset data = load(tree.path());
    EXPECT_THAT(labels(data, Split::kTrain), ElementsAre("x/1.png", "x/2.png", "y/1.png")) << train;
    EXPECT_THAT(labels(data, Split::kValid), ElementsAre("x/3.png")) << valid;
    EXPECT_THAT(labels(data, Split::kTest), ElementsAre("1.png", "2.png")) << test;
  }
}

TEST(Folder, KeepsASixthForValidationBesideATestFolder) {
  const Tree tree;
  for (int i = 0; i < 12; ++i) tree.picture(fmt::format("a/a/training/{}/{}.png", i / 6, i));
  tree.picture("a/a/testing/0/x.png");
  tree.picture("a/a/extra/y.png");
  tree.picture("a/a/z.png");
  const ImageDataset data = load(tree.path());
  EXPECT_THAT(sizes(data), ElementsAre(10, 2, 1));
  EXPECT_THAT(labels(data, Split::kTest), ElementsAre("0/x.png"));
  EXPECT_THAT(
      data.notes(),
      ElementsAre(HasSubstr("2 files were left out: a/a/extra/y.png, a/a/z.png (pictures outside of the folders")));
  EXPECT_THAT(sizes(load(tree / "a/a/training")), ElementsAre(10, 2, 0));  // two classes
}

TEST(Folder, ReadsSplitsBelowClasses) {
  const Tree tree;
  for (const char* name : {"cat/train/1.png", "cat/test/2.png", "dog/train/3.png"}) tree.picture(name);
  const ImageDataset data = load(tree.path(), {.valid_share = 0});
  EXPECT_THAT(labels(data, Split::kTrain), ElementsAre("cat/1.png", "dog/3.png"));
  EXPECT_THAT(labels(data, Split::kTest), ElementsAre("cat/2.png"));
}

TEST(Folder, NamesWhatItLeavesOut) {
  const Tree tree;
  for (const char* name : {"1.png", "2.png", "3.png"}) tree.picture(name);
  tree.file("c.heic", std::string_view("\0\0\0\x18"
                                       "ftypheic",
                                       12));
  tree.file("a.svg", "<svg/>");
  for (const char* name : {"a.txt", "b.txt", "c.txt", "d.txt"}) tree.file(name, "text");
  for (const char* name : {".DS_Store", "__MACOSX/._1.png", "Thumbs.db", "desktop.ini", ".git/x.png", "._1.png"})
    tree.file(name, "no picture");
  fs::create_directory(tree / "empty");
  fs::create_directory_symlink(tree / "empty", tree / "link");
  const ImageDataset data = load(tree.path(), {.valid_share = 0});
  EXPECT_EQ(data.size(Split::kTrain), 3);
  ASSERT_EQ(data.notes().size(), 1U);
  EXPECT_THAT(
      data.notes()[0],
      AllOf(HasSubstr(tree.path().string() + ": 7 files were left out: "),
            HasSubstr("c.heic (HEIC: convert it to PNG or JPEG)"), HasSubstr("a.svg (SVG: convert it to PNG or JPEG)"),
            HasSubstr("a.txt, b.txt, c.txt and 1 more (text)"),
            HasSubstr("link (a link to a folder: name that folder, too)"), Not(HasSubstr("DS_Store"))));
  const fs::path shards = tree / "x.limn";
  const std::string from = tree.path().string();
  EXPECT_EQ(write_sharded_images({&from, 1}, {}, shards, [] { return true; }).notes.size(), 1U);
}

TEST(Folder, TellsPicturesByTheirFirstBytes) {
  const Tree tree;
  tree.picture("000001");
  tree.picture("b.image");
  tree.picture("c.jpg");
  tree.file("d.bmp", testing::bmp_file(make_raster(4, 3, 1, 9)));
  tree.file("e.webp", testing::webp_file(make_raster(4, 3, 1, 9)));
  const ImageDataset data = load(tree.path(), {.valid_share = 0});
  EXPECT_THAT(labels(data, Split::kTrain), ElementsAre("000001", "b.image", "c.jpg", "d.bmp", "e.webp"));
  EXPECT_EQ(data.shape().channels, 1);
  EXPECT_EQ(load(tree / "000001").size(Split::kTrain), 1);
  EXPECT_TRUE(is_image_data((tree / "000001").string()));
}

TEST(Folder, TellsThatFilesHoldSeveralPictures) {
  const Tree tree;
  tree.file("a.gif", gif_file({.width = 4,
                               .height = 3,
                               .colours = {0, 0, 0, 9, 9, 9},
                               .pixels = std::vector<std::uint8_t>(12),
                               .frames = 2}));
  tree.picture("b.png");
  EXPECT_THAT(load(tree.path()).notes(),
              ElementsAre(HasSubstr("a.gif: a file of several pictures; the first of each")));
}

TEST(Folder, OfARunIsNoData) {
  const Tree tree;
  tree.picture("samples/step-10.png");
  tree.file("config.toml", "family = \"vae\"");
  tree.file("checkpoints/x", "");
  EXPECT_THAT(error_for(tree.path()),
              HasSubstr("a run directory, which is a model and no data (limn info shows it); name a folder of images"));
  EXPECT_FALSE(is_image_data(tree.path().string()));
}

TEST(Folder, OfDrawingsAndAPictureIsOneOfDrawings) {
  const Tree tree;
  tree.picture("preview.png");
  EXPECT_TRUE(is_image_data(tree.path().string()));
  for (const char* name : {"a.svg", "b.svg"}) tree.file(name, "<svg/>");
  EXPECT_FALSE(is_image_data(tree.path().string()));
}

TEST(Folder, SaysWhatItHoldsInsteadOfImages) {
  const Tree tree;
  tree.file("a.heic", std::string_view("\0\0\0\x18"
                                       "ftypheic",
                                       12));
  EXPECT_THAT(error_for(tree.path()),
              AllOf(HasSubstr("a folder without images"), HasSubstr("a.heic (HEIC: convert it")));
  EXPECT_THAT(error_for(tree / "a.heic"),
              HasSubstr("a.heic: not images by its first bytes but HEIC; convert it to PNG"));
  EXPECT_TRUE(is_image_data((tree / "a.heic").string()));
  tree.file("b.svg", "<svg/>");
  EXPECT_FALSE(is_image_data((tree / "b.svg").string()));
  fs::remove(tree / "b.svg");
  tree.file("mnist.pkl.gz", testing::gzip_file(bytes_of("\x80\x02}q")));
  EXPECT_THAT(error_for(tree / "mnist.pkl.gz"), HasSubstr("but a Python pickle; save its images as .npy or .npz"));
  tree.file("a.csv", "x,y\n1,2\n");
  EXPECT_THAT(error_for(tree / "a.csv"), HasSubstr("a.csv: not images by its first bytes but text; name a picture"));
}

TEST(Folder, FindsTorchvisionsFiles) {
  const Tree tree;
  tree.idx("data/MNIST/raw/train-images-idx3-ubyte", 12);
  tree.file("data/MNIST/raw/train-images-idx3-ubyte.gz", "not looked at");
  tree.idx("data/MNIST/raw/t10k-images-idx3-ubyte", 5);
  tree.file("data/MNIST/raw/train-labels-idx1-ubyte", idx_file({12}, ramp(12)));
  for (const char* folder : {"", "data", "data/MNIST", "data/MNIST/raw"}) {
    const ImageDataset data = load(tree / folder);
    EXPECT_THAT(sizes(data), ElementsAre(10, 2, 5)) << folder;
    EXPECT_THAT(data.notes(), IsEmpty()) << folder;  // labels and packed copies belong there
  }
  tree.idx("data/FashionMNIST/raw/train-images-idx3-ubyte", 6);
  EXPECT_THAT(error_for(tree / "data"), AllOf(HasSubstr("holds 2 sets of images; name one of them: "),
                                              HasSubstr("data/FashionMNIST/raw, "), HasSubstr("data/MNIST/raw")));
  EXPECT_THAT(sizes(load(tree / "data/FashionMNIST")), ElementsAre(5, 1, 0));
}

TEST(Folder, FindsMnistInFoldersOfItsFilesNames) {
  const Tree tree;
  tree.idx("mnist/train-images-idx3-ubyte/train-images-idx3-ubyte", 12);
  tree.idx("mnist/t10k-images-idx3-ubyte/t10k-images-idx3-ubyte", 5);
  tree.idx("mnist/train-images.idx3-ubyte", 12);
  EXPECT_THAT(sizes(load(tree / "mnist")), ElementsAre(10, 2, 5));
}

TEST(Folder, TurnsEmnistBackAndTellsItsSets) {
  const Tree tree;
  const Bytes file = idx_file({1, 2, 3}, std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6});
  for (const char* name : {"balanced-train", "balanced-test", "letters-train"})
    tree.file(fmt::format("gzip/emnist-{}-images-idx3-ubyte.gz", name), testing::gzip_file(file));
  EXPECT_THAT(error_for(tree / "gzip"), AllOf(HasSubstr("holds 2 sets of images"), HasSubstr("gzip/emnist-balanced, "),
                                              HasSubstr("gzip/emnist-letters")));
  const ImageDataset data = load(tree / "gzip/emnist-balanced");
  EXPECT_TRUE(is_image_data((tree / "gzip/emnist-balanced").string()));
  EXPECT_FALSE(is_image_data((tree / "gzip/emnist").string()));
  EXPECT_THAT(sizes(data), ElementsAre(1, 0, 1));
  EXPECT_EQ(data.shape(), (ImageShape{1, 3, 2}));
  std::vector<std::byte> buffer;
  EXPECT_THAT(data.bytes(Split::kTest, 0, buffer), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(data.notes()[0],
              HasSubstr("EMNIST's pictures are stored with rows and columns exchanged; they were turned"));
  tree.file("samplemnist-train-images-idx3-ubyte", file);
  EXPECT_EQ(load(tree / "samplemnist-train-images-idx3-ubyte").shape(), (ImageShape{1, 2, 3}));
}

TEST(Folder, BecomesShardsOfTheSameImages) {
  const Tree tree;
  for (int i = 0; i < 13; ++i)
    tree.picture(fmt::format("set/train/{}/{:02}.png", i / 5, i), static_cast<std::uint8_t>(i));
  for (int i = 0; i < 3; ++i)
    tree.picture(fmt::format("set/test/{}/{:02}.png", i / 2, i), static_cast<std::uint8_t>(99 + i));
  const std::string from = (tree / "set").string();
  for (const bool has_valid : {false, true}) {
    if (has_valid) tree.picture("set/valid/1/a.png", 200);
    fs::remove_all(tree / "x.limn");
    (void)write_sharded_images({&from, 1}, {}, tree / "x.limn", [] { return true; });
    const ImageDataset a = load(from), b = load(tree / "x.limn");
    ASSERT_EQ(sizes(a), sizes(b));
    EXPECT_EQ(a.size(Split::kTest), 3);
    std::vector<std::byte> of_a, of_b;
    for (const Split split : kSplits)
      for (std::int64_t i = 0; i < a.size(split); ++i)
        EXPECT_TRUE(std::ranges::equal(a.bytes(split, i, of_a), b.bytes(split, i, of_b))) << i;
  }
}

TEST(Folder, NamesAZipOfImages) {
  const Tree tree;
  const std::pair<std::string, Bytes> entry{"pics/a.png", png_file(make_raster(2, 2, 1))};
  tree.file("a.zip", arrays::make_zip(std::span(&entry, 1)));
  EXPECT_TRUE(is_image_data((tree / "a.zip").string()));
  EXPECT_THAT(error_for(tree / "a.zip"), HasSubstr("a.zip: a zip archive of images; unpack it and name the folder"));
  const std::pair<std::string, Bytes> other{"a.ndjson", bytes_of("{}")};
  tree.file("b.zip", arrays::make_zip(std::span(&other, 1)));
  EXPECT_FALSE(is_image_data((tree / "b.zip").string()));
}

TEST(SplitInName, IsAWordOfIts) {
  const auto split = [](std::string_view name) {
    return split_in_name(name) ? static_cast<int>(split_in_name(name)->split) : -1;
  };
  for (const char* name : {"x_train", "Train", "mnist-training.csv", "train2017", "train-images-idx3-ubyte"})
    EXPECT_EQ(split(name), 0) << name;
  for (const char* name : {"val", "x_valid", "Validation set"}) EXPECT_EQ(split(name), 1) << name;
  for (const char* name : {"t10k-images", "x_test.npy", "Testing"}) EXPECT_EQ(split(name), 2) << name;
  for (const char* name : {"latest", "trainer", "valley", "t10", "", "contest"}) EXPECT_EQ(split(name), -1) << name;
}

}  // namespace
}  // namespace limn::image
