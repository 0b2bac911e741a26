#include "limn/sketch/quickdraw.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <future>
#include <istream>

#include "limn/arrays/unpacked_file.hpp"
#include "limn/core/error.hpp"
#include "limn/core/json_stream.hpp"
#include "limn/sketch/json_drawings.hpp"
#include "limn/sketch/simplify.hpp"
#include "limn/sketch/text_lines.hpp"

namespace limn::sketch {
namespace {

constexpr std::size_t kMaxCount = 65535;

// --- .bin in ---

// Exactly `size` bytes into `to`.
void take(std::istream& in, char* to, std::size_t size, const std::string& where) {
  const auto count = in.rdbuf()->sgetn(to, static_cast<std::streamsize>(size));
  require(count == static_cast<std::streamsize>(size), "{}: truncated; fetch the file again", where);
}

template <class T>
T number(std::istream& in, const std::string& where) {
  T value{};
  take(in, reinterpret_cast<char*>(&value), sizeof(T), where);
  return value;
}

// UTC, as Quick, Draw! writes it, without the fraction that .bin does not have.
std::string timestamp_text(std::uint32_t seconds) {
  using namespace std::chrono;
  const sys_seconds time{std::chrono::seconds{seconds}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

// The inverse; 0 for a text that is not such a time.
std::uint32_t timestamp_seconds(const std::string& text) {
  using namespace std::chrono;
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2u %2u:%2u:%2u", &year, &month, &day, &hour, &minute, &second) != 6) return 0;
  const year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  if (!date.ok() || year < 1970 || year > 2105) return 0;
  const auto time = sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
  return static_cast<std::uint32_t>(time.time_since_epoch().count());
}

Sketch read_bin_drawing(std::istream& in, const std::string& where) {
  std::vector<Stroke> strokes;
  const auto stroke_count = number<std::uint16_t>(in, where);
  std::string x, y;
  for (int i = 0; i < stroke_count; ++i) {
    const auto point_count = number<std::uint16_t>(in, where);
    x.resize(point_count);
    y.resize(point_count);
    take(in, x.data(), x.size(), where);
    take(in, y.data(), y.size(), where);
    Stroke& stroke = strokes.emplace_back();
    for (std::size_t p = 0; p < point_count; ++p)
      stroke.push_back(
          {static_cast<float>(static_cast<unsigned char>(x[p])), static_cast<float>(static_cast<unsigned char>(y[p]))});
  }
  return from_strokes(strokes);
}

// --- ndjson in ---

// Lines with their values, and what was thrown at the line behind them.
struct ParsedLines {
  struct Line {
    std::int64_t number;
    JsonValues values;
  };
  std::vector<Line> lines;
  bool is_end = false;  // of the text
  std::exception_ptr error;
};

class LineParser {
 public:
  LineParser(std::istream& in, const std::string& origin) : lines_(in), origin_(origin) {}

  // The next lines, of kText or a little more.
  ParsedLines next() {
    constexpr std::size_t kText = std::size_t{1} << 17;
    ParsedLines parsed;
    try {
      for (std::size_t size = 0; size < kText; size += line_.size() + 1) {
        const std::string where = fmt::format("{}: line {}", origin_, ++number_);
        parsed.is_end = !lines_.next(line_, where, "is it ndjson, a drawing a line?");
        if (parsed.is_end) break;
        if (number_ == 1) line_ = std::string(without_byte_order_mark(line_));
        if (line_.find_first_not_of(" \t") != line_.npos) parsed.lines.push_back({number_, JsonValues(line_, where)});
      }
    } catch (...) {
      parsed.error = std::current_exception();
    }
    return parsed;
  }

 private:
  TextLines lines_;
  const std::string& origin_;
  std::string line_;
  std::int64_t number_ = 0;
};

// With `reads_ahead`, another thread parses the next lines while the sink takes these.
void read_ndjson(std::istream& in, const std::string& origin, const QuickDrawOptions& options,
                 const QuickDrawSink& sink, bool reads_ahead) {
  DrawingLayouts layouts(origin, StrokeSource::kDrawing);
  LineParser parser(in, origin);
  std::future<ParsedLines> ahead;
  for (;;) {
    const ParsedLines parsed = ahead.valid() ? ahead.get() : parser.next();
    if (reads_ahead && !parsed.is_end && !parsed.error)
      ahead = std::async([&] { return parser.next(); });  // where no thread can start, get() does it
    for (const auto& [number, values] : parsed.lines) {
      QuickDrawRecord record = quickdraw_record(values.root(), fmt::format("{}: line {}", origin, number), layouts);
      if (record.recognized || !options.only_recognized) sink(std::move(record));
    }
    if (parsed.error) std::rethrow_exception(parsed.error);
    if (parsed.is_end) return layouts.finish(options.note);
  }
}

// --- out ---

// Whole numbers 0-255, aligned to the top left.
std::vector<Stroke> whole_numbers(const Sketch& sketch, QuickDrawScale scale) {
  std::vector<Stroke> strokes = to_strokes(sketch);
  const auto box = bounds(sketch);
  if (!box) return strokes;
  if (scale == QuickDrawScale::kAlways || !fits_quickdraw(sketch))
    strokes = fitted(strokes, kQuickDrawSize);
  else
    for (Stroke& stroke : strokes)
      for (Position& p : stroke) p = {p.x - box->min_x, p.y - box->min_y};
  for (Stroke& stroke : strokes)
    for (Position& p : stroke)
      p = {std::clamp(std::round(p.x), 0.0F, 255.0F), std::clamp(std::round(p.y), 0.0F, 255.0F)};
  return strokes;
}

template <class T>
void append_number(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

}  // namespace

QuickDrawRecord quickdraw_record(JsonValue object, const std::string& where, DrawingLayouts& layouts) {
  require(object.is_object(), "{}: {} where an object of Quick, Draw! is expected", where, object.kind_name());
  QuickDrawRecord record = record_of(object, where);
  StrokeShapes shapes;
  add_shapes(shapes, object, where);
  record.sketch = from_strokes(strokes_of(object, layouts.next(shapes, where), where));
  return record;
}

bool fits_quickdraw(const Sketch& sketch) {
  const auto box = bounds(sketch);
  if (!box) return true;
  const bool is_whole = std::ranges::all_of(
      sketch.points, [](const StrokePoint& p) { return p.dx == std::round(p.dx) && p.dy == std::round(p.dy); });
  return is_whole && box->width() <= kQuickDrawSize && box->height() <= kQuickDrawSize;
}

void read_ndjson(std::istream& in, const std::string& origin, const QuickDrawOptions& options,
                 const QuickDrawSink& sink) {
  read_ndjson(in, origin, options, sink, false);
}

void read_quickdraw_bin(std::istream& in, const std::string& origin, const QuickDrawOptions& options,
                        const QuickDrawSink& sink) {
  for (std::int64_t n = 0; in.rdbuf()->sgetc() != std::char_traits<char>::eof(); ++n) {
    const std::string where = fmt::format("{}: drawing {}", origin, n);
    QuickDrawRecord record;
    record.key_id = number<std::uint64_t>(in, where);
    take(in, record.country_code.data(), 2, where);
    const auto recognized = number<std::int8_t>(in, where);
    require(recognized == 0 || recognized == 1, "{}: recognized is {}, not 0 or 1; is it a Quick, Draw! .bin file?",
            where, recognized);
    record.recognized = recognized == 1;
    record.timestamp = timestamp_text(number<std::uint32_t>(in, where));
    record.sketch = read_bin_drawing(in, where);
    if (record.recognized || !options.only_recognized) sink(std::move(record));
  }
}

void read_ndjson(const std::filesystem::path& path, const QuickDrawOptions& options, const QuickDrawSink& sink) {
  arrays::UnpackedFile file(path);
  // A pipe may not give more before what came is answered.
  std::error_code unknown;
  read_ndjson(file.stream(), path.string(), options, sink, std::filesystem::is_regular_file(path, unknown));
}

void read_quickdraw_bin(const std::filesystem::path& path, const QuickDrawOptions& options, const QuickDrawSink& sink) {
  arrays::UnpackedFile file(path);
  read_quickdraw_bin(file.stream(), path.string(), options, sink);
}

std::string ndjson_line(const QuickDrawRecord& record, QuickDrawScale scale) {
  std::string line =
      fmt::format(R"({{"word":{},"countrycode":{},"timestamp":{},"recognized":{},"key_id":"{}","drawing":[)",
                  ascii_json_string(record.word), ascii_json_string(record.country_code),
                  ascii_json_string(record.timestamp), record.recognized, record.key_id);
  const std::vector<Stroke> strokes = whole_numbers(record.sketch, scale);
  for (std::size_t i = 0; i < strokes.size(); ++i) {
    line += i == 0 ? "[[" : ",[[";
    for (std::size_t p = 0; p < strokes[i].size(); ++p)
      fmt::format_to(std::back_inserter(line), "{}{}", p == 0 ? "" : ",", strokes[i][p].x);
    line += "],[";
    for (std::size_t p = 0; p < strokes[i].size(); ++p)
      fmt::format_to(std::back_inserter(line), "{}{}", p == 0 ? "" : ",", strokes[i][p].y);
    line += "]]";
  }
  return line + "]}\n";
}

std::string quickdraw_bin_record(const QuickDrawRecord& record, QuickDrawScale scale) {
  const std::vector<Stroke> strokes = whole_numbers(record.sketch, scale);
  require(strokes.size() <= kMaxCount, "a drawing of {} strokes; .bin counts to {}", strokes.size(), kMaxCount);
  std::string out;
  append_number(out, record.key_id);
  std::string country = record.country_code;
  country.resize(2, ' ');
  out += country;
  append_number(out, static_cast<std::int8_t>(record.recognized));
  append_number(out, timestamp_seconds(record.timestamp));
  append_number(out, static_cast<std::uint16_t>(strokes.size()));
  for (const Stroke& stroke : strokes) {
    require(stroke.size() <= kMaxCount, "a stroke of {} points; .bin counts to {}", stroke.size(), kMaxCount);
    append_number(out, static_cast<std::uint16_t>(stroke.size()));
    for (const Position& p : stroke) out += static_cast<char>(static_cast<unsigned char>(p.x));
    for (const Position& p : stroke) out += static_cast<char>(static_cast<unsigned char>(p.y));
  }
  return out;
}

}  // namespace limn::sketch
