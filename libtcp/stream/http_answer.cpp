// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_answer.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>

#include "libtcp/stream/http_conditions.hpp"
#include "libtcp/stream/http_content_type.hpp"
#include "libtcp/stream/http_date.hpp"
#include "libtcp/stream/http_listing.hpp"
#include "libtcp/stream/http_path.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kMostEntries = 10'000;
constexpr std::string_view kIndex = "index.html";

unsigned status_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EINVAL: return 404;
    case EACCES:
    case EPERM:
    case EXDEV: return 403;  // EXDEV: outside of the directory
    case EMFILE:
    case ENFILE:
    case ENOMEM: return 503;
    default: return 500;
  }
}

std::string to_hex(std::uint64_t number) {
  std::array<char, 16> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), number, 16);
  return {text.data(), written.ptr};
}

HttpValidators validators_of(const struct stat& status) {
  const auto modified = std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  HttpValidators file;
  file.bytes = static_cast<std::uint64_t>(status.st_size);
  file.modified = status.st_mtim.tv_sec;
  file.entity_tag = "\"" + to_hex(static_cast<std::uint64_t>(modified.count())) + "-" + to_hex(file.bytes) + "\"";
  return file;
}

std::string range_field(const HttpSelection& selected, std::uint64_t bytes) {
  const std::string all = std::to_string(bytes);
  if (selected.status == 416) return "Content-Range: bytes */" + all + "\r\n";
  return "Content-Range: bytes " + std::to_string(selected.offset) + "-" +
         std::to_string(selected.offset + selected.bytes - 1) + "/" + all + "\r\n";
}

HttpAnswer answer_with_file(const HttpRequestHead& head, std::string_view name, ServedDirectory::Found found) {
  const HttpValidators file = validators_of(found.status);
  const HttpSelection selected = select(head, file);
  HttpAnswer answer = selected.status < 400 ? HttpAnswer{} : make_status_answer(selected.status);
  if (selected.status == 206 || selected.status == 416) answer.fields += range_field(selected, file.bytes);
  if (selected.status >= 400) return answer;
  answer.status = selected.status;
  answer.fields += "ETag: " + file.entity_tag + "\r\nLast-Modified: " + format_http_date(file.modified) + "\r\n";
  answer.has_length = selected.status != 304;
  if (selected.status == 304) return answer;
  answer.fields += "Accept-Ranges: bytes\r\nContent-Type: ";
  answer.fields += content_type_of(name);
  answer.fields += "\r\n";
  answer.file = std::move(found.descriptor);
  answer.offset = selected.offset;
  answer.bytes = selected.bytes;
  return answer;
}

// Without the slash, links in the page would lead to its neighbours.
HttpAnswer redirect_to_directory(const HttpPath& path) {
  HttpAnswer answer = make_status_answer(301);
  answer.fields += "Location: /" + encode_http_path(path.name) + "/\r\n";
  return answer;
}

HttpAnswer list(const HttpPath& path, const UniqueFd& directory) {
  const auto entries = list_directory(directory, kMostEntries);
  if (!entries) return make_status_answer(status_of(entries.error()));
  HttpAnswer answer;
  answer.fields = "Content-Type: text/html; charset=utf-8\r\n";
  answer.text = make_http_listing(path.name, *entries);
  answer.bytes = answer.text.size();
  return answer;
}

HttpAnswer answer_with_directory(const HttpRequestHead& head, const ServedDirectory& directory, const HttpPath& path,
                                 const UniqueFd& found, bool lists) {
  if (!path.names_directory) return redirect_to_directory(path);
  std::string name = path.name.empty() ? std::string(kIndex) : path.name + "/" + std::string(kIndex);
  auto index = directory.find(name);
  if (index && S_ISREG(index->status.st_mode)) return answer_with_file(head, kIndex, *std::move(index));
  if (!lists) return make_status_answer(403);
  return list(path, found);
}

// 0: it has none, or one that is no mistake.
unsigned refuse(const HttpRequestHead& head) {
  const auto body = request_body(head);
  if (!body) return static_cast<unsigned>(body.error());
  const std::size_t hosts = head.fields.count("Host");
  if (hosts > 1 || (hosts == 0 && head.minor_version > 0)) return 400;
  if (head.method != "GET" && head.method != "HEAD") return 405;
  if (body->is_chunked) return 411;
  return body->bytes > 0 ? 413 : 0;
}

HttpAnswer answer_as_get(const HttpRequestHead& head, const ServedDirectory& directory, bool lists) {
  const auto path = parse_http_path(head.target);
  if (!path) return make_status_answer(404);
  auto found = directory.find(path->name);
  if (!found) return make_status_answer(status_of(found.error()));
  if (S_ISDIR(found->status.st_mode)) return answer_with_directory(head, directory, *path, found->descriptor, lists);
  if (path->names_directory) return make_status_answer(404);
  return answer_with_file(head, path->name, *std::move(found));
}

}  // namespace

HttpAnswer make_status_answer(unsigned status) {
  HttpAnswer answer;
  answer.status = status;
  answer.fields = "Content-Type: text/plain; charset=utf-8\r\n";
  answer.text = std::to_string(status) + " " + std::string(http_reason(status)) + "\n";
  answer.bytes = answer.text.size();
  return answer;
}

HttpAnswer answer_http_request(const HttpRequestHead& head, const ServedDirectory& directory, bool lists) {
  const unsigned refused = refuse(head);
  HttpAnswer answer = refused != 0 ? make_status_answer(refused) : answer_as_get(head, directory, lists);
  if (refused == 405) answer.fields += "Allow: GET, HEAD\r\n";
  // What follows the head may be a body: it is not told from the next request then.
  answer.keeps_alive = refused == 0 && head.keeps_alive();
  answer.has_body = head.method != "HEAD";
  if (answer.keeps_alive && head.minor_version == 0) answer.fields += "Connection: keep-alive\r\n";
  return answer;
}

std::string serialize_http_head(const HttpAnswer& answer, WallTime now) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string(http_reason(answer.status)) +
                     "\r\nDate: " + format_http_date(seconds) + "\r\n" + answer.fields;
  if (answer.has_length) head += "Content-Length: " + std::to_string(answer.bytes) + "\r\n";
  if (!answer.keeps_alive) head += "Connection: close\r\n";
  return head + "\r\n";
}

}  // namespace tcp::stream
