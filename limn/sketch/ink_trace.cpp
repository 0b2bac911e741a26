#include "limn/sketch/ink_trace.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/sketch/json_shapes.hpp"

namespace limn::sketch {
namespace {

// How a value is given: as itself, as the difference to the last one, or as the difference of differences.
enum class Order { kExplicit, kFirst, kSecond };

struct Channel {
  Order order = Order::kExplicit;
  double value = 0;
  double velocity = 0;
  double acceleration = 0;
  bool is_given = false;

  void repeat() {  // the sign *
    if (order == Order::kSecond) velocity += acceleration;
    if (order != Order::kExplicit) value += velocity;
  }
  void give(double number) {
    if (order == Order::kExplicit) {
      velocity = is_given ? number - value : 0;
      value = number;
    } else if (order == Order::kFirst) {
      velocity = number;
      value += velocity;
    } else {
      acceleration = number;
      velocity += acceleration;
      value += velocity;
    }
    is_given = true;
  }
};

class TraceReader {
 public:
  TraceReader(std::string_view text, const InkChannels& channels, const std::string& what)
      : text_(text), channels_(channels), what_(what) {}

  ExactStroke read() {
    ExactStroke stroke;
    for (skip_space(); !text_.empty(); skip_space()) {
      point(stroke.empty());
      stroke.push_back(checked_position(x_.value * channels_.x_factor, y_.value * channels_.y_factor, what_));
      if (text_.empty()) break;
      text_.remove_prefix(1);  // the comma
    }
    return stroke;
  }

 private:
  void skip_space() {
    const std::size_t begin = text_.find_first_not_of(" \t\r\n");
    text_.remove_prefix(begin == text_.npos ? text_.size() : begin);
  }

  void point(bool is_first) {
    std::size_t count = 0;
    for (skip_space(); !text_.empty() && text_.front() != ','; skip_space()) value(count++);
    const std::size_t most = channels_.is_known ? channels_.regular + channels_.intermittent : SIZE_MAX;
    require(count >= channels_.regular && count <= most, "{}: a point has {} values; expected {}", what_, count,
            channels_.regular);
    require(!is_first || (x_.is_given && y_.is_given), "{}: its first point has no X and Y", what_);
  }

  void value(std::size_t at) {
    Channel other;  // what is not X or Y is passed over
    Channel& channel = at == channels_.x ? x_ : at == channels_.y ? y_ : other;
    const char mark = text_.front();
    if (mark == '!' || mark == '\'' || mark == '"') {
      channel.order = mark == '!' ? Order::kExplicit : mark == '\'' ? Order::kFirst : Order::kSecond;
      require(channel.order == Order::kExplicit || &channel == &other || channel.is_given,
              "{}: its first point is given as a difference", what_);
      text_.remove_prefix(1);
      skip_space();
      require(!text_.empty(), "{}: ends after a mark", what_);
    }
    const char begin = text_.front();
    if (begin == '*') {
      text_.remove_prefix(1);
      require(&channel == &other || channel.is_given, "{}: its first point repeats a point", what_);
      return channel.repeat();
    }
    if (begin == '?' || begin == 'T' || begin == 'F') {
      require(&channel == &other, "{}: a point without X or Y ({}); such traces are not read", what_, begin);
      text_.remove_prefix(1);
      return;
    }
    channel.give(number());
  }

  double number() {
    if (text_.starts_with('+')) text_.remove_prefix(1);
    double value = 0;
    const char* end = text_.data() + text_.size();
    if (text_.starts_with('#')) {  // hexadecimal
      std::int64_t whole = 0;
      const auto [stop, error] = std::from_chars(text_.data() + 1, end, whole, 16);
      require(error == std::errc{}, "{}: \"{}\" is not a number", what_, printable(text_, 12));
      text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()));
      return static_cast<double>(whole);
    }
    const auto [stop, error] = std::from_chars(text_.data(), end, value);
    require(error == std::errc{} && std::isfinite(value), "{}: \"{}\" is not a number", what_, printable(text_, 12));
    text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()));
    return value;
  }

  std::string_view text_;
  const InkChannels& channels_;
  const std::string& what_;
  Channel x_, y_;
};

}  // namespace

ExactStroke parse_ink_trace(std::string_view text, const InkChannels& channels, const std::string& what) {
  return TraceReader(text, channels, what).read();
}

}  // namespace limn::sketch
