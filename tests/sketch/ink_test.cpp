// InkML and the strokes of the IAM on-line database.
#include "limn/sketch/ink.hpp"

#include <gmock/gmock.h>

#include "sketch/as_read.hpp"
#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string read(const std::string& xml, std::vector<std::string>* notes = nullptr) {
  return one_line({parse_ink(xml, "x.inkml", [&](const std::string& text) {
    if (notes != nullptr) notes->push_back(text);
  })});
}
std::string trace(const std::string& text, const std::string& before = "") {
  return read("<ink xmlns='http://www.w3.org/2003/InkML'>" + before + "<trace>" + text + "</trace></ink>");
}
std::string error_for(const std::string& xml) {
  return error_of([&] { return read(xml); });
}

TEST(Ink, TracesAreStrokes) {
  EXPECT_EQ(read("<ink xmlns=\"http://www.w3.org/2003/InkML\"><trace id=\"0\">10 20, 13 24, 20 24</trace>"
                 "<trace>30 40, 31 50</trace></ink>"),
            "[[[[10,20],[13,24],[20,24]],[[30,40],[31,50]]]]");
  EXPECT_EQ(read("<i:ink><i:traceGroup><i:traceGroup><i:trace>1 2</i:trace></i:traceGroup></i:traceGroup></i:ink>"),
            "[[[[1,2]]]]");
  EXPECT_EQ(trace("\n 1.5 -2e1,\n3\t4 \n"), "[[[[1.5,-20],[3,4]]]]");
  EXPECT_EQ(trace("1 2, 3 <!-- a remark -->4, 5 6"), "[[[[1,2],[3,4],[5,6]]]]");
  EXPECT_EQ(trace("10 20 0, 11 21 16"), "[[[[10,20],[11,21]]]]");  // a time that no format names
}

// The example of the recommendation, section 3.2.1.
TEST(Ink, DifferencesAsTheRecommendationHasThem) {
  EXPECT_EQ(
      trace("1125 18432,'23'43,\"7\"-8,3-5,7 -3,6 2,6 8,3 6 T,2 4*T,3 6,3-6 F",
            "<traceFormat><channel name='X'/><channel name='Y'/><intermittentChannels><channel name='S' "
            "type='boolean'/><channel name='T' type='boolean'/></intermittentChannels></traceFormat>"),
      "[[[[1125,18432],[1148,18475],[1178,18510],[1211,18540],[1251,18567],[1297,18596],[1349,18633],[1404,18676],"
      "[1461,18723],[1521,18776],[1584,18823]]]]");
  EXPECT_EQ(trace("10 20, '3 '4, * *, !5 !6"), "[[[[10,20],[13,24],[16,28],[5,6]]]]");
  EXPECT_EQ(trace("#1F 2, * 3"), "[[[[31,2],[31,3]]]]");
}

TEST(Ink, ChannelsSayUnitsAndOrientation) {
  const auto format = [](const std::string& x, const std::string& y) {
    return "<traceFormat><channel name='X' " + x + "/><channel name='Y' " + y + "/></traceFormat>";
  };
  EXPECT_EQ(trace("1 2, 3 4", format("", "orientation='-ve'")), "[[[[1,-2],[3,-4]]]]");
  EXPECT_EQ(trace("1 2, 3 4", format("orientation='-ve'", "orientation='+ve'")), "[[[[-1,2],[-3,4]]]]");
  EXPECT_EQ(trace("1 2, 3 4", format("units='mm'", "units='cm'")), "[[[[1,20],[3,40]]]]");
  EXPECT_EQ(trace("1 2, 3 4", format("units='in'", "units='pt' orientation='-ve'")),
            "[[[[1,-0.027777778],[3,-0.055555556]]]]");
  std::vector<std::string> notes;
  const std::string ink = "<ink>" + format("units='mm'", "units='dev'") + "<trace>1 2</trace></ink>";
  EXPECT_EQ(read(ink, &notes), "[[[[1,2]]]]");
  EXPECT_THAT(notes, ElementsAre(HasSubstr("the units of X and Y differ and were left out: \"mm\" and \"dev\"")));
}

TEST(Ink, FormatsSayWhereXAndYAre) {
  const std::string format =
      "<traceFormat><channel name='T' type='integer'/><channel name='Y'/><channel name='X'/></traceFormat>";
  EXPECT_EQ(trace("0 1 2, 9 3 4", format), "[[[[2,1],[4,3]]]]");
  // Two devices, each trace with the format of its own.
  EXPECT_EQ(read("<ink><definitions><context xml:id='a'><traceFormat><channel name='X'/><channel name='Y'/>"
                 "</traceFormat></context><context xml:id='b'><traceFormat><channel name='Y'/><channel name='X'/>"
                 "</traceFormat></context></definitions><trace contextRef='#a'>1 2</trace><trace contextRef='#b'>1 2"
                 "</trace></ink>"),
            "[[[[1,2]],[[2,1]]]]");
  EXPECT_THAT(error_for("<ink><traceFormat><channel name='X'/><channel name='Y'/></traceFormat><traceFormat><channel "
                        "name='Y'/><channel name='X'/></traceFormat><trace>1 2</trace></ink>"),
              HasSubstr("several traceFormats"));
  EXPECT_THAT(error_for("<ink><traceFormat><channel name='X'/></traceFormat></ink>"), HasSubstr("no channels X and Y"));
}

TEST(Ink, TracesWithThePenUpAreLeftOutWithANote) {
  std::vector<std::string> notes;
  EXPECT_EQ(read("<ink><trace type='penUp'>1 2</trace><definitions><trace>7 7</trace></definitions>"
                 "<trace continuation='begin'>3 4,5 6</trace><trace continuation='end'>7 8</trace></ink>",
                 &notes),
            "[[[[3,4],[5,6],[7,8]]]]");
  EXPECT_THAT(notes, ElementsAre(HasSubstr("2 traces left out")));
}

TEST(Ink, StrokesOfIam) {
  EXPECT_EQ(read("<?xml version='1.0'?><WhiteboardCaptureSession><General/><StrokeSet><Stroke colour='black' "
                 "start_time='1.5'><Point x='10' y='20' time='1.5'/><Point x='13' y='24' time='1.6'/></Stroke>"
                 "<Stroke><Point y='40' x='30'/></Stroke></StrokeSet></WhiteboardCaptureSession>"),
            "[[[[10,20],[13,24]],[[30,40]]]]");
  EXPECT_THAT(error_for("<a><Stroke><Point x='1'/></Stroke></a>"), HasSubstr("stroke 1: a point has 1 values"));
}

TEST(Ink, SaysWhatIsWrong) {
  EXPECT_THAT(error_for("<ink><trace>1 2"), HasSubstr("not valid XML"));
  EXPECT_THAT(error_for("<html/>"), HasSubstr("the root <html>, which is neither InkML nor strokes of IAM"));
  EXPECT_THAT(error_for("<ink><trace>1 2, 3</trace></ink>"), HasSubstr("trace 1: a point has 1 values"));
  EXPECT_THAT(error_for("<ink><trace>1 2</trace><trace>'1 '2</trace></ink>"),
              HasSubstr("trace 2: its first point is given as a difference"));
  EXPECT_THAT(error_for("<ink><trace>1 ?</trace></ink>"), HasSubstr("a point without X or Y"));
  EXPECT_THAT(error_for("<ink><trace>a b</trace></ink>"), HasSubstr("\"a b\" is not a number"));
  EXPECT_THAT(error_for("<ink><trace>1 1e300</trace></ink>"), HasSubstr("beyond all pages"));
}

TEST(Ink, BearsTruncationAndChanges) {
  const auto parse = [](std::span<const std::byte> bytes) { return read(string_of(bytes)); };
  const Bytes file = bytes_of(
      "<ink><definitions><context id='a'><traceFormat><channel name='X'/><channel name='Y'/></traceFormat></context>"
      "</definitions><trace contextRef='#a'>10 20,'3'4,\"1\"*, !5 6</trace></ink>");
  EXPECT_EQ(accepted_truncations(parse, file), 0U);
  expect_survives_changes(parse, file, 5000, 9);
}

}  // namespace
}  // namespace limn::sketch
