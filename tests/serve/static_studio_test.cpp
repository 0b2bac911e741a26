// The studio as a folder of files.
#include "limn/serve/static_studio.hpp"

#include <gmock/gmock.h>

#include "limn/arrays/gunzip.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/json.hpp"
#include "limn/core/version.hpp"
#include "limn/models/registry.hpp"
#include "models/sketch_rnn/tiny_model.hpp"
#include "testing/errors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::serve {
namespace {

namespace fs = std::filesystem;
using testing::error_of;
using ::testing::HasSubstr;

// The parts of a module that the export looks at: that it is one, and whose.
void write_module(const fs::path& path, const std::string& mark) {
  write_file(path, std::string("\0asm\1\0\0\0", 8) + mark + '\0');
}

class StaticStudio : public ::testing::Test {
 protected:
  StaticStudio() {
    models::Checkpoint checkpoint = models::to_checkpoint(testing::tiny_checkpoint(true));
    checkpoint.training_config = R"({"data": "/home/someone/private.npz", "simplify": 2.5})";
    models::write_checkpoint(folder_ / "Mine.safetensors", checkpoint);
    write_module(folder_ / "studio.wasm", std::string("limn-studio-module ") + kVersion);
  }
  StaticStudioSize write(const std::string& module = "studio.wasm") {
    return write_static_studio(models::standard_registry(),
                               {.models = {folder_ / "Mine.safetensors"}, .module = folder_ / module},
                               folder_ / "site");
  }

  testing::TemporaryFolder folder_;
};

TEST_F(StaticStudio, HasThePageTheModuleAndTheModels) {
  const StaticStudioSize size = write();
  const Json studio = parse_json(read_text_file(folder_ / "site/studio.json"));
  EXPECT_EQ(studio["models"][0]["id"], "mine");
  EXPECT_FALSE(studio["watches_runs"]);
  const fs::path model = folder_ / "site" / studio["models"][0]["file"].get<std::string>();
  EXPECT_TRUE(arrays::is_gzip(read_file(folder_ / "site/limn-studio.wasm.gz")));
  // A published model says nothing of the machine, but how to prepare a drawing.
  const models::Checkpoint published =
      models::parse_checkpoint(SafetensorsFile::parse(arrays::read_unpacked(model, 1 << 24), "published"));
  EXPECT_EQ(parse_json(published.training_config), parse_json(R"({"simplify": 2.5})"));

  const std::string page = read_text_file(folder_ / "site/index.html");
  EXPECT_THAT(page, HasSubstr("<meta name=\"limn-engine\" content=\"module\">"));
  EXPECT_THAT(page, HasSubstr("script-src 'self' 'wasm-unsafe-eval'; style-src"));
  const std::string worker = read_text_file(folder_ / "site/service-worker.js");
  std::size_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "site")) {
    if (!entry.is_regular_file()) continue;
    bytes += entry.file_size();
    const std::string name = entry.path().lexically_relative(folder_ / "site").string();
    if (name == "service-worker.js") continue;
    EXPECT_THAT(worker, HasSubstr("\"" + name + "\""));
  }
  EXPECT_EQ(size.all, bytes);
  EXPECT_LT(size.first_drawing, size.all);
  EXPECT_THAT(read_text_file(folder_ / "site/third-party-notices.txt"), HasSubstr("libc++"));
  EXPECT_FALSE(fs::exists(folder_ / "site/static"));
  EXPECT_FALSE(fs::exists(folder_ / "site/openapi.json"));
}

TEST_F(StaticStudio, ReplacesAnEarlierOneWholeAndNothingElse) {
  write();
  const std::string first = read_text_file(folder_ / "site/service-worker.js");
  write();
  EXPECT_EQ(read_text_file(folder_ / "site/service-worker.js"), first);  // the same folder is the same version
  write_file(folder_ / "site/left-over", "text");
  write();
  EXPECT_FALSE(fs::exists(folder_ / "site/left-over"));
  EXPECT_EQ(folder_.entries(), 3);

  fs::remove_all(folder_ / "site");
  fs::create_directory(folder_ / "site");
  write();  // an empty folder holds nothing that could be lost
  fs::remove(folder_ / "site/studio.json");
  EXPECT_THAT(error_of([&] { write(); }), HasSubstr("site: is a folder with other files; name a new one"));
}

TEST_F(StaticStudio, NeedsTheModuleOfThisVersion) {
  EXPECT_THAT(error_of([&] { write("missing.wasm"); }), HasSubstr("missing.wasm: no such file"));
  write_file(folder_ / "text.wasm", "text");
  EXPECT_THAT(error_of([&] { write("text.wasm"); }), HasSubstr("text.wasm: is not a WebAssembly module"));
  write_module(folder_ / "package.wasm", "another");
  EXPECT_THAT(error_of([&] { write("package.wasm"); }), HasSubstr("without the studio's calls; take limn-studio.wasm"));
  write_module(folder_ / "old.wasm", "limn-studio-module 0.1.9");
  EXPECT_THAT(error_of([&] { write("old.wasm"); }), HasSubstr("old.wasm: is of limn 0.1.9, and this is limn"));
  EXPECT_FALSE(fs::exists(folder_ / "site"));
}

}  // namespace
}  // namespace limn::serve
