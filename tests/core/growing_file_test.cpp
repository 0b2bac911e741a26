// Records of a log on a disk that is full for a while.
#include "limn/core/growing_file.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <string>

#include "limn/core/file.hpp"
#include "testing/errors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn {
namespace {

using ::testing::HasSubstr;

// While it lives, no file grows beyond `bytes`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &old_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
};

TEST(GrowingFile, ARecordThatDoesNotFitComesBeforeTheNextThatDoes) {
  const testing::TemporaryFolder folder;
  GrowingFile log(folder / "log");
  log.append_line("one");
  {
    const FileSizeLimit limit(6);  // half of the next line fits
    EXPECT_THAT(testing::error_of([&] { log.append_line("two"); }), HasSubstr("log: cannot write: "));
    EXPECT_EQ(read_text_file(folder / "log"), "one\n") << "only whole records";
    EXPECT_THAT(testing::error_of([&] { log.append_line("three"); }), HasSubstr("cannot write"));
  }
  log.append_line("four");
  EXPECT_EQ(read_text_file(folder / "log"), "one\ntwo\nthree\nfour\n");
}

TEST(GrowingFile, WhatWaitsIsBoundedAndFlushed) {
  const testing::TemporaryFolder folder;
  GrowingFile log(folder / "log", 10);
  {
    const FileSizeLimit limit(1);
    EXPECT_THAT(testing::error_of([&] { log.append_line("one"); }), HasSubstr("cannot write"));
    EXPECT_THAT(testing::error_of([&] { log.append_line("too long to wait"); }), HasSubstr("cannot write"));
    EXPECT_THAT(testing::error_of([&] { log.flush(); }), HasSubstr("cannot write"));
  }
  log.flush();
  EXPECT_EQ(read_text_file(folder / "log"), "one\n");
  log.append_line("long enough to go past what may wait");
  EXPECT_EQ(read_text_file(folder / "log"), "one\nlong enough to go past what may wait\n");
}

}  // namespace
}  // namespace limn
