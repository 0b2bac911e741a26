#include "app/shell_word.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace limn::app {
namespace {

// The first argument that sh sees in `words`.
std::string first_argument(const std::string& words) {
  const std::string command = "printf %s " + words;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 256> piece{};
  while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), pipe.get())) text.append(piece.data(), n);
  return text;
}

TEST(ShellWord, LeavesPlainPathsAsTheyAre) {
  EXPECT_EQ(shell_word("runs/doodles"), "runs/doodles");
  EXPECT_EQ(shell_word("/tmp/a-1_2.limn:test"), "/tmp/a-1_2.limn:test");
}

TEST(ShellWord, QuotesWhatAShellWouldTakeApart) {
  EXPECT_EQ(shell_word("my runs/a"), "'my runs/a'");
  EXPECT_EQ(shell_word(""), "''");
  for (const std::string text :
       {"my runs/a", "it's", "a\"b", "$HOME", "a;b", "a\\b", "`ls`", "*", "~", "a#1", "caf\xc3\xa9"})
    EXPECT_EQ(first_argument(shell_word(text)), text);
}

}  // namespace
}  // namespace limn::app
