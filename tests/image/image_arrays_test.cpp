#include "limn/image/image_arrays.hpp"

#include <gmock/gmock.h>

#include <cstring>

#include "image/picture_files.hpp"
#include "limn/arrays/npy.hpp"
#include "limn/arrays/zip_archive.hpp"
#include "limn/image/image_set.hpp"
#include "testing/gzip.hpp"
#include "testing/hostile.hpp"

namespace limn::image {
namespace {

namespace fs = std::filesystem;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::gzip_file;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ramp;

ImageDataset load(const fs::path& path, const ImageDataOptions& options = {}) {
  const std::string name = path.string();
  return ImageDataset::load({&name, 1}, options);
}

std::vector<std::int64_t> sizes(const ImageDataset& data) {
  return {data.size(Split::kTrain), data.size(Split::kValid), data.size(Split::kTest)};
}

template <class T>
Bytes npy_file(std::string_view descr, const std::vector<std::int64_t>& shape, const std::vector<T>& values) {
  Bytes file = bytes_of(arrays::npy_header(descr, shape));
  const auto bytes = std::as_bytes(std::span(values));
  file.insert(file.end(), bytes.begin(), bytes.end());
  return file;
}
Bytes npy_file(const std::vector<std::int64_t>& shape, const std::vector<std::uint8_t>& values) {
  return npy_file("|u1", shape, values);
}

using Entries = std::vector<std::pair<std::string, Bytes>>;
Bytes npz_file(const Entries& entries) { return arrays::make_zip(entries); }

ImageArrays parse_npy(const Bytes& file) { return parse_npy_images(file, "a.npy"); }
std::string npy_error(const Bytes& file) {
  return error_of([&] { return parse_npy(file); });
}

// `count` pictures of 28×28 whose values are all their number and 100 more.
std::vector<std::uint8_t> numbered(int count) {
  std::vector<std::uint8_t> values;
  for (int i = 0; i < count; ++i) values.insert(values.end(), 784, static_cast<std::uint8_t>(100 + i));
  return values;
}

TEST(NpyImages, AreReadInEachOfTheirShapes) {
  const std::vector<std::uint8_t> values = ramp(7 * 8 * 9);
  const ImageArrays grey = parse_npy(npy_file({7, 8, 9}, values));
  EXPECT_EQ(grey.parts[0].shape, (ImageShape{1, 8, 9}));
  EXPECT_EQ(grey.parts[0].pixels, values);
  EXPECT_THAT(grey.notes, IsEmpty());
  EXPECT_EQ(parse_npy(npy_file({7, 8, 9, 1}, values)).parts[0].pixels, values);
  EXPECT_EQ(parse_npy(npy_file({7, 1, 8, 9}, values)).parts[0].shape, (ImageShape{1, 8, 9}));
  // Quick, Draw!'s bitmaps.
  EXPECT_EQ(parse_npy(npy_file({2, 784}, numbered(2))).parts[0].shape, (ImageShape{1, 28, 28}));

  const std::vector<std::uint8_t> colours{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 200};
  EXPECT_THAT(parse_npy(npy_file({1, 2, 2, 3}, colours)).parts[0].pixels,
              ElementsAre(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 200));
  EXPECT_EQ(parse_npy(npy_file({1, 3, 2, 2}, colours)).parts[0].pixels, colours);
  EXPECT_EQ(parse_npy(npy_file({1, 3, 2, 2}, colours)).parts[0].shape, (ImageShape{3, 2, 2}));
  const std::vector<std::uint8_t> with_alpha{0, 100, 255, 51, 9, 9, 9, 0};
  EXPECT_THAT(parse_npy(npy_file({1, 1, 2, 4}, with_alpha)).parts[0].pixels, ElementsAre(204, 255, 224, 255, 255, 255));
  const ImageArrays one = parse_npy(npy_file({8, 9, 3}, ramp(216)));  // one picture in colour
  EXPECT_EQ(one.parts[0].shape, (ImageShape{3, 8, 9}));
}

TEST(NpyImages, AreReadInFortransOrder) {
  std::string header = arrays::npy_header("|u1", std::vector<std::int64_t>{2, 6, 6});
  header.replace(header.find("False"), 5, "True ");
  std::vector<std::uint8_t> stored, expected;
  for (int i = 0; i < 72; ++i) {
    expected.push_back(static_cast<std::uint8_t>(i + 100));
    stored.push_back(0);
  }
  for (std::size_t n = 0; n < 2; ++n)
    for (std::size_t y = 0; y < 6; ++y)
      for (std::size_t x = 0; x < 6; ++x) stored[n + 2 * y + 12 * x] = expected[n * 36 + y * 6 + x];
  Bytes file = bytes_of(header);
  for (const std::uint8_t value : stored) file.push_back(std::byte{value});
  EXPECT_EQ(parse_npy(file).parts[0].pixels, expected);
}

template <class T>
ImageArrays with_values(std::string_view descr, std::vector<T> values) {
  values.resize(36, values.back());
  return parse_npy(npy_file(descr, {1, 6, 6}, values));
}
std::vector<int> first(const ImageArrays& images, std::size_t count) {
  const auto& pixels = images.parts[0].pixels;
  return {pixels.begin(), pixels.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(NpyImages, AreScaledByTheirRangeWhichIsSaid) {
  const ImageArrays unit = with_values<float>("<f4", {0, 0.5F, 1});
  EXPECT_THAT(first(unit, 3), ElementsAre(0, 128, 255));
  EXPECT_THAT(unit.notes, ElementsAre(HasSubstr("a.npy: its numbers of 0 to 1 were taken for black to white")));
  const ImageArrays both = with_values<double>("<f8", {-1, 0, 1});
  EXPECT_THAT(first(both, 3), ElementsAre(0, 128, 255));
  EXPECT_THAT(both.notes, ElementsAre(HasSubstr("-1 to 1")));
  const ImageArrays bytes = with_values<float>("<f4", {0, 7, 255});
  EXPECT_THAT(first(bytes, 3), ElementsAre(0, 7, 255));
  EXPECT_THAT(bytes.notes, IsEmpty());
  const ImageArrays fractions = with_values<float>("<f4", {0, 7.6F, 255});
  EXPECT_THAT(first(fractions, 3), ElementsAre(0, 8, 255));
  EXPECT_THAT(fractions.notes, ElementsAre(HasSubstr("its numbers of 0 to 255 were taken as they are")));
  EXPECT_THAT(with_values<std::uint8_t>("|u1", {0, 16}).notes,
              ElementsAre(HasSubstr("numbers of 0 to 16 were taken as")));
  // Interpolation overshoots.
  const ImageArrays over = with_values<float>("<f4", {-0.03F, 0.5F, 1.04F});
  EXPECT_THAT(first(over, 3), ElementsAre(0, 128, 255));
  EXPECT_THAT(over.notes, ElementsAre(HasSubstr("numbers of 0 to 1")));
  EXPECT_THAT(first(with_values<double>("<f8", {-1.1, 0, 1.1}), 3), ElementsAre(0, 128, 255));
  const ImageArrays sensor = with_values<std::uint16_t>("<u2", {0, 2048, 4080});
  EXPECT_THAT(first(sensor, 3), ElementsAre(0, 128, 254));
  EXPECT_THAT(sensor.notes, ElementsAre(HasSubstr("up to 4080 were taken for 12 bits, 4095 for white")));
  const ImageArrays binary = with_values<std::uint8_t>("|u1", {0, 1});
  EXPECT_THAT(first(binary, 2), ElementsAre(0, 255));
  EXPECT_EQ(binary.notes.size(), 1U);
  const ImageArrays truth = with_values<std::uint8_t>("|b1", {0, 1});
  EXPECT_THAT(first(truth, 2), ElementsAre(0, 255));
  EXPECT_THAT(truth.notes, IsEmpty());
  const ImageArrays words = with_values<std::uint16_t>("<u2", {0, 257, 65535});
  EXPECT_THAT(first(words, 3), ElementsAre(0, 1, 255));
  EXPECT_THAT(words.notes, ElementsAre(HasSubstr("taken for 16 bits")));
  EXPECT_THAT(first(with_values<std::int64_t>("<i8", {0, 9, 255}), 3), ElementsAre(0, 9, 255));
  EXPECT_THAT(with_values<float>("<f4", {0}).notes, IsEmpty());

  std::vector<float> bad(36, -0.42F);
  bad[1] = 2.8F;
  EXPECT_THAT(
      npy_error(npy_file("<f4", {1, 6, 6}, bad)),
      HasSubstr(
          "a.npy: its numbers lie from -0.42 to 2.8, which is not a range of pixel values; scale them to 0 to 1"));
  bad[2] = NAN;
  EXPECT_THAT(npy_error(npy_file("<f4", {1, 6, 6}, bad)), HasSubstr("number 2 is not finite"));
}

TEST(NpyImages, AreTakenForNothingElse) {
  const auto is_images = [](std::string_view descr, const std::vector<std::int64_t>& shape) {
    return begins_as_npy_images(bytes_of(arrays::npy_header(descr, shape)));
  };
  EXPECT_TRUE(is_images("|u1", {4, 784}));
  EXPECT_TRUE(is_images("<f4", {4, 784}));
  EXPECT_TRUE(is_images("<f8", {4, 28, 28}));
  EXPECT_TRUE(is_images("|u1", {4, 32, 32, 3}));
  EXPECT_FALSE(is_images("<f4", {100, 128}));  // latent vectors
  EXPECT_FALSE(is_images("<f4", {100, 64}));
  EXPECT_FALSE(is_images("|u1", {64, 64}));     // one picture or 64 of 8×8
  EXPECT_FALSE(is_images("<i2", {70, 96, 3}));  // stroke-3, absolute points and stroke-5
  EXPECT_FALSE(is_images("<i2", {70, 96, 4}));
  EXPECT_FALSE(is_images("<f4", {70, 96, 5}));
  EXPECT_FALSE(is_images("|O", {70}));
  EXPECT_FALSE(is_images("|u1", {70}));
  EXPECT_TRUE(is_images("|u1", {20, 10, 64, 64}));  // films, which reading refuses
  EXPECT_THAT(npy_error(npy_file({20, 4, 6, 6, 1}, ramp(2880))),
              HasSubstr("an array of 20×4×6×6×1, which are not images"));
}

TEST(NpyImages, AreReadFromAFile) {
  const TemporaryFolder folder;
  write_file(folder / "bitmaps.npy", npy_file({5, 784}, numbered(5)));
  EXPECT_TRUE(is_image_data((folder / "bitmaps.npy").string()));
  const ImageDataset data = load(folder / "bitmaps.npy");
  EXPECT_EQ(data.shape(), (ImageShape{1, 28, 28}));
  EXPECT_THAT(sizes(data), ElementsAre(4, 1, 0));
  write_file(folder / "a.npy.gz", gzip_file(npy_file({5, 784}, numbered(5))));
  EXPECT_THAT(sizes(load(folder / "a.npy.gz")), ElementsAre(4, 1, 0));
  const ImageDataset small = load(folder / "bitmaps.npy", {.image_size = 14, .color = "rgb"});
  EXPECT_EQ(small.shape(), (ImageShape{3, 14, 14}));
  // x_train.npy and x_test.npy of one folder.
  fs::remove(folder / "bitmaps.npy");
  fs::remove(folder / "a.npy.gz");
  write_file(folder / "x_train.npy", npy_file({12, 784}, numbered(12)));
  write_file(folder / "x_test.npy", npy_file({3, 784}, numbered(3)));
  write_file(folder / "y_train.npy", npy_file({12}, ramp(12)));
  const ImageDataset both = load(folder.path());
  EXPECT_THAT(sizes(both), ElementsAre(10, 2, 3));
  EXPECT_THAT(both.notes()[0], HasSubstr("1 file was left out: y_train.npy (a NumPy array)"));
}

TEST(NpyImages, BearTruncationAndChanges) {
  const auto read = [](std::span<const std::byte> file) { return parse_npy_images(file, "a.npy"); };
  const Bytes file = npy_file({2, 6, 7}, ramp(84));
  EXPECT_EQ(accepted_truncations(read, file), 0U);
  expect_survives_changes(read, file, 3000, 1);
  EXPECT_THAT(npy_error(npy_file({1 << 20, 1 << 13, 1 << 13}, ramp(84))), HasSubstr("a.npy: "));
}

TEST(NpzImages, AreKerasMnist) {
  const TemporaryFolder folder;
  const Entries entries{{"x_test.npy", npy_file({3, 28, 28}, numbered(3))},
                        {"x_train.npy", npy_file({12, 28, 28}, numbered(12))},
                        {"y_train.npy", npy_file({12}, ramp(12))},
                        {"y_test.npy", npy_file({3}, ramp(3))}};
  write_file(folder / "mnist.npz", npz_file(entries));
  EXPECT_TRUE(is_image_data((folder / "mnist.npz").string()));
  const ImageDataset data = load(folder / "mnist.npz");
  EXPECT_EQ(data.shape(), (ImageShape{1, 28, 28}));
  EXPECT_THAT(sizes(data), ElementsAre(10, 2, 3));
  std::vector<std::byte> buffer;
  EXPECT_THAT(data.bytes(Split::kValid, 0, buffer), Each(110));
  EXPECT_THAT(sizes(load(folder.path())), ElementsAre(10, 2, 3));
}

TEST(NpzImages, HaveOtherNamesToo) {
  const Bytes colours = npy_file({2, 8, 8, 3}, ramp(384));
  const ImageArrays med = parse_npz_images(npz_file({{"train_images.npy", colours},
                                                     {"val_images.npy", colours},
                                                     {"test_images.npy", colours},
                                                     {"train_labels.npy", npy_file({2, 1}, {0, 1})}}),
                                           "a.npz");
  for (const StoredImages& part : med.parts) EXPECT_EQ(part.pixels.size(), 384U);
  const ImageArrays one = parse_npz_images(npz_file({{"arr_0.npy", colours}, {"meta.npy", bytes_of("none")}}), "a.npz");
  EXPECT_EQ(one.parts[0].shape, (ImageShape{3, 8, 8}));
  EXPECT_THAT(
      error_of([&] {
        return parse_npz_images(npz_file({{"a.npy", colours}, {"b.npy", colours}}), "a.npz");
      }),
      HasSubstr("a.npz: holds two arrays of images, a.npy and b.npy; save one, or name them x_train and x_test"));
  const Bytes strokes = npy_file("<i2", {2, 9, 3}, std::vector<std::int16_t>(54));
  EXPECT_FALSE(is_npz_of_images(npz_file({{"train.npy", strokes}, {"test.npy", strokes}})));
  EXPECT_THAT(error_of([&] {
                return parse_npz_images(npz_file({{"train.npy", strokes}}), "a.npz");
              }),
              HasSubstr("a.npz: holds no array of images"));
}

TEST(NpzImages, BearTruncationAndChanges) {
  const auto read = [](std::span<const std::byte> file) {
    (void)is_npz_of_images(file);
    return parse_npz_images(file, "a.npz");
  };
  const Bytes file =
      npz_file({{"x_train.npy", npy_file({2, 6, 7}, ramp(84))}, {"x_test.npy", npy_file({1, 6, 7}, ramp(42))}});
  EXPECT_EQ(accepted_truncations(read, file), 0U);
  expect_survives_changes(read, file, 1000, 1);
}

// A line of 784 values, all `value`, and what is in front and behind.
std::string line(int value, const std::string& before = "", const std::string& after = "", char separator = ',') {
  std::string text = before;
  for (int i = 0; i < 784; ++i) text += (i == 0 ? "" : std::string(1, separator)) + std::to_string(value);
  return text + after + "\n";
}
std::string pixel_names(const std::string& prefix) {
  std::string text;
  for (int i = 0; i < 784; ++i) text += (i == 0 ? "" : ",") + prefix + std::to_string(i);
  return text;
}

TEST(TableImages, AreKagglesMnist) {
  const TemporaryFolder folder;
  write_file(folder / "train.csv", "label," + pixel_names("pixel") + "\r\n" + line(130, "7,") + line(131, "0,") + "\n");
  write_file(folder / "test.csv", pixel_names("pixel") + "\n" + line(140));
  write_file(folder / "sample_submission.csv", "ImageId,Label\n1,0\n");
  const ImageDataset one = load(folder / "train.csv", {.valid_share = 0});
  EXPECT_TRUE(is_image_data((folder / "train.csv").string()));
  EXPECT_EQ(one.shape(), (ImageShape{1, 28, 28}));
  std::vector<std::byte> buffer;
  EXPECT_THAT(one.bytes(Split::kTrain, 1, buffer), Each(131));
  EXPECT_THAT(one.notes(), IsEmpty());
  const ImageDataset both = load(folder.path(), {.valid_share = 0});
  EXPECT_THAT(sizes(both), ElementsAre(2, 0, 1));
  EXPECT_THAT(both.bytes(Split::kTest, 0, buffer), Each(140));
  EXPECT_THAT(both.notes(), ElementsAre(HasSubstr("sample_submission.csv (text)")));
}

TEST(TableImages, NeedNoHeader) {
  const TemporaryFolder folder;
  write_file(folder / "mnist_train.csv", line(130, "7,") + line(131, "0,"));
  write_file(folder / "mnist_test.csv.gz", gzip_file(bytes_of(line(140, "9,"))));
  const ImageDataset data = load(folder.path(), {.valid_share = 0});
  EXPECT_THAT(sizes(data), ElementsAre(2, 0, 1));
  std::vector<std::byte> buffer;
  EXPECT_THAT(data.bytes(Split::kTrain, 0, buffer), Each(130));
  EXPECT_THAT(data.notes()[0],
              HasSubstr("mnist_train.csv: 785 columns without names: the first was taken for the label"));
  // A label behind the pixels; the first column is a pixel, which is black.
  std::string last = line(130, "", ",3");
  last.replace(0, 3, "0");
  const ImageArrays behind = parse_table_images(last, "a.csv");
  EXPECT_THAT(behind.notes, ElementsAre(HasSubstr("the last was taken for the label")));
  EXPECT_EQ(behind.parts[0].pixels[0], 0);
  EXPECT_EQ(behind.parts[0].pixels[783], 130);
}

TEST(TableImages, AreTheBinarizedMnistOfLarochelle) {
  const TemporaryFolder folder;
  for (const char* split : {"train", "valid", "test"})
    write_file(folder / fmt::format("binarized_mnist_{}.amat", split), line(1, "", " ", ' ') + line(0, "", " ", ' '));
  const ImageDataset data = load(folder.path());
  EXPECT_THAT(sizes(data), ElementsAre(2, 2, 2));
  std::vector<std::byte> buffer;
  EXPECT_THAT(data.bytes(Split::kTrain, 0, buffer), Each(255));
  EXPECT_EQ(data.notes().size(), 3U);
}

TEST(TableImages, HaveOtherHeaders) {
  const auto parse = [](const std::string& text) { return parse_table_images(text, "a.csv").parts[0]; };
  EXPECT_EQ(parse(pixel_names("pixel") + ",class\n" + line(130, "", ",dog")).pixels,
            std::vector<std::uint8_t>(784, 130));
  EXPECT_EQ(parse("\"label\"," + pixel_names("px_") + "\n" + line(130, "2,")).pixels.size(), 784U);
  std::string names = "label";
  for (int y = 1; y <= 8; ++y)
    for (int x = 1; x <= 8; ++x) names += fmt::format(",{}x{}", y, x);
  std::string values = "3";
  for (int i = 0; i < 64; ++i) values += fmt::format(",{}.5", 2 * i);
  const StoredImages digits = parse(names + "\n" + values);
  EXPECT_EQ(digits.shape, (ImageShape{1, 8, 8}));
  EXPECT_EQ(digits.pixels[63], 127);
}

TEST(TableImages, AreTakenForNothingElse) {
  EXPECT_FALSE(begins_as_table("x,y,pen\n1,2,0\n"));
  EXPECT_FALSE(begins_as_table("10,20,1,0,0\n"));
  EXPECT_FALSE(begins_as_table("key_id,word,drawing\n"));
  EXPECT_FALSE(begins_as_table(""));
  std::string hundred;
  for (int i = 0; i < 100; ++i) hundred += "1,";
  EXPECT_FALSE(begins_as_table(hundred));
  std::string negative = line(1);
  EXPECT_TRUE(begins_as_table(negative));
  negative[0] = '-';
  EXPECT_FALSE(begins_as_table(negative));
}

TEST(TableImages, NameTheLineThatIsWrong) {
  const auto error = [](const std::string& text) {
    return error_of([&] { return parse_table_images(text, "a.csv"); });
  };
  EXPECT_THAT(error(line(1) + "1,2\n"), HasSubstr("a.csv: line 2: 2 numbers where the first line has 784"));
  EXPECT_THAT(error(line(1) + line(1, "1,")), HasSubstr("line 2: more than 784 numbers"));
  EXPECT_THAT(error(line(1) + line(1, "x")), HasSubstr("line 2: 'x1' is not a number"));
  EXPECT_THAT(error(pixel_names("pixel") + "\n"), HasSubstr("a table without images"));
  EXPECT_THAT(error(line(70'000)),
              HasSubstr("its numbers lie from 70000 to 70000, which is not a range of pixel values"));
}

TEST(TableImages, BearTruncationAndChanges) {
  std::string names = "label";
  std::string values = "3";
  for (int i = 0; i < 64; ++i) names += fmt::format(",pixel{}", i), values += fmt::format(",{}", i);
  const auto read = [](std::span<const std::byte> file) {
    return parse_table_images({reinterpret_cast<const char*>(file.data()), file.size()}, "a.csv");
  };
  expect_survives_changes(read, bytes_of(names + "\n" + values + "\n" + values), 3000, 1);
}

std::vector<std::uint8_t> cifar_images(int count, int labels) {
  std::vector<std::uint8_t> records;
  for (int i = 0; i < count; ++i) {
    records.insert(records.end(), static_cast<std::size_t>(labels), static_cast<std::uint8_t>(i % 10));
    for (int c = 0; c < 3; ++c) records.insert(records.end(), 1024, static_cast<std::uint8_t>(10 * i + c));
  }
  return records;
}

TEST(Cifar, ReadsItsBinaryFiles) {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, int count, int labels = 1) {
    const auto records = cifar_images(count, labels);
    write_file(folder / name, std::as_bytes(std::span(records)));
  };
  write("data_batch_1.bin", 7);
  write("data_batch_2.bin", 5);
  write("test_batch.bin", 2);
  write_file(folder / "batches.meta.txt", "airplane\n");
  EXPECT_TRUE(is_image_data((folder / "data_batch_1.bin").string()));
  const ImageDataset one = load(folder / "data_batch_1.bin", {.valid_share = 0});
  EXPECT_EQ(one.shape(), (ImageShape{3, 32, 32}));
  EXPECT_THAT(sizes(one), ElementsAre(7, 0, 0));
  std::vector<std::byte> buffer;
  EXPECT_EQ(one.bytes(Split::kTrain, 6, buffer)[0], 60);
  EXPECT_EQ(one.bytes(Split::kTrain, 6, buffer)[1024], 61);
  const ImageDataset all = load(folder.path());
  EXPECT_THAT(sizes(all), ElementsAre(10, 2, 2));
  EXPECT_EQ(all.bytes(Split::kTrain, 7, buffer)[0], 0);  // the second file follows the first

  const fs::path hundred = folder / "cifar-100-binary";
  fs::create_directory(hundred);
  write("cifar-100-binary/train.bin", 6, 2);
  write("cifar-100-binary/test.bin", 1, 2);
  EXPECT_THAT(sizes(load(hundred)), ElementsAre(5, 1, 1));
}

TEST(Cifar, IsToldFromQuickDraw) {
  const TemporaryFolder folder;
  std::vector<std::uint8_t> records = cifar_images(2, 1);
  records[8] = records[9] = 'U';  // a country; CIFAR's red pixels
  records[10] = 1;
  write_file(folder / "cat.bin", std::as_bytes(std::span(records)));
  EXPECT_FALSE(is_image_data((folder / "cat.bin").string()));
  write_file(folder / "data_batch_1.bin", std::as_bytes(std::span(records)));
  EXPECT_TRUE(is_image_data((folder / "data_batch_1.bin").string()));
  records.pop_back();
  write_file(folder / "other.bin", std::as_bytes(std::span(records)));
  EXPECT_FALSE(is_image_data((folder / "other.bin").string()));
  EXPECT_THAT(error_of([&] { return parse_cifar(std::as_bytes(std::span(records)), ArrayFormat::kCifar10, "a.bin"); }),
              HasSubstr("a.bin: 6145 bytes are not a whole number of CIFAR's images of 3073 bytes"));
  records = cifar_images(2, 1);
  records[3073] = 10;
  EXPECT_THAT(error_of([&] { return parse_cifar(std::as_bytes(std::span(records)), ArrayFormat::kCifar10, "a.bin"); }),
              HasSubstr("a.bin: image 1 has the label 10; CIFAR's are below 10"));
}

}  // namespace
}  // namespace limn::image
