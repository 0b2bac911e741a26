// Pickles by hand: what the machine must refuse, and how it says so.
#include "limn/arrays/pickle.hpp"

#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include "limn/sketch/pickle_writer.hpp"
#include "testing/hostile.hpp"

namespace limn::arrays {
namespace {

using ::testing::HasSubstr;
using std::string_literals::operator""s;

std::string error_for(const std::string& pickle) {
  return error_of([&] { return read_pickle(as_bytes(pickle), "x.npz"); });
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
  EXPECT_THAT(error_for(kBegin + "(ios\nsystem\n."), HasSubstr("opcode INST, which no array needs"));
  EXPECT_THAT(error_for(kBegin + "cnumpy\nndarray\n)\x81."), HasSubstr("opcode NEWOBJ"));
  EXPECT_THAT(error_for(kBegin + "\x82\1."), HasSubstr("opcode EXT1"));
  EXPECT_THAT(error_for(kBegin + "Pid\n."), HasSubstr("opcode PERSID"));
  EXPECT_THAT(error_for(kBegin + "K\1Q."), HasSubstr("opcode BINPERSID"));
  EXPECT_THAT(error_for(kBegin + "\xff."), HasSubstr("opcode 0xff"));
}

TEST(Pickle, RefusesOtherProtocols) { EXPECT_THAT(error_for("\x80\6."), HasSubstr("protocol 6 is not read")); }

// A pickle's value as Python would print it, roughly.
std::string shown(const PickleTree& tree, PickleValue value) {
  switch (value.kind) {
    case PickleKind::kNone:
      return "None";
    case PickleKind::kBool:
      return value.number != 0 ? "True" : "False";
    case PickleKind::kInt:
      return std::to_string(value.number);
    case PickleKind::kFloat:
      return fmt::format("{:.17g}f", tree.number(value));
    case PickleKind::kBytes:
      return fmt::format("b'{}'", tree.text(value));
    case PickleKind::kText:
      return fmt::format("'{}'", tree.text(value));
    case PickleKind::kArray:
      if (!tree.array(value).holds_objects())
        return fmt::format("array[{}]({})", fmt::join(tree.array(value).numbers.shape, "x"),
                           fmt::join(tree.array(value).numbers.values(), " "));
      [[fallthrough]];
    default: {
      std::string text(name_of(value.kind));
      for (const PickleValue& item : tree.items(value)) text += " " + shown(tree, item);
      return "<" + text + ">";
    }
  }
}
std::string shown(const std::string& pickle) {
  try {
    const PickleTree tree = read_pickle(as_bytes(pickle), "x.npz");
    return shown(tree, tree.root());
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Pickle, ReadsProtocol0) {
  // [1, -2L, True, 0.5, None, 'a\n\'"', u'\xe9\u20ac'] of Python 2.
  EXPECT_EQ(shown("(lp0\nI1\naL-2L\naI01\naF0.5\naNaS'a\\n\\'\"'\np1\naV\xe9\\u20ac\np2\na."),
            "<a list 1 -2 True 0.5f None b'a\n'\"' '\xc3\xa9\xe2\x82\xac'>");
  EXPECT_EQ(shown("(dp1\nS\"it's\"\np2\n(I1\nI2\ntp3\nsS'\\x41\\t'\ng3\ns."),
            "<a dict b'it's' <a tuple 1 2> b'A\t' <a tuple 1 2>>");
  EXPECT_EQ(shown("(I1\nI2\nl."), "<a list 1 2>");
  EXPECT_EQ(shown("(S'a'\nI2\nd."), "<a dict b'a' 2>");
  EXPECT_EQ(shown("I1\nI2\n0."), "1");
  EXPECT_EQ(shown("(I1\n2(I9\n1t."), "<a tuple 1 1>");
  // Two int16 in an array, as cPickle of Python 2 writes it.
  EXPECT_EQ(
      shown("cnumpy.core.multiarray\n_reconstruct\np1\n(cnumpy\nndarray\np2\n(I0\ntS'b'\ntRp3\n(I1\n(I2\ntcnumpy\n"
            "dtype\np4\n(S'i2'\nI0\nI1\ntRp5\n(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'\\x03\\x00\\xff\\xff'\ntb."),
      "array[2](3 -1)");
  // b'\x00\x80' of Python 3.
  EXPECT_EQ(shown("c_codecs\nencode\n(V\\u0000\x80\nVlatin1\ntR."), std::string("b'\0\x80'", 5));
}

TEST(Pickle, SaysThatLineEndsWereChanged) {
  for (const char* pickle : {"(lp0\r\nI1\r\na.", "cnumpy\r\nndarray\r\n."})
    EXPECT_EQ(error_for(pickle), "x.npz: its line ends were turned into CRLF (a text-mode copy); fetch it again");
}

TEST(Pickle, RefusesWrongTextForms) {
  EXPECT_THAT(error_for("I1x\n."), HasSubstr("'1x' is not a whole number"));
  EXPECT_THAT(error_for("L123456789012345678901L\n."), HasSubstr("is not a whole number of up to 64 bits"));
  EXPECT_THAT(error_for("Fone\n."), HasSubstr("'one' is not a number"));
  for (const char* text :
       {"S'a\n.", "S\n.", "S'\n.", "S'\\'\n.", "S'\\x4'\n.", "S'\\q'\n.", "V\\u12\n.", "V\\U00110000\n."})
    EXPECT_THAT(error_for(text), HasSubstr("a string that Python does not write")) << text;
  EXPECT_THAT(error_for("I1\npx\n."), HasSubstr("a memo without a number"));
  EXPECT_THAT(error_for("g-1\n."), HasSubstr("a memo without a number"));
}

TEST(Pickle, ReadsDictsAndScalars) {
  EXPECT_EQ(shown(kBegin + "}(U\1aK\1U\1bK\2u."), "<a dict b'a' 1 b'b' 2>");
  EXPECT_EQ(shown(kBegin + "ccollections\nOrderedDict\n)RU\1aK\1s}b."), "<a dict b'a' 1>");
  EXPECT_EQ(shown(kBegin + "ccollections\nOrderedDict\n](](U\1aK\1ee\x85R."), "<a dict b'a' 1>");
  EXPECT_EQ(shown(kBegin + "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\2f8K\0K\1\x87RU\x08"s +
                  std::string("\0\0\0\0\0\0\xe0\x3f", 8) + "\x86R."),
            "0.5f");
  EXPECT_THAT(error_for(kBegin + "}(K\1u."), HasSubstr("a dict gets a key and no value"));
  EXPECT_THAT(error_for(kBegin + "(K\1d."), HasSubstr("a dict with a key and no value"));
  EXPECT_THAT(error_for(kBegin + "]K\1K\2s."), HasSubstr("a list where a dict was expected"));
}

TEST(Pickle, KnowsPyTorchsNamesOnlyInItsFiles) {
  EXPECT_THAT(error_for(kBegin + "ctorch\nFloatStorage\n."), HasSubstr("asks for torch.FloatStorage"));
  const auto tensors = [](const std::string& pickle) {
    return read_pickle(as_bytes(pickle), "x.pth", {.has_tensors = true});
  };
  const std::string foreign = kBegin + "cargparse\nNamespace\n)\x81}b.";
  EXPECT_EQ(tensors(foreign).foreign_name(tensors(foreign).root()), "argparse.Namespace");
  EXPECT_THAT(error_of([&] { return tensors(kBegin + "ctorch\nFloatStorage\n)R."); }),
              HasSubstr("torch.FloatStorage is called directly"));
}

TEST(Pickle, RefusesMisuseOfItsStack) {
  EXPECT_THAT(error_for(kBegin + "."), HasSubstr("stack is empty"));
  EXPECT_THAT(error_for(kBegin + "\x85."), HasSubstr("stack is empty"));
  EXPECT_THAT(error_for(kBegin + "t."), HasSubstr("no mark"));
  EXPECT_THAT(error_for(kBegin + "0."), HasSubstr("stack is empty"));
  EXPECT_THAT(error_for(kBegin + "2."), HasSubstr("stack is empty"));
  EXPECT_THAT(error_for(kBegin + "1."), HasSubstr("no mark"));
  EXPECT_THAT(error_for(kBegin + "K\1(R."), HasSubstr("stack is empty"));
  EXPECT_THAT(error_for(kBegin + "]K\1(e."), HasSubstr("an int where a list"));
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
  EXPECT_EQ(error_for(numbers("K\1K\3\x86")), "");
  EXPECT_THAT(error_for(numbers("K\2K\3\x86")), HasSubstr("needs 12 bytes of data, 6 are there"));
  EXPECT_THAT(error_for(numbers("J\xff\xff\xff\xffK\3\x86")), HasSubstr("dimension of -1"));
  EXPECT_THAT(error_for(numbers("J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86")), HasSubstr("too many elements"));
  EXPECT_THAT(error_for(numbers("N\x85")), HasSubstr("None where an int"));
  EXPECT_THAT(error_for(kBegin + kArray + "(K\1K\5\x85" + kObjectDtype + "\x89]tb."),
              HasSubstr("shape 5 holds 0 elements"));
}

TEST(Pickle, RefusesArraysWithoutNumbers) {
  EXPECT_THAT(error_for(kBegin + kArray + "."), HasSubstr("an array has no numbers"));
}

TEST(Pickle, AnArrayOfObjectsDoesNotGrow) {
  // The list in memo 2 has one element when the array takes it, then two.
  const std::string grown = kBegin + kArray + "(K\1K\1\x85" + kObjectDtype + "\x89]q\2K\5atbh\2K\6a0.";
  EXPECT_EQ(shown(grown), "<an array 5>");
}

TEST(Pickle, RefusesWhatStandsBehindTheEnd) {
  sketch::SketchPickler pickler(0, {});
  std::string pickle = pickler.next();
  pickle += pickler.next();
  EXPECT_EQ(error_for(pickle), "");
  EXPECT_THAT(error_for(pickle + "N"), HasSubstr("1 bytes stand behind the pickle's end"));
}

TEST(Pickle, RefusesTextThatIsNotLatin1) {
  EXPECT_THAT(error_for(kBegin + "c_codecs\nencode\nX\2\0\0\0\xc4\x80X\6\0\0\0latin1\x86R."s),
              HasSubstr("not latin-1"));
  EXPECT_THAT(error_for(kBegin + "c_codecs\nencode\nX\1\0\0\0\xc3X\6\0\0\0latin1\x86R."s), HasSubstr("not latin-1"));
  EXPECT_THAT(error_for(kBegin + "c_codecs\nencode\nX\1\0\0\0aX\3\0\0\0hex\x86R."s), HasSubstr("anything but latin-1"));
}

}  // namespace
}  // namespace limn::arrays
