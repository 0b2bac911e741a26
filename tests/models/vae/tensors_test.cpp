// The layers of a VAE: their sizes, and images that they do not fit.
#include "limn/models/vae/tensors.hpp"

#include <gmock/gmock.h>

#include "limn/core/error.hpp"

namespace limn::models {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

VaeOptions conv40_options() { return resolved({.arch = "conv40"}, {3, 40, 40}); }
VaeOptions conv20_options() { return resolved({.arch = "conv20"}, {3, 20, 20}); }

TEST(VaeLayout, ExplainsSizesThatDoNotFit) {
  const auto layout = [](const VaeOptions& o) { return [o] { (void)vae_layout(o); }; };
  VaeOptions options = conv40_options();
  options.image_width = 28;
  EXPECT_THAT(layout(options),
              ThrowsMessage<Error>(HasSubstr("28 pixels gives 40 pixels back; the nearest that fits is 40")));
  options.image_width = 300;
  EXPECT_THAT(layout(options), ThrowsMessage<Error>(HasSubstr("image_size=")));
  options = conv20_options();
  options.image_height = 7;
  EXPECT_THAT(layout(options), ThrowsMessage<Error>(HasSubstr("leaves nothing; the nearest that fits is 10")));
  options = conv20_options();
  options.channels = 5;
  EXPECT_THAT(layout(options), ThrowsMessage<Error>(HasSubstr("channels=5: must be even")));
  EXPECT_THROW((void)vae_layout(VaeOptions{}), Error);  // sizes still unknown
}

TEST(VaeLayout, HasTheSizesOfThePaperPage) {
  const VaeLayout big = vae_layout(conv40_options());
  EXPECT_EQ(big.encoder[12].input, (image::ImageShape{256, 2, 2}));
  EXPECT_EQ(big.decoder.back().input, (image::ImageShape{16, 19, 19}));
  EXPECT_EQ(big.decoder.back().output, (image::ImageShape{3, 40, 40}));
  const VaeLayout small = vae_layout(conv20_options());
  EXPECT_EQ(small.encoder[12].input, (image::ImageShape{128, 6, 6}));
  EXPECT_EQ(small.decoder.back().input, (image::ImageShape{16, 22, 22}));
  EXPECT_EQ(small.decoder.back().output, (image::ImageShape{3, 20, 20}));
}

}  // namespace
}  // namespace limn::models
