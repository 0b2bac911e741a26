// The studio's calls: the first byte of an input says which, the rest is the request's body. Any answer will do but one
// that blames the studio (500).
#include "limn/serve/studio.hpp"

#include <array>

#include "fuzz/target.hpp"
#include "models/tiny_images.hpp"
#include "serve/served_studio.hpp"

using namespace limn;
using serve::Refusal;

namespace {

constexpr std::array kPaths{"/api/models/gen/completions",
                            "/api/models/my-doodles/completions",
                            "/api/models/my-doodles/variations",
                            "/api/models/my-doodles/morphs",
                            "/api/models/gen/images",
                            "/api/pictures",
                            "/api/models/vae/images",
                            "/api/models/vae/latents",
                            "/api/models/draw/canvases",
                            "/api/models/my-doodles/canvases"};

class Nobody final : public serve::ReplyStream {
 public:
  bool write(std::string_view /*bytes*/) override { return true; }
  [[nodiscard]] bool is_open() const override { return true; }
};

const serve::Studio& studio() {
  static const testing::TemporaryFolder folder;
  static const serve::Studio studio(models::standard_registry(), [] {
    serve::StudioOptions options = testing::tiny_studio_options(folder);
    models::write_checkpoint(folder / "vae.safetensors", testing::tiny_vae());
    models::write_checkpoint(folder / "draw.safetensors", testing::tiny_draw());
    options.models.push_back(folder / "vae.safetensors");
    options.models.push_back(folder / "draw.safetensors");
    return options;
  }());
  return studio;
}

void ask(fuzz::Input input) {
  const std::string_view text = fuzz::text_of(input);
  if (text.empty()) return;
  serve::HttpRequest request{.method = "POST",
                             .path = kPaths[static_cast<unsigned char>(text[0]) % kPaths.size()],
                             .address = "127.0.0.1",
                             .headers = {},
                             .body = std::string(text.substr(1))};
  try {
    serve::HttpReply reply = studio().answer(request);
    if (reply.status >= 500) fuzz::report(reply.body);
    Nobody out;
    while (reply.stream && reply.stream(out)) {
    }
  } catch (const Refusal& refusal) {
    if (refusal.status() >= 500) fuzz::report(refusal.what());
    (void)serve::error_reply(refusal.status(), refusal.what(), refusal.where());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)studio().warm_up();
  // A reply may be a picture of 1280 × 1280 pixels or a GIF of many, whatever the size of the body.
  constexpr fuzz::MemoryBound kBound{.per_byte = 4096, .floor = 256 << 20};
  return fuzz::survive(data, size, kBound, ask);
}
