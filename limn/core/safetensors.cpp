#include "limn/core/safetensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/core/half_float.hpp"
#include "limn/core/json.hpp"
#include "limn/core/random_access_file.hpp"

namespace limn {
namespace {

static_assert(std::endian::native == std::endian::little, "checkpoints are copied as little-endian memory");

constexpr std::uint64_t kMaxHeader = 100'000'000;
struct NamedType {
  DType type;
  std::string_view name;
  std::size_t size;
};
constexpr std::array<NamedType, 10> kTypes{{{DType::kF16, "F16", 2},
                                            {DType::kBF16, "BF16", 2},
                                            {DType::kF32, "F32", 4},
                                            {DType::kF64, "F64", 8},
                                            {DType::kI8, "I8", 1},
                                            {DType::kI16, "I16", 2},
                                            {DType::kI32, "I32", 4},
                                            {DType::kI64, "I64", 8},
                                            {DType::kU8, "U8", 1},
                                            {DType::kBool, "BOOL", 1}}};

std::optional<DType> type_named(std::string_view name) {
  for (const auto& entry : kTypes)
    if (entry.name == name) return entry.type;
  return std::nullopt;
}

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float to_float(DType type, const std::byte* from) {
  switch (type) {
    case DType::kBF16:
      return std::bit_cast<float>(static_cast<std::uint32_t>(load<std::uint16_t>(from)) << 16);
    case DType::kF32:
      return load<float>(from);
    case DType::kF64:
      return static_cast<float>(load<double>(from));
    default:
      return 0;
  }
}

// A length or an offset: an integer that is not negative. Floats like 1e3 are refused.
std::uint64_t natural(const Json& value, const std::string& where) {
  require(value.is_number_unsigned(), "{}: expected a whole number that is not negative; the file is damaged", where);
  return value.get<std::uint64_t>();
}

TensorData parse_entry(const Json& entry, std::span<const std::byte> data, const std::string& where) {
  require(entry.is_object() && entry.contains("dtype") && entry.contains("shape") && entry.contains("data_offsets"),
          "{}: lacks dtype, shape or data_offsets; the file is damaged", where);
  require(entry["dtype"].is_string() && entry["shape"].is_array() && entry["data_offsets"].is_array() &&
              entry["data_offsets"].size() == 2,
          "{}: dtype, shape or data_offsets has the wrong form; the file is damaged", where);
  const auto type = type_named(entry["dtype"].get_ref<const std::string&>());
  require(type.has_value(), "{}: dtype {} is not known to limn", where,
          printable(entry["dtype"].get_ref<const std::string&>()));
  TensorData tensor{.type = *type, .shape = {}, .bytes = {}};
  std::uint64_t size = size_of(*type);
  require(entry["shape"].size() <= 16, "{}: {} dimensions; at most 16 are allowed", where, entry["shape"].size());
  for (const auto& item : entry["shape"]) {
    const std::uint64_t extent = natural(item, where);
    require(extent == 0 || size <= (std::uint64_t{1} << 60) / std::max<std::uint64_t>(extent, 1),
            "{}: the shape is absurdly large; the file is damaged", where);
    size *= extent;
    tensor.shape.push_back(static_cast<std::int64_t>(extent));
  }
  const std::uint64_t begin = natural(entry["data_offsets"][0], where), end = natural(entry["data_offsets"][1], where);
  require(begin <= end && end <= data.size(), "{}: bytes {}..{} lie outside the {} bytes of data; the file is damaged",
          where, begin, end, data.size());
  require(end - begin == size, "{}: shape and dtype need {} bytes, data_offsets give {}; the file is damaged", where,
          size, end - begin);
  tensor.bytes = data.subspan(begin, end - begin);
  return tensor;
}

// The tensors, sorted by place, must touch and must fill `data`.
void check_tiling(const std::map<std::string, TensorData>& tensors, std::span<const std::byte> data,
                  const std::string& origin) {
  std::vector<std::span<const std::byte>> pieces;
  for (const auto& [name, tensor] : tensors) pieces.push_back(tensor.bytes);
  std::sort(pieces.begin(), pieces.end(),
            [](auto a, auto b) { return a.data() != b.data() ? a.data() < b.data() : a.size() < b.size(); });
  const std::byte* next = data.data();
  for (const auto& piece : pieces) {
    require(piece.data() == next, "{}: its tensors overlap or leave gaps; the file is damaged", origin);
    next += piece.size();
  }
  require(next == data.data() + data.size(), "{}: {} bytes belong to no tensor; the file is damaged", origin,
          data.data() + data.size() - next);
}

constexpr const char* kMetadata = "__metadata__";

// The length of the header of a file of `size` bytes, by its first eight.
std::uint64_t header_size_of(std::span<const std::byte> start, std::uint64_t size, const std::string& origin) {
  require(size >= 8, "{}: {} bytes is too short for a safetensors file", origin, size);
  const auto header_size = load<std::uint64_t>(start.data());
  require(header_size <= kMaxHeader && header_size <= size - 8,
          "{}: its header claims {} bytes, {} are there; not a safetensors file, or cut short", origin, header_size,
          size - 8);
  return header_size;
}

Json parse_header(std::span<const std::byte> bytes, const std::string& origin) {
  constexpr int kMaxDepth = 8;  // the grammar of a header is three levels deep
  Json header = parse_json(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), kMaxDepth);
  require(header.is_object(), "{}: its header is not a JSON object, or nested too deeply; the file is damaged", origin);
  return header;
}

std::map<std::string, std::string> parse_metadata(const Json& header, const std::string& origin) {
  std::map<std::string, std::string> metadata;
  const auto entry = header.find(kMetadata);
  if (entry == header.end()) return metadata;
  require(entry->is_object(), "{}: __metadata__ is not an object; the file is damaged", origin);
  for (const auto& [key, value] : entry->items()) {
    require(value.is_string(), "{}: metadata {} is not a string; the file is damaged", origin, printable(key));
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

// Its first two bytes.
std::string_view magic_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(2, bytes.size())};
}

}  // namespace

std::size_t size_of(DType type) { return kTypes[static_cast<std::size_t>(type)].size; }
std::string_view name_of(DType type) { return kTypes[static_cast<std::size_t>(type)].name; }

std::int64_t TensorData::count() const {
  std::int64_t n = 1;
  for (const auto extent : shape) n *= extent;
  return n;
}

SafetensorsFile SafetensorsFile::read(const std::filesystem::path& path) {
  return parse(read_file(path), path.string());
}

SafetensorsFile SafetensorsFile::parse(Bytes bytes, std::string origin) {
  SafetensorsFile file;
  file.bytes_ = std::move(bytes);
  file.origin_ = std::move(origin);
  const std::span<const std::byte> all(file.bytes_);
  require(magic_of(all) != "PK",
          "{}: a zip archive, as .npz data sets are, and no model; name a run directory or a "
          ".safetensors file",
          file.origin_);
  const std::uint64_t header_size = header_size_of(all, all.size(), file.origin_);
  const Json header = parse_header(all.subspan(8, header_size), file.origin_);
  file.metadata_ = parse_metadata(header, file.origin_);
  const auto data = all.subspan(8 + header_size);
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadata) continue;
    file.tensors_[name] = parse_entry(entry, data, fmt::format("{}: tensor {}", file.origin_, printable(name)));
  }
  check_tiling(file.tensors_, data, file.origin_);
  return file;
}

std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path) {
  const RandomAccessFile file(path);
  std::array<std::byte, 8> start{};
  if (file.size() >= start.size()) file.read(0, start);
  Bytes header(header_size_of(start, file.size(), path.string()));
  file.read(start.size(), header);
  return parse_metadata(parse_header(header, path.string()), path.string());
}

const std::string& SafetensorsFile::metadata(const std::string& key) const {
  const auto found = metadata_.find(key);
  require(found != metadata_.end(),
          "{}: no metadata '{}'; it is not a checkpoint that limn wrote (limn import reads those of PyTorch)", origin_,
          key);
  return found->second;
}

std::vector<float> SafetensorsFile::read_f32(const std::string& name, std::span<const std::int64_t> shape) const {
  const auto found = tensors_.find(name);
  require(found != tensors_.end(), "{}: tensor {} is missing; the checkpoint belongs to another kind of model", origin_,
          name);
  const TensorData& tensor = found->second;
  require(std::equal(shape.begin(), shape.end(), tensor.shape.begin(), tensor.shape.end()),
          "{}: tensor {} is {}, expected {}; the checkpoint belongs to a model with other options", origin_, name,
          shape_text(tensor.shape), shape_text(shape));
  require(tensor.type == DType::kF32 || tensor.type == DType::kF16 || tensor.type == DType::kBF16 ||
              tensor.type == DType::kF64,
          "{}: tensor {} is {}, expected a floating-point type", origin_, name, name_of(tensor.type));
  std::vector<float> values(static_cast<std::size_t>(tensor.count()));
  const std::size_t stride = size_of(tensor.type);
  if (tensor.type == DType::kF32) {
    std::memcpy(values.data(), tensor.bytes.data(), values.size() * stride);
    return values;
  }
  const std::byte* const from = tensor.bytes.data();
  if (tensor.type == DType::kF16) {  // a loop of its own, which vector instructions run
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = half_to_float(load<std::uint16_t>(from + i * stride));
    return values;
  }
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = to_float(tensor.type, from + i * stride);
  return values;
}

Bytes serialize_safetensors(const SafetensorsContent& content) {
  Json header = Json::object();
  if (!content.metadata.empty()) header["__metadata__"] = content.metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : content.tensors) {
    assert(tensor.bytes.size() == static_cast<std::size_t>(tensor.count()) * size_of(tensor.type));
    header[name] = {{"dtype", name_of(tensor.type)},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = json_text(header);
  text.append((8 - text.size() % 8) % 8, ' ');
  Bytes out(8 + text.size() + offset);
  const std::uint64_t header_size = text.size();
  std::memcpy(out.data(), &header_size, 8);
  std::memcpy(out.data() + 8, text.data(), text.size());
  std::byte* next = out.data() + 8 + text.size();
  for (const auto& [name, tensor] : content.tensors)
    if (!tensor.bytes.empty()) {
      std::memcpy(next, tensor.bytes.data(), tensor.bytes.size());
      next += tensor.bytes.size();
    }
  return out;
}

void write_safetensors(const std::filesystem::path& path, const SafetensorsContent& content) {
  write_file(path, serialize_safetensors(content));
}

std::string shape_text(std::span<const std::int64_t> shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

}  // namespace limn
