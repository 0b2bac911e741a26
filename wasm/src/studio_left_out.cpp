// The studio's parts that need libraries or threads. In the place of serve/picture_files.cpp, serve/work_gate.cpp and
// render/gif.cpp.
#include "limn/core/error.hpp"
#include "limn/render/gif.hpp"
#include "limn/serve/http.hpp"
#include "limn/serve/picture_files.hpp"
#include "limn/serve/work_gate.hpp"

namespace limn::serve {
namespace {

constexpr int kNotHere = 409;

[[noreturn]] void refuse_picture() { throw Refusal(kNotHere, "the page writes PNG and GIF itself"); }

}  // namespace

std::string stroke_file(const std::string& format, const std::string&, std::vector<sketch::Sketch>) {
  throw Refusal(kNotHere, fmt::format("{} files are written by limn serve", format));
}
std::string painted_png(const render::Picture&, double) { refuse_picture(); }
std::string pen_gif(const render::Picture&) { refuse_picture(); }
std::string frames_gif(std::span<const render::SheetCell>) { refuse_picture(); }

// One thread: whoever computes has the turn.
struct WorkGate::State {};
WorkGate::WorkGate(int, int) {}
WorkGate::~WorkGate() = default;
std::shared_ptr<void> WorkGate::admit() { return nullptr; }
void WorkGate::take_turn() {}
void WorkGate::end_turn() {}

}  // namespace limn::serve

namespace limn::render {

Bytes encode_gif(std::span<const GifFrame>) { fail("the page writes GIFs itself"); }

}  // namespace limn::render
