// The main() of a fuzz target in the ordinary build, where there is no libFuzzer: gives the target every file of its
// corpus and then, for some seconds, copies of them with random changes. Change number n of a seed is always the same.
// Usage: TARGET CORPUS_FOLDER [SECONDS [SEED]], or TARGET FILE…
// The input being read is kept in TARGET.input in the working folder, so that one that ends the program can be had.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "fuzz/target.hpp"

namespace limn::fuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestInput = std::size_t{1} << 16;
constexpr double kUsualSeconds = 2;

// The file that holds the input being read. What was written stays when the process is killed.
class LastInput {
 public:
  explicit LastInput(const std::string& path)
      : descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) report(path + " cannot be written");
  }
  ~LastInput() { ::close(descriptor_); }
  LastInput(const LastInput&) = delete;
  LastInput& operator=(const LastInput&) = delete;

  void read(Input input) {
    const bool is_kept = ::pwrite(descriptor_, input.data(), input.size(), 0) == static_cast<ssize_t>(input.size()) &&
                         ::ftruncate(descriptor_, static_cast<off_t>(input.size())) == 0;
    if (!is_kept) report("the input cannot be kept");
    // A copy of exactly that size on the heap, so that AddressSanitizer sees a read beyond it.
    const Bytes copy(input.begin(), input.end());
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(copy.data()), copy.size());
  }

 private:
  int descriptor_;
};

class Mutator {
 public:
  Mutator(const std::vector<Bytes>& corpus, std::uint64_t seed) : corpus_(corpus), seed_(seed) {}

  // Change number n.
  [[nodiscard]] Bytes change(std::uint64_t n) {
    std::seed_seq seeds{seed_, n};
    random_.seed(seeds);
    Bytes bytes = corpus_[below(corpus_.size())];
    for (std::size_t i = 1 + below(4); i > 0; --i) change_once(bytes);
    bytes.resize(std::min(bytes.size(), kLongestInput));
    return bytes;
  }

 private:
  [[nodiscard]] std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  [[nodiscard]] static Bytes::iterator at(Bytes& bytes, std::size_t place) {
    return bytes.begin() + static_cast<std::ptrdiff_t>(place);
  }

  void change_once(Bytes& bytes) {
    const std::size_t place = below(bytes.size());
    const auto byte = static_cast<std::byte>(random_());
    switch (below(8)) {
      case 0:
        if (!bytes.empty()) bytes[place] ^= std::byte{1} << below(8);
        break;
      case 1:
        if (!bytes.empty()) bytes[place] = byte;
        break;
      case 2:
        bytes.resize(place);
        break;
      case 3:
        bytes.insert(at(bytes, place), 1 + below(64), byte);
        break;
      case 4:
        bytes.erase(at(bytes, place), at(bytes, place + below(bytes.size() - place)));
        break;
      case 5:
        put_number(bytes, place);
        break;
      case 6:
        repeat(bytes, place);
        break;
      default:
        splice(bytes, place);
    }
  }

  // A number that readers stumble over, in binary or in text.
  void put_number(Bytes& bytes, std::size_t place) {
    constexpr std::uint64_t kNumbers[] = {0,
                                          1,
                                          0x7f,
                                          0x80,
                                          0xff,
                                          0x7fff,
                                          0x8000,
                                          0xffff,
                                          0x7fffffff,
                                          0x80000000,
                                          0xffffffff,
                                          0x7fffffffffffffff,
                                          0x8000000000000000,
                                          0xffffffffffffffff};
    constexpr std::string_view kTexts[] = {
        "-1",  "1e308", "-1e-320", "1e999", "65537", "2147483648", "9223372036854775807", "18446744073709551616",
        "NaN", "null",  "[[[["};
    if (below(2) == 0) {
      const std::string_view text = kTexts[below(std::size(kTexts))];
      const auto some = as_bytes(text);
      bytes.insert(at(bytes, place), some.begin(), some.end());
      return;
    }
    std::uint64_t number = kNumbers[below(std::size(kNumbers))];
    if (below(2) == 0) number = __builtin_bswap64(number);
    const std::size_t size = std::min(std::size_t{1} << below(4), bytes.size() - place);
    std::memcpy(bytes.data() + place, &number, size);
  }

  void repeat(Bytes& bytes, std::size_t place) {
    const std::size_t size = 1 + below(std::min<std::size_t>(bytes.size() - place, 256));
    if (place + size > bytes.size()) return;
    const Bytes piece(at(bytes, place), at(bytes, place + size));
    for (std::size_t i = below(32); i > 0; --i) bytes.insert(at(bytes, place), piece.begin(), piece.end());
  }

  // The rest of another input, or a piece of it.
  void splice(Bytes& bytes, std::size_t place) {
    const Bytes& other = corpus_[below(corpus_.size())];
    const std::size_t from = below(other.size());
    const std::size_t to = from + below(other.size() - from + 1);
    if (below(2) == 0) bytes.resize(place);
    bytes.insert(at(bytes, std::min(place, bytes.size())), other.begin() + static_cast<std::ptrdiff_t>(from),
                 other.begin() + static_cast<std::ptrdiff_t>(to));
  }

  const std::vector<Bytes>& corpus_;
  std::uint64_t seed_;
  std::mt19937_64 random_;
};

std::vector<Bytes> read_corpus(const std::vector<fs::path>& places) {
  std::vector<fs::path> files;
  for (const fs::path& place : places) {
    if (!fs::is_directory(place)) {
      files.push_back(place);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(place)) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Bytes> corpus;
  for (const fs::path& file : files) corpus.push_back(read_file(file));
  return corpus;
}

int replay(int argc, char** argv) {
  if (argc < 2) report("name the folder of the corpus");
  const std::string name = fs::path(argv[0]).filename().string();
  const bool is_folder = fs::is_directory(argv[1]);
  const std::vector<fs::path> places(argv + 1, is_folder ? argv + 2 : argv + argc);
  const std::vector<Bytes> corpus = read_corpus(places);
  if (corpus.empty()) report(fmt::format("{}: no inputs", argv[1]));
  const double seconds = !is_folder ? 0 : argc > 2 ? std::atof(argv[2]) : kUsualSeconds;
  const std::uint64_t seed = argc > 3 && is_folder ? std::strtoull(argv[3], nullptr, 10) : 1;

  LastInput last(name + ".input");
  for (const Bytes& input : corpus) last.read(input);
  Mutator mutator(corpus, seed);
  std::uint64_t changes = 0;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (; Clock::now() < end; ++changes) last.read(mutator.change(changes));
  std::printf("%s: %zu inputs and %llu changes of them (seed %llu) in %g s\n", name.c_str(), corpus.size(),
              static_cast<unsigned long long>(changes), static_cast<unsigned long long>(seed), seconds);
  return 0;
}

}  // namespace
}  // namespace limn::fuzz

int main(int argc, char** argv) { return limn::fuzz::replay(argc, argv); }
