// Writes the seeds of the fuzz targets: small files of each format, made by limn's own writers and the tests' helpers.
// Usage: fuzz_seeds FOLDER (tests/fuzz/corpus of the source tree). What else lies there, inputs that once broke
// something, is left alone.
#include <zlib.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <span>
#include <utility>

#include "arrays/pytorch_files.hpp"
#include "image/picture_files.hpp"
#include "limn/arrays/npy.hpp"
#include "limn/arrays/zip_archive.hpp"
#include "limn/core/error.hpp"
#include "limn/image/sharded_images.hpp"
#include "limn/models/sketch_rnn/magenta_json.hpp"
#include "limn/runs/run_config.hpp"
#include "limn/sketch/json.hpp"
#include "limn/sketch/npz.hpp"
#include "limn/sketch/quickdraw.hpp"
#include "limn/sketch/sharded_sketches.hpp"
#include "models/sketch_rnn/tiny_model.hpp"
#include "models/tiny_images.hpp"
#include "testing/gzip.hpp"
#include "testing/temporary_folder.hpp"

namespace limn {
namespace {

namespace fs = std::filesystem;

class Seeds {
 public:
  explicit Seeds(fs::path corpus) : corpus_(std::move(corpus)) {}
  void add(const std::string& target, const std::string& name, std::span<const std::byte> content) const {
    make_directories(corpus_ / target);
    write_file(corpus_ / target / ("seed-" + name), content);
  }
  void add(const std::string& target, const std::string& name, std::string_view content) const {
    add(target, name, as_bytes(content));
  }

 private:
  fs::path corpus_;
};

Bytes bytes_of_text(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

sketch::Sketch house() {
  return sketch::from_strokes(
      std::vector<sketch::Stroke>{{{0, 20}, {0, 40}, {30, 40}, {30, 20}, {0, 20}, {15, 4}, {30, 20}},
                                  {{12, 40}, {12, 28}, {18, 28}, {18, 40}},
                                  {{24, 24}}});
}

sketch::Sketch with_fractions() {
  sketch::Sketch sketch = house();
  for (sketch::StrokePoint& point : sketch.points) point.dx += 0.25F;
  return sketch;
}

void add_numpy(const Seeds& seeds) {
  sketch::SketchSplits whole, fractions;
  whole[Split::kTrain] = {house(), {}, house()};
  whole[Split::kValid] = {house()};
  fractions[Split::kTrain] = {with_fractions()};
  int number = 0;
  for (const sketch::SketchSplits& splits : {whole, fractions}) {
    const Bytes npz = sketch::serialize_npz(splits);
    const Bytes npy = arrays::ZipReader(npz, "seed").read("train.npy").value();
    const std::string name = std::to_string(++number);
    seeds.add("npz", "archive" + name, npz);
    seeds.add("npz", "objects" + name, npy);
    seeds.add("pickle", "protocol2-" + name, std::span(npy).subspan(arrays::parse_npy_header(npy, "seed").size));
  }
  // Two sketches of two points each, in one array of numbers.
  const std::vector<std::int64_t> block{2, 2, 3}, matrix{2, 3};
  seeds.add("npz", "block", arrays::npy_header("<i2", block) + std::string(24, '\0'));
  const std::string numbers("\0\0\x80\x3f\0\0\0\x40\0\0\x40\xc0\xcd\xcc\xcc\x3d\0\0\0\0\xff\xff\x7f\x7f", 24);
  // One sketch in stroke-5, and one of positions with padding behind it.
  const std::string rows5 = testing::memory_of<float>({0, 0, 1, 0, 0, 3, 4, 0, 1, 0, 0, 0, 0, 0, 1});
  seeds.add("npz", "stroke5", arrays::npy_header("<f4", std::vector<std::int64_t>{3, 5}) + rows5);
  const std::string rows4 = testing::memory_of<float>({9, 8, 1, 0, 3, 4, 0, 1, -1, -1, -1, -1});
  seeds.add("npz", "positions", arrays::npy_header("<f4", std::vector<std::int64_t>{1, 3, 4}) + rows4);
  seeds.add("npz", "dict", "(dp1\nS'train'\n((I1\nI2\nI0\nl(F0.5\nI-3\nI1\nllp2\n(g2\nlsS'val'\n(lp3\ns.");
  seeds.add("npy", "floats", arrays::npy_header("<f4", matrix) + numbers);
  seeds.add("npy", "halves", arrays::npy_header(">f2", matrix) + numbers.substr(0, 12));
  seeds.add("npy", "bytes", arrays::npy_header("|u1", std::span(block).first(1)) + "\x01\x02");
}

void add_pytorch_files(const Seeds& seeds) {
  const std::string numbers = testing::memory_of<float>({1, 2, 3, 4, 5, 6});
  const testing::SavedTensor matrix{.storage_count = 6, .shape = {3, 2}, .strides = {1, 3}};
  const auto state = [&](bool legacy) {
    return testing::pickled_ordered_dict(
        {{testing::pickled_text("w"), testing::pickled_parameter(testing::pickled_tensor(matrix, legacy))},
         {testing::pickled_text("n"), testing::pickled_int(3)}});
  };
  const std::string checkpoint =
      testing::pickled_dict({{testing::pickled_text("state_dict"), state(false)},
                             {testing::pickled_text("args"), "cargparse\nNamespace\n)\x81}b"}});
  const std::string module = "c__main__\nVAE\n)\x81}b";
  seeds.add("pytorch_file", "archive", testing::pytorch_zip(state(false), {{"0", numbers}}));
  seeds.add("pytorch_file", "legacy", testing::pytorch_legacy(state(true), {{"0", numbers}}));
  // Trees, and what lies in their storage 0.
  const std::string numbers_of_tree = std::string("\0\1\xff", 3) + numbers;
  seeds.add("pytorch_file", "tree", state(false) + numbers_of_tree);
  seeds.add("pytorch_file", "checkpoint", checkpoint + numbers_of_tree);
  seeds.add("pytorch_file", "module", module + numbers_of_tree);
  const testing::SavedTensor vast{.storage_count = 6, .shape = {1 << 20, 1 << 20}, .strides = {0, 0}};
  seeds.add("pytorch_file", "promise-shape",
            testing::pickled_dict({{testing::pickled_text("w"), testing::pickled_tensor(vast)}}) + numbers_of_tree);
  seeds.add("pickle", "tensors", testing::protocol_2(checkpoint));
  seeds.add("pickle", "protocol0",
            "(dp1\nS\"it's\"\np2\n(lp3\nI1\naL-2L\naI01\naF0.5\naNaV\\u20ac\nas(I1\nI2\nlS'\\x41'\ns.");
}

void add_strokes(const Seeds& seeds) {
  const sketch::QuickDrawRecord record{.word = "house",
                                       .timestamp = "2017-03-01 20:41:36.70725 UTC",
                                       .key_id = 5'201'136'883'597'312,
                                       .sketch = house()};
  seeds.add("ndjson", "simplified", sketch::ndjson_line(record) + "\n" + sketch::ndjson_line(record) + "\n");
  seeds.add("ndjson", "raw",
            R"({"word":"dot","recognized":false,"key_id":"7","drawing":[[[1.5,2,3e1],[4,-5,6.25],[0,16,33]]]})");
  seeds.add("quickdraw_bin", "two", sketch::quickdraw_bin_record(record) + sketch::quickdraw_bin_record(record));
  const std::vector<sketch::Sketch> sketches{house(), with_fractions()};
  seeds.add("sketch_json", "two", sketch::sketches_to_json(sketches));
  seeds.add("sketch_json", "times", "[[[[1,2,0.5],[-3e2,4.25,16]],[]],[]]");
  seeds.add("sketch_json", "columns", "[[[[0,10,20,30],[0,5,0,1]],[[30,40,50],[1,2,3]]]]");
  seeds.add("sketch_json", "rows", R"({"train":[[[0,0,0],[3,-4,1]]],"valid":[[[1,1,0,1,0]]]})");
  seeds.add("sketch_json", "objects",
            R"([{"word":"a","drawing":"[[[0,1],[2,3]]]"},{"strokes":[[{"x":1,"y":2}],{"points":[1,2]},)"
            R"({"x":[1],"y":[2]}]}])");
  seeds.add("sketch_json", "pens", R"([{"x":1,"y":2,"pen":0,"stroke":1},{"x":3,"y":4,"pen":true}])");
  seeds.add("csv", "pen", "x,y,pen\n10,20,0\n13,24,1\n\n7,8,1\n");
  seeds.add("csv", "rows", "1;2,5;0\n-3;4;1\n");
  seeds.add("csv", "named", "# sketch dx dy p1 p2 p3\n1 2 3 1 0 0\n1 4 5 0 0 1\n");
  seeds.add("csv", "drawings", "word,drawing,key_id,recognized\na,\"[[[0, 10], [0, 5]]]\",7,True\n");
  seeds.add("ink", "inkml",
            "<ink><context id='a'><traceFormat><channel name='X'/><channel name='Y'/></traceFormat></context>"
            "<trace contextRef='#a'>10 20,'3'4,\"1\"*, !5 #6</trace><trace type='penUp'>1 2</trace></ink>");
  seeds.add("ink", "iam", "<A><StrokeSet><Stroke><Point x='1' y='2'/><Point x='3' y='4'/></Stroke></StrokeSet></A>");
  seeds.add("drawing_apps", "excalidraw",
            R"({"type":"excalidraw","elements":[{"type":"freedraw","x":1,"y":2,"angle":1,"points":[[0,0],[3,4]]},)"
            R"({"type":"ellipse","width":9,"height":8},{"type":"text"}]})");
  seeds.add("drawing_apps", "tldraw",
            R"({"tldrawFileFormatVersion":1,"records":[{"typeName":"page","id":"p"},{"typeName":"shape","id":"s",)"
            R"("type":"draw","parentId":"p","index":"a1","x":1,"y":2,"props":{"segments":[)"
            R"({"path":"AACAPwAAAEAAAAA/AEIAxAAA"},{"points":[{"x":1,"y":2}]}]}}]})");
  seeds.add("drawing_apps", "tldraw1",
            R"({"document":{"pages":{"p":{"shapes":{"a":{"type":"draw","point":[1,2],"points":[[0,0],[1,1]]}}}}}})");
  seeds.add("svg", "shapes", R"svg(<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g transform="rotate(30 2 3) scale(2,-1)">
<rect x="1mm" y="2" width="5" height="4" rx="1"/><circle cx="4" cy="4" r="3"/>
<ellipse rx="2" ry="1" style="display:none"/><line x1="0" y1="1" x2="2" y2="3"/><polygon points="0,0 3,1 2-4"/></g>
<defs><path id="p" d="M0 0h1v2z"/></defs><use href="#p" x="3" transform="matrix(1 0 0 1 2 3)"/></svg>)svg");
  seeds.add("svg", "path",
            R"(<svg><path d="M1,1l2 3C1 2 3 4 5 6s2-3 4.5.5Q1-1 2 2t3,3A5 3 20 1 0 9 9a1 1 0 00.5.5H3v-2zm1 1 2 2"/>)"
            "</svg>");
  seeds.add("svg", "style",
            R"svg(<svg viewBox="0 0 9 9"><style><![CDATA[/* a */ .a, g > #b[id^="b"], path:first-child ~ .c\30 {
fill:none; stroke: url("#x") !important; transform: rotate(.25turn) translate(1px, 5%) } @media print { .a { opacity: 0 } }
@media all { .a { stroke-width: 0; transform-origin: center } } @import 'x.css';]]></style>
<g class="a" style="d:path('M0 0h1');visibility:hidden"><path id="b" class="c0 a" d="M0 0h1" style="visibility:visible"/>
<path class="c0" d="M1 1v1"/></g></svg>)svg");
  seeds.add("svg", "clip",
            R"svg(<svg width="9" height="9"><rect width="9" height="9"/><clipPath id="c" clip-path="url(#d)"
transform="scale(2)"><circle r="3"/><use href="#p"/></clipPath><clipPath id="d"><polygon id="p" clip-rule="evenodd"
points="0,0 5,0 5,5 0,5"/></clipPath><g clip-path="url(#c)"><path stroke="red" d="M-9 1H9V3H-9z"/></g>
<symbol id="s" viewBox="1 1 3 3" preserveAspectRatio="xMinYMax slice"><line x2="50%" y2="2"/></symbol>
<use xlink:href="#s" width="5" height="4"/><switch><g systemLanguage="de"/><a><rect rx="auto" ry="1" width="3" height="3"/></a>
</switch><svg x="1" width="5" viewBox="0 0 1 1"><x:path xmlns:x="y" d="M0 0"/><polyline points="1 1 2 2 3"/></svg></svg>)svg");
  seeds.add("svg", "entity", R"svg(<?xml version="1.0"?><!-- c --><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "a" [
<!ENTITY n "http://www.w3.org/2000/svg"><!ENTITY % p 'q'>%p;<!ATTLIST g a CDATA #FIXED "]"><!ENTITY d 'M&e;h1'>
<!ENTITY e "0 0"><!ENTITY l '<line x2="1"/>'><!ENTITY f SYSTEM "f">]><svg xmlns="&n;"><path d="&d;"/>&l;&f;&amp;</svg>)svg");
  seeds.add("svg", "font",
            R"svg(<svg><defs><font><glyph unicode="H" d="M 1 6L1 0M5 6L5 0"/><glyph d="M0 0Q1 1 2 0"/></font>
</defs></svg>)svg");
}

void add_images(const Seeds& seeds) {
  const Bytes idx = testing::idx_file({2, 3, 4}, testing::ramp(24));
  seeds.add("idx", "plain", idx);
  seeds.add("idx", "labels", testing::idx_file({3}, testing::ramp(3)));
  seeds.add("idx", "gzip", testing::gzip_file(idx));
  seeds.add("png", "grey", testing::png_file(testing::ramp_image(5, 3, 1)));
  seeds.add("png", "colour", testing::png_file(testing::ramp_image(3, 5, 3)));
  seeds.add("png", "palette",
            testing::png_file({.width = 5,
                               .height = 2,
                               .depth = 2,
                               .colour_type = 3,
                               .is_interlaced = true,
                               .rows = testing::ramp(4),
                               .palette = testing::ramp(12),
                               .transparency = testing::ramp(3),
                               .gamma = 0.45}));
  seeds.add("png", "deep",
            testing::png_file({.width = 2, .height = 2, .depth = 16, .colour_type = 6, .rows = testing::ramp(32)}));
  for (const int channels : {1, 3, 4})
    for (const bool is_progressive : {false, true})
      seeds.add("jpeg", fmt::format("{}{}", channels, is_progressive ? "-progressive" : ""),
                testing::jpeg_file({.width = 9,
                                    .height = 10,
                                    .channels = channels,
                                    .is_progressive = is_progressive,
                                    .quality = 40,
                                    .pixels = testing::ramp(static_cast<std::size_t>(90 * channels))}));
}

void add_pictures(const Seeds& seeds) {
  const image::Raster grey = testing::ramp_image(4, 3, 1), colour = testing::ramp_image(3, 2, 3);
  const Bytes exif = testing::exif_block(6);
  seeds.add("png", "exif", testing::with_exif(testing::png_file(grey), exif));
  const auto jpeg = testing::jpeg_file({.width = 4, .height = 3, .channels = 1, .pixels = grey.pixels});
  seeds.add("jpeg", "exif", testing::with_exif(jpeg, testing::exif_block(5, false)));
  seeds.add("pictures", "webp", testing::webp_file(colour));
  seeds.add("pictures", "webp-exif", testing::with_exif(testing::webp_file(grey), exif));
  seeds.add("pictures", "webp-alpha", testing::webp_file(grey, testing::ramp(12)));
  seeds.add("pictures", "webp-lossy", testing::lossy_webp_file(testing::ramp_image(17, 5, 3)));
  testing::GifSpec gif{.width = 3, .height = 9, .colours = testing::ramp(12), .pixels = {}};
  for (int i = 0; i < 27; ++i) gif.pixels.push_back(static_cast<std::uint8_t>(i % 4));
  seeds.add("pictures", "gif", testing::gif_file(gif));
  gif.is_interlaced = true, gif.transparent = 2, gif.frames = 2;
  seeds.add("pictures", "gif-frames", testing::gif_file(gif));
  seeds.add("pictures", "bmp", testing::bmp_file(colour));
  testing::BmpSpec bmp{.width = 3, .height = -1, .bits = 4, .palette = testing::ramp(48), .rows = {{0x21, 0x30}}};
  seeds.add("pictures", "bmp-palette", testing::bmp_file(bmp));
  bmp = {.width = 1, .height = 1, .bits = 32, .compression = 3, .header_size = 56, .rows = {{1, 2, 3, 4}}};
  bmp.masks = {0xff0000, 0xff00, 0xff, 0xff000000};
  seeds.add("pictures", "bmp-masks", testing::bmp_file(bmp));
  seeds.add("pictures", "tiff", testing::tiff_file(colour));
  seeds.add("pictures", "tiff-deflate",
            testing::tiff_file(
                {.width = 4, .height = 3, .compression = 8, .orientation = 6, .pixels = grey.pixels, .pictures = 2}));
  testing::TiffSpec palette{.width = 2, .height = 1, .bits = 1, .photometric = 3, .pixels = {0x40}};
  palette.palette = {0, 0xffff, 0, 0, 0xffff, 0};
  seeds.add("pictures", "tiff-palette", testing::tiff_file(palette));
  testing::TiffSpec fax{
      .width = 16, .height = 4, .bits = 1, .photometric = 0, .compression = 4, .pixels = testing::ramp(9)};
  seeds.add("pictures", "tiff-fax", testing::tiff_file(fax));
  fax.compression = 5;
  seeds.add("pictures", "tiff-lzw", testing::tiff_file(fax));
  fax.width = 60'000, fax.height = 60'000;
  seeds.add("pictures", "promise-tiff", testing::tiff_file(fax));
}

void add_image_arrays(const Seeds& seeds) {
  const auto npy = [](std::string_view descr, const std::vector<std::int64_t>& shape, std::size_t bytes) {
    Bytes file = bytes_of_text(arrays::npy_header(descr, shape));
    for (const std::uint8_t value : testing::ramp(bytes)) file.push_back(std::byte{value});
    return file;
  };
  const auto add = [&](const std::string& name, char format, Bytes file) {
    file.insert(file.begin(), static_cast<std::byte>(format));
    seeds.add("image_arrays", name, file);
  };
  const Bytes grey = npy("|u1", {2, 6, 7}, 84), colour = npy("|u1", {1, 6, 6, 3}, 108);
  add("npy", '0', grey);
  add("npy-colour", '0', colour);
  add("npy-alpha", '0', npy("|u1", {1, 4, 3, 3}, 36));
  add("npy-floats", '0', npy("<f2", {1, 6, 6}, 72));
  const std::vector<std::pair<std::string, Bytes>> entries{
      {"x_train.npy", grey}, {"x_test.npy", grey}, {"y.npy", npy("|u1", {2}, 2)}};
  add("npz", '1', arrays::make_zip(entries));
  std::string table = "label";
  for (int i = 0; i < 64; ++i) table += fmt::format(",pixel{}", i);
  for (int row = 0; row < 2; ++row)
    for (int i = 0; i < 65; ++i) table += fmt::format("{}{}", i == 0 ? "\n" : ",", i * row);
  add("table", '2', bytes_of_text(table));
  add("cifar", '3', Bytes(3073));
}

// The index, a zero byte and the one shard, as the target wants them.
std::string index_and_shard(const fs::path& folder) {
  return read_text_file(folder / "index.json") + '\0' + read_text_file(folder / "train-000000.shard");
}

void add_shards(const Seeds& seeds) {
  const testing::TemporaryFolder folder;
  int number = 0;
  for (const sketch::Sketch& sketch : {house(), with_fractions()}) {
    const fs::path shards = folder / fmt::format("{}.limn", ++number);
    sketch::ShardedSketchWriter writer(shards);
    for (int i = 0; i < 2; ++i) writer.add(Split::kTrain, sketch);
    writer.commit();
    seeds.add("shards", fmt::format("strokes{}", number), index_and_shard(shards));
  }
  write_file(folder / "images", testing::idx_file({3, 4, 5}, testing::ramp(60)));
  const std::string images = (folder / "images").string();
  (void)image::write_sharded_images({&images, 1}, {.valid_share = 0}, folder / "images.limn", [] { return true; });
  seeds.add("shards", "images", index_and_shard(folder / "images.limn"));
}

// The header's text, a zero byte and the tensors, as fuzz/header_input.hpp wants them.
std::string without_length(const Bytes& safetensors) {
  const std::string_view text(reinterpret_cast<const char*>(safetensors.data()), safetensors.size());
  std::uint64_t length = 0;
  std::memcpy(&length, safetensors.data(), sizeof length);
  return std::string(text.substr(8, length)) + '\0' + std::string(text.substr(8 + length));
}

models::SketchRnnContents smallest_model(const std::string& cell, bool conditional) {
  models::SketchRnnOptions options{.conditional = conditional,
                                   .enc_rnn_size = 1,
                                   .dec_model = cell,
                                   .dec_rnn_size = 2,
                                   .z_size = 1,
                                   .num_mixture = 1,
                                   .hyper_num_units = 1,
                                   .hyper_embedding_size = 1};
  return testing::random_checkpoint(options, 1, 0.5F);
}

void add_pytorch(const Seeds& seeds) {
  // labml's tensors for one unit each, with arbitrary values.
  const std::vector<std::pair<std::string, std::vector<std::int64_t>>> shapes{
      {"encoder.lstm.weight_ih_l0", {4, 5}},
      {"encoder.lstm.weight_hh_l0", {4, 1}},
      {"encoder.lstm.bias_ih_l0", {4}},
      {"encoder.lstm.bias_hh_l0", {4}},
      {"encoder.lstm.weight_ih_l0_reverse", {4, 5}},
      {"encoder.lstm.weight_hh_l0_reverse", {4, 1}},
      {"encoder.lstm.bias_ih_l0_reverse", {4}},
      {"encoder.lstm.bias_hh_l0_reverse", {4}},
      {"encoder.mu_head.weight", {1, 2}},
      {"encoder.mu_head.bias", {1}},
      {"encoder.sigma_head.weight", {1, 2}},
      {"encoder.sigma_head.bias", {1}},
      {"decoder.init_state.weight", {2, 1}},
      {"decoder.init_state.bias", {2}},
      {"decoder.lstm.weight_ih_l0", {4, 6}},
      {"decoder.lstm.weight_hh_l0", {4, 1}},
      {"decoder.lstm.bias_ih_l0", {4}},
      {"decoder.lstm.bias_hh_l0", {4}},
      {"decoder.q_head.weight", {3, 1}},
      {"decoder.q_head.bias", {3}},
      {"decoder.mixtures.weight", {6, 1}},
      {"decoder.mixtures.bias", {6}}};
  const std::vector<float> values(64, 0.125F);
  SafetensorsContent content;
  for (const auto& [name, shape] : shapes) {
    TensorData& tensor = content.tensors[name];
    tensor.shape = shape;
    tensor.bytes = std::as_bytes(std::span(values).first(static_cast<std::size_t>(tensor.count())));
  }
  seeds.add("pytorch", "labml", without_length(serialize_safetensors(content)));
  const std::vector<std::pair<std::string, std::vector<std::int64_t>>> others{{"init.weight", {2, 1}},
                                                                              {"init.bias", {2}},
                                                                              {"param_layer.linear.weight", {9, 1}},
                                                                              {"param_layer.linear.bias", {9}},
                                                                              {"encoder.output.weight", {2, 2}},
                                                                              {"encoder.output.bias", {2}},
                                                                              {"cell.weight_ih", {4, 6}},
                                                                              {"cell.weight_hh", {4, 1}},
                                                                              {"cell.layernorm_h.weight", {4}},
                                                                              {"cell.layernorm_h.bias", {4}},
                                                                              {"cell.layernorm_c.weight", {1}},
                                                                              {"cell.layernorm_c.bias", {1}}};
  content = {};
  for (const auto& [name, shape] : others) content.tensors[name].shape = shape;
  for (const auto& [name, shape] : shapes)
    if (name.starts_with("encoder.lstm.")) content.tensors["encoder.rnn." + name.substr(13)].shape = shape;
  for (auto& [name, tensor] : content.tensors)
    tensor.bytes = std::as_bytes(std::span(values).first(static_cast<std::size_t>(tensor.count())));
  seeds.add("pytorch", "rfeinman", without_length(serialize_safetensors(content)));
  const std::vector<std::pair<std::string, std::vector<std::int64_t>>> layers{
      {"fc1", {2, 9}}, {"fc21", {1, 2}}, {"fc22", {1, 2}}, {"fc3", {2, 1}}, {"fc4", {9, 2}}};
  content = {};
  for (const auto& [name, shape] : layers)
    content.tensors["module." + name + ".weight"] = {
        .type = DType::kF32,
        .shape = shape,
        .bytes = std::as_bytes(std::span(values).first(static_cast<std::size_t>(shape[0] * shape[1])))};
  seeds.add("pytorch", "vae", without_length(serialize_safetensors(content)));
}

void add_models(const Seeds& seeds) {
  for (const char* cell : {"lstm", "layer_norm", "hyper"}) {
    const Bytes file =
        models::serialize_checkpoint(models::to_checkpoint(smallest_model(cell, cell == std::string_view("lstm"))));
    seeds.add("checkpoint", cell, without_length(file));
    if (cell == std::string_view("layer_norm")) seeds.add("safetensors", cell, file);
  }
  for (const models::Checkpoint& images : {testing::tiny_vae(), testing::tiny_draw()}) {
    seeds.add("checkpoint", images.model, without_length(models::serialize_checkpoint(images)));
  }
  models::Checkpoint fitted = testing::tiny_vae();
  fitted.prior = models::FittedPrior{.mean = {0.5F, -1}, .factor = {0.25F, 0, -0.5F, 2}};
  seeds.add("checkpoint", "prior", without_length(models::serialize_checkpoint(fitted)));
  // Magenta's format knows 20 components only.
  for (const bool conditional : {false, true}) {
    models::SketchRnnOptions options{
        .conditional = conditional, .enc_rnn_size = 1, .dec_rnn_size = 1, .z_size = 1, .num_mixture = 20};
    const auto model = testing::random_checkpoint(options, 2, 0.5F);
    const std::string json = models::to_magenta_json(model, "seed").json;
    seeds.add("magenta_json", conditional ? "vae" : "gen", json);
    if (conditional) continue;
    seeds.add("magenta_json", "script", "// [{\n/* [ */ 'use strict'; export default " + json + ";\n");
    seeds.add("magenta_json", "string", "var model_raw_data='\\\n" + json + "\\n';");
    seeds.add("magenta_json", "gzip", testing::gzip_file(as_bytes(json)));
  }
}

void add_runs(const Seeds& seeds) {
  models::SketchRnnOptions options;
  const runs::RunConfig config{
      .family = "sketch-rnn", .data = {"a.npz", "builtin:doodles"}, .init_from = {}, .assignments = {}};
  seeds.add("config", "written", runs::config_to_toml(config, fields(options)).substr(0, 3000));
  seeds.add("config", "by-hand",
            "family = 'sketch-rnn'\ndata_set = [\"a\", \"b\"]\nz_size = 0x1_0\nconditional = "
            "false\nkl_weight = 5e-1\n# note\ndec_model = \"\"\"hy\\u0070er\"\"\"\n");
  seeds.add("metrics", "lines",
            R"({"step":100,"split":"train","total":1.5,"kl":0.25,"kl/0":0.125,"learning_rate":1e-3,"seconds":0.01})"
            "\n"
            R"({"step":100,"split":"valid","total":1.75,"reconstruction":null})"
            "\n"
            R"({"step":200,"split":"tra)");
}

// Of the task in state.cpp.
void add_states(const Seeds& seeds) {
  const std::vector<float> values(5, 0.25F);
  SafetensorsContent content;
  for (const auto& [name, count] : std::vector<std::pair<std::string, std::int64_t>>{
           {"parameters.w", 2}, {"adam.first_moment.w", 2}, {"adam.second_moment.w", 2}, {"buffers.mean", 1}}) {
    content.tensors[name].shape = {count};
    content.tensors[name].bytes = std::as_bytes(std::span(values).first(static_cast<std::size_t>(count)));
  }
  content.metadata = {{"format", models::kFormatName},
                      {"format_version", "1"},
                      {"model", models::kTrainingState},
                      {"step", "4"},
                      {"updates", "3"},
                      {"best_total", "0.5"},
                      {"best_step", "2"},
                      {"rate_factor", "0.5"},
                      {"setbacks", "1"},
                      {"metrics", R"({"total":0.5,"kl":null})"},
                      {"seed", "1"}};
  seeds.add("state", "written", without_length(serialize_safetensors(content)));
  content.metadata["step"] = "1e300";
  content.metadata["best_step"] = "-inf";
  seeds.add("state", "steps", without_length(serialize_safetensors(content)));
  content.metadata["step"] = content.metadata["updates"] = content.metadata["rate_factor"] = "nan";
  seeds.add("state", "nan", without_length(serialize_safetensors(content)));
}

// The first byte: '0' and '1' mean the first family, with lines and with JSON; the others follow.
void add_options(const Seeds& seeds) {
  seeds.add("options", "sketch",
            "0dec_model=layer_norm\nz_size=16\nconditional=false\nkl_weight=0.25\nlearning_rate=1e-4\n"
            "data_set=[a.npz, b.npz]\nsave_every=7");
  seeds.add("options", "sketch-json",
            R"(1{"dec_rnn_size":9,"num_steps":12,"grad_clip_mode":"norm","use_output_dropout":true})");
  seeds.add("options", "vae", "2arch=conv40\nchannels=4\nbeta=2.5\nimage_size=40\nbinarize=fixed\nprecision=bf16");
  seeds.add("options", "vae-json", R"(3{"arch":"conv20","hidden":7,"likelihood":"mse","seed":3})");
  seeds.add("options", "draw", "4time_steps=3\nread_size=2\nwrite_size=5\nadam_beta1=0.5\ncompose=two-digits");
  seeds.add("options", "words",
            "0cat.npz:test#17\n90/5/5\nbuiltin:doodles#99999999999999999999\nz_size=1e309\nseed=-1");
}

void add_downloads(const Seeds& seeds) {
  using namespace std::string_literals;
  const std::string note = R"({"url":"http://limn.test/file","etag":"\"a\"","last_modified":"","size":8})";
  const std::string whole =
      "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nETag: \"a\"\r\nx-goog-hash: "
      "crc32c=AAAAAA==,md5=CY9rzUYh03PK3k6DJie09g==\r\n"
      "\r\n12345678";
  seeds.add("download", "whole", "\0\0"s + whole);
  seeds.add("download", "continued",
            note +
                "\0"
                "1234\0"s +
                "HTTP/1.1 206 Partial\r\nContent-Range: bytes 4-7/8\r\nContent-Length: 4\r\nETag: \"a\"\r\n\r\n5678");
  seeds.add("download", "redirected", "\0\0HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/x\r\n\r\n\0"s + whole);
  seeds.add("download", "tunnel",
            "\0\0HTTP/1.1 301 Moved\r\nLocation: https://limn.test/\r\n\r\n\0HTTP/1.1 200 OK\r\n\r\n"s);
  seeds.add("download", "retried",
            note +
                "\0"
                "123\0HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n\0HTTP/1.1 416 No\r\n\r\n\0"s +
                whole);
  seeds.add("download", "promise-length", "\0\0HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n1"s);
  seeds.add("download", "promise-range",
            note +
                "\0"
                "1234\0HTTP/1.1 206 P\r\nContent-Range: bytes 4-9223372036854775807/9223372036854775807\r\n\r\n5"s);
  seeds.add("download", "chunked",
            "\0\0HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\nffffffffffffffff\r\n5"s);
}

void add_requests(const Seeds& seeds) {
  const std::string local = "\nHost: 127.0.0.1:8080\n";
  seeds.add("studio_head", "page", "GET /" + local + "If-None-Match: \"0\"\n\n");
  seeds.add("studio_head", "runs", "GET /api/runs" + local);
  seeds.add("studio_head", "run", "GET /api/runs/a" + local + "If-None-Match: \"1\"\n");
  seeds.add("studio_head", "sample", "HEAD /api/runs/a/samples/3" + local);
  seeds.add("studio_head", "post",
            "POST /api/models/gen/completions" + local +
                "Content-Length: 9\nContent-Type: application/json\nOrigin: http://127.0.0.1:8080\n\n{\"seed\":1}");
  seeds.add("studio_head", "token",
            "#GET /api/studio\nHost: localhost\nSec-Fetch-Site: same-origin\n"
            "Authorization: Bearer 0123456789abcdef0123456789abcdef\n\n");
  seeds.add("studio_head", "other-site", "GET /api/studio\nHost: [::1]:80\nOrigin: https://elsewhere.test\n\n");
  seeds.add("request_head", "two",
            "GET /api/studio HTTP/1.1\r\nHost: localhost:8080\r\nAccept-Encoding: gzip\r\n\r\n"
            "POST /api/pictures HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
            "2\r\n\r\n{}");
  seeds.add("request_head", "chunked",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nRange: bytes=0-1,2-3\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
  const std::string square = R"([[[0,0],[10,0.5],[10,10],[-1e1,10,7]],[[4,4]]])";
  const std::vector<std::string> bodies{
      R"({"strokes":)" + square + R"(,"frame":{"x":-1,"y":0,"size":20},"count":2,"temperature":0.4,"seed":1})",
      R"({"strokes":)" + square + R"(,"max_points":9,"greedy":true,"seed":2})",
      R"({"strokes":)" + square + R"(,"temperatures":[0.1,1],"count":1,"seed":3,"size":100})",
      R"({"from":)" + square + R"(,"to":)" + square + R"(,"steps":2,"seed":4})",
      R"({"z":[[1,2],[3,4]],"columns":1})",
      R"({"drawings":[)" + square + R"(],"format":"svg","given_strokes":1,"word":"house"})",
      R"({"z":[[1,2],[-3,4.5]],"columns":2})",
      R"({"pixels":[0,1,0.5,0,0,0,0,0,0,0,0,1]})",
      R"({"seed":5,"format":"json","pixels":[0,1,0.5,0,0,0,0,0,0,0,0,1]})",
      R"({"seed":6})"};
  for (std::size_t i = 0; i < bodies.size(); ++i)  // the first byte says which call; see studio.cpp
    seeds.add("studio", std::to_string(i), std::string(1, static_cast<char>('0' + i + 2)) + bodies[i]);
  for (const char* format : {"gif", "gcode", "ndjson", "npz"})
    seeds.add("studio", format, "7" + (R"({"drawings":[)" + square + R"(],"format":")") + format + "\"}");
}

// Small files that promise much: what they may take of memory is counted as for every other input.
void add_promises(const Seeds& seeds) {
  const auto add = [&](const std::string& target, const std::string& name, const auto& content) {
    seeds.add(target, "promise-" + name, content);
  };
  using namespace std::string_literals;
  const std::string deep(3000, '[');
  for (const char* target : {"sketch_json", "drawing_apps", "magenta_json", "ndjson"}) add(target, "depth", deep);
  add("ndjson", "depth-within", R"({"word":)" + deep);
  add("metrics", "depth", R"({"step":1,"split":)" + deep);
  add("metrics", "steps",
      R"({"step":1e300,"split":"train","total":1e308,"seconds":-1e308})"
      "\n"
      R"({"step":18446744073709551615,"split":"valid","total":1})"
      "\n"s);
  seeds.add("metrics", "config",
            "num_steps = -9223372036854775808\nfamily = \"draw\"\n\0"
            R"({"step":7,"split":"train","total":1,"seconds":2})"s);
  add("config", "depth", "a = " + deep);
  add("config", "tables", "[" + std::string(1500, 'a') + std::string("].b = {c = {d = {e = ["));
  add("safetensors", "depth", std::string("\xb8\x0b\0\0\0\0\0\0", 8) + deep);
  add("safetensors", "header", "\xff\xff\xff\xff\xff\xff\xff\x7f{}"s);
  add("shards", "depth", R"({"format":"limn-shards","facts":)" + deep);
  add("shards", "sizes",
      R"({"format":"limn-shards","version":1,"kind":"strokes","facts":{},"splits":{"train":[)"
      R"({"records":1048576,"rows":4294967295,"row_size":6,"crc32":"00000000"}]}})"s);
  for (const char* target : {"checkpoint", "pytorch"}) {
    add(target, "depth", deep);
    add(target, "shape",
        R"({"init.weight":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,9223372036854775807]}})"s);
  }
  add("svg", "depth", [] {
    std::string elements;
    for (int i = 0; i < 900; ++i) elements += "<g>";
    return "<svg>" + elements;
  }());
  add("svg", "uses", [] {  // each draws the one before it ten times
    std::string svg = R"(<svg><path id="u0" d="M0 0h1"/>)";
    for (int i = 1; i < 5; ++i) {
      svg += fmt::format(R"(<g id="u{}">)", i);
      for (int k = 0; k < 10; ++k) svg += fmt::format(R"(<use href="#u{}"/>)", i - 1);
      svg += "</g>";
    }
    return svg + "</svg>";
  }());
  add("svg", "entities",
      R"(<!DOCTYPE s [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM )"
      R"("file:///etc/passwd">]><svg><path d="&b;&c;"/></svg>)"s);
  add("svg", "selectors", [] {  // each is kept, and looks at many elements
    std::string css;
    for (int i = 0; i < 200; ++i) css += "a,";
    std::string svg = "<svg><style>" + css + "a{fill:red}x~g~line{fill:red}g g>g line{d:none}</style>";
    for (int i = 0; i < 50; ++i) svg += "<g><line/>";
    return svg;
  }());
  add("svg", "curves", [] {  // of as many pieces as a curve may have
    std::string path = "M0 0";
    for (int i = 0; i < 12; ++i) path += "c1e9 1e9-1e9 9 9 9";
    return "<svg><path transform=\"scale(9)\" d=\"" + path + "\"/></svg>";
  }());
  const std::vector<std::int64_t> vast{1LL << 24, 1LL << 23, 3};
  add("npy", "shape", arrays::npy_header("<f8", std::span(vast).first(2)));
  add("npz", "shape", arrays::npy_header("<f8", vast));
  add("npz", "objects", arrays::npy_header("|O", std::span(vast).first(1)) + "\x80\x02]."s);
  const std::pair<std::string, Bytes> zeros{"train.npy", Bytes(std::size_t{3} << 20)};
  add("npz", "bomb", arrays::make_zip(std::span(&zeros, 1)));
  add("pickle", "string", "\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f."s);
  add("pickle", "frame", "\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff."s);
  add("pickle", "memo", "\x80\x02Nr\xff\xff\xff\x7f."s);
  add("pickle", "lists", "\x80\x02" + std::string(3000, ']') + ".");
  add("quickdraw_bin", "strokes", std::string(15, '\0') + std::string(2000, '\xff'));
  add("idx", "sizes", "\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s);
  add("idx", "bomb", testing::gzip_file(testing::idx_file({3, 1024, 1024}, std::vector<std::uint8_t>(3 << 20))));
  add("jpeg", "size", "\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01\x01\x11\0\xff\xd9"s);
  add("request_head", "length", "POST / HTTP/1.1\r\nContent-Length: 999999999999999\r\n\r\n{"s);
  add("request_head", "lines", "GET / HTTP/1.1\r\n" + std::string(1800, '\n'));
  add("studio", "depth", R"(2{"strokes":)" + deep);
}

// A PNG of 100,000 × 100,000 pixels without any, and one whose text unpacks to a thousand times its size.
void add_png_promises(const Seeds& seeds) {
  Bytes png = testing::png_file(testing::ramp_image(2, 2, 1));
  constexpr std::size_t kAfterHeader = 33;
  std::vector<std::uint8_t> text(3 << 20);
  auto size = static_cast<uLongf>(compressBound(text.size()));
  std::vector<std::uint8_t> packed(size);
  require(compress2(packed.data(), &size, text.data(), text.size(), 9) == Z_OK, "cannot pack");
  packed.resize(size);
  std::string chunk = "zTXta";
  chunk.append(2, '\0');
  chunk.append(packed.begin(), packed.end());
  std::string length(4, '\0');
  length[2] = static_cast<char>((chunk.size() - 4) >> 8);
  length[3] = static_cast<char>((chunk.size() - 4) & 0xff);
  const std::string whole = length + chunk + "sum.";  // the target puts the checksum right
  Bytes bomb = png;
  const auto bytes = as_bytes(whole);
  bomb.insert(bomb.begin() + kAfterHeader, bytes.begin(), bytes.end());
  seeds.add("png", "promise-text", bomb);
  constexpr std::array<int, 4> kSide{0, 1, 0x86, 0xa0};
  for (std::size_t i = 0; i < 8; ++i) png[16 + i] = static_cast<std::byte>(kSide[i % 4]);
  seeds.add("png", "promise-size", png);
}

}  // namespace
}  // namespace limn

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  const limn::Seeds seeds{argv[1]};
  limn::add_numpy(seeds);
  limn::add_pytorch_files(seeds);
  limn::add_strokes(seeds);
  limn::add_images(seeds);
  limn::add_pictures(seeds);
  limn::add_image_arrays(seeds);
  limn::add_shards(seeds);
  limn::add_models(seeds);
  limn::add_pytorch(seeds);
  limn::add_runs(seeds);
  limn::add_states(seeds);
  limn::add_options(seeds);
  limn::add_downloads(seeds);
  limn::add_requests(seeds);
  limn::add_promises(seeds);
  limn::add_png_promises(seeds);
}
