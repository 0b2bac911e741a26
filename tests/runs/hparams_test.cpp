#include "limn/runs/hparams.hpp"

#include <gmock/gmock.h>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "testing/errors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::runs {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

TEST(Hparams, AreMagentasString) {
  EXPECT_THAT(read_hparams("data_set=[a.npz,b.npz],dec_model=hyper, z_size = 16,conditional=False,is_training=True")
                  .assignments,
              ElementsAre("data_set=[a.npz,b.npz]", "dec_model=hyper", "z_size=16", "conditional=false"));
  EXPECT_THAT(read_hparams("dec_model=\"hyper\",").assignments, ElementsAre("dec_model=hyper"));
  EXPECT_THAT(read_hparams("data_set=a.npz,b.npz,z_size=3").assignments,
              ElementsAre("data_set=a.npz,b.npz", "z_size=3"));
}

TEST(Hparams, AreAJsonObject) {
  const Hparams hparams = read_hparams(
      R"({"num_steps": 500, "learning_rate": 0.001, "dec_model": "lstm", "data_set": ["a.npz", "b.npz"],
          "conditional": true, "is_training": true})");
  EXPECT_FALSE(hparams.is_file);
  EXPECT_THAT(hparams.assignments, ElementsAre("conditional=true", "data_set=[a.npz,b.npz]", "dec_model=lstm",
                                               "learning_rate=0.001", "num_steps=500"));
}

TEST(Hparams, AreAFileOfEither) {
  const testing::TemporaryFolder folder;
  write_file(folder / "model_config.json", "\xef\xbb\xbf{\"z_size\": 8}");
  write_file(folder / "flags.txt", "z_size=9,num_steps=3\n");
  const Hparams json = read_hparams((folder / "model_config.json").string());
  EXPECT_TRUE(json.is_file);
  EXPECT_EQ(json.origin, (folder / "model_config.json").string());
  EXPECT_THAT(json.assignments, ElementsAre("z_size=8"));
  EXPECT_THAT(read_hparams((folder / "flags.txt").string()).assignments, ElementsAre("z_size=9", "num_steps=3"));
}

TEST(Hparams, SayWhatIsWrong) {
  EXPECT_THAT(error_of([] { return read_hparams("z_size"); }), HasSubstr("--hparams: 'z_size' is not name=value"));
  EXPECT_THAT(error_of([] { return read_hparams("=3"); }), HasSubstr("is not name=value"));
  EXPECT_THAT(error_of([] { return read_hparams("{\"z_size\": [1]}"); }), HasSubstr("only data_set may be one"));
  EXPECT_THAT(error_of([] { return read_hparams("{\"z_size\": null}"); }), HasSubstr("z_size is neither"));
  EXPECT_THAT(error_of([] { return read_hparams("{\"z_size\": 1"); }), HasSubstr("is not a JSON object"));
  EXPECT_THAT(error_of([] { return read_hparams(" "); }), HasSubstr("--hparams: is empty"));
  EXPECT_THAT(error_of([] { return read_hparams("none.json"); }), HasSubstr("--hparams none.json: no such file"));
  EXPECT_THAT(error_of([] { return read_hparams("data_set=[a.npz,b.npz"); }), HasSubstr("has no ] at its end"));
}

}  // namespace
}  // namespace limn::runs
