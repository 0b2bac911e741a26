// The event file read back: records by a reader of our own, messages by protobuf.
#include "limn/train/event_writer.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/train/events.pb.h"
#include "testing/temporary_folder.hpp"

namespace limn::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

template <class T>
T little_endian(std::string_view bytes, std::size_t at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i)
    value |= static_cast<T>(static_cast<unsigned char>(bytes.at(at + i))) << (8 * i);
  return value;
}

// The events of a file whose every record is whole.
std::vector<events::Event> read_events(const std::filesystem::path& path) {
  const std::string file = read_text_file(path);
  const std::string_view bytes = file;
  std::vector<events::Event> all;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = static_cast<std::size_t>(little_endian<std::uint64_t>(bytes, at));
    EXPECT_EQ(little_endian<std::uint32_t>(bytes, at + 8), masked_crc32c(as_bytes(bytes.substr(at, 8))));
    const std::string_view payload = bytes.substr(at + 12, length);
    EXPECT_EQ(payload.size(), length);
    EXPECT_EQ(little_endian<std::uint32_t>(bytes, at + 12 + length), masked_crc32c(as_bytes(payload)));
    EXPECT_TRUE(all.emplace_back().ParseFromArray(payload.data(), static_cast<int>(payload.size())));
    at += length + 16;
  }
  return all;
}

// A PNG of 3 by 5 pixels as far as its header goes.
std::string tiny_png(char colour_type) {
  using namespace std::string_literals;
  return "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x05\x08"s + colour_type + "\0\0\0 and so on"s;
}

TEST(Crc32c, AgreesWithKnownVectors) {
  EXPECT_EQ(crc32c({}), 0U);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  // RFC 3720, B.4.
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\0'))), 0x8A9136AAU);
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\xFF'))), 0x62A8AB43U);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising.push_back(c);
  EXPECT_EQ(crc32c(as_bytes(rising)), 0x46DD794EU);
}

TEST(Crc32c, IsMaskedAsTensorBoardExpects) {
  // ((crc >> 15) | (crc << 17)) + 0xa282ead8 of 0xE3069283.
  EXPECT_EQ(masked_crc32c(as_bytes("123456789")), 0xC78AB0E5U);
}

TEST(EventWriter, NamesItsFileAsTensorBoardLooksForIt) {
  const testing::TemporaryFolder folder;
  const EventWriter writer(folder.path());
  EXPECT_THAT(writer.path().filename().string(), StartsWith("events.out.tfevents."));
  EXPECT_EQ(writer.path().parent_path(), folder.path());
  const auto events = read_events(writer.path());
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_GT(events[0].wall_time(), 1.7e9);
}

TEST(EventWriter, StartsANewFileEachTimeEvenWithinASecond) {
  const testing::TemporaryFolder folder;
  const EventWriter first(folder.path()), second(folder.path()), third(folder.path());
  EXPECT_EQ(folder.entries(), 3);
  EXPECT_LT(first.path(), second.path());  // TensorBoard reads them in the order of their names
  EXPECT_LT(second.path(), third.path());
}

TEST(EventWriter, WritesAMetricsLineAsOneEvent) {
  const testing::TemporaryFolder folder;
  EventWriter writer(folder.path());
  writer.add_metrics(7, "train", {{"total", 0.25}, {"kl", std::nan("")}, {"kl_weight", 0.01}, {"learning_rate", 1e-3}});
  writer.add_metrics(std::int64_t{1} << 40, "valid", {{"total", -1.5}});
  const auto events = read_events(writer.path());
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[1].step(), 7);
  ASSERT_EQ(events[1].summary().value_size(), 4);
  std::vector<std::string> tags;
  for (const auto& value : events[1].summary().value()) tags.push_back(value.tag());
  EXPECT_THAT(tags, ElementsAre("total/train", "kl/train", "kl_weight", "learning_rate"));
  EXPECT_EQ(events[1].summary().value(0).simple_value(), 0.25F);
  EXPECT_TRUE(std::isnan(events[1].summary().value(1).simple_value()));
  EXPECT_EQ(events[2].step(), std::int64_t{1} << 40);
  EXPECT_EQ(events[2].summary().value(0).tag(), "total/valid");
  EXPECT_EQ(events[2].summary().value(0).simple_value(), -1.5F);
}

TEST(EventWriter, CountsValuesInBucketsAroundZero) {
  const testing::TemporaryFolder folder;
  EventWriter writer(folder.path());
  const std::vector<float> values{0.0F, 0.5F, 0.5F, -0.5F, 3e4F, -1e-20F, std::nanf(""), INFINITY};
  const std::vector<float> nothing{std::nanf("")}, one{-2.0F};
  writer.add_histograms(9, std::vector<NamedValues>{{"weights/a", values}, {"weights/b", nothing}, {"weights/c", one}});
  const auto events = read_events(writer.path());
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].step(), 9);
  ASSERT_EQ(events[1].summary().value_size(), 2) << "one tensor has no finite value";
  EXPECT_EQ(events[1].summary().value(0).tag(), "weights/a");
  const auto& histogram = events[1].summary().value(0).histo();
  EXPECT_EQ(histogram.min(), -0.5);
  EXPECT_EQ(histogram.max(), 3e4);
  EXPECT_EQ(histogram.num(), 6);
  EXPECT_NEAR(histogram.sum(), 3e4 + 0.5, 1e-6);
  EXPECT_NEAR(histogram.sum_squares(), 9e8 + 0.75, 1e-6);
  ASSERT_EQ(histogram.bucket_size(), histogram.bucket_limit_size());
  EXPECT_TRUE(std::ranges::is_sorted(histogram.bucket_limit()));
  // Every value lies in a bucket that holds it and is not much wider than a tenth.
  for (const float value : {0.0F, 0.5F, -0.5F, 3e4F}) {
    const auto above = std::ranges::find_if(histogram.bucket_limit(), [&](double limit) { return value < limit; });
    const auto bucket = static_cast<int>(above - histogram.bucket_limit().begin());
    const double from = bucket == 0 ? histogram.min() : histogram.bucket_limit(bucket - 1);
    EXPECT_GE(histogram.bucket(bucket), value == 0.5F ? 2 : 1) << value;
    EXPECT_LE(*above - from, 0.11 * std::abs(value) + 1e-11) << value;
  }
  double counted = 0;
  for (const double count : histogram.bucket()) counted += count;
  EXPECT_EQ(counted, histogram.num());
  EXPECT_EQ(events[1].summary().value(1).histo().bucket_size(), 1);
}

TEST(EventWriter, WritesThePngAsItIsWithItsSize) {
  const testing::TemporaryFolder folder;
  EventWriter writer(folder.path());
  const std::vector<std::pair<char, int>> channels_of_type{{0, 1}, {2, 3}, {4, 2}, {6, 4}};
  for (const auto& [type, channels] : channels_of_type) writer.add_png(channels, "samples", as_bytes(tiny_png(type)));
  const auto events = read_events(writer.path());
  ASSERT_EQ(events.size(), 1 + channels_of_type.size());
  for (std::size_t i = 0; i < channels_of_type.size(); ++i) {
    const auto& value = events[i + 1].summary().value(0);
    EXPECT_EQ(value.tag(), "samples");
    EXPECT_EQ(value.image().width(), 3);
    EXPECT_EQ(value.image().height(), 5);
    EXPECT_EQ(value.image().colorspace(), channels_of_type[i].second);
    EXPECT_EQ(value.image().encoded_image_string(), tiny_png(channels_of_type[i].first));
  }
}

TEST(EventWriter, RefusesAnImageThatIsNoPng) {
  const testing::TemporaryFolder folder;
  EventWriter writer(folder.path());
  const std::string png = tiny_png(2);
  for (std::size_t length = 0; length < 26; ++length)
    EXPECT_THROW(writer.add_png(1, "samples", as_bytes(std::string_view(png).substr(0, length))), Error) << length;
  std::string damaged = png;
  damaged[12] = 'J';
  EXPECT_THROW(writer.add_png(1, "samples", as_bytes(damaged)), Error);
  EXPECT_EQ(read_events(writer.path()).size(), 1U);
}

TEST(EventWriter, SaysWhereTrainingGoesOn) {
  const testing::TemporaryFolder folder;
  EventWriter writer(folder.path());
  writer.start_after(30);
  const auto events = read_events(writer.path());
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].step(), 31);
  EXPECT_EQ(events[1].session_log().status(), events::SessionLog::START);
}

TEST(EventWriter, NamesTheFileThatItCannotWrite) {
  const testing::TemporaryFolder folder;
  try {
    const EventWriter writer(folder / "absent");
    FAIL() << "no Error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("absent/events.out.tfevents."));
  }
}

}  // namespace
}  // namespace limn::train
