#include "limn/arrays/pytorch_file.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "limn/arrays/byte_reader.hpp"
#include "limn/arrays/pickle.hpp"
#include "limn/arrays/zip_archive.hpp"
#include "limn/core/error.hpp"

namespace limn::arrays {
namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 36;
constexpr int kMaxDepth = 16;
constexpr const char* kAdvice = "save the tensors alone: torch.save(model.state_dict(), 'model.pth')";

constexpr std::string_view kZipMagic = "PK\x03\x04";
// torch.serialization.MAGIC_NUMBER, pickled in protocol 2.
constexpr std::string_view kLegacyMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);

// The bytes of a storage by its key, as long as they are asked for.
using Storages = std::function<std::span<const std::byte>(const PickledStorage&)>;

class Collector {
 public:
  Collector(const PickleTree& tree, Storages storages, bool is_big_endian, std::uint64_t file_size,
            const std::string& origin)
      : tree_(tree),
        storages_(std::move(storages)),
        is_big_endian_(is_big_endian),
        numbers_left_(kPytorchFactor * file_size + kPytorchFloor),
        visits_left_(kPytorchFactor * tree.size() + kPytorchFloor),
        origin_(origin) {}

  PytorchFile collect() {
    PickleValue root = tree_.root();
    require(root.kind != PickleKind::kForeign, "{}: holds a whole object of the class {}, which limn does not run; {}",
            origin_, root.kind == PickleKind::kForeign ? tree_.foreign_name(root) : "", kAdvice);
    require(root.kind != PickleKind::kTensor, "{}: holds one tensor without a name; {}", origin_, kAdvice);
    unwrap(root);
    collect(root, "", 0, file_.entry.empty());
    require(!file_.tensors.empty(), "{}: holds no tensors by name{}; {}", origin_,
            foreign_.empty() ? "" : fmt::format(", but an object of the class {}", foreign_), kAdvice);
    for (const std::string_view prefix : {"module.", "_orig_mod.", "module."}) strip(prefix);
    return std::move(file_);
  }

 private:
  void visit() { require(visits_left_-- > 0, "{}: its entries are nested without end; the file is damaged", origin_); }
  // Goes down into the entry that is the model's.
  void unwrap(PickleValue& value) {
    for (int depth = 0; depth < kMaxDepth; ++depth) {
      const auto inner = wrapped(value);
      if (!inner) return;
      file_.entry += (file_.entry.empty() ? "" : ".") + std::string(inner->first);
      value = inner->second;
    }
  }
  std::optional<std::pair<std::string_view, PickleValue>> wrapped(PickleValue dict) const {
    if (dict.kind != PickleKind::kDict) return std::nullopt;
    const auto entries = tree_.items(dict);
    for (const std::string_view name : {"state_dict", "model_state_dict", "model", "module", "net", "network"})
      for (std::size_t i = 0; i + 1 < entries.size(); i += 2)
        if (is_text(entries[i]) && tree_.text(entries[i]) == name && entries[i + 1].kind == PickleKind::kDict)
          return std::pair{name, entries[i + 1]};
    return std::nullopt;
  }

  void collect(PickleValue value, const std::string& name, int depth, bool may_be_checkpoint) {
    visit();
    if (value.kind == PickleKind::kTensor) return add(name, tree_.tensor(value));
    if (value.kind == PickleKind::kForeign && foreign_.empty()) foreign_ = tree_.foreign_name(value);
    const bool is_dict = value.kind == PickleKind::kDict;
    if (!is_dict && value.kind != PickleKind::kList && value.kind != PickleKind::kTuple) return;
    require(depth < kMaxDepth, "{}: its entries are nested deeper than {}; {}", origin_, kMaxDepth, kAdvice);
    const auto items = tree_.items(value);
    const std::size_t stride = is_dict ? 2 : 1;
    for (std::size_t i = 0; i + stride <= items.size(); i += stride) {
      const std::string key = is_dict ? key_text(items[i]) : std::to_string(i);
      if (may_be_checkpoint &&
          (key.starts_with("optim") || key.starts_with("scheduler") || key.starts_with("lr_scheduler")))
        continue;
      collect(items[i + stride - 1], name.empty() ? key : name + "." + key, depth + 1, false);
    }
  }
  std::string key_text(PickleValue key) {
    if (key.kind == PickleKind::kInt) return std::to_string(key.number);
    if (!is_text(key)) return std::string(name_of(key.kind));
    const std::string_view text = tree_.text(key);
    require(text.size() <= kMaxName, "{}: a name of {} bytes; the file is damaged", origin_, text.size());
    return std::string(text);
  }

  void add(const std::string& name, const PickledTensor& tensor) {
    const PickledStorage& storage = tree_.storage(tensor);
    PytorchTensor result{.shape = tensor.shape, .values = {}};
    const std::int64_t count = element_count(tensor.shape, origin_);
    require(static_cast<std::uint64_t>(count) <= numbers_left_,
            "{}: its tensors have more than {} numbers for each byte of the file; it is refused", origin_,
            kPytorchFactor);
    numbers_left_ -= static_cast<std::uint64_t>(count);
    const std::span<const std::byte> bytes = storages_(storage);
    require(storage.count >= 0 && bytes.size() == static_cast<std::uint64_t>(storage.count) * storage.format.size,
            "{}: the numbers of {} have {} bytes, {} were announced; fetch the file again", origin_, printable(name),
            bytes.size(), static_cast<std::uint64_t>(storage.count) * storage.format.size);
    NumericArray numbers{.format = tensor.format, .shape = {}, .bytes = bytes};
    numbers.format.is_big_endian = is_big_endian_;
    if (count > 0) check_strides(name, tensor, static_cast<std::int64_t>(bytes.size()) / tensor.format.size);
    result.values.reserve(static_cast<std::size_t>(count));
    std::vector<std::int64_t> index(tensor.shape.size(), 0);
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t place = tensor.offset;
      for (std::size_t d = 0; d < index.size(); ++d) place += index[d] * tensor.strides[d];
      result.values.push_back(numbers.value(place));
      for (std::size_t d = index.size(); d-- > 0 && ++index[d] == tensor.shape[d];) index[d] = 0;
    }
    require(file_.tensors.emplace(name, std::move(result)).second, "{}: holds two tensors of the name {}; {}", origin_,
            printable(name), kAdvice);
  }
  // Every number of the tensor lies among the `count` of its storage.
  void check_strides(const std::string& name, const PickledTensor& tensor, std::int64_t count) const {
    bool fits = tensor.strides.size() == tensor.shape.size() && tensor.offset >= 0 && tensor.offset <= count;
    std::int64_t last = tensor.offset;
    for (std::size_t d = 0; fits && d < tensor.shape.size(); ++d) {
      if (tensor.shape[d] <= 1) continue;
      const std::int64_t steps = tensor.shape[d] - 1, stride = tensor.strides[d];
      fits = stride >= 0 && (stride == 0 || steps <= (count - last) / stride);
      if (fits) last += steps * stride;
    }
    require(fits && last < count, "{}: tensor {} lies outside of its numbers; fetch the file again", origin_,
            printable(name));
  }
  void strip(std::string_view prefix) {
    auto& tensors = file_.tensors;
    if (!std::ranges::all_of(tensors, [&](const auto& entry) { return entry.first.starts_with(prefix); })) return;
    std::map<std::string, PytorchTensor> stripped;
    for (auto& [name, tensor] : tensors) stripped.emplace(name.substr(prefix.size()), std::move(tensor));
    tensors = std::move(stripped);
  }

  static constexpr std::size_t kMaxName = 1024;

  const PickleTree& tree_;
  Storages storages_;
  bool is_big_endian_;
  std::uint64_t numbers_left_, visits_left_;
  const std::string& origin_;
  std::string foreign_;
  PytorchFile file_;
};

PytorchFile parse_zip(std::span<const std::byte> file, const std::string& origin) {
  ZipReader zip(file, origin);
  const std::vector<std::string> names = zip.all_names();
  const auto ends_in = [](std::string_view ending) {
    return [ending](const std::string& name) { return name.ends_with(ending); };
  };
  constexpr std::string_view kPickle = "data.pkl";
  const auto pickle_name = std::ranges::find_if(names, ends_in("/data.pkl"));
  require(pickle_name != names.end(), "{}: a zip archive, but not PyTorch's: it holds no data.pkl; {}", origin,
          kAdvice);
  require(std::ranges::none_of(names, ends_in("/constants.pkl")), "{}: TorchScript, which is a program; {}", origin,
          kAdvice);
  const std::string folder = pickle_name->substr(0, pickle_name->size() - kPickle.size());
  const Bytes pickle = zip.read(*pickle_name).value();
  const PickleTree tree = read_pickle(pickle, origin, {.has_tensors = true});
  const Bytes order = zip.read(folder + "byteorder").value_or(Bytes{});
  require(order.empty() || text_of(order) == "little" || text_of(order) == "big",
          "{}: its byte order is '{}', which is neither little nor big", origin, printable(text_of(order)));
  std::map<std::string, Bytes, std::less<>> held;
  const auto storage = [&](const PickledStorage& wanted) {
    const auto found = held.find(wanted.key);
    if (found != held.end()) return std::span<const std::byte>(found->second);
    auto bytes = zip.read(fmt::format("{}data/{}", folder, wanted.key));
    require(bytes.has_value(), "{}: the numbers data/{} are missing; fetch the file again", origin,
            printable(wanted.key));
    return std::span<const std::byte>(held.emplace(wanted.key, std::move(*bytes)).first->second);
  };
  return Collector(tree, storage, text_of(order) == "big", file.size(), origin).collect();
}

// The magic number, the protocol version, facts of the machine, the tree, a list of keys; then for each key the number
// of its numbers in eight bytes, and these.
PytorchFile parse_legacy(std::span<const std::byte> file, const std::string& origin) {
  std::span<const std::byte> rest = file.subspan(kLegacyMagic.size());
  const auto next = [&] {
    PickleTree tree = read_pickle(rest, origin, {.has_tensors = true, .may_be_followed = true});
    rest = rest.subspan(tree.size());
    return tree;
  };
  next();
  next();
  const PickleTree tree = next();
  const PickleTree keys = next();
  require(keys.root().kind == PickleKind::kList, "{}: its list of numbers is damaged; fetch the file again", origin);
  // The types stand in the tree alone, so the parts are found when all of it has been seen.
  std::map<std::string_view, int> sizes;
  for (const PickledStorage& storage : tree.storages()) sizes[storage.key] = storage.format.size;
  std::map<std::string_view, std::span<const std::byte>> held;
  ByteReader reader(rest, origin);
  for (const PickleValue& key : keys.items(keys.root())) {
    require(is_text(key) && sizes.contains(keys.text(key)), "{}: numbers without a tensor; fetch the file again",
            origin);
    const auto count = reader.number<std::uint64_t>("a tensor's size");
    const int size = sizes[keys.text(key)];
    require(count <= reader.left() / static_cast<std::size_t>(size),
            "{}: truncated in its numbers; fetch the file again", origin);
    held[keys.text(key)] = reader.take(count * static_cast<std::size_t>(size), "numbers");
  }
  const auto storage = [&](const PickledStorage& wanted) {
    const auto found = held.find(wanted.key);
    require(found != held.end(), "{}: numbers of a tensor are missing; fetch the file again", origin);
    return found->second;
  };
  return Collector(tree, storage, false, file.size(), origin).collect();
}

}  // namespace

bool is_pytorch_file(std::span<const std::byte> beginning) {
  const std::string_view text = text_of(beginning);
  return text.starts_with(kZipMagic) || text.starts_with(kLegacyMagic);
}

PytorchFile parse_pytorch(std::span<const std::byte> file, const std::string& origin) {
  require(is_pytorch_file(file),
          "{}: not a file of PyTorch's torch.save(): it begins with neither a zip archive nor "
          "its magic number; {}",
          origin, kAdvice);
  return text_of(file).starts_with(kZipMagic) ? parse_zip(file, origin) : parse_legacy(file, origin);
}

PytorchFile read_pytorch(const std::filesystem::path& path) {
  return parse_pytorch(read_file(path, kMaxFile), path.string());
}

SafetensorsFile as_safetensors(const PytorchFile& file, std::string origin) {
  SafetensorsContent content;
  for (const auto& [name, tensor] : file.tensors)
    content.tensors[name] = {
        .type = DType::kF32, .shape = tensor.shape, .bytes = std::as_bytes(std::span(tensor.values))};
  return SafetensorsFile::parse(serialize_safetensors(content), std::move(origin));
}

}  // namespace limn::arrays
