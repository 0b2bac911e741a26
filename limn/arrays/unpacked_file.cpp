#include "limn/arrays/unpacked_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <streambuf>
#include <string>

#include "limn/arrays/gunzip.hpp"
#include "limn/core/error.hpp"

namespace limn::arrays {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 16;

}  // namespace

class UnpackedFile::Buffer : public std::streambuf {
 public:
  explicit Buffer(const std::filesystem::path& path) : name_(path.string()) {
    std::error_code ignored;  // what cannot be looked at cannot be opened either
    require(!std::filesystem::is_directory(path, ignored), "{}: is a folder; name a file in it", name_);
    errno = 0;
    file_.open(path, std::ios::binary);
    require(file_.is_open(), "{}: cannot open: {}; check the path", name_, std::strerror(errno));
  }

 private:
  // The next bytes of the file as they are there; empty at the end.
  std::span<std::byte> next_piece() {
    if (has_first_) {
      has_first_ = false;
      return first_;
    }
    try {
      const auto count = file_.rdbuf()->sgetn(reinterpret_cast<char*>(packed_.data()), std::ssize(packed_));
      return std::span<std::byte>(packed_).first(static_cast<std::size_t>(count));
    } catch (const std::ios_base::failure& failure) {  // the buffer throws where the disk fails
      fail("{}: cannot read: {}", name_, failure.code().message());
    }
  }

  int_type underflow() override {
    if (!is_begun_) {
      is_begun_ = true;
      first_ = next_piece();
      has_first_ = true;
      if (is_gzip(first_)) gunzip_.emplace([this] { return next_piece(); }, name_);
    }
    const std::span<std::byte> piece =
        gunzip_ ? std::span<std::byte>(unpacked_).first(gunzip_->read(unpacked_)) : next_piece();
    if (piece.empty()) return traits_type::eof();
    char* begin = reinterpret_cast<char*>(piece.data());
    setg(begin, begin, begin + piece.size());
    return traits_type::to_int_type(*begin);
  }

  std::string name_;
  std::ifstream file_;
  std::array<std::byte, kPiece> packed_{}, unpacked_{};
  std::span<std::byte> first_;
  bool is_begun_ = false;
  bool has_first_ = false;  // read and not yet given
  std::optional<Gunzip> gunzip_;
};

UnpackedFile::UnpackedFile(const std::filesystem::path& path)
    : buffer_(std::make_unique<Buffer>(path)), stream_(buffer_.get()) {}

UnpackedFile::~UnpackedFile() = default;

}  // namespace limn::arrays
