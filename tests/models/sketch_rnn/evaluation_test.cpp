#include "limn/models/sketch_rnn/evaluation.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/sketch_rnn/step.hpp"
#include "limn/models/training.hpp"
#include "models/sketch_rnn/plain_model.hpp"
#include "models/sketch_rnn/tiny_model.hpp"

namespace limn::models {
namespace {

using testing::PlainModel;
using testing::random_sketch;
using testing::tiny_checkpoint;
using testing::Vector;

constexpr std::int64_t kMaxSeqLen = 13;

std::vector<sketch::Sketch> split_sketches() {
  std::vector<sketch::Sketch> all;
  for (const std::int64_t length : {5, 1, 9, 3, 9, 2, 7}) all.push_back(random_sketch(length, 40 + all.size()));
  return all;
}

// Batches of at most `size`, longest sketches first, indices into `sketches`.
std::vector<sketch::StrokeBatch> batches_of(const std::vector<sketch::Sketch>& sketches, std::size_t size) {
  std::vector<std::int64_t> order(sketches.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<sketch::StrokeBatch> batches;
  for (std::size_t first = 0; first < order.size(); first += size) {
    const auto some = std::span(order).subspan(first, std::min(size, order.size() - first));
    std::vector<const sketch::Sketch*> pointers;
    for (const auto i : some) pointers.push_back(&sketches[static_cast<std::size_t>(i)]);
    batches.push_back(sketch::make_batch(pointers, some));
  }
  return batches;
}

// The figures again, sketch by sketch in double.
SketchRnnEvaluation plainly(const SketchRnnContents& checkpoint, const std::vector<sketch::Sketch>& sketches,
                            std::uint64_t seed, bool uses_mean) {
  const PlainModel plain(checkpoint);
  const auto& o = checkpoint.options;
  SketchRnnEvaluation e;
  e.n = static_cast<std::int64_t>(sketches.size());
  const double divisor = static_cast<double>(e.n) * kMaxSeqLen;
  for (std::size_t i = 0; i < sketches.size(); ++i) {
    Vector z;
    if (o.conditional) {
      const auto posterior = plain.encode(sketches[i]);
      std::vector<float> noise(static_cast<std::size_t>(o.z_size));
      RandomStream(seed, Purpose::kLatentEvaluation, 0, i).fill_normal(noise);
      for (std::size_t k = 0; k < noise.size(); ++k) {
        const double mu = posterior.mu[k], lv = posterior.log_variance[k];
        z.push_back(uses_mean ? mu : mu + std::exp(lv / 2) * noise[k]);
        e.kl -= 0.5 * (1 + lv - mu * mu - std::exp(lv)) / static_cast<double>(e.n * o.z_size);
      }
    }
    const auto losses = plain.losses(sketches[i], z);
    e.offset += losses.offset / divisor;
    e.pen += losses.pen_drawing / divisor;
    e.reconstruction_training_form += (losses.offset + losses.pen) / divisor;
  }
  e.reconstruction = e.offset + e.pen;
  e.total = e.reconstruction + (o.conditional ? o.kl_weight * std::max(e.kl, o.kl_tolerance) : 0);
  return e;
}

void expect_near(const SketchRnnEvaluation& a, const SketchRnnEvaluation& b) {
  EXPECT_EQ(a.n, b.n);
  EXPECT_NEAR(a.offset, b.offset, 1e-5);
  EXPECT_NEAR(a.pen, b.pen, 1e-5);
  EXPECT_NEAR(a.kl, b.kl, 1e-5);
  EXPECT_NEAR(a.reconstruction, b.reconstruction, 2e-5);
  EXPECT_NEAR(a.reconstruction_training_form, b.reconstruction_training_form, 2e-5);
  EXPECT_NEAR(a.total, b.total, 2e-5);
}

TEST(Evaluate, MatchesThePlainModelInBatchesOfAnySize) {
  const auto sketches = split_sketches();
  for (const bool conditional : {true, false})
    for (const bool uses_mean : {false, true}) {
      auto checkpoint = tiny_checkpoint(conditional);
      checkpoint.options.kl_tolerance = uses_mean ? 100 : 0;  // both sides of the maximum
      const auto expected = plainly(checkpoint, sketches, 6, uses_mean);
      for (const std::size_t size : {1, 3, 7, 100})
        expect_near(evaluate(sketch_rnn_weights(checkpoint), batches_of(sketches, size),
                             {.max_seq_len = kMaxSeqLen, .seed = 6, .uses_mean = uses_mean}),
                    expected);
    }
}

TEST(Evaluate, ReadsASquashedLatentAsTheDecoderDoes) {
  auto checkpoint = tiny_checkpoint(true);
  checkpoint.squashes_latent = true;
  const auto sketches = split_sketches();
  expect_near(evaluate(sketch_rnn_weights(checkpoint), batches_of(sketches, 4), {.max_seq_len = kMaxSeqLen}),
              plainly(checkpoint, sketches, 0, false));
}

// What training with these options would report for the same weights, z = μ and without dropout.
TEST(Evaluate, TheTrainingFormIsThatOfTraining) {
  auto checkpoint = tiny_checkpoint(false);
  const auto sketches = split_sketches();
  const auto batches = batches_of(sketches, sketches.size());
  const auto training_form = [&] {
    return evaluate(sketch_rnn_weights(checkpoint), batches, {.max_seq_len = kMaxSeqLen}).reconstruction_training_form;
  };
  const auto trained = [&] {
    const auto specs = sketch_rnn_parameters(checkpoint.options);
    TrainedTensors tensors(specs);
    for (std::size_t i = 0; i < specs.size(); ++i)
      std::ranges::copy(checkpoint.weights.at(specs[i].name), tensors.mutable_values()[i].begin());
    SketchRnnStep step(checkpoint.options);
    return step
        .losses_and_gradients(tensors.values(), tensors.gradients(),
                              {.batch = batches.front(), .max_seq_len = kMaxSeqLen})
        .total;
  };
  auto& o = checkpoint.options;
  o.use_recurrent_dropout = false;
  const double plain = training_form();
  EXPECT_NEAR(plain, trained(), 1e-5);
  o.pen_loss_over_padding = true;
  EXPECT_NEAR(training_form(), trained(), 1e-5);
  EXPECT_GT(training_form(), plain + 0.01) << "the padding counts";
  o.pen_reduction = "mean";
  o.offset_loss_at_end = true;
  o.density_floor = 1e-5;
  EXPECT_NEAR(training_form(), trained(), 1e-5);
  o.pen_loss_over_padding = o.pen_loss_at_end = false;
  EXPECT_NEAR(training_form(), trained(), 1e-5);
}

TEST(Evaluate, TakesASketchWithoutPoints) {
  const auto checkpoint = tiny_checkpoint(true);
  auto sketches = split_sketches();
  sketches.push_back({});
  expect_near(evaluate(sketch_rnn_weights(checkpoint), batches_of(sketches, 4), {.max_seq_len = kMaxSeqLen}),
              plainly(checkpoint, sketches, 0, false));
  const std::vector<sketch::Sketch> empty(2);
  expect_near(evaluate(sketch_rnn_weights(checkpoint), batches_of(empty, 4), {.max_seq_len = kMaxSeqLen}),
              plainly(checkpoint, empty, 0, false));
}

TEST(Evaluate, DoesNotDependOnTheNumberOfThreads) {
  const auto checkpoint = tiny_checkpoint(true);
  const auto batches = batches_of(split_sketches(), 4);
  const int before = kernels::thread_count();
  kernels::set_thread_count(1);
  const auto one = evaluate(sketch_rnn_weights(checkpoint), batches, {.max_seq_len = kMaxSeqLen});
  kernels::set_thread_count(3);
  const auto three = evaluate(sketch_rnn_weights(checkpoint), batches, {.max_seq_len = kMaxSeqLen});
  kernels::set_thread_count(before);
  EXPECT_EQ(one.total, three.total);
}

// With z strong in the decoder's input, another sketch's z gives other figures; with no weight on z, the
// same.
TEST(Evaluate, ShuffledLatentsTellWhetherTheDecoderReadsThem) {
  auto checkpoint = tiny_checkpoint(true);
  const auto batches = batches_of(split_sketches(), 3);
  const EvaluationOptions options{.max_seq_len = kMaxSeqLen, .uses_mean = true, .with_shuffled_z = true};
  const auto reads = evaluate(sketch_rnn_weights(checkpoint), batches, options);
  ASSERT_TRUE(reads.reconstruction_shuffled_z.has_value());
  EXPECT_GT(std::abs(*reads.reconstruction_shuffled_z - reads.reconstruction), 1e-4);

  std::ranges::fill(checkpoint.weights.at("decoder.initial_state.weight"), 0.0F);
  auto& weight_ih = checkpoint.weights.at("decoder.cell.weight_ih");
  for (std::size_t i = 0; i < weight_ih.size(); ++i)
    if (i % 10 >= 5) weight_ih[i] = 0;
  const auto ignores = evaluate(sketch_rnn_weights(checkpoint), batches, options);
  EXPECT_NEAR(*ignores.reconstruction_shuffled_z, ignores.reconstruction, 1e-6);

  const auto one = batches_of({random_sketch(4, 0)}, 1);
  EXPECT_FALSE(evaluate(sketch_rnn_weights(checkpoint), one, options).reconstruction_shuffled_z.has_value());
  const auto unconditional = tiny_checkpoint(false);
  EXPECT_FALSE(evaluate(sketch_rnn_weights(unconditional), batches, options).reconstruction_shuffled_z.has_value());
}

// The outputs of the last layer are those whose loss is evaluated, and the others have the sizes that they must have.
TEST(LayerOutputs, AreWhatEvaluationUses) {
  const auto sketches = split_sketches();
  for (const bool conditional : {true, false}) {
    const auto checkpoint = tiny_checkpoint(conditional);
    const auto weights = sketch_rnn_weights(checkpoint);
    const sketch::StrokeBatch batch = batches_of(sketches, sketches.size()).front();
    const SketchRnnLayers layers = layer_outputs(weights, batch);
    const auto n = sketches.size(), rows = static_cast<std::size_t>(batch.rows());
    const auto size = [&](std::int64_t columns) { return conditional ? n * static_cast<std::size_t>(columns) : 0; };
    EXPECT_EQ(layers.encoder.size(), size(2 * checkpoint.options.enc_rnn_size));
    EXPECT_EQ(layers.mu.size(), size(checkpoint.options.z_size));
    EXPECT_EQ(layers.log_variance.size(), size(checkpoint.options.z_size));
    EXPECT_EQ(layers.decoder.size(), rows * static_cast<std::size_t>(checkpoint.options.dec_rnn_size));
    const auto sums = kernels::mixture_density_loss(
        ConstMatrix(layers.output.data(), batch.rows(), kernels::output_size(checkpoint.options.num_mixture)),
        ConstMatrix(batch.targets, batch.rows(), sketch::kStroke5), 1);
    const auto evaluated = evaluate(weights, std::span(&batch, 1), {.max_seq_len = kMaxSeqLen, .uses_mean = true});
    const double divisor = kMaxSeqLen * static_cast<double>(n);
    EXPECT_NEAR(sums.offset / divisor, evaluated.offset, 1e-12);
    EXPECT_NEAR(sums.pen_drawing / divisor, evaluated.pen, 1e-12);
  }
}

TEST(Evaluate, WholeDataSets) {
  sketch::SketchSplits splits;
  splits[Split::kTrain] = split_sketches();
  splits[Split::kValid] = split_sketches();
  const sketch::StrokeDataset data(splits, {}, "data", 1.0F);
  const auto checkpoint = tiny_checkpoint(true);
  const auto weights = sketch_rnn_weights(checkpoint);
  const auto e = evaluate(weights, data, Split::kValid, {.batch_size = 3, .seed = 4});
  auto expected = plainly(checkpoint, split_sketches(), 4, false);
  EXPECT_EQ(e.n, 7);
  EXPECT_NEAR(e.offset, expected.offset * kMaxSeqLen / 9, 1e-5);  // N_max is the data's longest, 9
  EXPECT_NEAR(e.kl, expected.kl, 1e-5);
  EXPECT_THROW((void)evaluate(weights, data, Split::kTest), Error);
  EXPECT_THROW((void)evaluate(weights, std::vector<sketch::StrokeBatch>{}, {.max_seq_len = 3}), Error);
}

// What --precision bf16 costs: it draws with a decoder whose weights are rounded (Precision of drawing_test.cpp).
TEST(Evaluate, RoundedWeightsHardlyChangeTheLikelihoodOfTestDrawings) {
  const auto contents = sketch_rnn_contents(
      read_checkpoint(std::filesystem::path(LIMN_TEST_DATA_DIR) / ".." / ".." / "pretrained" / "doodles.safetensors"));
  const std::vector<std::string> paths{"builtin:doodles"};
  const auto data = sketch::StrokeDataset::load(paths, {}, contents.scale_factor);
  const auto rounded = testing::with_rounded_decoder(contents);
  const EvaluationOptions options{.max_seq_len = contents.max_seq_len, .most = 200, .seed = 1};
  const double exact = evaluate(sketch_rnn_weights(contents), data, Split::kTest, options).reconstruction;
  const double after = evaluate(sketch_rnn_weights(rounded), data, Split::kTest, options).reconstruction;
  EXPECT_NE(after, exact);
  EXPECT_LT(std::abs(after - exact), 0.001 * std::abs(exact)) << exact << " became " << after;
  std::cout << "reconstruction " << exact << ", with rounded weights " << after << "\n";
}

}  // namespace
}  // namespace limn::models
