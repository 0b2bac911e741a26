#include "limn/train/libtorch_module.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/train/process_group.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The environment variable while a test runs, then as before.
class NamedModule {
 public:
  explicit NamedModule(const std::string& path) {
    if (const char* value = std::getenv(kLibtorchVariable)) before_ = value;
    setenv(kLibtorchVariable, path.c_str(), 1);
  }
  ~NamedModule() { setenv(kLibtorchVariable, before_.c_str(), 1); }
  NamedModule(const NamedModule&) = delete;
  NamedModule& operator=(const NamedModule&) = delete;

 private:
  std::string before_;
};

std::string message_of(const std::string& path) {
  const NamedModule named(path);
  try {
    (void)load_libtorch_module("several processes");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

auto is_one_line() { return Not(HasSubstr("\n")); }

TEST(LibtorchModule, AMissingOneSaysWhereItWasSoughtAndWhatBringsIt) {
  const std::string message = message_of("/nowhere/module.so");
  EXPECT_THAT(message, AllOf(is_one_line(), HasSubstr("several processes: "), HasSubstr("/nowhere/module.so"),
                             HasSubstr("libtorch-dev"), HasSubstr("libgloo-dev"), HasSubstr("-DLIMN_WITH_TORCH=ON")));
}

TEST(LibtorchModule, SeveralProcessesNeedIt) {
  const NamedModule named("/nowhere/module.so");
  EXPECT_THROW((void)make_process_group({.rank = 0, .world_size = 2}), Error);
}

TEST(LibtorchModule, IsSoughtBesideTheProgramAndInLibexec) {
  const NamedModule named("");
  const auto paths = libtorch_module_paths();
  ASSERT_EQ(paths.size(), 2u);
  const auto program = std::filesystem::read_symlink("/proc/self/exe");
  EXPECT_EQ(paths[0], program.parent_path() / "limn_libtorch.so");
  EXPECT_THAT(paths[1].string(), ::testing::EndsWith("libexec/limn/limn_libtorch.so"));
}

TEST(LibtorchModule, OneOfAnotherVersionIsRefused) {
  EXPECT_THAT(message_of(LIMN_OTHER_MODULE),
              AllOf(is_one_line(), HasSubstr(LIMN_OTHER_MODULE), HasSubstr("of another version of limn")));
}

TEST(LibtorchModule, ALibraryThatIsNotAModuleIsRefused) {
  EXPECT_THAT(message_of(LIMN_FOREIGN_MODULE),
              AllOf(is_one_line(), HasSubstr(LIMN_FOREIGN_MODULE), HasSubstr("is not a module of limn")));
}

TEST(LibtorchModule, AFileThatIsNotALibraryIsRefused) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "module.so";
  write_file(path, "not a library");
  EXPECT_THAT(message_of(path.string()), AllOf(is_one_line(), HasSubstr("cannot load"), HasSubstr(path.string())));
}

}  // namespace
}  // namespace limn::train
