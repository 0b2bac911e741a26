// Tables of points and of drawings in text.
#include "limn/sketch/csv.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "sketch/as_read.hpp"
#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

AsRead read(const std::string& text) {
  return as_read([&](const SketchJsonOptions& options, const RecordSink& sink) {
    std::istringstream in(text);
    read_csv(in, "x.csv", options, sink, 1 << 20);
  });
}

std::string error_for(const std::string& text) {
  return error_of([&] { return read(text).train(); });
}

template <class... Notes>
void expect(const std::string& text, const std::string& sketches, const Notes&... notes) {
  const AsRead got = read(text);
  EXPECT_EQ(got.train(), sketches) << text;
  EXPECT_THAT(got.notes, ElementsAre(HasSubstr(notes)...)) << text;
}

const std::string kTwo = "[[[[10,20],[13,24],[20,24]],[[30,40],[31,50]]]]";

TEST(Csv, NamesSayWhatColumnsAre) {
  expect("x,y,pen\n10,20,0\n13,24,0\n20,24,1\n30,40,0\n31,50,1\n", kTwo);
  expect("dx,dy,pen\n10,20,0\n3,4,0\n7,0,1\n10,16,0\n1,10,1", kTwo);
  expect("x,y,stroke\n10,20,7\n13,24,7\n20,24,7\n30,40,9\n31,50,9\n", kTwo);
  expect("t,X,Y,Stroke ID\n1,10,20,0\n2,13,24,0\n3,20,24,0\n4,30,40,1\n5,31,50,1\n", kTwo);
  expect("x,y,pen_down\n10,20,1\n13,24,1\n20,24,1\n25,30,0\n30,40,1\n31,50,1\n", kTwo, "1 of 6 points were left out");
  expect("x,y,event\n10,20,down\n13,24,move\n20,24,up\n30,40,down\n31,50,up\n", kTwo);
  expect("x,y,new stroke\n10,20,True\n13,24,False\n20,24,False\n30,40,True\n31,50,False\n", kTwo);
  expect("dx dy p1 p2 p3\n10 20 1 0 0\n3 4 1 0 0\n7 0 0 1 0\n10 16 1 0 0\n1 10 0 1 0\n0 0 0 0 1\n", kTwo);
  expect("x,y,t\n1,2,0\n3,4,5\n", "[[[[1,2],[3,4]]]]");
  expect("x,y,colour\n1,2,red\n3,4,red\n", "[[[[1,2],[3,4]]]]", "not read: \"colour\"");
  expect("sketch,x,y,stroke\n1,1,2,1\n1,3,4,2\n2,5,6,1\n", "[[[[1,2]],[[3,4]]],[[[5,6]]]]");
}

TEST(Csv, AStrokeALine) {
  expect("1,2 3,4 5.5,6\n\n7,8 9,9\n", "[[[[1,2],[3,4],[5.5,6]],[[7,8],[9,9]]]]", "each line was read as a stroke");
  EXPECT_THAT(error_for("1,2 3,4 5,6\n7,8,9\n"), HasSubstr("line 2: is not a stroke as the first line is"));
  EXPECT_THAT(error_for("1,2 3,4 5,1e300\n"), HasSubstr("beyond all pages"));
}

TEST(Csv, APenThatIsUpAtSeveralPointsInARowIsNoted) {
  expect("x,y,pen_up\n1,2,0\n3,4,1\n5,6,0\n", "[[[[1,2],[3,4]],[[5,6]]]]");
  expect("x,y,pen_up\n1,2,0\n3,4,1\n5,6,1\n7,8,0\n", "[[[[1,2],[3,4]],[[5,6]],[[7,8]]]]", "makes dots of 1 point;");
  expect("x,y,pen_up\n1,2,1\n3,4,0\n", "[[[[1,2]],[[3,4]]]]", "give pen_down with the reverse");
  expect("x,y,eos\n1,2,1\n3,4,1\n", "[[[[1,2]],[[3,4]]]]");
}

TEST(Csv, SeparatorsMarksAndLineEnds) {
  expect("x;y\n1,5;2\n2;3,25\n", "[[[[1.5,2],[2,3.25]]]]");
  expect("10\t20\n30\t40\n", "[[[[10,20],[30,40]]]]");
  expect("  10   20 \r\n30 40\r\n", "[[[[10,20],[30,40]]]]");
  expect("10, 20\r30, 40\r", "[[[[10,20],[30,40]]]]");
  expect(
      "\xef\xbb\xbf"
      "x,y\n1,2\n",
      "[[[[1,2]]]]");
  expect("# made by hand\n# x y\n1 2\n# between\n3 4\n", "[[[[1,2],[3,4]]]]");
  expect("\"x\",\"y\"\n\"1\",\"2\"\n", "[[[[1,2]]]]");
  expect("1,2\n3,4\n\n\n5,6\n,\n7,8\n", "[[[[1,2],[3,4]],[[5,6]],[[7,8]]]]");
  expect("1,2\nnan,nan\n5,6\nNaN,\n7,8\n", "[[[[1,2]],[[5,6]],[[7,8]]]]");
  expect("x,y,t\n1,2,3\n,,4\n5,6,7\n", "[[[[1,2]],[[5,6]]]]");
  expect("sep=;\nx;y\n1,5;2\n", "[[[[1.5,2]]]]");
  expect("1,2,\n3,4,\n", "[[[[1,2],[3,4]]]]");
  expect("x,y\n", "[]");
  expect("", "[]");
}

TEST(Csv, WithoutNamesOnlyWhatIsSureIsRead) {
  expect("10,20\n13,24\n", "[[[[10,20],[13,24]]]]");
  EXPECT_THAT(error_for("10,20,0\n3,4,0\n7,0,1\n10,16,0\n1,10,1\n"), HasSubstr("are x,y,pen or dx,dy,pen"));
  expect("10,20,0\n3,-4,0\n7,0,1\n", "[[[[10,20],[13,16],[20,16]]]]", "some numbers are negative");
  expect("1,2,0\n3,4,0\n5,6,1\n7,8,1\n9,9,2\n9,8,2\n", "[[[[1,2],[3,4]],[[5,6],[7,8]],[[9,9],[9,8]]]]",
         "number of the stroke");
  expect("1,2,0\n3,4,10\n5,6,25\n", "[[[[1,2],[3,4],[5,6]]]]", "read as a time");
  EXPECT_THAT(error_for("1,2,5\n3,4,3\n5,6,9\n"), HasSubstr("put a line of names in front"));
  EXPECT_THAT(error_for("1,2,5,1\n3,4,3,7\n"), HasSubstr("rows of 4 numbers without names"));
  expect("10,20,1,0\n13,24,1,0\n20,24,0,1\n30,40,1,0\n31,50,0,1\n", kTwo);
  expect("10,20,1,0,0\n3,4,1,0,0\n7,0,0,1,0\n10,16,1,0,0\n1,10,0,1,0\n", kTwo);
  EXPECT_THAT(error_for("1\n2\n"), HasSubstr("rows of 1 numbers"));
}

TEST(Csv, TheOptionAbsoluteSaysWhatNamesWould) {
  for (const auto& [absolute, sketches] :
       {std::pair("true", "[[[[10,20],[3,4],[7,0]],[[10,16],[1,10]]]]"), {"false", kTwo.c_str()}}) {
    std::istringstream in("10,20,0\n3,4,0\n7,0,1\n10,16,0\n1,10,1\n");
    std::vector<Sketch> read;
    read_csv(
        in, "x.csv", {.absolute = absolute},
        [&](QuickDrawRecord&& record, Split) { read.push_back(std::move(record.sketch)); }, 1000);
    EXPECT_EQ(one_line(read), sketches) << absolute;
  }
}

TEST(Csv, SaysWhatIsWrong) {
  EXPECT_THAT(error_for("a,b\n1,2\n"), HasSubstr("its columns are \"a\", \"b\"; expected x and y"));
  EXPECT_THAT(error_for("x,y\n1,2\n3\n"), HasSubstr("line 3: has 1 fields; expected 2"));
  EXPECT_THAT(error_for("x,y\n1,two\n"), HasSubstr("point 1: \"two\" is not a number in the column \"y\""));
  EXPECT_THAT(error_for("x,y\none,two\n"), HasSubstr("\"one\" is not a number in the column \"x\""));
  EXPECT_THAT(error_for("x,y\n\"1,5\",2\n"), HasSubstr("write decimals with a point"));
  EXPECT_THAT(error_for("x,y\n1,5,2,5\n"), HasSubstr("if commas are decimal points"));
  EXPECT_THAT(error_for("x,y,pen,p\n1,2,1,1\n"), HasSubstr("the columns \"pen\" and \"p\" mean the same"));
  EXPECT_THAT(error_for("dx,dy,pen\n1,2,1\n3,4,1\n5,6,1\n7,8,1\n"), HasSubstr("the pen is 1 at 4 of 4 points"));
  EXPECT_THAT(error_for("1,2\n3,four\n"), HasSubstr("line 2: \"four\" is not a number"));
  EXPECT_THAT(error_for("x,y,pen\n1,2,3\n"), HasSubstr("the pen is 3; expected 0 or 1"));
  EXPECT_THAT(error_for("x,y,pen\n1,2,1\n3,4,1\n5,6,1\n7,8,0\n"), HasSubstr("name the column pen_down"));
  EXPECT_THAT(error_for("x,y,stroke\n1,2,1\n3,4,2\n5,6,1\n"), HasSubstr("stroke 1 do not stand together"));
  EXPECT_THAT(error_for("x,y,pen,stroke\n1,2,1,1\n"), HasSubstr("say twice where strokes end"));
  EXPECT_THAT(error_for("dx,dy\n1,2\n"), HasSubstr("no column pen"));
  EXPECT_THAT(error_for("x,y\n1e300,2\n"), HasSubstr("beyond all pages"));
  EXPECT_THAT(error_for("drawing,word\n\"[[[1"), HasSubstr("in quotes that does not end"));
  std::string pixels = "label";
  for (int i = 0; i < 784; ++i) pixels += ",pixel" + std::to_string(i);
  EXPECT_THAT(error_for(pixels + "\n"), HasSubstr("785 fields, which are images and no sketches"));
}

TEST(Csv, DrawingsOfKaggle) {
  const std::string text =
      "countrycode,drawing,key_id,recognized,timestamp,word\n"
      "US,\"[[[0, 10, 20], [0, 5, 0]], [[30, 40], [1, 2]]]\",5152802093400064,True,2017-03-01 20:41:36.70725,cat\n"
      "DE,\"[[[1], [2]]]\",7,False,2017-03-01 20:41:37.1,\"a \"\"cat\"\"\"\n";
  std::vector<QuickDrawRecord> records;
  std::istringstream in(text);
  read_csv(
      in, "x.csv", {}, [&](QuickDrawRecord&& record, Split) { records.push_back(std::move(record)); }, 10);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(one_line({records[0].sketch}), "[[[[0,0],[10,5],[20,0]],[[30,1],[40,2]]]]");
  EXPECT_EQ(records[0].word, "cat");
  EXPECT_EQ(records[0].country_code, "US");
  EXPECT_EQ(records[0].key_id, 5152802093400064U);
  EXPECT_TRUE(records[0].recognized);
  EXPECT_EQ(records[0].timestamp, "2017-03-01 20:41:36.70725");
  EXPECT_EQ(records[1].word, "a \"cat\"");
  EXPECT_FALSE(records[1].recognized);
  EXPECT_THAT(error_for("drawing,word\n\"[[[1,2]]\",cat\n"), HasSubstr("line 2: its drawing: not valid JSON"));
  EXPECT_THAT(error_for("drawing,word\n[]\n"), HasSubstr("line 2: has 1 fields; expected 2"));
}

TEST(Csv, BearsTruncationAndChanges) {
  const auto parse = [](std::span<const std::byte> bytes) { return read(string_of(bytes)); };
  for (const char* text : {"x,y,pen\n10,20,0\n13,24,1\n", "1;2\n3;4,5\n\n5;6\n",
                           "drawing,word\n\"[[[0, 10], [0, 5]]]\",cat\n", "1,-2,0\n3,4,1\n"}) {
    (void)accepted_truncations(parse, bytes_of(text));
    expect_survives_changes(parse, bytes_of(text), 2000, 8);
  }
}

}  // namespace
}  // namespace limn::sketch
