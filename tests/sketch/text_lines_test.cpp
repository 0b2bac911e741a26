#include "limn/sketch/text_lines.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <streambuf>

#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::ElementsAre;

// A text whose buffer never holds more than `size` bytes.
class Pieces : public std::streambuf {
 public:
  Pieces(std::string text, std::size_t size) : text_(std::move(text)), size_(size) {}

 private:
  int_type underflow() override {
    if (begin_ == text_.size()) return traits_type::eof();
    const std::size_t end = std::min(begin_ + size_, text_.size());
    setg(text_.data() + begin_, text_.data() + begin_, text_.data() + end);
    begin_ = end;
    return traits_type::to_int_type(*gptr());
  }

  std::string text_;
  std::size_t size_;
  std::size_t begin_ = 0;
};

std::vector<std::string> lines_of(const std::string& text, std::size_t size, TextLines::End end) {
  Pieces pieces(text, size);
  std::istream in(&pieces);
  TextLines lines(in, end);
  std::vector<std::string> all;
  for (std::string line; lines.next(line, "x", "?");) all.push_back(line);
  return all;
}

TEST(TextLines, EndWhereverThePiecesDo) {
  for (const std::size_t size : {1, 2, 3, 5, 100}) {
    SCOPED_TRACE(size);
    const std::string text = "one\r\n\ntw\ro\n\r\nlast";
    EXPECT_THAT(lines_of(text, size, TextLines::End::kNewline), ElementsAre("one", "", "tw\ro", "", "last"));
    EXPECT_THAT(lines_of(text, size, TextLines::End::kNewlineOrReturn), ElementsAre("one", "", "tw", "o", "", "last"));
    EXPECT_THAT(lines_of("a\n", size, TextLines::End::kNewline), ElementsAre("a"));
    EXPECT_THAT(lines_of("a\r", size, TextLines::End::kNewline), ElementsAre("a"));
    EXPECT_THAT(lines_of("a\r", size, TextLines::End::kNewlineOrReturn), ElementsAre("a"));
    EXPECT_THAT(lines_of("", size, TextLines::End::kNewline), ElementsAre());
  }
}

TEST(TextLines, AreNotTooLong) {
  const std::string most(kMaxTextLine, 'a');
  EXPECT_THAT(lines_of(most + "\nb", 1 << 20, TextLines::End::kNewline), ElementsAre(most, "b"));
  EXPECT_EQ(error_of([&] { (void)lines_of(most + "a\nb", 1 << 20, TextLines::End::kNewline); }),
            "x: longer than 16 MiB; ?");
}

}  // namespace
}  // namespace limn::sketch
