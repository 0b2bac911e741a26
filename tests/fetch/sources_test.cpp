#include "limn/fetch/sources.hpp"

#include <gmock/gmock.h>

#include "limn/core/error.hpp"

namespace limn::fetch {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::string& source, const std::string& format = "") {
  try {
    (void)files_of_source(source, format);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Sources, KnowsWhereThingsAre) {
  const auto cat = files_of_source("quickdraw:cat");
  ASSERT_EQ(cat.files.size(), 1U);
  EXPECT_EQ(cat.folder, "quickdraw");
  EXPECT_EQ(cat.files[0].name, "cat.npz");
  EXPECT_EQ(cat.files[0].remote.url, "https://storage.googleapis.com/quickdraw_dataset/sketchrnn/cat.npz");
  const auto clock = files_of_source("quickdraw:alarm clock", "ndjson-raw");
  EXPECT_EQ(clock.files[0].name, "alarm clock.raw.ndjson");
  EXPECT_EQ(clock.files[0].remote.url,
            "https://storage.googleapis.com/quickdraw_dataset/full/raw/alarm%20clock.ndjson");
  EXPECT_EQ(files_of_source("magenta:bird").files[0].name, "bird.gen.json");
  for (const char* set : {"mnist", "fashion-mnist"}) {
    const auto files = files_of_source(set).files;
    ASSERT_EQ(files.size(), 4U);
    for (const auto& file : files) EXPECT_EQ(file.remote.md5.size(), 32U) << file.name;
  }
}

TEST(Sources, TakesAnotherAddress) {
  for (const char* base : {"http://127.0.0.1:8000/mirror", "http://127.0.0.1:8000/mirror//"})
    EXPECT_EQ(files_of_source("quickdraw:cat", "bin", base).files[0].remote.url,
              "http://127.0.0.1:8000/mirror/cat.bin");
}

TEST(Sources, SaysWhatThereIs) {
  EXPECT_THAT(error_of("cifar"), HasSubstr("cifar: no such source; there is quickdraw, mnist"));
  EXPECT_THAT(error_of("quickdraw"), HasSubstr("for example quickdraw:cat"));
  EXPECT_THAT(error_of("quickdraw:"), HasSubstr("for example quickdraw:cat"));
  EXPECT_THAT(error_of("mnist:3"), HasSubstr("leave :3 out"));
  EXPECT_THAT(error_of("quickdraw:cat", "png"), HasSubstr("no format png; there is npz"));
  for (const char* item : {"../etc/passwd", "a/b", "-x", " ", "a\nb", "caf\xc3\xa9", "a%2e", "."})
    EXPECT_THAT(error_of(std::string("quickdraw:") + item), HasSubstr("not a CATEGORY")) << item;
  EXPECT_THAT(error_of("quickdraw:" + std::string(1000, 'a')), HasSubstr("not a CATEGORY"));
}

TEST(Sources, ListsThemselves) {
  for (const char* name : {"quickdraw:CATEGORY", "mnist", "fashion-mnist", "magenta:MODEL", "ndjson-raw"})
    EXPECT_THAT(sources_help(), HasSubstr(name));
}

}  // namespace
}  // namespace limn::fetch
