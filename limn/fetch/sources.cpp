#include "limn/fetch/sources.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "limn/core/error.hpp"
#include "limn/fetch/http_get.hpp"

namespace limn::fetch {
namespace {

struct Published {
  std::string_view name, md5;
};

struct Format {
  std::string_view name;
  std::string_view base;           // address of the folder
  std::string_view remote_suffix;  // after the item's name there
  std::string_view suffix;         // and here
};

struct Source {
  std::string_view name;
  std::string_view item;  // what stands after the colon; "" for a set of fixed files
  std::string_view example;
  std::string_view help;
  std::vector<Format> formats;
  std::vector<Published> files;  // of a source without item
};

// MD5 as published with the data sets: torchvision's list for MNIST, Fashion-MNIST's README.
const std::vector<Source> kSources{
    {"quickdraw",
     "CATEGORY",
     "cat",
     "Quick, Draw! sketches of one category, as named at quickdraw.withgoogle.com/data",
     {{"npz", "https://storage.googleapis.com/quickdraw_dataset/sketchrnn", ".npz", ".npz"},
      {"npz-full", "https://storage.googleapis.com/quickdraw_dataset/sketchrnn", ".full.npz", ".full.npz"},
      {"ndjson", "https://storage.googleapis.com/quickdraw_dataset/full/simplified", ".ndjson", ".ndjson"},
      {"ndjson-raw", "https://storage.googleapis.com/quickdraw_dataset/full/raw", ".ndjson", ".raw.ndjson"},
      {"bin", "https://storage.googleapis.com/quickdraw_dataset/full/binary", ".bin", ".bin"}},
     {}},
    {"mnist",
     "",
     "",
     "handwritten digits",
     {{"idx", "https://storage.googleapis.com/cvdf-datasets/mnist", "", ""}},
     {{"train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"},
      {"train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"},
      {"t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"},
      {"t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"}}},
    {"fashion-mnist",
     "",
     "",
     "clothes in MNIST's format",
     {{"idx", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com", "", ""}},
     {{"train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"},
      {"train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"},
      {"t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"},
      {"t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"}}},
    {"magenta",
     "MODEL",
     "bird",
     "decoder-only Sketch-RNNs that Magenta trained on Quick, Draw!, for limn import",
     {{"gen", "https://storage.googleapis.com/quickdraw-models/sketchRNN/models", ".gen.json", ".gen.json"},
      {"gen-large", "https://storage.googleapis.com/quickdraw-models/sketchRNN/large_models", ".gen.json",
       ".large.gen.json"}},
     {}},
};

template <class T>
std::vector<std::string_view> names(const std::vector<T>& all) {
  std::vector<std::string_view> list;
  for (const auto& one : all) list.push_back(one.name);
  return list;
}

const Source& source_named(std::string_view name) {
  for (const Source& source : kSources)
    if (source.name == name) return source;
  fail("{}: no such source; there is {}", printable(name), fmt::join(names(kSources), ", "));
}

const Format& format_named(const Source& source, std::string_view name) {
  if (name.empty()) return source.formats.front();
  for (const Format& format : source.formats)
    if (format.name == name) return format;
  fail("{}: no format {}; there is {}", source.name, printable(name), fmt::join(names(source.formats), ", "));
}

// The item becomes part of an address and of a file name here.
void check_item(const Source& source, std::string_view item) {
  constexpr std::size_t kLongest = 60;
  const auto is_fit = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view(" -_'").find(c) != std::string_view::npos;
  };
  require(!item.empty(), "{}: name a {}, for example {}:{}", source.name, source.item, source.name, source.example);
  require(item.size() <= kLongest && std::ranges::all_of(item, is_fit) && item.front() != '-' && item.front() != ' ',
          "{}:{}: not a {}; one looks like {}:{}", source.name, printable(item), source.item, source.name,
          source.example);
}

std::string address(std::string_view base, std::string_view file) {
  while (base.ends_with('/')) base.remove_suffix(1);
  return fmt::format("{}/{}", base, percent_encoded(file));
}

}  // namespace

SourceFiles files_of_source(std::string_view text, std::string_view format_name, std::string_view base) {
  const std::size_t colon = text.find(':');
  const Source& source = source_named(text.substr(0, colon));
  const Format& format = format_named(source, format_name);
  const std::string_view folder = base.empty() ? format.base : base;
  SourceFiles result{.folder = std::string(source.name), .files = {}};
  const std::string item(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (source.item.empty()) {
    require(colon == std::string_view::npos, "{}: it is one set, leave :{} out", source.name, printable(item));
    for (const Published& file : source.files)
      result.files.push_back({.name = std::string(file.name),
                              .remote = {.url = address(folder, file.name), .md5 = std::string(file.md5)}});
    return result;
  }
  check_item(source, item);
  result.files.push_back({.name = item + std::string(format.suffix),
                          .remote = {.url = address(folder, item + std::string(format.remote_suffix)), .md5 = {}}});
  return result;
}

std::string sources_help() {
  std::string text;
  for (const Source& source : kSources) {
    const std::string name = std::string(source.name) + (source.item.empty() ? "" : fmt::format(":{}", source.item));
    text += fmt::format("  {:<20} {}\n", name, source.help);
    for (const Format& format : source.formats) text += fmt::format("    {:<18} {}\n", format.name, format.base);
  }
  return text;
}

}  // namespace limn::fetch
