#include "limn/sketch/stroke_values.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "limn/core/error.hpp"

namespace limn::sketch {
namespace {

using arrays::NumericArray;
using arrays::PickleKind;
using arrays::PickleTree;
using arrays::PickleValue;

constexpr int kMaxDepth = 8;
constexpr std::uint64_t kPerSketch = 8;  // numbers that a sketch costs beside its own
constexpr const char* kExpected = "expected N x L x 3 numbers, or objects that are n x 3 arrays (4 and 5 columns, too)";

bool is_row_size(std::int64_t size) { return size >= 3 && size <= kStroke5; }

// Pictures: sides that no rows have, or flattened squares.
void refuse_images(const std::vector<std::int64_t>& shape, const std::string& origin) {
  constexpr std::int64_t kSmallestSide = 8;
  const auto refuse = [&](std::int64_t height, std::int64_t width) {
    fail("{}: holds {} images of {} x {}, not sketches; images are for limn train vae and draw", origin, shape[0],
         height, width);
  };
  const std::size_t dimensions = shape.size();
  if ((dimensions == 3 || dimensions == 4) && shape[1] >= kSmallestSide && shape[2] >= kSmallestSide &&
      (dimensions == 3 || shape[3] <= 4))
    refuse(shape[1], shape[2]);
  if (dimensions != 2 || shape[1] < kSmallestSide * kSmallestSide) return;
  const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(shape[1]))));
  if (side * side == shape[1]) refuse(side, side);
}

// A sketch, and also one of no rows, whatever its shape.
StrokeRows rows_of_matrix(const NumericArray& array, std::size_t number, const std::string& origin) {
  if (array.count() == 0) return {};
  require(array.shape.size() == 2 && is_row_size(array.shape[1]),
          "{}: sketch {} has shape {}; expected n x 3 (dx, dy and whether the pen lifts), n x 4 or n x 5", origin,
          number, fmt::join(array.shape, " x "));
  return {.columns = array.shape[1], .values = array.values()};
}

class Walker {
 public:
  Walker(const PickleTree& tree, const std::string& origin)
      : tree_(tree),
        origin_(origin),
        numbers_left_(arrays::kPickleArrayFactor * tree.size() + arrays::kPickleMemoryFloor) {}

  std::vector<StrokeRows> collection(PickleValue value) {
    value = unwrapped(value);
    if (is_numeric(value)) {
      const NumericArray& array = tree_.array(value).numbers;
      charge(array.count());
      return rows_of_array(array, origin_);
    }
    require(is_sequence(value), "{}: {} where sketches were expected; {}", origin_, arrays::name_of(value.kind),
            kExpected);
    const int levels = depth(value, 0);
    require(levels != 1, "{}: a list of numbers where sketches were expected; {}", origin_, kExpected);
    require(levels <= 3,
            "{}: lists that are nested {} deep where sketches, 3 deep, were expected; {}, and splits in a "
            "dict: train, valid, test",
            origin_, levels, kExpected);
    std::vector<StrokeRows> sketches;
    if (levels == 2) {
      sketches.push_back(sketch(value, 0));
      return sketches;
    }
    if (is_block(value)) return block(value);
    for (const PickleValue& item : tree_.items(value)) sketches.push_back(sketch(item, sketches.size()));
    return sketches;
  }

 private:
  [[nodiscard]] bool is_numeric(PickleValue value) const {
    return value.kind == PickleKind::kArray && !tree_.array(value).holds_objects();
  }
  [[nodiscard]] bool is_sequence(PickleValue value) const {
    return value.kind == PickleKind::kList || value.kind == PickleKind::kTuple ||
           (value.kind == PickleKind::kArray && tree_.array(value).holds_objects());
  }
  // An object array of three dimensions of numbers, which NumPy makes of equally long sketches.
  [[nodiscard]] bool is_block(PickleValue value) const {
    return value.kind == PickleKind::kArray && tree_.array(value).numbers.shape.size() == 3;
  }

  void charge(std::int64_t numbers, std::uint64_t more = kPerSketch) {
    const std::uint64_t cost = static_cast<std::uint64_t>(numbers) + more;
    require(cost <= numbers_left_, "{}: the pickle's arrays have more than {} times its size; it is refused", origin_,
            arrays::kPickleArrayFactor);
    numbers_left_ -= cost;
  }

  // What an object array of one element stands for, if that is a collection.
  PickleValue unwrapped(PickleValue value) const {
    for (int i = 0;; ++i) {
      if (value.kind != PickleKind::kArray || !is_sequence(value) || tree_.items(value).size() != 1) return value;
      const PickleValue inner = tree_.items(value)[0];
      if (inner.kind != PickleKind::kArray && !tree_.array(value).numbers.shape.empty()) return value;
      if (is_numeric(inner) && tree_.array(inner).numbers.shape.size() != 3) return value;
      require(i < kMaxDepth, "{}: arrays are nested in arrays without end; the file is damaged", origin_);
      value = inner;
    }
  }

  // Levels of lists around the first number: 2 of a sketch, 3 of many.
  [[nodiscard]] int depth(PickleValue value, int level) const {
    require(level < kMaxDepth, "{}: lists are nested in lists without end; the file is damaged", origin_);
    if (value.kind == PickleKind::kArray) {
      const int own = static_cast<int>(tree_.array(value).numbers.shape.size());
      if (is_numeric(value)) return own;
      return tree_.items(value).empty() ? 3 : own + depth(tree_.items(value)[0], level + 1);
    }
    if (!is_sequence(value)) return 0;
    const auto items = tree_.items(value);
    const auto is_empty = [this](PickleValue item) {
      return is_sequence(item) ? tree_.items(item).empty() : is_numeric(item) && tree_.array(item).numbers.count() == 0;
    };
    const auto first = std::ranges::find_if_not(items, is_empty);
    return first == items.end() ? 3 : 1 + depth(*first, level + 1);
  }

  std::vector<StrokeRows> block(PickleValue value) {
    const auto& shape = tree_.array(value).numbers.shape;
    require(is_row_size(shape[2]), "{}: the array has shape {}; {}", origin_, fmt::join(shape, " x "), kExpected);
    const auto per_sketch = static_cast<std::size_t>(shape[1] * shape[2]);
    const auto items = tree_.items(value);
    std::vector<StrokeRows> sketches;
    for (std::size_t begin = 0; begin < items.size(); begin += per_sketch) {
      StrokeRows rows{.columns = shape[2], .values = {}};
      append(items.subspan(begin, per_sketch), sketches.size(), rows);
      sketches.push_back(std::move(rows));
    }
    return sketches;
  }

  StrokeRows sketch(PickleValue value, std::size_t number) {
    if (is_numeric(value)) {
      charge(tree_.array(value).numbers.count());
      return rows_of_matrix(tree_.array(value).numbers, number, origin_);
    }
    require(is_sequence(value), "{}: sketch {} is {}; make each sketch an n x 3 array of numbers", origin_, number,
            arrays::name_of(value.kind));
    charge(0);
    const auto items = tree_.items(value);
    StrokeRows rows;
    if (items.empty()) return rows;
    // An object array of n x 3 numbers.
    if (value.kind == PickleKind::kArray && tree_.array(value).numbers.shape.size() == 2) {
      rows.columns = tree_.array(value).numbers.shape[1];
      require_columns(rows.columns, number);
      append(items, number, rows);
      return rows;
    }
    for (const PickleValue& item : items) row(item, number, &item == items.data(), rows);
    return rows;
  }

  void row(PickleValue value, std::size_t number, bool is_first, StrokeRows& rows) {
    const bool is_array = is_numeric(value);
    require(is_array || is_sequence(value), "{}: sketch {} has {} where a row of numbers was expected; {}", origin_,
            number, arrays::name_of(value.kind), kExpected);
    const std::int64_t size = is_array ? tree_.array(value).numbers.count() : std::ssize(tree_.items(value));
    if (is_first) {
      require_columns(size, number);
      rows.columns = size;
    }
    require(size == rows.columns && (!is_array || tree_.array(value).numbers.shape.size() == 1),
            "{}: sketch {}: row {} has {} numbers, the rows before it {}; make all rows alike", origin_, number,
            rows.count(), size, rows.columns);
    if (!is_array) return append(tree_.items(value), number, rows);
    charge(size, 0);
    const std::vector<float> values = tree_.array(value).numbers.values();
    rows.values.insert(rows.values.end(), values.begin(), values.end());
  }

  void require_columns(std::int64_t columns, std::size_t number) const {
    require(is_row_size(columns),
            "{}: sketch {} has rows of {} numbers; expected 3 (dx, dy and whether the pen lifts), 4 or 5", origin_,
            number, columns);
  }

  void append(std::span<const PickleValue> items, std::size_t number, StrokeRows& rows) {
    charge(std::ssize(items), 0);
    for (const PickleValue& item : items) {
      require(arrays::is_number(item), "{}: sketch {} has {} where a number was expected; {}", origin_, number,
              arrays::name_of(item.kind), kExpected);
      rows.values.push_back(arrays::nearest_float(tree_.number(item)));
    }
  }

  const PickleTree& tree_;
  const std::string& origin_;
  std::uint64_t numbers_left_;
};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return lower;
}

// Without what programs put around a split's name: "x_train", "train_data".
std::string_view plain_name(std::string_view name) {
  if (name.starts_with("x_")) name.remove_prefix(2);
  for (const std::string_view ending : {"_x", "_data", "_set", "_strokes", "_sketches"})
    if (name.ends_with(ending)) {
      name.remove_suffix(ending.size());
      break;
    }
  return name;
}

bool names_labels(std::string_view name) {
  return name == "y" || name.starts_with("y_") || name.ends_with("_y") || name.find("label") != name.npos ||
         name == "classes" || name == "targets";
}

std::optional<Split> split_of(std::string_view name) {
  const std::string_view plain = plain_name(name);
  if (plain == "train" || plain == "training") return Split::kTrain;
  if (plain == "valid" || plain == "validation" || plain == "val" || plain == "dev") return Split::kValid;
  if (plain == "test" || plain == "testing") return Split::kTest;
  return std::nullopt;
}

}  // namespace

std::vector<StrokeRows> rows_of_array(const NumericArray& array, const std::string& origin) {
  const auto& shape = array.shape;
  std::vector<StrokeRows> sketches;
  if (shape.size() == 2 && is_row_size(shape[1])) {
    sketches.push_back(rows_of_matrix(array, 0, origin));
    return sketches;
  }
  if (!shape.empty() && shape[0] == 0) return sketches;
  const bool is_block = shape.size() == 3 && is_row_size(shape[2]) && shape[1] > 0;
  if (!is_block) refuse_images(shape, origin);
  require(is_block, "{}: the array has shape {}; {}", origin, fmt::join(shape, " x "), kExpected);
  const std::int64_t count = shape[0], length = shape[1], columns = shape[2];
  for (std::int64_t i = 0; i < count; ++i) {
    StrokeRows& rows = sketches.emplace_back(StrokeRows{.columns = columns, .values = {}});
    rows.values.reserve(static_cast<std::size_t>(length * columns));
    for (std::int64_t row = 0; row < length; ++row)
      for (std::int64_t column = 0; column < columns; ++column)
        rows.values.push_back(array.value(array.is_fortran_order ? (column * length + row) * count + i
                                                                 : (i * length + row) * columns + column));
  }
  return sketches;
}

std::vector<StrokeRows> rows_of_value(const PickleTree& tree, PickleValue value, const std::string& origin) {
  return Walker(tree, origin).collection(value);
}

NamedSplits splits_named(std::span<const std::string> names, const std::string& origin) {
  NamedSplits splits;
  // A split's own name goes before longer ones.
  std::vector<std::size_t> order(names.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return names[i].size(); });
  std::vector<std::size_t> others;
  for (const std::size_t i : order) {
    const std::string name = lower_case(names[i]);
    if (names_labels(name)) continue;
    const auto split = split_of(name);
    auto* place = split ? &splits.places[static_cast<std::size_t>(*split)] : nullptr;
    if (place != nullptr && !*place)
      *place = i;
    else
      others.push_back(i);
  }
  auto& train = splits.places[static_cast<std::size_t>(Split::kTrain)];
  const bool has_others =
      splits.places[static_cast<std::size_t>(Split::kValid)] || splits.places[static_cast<std::size_t>(Split::kTest)];
  if (!train && !has_others && others.size() == 1) {
    train = others[0];
    others.clear();
  }
  if (!train) {
    constexpr std::size_t kShown = 16;
    std::vector<std::string> shown;
    for (const std::string& name : names.first(std::min(kShown, names.size()))) shown.push_back(printable(name));
    if (names.size() > kShown) shown.emplace_back("…");
    fail("{}: has no array named train; it holds {}; name the training sketches train", origin,
         shown.empty() ? "nothing" : fmt::format("{}", fmt::join(shown, ", ")));
  }
  for (const std::size_t i : others) splits.left_out.push_back(names[i]);
  return splits;
}

SplitRows rows_of_pickle(const PickleTree& tree, const std::string& origin, std::vector<std::string>& left_out) {
  SplitRows rows;
  rows.origins.fill(origin);
  PickleValue root = tree.root();
  // np.save() of a dict.
  if (root.kind == PickleKind::kArray && tree.array(root).holds_objects() && tree.items(root).size() == 1 &&
      tree.items(root)[0].kind == PickleKind::kDict)
    root = tree.items(root)[0];
  if (root.kind != PickleKind::kDict) {
    rows.sketches[0] = rows_of_value(tree, root, origin);
    return rows;
  }
  const auto entries = tree.items(root);
  std::vector<std::string> names;
  for (std::size_t i = 0; i + 1 < entries.size(); i += 2) {
    require(arrays::is_text(entries[i]), "{}: a dict whose keys are not text; name its sketches train, valid and test",
            origin);
    constexpr std::size_t kMaxName = 64;
    names.emplace_back(tree.text(entries[i]).substr(0, kMaxName));
  }
  NamedSplits splits = splits_named(names, origin);
  left_out = std::move(splits.left_out);
  for (std::size_t s = 0; s < rows.sketches.size(); ++s) {
    if (!splits.places[s]) continue;
    rows.origins[s] = fmt::format("{}: {}", origin, printable(names[*splits.places[s]]));
    rows.sketches[s] = rows_of_value(tree, entries[2 * *splits.places[s] + 1], rows.origins[s]);
  }
  return rows;
}

}  // namespace limn::sketch
