// Pickles by hand: what the machine must refuse, and how it says so.
#include "limn/arrays/pickle.hpp"

#include <gmock/gmock.h>

#include "limn/sketch/pickle_writer.hpp"
#include "testing/hostile.hpp"

namespace limn::arrays {
namespace {

using ::testing::HasSubstr;
using std::string_literals::operator""s;

std::string error_for(const std::string& pickle) {
  return error_of([&] { return read_pickled_arrays(as_bytes(pickle), "x.npz"); });
}

// An empty array object and an object dtype, as NumPy begins.
const std::string kArray = "cnumpy.core.multiarray\n_reconstruct\nq\0cnumpy\nndarray\nq\1K\0\x85U\1b\x87R"s;
const std::string kObjectDtype = "cnumpy\ndtype\nU\2O8K\0K\1\x87R"s;
const std::string kBegin = "\x80\2"s;

TEST(Pickle, RefusesOtherNamesByTheirNames) {
  EXPECT_THAT(error_for(kBegin + "cos\nsystem\nU\4trueS\x85R."), HasSubstr("asks for os.system, which no array"));
  EXPECT_THAT(error_for(kBegin + "cposix\nsystem\nX\4\0\0\0true\x85R."s), HasSubstr("posix.system"));
  EXPECT_THAT(error_for("\x80\4\x8c\x08"
                        "builtins\x8c\4eval\x93\x8c\1"
                        "1\x85R."s),
              HasSubstr("builtins.eval"));
  EXPECT_THAT(error_for(kBegin + "cnumpy\nload\n."), HasSubstr("numpy.load"));
  EXPECT_THAT(error_for(kBegin + "cnumpy.core.multiarray\nfrombuffer\n."), HasSubstr("multiarray.frombuffer"));
  EXPECT_THAT(error_for(kBegin + "c\x1b[31m\nred\n."), HasSubstr("?[31m.red"));
}

TEST(Pickle, RefusesOtherOpcodesByTheirNames) {
  EXPECT_THAT(error_for(kBegin + "}."), HasSubstr("opcode EMPTY_DICT"));
  EXPECT_THAT(error_for(kBegin + "(ios\nsystem\n."), HasSubstr("opcode INST"));
  EXPECT_THAT(error_for(kBegin + "cnumpy\nndarray\n)\x81."), HasSubstr("opcode NEWOBJ"));
  EXPECT_THAT(error_for(kBegin + "\x82\1."), HasSubstr("opcode EXT1"));
  EXPECT_THAT(error_for(kBegin + "Pid\n."), HasSubstr("opcode PERSID"));
  EXPECT_THAT(error_for(kBegin + "\xff."), HasSubstr("opcode 0xff"));
}

TEST(Pickle, RefusesOtherProtocols) {
  EXPECT_THAT(error_for("(lp0\n."), HasSubstr("protocol 0 or 1 is not read"));
  EXPECT_THAT(error_for("\x80\6."), HasSubstr("protocol 6 is not read"));
}

TEST(Pickle, RefusesMisuseOfItsStack) {
  EXPECT_THAT(error_for(kBegin + "."), HasSubstr("stack is empty"));
  EXPECT_THAT(error_for(kBegin + "\x85."), HasSubstr("stack is empty"));
  EXPECT_THAT(error_for(kBegin + "t."), HasSubstr("no mark"));
  EXPECT_THAT(error_for(kBegin + "K\1(R."), HasSubstr("stack is empty"));
  EXPECT_THAT(error_for(kBegin + "]K\1(e."), HasSubstr("an int where a list"));
  EXPECT_THAT(error_for(kBegin + "N."), HasSubstr("None where an array"));
  EXPECT_THAT(error_for(kBegin + "K\1)R."), HasSubstr("an int where a name"));
  EXPECT_THAT(error_for(kBegin + "cnumpy\nndarray\n)R."), HasSubstr("called directly"));
  EXPECT_THAT(error_for(kBegin + std::string(100000, 'N') + "."), HasSubstr("stack grows beyond"));
  EXPECT_THAT(error_for(kBegin + std::string(100000, '(') + "."), HasSubstr("marks grow beyond"));
}

TEST(Pickle, RefusesFarMemos) {
  EXPECT_THAT(error_for(kBegin + "Nr\xff\xff\xff\xff."), HasSubstr("memo 4294967295 is set after only 0"));
  EXPECT_THAT(error_for(kBegin + "j\xff\xff\xff\xff."), HasSubstr("memo 4294967295 was never set"));
  EXPECT_THAT(error_for(kBegin + "h\7."), HasSubstr("memo 7 was never set"));
}

TEST(Pickle, RefusesFalseLengths) {
  EXPECT_THAT(error_for(kBegin + "T\xff\xff\xff\x7f."), HasSubstr("truncated"));
  EXPECT_THAT(error_for(kBegin + "\x8e\xff\xff\xff\xff\xff\xff\xff\xff."), HasSubstr("truncated"));
  EXPECT_THAT(error_for("\x80\4\x95\xff\xff\xff\xff\xff\xff\xff\xff."), HasSubstr("a frame is longer"));
  EXPECT_THAT(error_for(kBegin + "\x8a\x09"
                                 "123456789."),
              HasSubstr("more than 64 bits"));
  EXPECT_THAT(error_for(kBegin + "cnever ends"), HasSubstr("truncated"));
}

TEST(Pickle, RefusesFalseShapes) {
  const auto numbers = [](const std::string& shape) {
    return kBegin + kArray + "(K\1" + shape + "cnumpy\ndtype\nU\2i2K\0K\1\x87R\x89U\6abcdeftb."s;
  };
  EXPECT_THAT(error_for(numbers("K\1K\3\x86")), HasSubstr("does not hold an array of objects"));
  EXPECT_THAT(error_for(numbers("K\2K\3\x86")), HasSubstr("needs 12 bytes of data, 6 are there"));
  EXPECT_THAT(error_for(numbers("J\xff\xff\xff\xffK\3\x86")), HasSubstr("dimension of -1"));
  EXPECT_THAT(error_for(numbers("J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86")), HasSubstr("too many elements"));
  EXPECT_THAT(error_for(numbers("N\x85")), HasSubstr("None where an int"));
  EXPECT_THAT(error_for(kBegin + kArray + "(K\1K\5\x85" + kObjectDtype + "\x89]tb."),
              HasSubstr("shape 5 holds 0 elements"));
}

TEST(Pickle, RefusesArraysThatHoldThemselves) {
  // The array is in memo 2, its list holds it.
  const std::string self = kBegin + kArray + "q\2(K\1)" + kObjectDtype + "\x89]h\2atb.";
  EXPECT_THAT(error_for(self), HasSubstr("nested in arrays without end"));
}

TEST(Pickle, RefusesElementsThatAreNoArrays) {
  EXPECT_THAT(error_for(kBegin + kArray + "(K\1K\1\x85" + kObjectDtype + "\x89]Natb."), HasSubstr("sketch 0 is None"));
  EXPECT_THAT(error_for(kBegin + kArray + "(K\1K\2\x85" + kObjectDtype + "\x89](]]etb."),
              HasSubstr("sketch 0 is a list"));
  EXPECT_THAT(error_for(kBegin + kArray + "(K\1K\2\x85" + kObjectDtype + "\x89](" + kArray + kArray + "etb."),
              HasSubstr("sketch 0 is an array of objects"));
}

TEST(Pickle, RefusesWhatStandsBehindTheEnd) {
  sketch::SketchPickler pickler(0, {});
  std::string pickle = pickler.next();
  pickle += pickler.next();
  EXPECT_EQ(error_for(pickle), "");
  EXPECT_THAT(error_for(pickle + "N"), HasSubstr("1 bytes stand behind the pickle's end"));
}

TEST(Pickle, RefusesOneBigArrayTakenManyTimes) {
  // 1 MiB of rows in memo 2, appended to the list again and again at two bytes a time.
  const std::string rows(3 * 349525, '\0');
  std::string big = kArray + "q\2(K\1J"s + "\x55\x55\5\0"s + "K\3\x86" + "cnumpy\ndtype\nU\2u1K\0K\1\x87R\x89T"s;
  big += "\xff\xff\x0f\0"s + rows + "tb";
  std::string items = "(" + big;
  for (int i = 1; i < 1000; ++i) items += "h\2";
  EXPECT_THAT(error_for(kBegin + kArray + "(K\1M\xe8\3\x85" + kObjectDtype + "\x89]" + items + "etb."),
              HasSubstr("arrays have more than 4 times its size"));
}

TEST(Pickle, RefusesTextThatIsNotLatin1) {
  EXPECT_THAT(error_for(kBegin + "c_codecs\nencode\nX\2\0\0\0\xc4\x80X\6\0\0\0latin1\x86R."s),
              HasSubstr("not latin-1"));
  EXPECT_THAT(error_for(kBegin + "c_codecs\nencode\nX\1\0\0\0\xc3X\6\0\0\0latin1\x86R."s), HasSubstr("not latin-1"));
  EXPECT_THAT(error_for(kBegin + "c_codecs\nencode\nX\1\0\0\0aX\3\0\0\0hex\x86R."s), HasSubstr("anything but latin-1"));
}

}  // namespace
}  // namespace limn::arrays
