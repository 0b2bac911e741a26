// Files of torch.save(), made by pytorch_files.hpp.
#include "limn/arrays/pytorch_file.hpp"

#include <gmock/gmock.h>

#include "arrays/pytorch_files.hpp"
#include "testing/hostile.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::arrays {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using testing::memory_of;
using testing::pickled_dict;
using testing::pickled_int;
using testing::pickled_ordered_dict;
using testing::pickled_parameter;
using testing::pickled_tensor;
using testing::pickled_text;
using testing::pytorch_legacy;
using testing::pytorch_zip;
using testing::SavedTensor;

PytorchFile parse(std::span<const std::byte> file) { return parse_pytorch(file, "x.pth"); }
std::string error_for(const Bytes& file) {
  return error_of([&] { return parse(file); });
}

const std::vector<float> kSix{1, 2, 3, 4, 5, 6};
// 2 x 3 numbers in storage 0.
const SavedTensor kMatrix{.storage_count = 6, .shape = {2, 3}, .strides = {3, 1}};
const std::vector<std::pair<std::string, std::string>> kStorage{{"0", memory_of(kSix)}};

std::string entry(const std::string& name) { return pickled_text(name); }
Bytes file_of(const std::string& code) { return pytorch_zip(code, kStorage); }
Bytes file_with(const SavedTensor& tensor) { return file_of(pickled_dict({{entry("w"), pickled_tensor(tensor)}})); }

TEST(PytorchFile, ReadsAStateDict) {
  const PytorchFile file = parse(pytorch_zip(
      pickled_ordered_dict({{entry("encoder.w"), pickled_tensor(kMatrix)},
                            {entry("b"), pickled_parameter(pickled_tensor(
                                             {.key = "1", .storage_count = 1, .shape = {}, .strides = {}}))}}),
      {{"0", memory_of(kSix)}, {"1", memory_of<float>({-7.5F})}}));
  EXPECT_THAT(file.tensors, ElementsAre(Key("b"), Key("encoder.w")));
  EXPECT_THAT(file.tensors.at("encoder.w").shape, ElementsAre(2, 3));
  EXPECT_EQ(file.tensors.at("encoder.w").values, kSix);
  EXPECT_THAT(file.tensors.at("b").shape, IsEmpty());
  EXPECT_THAT(file.tensors.at("b").values, ElementsAre(-7.5F));
  EXPECT_EQ(file.entry, "");
}

TEST(PytorchFile, HonoursStridesAndOffsets) {
  const auto values = [](const SavedTensor& tensor) { return parse(file_with(tensor)).tensors.at("w").values; };
  EXPECT_THAT(values({.storage_count = 6, .shape = {3, 2}, .strides = {1, 3}}), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(values({.storage_count = 6, .offset = 2, .shape = {2, 2}, .strides = {2, 1}}), ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(values({.storage_count = 6, .offset = 4, .shape = {2, 2}, .strides = {0, 1}}), ElementsAre(5, 6, 5, 6));
  EXPECT_THAT(values({.storage_count = 6, .offset = 6, .shape = {0, 2}, .strides = {2, 1}}), IsEmpty());
}

TEST(PytorchFile, ReadsEveryTypeOfNumber) {
  const auto read = [](const std::string& type, const std::string& bytes, std::int64_t count,
                       const std::string& order = "little") {
    const SavedTensor tensor{.storage_type = type, .storage_count = count, .shape = {count}, .strides = {1}};
    return parse(pytorch_zip(pickled_dict({{entry("w"), pickled_tensor(tensor)}}), {{"0", bytes}}, order))
        .tensors.at("w")
        .values;
  };
  using std::string_literals::operator""s;
  EXPECT_THAT(read("DoubleStorage", memory_of<double>({0.1, -1e300}), 2), ElementsAre(0.1F, -HUGE_VALF));
  EXPECT_THAT(read("HalfStorage", "\x00\x3c\x00\xc1"s, 2), ElementsAre(1, -2.5F));
  EXPECT_THAT(read("BFloat16Storage", "\x80\x3f\x20\xc0"s, 2), ElementsAre(1, -2.5F));
  EXPECT_THAT(read("BFloat16Storage", "\x3f\x80\xc0\x20"s, 2, "big"), ElementsAre(1, -2.5F));
  EXPECT_THAT(read("LongStorage", memory_of<std::int64_t>({-3, 1LL << 40}), 2), ElementsAre(-3, 1099511627776.0F));
  EXPECT_THAT(read("IntStorage", memory_of<std::int32_t>({-3, 70000}), 2), ElementsAre(-3, 70000));
  EXPECT_THAT(read("ShortStorage", memory_of<std::int16_t>({-3, 7}), 2), ElementsAre(-3, 7));
  EXPECT_THAT(read("CharStorage", "\xfd\x07", 2), ElementsAre(-3, 7));
  EXPECT_THAT(read("ByteStorage", "\xfd\x07", 2), ElementsAre(253, 7));
  EXPECT_THAT(read("BoolStorage", "\0\1"s, 2), ElementsAre(0, 1));
  EXPECT_THAT(read("FloatStorage", "\x3f\x80\0\0"s, 1, "big"), ElementsAre(1));
}

TEST(PytorchFile, TakesTheModelOfACheckpoint) {
  const std::string state = pickled_ordered_dict({{entry("module.w"), pickled_tensor(kMatrix)}});
  const std::string optimiser =
      pickled_dict({{entry("state"), pickled_dict({{pickled_int(0), pickled_tensor(kMatrix)}})}});
  PytorchFile file = parse(file_of(pickled_dict({{entry("epoch"), pickled_int(3)},
                                                 {entry("loss"), pickled_tensor(kMatrix)},
                                                 {entry("optimizer_state_dict"), optimiser},
                                                 {entry("model_state_dict"), state},
                                                 {entry("args"), "cargparse\nNamespace\n)\x81}b"}})));
  EXPECT_EQ(file.entry, "model_state_dict");
  EXPECT_THAT(file.tensors, ElementsAre(Key("w")));
  file = parse(file_of(pickled_dict({{entry("model"), pickled_dict({{entry("state_dict"), state}})}})));
  EXPECT_EQ(file.entry, "model.state_dict");
  EXPECT_THAT(file.tensors, ElementsAre(Key("w")));
  // Parts side by side stay apart.
  file =
      parse(file_of(pickled_dict({{entry("encoder"), state}, {entry("decoder"), state}, {entry("optim"), optimiser}})));
  EXPECT_EQ(file.entry, "");
  EXPECT_THAT(file.tensors, ElementsAre(Key("decoder.module.w"), Key("encoder.module.w")));
}

TEST(PytorchFile, ReadsTheOlderFile) {
  const std::string code = pickled_ordered_dict({{entry("w"), pickled_tensor(kMatrix, true)}});
  EXPECT_EQ(parse(bytes_of(pytorch_legacy(code, kStorage))).tensors.at("w").values, kSix);
  EXPECT_EQ(accepted_truncations(parse, bytes_of(pytorch_legacy(code, kStorage))), 0U);
  expect_survives_changes(parse, bytes_of(pytorch_legacy(code, kStorage)), 3000, 3);
}

TEST(PytorchFile, RefusesObjectsOfClasses) {
  const std::string module = "c__main__\nVAE\n)\x81}" + pickled_text("training") + "\x88sb";
  EXPECT_THAT(error_for(file_of(module)),
              HasSubstr("x.pth: holds a whole object of the class __main__.VAE, which limn does not run; save the "
                        "tensors alone: torch.save(model.state_dict(), 'model.pth')"));
  EXPECT_THAT(error_for(file_of(pickled_dict({{entry("model"), module}}))),
              HasSubstr("holds no tensors by name, but an object of the class __main__.VAE; save"));
  EXPECT_THAT(error_for(file_of("cos\nsystem\n" + pickled_text("true") + "\x85R")),
              HasSubstr("of the class os.system"));
  EXPECT_THAT(error_for(file_of("ctorch._utils\n_rebuild_qtensor\n)R")),
              HasSubstr("asks for torch._utils._rebuild_qtensor, which no plain tensor needs"));
  EXPECT_THAT(error_for(file_with({.storage_type = "ComplexFloatStorage", .shape = {}, .strides = {}})),
              HasSubstr("tensors of torch.ComplexFloatStorage are not read; save them as float32"));
}

TEST(PytorchFile, RefusesOtherFiles) {
  EXPECT_THAT(error_for(bytes_of("{}")), HasSubstr("not a file of PyTorch's torch.save()"));
  const std::pair<std::string, Bytes> array{"train.npy", bytes_of("x")};
  EXPECT_THAT(error_for(make_zip({&array, 1})), HasSubstr("a zip archive, but not PyTorch's: it holds no data.pkl"));
  const std::pair<std::string, Bytes> script[]{{"m/data.pkl", {}}, {"m/constants.pkl", {}}};
  EXPECT_THAT(error_for(make_zip(script)), HasSubstr("TorchScript, which is a program; save"));
  EXPECT_THAT(error_for(file_of(pickled_tensor(kMatrix))), HasSubstr("one tensor without a name"));
  EXPECT_THAT(error_for(file_of(pickled_dict({{entry("lr"), pickled_int(3)}}))),
              HasSubstr("holds no tensors by name; save"));
  EXPECT_THAT(error_for(pytorch_zip(pickled_dict({}), {}, "middle")), HasSubstr("its byte order is 'middle'"));
}

TEST(PytorchFile, RefusesTensorsOutsideOfTheirNumbers) {
  const auto error = [](const SavedTensor& tensor) { return error_for(file_with(tensor)); };
  const std::string outside = "tensor w lies outside of its numbers";
  EXPECT_THAT(error({.storage_count = 6, .offset = 1, .shape = {2, 3}, .strides = {3, 1}}), HasSubstr(outside));
  EXPECT_THAT(error({.storage_count = 6, .offset = -1, .shape = {2, 3}, .strides = {3, 1}}), HasSubstr(outside));
  EXPECT_THAT(error({.storage_count = 6, .shape = {2, 3}, .strides = {4, 1}}), HasSubstr(outside));
  EXPECT_THAT(error({.storage_count = 6, .offset = 5, .shape = {2}, .strides = {-1}}), HasSubstr(outside));
  EXPECT_THAT(error({.storage_count = 6, .shape = {2, 3}, .strides = {3}}), HasSubstr(outside));
  EXPECT_THAT(error({.storage_count = 6, .offset = 6, .shape = {1}, .strides = {1}}), HasSubstr(outside));
  EXPECT_THAT(error({.storage_count = 7, .shape = {2, 3}, .strides = {3, 1}}),
              HasSubstr("24 bytes, 28 were announced"));
  EXPECT_THAT(error({.key = "../1", .storage_count = 6, .shape = {6}, .strides = {1}}),
              HasSubstr("the numbers data/../1 are missing"));
  EXPECT_THAT(error({.storage_count = 6, .shape = {1 << 20, 1 << 20}, .strides = {0, 0}}),
              HasSubstr("more than 4 numbers for each byte"));
  EXPECT_THAT(error({.storage_count = 6, .shape = {-2, 3}, .strides = {3, 1}}), HasSubstr("a dimension of -2"));
}

TEST(PytorchFile, RefusesEndlessTrees) {
  // A dict that holds itself, and lists of ten times the list before.
  EXPECT_THAT(error_for(file_of("}q\1" + entry("a") + "h\1s")), HasSubstr("nested deeper than 16"));
  std::string lists = "]q" + std::string(1, '\0');
  for (char i = 1; i < 12; ++i) {
    lists += "](";
    for (int k = 0; k < 10; ++k) lists += std::string("h") + static_cast<char>(i - 1);
    lists += std::string("eq") + i;
  }
  EXPECT_THAT(error_for(file_of(lists)), HasSubstr("nested without end"));
}

TEST(PytorchFile, BearsTruncationAndChanges) {
  const Bytes file = file_of(pickled_ordered_dict({{entry("w"), pickled_parameter(pickled_tensor(kMatrix))}}));
  EXPECT_EQ(accepted_truncations(parse, file), 0U);
  expect_survives_changes(parse, file, 2000, 2);
}

TEST(PytorchFile, BecomesASafetensorsFile) {
  const SafetensorsFile file = as_safetensors(parse(file_with(kMatrix)), "x.pth");
  EXPECT_EQ(file.read_f32("w", {2, 3}), kSix);
  EXPECT_EQ(file.origin(), "x.pth");
  const testing::TemporaryFolder folder;
  write_file(folder / "x.pth", file_with(kMatrix));
  EXPECT_EQ(read_pytorch(folder / "x.pth").tensors.at("w").values, kSix);
}

}  // namespace
}  // namespace limn::arrays
