// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/access_list.hpp"
#include "libtcp/stream/chat.hpp"
#include "libtcp/stream/door.hpp"
#include "libtcp/stream/hub.hpp"
#include "libtcp/stream/output_queue.hpp"
#include "libtcp/stream/simple_services.hpp"
#include "tests/unit/stream_support.hpp"

namespace tcp::stream {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_CASE("an output queue gives its bytes in order, whatever the pieces") {
  OutputQueue queue;
  std::array<std::byte, 8> scratch{};
  std::string want;
  for (int i = 0; i < 20; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 7) + 1, static_cast<char>('a' + i));
    queue.push(make_chunk(bytes_of(piece)), 0);
    want += piece;
  }
  std::string got;
  for (std::size_t take = 1; !queue.empty(); take = take % 5 + 1) {
    const auto front = queue.front(scratch);
    REQUIRE_FALSE(front.empty());
    const auto some = front.first(std::min(take, front.size()));
    got += text_of(some);
    queue.pop(some.size());
  }
  CHECK(got == want);
  CHECK(queue.cost() == 0);
}

TEST_CASE("what was sent of the first chunk is not sent again") {
  OutputQueue queue;
  std::array<std::byte, 64> scratch{};
  queue.push(make_chunk(bytes_of("abcdef")), 4);
  queue.push(make_chunk(bytes_of("gh")));
  CHECK(text_of(queue.front(scratch)) == "efgh");
  queue.pop(3);
  CHECK(text_of(queue.front(scratch)) == "h");
}

TEST_CASE("tiny chunks cost what they take") {
  OutputQueue queue;
  const Chunk chunk = make_chunk(bytes_of("x"));
  for (int i = 0; i < 100; ++i) queue.push(chunk);
  CHECK(queue.cost() >= 1600);
}

TEST_CASE("clients age in the order of what last happened to them") {
  HubClient first;
  HubClient second;
  AgeQueue<HubClient> queue(std::chrono::seconds(2));
  const MonotonicTime start{};
  CHECK(queue.deadline() == MonotonicTime::max());
  queue.touch(first, first.idle, start);
  queue.touch(second, second.idle, start + std::chrono::seconds(1));
  CHECK(queue.deadline() == start + std::chrono::seconds(2));
  queue.touch(first, first.idle, start + std::chrono::seconds(5));
  CHECK(&queue.front() == &second);
  queue.remove(second.idle);
  queue.remove(second.idle);
  CHECK(queue.deadline() == start + std::chrono::seconds(7));
  AgeQueue<HubClient> never;
  never.touch(first, first.stuck, start);
  CHECK(never.deadline() == MonotonicTime::max());
}

using Lines = std::vector<std::string>;

TEST_CASE("lines of a chat") {
  LineSplitter lines;
  CHECK(lines.push("one\ntw") == Lines{"one"});
  CHECK(lines.push("o\r\n\nthree") == Lines{"two", ""});
  CHECK(lines.take_rest() == "three");
  CHECK_FALSE(lines.take_rest());
}

TEST_CASE("a line without an end is cut, and no character with it") {
  constexpr std::size_t kLongest = LineSplitter::kLongestLine;
  LineSplitter lines;
  CHECK(lines.push(std::string(kLongest, 'x')).empty());
  CHECK(lines.push("y\n") == Lines{std::string(kLongest, 'x'), "y"});
  const std::string euro = "\u20ac";
  CHECK(lines.push(std::string(kLongest - 1, 'x') + euro + "\n") == Lines{std::string(kLongest - 1, 'x'), euro});
  const std::string broken(kLongest * 3, '\x80');
  const Lines cut = lines.push(broken + "\n");
  std::string all;
  for (const std::string& line : cut) {
    CHECK(line.size() <= kLongest);
    all += line;
  }
  CHECK(all == broken);
}

TEST_CASE("what is said in a chat cannot move a terminal's cursor") {
  CHECK(chat_line(7, "hello\tworld") == "<user7> hello world\n");
  CHECK(chat_line(1, "a\x1b[2Jb\r\a") == "<user1> a\\x1b[2Jb\\x0d\\x07\n");
  CHECK(chat_line(1, "\xff\u202e\u009b") == "<user1> \ufffd\\u{202e}\\x9b\n");
}

TEST_CASE("the characters of RFC 864") {
  const std::string text = text_of(chargen_pattern(0));
  CHECK(text.starts_with(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n!\"#"));
  CHECK(text.substr(kChargenPeriod, 1000) == text.substr(0, 1000));
  CHECK(text_of(chargen_pattern(kChargenPeriod - 1)).substr(0, 5) == "\n !\"#");
}

TEST_CASE("the line of RFC 867") {
  CHECK(daytime_line(WallTime(std::chrono::seconds(382729063))) == "Tuesday, February 16, 1982 17:37:43-UTC\r\n");
}

AccessList load(std::vector<std::string> allow, std::vector<std::string> deny) {
  return *AccessList::load({std::move(allow), std::move(deny)});
}

bool permits(const AccessList& list, const char* address) { return list.permits(*parse_ip_address(address)); }

TEST_CASE("who may connect") {
  CHECK(permits(AccessList(), "192.0.2.1"));
  const AccessList denying = load({}, {"192.0.2.0/24", "2001:db8::/32", "192.0.2.128-192.0.3.4"});
  CHECK_FALSE(permits(denying, "192.0.2.1"));
  CHECK_FALSE(permits(denying, "192.0.3.4"));
  CHECK_FALSE(permits(denying, "::ffff:192.0.2.1"));
  CHECK_FALSE(permits(denying, "2001:db8::1"));
  CHECK(permits(denying, "192.0.3.5"));
  CHECK(permits(denying, "2001:db9::1"));
  const AccessList both = load({"192.0.2.0/24", "fe80::/10", "fe80::1"}, {"192.0.2.7"});
  CHECK(permits(both, "192.0.2.6"));
  CHECK_FALSE(permits(both, "192.0.2.7"));
  CHECK_FALSE(permits(both, "192.0.3.1"));
  CHECK_FALSE(permits(both, "::1"));
  CHECK(permits(both, "fe80::1%1"));
}

TEST_CASE("overlapping ranges become one") {
  const AddressRanges ranges({*parse_address_range("10.0.0.0/8"), *parse_address_range("10.1.0.0/16"),
                              *parse_address_range("10.2.0.0-11.0.0.1"), *parse_address_range("::1")});
  CHECK(ranges.all().size() == 2);
  CHECK(ranges.contains(*parse_ip_address("11.0.0.1")));
  CHECK_FALSE(ranges.contains(*parse_ip_address("11.0.0.2")));
}

TEST_CASE("files of an access list") {
  const auto ranges = parse_access_file("# all of us\n192.0.2.0/24 # the lab\r\n\n \t::1", "us");
  REQUIRE(ranges);
  CHECK(ranges->size() == 2);
  const auto broken = parse_access_file("192.0.2.1\n\nnobody # here\n", "us");
  REQUIRE_FALSE(broken);
  CHECK(broken.error().message() == "us line 3: address 'nobody': must be ADDRESS, ADDRESS/LENGTH or ADDRESS-ADDRESS");
  const auto missing = AccessList::load({{"@/nonexistent"}, {}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message() == "read /nonexistent: No such file or directory");
  const auto device = AccessList::load({{}, {"@/dev/zero"}});
  REQUIRE_FALSE(device);
  CHECK(device.error().message() == "read /dev/zero: is no regular file");
}

Address client_at(const char* address) { return Endpoint{*parse_ip_address(address), 1}; }

TEST_CASE("the door counts") {
  DoorOptions options;
  options.max_connections = 3;
  options.when_full = WhenFull::refuse;
  options.max_per_host = 2;
  options.access.deny = {"192.0.2.9"};
  Door door = *Door::open(options);
  CHECK(door.enter(client_at("192.0.2.9")) == RejectReason::denied);
  CHECK_FALSE(door.enter(client_at("192.0.2.1")));
  CHECK_FALSE(door.enter(client_at("192.0.2.1")));
  CHECK(door.enter(client_at("192.0.2.1")) == RejectReason::too_many_from_host);
  CHECK_FALSE(door.enter(client_at("192.0.2.2")));
  CHECK(door.accepts());
  CHECK(door.enter(client_at("192.0.2.3")) == RejectReason::full);
  door.leave(client_at("192.0.2.1"));
  CHECK_FALSE(door.enter(client_at("192.0.2.1")));
}

TEST_CASE("a proxy's client is let in by its own address, or by the proxy's where it has none") {
  DoorOptions options;
  options.access.allow = {"192.0.2.1"};
  Door door = *Door::open(options);
  const Address inside = client_at("192.0.2.1");
  const Address outside = client_at("192.0.2.2");
  CHECK_FALSE(door.enter(inside, outside));
  CHECK(door.enter(outside, inside) == RejectReason::denied);
  CHECK_FALSE(door.enter(UnixName{"/run/x"}, inside));
  CHECK(door.enter(UnixName{"/run/x"}, outside) == RejectReason::denied);
  CHECK_FALSE(door.enter(UnixName{"/run/x"}));
}

TEST_CASE("a full door accepts nobody where others are to wait") {
  DoorOptions options;
  options.max_connections = 1;
  Door door = *Door::open(options);
  CHECK(door.accepts());
  CHECK_FALSE(door.enter(UnixName{"/run/x"}));
  CHECK_FALSE(door.accepts());
  door.leave(UnixName{"/run/x"});
  CHECK(door.accepts());
}

// Runs a hub of which the test holds the clients' ends and the time.
class HubFixture {
 public:
  explicit HubFixture(const HubOptions& options) {
    hub_ = *Hub::open(context_.get_executor(), options, observer_, clock_,
                      [this](const Closed& closed) { closed_.push_back(closed); });
    asio::co_spawn(context_.get_executor(), run(), asio::detached);
  }

  using MakeTransport = std::unique_ptr<Transport> (*)(int socket);

  test::End join(MakeTransport make = make_plain_transport) {
    test::TcpPair pair = test::connect_pair();
    Connected connected;
    connected.id = ++joined_;
    auto transport = make(pair.ours.get());
    REQUIRE(hub_->welcome(connected, std::move(pair.ours), std::move(transport)));
    return test::End(std::move(pair.theirs));
  }

  // Until `condition` holds; bounded.
  void turn_until(const std::function<bool()>& condition) {
    for (int i = 0; i < 5000 && !condition(); ++i) {
      context_.restart();
      context_.run_one_for(std::chrono::milliseconds(1));
    }
    CHECK(condition());
  }

  ManualClock clock_;
  std::vector<Closed> closed_;
  std::vector<std::string> warnings_;

 private:
  class Observer final : public SessionObserver {
   public:
    explicit Observer(std::vector<std::string>& warnings) : warnings_(warnings) {}
    void on_warning(const Error& error) override { warnings_.push_back(error.message()); }

   private:
    std::vector<std::string>& warnings_;
  };

  Awaitable<void> run() {
    const auto ended = co_await hub_->run();
    (void)ended;
  }

  Observer observer_{warnings_};
  asio::io_context context_{1};
  std::unique_ptr<Hub> hub_;
  std::uint64_t joined_ = 0;
};

TEST_CASE("a broker passes on what one says to all others") {
  HubFixture fixture({});
  test::End first = fixture.join();
  test::End second = fixture.join();
  test::End third = fixture.join();
  second.write("hello");
  fixture.turn_until([&] { return first.is_readable() && third.is_readable(); });
  CHECK(first.read_exactly(5) == "hello");
  CHECK(third.read_exactly(5) == "hello");
  CHECK_FALSE(second.is_readable());
  third.shut_down_sending();
  fixture.turn_until([&] { return fixture.closed_.size() == 1; });
  CHECK(fixture.closed_[0].id == 3);
  CHECK(fixture.closed_[0].reason == CloseReason::finished);
  CHECK(fixture.closed_[0].traffic.sent_bytes == 5);
}

// Like TLS: it takes more from the socket than it gives at a time, and sends nothing before it has received something.
class Lumpy final : public Transport {
 public:
  explicit Lumpy(int socket) : inner_(make_plain_transport(socket)) {}

  Attempt receive(std::span<std::byte> buffer) override {
    const Attempt filled = fill();
    if (taken_.empty()) return filled;
    const std::size_t some = std::min({taken_.size(), buffer.size(), std::size_t{7}});
    std::copy_n(taken_.begin(), some, buffer.begin());
    taken_.erase(taken_.begin(), taken_.begin() + static_cast<std::ptrdiff_t>(some));
    return {some, Want::nothing, {}};
  }
  Attempt send(std::span<const std::byte> bytes) override {
    if (!has_received_) (void)fill();
    if (!has_received_) return {0, Want::readable, {}};
    return inner_->send(bytes);
  }
  Attempt finish_sending() override { return inner_->finish_sending(); }
  bool is_plain() const noexcept override { return false; }
  bool has_buffered() const noexcept override { return !taken_.empty(); }

 private:
  Attempt fill() {
    if (!taken_.empty()) return {};
    std::array<std::byte, 4096> some{};
    const Attempt attempt = inner_->receive(some);
    taken_.assign(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(attempt.bytes));
    has_received_ = has_received_ || attempt.bytes > 0;
    return attempt;
  }

  std::unique_ptr<Transport> inner_;
  std::vector<std::byte> taken_;
  bool has_received_ = false;
};

std::unique_ptr<Transport> make_lumpy(int socket) { return std::make_unique<Lumpy>(socket); }

TEST_CASE("what a transport holds is read although the socket is silent") {
  HubOptions options;
  options.kind = HubKind::echo;
  HubFixture fixture(options);
  test::End client = fixture.join(make_lumpy);
  const std::string said = test::pattern(3000);
  client.write(said);
  client.shut_down_sending();
  fixture.turn_until([&] { return !fixture.closed_.empty(); });
  CHECK((client.read_all() == said));
}

TEST_CASE("a transport that must receive before it sends") {
  HubFixture fixture({});
  test::End talker = fixture.join();
  test::End listener = fixture.join(make_lumpy);
  talker.write("hello");
  bool tried = false;
  fixture.turn_until([&] { return std::exchange(tried, true); });
  listener.write("now");
  fixture.turn_until([&] { return listener.is_readable() && talker.is_readable(); });
  CHECK(listener.read_exactly(5) == "hello");
  CHECK(talker.read_exactly(3) == "now");
}

HubOptions small_queues() {
  HubOptions options;
  options.queue_bytes = 4096;
  options.stuck_timeout = std::chrono::seconds(30);
  return options;
}

// One talks, one listens, one is stuck.
struct Talk {
  HubFixture fixture{small_queues()};
  test::End talker = fixture.join();
  test::End listener = fixture.join();
  test::End stuck = fixture.join();
  std::string said;
  std::string heard;

  // The others wait for the stuck one now: nothing that is said is heard any more.
  void fill() {
    for (int silent = 0; silent < 200;) silent = say_and_hear() ? 0 : silent + 1;
  }

  // What the sockets take without waiting.
  bool say_and_hear() {
    static const std::string piece = test::pattern(65536);
    const ssize_t some = ::send(talker.fd(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (some > 0) said.append(piece, 0, static_cast<std::size_t>(some));
    const std::size_t before = heard.size();
    hear();
    return some > 0 || heard.size() > before;
  }

  void hear() {
    bool tried = false;
    fixture.turn_until([&] { return std::exchange(tried, true); });
    std::array<char, 65536> buffer{};
    const ssize_t some = ::recv(listener.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (some > 0) heard.append(buffer.data(), static_cast<std::size_t>(some));
  }
};

TEST_CASE("whoever is stuck is waited for once, then misses something, then is dropped") {
  Talk talk;
  talk.fill();
  CHECK(talk.fixture.warnings_.empty());
  CHECK(talk.heard.size() < talk.said.size());
  talk.fixture.clock_.advance(std::chrono::seconds(3));
  talk.fixture.join();  // any event: the real timer follows the real clock
  for (int i = 0; i < 10'000 && talk.heard.size() < talk.said.size(); ++i) talk.hear();
  CHECK((talk.heard == talk.said));
  CHECK(talk.fixture.warnings_.size() == 1);
  CHECK(talk.fixture.warnings_[0].ends_with("reads too slowly and misses what does not fit into its queue"));
  talk.fixture.clock_.advance(std::chrono::seconds(40));
  talk.talker.write("!");
  talk.fixture.turn_until([&] {
    for (const Closed& closed : talk.fixture.closed_) {
      if (closed.id == 3) return closed.reason == CloseReason::connection_failed;
    }
    return false;
  });
}

TEST_CASE("a silent client ends at the idle timeout, one that talks does not") {
  HubOptions options;
  options.kind = HubKind::discard;
  options.idle_timeout = std::chrono::seconds(10);
  HubFixture fixture(options);
  test::End silent = fixture.join();
  test::End talking = fixture.join();
  fixture.clock_.advance(std::chrono::seconds(8));
  talking.write("x");
  bool tried = false;
  fixture.turn_until([&] { return !fixture.closed_.empty() || std::exchange(tried, true); });
  fixture.clock_.advance(std::chrono::seconds(3));
  talking.write("y");
  fixture.turn_until([&] { return !fixture.closed_.empty(); });
  CHECK(fixture.closed_.size() == 1);
  CHECK(fixture.closed_[0].id == 1);
  CHECK(fixture.closed_[0].reason == CloseReason::idle);
}

}  // namespace
}  // namespace tcp::stream
